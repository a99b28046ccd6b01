"""Shapes as a script for Nuke: what it says of the points, and that Python can read it.

Nuke is not here: the script runs against a module that only writes down what it is asked, after
``nuke.rotopaint``'s documentation.
"""

import runpy
import sys
import types
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.io.nukeroto import roto_script, shape_for_nuke
from engine.masks.shapes import Key, Shape

SQUARE = np.array(
    [[10, 20, 0, 0, 0, 0], [50, 20, 0, 0, 0, 0], [50, 80, 0, 0, 0, 0], [10, 80, 0, 0, 0, 0]], float
)


class Anim:
    def __init__(self) -> None:
        self.keys: dict[float, tuple[float, float]] = {}

    def addPositionKey(self, frame: float, place: tuple[float, float]) -> None:
        self.keys[frame] = place


class Point:
    def __init__(self) -> None:
        for name in ("center", "leftTangent", "rightTangent"):
            setattr(self, name, Anim())
            setattr(self, f"feather{name[0].upper()}{name[1:]}", Anim())


class Layer(list):
    def __init__(self, *_: Any, **kinds: str) -> None:
        super().__init__()
        self.kinds, self.name = kinds, ""


@pytest.fixture
def nuke(monkeypatch: pytest.MonkeyPatch) -> Any:
    made = types.ModuleType("nuke")
    curves = types.SimpleNamespace(rootLayer=Layer(), changed=lambda: None)
    label = types.SimpleNamespace(setValue=lambda text: None)
    made.createNode = lambda kind, inpanel: {"curves": curves, "label": label, "kind": kind}
    made.said = []
    made.message = made.said.append
    made.curves = curves
    roto = types.ModuleType("nuke.rotopaint")
    roto.Shape, roto.ShapeControlPoint = Layer, Point
    made.rotopaint = roto
    monkeypatch.setitem(sys.modules, "nuke", made)
    monkeypatch.setitem(sys.modules, "nuke.rotopaint", roto)
    return made


def test_every_key_of_every_point_arrives_with_y_up(nuke: Any, tmp_path: Path) -> None:
    curved = SQUARE.copy()
    curved[1, 2:] = (-4, 3, 4, -3)
    shape = Shape(
        {101: Key(SQUARE), 110: Key(curved + np.array([5, 6, 0, 0, 0, 0]))}, name='a "door"'
    )
    script = roto_script([shape], 100)
    (tmp_path / "roto.py").write_text(script, encoding="utf-8")
    runpy.run_path(str(tmp_path / "roto.py"))
    (made,) = nuke.curves.rootLayer
    assert made.name == 'a "door"'
    assert made.kinds == {"type": "bezier"}
    assert made[0].center.keys == {101: (10, 80), 110: (15, 74)}
    assert made[1].leftTangent.keys[110] == (-4, -3)
    assert made[1].rightTangent.keys[110] == (4, 3)
    assert nuke.said == []


def test_a_feather_goes_outward_whichever_way_the_shape_was_drawn() -> None:
    for points in (SQUARE, SQUARE[::-1]):
        said = shape_for_nuke(Shape({1: Key(points, 10.0)}), 100)
        for x, y, *_, across, up in said["keys"][0]["points"]:
            assert np.hypot(across, up) == pytest.approx(10, abs=1e-3)
            assert (x - 30) * across > 0 and (y - 50) * up > 0


def test_shapes_that_cut_are_named(nuke: Any, tmp_path: Path) -> None:
    shapes = [Shape({1: Key(SQUARE)}, name="wall"), Shape({1: Key(SQUARE)}, True, "hole")]
    (tmp_path / "roto.py").write_text(roto_script(shapes, 100, 'x"{}'), encoding="utf-8")
    runpy.run_path(str(tmp_path / "roto.py"))
    assert len(nuke.curves.rootLayer) == 2
    assert "hole" in nuke.said[0] and "wall" not in nuke.said[0]
