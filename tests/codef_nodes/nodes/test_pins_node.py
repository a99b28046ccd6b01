"""The Pins node in a graph: what it moves, what it keeps, what it says, and its files."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from codef_nodes.graph.cache import Cache
from codef_nodes.graph.commands import SetKnob
from codef_nodes.graph.document import Document
from codef_nodes.graph.evaluate import Evaluator
from codef_nodes.graph.history import History
from codef_nodes.graph.serialise import from_tree
from codef_nodes.worker.kinship import CANONICAL, fit_near, space_of
from engine.errors import UsageError
from engine.fields.folder import save_field
from engine.io.nuketracker import tracker_text
from engine.progress import silent
from engine.warp.track import track
from tests.engine.warp.moving import moving_field

Make = Callable[..., Evaluator]


def node(kind: str, wires: dict[str, Any] | None = None, **knobs: Any) -> dict[str, Any]:
    return {"type": kind, "version": 1, "knobs": knobs, "inputs": wires or {}}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("pins")
    save_field(moving_field(), place / "fit")
    return place


@pytest.fixture
def graph(folder: Path) -> Make:
    def make(**knobs: Any) -> Evaluator:
        nodes = {
            "Fit": node("LoadField", folder="fit"),
            "Pins": node("Pins", {"field": "Fit"}, **knobs),
            "Still": node("CanonicalView", {"field": "Pins"}),
            "Map": node("STMap", {"field": "Pins"}),
        }
        tree = {"codef": {"schema": 1}, "settings": {}, "nodes": nodes}
        return Evaluator(from_tree(json.loads(json.dumps(tree))), Cache(), folder=folder)

    return make


def middle(evaluator: Evaluator, frame: int) -> tuple[float, float]:
    """A frame point that the front layer shows."""
    field = evaluator.value("Fit", None)
    rows, columns = np.nonzero(field.seen(field.index(frame))[0] > 0.9)
    return float(np.median(columns)) + 0.5, float(np.median(rows)) + 0.5


def test_a_pin_moves_its_frame_and_nothing_else(graph: Make) -> None:
    plain = graph()
    field = plain.value("Fit", None)
    assert plain.value("Pins", None) is field
    frame = field.frames[2]
    x, y = middle(plain, frame)
    point = field.layers[0].deformation.at(2, np.array([[x, y]], np.float32))[0].tolist()
    pin = {"name": "a", "canonical": point, "frames": {str(frame): [x + 4, y - 3]}, "radius": 20}
    pinned = graph(pins=[{**pin, "fade": 0}])
    tracks = track(pinned.value("Pins", None), [{"frame": frame, "x": x + 4, "y": y - 3}], silent())
    other = track(field, [{"frame": frame, "x": x, "y": y}], silent())
    for mine, theirs in zip(tracks[0], other[0], strict=True):
        if mine["frame"] != frame:
            assert (mine["x"], mine["y"]) == pytest.approx((theirs["x"], theirs["y"]), abs=0.05)
    for at in field.frames:
        same = np.array_equal(plain.value("Map", at).pixels, pinned.value("Map", at).pixels)
        assert same == (at != frame)
    assert np.array_equal(plain.value("Still", None).pixels, pinned.value("Still", None).pixels)
    assert not pinned.notes


def test_pictures_below_belong_to_the_pinned_fit(graph: Make) -> None:
    document = graph().document
    assert fit_near(document, "Still") == "Pins"
    assert space_of(document, "Pins") == CANONICAL == space_of(document, "Still")


def test_what_is_not_met_is_told(graph: Make) -> None:
    frame = graph().value("Fit", None).frames[0]
    far = {"canonical": [30, 30], "frames": {str(frame): [70, 30]}, "radius": 20}
    evaluator = graph(pins=[far])
    evaluator.value("Pins", None)
    assert len(evaluator.notes) == 1
    assert evaluator.notes[0].startswith("Pins: pin 1 lacks")
    with pytest.raises(UsageError, match="pin 1 must look like") as wrong:
        graph(pins=[{"canonical": "here"}]).value("Pins", None)
    assert wrong.value.node == "Pins"


def test_a_tracker_of_nuke_pins_every_frame_it_holds(graph: Make, folder: Path) -> None:
    field = graph().value("Fit", None)
    height = field.display.height
    x, y = middle(graph(), field.reference)
    base = track(field, [{"frame": field.reference, "x": x, "y": y}], silent())[0]
    places = {
        p["frame"]: (p["x"] + 2 * (p["frame"] != field.reference), height - p["y"]) for p in base
    }
    (folder / "t.nk").write_text(tracker_text([("nose", places)], 1, (1, 1)), encoding="utf-8")
    pinned = graph(tracks=["t.nk"], radius=16.0).value("Pins", None)
    again = track(pinned, [{"frame": field.reference, "x": x, "y": y}], silent())[0]
    for mine in again:
        expected = places[mine["frame"]]
        assert mine["x"] == pytest.approx(expected[0], abs=0.25)
        assert height - mine["y"] == pytest.approx(expected[1], abs=0.25)
    with pytest.raises(UsageError, match="holds frames 900-900, and the fit"):
        (folder / "far.txt").write_text("900 1 2\n", encoding="utf-8")
        graph(tracks=["far.txt"]).value("Pins", None)


def test_pins_are_undone_as_one_step() -> None:
    document = from_tree({"codef": {"schema": 1}, "settings": {}, "nodes": {"P": node("Pins")}})
    assert isinstance(document, Document)
    history = History(document)
    pin = {"canonical": [1.0, 2.0], "frames": {"7": [3.0, 4.0]}}
    history.do(SetKnob("P", "pins", [pin]))
    assert document.knob_value("P", "pins") == [pin]
    history.undo()
    assert document.knob_value("P", "pins") == []
    with pytest.raises(UsageError, match="a list of JSON objects"):
        history.do(SetKnob("P", "pins", ["pin"]))
