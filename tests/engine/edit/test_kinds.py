"""Merge kinds: what stays of the plate below paint and below a grade."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from engine.edit.canonical import canonical_picture
from engine.edit.edits import EditSource, prepare_edits
from engine.edit.finish import MERGES, Finish
from engine.edit.propagate import propagate_frame
from engine.errors import UsageError
from engine.io.picture import Picture
from engine.warp.render import composite
from tests.engine.edit.test_propagate import _disc, _overlay_edit
from tests.engine.warp.analytic import one_layer, two_layers


def grainy(field, index, strength=0.02):
    """The frame as the field has it, and with grain."""
    clean = composite(field, index)
    rng = np.random.default_rng(index)
    return clean, Picture.of(
        clean + rng.normal(0, strength, clean.shape).astype(np.float32) * clean
    )


def whole(field, function):
    """An edit that is a function of the whole canonical image."""
    picture = canonical_picture(field, 0)
    pixels = picture.pixels.copy()
    pixels[..., :3] = function(pixels[..., :3])
    return prepare_edits(field, [EditSource(picture.with_pixels(pixels))])


def painted(field, k, colour):
    """Opaque paint all over a canonical image, kept apart as in a graph."""
    picture = canonical_picture(field, k)
    overlay = np.ones_like(picture.pixels)
    overlay[..., :3] = colour
    whole = replace(picture, pixels=overlay.copy(), under=picture.pixels, overlay=overlay)
    return prepare_edits(field, [EditSource(whole, layer=k)])


def test_over_through_the_finish_is_what_over_is_without_one():
    field = one_layer(sine=1.0)
    _, plate = grainy(field, 2)
    edits = _overlay_edit(field, 0, 40, 30, 6)
    plain = propagate_frame(field, edits, plate, 2)
    # Fine detail 0 asks for the same thing and goes the longer way.
    out = propagate_frame(field, edits, plate, 2, finish=Finish(detail=0.0))
    np.testing.assert_allclose(out.pixels, plain.pixels, atol=1e-5)
    np.testing.assert_array_equal(out.changed, plain.changed)


@pytest.mark.parametrize("kind", ["auto", "ratio"])
def test_a_strong_grade_is_a_grade_of_the_plate_and_not_of_the_still(kind):
    field = one_layer()
    _, plate = grainy(field, 2)
    edits = whole(field, lambda rgb: rgb * np.float32([1.8, 1.5, 1.2]))
    out = propagate_frame(field, edits, plate, 2, finish=Finish(merge=kind))
    inner = (slice(8, -8), slice(8, -8))
    ratio = (out.pixels / plate.pixels)[inner]
    # The floor of the ratio takes a little from the dark.
    np.testing.assert_allclose(ratio, np.broadcast_to([1.8, 1.5, 1.2], ratio.shape), rtol=0.03)
    still = propagate_frame(field, edits, plate, 2)
    assert np.abs((still.pixels / plate.pixels)[inner] / [1.8, 1.5, 1.2] - 1).max() > 0.05


def test_an_offset_by_difference_keeps_the_plates_life_exactly():
    field = one_layer()
    clean, plate = grainy(field, 2)
    out = propagate_frame(
        field, whole(field, lambda rgb: rgb + 0.3), plate, 2, finish=Finish(merge="difference")
    )
    inner = (slice(8, -8), slice(8, -8))
    np.testing.assert_allclose((out.pixels - plate.pixels)[inner], 0.3, atol=2e-4)
    assert np.abs(plate.pixels - clean).max() > 0.01


def test_auto_covers_with_paint_and_keeps_the_plate_below_a_grade_in_one_edit():
    field = one_layer()
    _, plate = grainy(field, 1)
    picture = canonical_picture(field, 0)
    pixels = picture.pixels.copy()
    pixels[..., :3] *= 0.5
    pixels, _ = _disc(picture.with_pixels(pixels), 30, 30, 9)
    edits = prepare_edits(field, [EditSource(picture.with_pixels(pixels))])
    out = propagate_frame(field, edits, plate, 1, finish=Finish(merge="auto")).pixels
    np.testing.assert_allclose(out[27:33, 27:33], np.float32([0.9, 0.05, 0.9]) * np.ones((6, 6, 1)),
                               rtol=0.02)  # fmt: skip
    np.testing.assert_allclose(out[:, 60:] / plate.pixels[:, 60:], 0.5, rtol=0.02)


def test_paint_that_a_graph_keeps_apart_is_never_taken_for_a_grade():
    field = one_layer()
    _, plate = grainy(field, 1)
    edits = _overlay_edit(field, 0, 40, 30, 6)
    plain = propagate_frame(field, edits, plate, 1)
    out = propagate_frame(field, edits, plate, 1, finish=Finish(merge="auto"))
    np.testing.assert_allclose(out.pixels, plain.pixels, atol=1e-6)


def test_detail_keeps_the_plates_grain_below_opaque_paint():
    field = one_layer()
    clean, plate = grainy(field, 1, 0.05)
    edits = _overlay_edit(field, 0, 45, 30, 15)
    area = (slice(22, 38), slice(37, 53))
    grain = (plate.pixels - clean)[area]

    def inside(**knobs):
        out = propagate_frame(field, edits, plate, 1, finish=Finish(**knobs))
        return (out.pixels - np.float32([0.9, 0.05, 0.9]))[area]

    kept, half, covered = (inside(detail=d, split=4.0) for d in (1.0, 0.5, 0.0))
    assert np.corrcoef(kept.ravel(), grain.ravel())[0, 1] > 0.97
    np.testing.assert_allclose(half, kept / 2, atol=1e-4)
    assert np.abs(covered).max() < 1e-3


def test_the_soft_edge_of_a_mask_leaves_no_fringe():
    """A dark plate colour in shared pixels would shine through paint that covers it."""
    field = two_layers()
    shapes = [field.masks.mask(0, t).astype(np.float32) for t in range(3)]
    soft = [cv2.GaussianBlur(m, (0, 0), 2.0).round().astype(np.uint8) for m in shapes]
    field.masks.streams[0] = [field.masks.pack(m) for m in soft]
    layer = field.layers[0].canonical
    layer.pixels[...] = (0.6, 0.1, 0.1, 1)
    field.layers[1].canonical.pixels[..., :3] = (0.02, 0.02, 0.4)
    plate = Picture.of(composite(field, 1))
    colour = np.float32([0.9, 0.05, 0.9])
    edits = _overlay_edit(field, 1, 40, 30, 40)
    share = field.coverage(1)[1][..., None]
    truth = plate.pixels + share * (colour - np.float32([0.02, 0.02, 0.4]))
    area = (slice(10, 50), slice(15, 60))
    out = propagate_frame(field, edits, plate, 1, finish=Finish(merge="over", detail=0.0))
    assert np.abs(out.pixels - truth)[area].max() < 1 / 255
    plain = propagate_frame(field, edits, plate, 1)
    assert np.abs(plain.pixels - truth)[area].max() < 1 / 255
    # What compositing with the matte alone would give.
    fringed = plate.pixels * (1 - share) + share * colour
    assert np.abs(fringed - truth)[area].max() > 0.1


@pytest.mark.parametrize("grain", [0.0, 0.25])
def test_a_shadow_that_nobody_knows_leaves_no_hole_along_a_soft_edge(grain):
    """What passes in front shades its ground; the lit still taken out would leave below nothing."""
    field = two_layers()
    shapes = [field.masks.mask(0, t).astype(np.float32) for t in range(3)]
    soft = [cv2.GaussianBlur(m, (0, 0), 2.0).round().astype(np.uint8) for m in shapes]
    field.masks.streams[0] = [field.masks.pack(m) for m in soft]
    field.layers[0].canonical.pixels[...] = (0.6, 0.1, 0.1, 1)
    field.layers[1].canonical.pixels[..., :3] = 0.4
    share = field.coverage(1)[1]
    near = cv2.dilate((share < 1).astype(np.uint8), np.ones((9, 9), np.uint8)) > 0
    shade = np.where(near, np.float32(0.4), np.float32(1))
    shaded = composite(field, 1) - ((1 - shade) * share * 0.4)[..., None]
    noise = np.random.default_rng(4).normal(1, grain, shaded.shape).astype(np.float32)
    plate = Picture.of(np.maximum(shaded * noise, 0))
    dark = painted(field, 1, np.float32([0.02, 0.04, 0.1]))
    finish = Finish(merge="over", detail=0.0, shade=1.0)
    out = propagate_frame(field, dark, plate, 1, finish=finish).pixels
    mixed = (share > 0.05) & (share < 0.99)
    truth = shaded + (share * shade)[..., None] * (np.float32([0.02, 0.04, 0.1]) - 0.4)
    assert mixed.sum() > 100
    assert out[mixed].min() > 0
    if not grain:
        assert np.abs(out - truth)[mixed].max() < 0.08


@pytest.mark.parametrize("kind", MERGES)
def test_outside_the_reach_nothing_changes_and_nan_stays(kind):
    field = two_layers()
    _, plate = grainy(field, 0)
    plate.pixels[3, 3] = np.nan
    plate.pixels[30, 44] = np.nan
    edits = _overlay_edit(field, 1, 44.0, 30.0, 8.0)
    out = propagate_frame(field, edits, plate, 0, finish=Finish(merge=kind, detail=0.5))
    np.testing.assert_array_equal(out.pixels[~out.changed], plate.pixels[~out.changed])
    assert np.isfinite(out.pixels[out.changed]).all()
    assert not out.changed[field.coverage(0)[0] > 0].any()
    assert 20 < out.changed.sum() < 300


def test_an_edit_over_empty_canvas_covers_by_every_kind():
    field = one_layer()
    canonical = field.layers[0].canonical
    canonical.pixels[40:56, 50:66] = 0
    picture = canonical_picture(field, 0)
    pixels = picture.pixels.copy()
    pixels[40:56, 50:66] = (0.8, 0.2, 0.1, 1)
    edits = prepare_edits(field, [EditSource(picture.with_pixels(pixels))])
    plate = replace(Picture.of(np.full((64, 96, 3), 0.5, np.float32)))
    for kind in MERGES:
        out = propagate_frame(field, edits, plate, 1, finish=Finish(merge=kind, detail=1.0))
        np.testing.assert_allclose(out.pixels[32, 42], [0.8, 0.2, 0.1], rtol=1e-3)


@pytest.mark.parametrize(
    "knobs", [{"merge": "plus"}, {"regrain": 2.0}, {"detail": -0.1}, {"holdout_clip": 0.5}]
)
def test_what_no_knob_can_mean_is_refused_by_its_name(knobs):
    with pytest.raises(UsageError, match=next(iter(knobs))):
        Finish(**knobs)
