"""What files and folders hold, asked over a real connection."""

import cv2
import numpy as np
import pytest

from codef_nodes.graph.commands import AddNode
from codef_nodes.graph.document import Document
from codef_nodes.graph.registry import DEFAULT
from codef_nodes.worker.client import WorkerError
from tests.codef_nodes.worker.harness import opened, worker_inside


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("clips")
    grey = np.full((20, 32, 3), 90, np.uint8)
    for name in ("plate.1001", "plate.1002", "plate.1005", "mask_1001", "mask_1002", "poster"):
        path = made / "mixed" / f"{name}.png"
        path.parent.mkdir(exist_ok=True)
        cv2.imwrite(str(path), grey)
    (made / "loose").mkdir()
    for name in ("ant", "bee", "cat"):
        cv2.imwrite(str(made / "loose" / f"{name}.png"), grey)
    (made / "empty").mkdir()
    for name in ("shots/a/a.1001", "shots/a/a.1002", "shots/b/b.0001", "shots/.trash/c.0001"):
        path = made / f"{name}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(path), grey)
    (made / "shots" / "notes").mkdir()
    return made


@pytest.fixture(scope="module")
def client(folder):
    document = Document()
    knobs = {"file": "mixed/plate.%04d.png"}
    AddNode("LoadSequence", "Plate", knobs=knobs).run(document)
    AddNode("LoadSequence", "Poster", knobs={"file": "mixed/poster.png", "still": True}).run(
        document
    )
    AddNode("LoadSequence", "Both", knobs={"file": "mixed"}).run(document)
    AddNode("Viewer", "Alone").run(document)
    with worker_inside(registry=DEFAULT) as (client, _worker):
        opened(client, document, folder / "shot.codef")
        yield client


def ask(client, verb, **args):
    return client.request(verb, args).result(30)


def test_of_a_clip_range_gaps_and_kind_are_told_without_a_frame_being_read(client):
    told = ask(client, "clip", node="Plate")
    assert told["frames"] == "1001-1005, missing 1003-1004"
    assert (told["count"], told["missing"]) == (3, [1003, 1004])
    assert told["size"] == [32, 20] and told["bits"] == 8 and told["kind"] == "sequence"
    assert told["colour"].startswith("sRGB") and not told["still"]
    assert ask(client, "clip", node="Poster")["still"]


@pytest.mark.parametrize(
    ("node", "word"), [("Both", "more than one sequence"), ("Alone", "reads no files")]
)
def test_what_is_no_clip_is_told(client, node, word):
    with pytest.raises(WorkerError, match=word) as told:
        ask(client, "clip", node=node)
    assert told.value.node == node


def test_a_folder_with_several_sequences_is_taken_apart(client, folder):
    mixed = folder / "mixed"
    names = {"plate.%04d.png", "mask_%04d.png", "poster.png"}
    found = ask(client, "clips", paths=[str(mixed), str(mixed / "poster.png")])
    assert found["clips"][-1] == str(mixed / "poster.png") and found["more"] == 0
    assert set(found["clips"][:-1]) == {str(mixed / name) for name in names}


def test_a_folder_of_folders_stands_for_the_clips_in_them(client, folder):
    shots = folder / "shots"
    found = ask(client, "clips", paths=[str(shots)])
    assert found == {"clips": [str(shots / "a"), str(shots / "b")], "more": 0}


@pytest.mark.parametrize("name", ["loose", "empty", "absent"])
def test_what_is_one_clip_or_none_stays_as_it_was_named(client, folder, name):
    assert ask(client, "clips", paths=[str(folder / name)])["clips"] == [str(folder / name)]
