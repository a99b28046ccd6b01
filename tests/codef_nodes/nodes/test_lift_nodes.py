"""Track and LiftMatte in a graph."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from codef_nodes.graph.cache import Cache
from codef_nodes.graph.evaluate import Evaluator
from codef_nodes.graph.serialise import from_tree
from engine.errors import UsageError
from engine.fields.folder import save_field
from engine.io.pointfiles import read_tracks
from engine.progress import silent
from engine.warp.render import reconstruct
from engine.warp.track import track
from tests.codef_nodes.cli.tinyclip import write_png
from tests.engine.warp.moving import moving_field

Make = Callable[..., Evaluator]


def node(kind: str, wires: dict[str, Any] | None = None, **knobs: Any) -> dict[str, Any]:
    return {"type": kind, "version": 1, "knobs": knobs, "inputs": wires or {}}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("lift")
    field = moving_field()
    save_field(field, place / "fit")
    (place / "clip").mkdir()
    for index, frame in enumerate(field.frames):
        shot = np.clip(reconstruct(field, index, edit_path=True)[..., :3] * 255, 0, 255)
        write_png(place / "clip" / f"s.{frame:04d}.png", shot.astype(np.uint8))
    return place


@pytest.fixture
def graph(folder: Path) -> Make:
    def make(**nodes: Any) -> Evaluator:
        common = {
            "Clip": node("LoadSequence", file="clip"),
            "Fit": node("LoadField", folder="fit"),
            "Still": node("CanonicalView", {"field": "Fit"}),
        }
        tree = {"codef": {"schema": 1}, "settings": {}, "nodes": {**common, **nodes}}
        return Evaluator(from_tree(json.loads(json.dumps(tree))), Cache(), folder=folder)

    return make


def test_strokes_on_the_still_are_a_matte_in_every_frame(graph: Make) -> None:
    stroke = {"points": [[34.0, 32.0, 1]], "size": 12, "hardness": 1.0, "colour": [1, 1, 1]}
    evaluator = graph(
        Paint=node("Paint", {"image": "Still"}, strokes=[stroke]),
        Matte=node("LiftMatte", {"mask": "Paint", "field": "Fit"}),
        Half=node("LiftMatte", {"mask": "Paint", "field": "Fit"}, mix=0.5),
    )
    field = evaluator.value("Fit", None)
    assert evaluator.frames("Matte") == field.frames
    for index, frame in enumerate(field.frames):
        matte = evaluator.value("Matte", frame).pixels[..., 3]
        known = field.layers[0].deformation.positions(index)
        near = np.hypot(known[..., 0] - 34, known[..., 1] - 32)
        seen = field.seen(index)[0] > 0.99
        assert matte[seen & (near < 4.5)].min() > 0.9
        assert matte[near > 7.5].max() == 0
        half = evaluator.value("Half", frame).pixels[..., 0]
        np.testing.assert_allclose(half, matte / 2, atol=1e-6)


def test_a_mask_of_a_frame_is_read_at_that_frame(graph: Make) -> None:
    stroke = {"points": [[40.0, 32.0, 1]], "size": 10, "hardness": 1.0, "colour": [1, 1, 1]}
    evaluator = graph(
        Paint=node("Paint", {"image": "Clip"}, strokes=[stroke]),
        Matte=node("LiftMatte", {"mask": "Paint", "field": "Fit"}, frame=11),
    )
    own = evaluator.value("Matte", 11).pixels[..., 3]
    overlay = evaluator.value("Paint", 11).overlay
    np.testing.assert_allclose(own, overlay[..., 3], atol=1e-6)
    field = evaluator.value("Fit", None)
    there = track(field, [{"frame": 11, "x": 40, "y": 32}], silent())[0][3]
    matte = evaluator.value("Matte", 13).pixels[..., 3]
    assert matte[int(there["y"]), int(there["x"])] > 0.9


def test_the_track_node_shows_points_and_writes_them(graph: Make, folder: Path) -> None:
    points = [{"frame": 10, "x": 30.0, "y": 30.0, "name": "eye"}]
    (folder / "p.json").write_text(json.dumps(points), encoding="utf-8")
    evaluator = graph(
        Track=node("Track", {"source": "Clip", "field": "Fit"}, points="p.json", file="out/t.nk"),
        Alone=node("Track", {"source": "Clip", "field": "Fit"}, points="p.json"),
    )
    field = evaluator.value("Fit", None)
    found = track(field, points, silent())[0]
    shown, plate = evaluator.value("Track", 12), evaluator.value("Clip", 12)
    changed = (shown.pixels[..., :3] != plate.pixels[..., :3]).any(axis=2)
    rows, columns = np.nonzero(changed)
    assert np.hypot(columns + 0.5 - found[2]["x"], rows + 0.5 - found[2]["y"]).min() < 1.5
    assert 3 < changed.sum() < 200
    evaluator.render("Track", None)
    (again,) = read_tracks(folder / "out" / "t.nk", field.display.height)
    assert again.name == "eye"
    for entry in found:
        if entry["visible"]:
            place = again.places[entry["frame"]][0]
            np.testing.assert_allclose(place, (entry["x"], entry["y"]), atol=1e-3)
    with pytest.raises(UsageError, match="Alone has no file to write"):
        evaluator.render("Alone", None)


def test_points_placed_by_hand_come_before_those_of_a_file(graph: Make, folder: Path) -> None:
    placed = [{"name": "door handle", "frame": 11, "x": 36.5, "y": 31.5}]
    (folder / "more.json").write_text(json.dumps([{"frame": 10, "x": 70.5, "y": 50.5}]))
    wires = {"source": "Clip", "field": "Fit"}
    evaluator = graph(
        One=node("Track", wires, placed=placed, file="out/one.txt"),
        Both=node("Track", wires, placed=placed, points="more.json", file="out/both.txt"),
        Wrong=node("Track", wires, placed=[{"x": 1}], file="o.txt"),
    )
    for name in ("One", "Both"):
        evaluator.render(name, None)
    one = read_tracks(folder / "out" / "one.txt", 64)
    assert [each.name for each in one] == ["door handle"]
    assert one[0].places[11][0] == pytest.approx((36.5, 31.5), abs=0.05)
    both = read_tracks(folder / "out" / "both.txt", 64)
    assert [each.name for each in both] == ["door handle", "track2"]
    with pytest.raises(UsageError, match="must look like"):
        evaluator.render("Wrong", None)
