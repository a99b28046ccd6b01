"""The plate in canonical space, and edits that are made there."""

from dataclasses import replace

import numpy as np
import pytest

from engine.colour.encoding import decode, encode
from engine.colour.ocio import DEFAULT_WORKING, SRGB
from engine.edit.canonical import canonical_picture
from engine.edit.check import as_written
from engine.edit.edits import EditSource, prepare_edits
from engine.edit.propagate import propagate_frame
from engine.edit.stabilise import StablePlate, stabilise_frame
from engine.errors import EditError
from engine.io.picture import Native, Picture
from engine.io.read import pixels_of
from engine.warp.render import composite, light
from tests.engine.warp.analytic import one_layer, two_layers


def plate_of(field, index, gain=1.0):
    """What a camera would see: 8-bit codes of the field's own picture."""
    rgb = encode(composite(field, index) * np.float32(gain))
    codes = np.rint(np.clip(rgb, 0, 1) * 255).astype(np.uint8)
    native = Native(codes, ("R", "G", "B"), SRGB, 8)
    return Picture.of(pixels_of(native, DEFAULT_WORKING), native=native)


def edits_of(field, index, plate, picture, **more):
    stable = StablePlate(field, index, plate)
    return prepare_edits(field, [EditSource(picture, moving=True, **more)], stable=stable)


def sprite(picture, x, y, radius=5.0, colour=(0.9, 0.05, 0.9)):
    """An opaque disc painted on the canvas, in place."""
    d, (h, w) = picture.data, picture.pixels.shape[:2]
    i, j = np.mgrid[0:h, 0:w]
    matte = np.clip(radius + 0.5 - np.hypot(j + 0.5 + d.x0 - x, i + 0.5 + d.y0 - y), 0, 1)
    matte = matte.astype(np.float32)[..., None]
    pixels = picture.pixels * (1 - matte) + matte * np.array([*colour, 1], np.float32)
    return replace(picture, pixels=pixels)


@pytest.mark.parametrize("index", [0, 1, 2])
def test_the_stabilised_plate_lies_on_the_still_and_tells_what_it_shows(index):
    field = one_layer(sine=1.0)
    still = canonical_picture(field, 0)
    seen = stabilise_frame(field, 0, index, plate_of(field, index))
    assert (seen.display, seen.data) == (still.display, still.data)
    assert seen.metadata["codef/stabilised"] == field.frames[index]
    whole = seen.alpha > 0.999
    gap = np.abs(encode(seen.rgb) - encode(still.rgb))[whole]
    assert gap.mean() < 1.5 / 255 and gap.max() < 8 / 255
    # The frame has 96 x 64 pixels and nothing of the margin around it.
    assert 0.9 * 96 * 64 < whole.sum() < 96 * 64
    assert not seen.pixels[:8].any() and not seen.pixels[:, :8].any()


def test_other_layers_do_not_bleed_into_a_stabilised_layer():
    field = two_layers()
    plate = Picture.of(np.zeros((64, 96, 3), np.float32))
    plate.pixels[...] = (0, 1, 0)
    plate.pixels[20:40, 27:47] = (1, 0, 0)
    front, back = (stabilise_frame(field, k, 1, plate) for k in range(2))
    for picture, other in ((front, 1), (back, 0)):
        held = picture.alpha > 0.01
        assert held.any() and np.abs(picture.pixels[held][:, other]).max() < 1e-3
    assert front.alpha.sum() == pytest.approx(400, abs=2)
    assert back.alpha.sum() == pytest.approx(96 * 64 - 400, abs=2)


def test_a_finer_canvas_is_read_at_its_own_points():
    field = one_layer()
    plate = plate_of(field, 1)
    fine = stabilise_frame(field, 0, 1, plate, scale=2)
    assert (fine.display.width, fine.data.x0) == (192, -32)
    # Frame 1 is the reference: the canvas is the frame itself, twice as fine.
    mean = fine.pixels[32:-32, 32:-32].reshape(64, 2, 96, 2, 4).mean(axis=(1, 3))
    assert np.abs(mean[4:-4, 4:-4, :3] - plate.rgb[4:-4, 4:-4]).max() < 0.03


@pytest.mark.parametrize("kind", ["graph", "half", "uint16", "uint8"])
@pytest.mark.parametrize("stripped", [False, True])
def test_an_unedited_stabilised_plate_changes_nothing(kind, stripped):
    field = two_layers()
    plate = plate_of(field, 2, gain=0.7)
    for k in range(2):
        picture = stabilise_frame(field, k, 2, plate)
        if stripped:
            picture = replace(picture, metadata={})
        back = picture if kind == "graph" else as_written(picture, kind)
        edits = edits_of(field, 2, plate, back, layer=k)
        assert edits[k].change is None and edits[k].how.endswith("stabilised")
        assert propagate_frame(field, edits, plate, 2) is plate


