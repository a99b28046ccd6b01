"""Stills as frames read them: finer ones sharply, nothing beyond what is there."""

import numpy as np

from engine.edit.editlayer import EditLayer
from engine.edit.paintover import warp_change
from engine.warp.sheet import Sheet
from tests.engine.warp.analytic import lattice_layer, one_layer


def _stripes(scale, period):
    """Vertical stripes over canonical 20..80 x 15..60, ``period`` pixels of the still wide."""
    height, width = int(45 * scale), int(60 * scale)
    pixels = np.ones((height, width, 4), np.float32)
    x = np.arange(width, dtype=np.float32) + 0.5
    pixels[..., :3] = (0.5 + 0.5 * np.cos(2 * np.pi * x / period))[None, :, None]
    return EditLayer(Sheet(pixels, (20 * scale, 15 * scale), (scale, scale)))


def _contrast(piece):
    inner = piece[1][12:-12, 12:-12]
    assert (inner[..., 3] > 0.999).all()
    return inner[..., 0].std() * 2 * np.sqrt(2)


def test_an_edit_finer_than_the_frames_is_sharp_where_the_frame_is_nearer():
    near = lattice_layer(zoom=0.5)  # a step of the frame is half a canonical pixel
    fine = warp_change(near, 0, 0, _stripes(2, 4.0))
    assert _contrast(fine) > 0.9


def test_an_edit_finer_than_the_frames_does_not_alias():
    here = lattice_layer()
    visible = warp_change(here, 0, 0, _stripes(4, 24.0))  # six pixels of the frame
    assert _contrast(visible) > 0.8
    too_fine = warp_change(here, 0, 0, _stripes(4, 3.0))  # three quarters of one
    assert _contrast(too_fine) < 0.1  # read as it is, it would be 1


def test_far_away_an_edit_averages_and_keeps_its_light():
    far = lattice_layer(zoom=4.0)
    piece = warp_change(far, 0, 0, _stripes(1, 3.0))
    alpha = piece[1][..., 3]
    inner = piece[1][alpha > 0.999]
    assert len(inner) > 20
    assert inner[:, 0].std() < 0.03 and abs(inner[:, 0].mean() - 0.5) < 0.02
    # Sixteen canonical pixels to a pixel of the frame: as much paint as there is.
    assert abs(alpha.sum() * 16 / (45 * 60) - 1) < 0.02


def test_a_still_that_lies_on_the_frame_is_copied():
    field = one_layer()
    field.layers[0].deformation.matrices[1] = np.array([[1, 0, 3], [0, 1, -2], [0, 0, 1.0]])
    change = _stripes(1, 5.0)
    window, paint = warp_change(field, 0, 1, change)
    pixels = change.sheet.pixels
    whole = np.zeros((64, 96, 4), np.float32)
    whole[window.y0 : window.y1, window.x0 : window.x1] = paint
    np.testing.assert_array_equal(whole[17:62, 17:77], pixels)
    whole[17:62, 17:77] = 0
    assert not whole.any()
