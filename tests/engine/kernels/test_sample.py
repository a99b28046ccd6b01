"""The compiled sampler against its plain statement, and what it promises at the edges."""

import numpy as np
import pytest

from engine.kernels.sample import sample
from engine.kernels.sample_reference import sample_reference


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
