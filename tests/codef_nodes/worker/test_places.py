"""The verbs overlay, map, sample and those that carry strokes, asked over a real connection."""

import threading

import cv2
import numpy as np
import pytest

from codef_nodes.graph.commands import AddNode, Connect, SetKnob
from codef_nodes.graph.document import Document
from codef_nodes.graph.edits import ABSENT, Put
from codef_nodes.graph.registry import DEFAULT
from codef_nodes.worker.client import WorkerError
from codef_nodes.worker.edits import edit_to_json
from codef_nodes.worker.fieldbook import FieldBook
from codef_nodes.worker.verbs import Verb
from engine.colour.encoding import to_display8
from engine.fields.folder import load_field, save_field
from engine.progress import Task
from engine.warp.render import composite
from tests.codef_nodes.worker.harness import clip_document, opened, worker_inside
from tests.engine.linked.conftest import shot as shot  # the fixture
from tests.engine.warp.moving import affine, back_matrix, front_matrix, moving_field, through


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("places")
    save_field(moving_field(), made / "old")
    save_field(moving_field(change=affine(1.2, 5.0, -3.0)), made / "new")
    return made


@pytest.fixture(scope="module")
def document(folder):
    document = Document()
    AddNode("LoadField", "Fit", knobs={"folder": "old"}).run(document)
    AddNode("CanonicalView", "Still", knobs={"layer": 1}).run(document)
    AddNode("Paint", "Paint").run(document)
    AddNode("Viewer", "Alone").run(document)
    Connect("Fit", "Still", "field").run(document)
    Connect("Still", "Paint", "image").run(document)
    stroke = {"points": [[60.0, 40.0, 1.0], [70.0, 45.0, 1.0]], "size": 10.0}
    SetKnob("Paint", "strokes", [stroke]).run(document)
    return document


@pytest.fixture(scope="module")
def client(folder, document):
    with worker_inside(registry=DEFAULT) as (client, worker):
        client.worker_inside = worker
        opened(client, document, folder / "shot.codef")
        yield client


def ask(client, verb, **args):
    return client.request(verb, args).result(30)


def map_of(client, document, shared):
    """The pixels of a PICTURE."""
    shape = shared["shape"]
    return np.memmap(client.run_dir / shared["file"], np.float32, "r").reshape(shape)


def test_points_go_to_the_canonical_and_back(client):
    points = [[40.5, 30.5], [80.5, 50.5]]
    there = ask(client, "map", node="Fit", frame=12, points=points, to="canonical")
    assert there["layers"] == [0, 1] and there["names"] == ["square", "back"]
    assert there["visible"] == [True, True] and there["confidence"] == pytest.approx([1, 1])
    assert there["points"][0] == pytest.approx(through(front_matrix(2), points)[0], abs=0.02)
    assert there["points"][1] == pytest.approx(through(back_matrix(2), points)[1], abs=0.02)
    back = ask(
        client, "map", node="Fit", frame=12, points=there["points"][1:], to="frame", layer="back"
    )
    assert back["points"][0] == pytest.approx(points[1], abs=0.02) and back["visible"] == [True]


def test_anything_below_the_fit_will_do_and_no_points_are_no_error(client):
    args = {"frame": 10, "points": [[80.5, 50.5]], "to": "canonical"}
    assert ask(client, "map", node="Paint", **args) == ask(client, "map", node="Fit", **args)
    assert ask(client, "map", node="Fit", frame=10, points=[], to="frame")["points"] == []


def test_a_place_comes_with_the_slope_of_the_map(client):
    points = [[80.5, 50.5]]
    there = ask(client, "map", node="Fit", frame=12, points=points, to="canonical", layer=1)
    assert np.array(there["slopes"][0]) == pytest.approx(back_matrix(2)[:2, :2], abs=1e-3)
    back = ask(client, "map", node="Fit", frame=12, points=there["points"], to="frame", layer=1)
    turned = np.linalg.inv(back_matrix(2)[:2, :2])
    assert np.array(back["slopes"][0]) == pytest.approx(turned, abs=1e-3)


def test_a_place_waits_behind_no_question_and_only_the_newest_of_a_slot_is_answered(client):
    """Two questions hold both threads of the others; a place has a thread of its own."""
    held = threading.Event()
    worker = client.worker_inside
    slow = Verb("slow", lambda *_: (held.wait(20), {})[1], "view", "query", False)
    gate = Verb("gate", lambda *_: (held.wait(20), {})[1], "view", "place", False)
    worker._verbs.update(slow=slow, gate=gate)
    waiting = [client.request("slow", {}) for _ in range(3)]
    args = {"node": "Fit", "frame": 12, "points": [[80.5, 50.5]], "to": "canonical"}
    assert ask(client, "map", **args)["layers"] == [1]
    waiting.append(client.request("gate", {}))
    old, new, other, free = (
        client.request("map", {**args, **slot})
        for slot in ({"slot": "a"}, {"slot": "a"}, {"slot": "b"}, {})
    )
    with pytest.raises(WorkerError) as overtaken:
        old.result(20)
    assert overtaken.value.code == 5
    held.set()
    assert [each.result(20)["layers"] for each in (new, other, free)] == [[1]] * 3
    for each in waiting:
        each.result(20)