def test_a_sprite_that_moves_in_stable_space_lands_where_the_field_says():
    field = one_layer(sine=0.5)
    for index, (x, y) in enumerate([(40.0, 25.0), (46.0, 30.0), (52.0, 35.0)]):
        plate = Picture.of(np.zeros((64, 96, 3), np.float32))
        edited = sprite(stabilise_frame(field, 0, index, plate), x, y)
        edits = edits_of(field, index, plate, as_written(edited, "half"))
        out = propagate_frame(field, edits, plate, index)
        landed = np.mean(field.layers[0].deformation.positions(index)[out.rgb[..., 0] > 0.45], 0)
        assert np.abs(landed - (x, y)).max() < 0.15
        far = np.linalg.norm(field.layers[0].deformation.positions(index) - (x, y), axis=2)
        assert np.allclose(out.rgb[far < 3], [0.9, 0.05, 0.9], atol=2e-3)
        assert not out.changed[far > 8].any()


def test_an_edit_in_stable_space_keeps_the_light_it_was_made_in():
    field = one_layer()
    field.layers[0].lighting = np.full((3, 2, 2, 3), 0.5, np.float32)
    assert light(field, 0, 0).max() == pytest.approx(0.5)
    points = field.layers[0].deformation.positions(0)
    core = np.hypot(points[..., 0] - 45, points[..., 1] - 30) < 3

    def painted(picture):
        return np.median(picture.rgb[core][:, 0])

    plate = plate_of(field, 0, gain=0.5)
    stable = sprite(stabilise_frame(field, 0, 0, plate), 45, 30)
    out = propagate_frame(field, edits_of(field, 0, plate, stable), plate, 0)
    assert painted(out) == pytest.approx(0.9, abs=5e-3)
    # The same paint on the canonical image is in the canonical's light and takes the frame's.
    still = sprite(canonical_picture(field, 0), 45, 30)
    out = propagate_frame(field, edits_of(field, 0, plate, still), plate, 0)
    assert painted(out) == pytest.approx(0.45, abs=5e-3)


def test_a_grade_of_the_whole_stabilised_frame_has_no_rim():
    field = two_layers()
    field.layers[1].deformation.matrices[2][0, 2] += 0.5  # between pixels
    plate = plate_of(field, 2)
    picture = stabilise_frame(field, 1, 2, plate)
    bright = replace(picture, pixels=picture.pixels * np.float32([2, 2, 2, 1]))
    edits = edits_of(field, 2, plate, bright)
    out = propagate_frame(field, edits, plate, 2)
    mine = field.seen(2)[1] > 0.5
    assert np.array_equal(out.pixels[~mine], plate.pixels[~mine])
    ratio = (out.rgb / plate.rgb)[mine]
    assert np.median(ratio) == pytest.approx(2, abs=0.02)
    # Next to the square and along the border of the frame as well.
    assert (ratio.min(axis=1) > 1.8).mean() > 0.995


@pytest.mark.parametrize("kind", ["half", "uint16"])
def test_a_sequence_without_header_is_known_by_what_it_equals(kind):
    field = one_layer(sine=1.0)
    plate = plate_of(field, 0)
    still = as_written(replace(sprite(canonical_picture(field, 0), 40, 30), metadata={}), kind)
    stable = sprite(stabilise_frame(field, 0, 0, plate), 40, 30)
    stable = as_written(replace(stable, metadata={}), kind)
    assert not edits_of(field, 0, plate, still)[0].how.endswith("stabilised")
    assert edits_of(field, 0, plate, stable)[0].how.endswith("stabilised")
    graded = replace(stable, pixels=stable.pixels * np.float32([1.3, 1.3, 1.3, 1]), native=None)
    assert edits_of(field, 0, plate, graded)[0].how.endswith("stabilised")


def test_a_still_is_never_taken_for_a_stabilised_frame():
    field = one_layer()
    plate = plate_of(field, 1)
    picture = stabilise_frame(field, 0, 1, plate)
    found = prepare_edits(
        field, [EditSource(replace(picture, metadata={}))], stable=StablePlate(field, 1, plate)
    )
    assert not found[0].how.endswith("stabilised")


def test_a_stabilised_frame_used_for_another_one_is_refused():
    field = one_layer()
    picture = stabilise_frame(field, 0, 1, plate_of(field, 1))
    with pytest.raises(EditError, match="stabilised frame 11, but it is used for frame 10"):
        edits_of(field, 0, plate_of(field, 0), picture)


def test_broken_pixels_are_holes_and_reach_no_neighbour():
    field = one_layer()
    plate = plate_of(field, 1)
    pixels = plate.pixels.copy()
    pixels[30, 40] = np.nan
    seen = stabilise_frame(field, 0, 1, replace(plate, pixels=pixels, native=None))
    assert np.isfinite(seen.pixels).all()
    assert seen.pixels[46, 56, 3] == 0
    assert np.allclose(decode(encode(seen.rgb[46, 60])), plate.rgb[30, 44], atol=1e-4)
