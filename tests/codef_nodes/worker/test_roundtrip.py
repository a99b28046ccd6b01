"""Export to a paint program and back in a real worker, and the node that holds what returned."""

import threading
import time
from pathlib import Path

import cv2
import numpy as np
import pytest

from codef_nodes.graph.cache import Cache, RamCache
from codef_nodes.graph.commands import AddNode, Connect, EditStrokes, InsertOnWire, SetKnob
from codef_nodes.graph.evaluate import Evaluator
from codef_nodes.worker.client import Client
from codef_nodes.worker.protocol import WorkerError
from codef_nodes.worker.roundtrip import read_settled
from engine.colour.ocio import DEFAULT_WORKING
from engine.errors import Cancelled, EditError, InputError
from engine.progress import Task
from tests.codef_nodes.worker.jobkit import COUNT, HEIGHT, WIDTH, Line, make_clip, shot_graph

SPOT = (slice(30, 42), slice(40, 60))


@pytest.fixture(scope="module")
def fitted(tmp_path_factory: pytest.TempPathFactory):
    """A worker over a fitted shot, and its document."""
    folder = tmp_path_factory.mktemp("trip")
    make_clip(folder / "clip")
    line = Line.__new__(Line)
    line.client = Client("jobs", cache_dir=folder / "cache")
    line.document = shot_graph(folder, steps=4)
    line.open(folder / "shot.codef")
    record = line.ask("fit", node="Fit")["record"]
    from codef_nodes.graph.commands import RecordField

    RecordField("Fit", record).run(line.document)
    line.open(folder / "shot.codef")
    yield line, folder
    line.client.close()


def exported(line: Line, file: Path, **more: object) -> np.ndarray:
    line.ask("export", node="Still", file=str(file), layer=0, **more)
    return cv2.imread(str(file), cv2.IMREAD_UNCHANGED)


def test_an_export_is_16_bit_with_a_sidecar_and_unedited_it_changes_nothing(fitted, tmp_path):
    line, _ = fitted
    codes = exported(line, tmp_path / "still.png")
    assert codes.dtype == np.uint16 and codes.shape[2] == 4
    assert (tmp_path / "still.codef.json").is_file()
    answer = line.ask("place", node="Fit", file=str(tmp_path / "still.png"), layer=0)
    assert answer["changed"] == 0 and answer["how"] == "canvas" and answer["confidence"] == 1
    for name, depth in (("still.tif", None), ("half.exr", 16), ("float.exr", 32)):
        line.ask("export", node="Fit", file=str(tmp_path / name), layer=0, depth=depth)
        assert line.ask("place", node="Fit", file=str(tmp_path / name))["changed"] == 0


def test_a_painted_spot_is_placed_and_found(fitted, tmp_path):
    line, _ = fitted
    codes = exported(line, tmp_path / "still.png")
    codes[SPOT] = (0, 0, 65535, 65535)
    cv2.imwrite(str(tmp_path / "still.png"), codes)
    answer = line.ask("place", node="Still", file=str(tmp_path / "still.png"), layer="0")
    spot = (SPOT[0].stop - SPOT[0].start) * (SPOT[1].stop - SPOT[1].start)
    assert answer["changed"] * codes.shape[0] * codes.shape[1] == pytest.approx(spot)
    picture = answer["picture"]
    assert picture["shape"][:2] == list(codes.shape[:2]) and not answer["guessed"]


def test_the_returned_change_is_a_layer_below_strokes_and_reaches_every_frame(fitted, tmp_path):
    line, folder = fitted
    codes = exported(line, tmp_path / "still.png")
    codes[SPOT] = (0, 0, 65535, 65535)
    cv2.imwrite(str(tmp_path / "still.png"), codes)
    document = line.document.copied()
    AddNode("EditedCanonical", "Back", knobs={"file": str(tmp_path / "still.png")}).run(document)
    InsertOnWire("Back", "Paint", "image").run(document)
    Connect("Fit", "Back", "fit").run(document)
    evaluator = Evaluator(document, Cache(RamCache(1 << 28)), folder=folder, stem="shot")
    still, back = evaluator.value("Still"), evaluator.value("Back")
    painted = back.overlay[..., 3] > 0
    assert painted.sum() == 12 * 20 and back.overlay.shape[:2] == still.pixels.shape[:2]
    # On the same grid nothing is softened, and nothing else is touched.
    assert np.allclose(back.pixels[SPOT][..., :3], (1, 0, 0), atol=2e-3)
    assert np.array_equal(back.pixels[~painted], still.pixels[~painted])
    assert np.array_equal(back.under, still.pixels)
    for frame in (1001, 1000 + COUNT):
        plate, done = evaluator.value("Load", frame), evaluator.value("Carry", frame)
        reached = (done.pixels != plate.pixels).any(axis=2)
        assert 100 < reached.sum() < WIDTH * HEIGHT / 4
    stroke = {"kind": "brush", "points": [[50, 36, 1]], "size": 8, "colour": [0, 1, 0]}
    EditStrokes("Paint", add=[stroke]).run(document)
    top = evaluator.value("Paint")
    y, x = 36 - top.data.y0, 50 - top.data.x0
    assert top.pixels[y, x, 1] > 0.9 and top.overlay[y, x, 3] == pytest.approx(1)
    SetKnob("Back", "opacity", 0.0).run(document)
    assert evaluator.value("Back") is evaluator.value("Still")


