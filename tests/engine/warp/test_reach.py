"""The part of a frame that an edit can reach: never too small, and small where the edit is."""

import numpy as np
import pytest

from engine.edit.editlayer import EditLayer
from engine.edit.frameview import FrameView
from engine.edit.paintover import seen_layer, warp_change
from engine.warp.reach import cells_of, points_near
from engine.warp.sheet import Sheet
from tests.engine.warp.analytic import lattice_layer

CASES = {
    "still": {},
    "bent": {"wild": 2.5},
    "turned": {"turn": 0.9, "wild": 1.0},
    "perspective": {"perspective": 2e-3, "wild": 0.5},
    "shrunk": {"zoom": 5.0, "wild": 0.5},
    "enlarged": {"zoom": 0.3},
    "elsewhere": {"origin": (-13, 21), "wild": 2.0},
    "through the horizon": {"perspective": 2e-2},
}


def _brush(x, y, size=3, scale=1.0):
    pixels = np.ones((size, size, 4), np.float32)
    origin = (np.floor(x * scale), np.floor(y * scale))
    return EditLayer(Sheet(pixels, origin, (scale, scale)))


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
@pytest.mark.parametrize("scale", [1.0, 2.0])
def test_no_pixel_that_sees_a_brush_is_left_out(case, scale):
    field = lattice_layer(**case)
    deformation = field.layers[0].deformation
    points = deformation.positions(0)
    rng = np.random.default_rng(4)
    seen_any = 0
    for _ in range(25):
        x, y = points[rng.integers(points.shape[0]), rng.integers(points.shape[1])]
        change = _brush(float(x), float(y), scale=scale)
        whole = change.sheet.read_linear(points, filter="cubic")[..., 3]
        near = points_near(deformation, 0, change.box, scale, field.data)
        assert near is not None
        rows, columns = near[0]
        outside = whole.copy()
        outside[rows, columns] = 0
        assert not outside.any()
        np.testing.assert_allclose(near[1], points[rows, columns], atol=1e-4)
        seen_any += bool(whole.any())
    assert seen_any > 15


def _laid(field, piece):
    whole = np.zeros((field.height, field.width, 4), np.float32)
    assert piece is not None
    window = piece[0].moved(-field.data.x0, -field.data.y0)
    whole[window.y0 : window.y1, window.x0 : window.x1] = piece[1]
    return whole


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_a_change_is_the_same_whether_found_by_bounds_or_by_every_pixel(case):
    field = lattice_layer(**case)
    points = field.layers[0].deformation.positions(0)
    x, y = points[30, 50]
    change = _brush(float(x) - 4, float(y) - 4, size=9)
    one = warp_change(field, 0, 0, change)
    other = warp_change(field, 0, 0, change, seen=seen_layer(FrameView(field, 0), 0))
    np.testing.assert_allclose(_laid(field, one), _laid(field, other), atol=1e-3)
    assert _laid(field, one)[..., 3].max() > 0.1


def test_a_brush_on_a_large_plate_costs_a_few_cells():
    field = lattice_layer((1024, 540), wild=1.5, spacing=16)
    near = points_near(field.layers[0].deformation, 0, (500, 250, 520, 270), 1.0, field.data)
    assert near is not None
    assert near[1].shape[0] < 110 and near[1].shape[1] < 110
    far = points_near(field.layers[0].deformation, 0, (9000, 250, 9020, 270), 1.0, field.data)
    assert far is None


def test_bounds_hold_every_point_of_their_cell():
    field = lattice_layer(wild=3.0, turn=0.4, perspective=1e-3)
    deformation = field.layers[0].deformation
    cells, points = cells_of(deformation, 0), deformation.positions(0)
    i, j = np.mgrid[0 : points.shape[0], 0 : points.shape[1]] // 8
    assert (points >= cells.low[i, j] - 1e-3).all()
    assert (points <= cells.high[i, j] + 1e-3).all()
    steps = np.linalg.norm(np.diff(points, axis=1), axis=2)
    assert (steps <= cells.step[i, j][:, 1:] + 1e-3).all()
