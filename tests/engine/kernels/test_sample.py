"""The compiled sampler against its plain statement, and what it promises at the edges."""

import numpy as np
import pytest

from engine.kernels.sample import sample
from engine.kernels.sample_reference import footprint_reference, sample_reference


def _case(seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    picture = rng.random((23, 31, 4), dtype=np.float32)
    positions = (rng.random((40, 50, 2)) * 45 - 8).astype(np.float32)
    return picture, positions


@pytest.mark.parametrize("filter", ["bilinear", "cubic"])
@pytest.mark.parametrize(("origin", "scale"), [((0, 0), 1.0), ((-5, 3), 1.0), ((2, -7), 2.0)])
def test_agrees_with_the_reference(filter, origin, scale):
    picture, positions = _case()
    fast = sample(picture, positions, origin=origin, scale=scale, filter=filter)
    plain = sample_reference(picture, positions, origin=origin, scale=scale, filter=filter)
    assert np.abs(fast - plain).max() < 1e-5


@pytest.mark.parametrize("filter", ["bilinear", "cubic"])
def test_pixel_centres_give_the_pixels_back_exactly(filter):
    picture, _ = _case()
    y, x = np.mgrid[0:23, 0:31].astype(np.float32)
    centres = np.stack([x + 0.5 - 4, y + 0.5 + 9], axis=-1)
    out = sample(picture, centres, origin=(-4, 9), filter=filter, footprint=True)
    np.testing.assert_array_equal(out, picture)


def test_a_nan_pixel_spoils_only_what_reads_it():
    picture, _ = _case()
    picture[5, 5] = np.nan
    y, x = np.mgrid[0:23, 0:31].astype(np.float32)
    out = sample(picture, np.stack([x + 0.5, y + 0.5], axis=-1))
    assert np.isnan(out).any(axis=2).sum() == 1


def test_outside_and_nan_positions_read_nothing():
    picture, _ = _case()
    positions = np.array([[-5, 3], [np.nan, 3], [np.inf, 3], [1e30, 1e30], [3, -1e30]], np.float32)
    assert not sample(picture, positions).any()
    assert not sample(picture, positions, filter="cubic").any()


def test_the_border_fades_to_transparent():
    picture = np.ones((8, 8, 4), np.float32)
    out = sample(picture, np.array([[0.0, 4.0]], np.float32))
    np.testing.assert_allclose(out, 0.5)


def test_points_and_grids_agree():
    picture, positions = _case()
    np.testing.assert_array_equal(
        sample(picture, positions).reshape(-1, 4), sample(picture, positions.reshape(-1, 2))
    )


def test_a_footprint_averages_a_finer_picture_instead_of_aliasing():
    y, x = np.mgrid[0:128, 0:128]
    checks = np.repeat(((x + y) % 2).astype(np.float32)[..., None], 4, axis=2)
    i, j = np.mgrid[4:28, 4:28].astype(np.float32)
    positions = np.stack([j + 0.625, i + 0.625], axis=-1)
    plain = sample(checks, positions, scale=4.0)
    wide = sample(checks, positions, scale=4.0, footprint=True)
    assert np.abs(plain - 0.5).max() > 0.4
    assert np.abs(wide - 0.5).max() < 1e-6


def test_scale_may_differ_in_x_and_y():
    picture, _ = _case()
    positions = np.array([[3.1, 4.2], [5.0, 1.7]], np.float32)
    out = sample(picture, positions, scale=(2.0, 3.0))
    np.testing.assert_allclose(out, sample(picture, positions * np.float32([2, 3])), atol=1e-5)


def test_an_unknown_filter_is_named():
    picture, positions = _case()
    with pytest.raises(ValueError, match="nearest"):
        sample(picture, positions, filter="nearest")


def test_weights_scale_the_result_and_zero_reads_nothing():
    picture, positions = _case()
    weights = np.linspace(0, 1, 2000).reshape(40, 50).astype(np.float32)
    weights[:3] = 0
    out = sample(picture, positions, weights=weights)
    np.testing.assert_allclose(out, sample(picture, positions) * weights[..., None], atol=1e-6)
    picture[:] = np.nan
    assert not sample(picture, positions, weights=weights)[:3].any()


def _warp(matrix, height=20, width=24, corner=(6.0, 5.0)):
    y, x = np.mgrid[0:height, 0:width].astype(np.float64)
    grid = np.stack([x, y], axis=-1) @ np.asarray(matrix, np.float64).T + np.asarray(corner)
    bend = np.stack([np.sin(y / 5), np.cos(x / 4)], axis=-1) * 0.4
    return (grid + bend).astype(np.float32)


@pytest.mark.parametrize("filter", ["bilinear", "cubic"])
@pytest.mark.parametrize(
    "matrix",
    [
        [[1.6, 0], [0, 1.6]],  # shrinks
        [[3.3, 0.4], [-0.2, 1.1]],  # shrinks along one axis
        [[0.9, -1.4], [1.5, 0.8]],  # turns and shrinks
        [[0.5, 0.1], [0, 0.6]],  # enlarges
        [[-1.2, 0], [0, 1.12]],  # mirrors, between both
    ],
)
def test_footprints_agree_with_the_reference(filter, matrix):
    picture = np.random.default_rng(3).random((70, 90, 4), dtype=np.float32)
    positions = _warp(matrix, corner=(40.0, 8.0))
    fast = sample(picture, positions, origin=(-2, 3), filter=filter, footprint=True)
    plain = footprint_reference(picture, positions, origin=(-2, 3), filter=filter)
    assert np.abs(fast - plain).max() < 1e-4


@pytest.mark.parametrize("shrink", [1.4, 2.0, 3.7, 6.0, 23.0, 61.0])
def test_what_a_shrunk_picture_cannot_show_vanishes(shrink):
    # Waves at 0.75 cycles per frame pixel: each one of them would come back as a false wave.
    y, x = np.mgrid[0:1200, 0:1200].astype(np.float32)
    waves = 0.5 + 0.5 * np.sin((x * 0.8 + y * 0.6) * np.float32(2 * np.pi * 0.75 / shrink))
    picture = np.repeat(waves[..., None].astype(np.float32), 4, axis=2)
    size = int(1000 / shrink)
    i, j = np.mgrid[0:size, 0:size].astype(np.float32)
    positions = np.stack([j, i], axis=-1) * np.float32(shrink) + 100
    plain = sample(picture, positions, filter="cubic")[3:-3, 3:-3, 0]
    read = sample(picture, positions, filter="cubic", footprint=True)[3:-3, 3:-3, 0]
    assert plain.std() > 0.2  # what an unfiltered reading shows
    assert read.std() < 0.3 * plain.std()
    assert abs(float(read.mean()) - 0.5) < 0.02


@pytest.mark.parametrize("shrink", [1.0, 1.5, 2.0, 5.0, 9.0])
def test_what_a_shrunk_picture_can_show_stays_sharp(shrink):
    _, x = np.mgrid[0:600, 0:600].astype(np.float32)
    waves = 0.5 + 0.5 * np.sin((x + 0.5) * np.float32(2 * np.pi * 0.15 / shrink))
    picture = np.repeat(waves[..., None].astype(np.float32), 4, axis=2)
    size = int(480 / shrink)
    i, j = np.mgrid[0:size, 0:size].astype(np.float32)
    positions = np.stack([j, i], axis=-1) * np.float32(shrink) + 60
    read = sample(picture, positions, filter="cubic", footprint=True)[3:-3, 3:-3, 0]
    assert read.std() / (0.5 / np.sqrt(2)) > 0.9


def test_a_picture_squeezed_one_way_stays_sharp_the_other_way():
    y, _ = np.mgrid[0:200, 0:1600].astype(np.float32)
    waves = 0.5 + 0.5 * np.sin((y + 0.5) * np.float32(2 * np.pi * 0.2))
    picture = np.repeat(waves[..., None].astype(np.float32), 4, axis=2)
    i, j = np.mgrid[0:150, 0:100].astype(np.float32)
    positions = np.stack([j * 12 + 100, i + 20.5], axis=-1)
    read = sample(picture, positions, filter="cubic", footprint=True)[4:-4, 4:-4, 0]
    np.testing.assert_allclose(read, waves[24:166, :1][: len(read)].repeat(92, 1), atol=1e-3)


@pytest.mark.parametrize("filter", ["bilinear", "cubic"])
def test_whole_pixel_moves_copy_exactly_with_footprints(filter):
    picture = np.random.default_rng(1).random((30, 40, 4), dtype=np.float32)
    y, x = np.mgrid[0:20, 0:25].astype(np.float32)
    out = sample(picture, np.stack([x + 7.5, y + 4.5], axis=-1), filter=filter, footprint=True)
    np.testing.assert_array_equal(out, picture[4:24, 7:32])
