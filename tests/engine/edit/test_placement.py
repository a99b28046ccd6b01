"""Returned pictures find their place and their layer, through real files too."""

import json
from dataclasses import replace

import numpy as np
import pytest

from engine.colour.ocio import DEFAULT_WORKING
from engine.edit.canonical import canonical_picture, canonical_windows, sidecar, sidecar_path
from engine.edit.edits import EditSource, prepare_edits
from engine.edit.placement import place_edit, read_sidecar
from engine.errors import EditError, UsageError
from engine.io.picture import Picture, Window
from engine.io.read import read_parts, read_picture
from engine.io.write import WriteOptions, write_parts, write_picture
from tests.engine.warp.analytic import one_layer, two_layers


def _resized(picture, width, height):
    import cv2

    return cv2.resize(picture.pixels, (width, height), interpolation=cv2.INTER_AREA)


def test_windows_of_a_scaled_canonical_follow_the_convention():
    field = one_layer()
    assert canonical_windows(field, 0, 2.0) == (
        Window(0, 0, 192, 128),
        Window(-32, -32, 224, 160),
    )
    fine = canonical_picture(field, 0, scale=2.0)
    assert fine.pixels.shape == (192, 256, 4)
    assert fine.metadata["codef/scale"] == 2.0
    with pytest.raises(UsageError, match="scale"):
        canonical_picture(field, 0, scale=0)


@pytest.mark.parametrize("scale", [1.0, 2.0, 4.0, 0.5])
def test_a_picture_of_the_canvas_size_lies_there(scale):
    field = one_layer()
    picture = canonical_picture(field, 0, scale=scale)
    placed = place_edit(Picture.of(picture.pixels), field, 0)
    assert placed.origin == (-16 * scale, -16 * scale)
    assert placed.scale == (scale, scale)
    assert placed.exact


def test_windows_place_a_crop():
    field = one_layer()
    crop = Picture(
        canonical_picture(field, 0).pixels[20:50, 30:70],
        display=Window(0, 0, 96, 64),
        data=Window(14, 4, 54, 34),
    )
    placed = place_edit(crop, field, 0)
    assert (placed.origin, placed.scale, placed.how) == ((14, 4), (1.0, 1.0), "windows")
    assert prepare_edits(field, [EditSource(crop)])[0].change is None


def test_a_plain_picture_of_the_format_lies_on_the_format():
    field = one_layer()
    crop = Picture.of(canonical_picture(field, 0).pixels[16:-16, 16:-16])
    assert place_edit(crop, field, 0).origin == (0, 0)
    assert prepare_edits(field, [EditSource(crop)])[0].change is None


def test_the_sidecar_places_what_nothing_else_does(tmp_path):
    field = one_layer()
    note = sidecar(field, 0, 1.5)
    (tmp_path / "c.codef.json").write_text(json.dumps(note))
    assert sidecar_path(tmp_path / "c.png") == tmp_path / "c.codef.json"
    told = read_sidecar(tmp_path / "c.png")
    picture = Picture.of(canonical_picture(field, 0, scale=1.5).pixels)
    placed = place_edit(picture, field, 0, told)
    assert (placed.origin, placed.scale, placed.how) == ((-24, -24), (1.5, 1.5), "sidecar")
    (tmp_path / "c.codef.json").write_text("{}")
    with pytest.raises(EditError, match="sidecar"):
        read_sidecar(tmp_path / "c.png")


def test_the_same_aspect_is_scaled_in_both_directions():
    field = one_layer()
    picture = Picture.of(_resized(canonical_picture(field, 0), 170, 127))
    placed = place_edit(picture, field, 0)
    assert placed.scale == (170 / 128, 127 / 96)
    assert placed.origin == pytest.approx((-16 * 170 / 128, -16 * 127 / 96))
    assert "aspect" in placed.how


def _textured():
    field = one_layer(320, 240)
    rng = np.random.default_rng(4)
    pixels = field.layers[0].canonical.pixels
    for _ in range(300):
        y, x = rng.integers(0, 262), rng.integers(0, 342)
        h, w = rng.integers(3, 12, 2)
        pixels[y : y + h, x : x + w, :3] = rng.random(3)
    return field