def test_the_layer_follows_the_file(fitted, tmp_path):
    line, folder = fitted
    codes = exported(line, tmp_path / "still.png")
    document = line.document.copied()
    AddNode("EditedCanonical", "Back", knobs={"file": str(tmp_path / "still.png")}).run(document)
    Connect("Still", "Back", "image").run(document)
    Connect("Fit", "Back", "fit").run(document)
    evaluator = Evaluator(document, Cache(RamCache(1 << 28)), folder=folder, stem="shot")
    assert not evaluator.value("Back").overlay.any()
    codes[SPOT] = 65535
    cv2.imwrite(str(tmp_path / "still.png"), codes)
    assert evaluator.value("Back").overlay.any()
    # On a finer canvas it lies at the same place.
    SetKnob("Still", "scale", 2.0).run(document)
    ys, xs = np.nonzero(evaluator.value("Back").overlay[..., 3] > 0.5)
    assert (ys.min(), ys.max() + 1, xs.min(), xs.max() + 1) == (60, 84, 80, 120)
    (tmp_path / "still.png").unlink()
    with pytest.raises(InputError, match="does not exist"):
        evaluator.value("Back")


def test_a_place_that_had_to_be_guessed_is_told_and_needs_a_word(fitted, tmp_path):
    line, folder = fitted
    codes = exported(line, tmp_path / "still.png")
    (tmp_path / "still.codef.json").unlink()
    codes[SPOT] = (0, 0, 65535, 65535)
    crop = cv2.resize(codes[6:-4, 3:-20], None, fx=1.7, fy=1.7, interpolation=cv2.INTER_CUBIC)
    cv2.imwrite(str(tmp_path / "crop.png"), crop)
    answer = line.ask("place", node="Fit", file=str(tmp_path / "crop.png"), layer=0)
    assert answer["guessed"] and 0.3 <= answer["confidence"] <= 1 and answer["changed"] > 0
    document = line.document.copied()
    AddNode("EditedCanonical", "Back", knobs={"file": str(tmp_path / "crop.png")}).run(document)
    Connect("Still", "Back", "image").run(document)
    Connect("Fit", "Back", "fit").run(document)
    evaluator = Evaluator(document, Cache(RamCache(1 << 28)), folder=folder, stem="shot")
    with pytest.raises(EditError, match="switch guess on"):
        evaluator.value("Back")
    SetKnob("Back", "guess", True).run(document)
    ys, xs = np.nonzero(evaluator.value("Back").overlay[..., 3] > 0.5)
    assert abs(np.median(ys) - 36) < 3 and abs(np.median(xs) - 50) < 3


def test_what_cannot_be_used_is_told_in_one_sentence(fitted, tmp_path):
    line, _ = fitted
    codes = exported(line, tmp_path / "still.png")
    cv2.imwrite(str(tmp_path / "still.jpg"), (codes[..., :3] // 257).astype(np.uint8))
    with pytest.raises(WorkerError, match="JPEG"):
        line.ask("place", node="Fit", file=str(tmp_path / "still.jpg"))
    with pytest.raises(WorkerError, match="no layer"):
        line.ask("export", node="Fit", file=str(tmp_path / "a.png"), layer=3)
    kept = line.document
    make_clip(tmp_path / "clip")
    line.document = shot_graph(tmp_path, steps=3)
    AddNode("LoadSequence", "Alone").run(line.document)
    try:
        line.open(tmp_path / "other.codef")
        with pytest.raises(WorkerError, match="not fitted yet"):
            line.ask("export", node="Fit", file=str(tmp_path / "a.png"))
        with pytest.raises(WorkerError, match="belongs to no fit"):
            line.ask("export", node="Alone", file=str(tmp_path / "a.png"))
    finally:
        line.document = kept
        line.open(fitted[1] / "shot.codef")


def test_a_file_that_is_still_being_written_is_waited_for(tmp_path):
    whole = cv2.imencode(".png", np.random.default_rng(0).integers(0, 255, (80, 90, 3)))[1]
    content, path = whole.tobytes(), tmp_path / "slow.png"

    def save() -> None:
        with path.open("wb") as stream:
            for start in range(0, len(content), len(content) // 6):
                stream.write(content[start : start + len(content) // 6])
                stream.flush()
                time.sleep(0.03)

    writer = threading.Thread(target=save)
    writer.start()
    picture = read_settled(path, DEFAULT_WORKING, Task(), settled=0.15)
    writer.join()
    assert picture.pixels.shape[:2] == (80, 90)
    path.write_bytes(content[: len(content) // 2])
    with pytest.raises(InputError):
        read_settled(path, DEFAULT_WORKING, Task(), settled=0.05)
    with pytest.raises(InputError, match="not there"):
        read_settled(tmp_path / "gone.png", DEFAULT_WORKING, Task(), settled=0.02, patience=0.2)
    task = Task()
    task.cancelled.set()
    with pytest.raises(Cancelled):
        read_settled(path, DEFAULT_WORKING, task)
