"""The jitter figure: still where nothing moves, exact where something does."""

import numpy as np
import pytest

from engine.colour.encoding import decode, encode
from engine.edit.stabilise import stabilised_pixels
from engine.io.picture import Picture, Window
from engine.kernels.sample import sample
from engine.metrics.jitter import displacement, jitter_of, shaking
from engine.metrics.trust import trust, visibility
from engine.warp.render import composite
from tests.engine.warp.analytic import one_layer, smooth_canvas, two_layers


def shifted(picture, dx, dy):
    h, w = picture.shape[:2]
    y, x = np.mgrid[0:h, 0:w].astype(np.float32) + np.float32(0.5)
    return sample(picture, np.stack([x - dx, y - dy], 2).astype(np.float32), filter="cubic")


def test_a_sequence_that_stands_still_has_no_jitter():
    still = smooth_canvas(Window.of_size(96, 64))
    found = jitter_of([still] * 6, still)
    assert (found.variance, found.jitter, found.drift) == (0, 0, 0)
    assert found.pixels == 96 * 64


@pytest.mark.parametrize(("dx", "dy"), [(0.3, -0.2), (-1.6, 0.9)])
def test_a_shift_is_found_to_a_hundredth_of_a_pixel_whatever_the_exposure(dx, dy):
    still = smooth_canvas(Window.of_size(96, 64), seed=2)
    moved = shifted(still, dx, dy)
    inside = moved[..., 3] > 0.99
    a, b = encode(still[..., :3]), encode(moved[..., :3]) * 0.8 + 0.05
    assert displacement(a, b, inside) == pytest.approx((dx, dy), abs=0.02)


def test_what_passes_in_front_is_no_motion():
    still = smooth_canvas(Window.of_size(96, 64), seed=2)
    other = still.copy()
    other[20:40, 30:52, :3] = 0.9
    found = jitter_of([still, other, still, other], still)
    assert found.drift < 0.03
    assert found.variance > 1e-3  # but it is in the variance


def test_shaking_counts_and_drifting_does_not():
    slow = np.stack([np.linspace(0, 2, 20), np.zeros(20)], 1)
    assert shaking(slow) < 0.05
    fast = slow + np.stack([0.25 * (-1.0) ** np.arange(20), np.zeros(20)], 1)
    assert shaking(fast) == pytest.approx(0.25 * 4 / 5, rel=0.1)  # less a mean of five


def test_a_field_that_is_off_in_one_frame_shows_in_the_figure():
    field = one_layer()
    plates = [Picture.of(composite(field, index)) for index in range(3)]
    still = field.layers[0].canonical.pixels

    def measured():
        return jitter_of([stabilised_pixels(field, 0, n, plates[n]) for n in range(3)], still)

    good = measured()
    assert good.deviation < 1.5 and good.drift < 0.05
    field.layers[0].deformation.matrices[2][0, 2] += 0.6
    bad = measured()
    assert bad.displacement[2] == pytest.approx((0.6, 0), abs=0.05)
    assert bad.variance > 4 * good.variance


def test_empty_frames_have_no_place():
    still = smooth_canvas(Window.of_size(64, 48))
    found = jitter_of([still, np.zeros_like(still)], still)
    assert np.isnan(found.displacement[1]).all() and found.pixels == 0


def test_confidence_is_one_where_the_field_shows_the_plate_and_falls_where_it_does_not():
    field = two_layers()
    plate = composite(field, 1)
    whole = trust(field, 1, plate)
    assert whole.mean > 0.999
    wrong = plate.copy()
    wrong[8:16, 60:80] = decode(np.float32(0.95))
    found = trust(field, 1, wrong)
    assert found.confidence[10:14, 64:76].max() < 0.2
    assert found.confidence[30:60, 60:90].min() > 0.99
    broken = plate.copy()
    broken[2, 3] = np.nan
    found = trust(field, 1, broken)
    assert found.confidence[2, 3] == 0 and not found.counted[2, 3] and found.mean > 0.999


def test_visibility_is_the_matte_less_what_is_folded_or_unknown():
    field = two_layers()
    square, back = (visibility(field, k, 1) for k in range(2))
    assert square.sum() == 400 and back.sum() == 96 * 64 - 400
    field.layers[1].canonical.pixels[16:40] = 0  # canonical rows 0 to 24 are not known
    field.layers[1].canonical.pixels = field.layers[1].canonical.pixels.copy()
    assert not visibility(field, 1, 1)[:24].any()
    turned = one_layer()
    turned.layers[0].deformation.matrices[0] = np.diag([-1.0, 1.0, 1.0]) @ np.eye(3)
    turned.layers[0].deformation.matrices[0][0, 2] = 96
    assert not visibility(turned, 0, 0)[:-1, :-1].any()
