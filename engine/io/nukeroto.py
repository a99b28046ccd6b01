"""Drawn shapes for Nuke: a Python script that makes a Roto node with their keys.

Nuke keeps the points of a Roto node in a text of its own that is described nowhere; what is
described is its Python module ``nuke.rotopaint``, so the shapes travel as a few lines for the
Script Editor. Nuke counts y upward from the lower left corner.
"""

import json
from collections.abc import Sequence
from typing import Any

import numpy as np

from engine.arrays import F64
from engine.masks.shapes import Key, Shape

_SCRIPT = '''"""{title}: paste this into Nuke's Script Editor and run it."""

import json

import nuke
import nuke.rotopaint as rotopaint

SHAPES = json.loads(r"""{shapes}""")


def make_roto():
    """Makes a Roto node with the shapes and their keys; returns it."""
    node = nuke.createNode("Roto", inpanel=False)
    node["label"].setValue("{title}")
    curves = node["curves"]
    for said in SHAPES:
        shape = rotopaint.Shape(curves, type="bezier")
        shape.name = said["name"]
        points = [rotopaint.ShapeControlPoint() for _ in said["keys"][0]["points"]]
        for key in said["keys"]:
            frame = key["frame"]
            for point, place in zip(points, key["points"]):
                point.center.addPositionKey(frame, (place[0], place[1]))
                point.leftTangent.addPositionKey(frame, (place[2], place[3]))
                point.rightTangent.addPositionKey(frame, (place[4], place[5]))
                point.featherCenter.addPositionKey(frame, (place[6], place[7]))
                point.featherLeftTangent.addPositionKey(frame, (place[2], place[3]))
                point.featherRightTangent.addPositionKey(frame, (place[4], place[5]))
        for point in points:
            shape.append(point)
        curves.rootLayer.append(shape)
    curves.changed()
    cut = [said["name"] for said in SHAPES if said["subtract"]]
    if cut:
        nuke.message("Set the blending of these shapes to minus: " + ", ".join(cut))
    return node


make_roto()
'''


def roto_script(shapes: Sequence[Shape], height: int, title: str = "Codef shapes") -> str:
    """The script for Nuke.

    Args:
        shapes: In the order in which they add up.
        height: Of the format, in pixels: Nuke counts from below.
        title: What the node is labelled with.
    """
    said = [shape_for_nuke(shape, height) for shape in shapes]
    text = json.dumps(said, ensure_ascii=True, indent=0)
    plain = "".join(letter for letter in title if letter.isprintable() and letter not in '"\\\\{}')
    return _SCRIPT.format(title=plain, shapes=text.replace('"""', "'''"))


def shape_for_nuke(shape: Shape, height: int) -> dict[str, Any]:
    """A shape as the script reads it: x, y, both handles and the feather's way out, y upward."""
    keys = [
        {"frame": frame, "points": [_rounded(row) for row in _points(key, height)]}
        for frame, key in sorted(shape.keys.items())
    ]
    return {"name": shape.name or "shape", "subtract": shape.subtract, "keys": keys}


def _points(key: Key, height: int) -> F64:
    turned = key.points * np.array([1, -1, 1, -1, 1, -1.0]) + np.array([0, height, 0, 0, 0, 0.0])
    return np.concatenate([turned, _outward(turned) * key.feather], axis=1)


def _outward(points: F64) -> F64:
    """Unit vectors [N, 2] out of a closed outline at its points, y upward."""
    place = points[:, :2]
    before, after = np.roll(place, 1, 0) - place, np.roll(place, -1, 0) - place
    for way, handle in ((before, points[:, 2:4]), (after, points[:, 4:6])):
        curved = np.flatnonzero(handle.any(axis=1))
        way[curved] = handle[curved]
    along = _unit(after) - _unit(before)
    normal = _unit(np.stack([along[:, 1], -along[:, 0]], axis=1))
    x, y = place.T
    area = float((x * np.roll(y, -1) - np.roll(x, -1) * y).sum())
    return normal if area > 0 else -normal


def _unit(vectors: F64) -> F64:
    length = np.maximum(np.hypot(vectors[:, 0], vectors[:, 1]), 1e-9)
    return np.asarray(vectors / length[:, None], np.float64)


def _rounded(row: F64) -> list[float]:
    return [round(float(value), 4) for value in row]