def test_a_rotated_crop_is_registered_with_a_confidence():
    import cv2

    field = _textured()
    pixels = field.layers[0].canonical.pixels
    turn = cv2.getRotationMatrix2D((150, 120), 4, 1.0)
    returned = cv2.warpAffine(pixels, turn, (260, 150), flags=cv2.INTER_CUBIC)
    placed = place_edit(Picture.of(returned), field, 0)
    assert "confidence" in placed.how
    sheet = placed.sheet()
    both = sheet.covered & (sheet.pixels[..., 3] > 0.99)
    assert both.mean() > 0.3
    assert np.median(np.abs(sheet.pixels - pixels)[both]) < 0.02
    truth = np.linalg.inv(np.vstack([turn, [0, 0, 1]])) @ [130, 75, 1]
    from engine.edit.registration import register

    found = register(returned, pixels)
    back = np.linalg.inv(found.matrix) @ [130.5, 75.5, 1]
    assert np.abs(back[:2] / back[2] - truth[:2] - 0.5).max() < 0.3


def test_what_cannot_be_placed_is_refused_with_both_sizes():
    field = one_layer()
    noise = np.random.default_rng(0).random((50, 170, 3)).astype(np.float32)
    with pytest.raises(EditError, match=r"170x50.*128x96") as caught:
        place_edit(Picture.of(noise), field, 0)
    assert caught.value.code == 2


@pytest.mark.parametrize("name", ["c.exr", "c.png", "c.tif"])
@pytest.mark.parametrize("bits", [8, 16, 32])
def test_an_untouched_file_is_unedited_and_a_touched_one_is_not(tmp_path, name, bits):
    if (name == "c.exr" and bits == 8) or (name == "c.png" and bits == 32):
        pytest.skip("the format has no such depth")
    field = two_layers()
    for k in range(2):
        path = tmp_path / f"{k}{name}"
        # A float TIFF carries no colour space, so it is written as it will be read.
        space = DEFAULT_WORKING if bits == 32 else None
        options = WriteOptions(bits=bits, whole_data=True, colour_space=space)
        write_picture(path, canonical_picture(field, k), options)
        back = read_picture(path)
        source = EditSource(back, path=path, layer=k)
        assert prepare_edits(field, [source])[k].change is None
        pixels = back.pixels.copy()
        pixels[40:50, 40:50] = (0.1, 0.2, 0.9, 1)
        write_picture(path, replace(back, pixels=pixels, native=None), options)
        change = prepare_edits(field, [EditSource(read_picture(path), path=path, layer=k)])[
            k
        ].change
        assert change is not None
        assert change.sheet.pixels.shape[:2] == (10, 10)
        assert change.sheet.origin == (24, 24)


def test_parts_of_one_file_go_to_the_layers_of_their_names(tmp_path):
    field = two_layers()
    path = tmp_path / "both.exr"
    pictures = [canonical_picture(field, k) for k in range(2)]
    back = pictures[1].pixels.copy()
    back[50, 50, :3] = 0
    write_parts(path, [("back", replace(pictures[1], pixels=back)), ("square", pictures[0])])
    sources = [EditSource(p, part=name, path=path) for name, p in read_parts(path)]
    edits = prepare_edits(field, sources)
    assert edits[0].change is None
    assert edits[1].change.sheet.origin == (34, 34)


def test_a_single_part_says_its_layer_or_is_refused(tmp_path):
    field = two_layers()
    picture = canonical_picture(field, 1)
    assert list(prepare_edits(field, [EditSource(picture)])) == [1]
    bare = replace(picture, metadata={})
    with pytest.raises(EditError, match="--layer") as caught:
        prepare_edits(field, [EditSource(bare)])
    assert caught.value.code == 2
    assert list(prepare_edits(field, [EditSource(bare, layer="1")])) == [1]
    assert list(prepare_edits(field, [EditSource(bare, layer="back")])) == [1]
    assert list(prepare_edits(field, [EditSource(bare, sidecar=sidecar(field, 1))])) == [1]
    with pytest.raises(EditError, match="sky"):
        prepare_edits(field, [EditSource(bare, layer="sky")])
    with pytest.raises(EditError, match="two edits"):
        prepare_edits(field, [EditSource(picture), EditSource(picture)])


def test_jpeg_edits_work_in_replace_only(tmp_path):
    field = one_layer()
    path = tmp_path / "c.jpg"
    write_picture(path, canonical_picture(field, 0), WriteOptions(whole_data=True))
    source = EditSource(read_picture(path), path=path)
    with pytest.raises(EditError, match="replace"):
        prepare_edits(field, [source])
    assert prepare_edits(field, [source], mode="replace")[0].how == "canvas"
