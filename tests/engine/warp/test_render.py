"""Frames drawn from canonical images."""

import numpy as np

from engine.colour.encoding import decode, encode
from engine.fields.field import Canonical
from engine.fields.residual import Residual, grid_shapes
from engine.warp.render import (
    TERMS,
    composite,
    composite_pair,
    light,
    reconstruct,
    render_layer,
)
from engine.warp.sheet import Sheet, sheet_of
from tests.engine.warp.analytic import one_layer, two_layers


def test_identity_frame_is_the_canonical_image():
    field = one_layer()
    out = reconstruct(field, 1, edit_path=True)
    np.testing.assert_allclose(
        out, field.layers[0].canonical.pixels[16:-16, 16:-16, :3], rtol=2e-6, atol=1e-6
    )


def test_the_front_layer_hides_the_back_and_the_back_fills_its_holes():
    field = two_layers()
    out = reconstruct(field, 1, edit_path=True)
    np.testing.assert_allclose(
        out[25:35, 30:45], np.broadcast_to([0.6, 0.1, 0.1], (10, 15, 3)), rtol=1e-5
    )
    back = render_layer(field, 1, 1)
    np.testing.assert_allclose(out[0:15], back[0:15, :, :3], rtol=1e-5)
    # The mask says square, the square's canonical image is empty there: the back shows.
    field.layers[0].canonical = Canonical(
        np.zeros_like(field.layers[0].canonical.pixels), field.layers[0].canonical.data
    )
    np.testing.assert_allclose(reconstruct(field, 1, edit_path=True), back[..., :3], rtol=1e-5)


def test_where_nothing_is_covered_the_nearest_colour_stands_and_never_nan():
    field = one_layer()
    pixels = field.layers[0].canonical.pixels.copy()
    pixels[:, :60] = 0
    pixels[:, 60:] = (0.2, 0.4, 0.6, 1)
    field.layers[0].canonical = Canonical(pixels, field.layers[0].canonical.data)
    out = reconstruct(field, 0, edit_path=True)
    np.testing.assert_allclose(out, np.broadcast_to([0.2, 0.4, 0.6], out.shape), rtol=1e-4)
    field.layers[0].canonical = Canonical(pixels * 0, field.layers[0].canonical.data)
    assert not reconstruct(field, 0, edit_path=True).any()


def test_colours_are_interpolated_in_the_perceptual_encoding():
    pixels = np.ones((1, 2, 4), np.float32)
    pixels[0, 0, :3], pixels[0, 1, :3] = 0.0, 4.0
    middle = Sheet.of(pixels).read(np.array([[1.0, 0.5]], np.float32))[0, 0]
    expected = decode(encode(np.float32([4.0])) / 2)[0]
    np.testing.assert_allclose(middle, expected, rtol=1e-5)


def test_lighting_spans_the_data_window_with_its_corners():
    field = one_layer()
    control = np.ones((3, 2, 3, 3), np.float32)
    control[1, 0, :, 0] = (1, 2, 3)
    control[1, 1, :, 0] = (3, 4, 5)
    field.layers[0].lighting = control
    gain = light(field, 0, 1)
    x = (np.arange(96) + 0.5) / 96
    y = (np.arange(64) + 0.5) / 64
    expected = 1 + 2 * x[None] + 2 * y[:, None]
    np.testing.assert_allclose(gain[..., 0], expected, rtol=1e-5)
    np.testing.assert_allclose(gain[..., 1:], 1, rtol=1e-6)
    lit, flat = (reconstruct(field, 1, edit_path=e) for e in (False, True))
    np.testing.assert_allclose(lit, flat * gain, rtol=1e-5)


def test_one_control_point_lights_evenly():
    field = one_layer()
    field.layers[0].lighting = np.full((3, 1, 1, 3), 0.5, np.float32)
    np.testing.assert_allclose(light(field, 0, 0), 0.5)


def test_a_finer_picture_gives_the_same_frame():
    field = two_layers()
    canonical = field.layers[1].canonical
    import cv2

    fine = Sheet.of(
        cv2.resize(canonical.pixels, None, fx=2, fy=2, interpolation=cv2.INTER_LINEAR),
        (canonical.data.x0 * 2, canonical.data.y0 * 2),
        (2.0, 2.0),
    )
    a = composite(field, 1, [None, fine])
    b = composite(field, 1)
    assert np.abs(a - b).max() < 0.03


def test_sheets_are_kept_and_renewed_when_the_canonical_changes():
    field = one_layer()
    canonical = field.layers[0].canonical
    first = sheet_of(canonical)
    assert sheet_of(canonical) is first
    canonical.pixels = canonical.pixels * np.float32(0.5)
    assert sheet_of(canonical) is not first


def with_all_terms():
    field = one_layer()
    size, layer = (field.height, field.width), field.layers[0]
    layer.lighting = np.full((3, 2, 2, 3), 0.8, np.float32)
    layer.exposure = np.tile(np.float32([[1.25, 1, 1], [0.02, 0.02, 0.02]]), (3, 1, 1))
    field.residual = Residual.empty(*size, 4, 3)
    luma, chroma = grid_shapes(*size, 4)
    field.residual.put(1, np.ones(luma, np.int8), np.zeros((*chroma, 2), np.int8), 0.05)
    return field


def test_each_term_can_be_left_out():
    field = with_all_terms()
    plain = reconstruct(field, 1, edit_path=True)
    np.testing.assert_array_equal(plain, reconstruct(field, 1, edit_path=False, without=TERMS))

    def drawn(*terms):
        others = [term for term in TERMS if term not in terms]
        return reconstruct(field, 1, edit_path=False, without=others)

    np.testing.assert_allclose(drawn("lighting"), plain * 0.8, rtol=1e-5)
    exposed = plain * np.float32([1.25, 1, 1]) + 0.02
    np.testing.assert_allclose(drawn("exposure"), exposed, rtol=1e-5)
    np.testing.assert_allclose(drawn("residual"), decode(encode(plain) + 0.05), rtol=1e-4)
    lit = plain * np.float32([1, 0.8, 0.8]) + 0.02
    np.testing.assert_allclose(drawn("exposure", "lighting"), lit, rtol=1e-5)
    all_terms = reconstruct(field, 1, edit_path=False)
    np.testing.assert_allclose(all_terms, decode(encode(lit) + 0.05), rtol=1e-4)


def test_a_frame_is_drawn_with_and_without_light_in_one_go():
    field = with_all_terms()
    plain, lit = composite_pair(field, 2)
    np.testing.assert_array_equal(plain, composite(field, 2))
    np.testing.assert_array_equal(lit, composite(field, 2, lit=True))
    unlit = one_layer()
    plain, lit = composite_pair(unlit, 2)
    assert plain is lit


def test_edits_take_the_gain_of_the_exposure_and_not_its_offset():
    field = with_all_terms()
    gain = light(field, 0, 1)
    expected = np.broadcast_to(np.float32([1, 0.8, 0.8]), gain.shape)
    np.testing.assert_allclose(gain, expected, rtol=1e-6)
    np.testing.assert_allclose(light(field, 0, 1, without=["lighting"])[3, 4], [1.25, 1, 1])
    assert light(field, 0, 1, without=TERMS) is None
