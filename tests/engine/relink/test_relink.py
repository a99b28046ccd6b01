"""A field on another version of its plate: what agrees, what is refused, what comes out."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from engine.colour.encoding import decode, encode
from engine.errors import MissingFrameError, UsageError
from engine.fields.folder import load_field, save_field
from engine.io.picture import Picture, Window
from engine.metrics.psnr import psnr8
from engine.pins.apply import pinned
from engine.pins.pin import Pin
from engine.progress import silent
from engine.relink.relink import examined, relinked, renumbered
from engine.relink.resized import ResizedDeformation, resized
from engine.warp.render import composite
from tests.engine.warp.moving import moving_field


def field_of(wobble=0.6):
    field = moving_field(size=(192, 128), wobble=wobble)
    rng = np.random.default_rng(2)
    for layer in field.layers:
        noise = cv2.GaussianBlur(rng.random(layer.canonical.pixels.shape[:2]), (0, 0), 1.2)
        noise = (noise - noise.min()) / (noise.max() - noise.min())
        layer.canonical.pixels[..., :3] = decode(noise.astype(np.float32) * 0.8 + 0.1)[..., None]
    return field


def drawn(field):
    """Frame number to what the field draws."""
    return lambda frame: composite(field, field.index(frame))


def graded(picture):
    gains = np.array([1.1, 1.0, 0.8], np.float32)
    return decode(np.clip(encode(picture) * 0.7 + 0.12, 0, 1)) * gains


def plate_of(field, change=lambda picture: picture):
    shots = {frame: Picture.of(change(drawn(field)(frame))) for frame in field.frames}
    return shots.__getitem__


def test_a_regrade_agrees_and_its_stills_have_its_colours():
    field = field_of()
    plate = plate_of(field, graded)
    report = examined(field, plate, field.frames, drawn(field), silent())
    assert report.good and not report.likely_offset and report.scale == 1
    assert "agrees with the field in 4 of 4" in report.sentences()[0]
    found = relinked(field, report, plate, silent())
    before = psnr8(*(np.rint(encode(p) * 255).clip(0, 255).astype(np.uint8) for p in (
        composite(field, 2), plate(12).rgb)))  # fmt: skip
    after = psnr8(*(np.rint(encode(p) * 255).clip(0, 255).astype(np.uint8) for p in (
        composite(found, 2), plate(12).rgb)))  # fmt: skip
    assert before < 27 and after > before + 8
    for old, new in zip(field.layers, found.layers, strict=True):
        assert new.deformation is old.deformation
    kept = relinked(field, report, plate, silent(), stills=False)
    assert kept.layers[0].canonical is field.layers[0].canonical


@pytest.mark.parametrize("scale", [1.5, 0.5])
def test_another_size_moves_the_same_things_to_the_same_places(scale, tmp_path):
    field = field_of()
    size = (round(192 * scale), round(128 * scale))

    def change(picture):
        kind = cv2.INTER_CUBIC if scale > 1 else cv2.INTER_AREA
        return cv2.resize(picture, size, interpolation=kind)

    plate = plate_of(field, change)
    report = examined(field, plate, field.frames, drawn(field), silent())
    assert report.good and report.scale == pytest.approx(scale)
    found = save_field(relinked(field, report, plate, silent()), tmp_path / "F")
    assert (found.width, found.height) == size
    rng = np.random.default_rng(1)
    points = rng.uniform(4, 120, (50, 2)).astype(np.float32)
    for k in range(2):
        for index in range(4):
            old = field.layers[k].deformation.at(index, points)
            new = found.layers[k].deformation.at(index, points * np.float32(scale))
            np.testing.assert_allclose(new, old * scale, atol=0.02)
    assert found.masks.mask(0, 1).mean() == pytest.approx(field.masks.mask(0, 1).mean(), rel=0.05)
    codes = [
        np.rint(encode(p) * 255).clip(0, 255).astype(np.uint8)
        for p in (composite(found, 1), plate(11).rgb)
    ]
    assert psnr8(*codes) > 30


def test_any_deformation_can_be_resized_and_stored(tmp_path):
    field = field_of()
    pin = Pin("a", (60.0, 50.0), {11: (62.0, 47.0)}, radius=40.0, layer="back")
    made = pinned(field, [pin])
    twice = resized(made, Window.of_size(384, 256), Window.of_size(384, 256))
    assert isinstance(twice.layers[1].deformation, ResizedDeformation)
    save_field(twice, tmp_path / "F")
    again = load_field(tmp_path / "F").layers[1].deformation
    whole = again.positions(1)
    points = np.array([[100.5, 60.5], [124.5, 94.5]], np.float32)
    np.testing.assert_allclose(whole[[60, 94], [100, 124]], again.at(1, points), atol=1e-4)
    old = made.layers[1].deformation.at(1, points / 2)
    np.testing.assert_allclose(again.at(1, points), old * 2, atol=0.02)


def test_a_plate_that_lies_elsewhere_is_told_with_the_way():
    field = field_of()

    def aside(picture):
        return np.roll(picture, (2, -3), axis=(0, 1))

    report = examined(field, plate_of(field, aside), field.frames, drawn(field), silent())
    assert not report.good
    for each in report.agreements:
        np.testing.assert_allclose(each.shift, (-3, 2), atol=0.3)
    assert any("it lies -3.0, -2.0 px (right, up) away" in s for s in report.sentences())


def test_a_plate_that_lies_elsewhere_has_its_own_numbers():
    """Where the camera moves, the frame beside looks more alike than the frame itself does."""
    field = field_of()
    aside = plate_of(field, lambda picture: np.roll(picture, (-1, 4), axis=(0, 1)))
    report = examined(field, aside, field.frames, drawn(field), silent())
    assert not report.good
    assert not report.likely_offset


def test_another_shot_does_not_agree():
    field = field_of()
    other = plate_of(field, lambda picture: picture[::-1, ::-1].copy())
    report = examined(field, other, field.frames, drawn(field), silent())
    assert not report.good and max(each.like for each in report.agreements) < 0.5


def test_a_zoomed_plate_does_not_agree():
    field = field_of()

    def zoomed(picture):
        return cv2.resize(picture[4:-4, 6:-6], (192, 128), interpolation=cv2.INTER_CUBIC)

    report = examined(field, plate_of(field, zoomed), field.frames, drawn(field), silent())
    assert not report.good


def test_numbers_that_are_off_are_found_out():
    field = field_of()
    shots = plate_of(field)
    frames = field.frames[:-1]
    short = replace(field, frames=frames)
    # The plate's frame 10 is what the field knows as 11.
    report = examined(short, lambda f: shots(f + 1), frames, drawn(field), silent())
    assert not report.good and report.likely_offset == 1
    # Right after the verdict: a refusal tells the first sentences only.
    assert "try an offset of -1" in report.sentences()[1]
    again = examined(short, lambda f: shots(f + 1), frames, drawn(field), silent(), offset=500)
    assert "try an offset of +499" in again.sentences()[1]
    moved = renumbered(field, -1)
    assert moved.frames == (9, 10, 11, 12) and moved.reference == 9


def test_handles_move_nothing_and_missing_frames_are_refused():
    field = field_of()
    plate = plate_of(field)
    report = examined(field, plate, (8, 9, *field.frames, 14), drawn(field), silent())
    assert report.good and report.handles == (8, 9, 14)
    assert any("frames 8-9 14 of the plate are not in the field" in s for s in report.sentences())
    with pytest.raises(MissingFrameError, match="no frame 13 of the field"):
        examined(field, plate, field.frames[:-1], drawn(field), silent())


def test_another_shape_is_refused():
    field = field_of()
    wide = Picture.of(np.zeros((128, 256, 3), np.float32))
    with pytest.raises(UsageError, match="256x128 and the field 192x128: that is another shape"):
        examined(field, lambda f: wide, field.frames, drawn(field), silent())