@pytest.mark.parametrize(
    ("args", "word"),
    [
        ({"node": "Alone", "to": "frame"}, "belongs to no fit"),
        ({"node": "Fit", "to": "moon"}, "canonical"),
        ({"node": "Fit", "to": "frame", "frame": 99}, "no frame 99"),
        ({"node": "Fit", "to": "frame", "layer": 7}, "no layer 7"),
        ({"node": "Fit", "to": "frame", "points": [["x", 1]]}, "points"),
    ],
)
def test_what_cannot_be_mapped_is_told(client, args, word):
    with pytest.raises(WorkerError, match=word):
        ask(client, "map", **{"points": [[1, 1]], "frame": 10} | args)


@pytest.mark.parametrize("space", ["frame", "canonical"])
def test_lines_come_with_their_layers(client, space):
    for kind in ("grid", "outlines"):
        found = ask(client, "overlay", node="Fit", frame=11, kind=kind, space=space, layer=None)
        assert found["lines"] and len(found["lines"]) == len(found["layers"])
        assert {0} <= set(found["layers"]) <= {0, 1}
        assert all(len(line) > 1 for line in found["lines"])


@pytest.mark.parametrize("space", ["frame", "canonical"])
@pytest.mark.parametrize("kind", ["coverage", "confidence", "folds"])
def test_heat_maps_are_pictures_from_0_to_1(client, document, kind, space):
    found = ask(client, "overlay", node="Paint", frame=11, kind=kind, space=space, layer=None)
    shared = found["picture"]
    values = map_of(client, document, shared)
    height, width = values.shape[:2]
    x0, y0, x1, y1 = shared["data"]
    assert (x1 - x0, y1 - y0) == (width * shared["scale"], height * shared["scale"])
    assert (x0, y0) == ((0, 0) if space == "frame" else (-40, -30))
    assert values.min() >= 0 and values.max() <= 1
    assert values.max() == (0 if kind == "folds" else pytest.approx(1, abs=0.01))


def test_confidence_knows_the_plate_of_a_fit(tmp_path):
    field = moving_field()
    save_field(field, tmp_path / "draft")
    (tmp_path / "clip").mkdir()
    for index, frame in enumerate(field.frames):
        codes = to_display8(composite(field, index))
        if index == 2:
            codes[4:14, 70:90] = 255 - codes[4:14, 70:90]
        cv2.imwrite(str(tmp_path / "clip" / f"c.{frame:04d}.png"), codes[..., ::-1])
    document = Document()
    AddNode("LoadSequence", "Clip", knobs={"file": "clip"}).run(document)
    AddNode("FitCoDeF", "Fit").run(document)
    Connect("Clip", "Fit", "clip").run(document)
    with worker_inside(registry=DEFAULT) as (client, _worker):
        opened(client, document, tmp_path / "a.codef", drafts={"Fit": str(tmp_path / "draft")})

        def confidence(frame):
            args = {"node": "Clip", "frame": frame, "kind": "confidence", "space": "frame"}
            shared = ask(client, "overlay", **args)["picture"]
            return map_of(client, document, shared)[..., 0]

        assert np.median(confidence(11)[4:14, 70:90]) > 0.9
        assert confidence(12)[6:12, 74:86].max() < 0.4
        # Without the clip the map alone is judged.
        (tmp_path / "clip" / "c.0012.png").unlink()
        assert np.median(confidence(12)[6:12, 74:86]) > 0.9


def test_an_overlay_that_does_not_exist_is_refused(client):
    with pytest.raises(WorkerError, match="no overlay 'stars'"):
        ask(client, "overlay", node="Fit", frame=11, kind="stars", space="frame")


def test_strokes_of_a_frame_come_back_on_the_canonical(client):
    stroke = {"points": [[60, 50, 1], [80, 55, 0.5]], "size": 12, "name": "scratch", "note": 7}
    found = ask(client, "strokes.to_canonical", node="Fit", frame=13, strokes=[stroke])
    assert found["layers"] == [1] and found["names"] == ["back"]
    (moved,) = found["strokes"]
    wanted = through(back_matrix(3), stroke["points"])
    assert np.array(moved["points"])[[0, -1], :2] == pytest.approx(wanted, abs=0.05)
    assert moved["size"] == pytest.approx(12 * 1.12, rel=0.01)
    assert moved["name"] == "scratch" and moved["note"] == 7


def test_a_stroke_outside_names_the_node_and_the_frame(client):
    stroke = {"points": [[-90, -90]], "size": 3}
    with pytest.raises(WorkerError, match="outside the picture of frame 12") as caught:
        ask(client, "strokes.to_canonical", node="Still", frame=12, strokes=[stroke])
    assert caught.value.node == "Fit" and caught.value.frame == 12


