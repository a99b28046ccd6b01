"""Matching on features whose motion is known."""

import numpy as np
import pytest
import torch

from engine.flow.gmflow import matching
from engine.flow.gmflow.matching import (
    Propagation,
    match_globally,
    match_nearby,
    upsample_convex,
    warp,
)


def features(height: int, width: int, channels: int = 64) -> torch.Tensor:
    """Each pixel unlike every other."""
    rng = torch.Generator().manual_seed(5)
    made = torch.randn(1, channels, height, width, generator=rng)
    return 12 * made / made.norm(dim=1, keepdim=True)


def moved(x: torch.Tensor, dx: int, dy: int) -> torch.Tensor:
    return torch.roll(x, (dy, dx), (2, 3))


@pytest.mark.parametrize(("dx", "dy"), [(0, 0), (9, -4), (-13, 6)])
def test_global_matching_finds_a_shift_of_any_length(dx, dy):
    first = features(16, 24)
    flow = match_globally(first, moved(first, dx, dy))
    assert flow.shape == (1, 2, 16, 24)
    y, x = np.mgrid[:16, :24]
    inside = (x + dx >= 0) & (x + dx < 24) & (y + dy >= 0) & (y + dy < 16)
    found = flow[0].numpy()[:, inside]
    assert np.abs(found - [[dx], [dy]]).max() < 0.15


def test_the_matrix_in_parts_is_the_matrix_at_once(monkeypatch):
    first, second = features(10, 14), moved(features(10, 14), 3, 1)
    whole = match_globally(first, second)
    monkeypatch.setattr(matching, "ENTRIES", 140 * 7)
    torch.testing.assert_close(match_globally(first, second), whole)


@pytest.mark.parametrize(("dx", "dy"), [(2, 0), (-4, 3)])
def test_local_matching_finds_an_offset_within_its_window_only(dx, dy):
    first = features(16, 24)
    flow = match_nearby(first, moved(first, dx, dy), radius=4)[0, :, 5:-5, 5:-5]
    np.testing.assert_allclose(flow.mean((1, 2)), [dx, dy], atol=0.1)
    far = match_nearby(first, moved(first, 9, 0), radius=4)
    assert far.abs().max() <= 4
    assert far[0, 0].mean() < 2


def test_local_matching_never_leaves_the_picture():
    flat = torch.ones(1, 4, 9, 9)
    flow = match_nearby(flat, flat, radius=4)
    assert flow[0, 0, 0, 0] == pytest.approx(2.0) and flow[0, 0, 8, 8] == pytest.approx(-2.0)
    assert flow[0, :, 4, 4].abs().max() < 1e-6


def test_warp_reads_where_the_flow_points_and_nothing_outside():
    picture = torch.arange(20.0).view(1, 1, 4, 5) + 1
    flow = torch.zeros(1, 2, 4, 5)
    flow[:, 0], flow[:, 1] = 1, -1
    read = warp(picture, flow)
    torch.testing.assert_close(read[0, 0, 1:, :4], picture[0, 0, :3, 1:])
    assert not read[0, 0, 0].any() and not read[0, 0, :, 4].any()


def same() -> Propagation:
    """A propagation that compares the features as they are."""
    made = Propagation(16)
    with torch.no_grad():
        for part in (made.q_proj, made.k_proj):
            part.weight.copy_(torch.eye(16))
            part.bias.zero_()
    return made


@torch.no_grad()
def test_flow_spreads_over_pixels_that_look_alike():
    looks = torch.zeros(1, 16, 6, 8)
    looks[:, 0, :, :4], looks[:, 1, :, 4:] = 10, 10
    flow = torch.zeros(1, 2, 6, 8)
    flow[:, 0, :, :4], flow[:, 1, :, 4:] = 5, -3
    flow[0, 0, 2, 1] = 17  # one wrong pixel among 24
    spread = same()(looks, flow)
    assert spread[0, 0, :, :4].sub(5.5).abs().max() < 1e-3
    assert spread[0, 1, :, 4:].add(3).abs().max() < 1e-3


@torch.no_grad()
def test_within_a_window_only_neighbours_count():
    looks = torch.zeros(1, 16, 6, 8)
    looks[:, 0] = 10
    flow = torch.zeros(1, 2, 6, 8)
    flow[0, 0, 3, 3] = 9
    spread = same()(looks, flow, radius=1)
    torch.testing.assert_close(spread[0, 0, 2:5, 2:5], torch.ones(3, 3))
    assert spread[0, 0].sum() == pytest.approx(9)


def test_upsampling_takes_the_neighbour_that_the_weights_name_and_scales_the_vectors():
    flow = torch.arange(12.0).view(1, 2, 2, 3)
    weights = torch.full((1, 9, 4, 4, 2, 3), -100.0)
    weights[:, 4, :, :3] = 100  # the pixel itself
    weights[:, 5, :, 3] = 100  # its neighbour on the right, for the last fine column
    fine = upsample_convex(flow, weights.view(1, 144, 2, 3), 4)
    assert fine.shape == (1, 2, 8, 12)
    coarse = 4 * flow.repeat_interleave(4, 2).repeat_interleave(4, 3)
    columns = np.arange(12) % 4 != 3
    torch.testing.assert_close(fine[..., columns], coarse[..., columns])
    torch.testing.assert_close(fine[..., 3], coarse[..., 4])
    assert not fine[..., 11].any()  # nothing is right of the border
