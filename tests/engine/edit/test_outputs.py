"""The edit alone: put over the plate it must give the result, whatever the edit was."""

from dataclasses import replace

import numpy as np
import pytest

from engine.edit.canonical import canonical_picture
from engine.edit.edits import EditSource, prepare_edits
from engine.edit.finish import Finish
from engine.edit.outputs import edit_pass, finish_pass, grey_picture
from engine.edit.propagate import propagate_frame
from engine.edit.stabilise import StablePlate, stabilise_frame
from engine.errors import EditError
from tests.engine.edit.test_stabilise import plate_of, sprite
from tests.engine.warp.analytic import two_layers


def painted(field, k, x, y, radius=6.0):
    return prepare_edits(
        field, [EditSource(sprite(canonical_picture(field, k), x, y, radius), layer=k)]
    )


def over(edit, plate):
    return edit.rgb + plate.rgb * (1 - edit.alpha[..., None])


@pytest.mark.parametrize("mix", [1.0, 0.4])
@pytest.mark.parametrize(
    "finish", [Finish(), Finish(merge="difference"), Finish(merge="ratio"), Finish(detail=1.0)]
)
def test_the_edit_over_the_plate_is_the_result(finish, mix):
    field = two_layers()
    plate = plate_of(field, 2, gain=0.8)
    edits = painted(field, 1, 30, 20)
    result, edit = edit_pass(field, edits, plate, 2, mix=mix, finish=finish)
    whole = propagate_frame(field, edits, plate, 2, mix=mix, finish=finish)
    assert np.array_equal(result.pixels, whole.pixels)
    assert np.allclose(over(edit, plate), result.rgb, atol=1e-6)
    assert (edit.display, edit.data) == (plate.display, plate.data)
    assert edit.native is None and edit.metadata["codef/pass"] == "edit"
    untouched = (result.rgb == plate.rgb).all(axis=2)
    assert 40 < (~untouched).sum() < 200 and not edit.pixels[untouched].any()
    assert edit.alpha.max() == pytest.approx(mix, abs=0.02)


def test_the_matte_is_the_paint_as_the_frame_sees_it():
    field = two_layers()
    plate = plate_of(field, 2)
    _, edit = edit_pass(field, painted(field, 1, 44, 30), plate, 2)
    hidden = field.seen(2)[0] > 0.5  # the square is in front of a part of it
    assert hidden[30, 38] and not edit.alpha[hidden].any()
    mask = np.zeros(plate.pixels.shape[:2], np.float32)
    mask[:, 44:] = 1
    _, half = edit_pass(field, painted(field, 1, 70, 12), plate, 2, mask=mask)
    assert half.alpha[:, 44:].max() == pytest.approx(1) and not half.alpha[:, :44].any()


def test_an_edit_that_does_not_reach_the_frame_is_empty():
    field = two_layers()
    plate = plate_of(field, 1)
    result, edit = edit_pass(field, painted(field, 1, -10, -10, 2), plate, 1)
    assert result is plate and not edit.pixels.any()


def test_replace_covers_the_frame():
    field = two_layers()
    plate = plate_of(field, 1)
    sources = [EditSource(canonical_picture(field, k), layer=k) for k in range(2)]
    edits = prepare_edits(field, sources, mode="replace")
    result, edit = edit_pass(field, edits, plate, 1, mode="replace", mix=0.5)
    assert np.allclose(over(edit, plate), result.rgb, atol=1e-6)
    assert edit.alpha.max() == 0.5


def test_an_edit_of_the_stabilised_plate_comes_alone_too():
    field = two_layers()
    plate = plate_of(field, 2)
    picture = sprite(stabilise_frame(field, 1, 2, plate), 30, 20)
    edits = prepare_edits(
        field, [EditSource(picture, moving=True)], stable=StablePlate(field, 2, plate)
    )
    for finish in (Finish(), Finish(merge="ratio")):
        result, edit = edit_pass(field, edits, plate, 2, finish=finish)
        assert np.allclose(over(edit, plate), result.rgb, atol=1e-6)
        assert edit.alpha.max() == pytest.approx(1, abs=1e-3)


def test_broken_pixels_of_the_plate_stay_out_of_the_edit():
    field = two_layers()
    plate = plate_of(field, 2)
    pixels = plate.pixels.copy()
    pixels[20, 26] = np.nan
    plate = replace(plate, pixels=pixels, native=None)
    _, edit = edit_pass(field, painted(field, 1, 30, 20), plate, 2)
    assert np.isfinite(edit.pixels).all()


def test_a_figure_is_the_same_in_every_channel():
    field = two_layers()
    picture = grey_picture(field, field.seen(1)[0], "matte")
    assert (picture.pixels == picture.pixels[..., :1]).all()
    assert (picture.display, picture.metadata["codef/pass"]) == (field.display, "matte")


@pytest.mark.parametrize("finish", [Finish(), Finish(merge="difference")])
def test_edits_prepared_for_replace_are_refused_alike_with_and_without_a_finish(finish):
    field = two_layers()
    plate = plate_of(field, 2)
    whole = canonical_picture(field, 1)
    edits = prepare_edits(field, [EditSource(whole, layer=1)], mode="replace")
    for carry in (propagate_frame, edit_pass):
        with pytest.raises(EditError, match="prepared for mode replace"):
            carry(field, edits, plate, 2, finish=finish)
    with pytest.raises(EditError, match="prepared for mode replace"):
        finish_pass(field, edits, plate, 2, "holdout", finish=finish)


@pytest.mark.parametrize("finish", [Finish(), Finish(merge="difference")])
def test_a_mask_of_another_size_is_refused_before_anything_is_done(finish):
    field = two_layers()
    plate = plate_of(field, 2)
    edits, mask = painted(field, 1, 30, 20), np.ones((3, 4), np.float32)
    for carry in (propagate_frame, edit_pass):
        with pytest.raises(EditError, match=r"the mask of frame .* is 4x3"):
            carry(field, edits, plate, 2, finish=finish, mask=mask)
