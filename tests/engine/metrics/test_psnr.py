"""PSNR on 8-bit display values."""

import numpy as np
import pytest

from engine.colour.encoding import decode
from engine.errors import UsageError
from engine.io.picture import Picture
from engine.metrics.psnr import clip_score, psnr8, psnr_field, psnr_linear
from engine.warp.render import reconstruct
from tests.engine.warp.analytic import one_layer


def test_one_code_everywhere_is_48_decibels():
    a = np.full((4, 5, 3), 100, np.uint8)
    assert psnr8(a, a + 1) == pytest.approx(20 * np.log10(255))
    assert psnr8(a, a) == np.inf
    with pytest.raises(UsageError):
        psnr8(a, a[:2])


def test_linear_pictures_are_compared_as_quantised_srgb_codes():
    codes = np.random.default_rng(0).integers(0, 250, (8, 9, 3))
    a, b = decode(codes / 255), decode((codes + 5) / 255)
    assert psnr_linear(a, b) == pytest.approx(20 * np.log10(255 / 5))
    # Less than half a code does not count.
    assert psnr_linear(a, decode((codes + 0.4) / 255)) == np.inf


def test_the_score_of_a_clip_is_the_mean_over_frames():
    assert clip_score([30.0, 34.0]) == 32.0
    assert clip_score([np.inf, 40.0]) == 70.0


def test_a_field_is_measured_per_frame_with_and_without_lighting():
    field = one_layer()
    field.layers[0].lighting = np.full((3, 2, 2, 3), 0.8, np.float32)
    lit = {
        f: Picture.of(reconstruct(field, i, edit_path=False)) for i, f in enumerate(field.frames)
    }
    assert psnr_field(field, lit.__getitem__, False) == [np.inf] * 3
    plain = psnr_field(field, lit.__getitem__, True)
    assert all(10 < value < 40 for value in plain)
    with pytest.raises(UsageError, match="frame 10"):
        psnr_field(field, lambda _: Picture.of(np.zeros((3, 3, 3), np.float32)), True)
