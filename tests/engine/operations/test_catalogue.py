"""What every operation owes: exact outside the mask, coverage kept, no NaN spread, no writes."""

import dataclasses
import threading

import numpy as np
import pytest

from engine.errors import Cancelled, MaskError, UsageError
from engine.io.picture import Picture, Window
from engine.operations.catalogue import Operation, operations, register
from engine.operations.parameters import KINDS
from engine.operations.run import apply_operation
from engine.progress import Task

STRONG = {
    "grade": {"gain": [2, 1, 0.5], "gamma": 1.5, "offset": 0.1},
    "exposure": {"stops": 1.5},
    "saturation": {"saturation": 0.2},
    "hue": {"degrees": 90},
    "blur": {"size": 4},
    "sharpen": {"amount": 2},
    "denoise": {"strength": 0.1},
    "stylise": {"brush": 4},
    "inpaint": {"fill": "both"},
    "overlay": {"rotate": 20},
    "upscale": {"factor": 2},
    "external": {},
}
SAME_SIZE = sorted(set(STRONG) - {"overlay", "upscale", "external"})


@pytest.fixture
def inputs(make_picture):
    return {"overlay": Picture.of(make_picture(20, 30, seed=9).pixels)}


def test_the_catalogue_holds_every_operation_and_each_explains_itself():
    every = operations()
    assert set(every) == set(STRONG)
    for entry in every.values():
        assert entry.help.endswith(".") and entry.title
        for parameter in entry.parameters:
            assert parameter.help.endswith(".") and parameter.kind in KINDS
        assert set(entry.values({})) == {parameter.name for parameter in entry.parameters}


def test_a_name_cannot_be_taken_twice():
    with pytest.raises(UsageError, match="grade"):
        register(Operation("grade", "x", "x.", (), lambda p, v, c: p))


@pytest.mark.parametrize("name", SAME_SIZE)
def test_outside_the_mask_pixels_are_exactly_the_input(name, picture):
    mask = np.zeros(picture.pixels.shape[:2], np.float32)
    mask[10:20, 10:30] = 1
    mask[12:14] = np.maximum(mask[12:14], 0.4)
    result = apply_operation(name, picture, STRONG[name], mask)
    outside = mask == 0
    np.testing.assert_array_equal(result.pixels[outside], picture.pixels[outside])
    assert result.native is picture.native
    assert result.changed is None or not result.changed[outside].any()
    if name != "inpaint":
        whole = apply_operation(name, picture, STRONG[name])
        np.testing.assert_array_equal(result.pixels[mask == 1], whole.pixels[mask == 1])
    assert result.changed is not None and result.changed.any()
    assert (result.pixels != picture.pixels).any(axis=2)[~result.changed].sum() == 0


@pytest.mark.parametrize("name", SAME_SIZE)
def test_coverage_and_windows_are_kept_and_the_input_is_not_written_to(name, picture):
    before = picture.pixels.copy()
    mask = np.ones(before.shape[:2], np.uint8) * 255 if name == "inpaint" else None
    if name == "inpaint":
        mask[:, 30:] = 0
    result = apply_operation(name, picture, STRONG[name], mask)
    np.testing.assert_array_equal(picture.pixels, before)
    assert (result.data, result.display) == (picture.data, picture.display)
    if name != "inpaint":
        np.testing.assert_array_equal(result.pixels[..., 3], before[..., 3])
        assert not result.pixels[..., :3][(before[..., 3] == 0) & ~before.any(axis=2)].any() or (
            name == "grade"  # its offset adds light where there is no coverage, as in Nuke
        )
    assert np.isfinite(result.pixels).all()


