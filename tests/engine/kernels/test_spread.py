"""Laying frames onto a finer picture is the reverse of reading them from it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.kernels.sample import sample
from engine.kernels.spread import spread_frames


def placed(step: float, turn: float = 0.0):
    y, x = np.mgrid[0:18, 0:22].astype(np.float32)
    u = 12 + step * (np.cos(turn) * x - np.sin(turn) * y) + 0.3 * np.sin(y / 3)
    v = 12 + step * (np.sin(turn) * x + np.cos(turn) * y) + 0.2 * np.cos(x / 4)
    return np.stack([u, v], axis=-1).astype(np.float32)


@settings(max_examples=25, deadline=None)
@given(
    step=st.floats(0.3, 1.3),
    turn=st.floats(-0.4, 0.4),
    scale=st.integers(1, 3),
    seed=st.integers(0, 99),
)
def test_what_is_read_from_a_pixel_goes_back_to_it_in_the_same_share(step, turn, scale, seed):
    """The two are transposes of each other: <read(C), v> = <C, spread(v)>."""
    rng = np.random.default_rng(seed)
    points = placed(step, turn)
    picture = rng.random((66 * scale, 70 * scale, 3)).astype(np.float32)
    values = rng.standard_normal((18, 22, 3)).astype(np.float32)
    inside = ((points > 1) & (points < 64)).all(axis=2).astype(np.float32)
    read = sample(picture, points, scale=float(scale), footprint=True)
    totals = np.zeros((1, *picture.shape[:2], 5), np.float32)
    spread_frames(values[None], inside[None], points[None], (0, 0), float(scale), totals)
    there = float((read * values * inside[..., None]).sum(dtype=np.float64))
    back = float((totals[0, ..., :3] * picture).sum(dtype=np.float64))
    assert there == pytest.approx(back, abs=2e-3)
    assert totals[..., 3].sum(dtype=np.float64) == pytest.approx(inside.sum(), rel=1e-3)


def test_each_frame_has_sums_of_its_own_and_the_origin_moves_them():
    points = np.stack([placed(1.0), placed(1.0) + 3]).astype(np.float32)
    values = np.ones((2, 18, 22, 3), np.float32)
    weights = np.ones((2, 18, 22), np.float32)
    totals = np.zeros((2, 120, 120, 5), np.float32)
    spread_frames(values, weights, points, (0, 0), 2.0, totals)
    np.testing.assert_allclose(totals[0, :-6, :-6], totals[1, 6:, 6:], atol=1e-4)
    moved = np.zeros_like(totals)
    spread_frames(values, weights, points, (-8, 4), 2.0, moved)
    np.testing.assert_allclose(totals[:, 10:-10, 10:-10], moved[:, 6:-14, 18:-2], atol=1e-4)


def test_what_has_no_weight_or_no_place_leaves_nothing():
    points = placed(1.0)
    points[0, 0] = np.nan
    points[1, 1] = 1e9
    weights = np.zeros((1, 18, 22), np.float32)
    weights[0, :2, :2] = [[1, 0], [0, 1]]
    totals = np.zeros((1, 80, 80, 5), np.float32)
    spread_frames(np.ones((1, 18, 22, 3), np.float32), weights, points[None], (0, 0), 1.0, totals)
    assert not totals.any()