def test_strokes_of_a_node_are_carried_to_another_fit(client):
    found = ask(client, "strokes.carry", node="Paint", old="old", new="new", layer="back")
    assert found["layer"] == 1 and found["name"] == "back" and found["found"] == [1.0]
    (moved,) = found["strokes"]
    wanted = through(affine(1.2, 5.0, -3.0), [[60.0, 40.0], [70.0, 45.0]])
    assert np.array(moved["points"])[[0, -1], :2] == pytest.approx(wanted, abs=0.05)
    assert moved["size"] == pytest.approx(12.0, rel=0.01)


def test_pins_follow_their_still_to_another_number(client, shot):
    """A shot that grew at its beginning: what was its one still is the second of three now."""
    part = shot.field.segments.parts[1]
    alone = load_field(part.folder)
    point = alone.layers[0].deformation.at(3, np.array([[40.5, 30.5]], np.float32))[0].tolist()
    args = {"node": "Paint", "old": str(part.folder), "new": str(shot.folder), "layer": 0}
    dots = [{"points": [point], "size": 1.0}]
    found = ask(client, "strokes.carry", **args, strokes=dots, follow=True)
    assert found["segment"] == 1
    assert found["strokes"][0]["points"][0][:2] == pytest.approx(point, abs=0.1)
    stays = ask(client, "strokes.carry", **args, strokes=dots)
    assert stays["segment"] == 0


def test_a_shape_gets_keys_through_the_shot_from_the_frame_it_was_drawn_in(client):
    corners = [[29, 24], [45, 24], [45, 40], [29, 40]]
    # What it was in other frames before does not count.
    shape = {"keys": {"11": {"points": corners}, "13": {"points": [[0, 0]] * 4}}, "feather": 2}
    found = ask(client, "shape.track", node="Still", frame=11, shape=shape)
    assert found["layer"] == "square" and list(found["keys"]) == ["10", "11", "12", "13"]
    for t, frame in ((0, "10"), (3, "13")):
        wanted = through(np.linalg.inv(front_matrix(t)) @ front_matrix(1), corners)
        key = found["keys"][frame]
        assert np.array(key["points"])[:, :2] == pytest.approx(wanted, abs=0.05)
        assert key["feather"] == 2
    few = ask(client, "shape.track", node="Still", frame=11, shape=shape, every=5)
    assert list(few["keys"]) == ["10", "11", "13"]
    with pytest.raises(WorkerError, match="a shape is"):
        ask(client, "shape.track", node="Still", frame=11, shape={"keys": {"11": {"points": []}}})


def test_a_field_that_is_not_there_is_told(client):
    with pytest.raises(WorkerError, match="gone"):
        ask(client, "strokes.carry", node="Paint", old="gone", new="new")


def test_the_fit_stays_ready_through_edits_that_do_not_concern_it(document, folder):
    with worker_inside(registry=DEFAULT) as (client, worker):
        opened(client, document, folder / "shot.codef")
        book = FieldBook()
        first = book.fit(worker, "Paint", Task())
        lookup = first.lookups.frame(1)
        before = worker.evaluator
        edit = edit_to_json(Put(("nodes", "Paint", "disabled"), ABSENT, True))
        client.request("edit", {"edits": [edit]}).result(10)
        assert worker.evaluator is not before
        again = book.fit(worker, "Paint", Task())
        assert again is first and again.lookups.frame(1) is lookup
        # Another fit: nothing of the old one is used.
        edit = edit_to_json(Put(("nodes", "Fit", "knobs", "folder"), "old", "new"))
        client.request("edit", {"edits": [edit]}).result(10)
        other = book.fit(worker, "Paint", Task())
        assert other is not first
        wanted = through(affine(1.2, 5.0, -3.0) @ front_matrix(0), [[40.5, 30.5]])
        point = np.array([[40.5, 30.5]], np.float32)
        assert other.lookups.frame(0).to_canonical(point).points == pytest.approx(wanted, abs=0.02)


def test_a_sample_is_exact_and_counts(tmp_path):
    document = clip_document(tmp_path)
    with worker_inside(registry=DEFAULT) as (client, worker):
        opened(client, document, tmp_path / "shot.codef")
        frame = worker.evaluator.frames("Grade")[0]
        pixels = worker.evaluator.value("Grade", frame).pixels
        box = [2, 1, 7, 5]
        found = ask(client, "sample", node="Grade", frame=frame, box=box)
        part = pixels[1:5, 2:7].reshape(-1, pixels.shape[2]).astype(np.float64)
        assert found["count"] == 20 and found["odd"] == 0
        for name, value in (("mean", part.mean(0)), ("min", part.min(0)), ("max", part.max(0))):
            assert found[name][:3] == pytest.approx(value[:3], rel=1e-6)
        assert found["mean"][3] == 1.0
        half = ask(client, "sample", node="Grade", frame=frame, box=[-4, -4, 1, 1])
        assert half["count"] == 1 and half["mean"][:3] == pytest.approx(pixels[0, 0, :3])
        outside = ask(client, "sample", node="Grade", frame=frame, box=[-9, -9, -4, -4])
        assert outside["count"] == 0 and outside["max"] == [0, 0, 0, 0]
        with pytest.raises(WorkerError, match="box"):
            ask(client, "sample", node="Grade", frame=frame, box=[3, 3, 3, 3])