@pytest.mark.parametrize("name", SAME_SIZE)
@pytest.mark.parametrize("channels", [3, 4])
def test_bad_pixels_do_not_spread(name, channels, make_picture):
    picture = make_picture(channels=channels)
    picture.pixels[15, 40, 1] = np.nan
    picture.pixels[40, 12] = np.inf
    mask = np.zeros(picture.pixels.shape[:2], np.float32)
    mask[10:45, 10:45] = 1
    mask[25:35, 15:25] = 0
    result = apply_operation(name, picture, STRONG[name], mask).pixels
    assert result.shape == picture.pixels.shape
    bad = ~np.isfinite(result).all(axis=2)
    if name == "inpaint":
        assert not bad.any()
    else:
        assert bad[15, 40] and bad[40, 12] and bad.sum() == 2


@pytest.mark.parametrize("name", SAME_SIZE)
def test_mix_blends_and_zero_is_the_same_picture(name, picture):
    mask = None
    if name == "inpaint":
        mask = np.zeros(picture.pixels.shape[:2], np.float32)
        mask[10:20, 20:30] = 1
    whole = apply_operation(name, picture, STRONG[name], mask).pixels
    half = apply_operation(name, picture, STRONG[name], mask, 0.5).pixels
    np.testing.assert_allclose(half, (whole + picture.pixels) / 2, atol=1e-4, rtol=1e-4)
    assert apply_operation(name, picture, STRONG[name], mask, 0.0) is picture


def test_an_operation_that_changes_nothing_returns_the_picture_itself(picture):
    for name in ("grade", "exposure", "saturation", "hue", "external"):
        assert apply_operation(name, picture) is picture


def test_wrong_names_values_and_masks_are_named(picture):
    with pytest.raises(UsageError, match="'glow'"):
        apply_operation("glow", picture)
    with pytest.raises(UsageError, match=r"Blur.*'radius'"):
        apply_operation("blur", picture, {"radius": 3})
    with pytest.raises(UsageError, match=r"Blur: size"):
        apply_operation("blur", picture, {"size": -1})
    with pytest.raises(UsageError, match=r"Grade: gamma"):
        apply_operation("grade", picture, {"gamma": "high"})
    with pytest.raises(MaskError, match=r"10x12.*64x48"):
        apply_operation("blur", picture, {}, np.ones((12, 10), np.uint8))
    with pytest.raises(UsageError, match="'overlay'"):
        apply_operation("overlay", picture)


def test_cancel_stops_every_operation(picture):
    stop = threading.Event()
    stop.set()
    with pytest.raises(Cancelled):
        apply_operation("stylise", picture, task=Task(cancelled=stop))


def test_a_change_of_size_scales_the_windows_and_notes_the_factor(picture):
    result = apply_operation("upscale", picture, {"factor": 2})
    assert result.pixels.shape == (96, 128, 4)
    assert result.data == Window(-6, 4, 122, 100) and result.display == Window(0, 0, 128, 96)
    assert result.metadata["codef/scale"] == 2 and result.native is None
    again = apply_operation("upscale", result, {"factor": 2})
    assert again.metadata["codef/scale"] == 4


def test_an_overlay_travels_with_its_own_alpha_over_earlier_paint(picture, inputs):
    first = apply_operation("overlay", picture, {"translate": [5, 0]}, inputs=inputs)
    np.testing.assert_array_equal(first.under, picture.pixels)
    mask = np.zeros(picture.pixels.shape[:2], np.float32)
    mask[:, :32] = 1
    second = apply_operation("overlay", first, {"rotate": 30}, mask, inputs=inputs)
    assert not second.overlay[:, 32:].any() or first.overlay[:, 32:].any()
    composed = second.overlay + second.under * (1 - second.overlay[..., 3:])
    np.testing.assert_allclose(second.pixels, composed, atol=2e-5)
    np.testing.assert_array_equal(second.pixels[:, 32:], first.pixels[:, 32:])


def test_metadata_and_aspect_survive(picture):
    picture = dataclasses.replace(picture, pixel_aspect=2.0, metadata={"camera": "A"})
    result = apply_operation("blur", picture, {"size": 2})
    assert result.pixel_aspect == 2.0 and result.metadata == {"camera": "A"}
