"""The inverse where it is hard: zoom, perspective, folds, tears, borders of layers."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.fields.field import Masks
from engine.io.picture import Window
from engine.kernels.invert import pyramid
from engine.warp.inverse import TOLERANCE, FrameInverse
from tests.engine.warp.analytic import Analytic, lattice_layer, one_layer, two_layers

TENTH = 0.1


def points_in(field, count=2000, seed=0):
    rng = np.random.default_rng(seed)
    corner = np.array([field.data.x0, field.data.y0])
    return (rng.random((count, 2)) * [field.width, field.height] + corner).astype(np.float32)


def determinant(deformation, points, reach=0.25):
    x, y = np.array([reach, 0], np.float32), np.array([0, reach], np.float32)
    across = deformation.at(0, points + x) - deformation.at(0, points - x)
    down = deformation.at(0, points + y) - deformation.at(0, points - y)
    return (across[:, 0] * down[:, 1] - across[:, 1] * down[:, 0]) / (4 * reach * reach)


@settings(max_examples=25)
@given(
    zoom=st.sampled_from([0.04, 0.2, 0.7, 1.0, 1.6, 5.0, 20.0]),
    turn=st.floats(-3.1, 3.1),
    perspective=st.floats(-1e-3, 1e-3),
    wild=st.floats(0, 1.2),
    seed=st.integers(0, 99),
    origin=st.sampled_from([(0, 0), (-7, 12)]),
)
def test_forward_and_back_is_the_same_pixel(zoom, turn, perspective, wild, seed, origin):
    field = lattice_layer(
        zoom=zoom, turn=turn, perspective=perspective, wild=wild, seed=seed, origin=origin
    )
    points = points_in(field, seed=seed)
    deformation = field.layers[0].deformation
    found = FrameInverse(field, 0, 0).find(deformation.at(0, points))
    away = np.hypot(*(found.points - points).T)
    upright = determinant(deformation, points) > 0.02 * zoom * zoom
    assert upright.mean() > 0.97  # mild lattices hardly fold, so nearly all points count
    assert (away[upright] <= TENTH).mean() >= 0.999
    inside = ((points > [field.data.x0 + 0.1, field.data.y0 + 0.1]).all(axis=1)) & (
        points < [field.data.x1 - 0.1, field.data.y1 - 0.1]
    ).all(axis=1)
    assert found.visible[upright & inside & (away < TENTH)].all()


@pytest.mark.parametrize("seed", range(4))
def test_every_answer_of_a_field_full_of_folds_is_a_true_one(seed):
    field = lattice_layer(wild=12.0, seed=seed)
    deformation = field.layers[0].deformation
    points = points_in(field, seed=seed)
    assert (determinant(deformation, points) <= 0).mean() > 0.1
    canonical = deformation.at(0, points)
    found = FrameInverse(field, 0, 0).find(canonical)
    # Each asked point is reached by some frame point: where several do, an upright one is found.
    gap = np.hypot(*(deformation.at(0, found.points) - canonical).T)
    assert np.percentile(gap[found.visible], 99.9) < 0.05
    upright = determinant(deformation, points) > 0.05
    assert found.visible[upright].mean() > 0.99
    assert (determinant(deformation, found.points, 0.05)[found.visible] > 0).mean() > 0.995


def test_a_fold_is_hidden_unless_an_upright_place_shows_the_point():
    field = lattice_layer()
    flipped = field.layers[0].deformation
    flipped.matrices[0] = np.diag([-1.0, 1.0, 1.0])  # the whole frame is turned over
    points = points_in(field, 200)
    found = FrameInverse(field, 0, 0).find(flipped.at(0, points))
    assert np.abs(found.points - points).max() < TENTH
    assert not found.visible.any()


def test_folds_in_the_hidden_part_disturb_no_visible_point():
    field = lattice_layer(size=(128, 96))
    deformation = field.layers[0].deformation
    rng = np.random.default_rng(2)
    # Left half: hidden by another layer and thrown all over the visible half.
    half = deformation.lattices[0].shape[1] // 2 - 2
    deformation.lattices[0][:, :half] = rng.normal(size=deformation.lattices[0][:, :half].shape)
    deformation.lattices[0][:, :half] *= 40
    mask = np.zeros((96, 128), np.uint8)
    mask[:, :80] = 255
    field.masks = Masks(96, 128, [[Masks.pack(mask), Masks.pack(mask)]])
    field.layers = [lattice_layer(size=(128, 96)).layers[0], field.layers[0]]
    points = points_in(field)
    canonical = deformation.at(0, points)
    found = FrameInverse(field, 1, 0).find(canonical)
    away = np.hypot(*(found.points - points).T)
    seen = points[:, 0] > 80.01
    assert seen.sum() > 500
    assert away[seen].max() <= TENTH
    assert found.visible[seen].all()
    # A hidden place is visible only through a visible pixel that reaches the same point.
    assert (found.points[found.visible][:, 0] >= 80).all()


def test_points_at_a_layers_border_are_seen_on_the_right_side():
    field = two_layers()
    x = np.linspace(38, 42, 81, dtype=np.float32)
    points = np.stack([x, np.full_like(x, 30.5)], axis=1)
    for k, shown in ((0, x < 40), (1, x >= 40)):
        canonical = field.layers[k].deformation.at(0, points)
        found = FrameInverse(field, k, 0).find(canonical)
        sure = np.abs(x - 40) > 0.01
        np.testing.assert_array_equal(found.visible[sure], shown[sure])
        np.testing.assert_allclose(found.points, points, atol=0.01)


def test_residuals_count_frame_pixels_at_any_zoom():
    field = lattice_layer(zoom=0.05)
    # A canonical point 4 frame pixels beyond the border lies only 0.2 canonical pixels away.
    outside = np.array([[-4.0, 30.0]], np.float32)
    canonical = field.layers[0].deformation.at(0, outside)
    found = FrameInverse(field, 0, 0).find(canonical)
    np.testing.assert_allclose(found.points, outside, atol=0.05)
    assert not found.visible.any()


def test_expected_places_choose_between_equals():
    # Both halves of the frame show the same stretch of the canonical image.
    field = one_layer(width=64, height=32)
    field.layers[0].deformation = Halves(np.stack([np.eye(3)] * 3), field.data)
    asked = np.array([[10.25, 8.75]], np.float32)
    inverse = FrameInverse(field, 0, 0)
    for expected in ([12.0, 9.0], [40.0, 9.0]):
        found = inverse.find(asked, np.array([expected], np.float32))
        assert found.visible.all()
        wished = [10.25 if expected[0] < 32 else 42.25, 8.75]
        np.testing.assert_allclose(found.points[0], wished, atol=0.01)


def test_a_search_prefers_the_place_nearest_to_the_expected_one():
    # Three thirds show the same; the last one, where the point is expected, is hidden.
    field = one_layer(width=96, height=32)
    field.layers[0].deformation = Thirds(np.stack([np.eye(3)] * 3), field.data)
    coverage = np.ones((32, 96), np.float32)
    coverage[:, 64:] = 0
    inverse = FrameInverse(field, 0, 0, coverage)
    asked = np.array([[10.25, 8.75]], np.float32)
    found = inverse.find(asked, np.array([[80.0, 9.0]], np.float32))
    np.testing.assert_allclose(found.points, [[42.25, 8.75]], atol=0.01)
    assert found.visible.all()


class Thirds(Analytic):
    """x counts anew every 32 pixels: the map tears there."""

    def at(self, index, points):
        points = np.asarray(points, np.float32).copy()
        points[:, 0] %= 32
        return points


class Halves(Analytic):
    """x counts anew from the middle of the frame: the map tears there."""

    def at(self, index, points):
        points = np.asarray(points, np.float32).copy()
        points[:, 0] -= np.where(points[:, 0] >= 32, 32, 0)
        return points


def test_followed_and_searched_answers_agree():
    field = one_layer(sine=1.5)
    points = points_in(field, 500)
    deformation = field.layers[0].deformation
    canonical = deformation.at(1, points)
    before = FrameInverse(field, 0, 0).find(canonical).points
    inverse = FrameInverse(field, 0, 1)
    fresh, followed = inverse.find(canonical), inverse.find(canonical, before)
    # At the frame's very edge a rounding decides what is inside.
    edge = (np.abs(fresh.points - np.clip(fresh.points, 0.01, [95.99, 63.99])) > 0).any(axis=1)
    np.testing.assert_array_equal(fresh.visible[~edge], followed.visible[~edge])
    np.testing.assert_allclose(fresh.points, followed.points, atol=0.02)


def test_following_visible_points_never_looks_at_the_whole_frame(monkeypatch):
    field = one_layer(sine=1.0)
    points = np.array([[30.5, 30.25], [60.0, 20.0]], np.float32)
    canonical = field.layers[0].deformation.at(1, points)
    monkeypatch.setattr(Analytic, "positions", None)
    found = FrameInverse(field, 0, 1).find(canonical, points + 2)
    np.testing.assert_allclose(found.points, points, atol=0.01)


def test_maps_with_gaps_and_tiny_maps_are_inverted():
    field = one_layer(width=3, height=2, margin=2)
    found = FrameInverse(field, 0, 1).find(np.array([[1.5, 1.0], [2.9, 0.1]], np.float32))
    np.testing.assert_allclose(found.points, [[1.5, 1.0], [2.9, 0.1]], atol=1e-3)
    assert found.visible.all()
    positions = one_layer().layers[0].deformation.positions(1)
    positions[10:20, 10:20] = np.nan
    tree = pyramid(positions)
    assert tree.folds  # unknown is treated like a fold: looked at with care
    assert np.isfinite(tree.boxes[-1]).all()


def test_a_window_that_does_not_start_at_zero():
    field = one_layer()
    field.data = Window(5, -3, 101, 61)
    field.layers[0].deformation.data = field.data
    points = points_in(field, 100)
    found = FrameInverse(field, 0, 0).find(field.layers[0].deformation.at(0, points))
    np.testing.assert_allclose(found.points, points, atol=TOLERANCE)
