"""Painted frames, edits of the stabilised plate and replaced frames are finished like any edit."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from engine.colour.encoding import decode, encode
from engine.edit.canonical import canonical_picture
from engine.edit.edits import EditSource, prepare_edits
from engine.edit.finish import FULL_FINISH, Finish
from engine.edit.frame_edit import carry_painted, frame_edit, propagate_frame_edits
from engine.edit.outputs import edit_pass, frame_edit_pass
from engine.edit.propagate import propagate_frame
from engine.edit.stabilise import StablePlate, stabilise_frame
from engine.io.picture import Picture
from engine.warp.render import composite
from tests.engine.edit.test_finished import (
    HEIGHT,
    RED,
    WIDTH,
    grain_like,
    grained,
    likeness,
    panned,
    shadowed,
    strands,
)

#: What is painted on frame 0, and well inside it where frame 1 shows it; the camera pans by (6, 4).
ROWS, COLUMNS = slice(40, 140), slice(60, 240)
INNER = slice(52, 136), slice(74, 238)
STEP = (6.0, 4.0)


def painted(plate, colour=RED):
    """A plate with an opaque rectangle of paint."""
    pixels = plate.pixels.copy()
    pixels[ROWS, COLUMNS] = colour
    return Picture.of(pixels)


def carried(field, plates, paint, finish, index=1):
    """What is painted on frame 0, in another frame."""
    edit = frame_edit(field, field.frames[0], paint, plates[0])
    return propagate_frame_edits(field, [edit], plates[index], index, finish=finish)


def clean_plates(field):
    return [Picture.of(composite(field, index)) for index in range(2)]


# Painted frames


def test_a_painted_frame_comes_back_as_it_was_painted_whatever_the_finish():
    field = panned(STEP)
    plates = [Picture.of(grained(plate.pixels, 4)) for plate in clean_plates(field)]
    paint = painted(plates[0])
    out = carried(field, plates, paint, FULL_FINISH, index=0)
    np.testing.assert_array_equal(out.pixels, paint.pixels)


def test_paint_leaves_the_light_it_was_made_in_and_takes_the_other_frame_s():
    field = panned(STEP)
    field.layers[0].lighting = np.ones((3, 2, 2, 3), np.float32) * np.float32(
        [0.5, 1.5, 1]
    ).reshape(3, 1, 1, 1)
    plates = [Picture.of(composite(field, index, lit=True)) for index in range(2)]
    out = carried(field, plates, painted(plates[0], 0.5 * RED), Finish())
    np.testing.assert_allclose(
        out.pixels[INNER], np.broadcast_to(1.5 * RED, out.pixels[INNER].shape), rtol=1e-3
    )
    as_it_is = carried(field, plates, painted(plates[0], 0.5 * RED), Finish(light=0.0))
    np.testing.assert_allclose(as_it_is.pixels[90, 150], 0.5 * RED, rtol=1e-3)


def test_paint_leaves_a_shadow_that_no_field_knows():
    field = panned(STEP)
    plates = clean_plates(field)
    dark, factor = shadowed(plates[0].pixels)
    plates[0] = Picture.of(dark)
    paint = painted(plates[0], (RED * factor)[ROWS, COLUMNS])
    wrong = []
    for strength in (0.0, 1.0):
        out = carried(field, plates, paint, Finish(shade=strength)).pixels[INNER]
        wrong.append(np.abs(encode(out) - encode(RED)).mean())
    assert wrong[1] < 0.35 * wrong[0]


def test_paint_of_another_frame_goes_behind_what_is_in_front():
    field = panned(STEP)
    plates = clean_plates(field)
    frame, share = strands(plates[1].pixels)
    plates[1] = Picture.of(frame)
    edit = frame_edit(field, field.frames[0], painted(plates[0]), plates[0])
    result, found = carry_painted(field, [edit], plates[1], 1, finish=Finish(holdout=True))
    window, alpha = found
    matte = np.zeros((HEIGHT, WIDTH), np.float32)
    matte[window.y0 : window.y1, window.x0 : window.x1] = alpha
    solid = share[INNER] > 0.95
    free = cv2.dilate(share, np.ones((9, 9)))[INNER] == 0
    assert matte[INNER][solid].mean() < 0.05 and matte[INNER][free].mean() > 0.985
    alone = frame_edit_pass(field, [edit], plates[1], 1, finish=Finish(holdout=True))[1]
    over = alone.rgb + plates[1].rgb * (1 - alone.alpha[..., None])
    np.testing.assert_allclose(over, result.rgb, atol=1e-5)


def test_clean_paint_gets_grain_and_cloned_paint_keeps_its_own():
    field = panned(STEP)
    clean = clean_plates(field)
    noise = [grain_like((HEIGHT, WIDTH), seed) for seed in (3, 4)]
    plates = [
        Picture.of(decode(encode(plate.pixels) + each))
        for plate, each in zip(clean, noise, strict=True)
    ]
    grey = np.float32(0.45)
    flat = carried(field, plates, painted(plates[0], decode(np.full(3, grey))), Finish(regrain=1.0))
    here, there = likeness(encode(flat.pixels[INNER]) - grey), likeness(noise[1])
    assert here[0] == pytest.approx(there[0], rel=0.12)
    assert here[1] == pytest.approx(there[1], rel=0.12)
    cloned = painted(plates[0], decode(grey + noise[0][::-1, ::-1][ROWS, COLUMNS]))
    out = carried(field, plates, cloned, Finish(regrain=1.0))
    # Neither twice the grain nor none: what one more resample takes may be lost.
    assert 0.75 < likeness(encode(out.pixels[INNER]) - grey)[0] / there[0] < 1.25


def steepness(pixels):
    """The steepest slope across the left edge of the paint."""
    row = encode(pixels[85:95]).mean(axis=0)[55:80, 0]
    return np.abs(np.diff(row)).max()


def test_paint_is_as_soft_as_the_plate_and_soft_paint_is_not_made_softer():
    field = panned(STEP)
    plates = [
        Picture.of(cv2.GaussianBlur(plate.pixels, (0, 0), 3)) for plate in clean_plates(field)
    ]
    sharp = painted(plates[0])
    hard = carried(field, plates, sharp, Finish(detail=0.0)).pixels
    soft = carried(field, plates, sharp, Finish(focus=1.0)).pixels
    assert steepness(soft) < 0.35 * steepness(hard)
    matte = np.zeros((HEIGHT, WIDTH), np.float32)
    matte[ROWS, COLUMNS] = 1
    matte = cv2.GaussianBlur(matte, (0, 0), 3.5)[..., None]
    blurred = Picture.of(plates[0].pixels * (1 - matte) + RED * matte)
    before = carried(field, plates, blurred, Finish(detail=0.0)).pixels
    after = carried(field, plates, blurred, Finish(focus=1.0)).pixels
    assert steepness(after) > 0.85 * steepness(before)


def test_a_grade_of_a_frame_keeps_the_grain_of_every_other():
    field = panned(STEP)
    plates = [Picture.of(grained(plate.pixels, n)) for n, plate in enumerate(clean_plates(field))]
    pixels = plates[0].pixels.copy()
    pixels[ROWS, COLUMNS] *= 0.6
    out = carried(field, plates, Picture.of(pixels), Finish(merge="auto"))
    ratio = (out.pixels / np.maximum(plates[1].pixels, 1e-3))[INNER]
    np.testing.assert_allclose(np.median(ratio), 0.6, atol=0.01)
    assert np.percentile(np.abs(ratio - 0.6), 95) < 0.03


# The stabilised plate


def stable_edit(field, plate, change):
    """A stabilised frame, changed by a function of its pixels."""
    picture = stabilise_frame(field, 0, 1, plate)
    pixels = change(picture.pixels.copy())
    source = EditSource(replace(picture, pixels=pixels), moving=True)
    return prepare_edits(field, [source], stable=StablePlate(field, 1, plate))


def canvas_box(field, rows, columns):
    """Rows and columns of a rectangle of the still in pictures of its canvas."""
    data = field.layers[0].canonical.data
    return (
        slice(rows.start - data.y0, rows.stop - data.y0),
        slice(columns.start - data.x0, columns.stop - data.x0),
    )


def insert(field, colour=RED):
    part = canvas_box(field, ROWS, COLUMNS)

    def change(pixels):
        pixels[part] = [*colour, 1]
        return pixels

    return change


def test_an_insert_on_the_stabilised_plate_goes_behind_strands_and_a_repair_takes_them_away():
    field = panned(STEP)
    clean = composite(field, 1)
    frame, share = strands(clean)
    plate = Picture.of(frame)
    finish = Finish(holdout=True)
    edits = stable_edit(field, plate, insert(field))
    out = propagate_frame(field, edits, plate, 1, finish=finish).pixels
    solid, free = share[INNER] > 0.95, cv2.dilate(share, np.ones((9, 9)))[INNER] == 0
    assert np.abs(out - frame)[INNER][solid].mean() < 0.02
    assert np.abs(out[INNER][free] - RED).mean() < 0.01
    still, part = canonical_picture(field, 0).pixels, canvas_box(field, ROWS, COLUMNS)

    def mended(pixels):
        pixels[part] = still[part]
        return pixels

    healed = propagate_frame(
        field, stable_edit(field, plate, mended), plate, 1, finish=finish
    ).pixels
    left = np.abs(encode(healed) - encode(clean))[INNER][share[INNER] > 0.3].mean()
    assert left < 0.12 * np.abs(encode(frame) - encode(clean))[INNER][share[INNER] > 0.3].mean()


def test_an_insert_on_the_stabilised_plate_gets_grain_but_no_light():
    field = panned(STEP)
    field.layers[0].lighting = np.full((3, 2, 2, 3), 0.5, np.float32)
    noise = grain_like((HEIGHT, WIDTH), 5)
    plate = Picture.of(decode(encode(composite(field, 1, lit=True)) + noise))
    grey = np.float32(0.45)
    edits = stable_edit(field, plate, insert(field, decode(np.full(3, grey))))
    finish = replace(FULL_FINISH, focus=0.0)
    inner = encode(propagate_frame(field, edits, plate, 1, finish=finish).pixels[INNER]) - grey
    here, there = likeness(inner), likeness(noise)
    assert abs(float(inner.mean())) < 0.01
    assert here[0] == pytest.approx(there[0], rel=0.15)


def test_a_grade_of_the_stabilised_plate_keeps_the_plate_s_own_detail():
    field = panned(STEP)
    field.layers[0].deformation.matrices[1][0, 2] += 0.5  # between pixels
    plate = Picture.of(grained(composite(field, 1), 6))
    part = canvas_box(field, ROWS, COLUMNS)

    def graded(pixels):
        pixels[part] *= np.float32([0.7, 0.7, 0.7, 1])
        return pixels

    edits = stable_edit(field, plate, graded)
    wrong = []
    for merge in ("over", "auto"):
        out = propagate_frame(
            field, edits, plate, 1, finish=Finish(merge=merge, detail=None, regrain=0.001)
        ).pixels
        wrong.append(np.abs(encode(out) - encode(0.7 * plate.pixels))[INNER].mean())
    assert wrong[1] < 0.2 * wrong[0]


# Replaced frames


def restyled(field, mode="replace"):
    picture = canonical_picture(field, 0)
    pixels = picture.pixels.copy()
    pixels[..., :3] = pixels[..., [2, 0, 1]]
    edits = prepare_edits(field, [EditSource(replace(picture, pixels=pixels))], mode=mode)
    return edits, pixels


def test_a_replaced_frame_is_as_drawn_unless_it_is_finished_too():
    field = panned(STEP)
    field.layers[0].lighting = np.full((3, 2, 2, 3), 0.5, np.float32)
    edits, _ = restyled(field)
    clean = composite(field, 1, [edits[0].sheet])
    noise = grain_like((HEIGHT, WIDTH), 5)
    frame = 0.5 * composite(field, 1)
    plate = Picture.of(decode(encode(frame) + noise))
    as_drawn = propagate_frame(field, edits, plate, 1, mode="replace", finish=FULL_FINISH)
    np.testing.assert_array_equal(as_drawn.pixels, clean)
    finish = replace(FULL_FINISH, replaced=True)
    result, alone = edit_pass(field, edits, plate, 1, mode="replace", finish=finish)
    inner = result.pixels[20:-20, 20:-20]
    here = likeness(encode(inner) - encode(0.5 * clean)[20:-20, 20:-20])
    assert here[0] == pytest.approx(likeness(noise)[0], rel=0.2)
    assert np.median(inner / clean[20:-20, 20:-20]) == pytest.approx(0.5, abs=0.02)
    over = alone.rgb + plate.rgb * (1 - alone.alpha[..., None])
    np.testing.assert_allclose(over, result.rgb, atol=1e-5)


def test_a_replaced_frame_that_is_finished_keeps_what_is_in_front_and_the_plate_s_softness():
    field = panned(STEP)
    edits, _ = restyled(field)
    frame, share = strands(composite(field, 1))
    plate = Picture.of(frame)
    finish = Finish(holdout=True, replaced=True)
    out = propagate_frame(field, edits, plate, 1, mode="replace", finish=finish).pixels
    assert np.abs(out - frame)[share > 0.95].mean() < 0.02
    soft = Picture.of(cv2.GaussianBlur(composite(field, 1), (0, 0), 3))
    sharp, blurred = (
        cv2.Laplacian(
            propagate_frame(
                field, edits, soft, 1, mode="replace", finish=Finish(focus=f, replaced=True)
            ).pixels[30:-30, 30:-30],
            cv2.CV_32F,
        ).std()
        for f in (0.0, 1.0)
    )
    assert blurred < 0.4 * sharp
