import itertools
import os
import subprocess
import sys
import textwrap
from dataclasses import replace

import numpy as np
import OpenImageIO
import pytest

from engine.errors import InputError, UsageError, WriteError
from engine.io.picture import Picture, Window
from engine.io.read import bad_pixels, read_parts, read_picture
from engine.io.samples import quantise, requantise
from engine.io.write import (
    COMPRESSIONS,
    WriteOptions,
    write_arrays,
    write_parts,
    write_picture,
)

SRGB = "sRGB Encoded Rec.709 (sRGB)"
TYPES = {"uint8": "uint8", "uint16": "uint16", "float16": "half", "float32": "float"}


def random_codes(dtype, shape=(37, 53, 3), seed=0):
    rng = np.random.default_rng(seed)
    dtype = np.dtype(dtype)
    if dtype.kind == "u":
        return rng.integers(0, np.iinfo(dtype).max + 1, shape, dtype)
    return (rng.standard_normal(shape) * 4).astype(dtype)


def make(path, codes, **attributes):
    """A file written by OpenImageIO alone, as another program would."""
    spec = OpenImageIO.ImageSpec(
        codes.shape[1], codes.shape[0], codes.shape[2], TYPES[codes.dtype.name]
    )
    for name, value in attributes.items():
        spec.attribute(name.replace("__", ":"), value)
    output = OpenImageIO.ImageOutput.create(str(path))
    assert output.open(str(path), spec)
    assert output.write_image(codes)
    assert output.close()
    output.geterror()
    return path


def codes_of(path):
    hints = OpenImageIO.ImageSpec()
    hints.attribute("oiio:UnassociatedAlpha", 1)
    source = OpenImageIO.ImageInput.open(str(path), hints)
    spec = source.spec()
    codes = source.read_image(0, 0, 0, spec.nchannels, spec.format)
    assert not source.geterror()
    source.close()
    return codes


def same_bits(one, other):
    return (
        one.dtype == other.dtype and one.shape == other.shape and one.tobytes() == other.tobytes()
    )


SOURCES = [
    ("uint8", ".png", {}, (".png", ".tif"), 3),
    ("uint8", ".png", {"oiio__UnassociatedAlpha": 1}, (".png", ".tif"), 4),
    ("uint8", ".png", {}, (".png", ".tif"), 1),
    ("uint8", ".tif", {"compression": "zip"}, (".png", ".tif"), 3),
    ("uint8", ".jpg", {}, (".png", ".tif"), 3),
    ("uint8", ".jpg", {}, (".png", ".tif"), 1),
    ("uint8", ".dpx", {}, (".dpx", ".png", ".tif"), 3),
    ("uint16", ".png", {}, (".png", ".tif"), 3),
    ("uint16", ".png", {"oiio__UnassociatedAlpha": 1}, (".png", ".tif"), 4),
    ("uint16", ".tif", {"oiio__UnassociatedAlpha": 1}, (".png", ".tif"), 4),
    ("uint16", ".dpx", {"oiio__BitsPerSample": 10}, (".dpx", ".png", ".tif"), 3),
    ("uint16", ".dpx", {"oiio__BitsPerSample": 12}, (".dpx", ".png"), 3),
    ("uint16", ".dpx", {"oiio__BitsPerSample": 16}, (".dpx", ".png"), 3),
    ("float16", ".exr", {}, (".exr",), 3),
    ("float16", ".exr", {}, (".exr",), 4),
    ("float32", ".exr", {}, (".exr",), 4),
]
CASES = [
    (dtype, kind, attributes, target, channels)
    for dtype, kind, attributes, targets, channels in SOURCES
    for target in targets
]


@pytest.mark.parametrize(("dtype", "kind", "attributes", "target", "channels"), CASES)
def test_an_unedited_picture_comes_back_bit_for_bit(
    tmp_path, dtype, kind, attributes, target, channels
):
    source = make(tmp_path / f"in{kind}", random_codes(dtype, (37, 53, channels)), **attributes)
    picture = read_picture(source)
    write_picture(tmp_path / f"out{target}", picture)
    assert same_bits(codes_of(source), codes_of(tmp_path / f"out{target}"))
    again = read_picture(tmp_path / f"out{target}", colour_space=picture.native.space)
    assert same_bits(picture.native.codes, again.native.codes)
    assert same_bits(picture.pixels, again.pixels)


@pytest.mark.parametrize(("dtype", "kind", "attributes", "target", "channels"), CASES)
def test_an_edit_changes_only_the_pixels_it_marks(
    tmp_path, dtype, kind, attributes, target, channels
):
    source = make(tmp_path / f"in{kind}", random_codes(dtype, (37, 53, channels)), **attributes)
    picture = read_picture(source)
    changed = np.zeros(picture.pixels.shape[:2], bool)
    changed[5:12, 9:30] = True
    pixels = picture.pixels * np.float32(1.5)  # wrong everywhere but where it is marked
    pixels[changed] = [0.25, 0.25, 0.25, 1.0][: pixels.shape[2]]
    write_picture(tmp_path / f"out{target}", replace(picture, pixels=pixels, changed=changed))
    before, after = codes_of(source), codes_of(tmp_path / f"out{target}")
    assert same_bits(before[~changed], after[~changed])
    space = picture.native.space
    read = read_picture(tmp_path / f"out{target}", colour_space=space).pixels[changed]
    assert np.allclose(read[:, :3], 0.25, rtol=0.02)
    assert (after[changed] == after[5, 9]).all()


def test_rounding_is_half_to_even_and_cut_to_the_range():
    values = np.array([0.5, 1.5, 2.5, 254.5, 300, -4, np.nan, np.inf, -np.inf]) / 255
    got = quantise(values, np.dtype(np.uint8), 8)
    assert got.tolist() == [0, 2, 2, 254, 255, 0, 0, 255, 0]


@pytest.mark.parametrize("bits", [10, 12])
def test_every_10_and_12_bit_code_is_its_own_value(bits):
    codes = np.arange(1 << bits)
    wide = quantise(codes / (len(codes) - 1), np.dtype(np.uint16), bits)
    assert np.array_equal(wide >> (16 - bits), codes)
    assert np.array_equal(quantise(wide / 65535, np.dtype(np.uint16), bits), wide)
    assert np.array_equal(requantise(wide, np.dtype(np.uint16), bits, bits), wide)


def test_values_beyond_half_are_its_largest_but_inf_stays(tmp_path):
    pixels = np.full((1, 3, 3), 1, np.float32)
    pixels[0, 0], pixels[0, 1] = 1e6, np.inf
    write_picture(tmp_path / "a.exr", Picture.of(pixels))
    assert codes_of(tmp_path / "a.exr")[0, :, 0].tolist() == [65504, np.inf, 1]


@pytest.mark.parametrize("dtype", ["float16", "float32"])
def test_nan_and_inf_pass_through_and_are_counted(tmp_path, dtype):
    codes = random_codes(dtype)
    codes[3, 4, 0], codes[3, 5], codes[9, 9, 2] = np.nan, np.inf, -np.inf
    picture = read_picture(make(tmp_path / "a.exr", codes))
    assert bad_pixels(picture) == 3
    assert np.isnan(picture.pixels[3, 4, 0]) and picture.pixels[3, 5, 1] == np.inf
    write_picture(tmp_path / "b.exr", picture)
    assert same_bits(codes_of(tmp_path / "a.exr"), codes_of(tmp_path / "b.exr"))


def test_an_8_bit_picture_through_half_exr_and_back_keeps_its_codes(tmp_path):
    codes = np.repeat(np.arange(256, dtype=np.uint8)[None, :, None], 3, axis=2)
    picture = read_picture(make(tmp_path / "a.png", codes))
    write_picture(tmp_path / "b.exr", picture)
    assert codes_of(tmp_path / "b.exr").dtype == np.float16
    linear = read_picture(tmp_path / "b.exr")
    assert linear.native.space == "Linear Rec.709 (sRGB)"
    write_picture(tmp_path / "c.png", linear, WriteOptions(bits=8))
    assert same_bits(codes_of(tmp_path / "c.png"), codes)


def test_linear_sources_are_written_as_16_bit_srgb_to_png(tmp_path):
    codes = np.abs(random_codes("float16")) % 1
    write_picture(tmp_path / "a.png", read_picture(make(tmp_path / "a.exr", codes)))
    out = codes_of(tmp_path / "a.png")
    assert out.dtype == np.uint16
    back = read_picture(tmp_path / "a.png").pixels
    assert np.allclose(back, codes.astype(np.float32), atol=1e-4)


def test_8_bit_codes_widen_exactly_to_16_bits(tmp_path):
    codes = random_codes("uint8")
    picture = read_picture(make(tmp_path / "a.png", codes))
    write_picture(tmp_path / "b.tif", picture, WriteOptions(bits=16))
    assert np.array_equal(codes_of(tmp_path / "b.tif"), codes.astype(np.uint16) * 257)


def test_unassociated_alpha_is_premultiplied_and_divided_out_again(tmp_path):
    codes = np.array([[[255, 128, 0, 128], [255, 255, 255, 0]]], np.uint8)
    picture = read_picture(make(tmp_path / "a.png", codes, oiio__UnassociatedAlpha=1))
    assert np.allclose(picture.pixels[0, 0, 0], 128 / 255, atol=1e-6)
    assert (picture.pixels[0, 1] == 0).all()
    fresh = picture.with_pixels(picture.pixels)
    write_picture(tmp_path / "b.png", fresh, WriteOptions(bits=8))
    assert codes_of(tmp_path / "b.png")[0, 0].tolist() == [255, 128, 0, 128]
    write_picture(tmp_path / "c.jpg", picture)
    assert codes_of(tmp_path / "c.jpg").shape[2] == 3


def test_grey_becomes_rgb_only_when_the_edit_is_coloured(tmp_path):
    picture = read_picture(make(tmp_path / "a.png", random_codes("uint8", (8, 9, 1))))
    assert picture.pixels.shape == (8, 9, 3)
    changed = np.zeros((8, 9), bool)
    changed[2, 3] = True
    pixels = picture.pixels.copy()
    pixels[2, 3] = 0.5
    write_picture(tmp_path / "g.png", replace(picture, pixels=pixels, changed=changed))
    assert codes_of(tmp_path / "g.png").shape[2] == 1
    pixels[2, 3] = [1, 0, 0]
    write_picture(tmp_path / "c.png", replace(picture, pixels=pixels, changed=changed))
    out = codes_of(tmp_path / "c.png")
    assert out[2, 3].tolist() == [255, 0, 0]
    assert np.array_equal(out[~changed], np.repeat(picture.native.codes[~changed], 3, axis=1))


def make_rich_exr(path):
    """Two parts: half RGBA with a float depth channel, and float vectors; windows and metadata."""
    type_of = OpenImageIO.TypeDesc
    main = OpenImageIO.ImageSpec(60, 40, 5, "half")
    main.channelnames = ("R", "G", "B", "A", "depth.Z")
    main.channelformats = tuple(type_of(t) for t in ("half", "half", "half", "half", "float"))
    side = OpenImageIO.ImageSpec(60, 40, 2, "float")
    side.channelnames = ("forward.u", "forward.v")
    for spec in (main, side):
        spec.x, spec.y = -8, -6
        spec.full_x, spec.full_y, spec.full_width, spec.full_height = 0, 0, 44, 28
        spec.attribute("PixelAspectRatio", 2.0)
        spec.attribute("compression", "zip")
    main.attribute("name", "rgba")
    side.attribute("name", "motion")
    primaries = (0.713, 0.293, 0.165, 0.83, 0.128, 0.044, 0.32168, 0.33767)
    main.attribute("chromaticities", type_of("float[8]"), primaries)
    main.attribute("FramesPerSecond", type_of("rational"), (24000, 1001))
    main.attribute("smpte:TimeCode", type_of("timecode"), (0x10203040, 7))
    main.attribute("worldToCamera", type_of("matrix"), tuple(i / 7 for i in range(16)))
    main.attribute("shot/take", 12)
    main.attribute("oiio:ColorSpace", "ACEScg")
    rng = np.random.default_rng(3)
    colour = rng.standard_normal((40, 60, 4)).astype(np.float16).astype(np.float32)
    depth = rng.random((40, 60, 1), np.float32) * 1e6
    vectors = rng.standard_normal((40, 60, 2)).astype(np.float32)
    output = OpenImageIO.ImageOutput.create(str(path))
    assert output.open(str(path), (main, side))
    assert output.write_image(np.concatenate([colour, depth], axis=2))
    assert output.open(str(path), side, "AppendSubimage")
    assert output.write_image(vectors)
    assert output.close()
    return colour, depth, vectors


def header_of(path, part=0):
    source = OpenImageIO.ImageInput.open(str(path))
    assert source.seek_subimage(part, 0)
    spec = source.spec()
    return spec, {item.name: (str(item.type), item.value) for item in spec.extra_attribs}


def test_windows_channels_parts_and_metadata_of_exr_pass_through(tmp_path):
    colour, depth, vectors = make_rich_exr(tmp_path / "a.exr")
    options = WriteOptions(working="ACEScg")
    picture = read_picture(tmp_path / "a.exr", working="ACEScg")
    assert picture.display == Window(0, 0, 44, 28) and picture.data == Window(-8, -6, 52, 34)
    assert picture.pixel_aspect == 2.0
    assert picture.native.space == "ACEScg"
    assert np.array_equal(picture.pixels, colour)
    assert np.array_equal(picture.native.codes[..., 4:], depth)
    assert np.array_equal(picture.extra[0].codes, vectors)
    changed = np.zeros((40, 60), bool)
    changed[0, 0] = True
    pixels = picture.pixels.copy()
    pixels[0, 0] = [1, 2, 3, 1]
    write_picture(tmp_path / "b.exr", replace(picture, pixels=pixels, changed=changed), options)
    again = read_picture(tmp_path / "b.exr", working="ACEScg")
    assert again.native.codes[0, 0, :4].tolist() == [1, 2, 3, 1]
    assert same_bits(again.native.codes[~changed], picture.native.codes[~changed])
    assert same_bits(again.native.codes[..., 4], picture.native.codes[..., 4])
    assert same_bits(again.extra[0].codes, vectors)
    for part in (0, 1):
        spec, kept = header_of(tmp_path / "b.exr", part)
        source, wanted = header_of(tmp_path / "a.exr", part)
        assert spec.channelnames == source.channelnames
        assert [str(t) for t in spec.channelformats] == [str(t) for t in source.channelformats]
        assert (spec.x, spec.y, spec.full_width) == (-8, -6, 44)
        for name in (
            "name",
            "PixelAspectRatio",
            "FramesPerSecond",
            "smpte:TimeCode",
            "worldToCamera",
            "shot/take",
            "chromaticities",
            "oiio:ColorSpace",
        ):
            if part == 0 or name == "name":
                assert kept[name] == wanted[name], name


def test_chromaticities_go_when_the_space_changes(tmp_path):
    make_rich_exr(tmp_path / "a.exr")
    picture = read_picture(tmp_path / "a.exr")
    write_picture(tmp_path / "b.exr", picture, WriteOptions(colour_space="lin_rec709"))
    _, kept = header_of(tmp_path / "b.exr")
    assert "chromaticities" not in kept
    assert kept["oiio:ColorSpace"][1] == "lin_rec709_scene"
    again = read_picture(tmp_path / "b.exr")
    assert np.allclose(again.pixels, picture.pixels, rtol=2e-3, atol=1e-3)
    assert same_bits(again.native.codes[..., 4], picture.native.codes[..., 4])


def test_a_linear_source_in_another_space_comes_back_bit_for_bit(tmp_path):
    make_rich_exr(tmp_path / "a.exr")
    picture = read_picture(tmp_path / "a.exr")
    assert picture.native.space == "ACEScg"
    write_picture(tmp_path / "b.exr", picture)
    again = read_picture(tmp_path / "b.exr")
    assert again.native.space == "ACEScg"
    assert same_bits(again.native.codes, picture.native.codes)
    assert same_bits(again.pixels, picture.pixels)
    assert "chromaticities" in header_of(tmp_path / "b.exr")[1]


@pytest.mark.parametrize("space", ["raw", "Linear Rec.709 (sRGB)", "ARRI LogC4", "Camera Rec.709"])
@pytest.mark.parametrize("kind", ["png", "tif", "dpx"])
def test_integer_sources_come_back_whatever_space_was_chosen(tmp_path, kind, space):
    codes = random_codes("uint8")
    picture = read_picture(make(tmp_path / f"a.{kind}", codes), colour_space=space)
    write_picture(tmp_path / f"b.{kind}", picture)
    assert same_bits(codes_of(tmp_path / f"b.{kind}"), codes)


def test_integer_identifiers_keep_every_bit(tmp_path):
    ids = np.array([[0, 1, 16777217, 4294967295]] * 3, np.uint32)[..., None]
    spec = OpenImageIO.ImageSpec(4, 3, 1, "uint")
    spec.channelnames = ("objectId",)
    colour = OpenImageIO.ImageSpec(4, 3, 3, "half")
    colour.attribute("name", "rgb")
    spec.attribute("name", "ids")
    output = OpenImageIO.ImageOutput.create(str(tmp_path / "a.exr"))
    assert output.open(str(tmp_path / "a.exr"), (colour, spec))
    assert output.write_image(random_codes("float16", (3, 4, 3)))
    assert output.open(str(tmp_path / "a.exr"), spec, "AppendSubimage")
    assert output.write_image(ids) and output.close()
    picture = read_picture(tmp_path / "a.exr")
    write_picture(tmp_path / "b.exr", picture)
    again = read_picture(tmp_path / "b.exr")
    assert same_bits(again.extra[0].codes, ids)


def test_colour_spaces_without_a_common_name_are_obeyed_too(tmp_path):
    picture = read_picture(make(tmp_path / "a.exr", np.abs(random_codes("float32"))))
    write_picture(tmp_path / "b.exr", picture, WriteOptions(colour_space="ARRI LogC4", bits=32))
    again = read_picture(tmp_path / "b.exr")
    assert again.native.space == "ARRI LogC4"
    assert np.allclose(again.pixels, picture.pixels, rtol=1e-3, atol=1e-4)


def test_formats_without_windows_show_the_display_window(tmp_path):
    pixels = np.arange(6 * 8 * 3, dtype=np.float32).reshape(6, 8, 3) / 255
    picture = Picture(pixels, Window(0, 0, 7, 5), Window(-2, 1, 6, 7))
    raw = WriteOptions(colour_space="raw", bits=8)
    write_picture(tmp_path / "a.png", picture, raw)
    out = codes_of(tmp_path / "a.png")
    assert out.shape == (5, 7, 3)
    assert (out[0] == 0).all() and (out[:, 6] == 0).all()
    assert np.array_equal(out[1:, :6], np.rint(pixels[:4, 2:] * 255).astype(np.uint8))
    write_picture(tmp_path / "b.png", picture, replace(raw, whole_data=True))
    assert codes_of(tmp_path / "b.png").shape == (6, 8, 3)


@pytest.mark.parametrize("compression", [*COMPRESSIONS, "dwaa:45"])
def test_every_compression_is_written_and_read(tmp_path, compression):
    ramp = np.linspace(0, 1, 64 * 48 * 3, dtype=np.float32).reshape(48, 64, 3)
    options = WriteOptions(compression=compression)
    write_picture(tmp_path / "a.exr", Picture.of(ramp), options)
    assert header_of(tmp_path / "a.exr")[1]["compression"][1] == compression.split(":")[0]
    assert np.allclose(read_picture(tmp_path / "a.exr").pixels, ramp, atol=0.02)


def test_layers_are_parts_with_names(tmp_path):
    layers = []
    for k, name in enumerate(("layer 0", "Vordergrund ü")):
        window = Window(-5 * k, 2, 20, 30)
        pixels = random_codes("float16", (28, 20 + 5 * k, 4), k).astype(np.float32)
        notes = {"codef/layer": k}
        layers.append((name, Picture(pixels, Window(0, 0, 40, 30), window, metadata=notes)))
    write_parts(tmp_path / "canonical.exr", layers)
    back = read_parts(tmp_path / "canonical.exr")
    assert [name for name, _ in back] == [name for name, _ in layers]
    for (_, got), (_, want) in zip(back, layers, strict=True):
        assert same_bits(got.pixels, want.pixels)
        assert (got.display, got.data) == (want.display, want.data)
        assert got.metadata["codef/layer"] == want.metadata["codef/layer"]
    with pytest.raises(UsageError, match="one name"):
        write_parts(tmp_path / "x.exr", [layers[0], layers[0]])


def test_other_parts_keep_their_own_windows(tmp_path):
    layers = []
    for k in range(3):
        pixels = random_codes("float16", (20 + k, 10 + k, 4), k).astype(np.float32)
        window = Window(k, -k, 10 + 2 * k, 20)
        layers.append((f"layer{k}", Picture(pixels, Window(0, 0, 40, 30), window)))
    write_parts(tmp_path / "a.exr", layers)
    write_picture(tmp_path / "b.exr", read_picture(tmp_path / "a.exr"))
    for (name, got), (wanted, want) in zip(read_parts(tmp_path / "b.exr"), layers, strict=True):
        assert name == wanted and got.data == want.data
        assert same_bits(got.pixels, want.pixels)


def test_data_is_written_as_lossless_float_with_windows(tmp_path):
    array = random_codes("float32", (20, 30, 4))
    display, data = Window(0, 0, 40, 40), Window(-3, -4, 27, 16)
    write_arrays(
        tmp_path / "st.exr",
        array,
        ("R", "G", "B", "A"),
        display=display,
        data=data,
        metadata={"codef/convention": "x right, y up"},
    )
    picture = read_picture(tmp_path / "st.exr", colour_space="raw")
    assert same_bits(picture.native.codes, array)
    assert (picture.display, picture.data) == (display, data)
    assert picture.metadata["codef/convention"] == "x right, y up"
    assert header_of(tmp_path / "st.exr")[1]["compression"][1] == "zip"


@pytest.mark.parametrize("kind", ["exr", "png", "tif", "jpg"])
def test_header_values_are_plain_and_name_no_user(tmp_path, kind):
    notes = {"codef/layer": 2, "codef/canvas": (0, 0, 64, 48), "codef/scale": np.float32(1.5)}
    picture = Picture.of(np.zeros((4, 4, 3), np.float32), metadata={**notes, "shot": "ü 12"})
    path = tmp_path / f"a.{kind}"
    write_picture(path, picture)
    data = path.read_bytes().lower()
    assert str(tmp_path).lower().encode() not in data and b"part" not in data
    if kind == "png":
        kept = read_picture(path).metadata
        assert kept["codef/layer"] == 2 and kept["codef/canvas"] == (0, 0, 64, 48)
    if kind == "exr":
        kept = read_picture(path).metadata
        assert kept["codef/layer"] == 2 and kept["shot"] == "ü 12"
        assert tuple(kept["codef/canvas"]) == (0, 0, 64, 48) and kept["codef/scale"] == 1.5


@pytest.mark.parametrize("turn", range(1, 9))
def test_orientation_is_applied_to_the_codes(tmp_path, turn):
    upright = random_codes("uint8", (6, 9, 3))
    # Appendix of EXIF: what the stored row 0 and column 0 are.
    stored = {
        1: upright,
        2: upright[:, ::-1],
        3: upright[::-1, ::-1],
        4: upright[::-1],
        5: upright.swapaxes(0, 1),
        6: np.rot90(upright, 1),
        7: upright[::-1, ::-1].swapaxes(0, 1),
        8: np.rot90(upright, -1),
    }[turn]
    path = make(tmp_path / "a.tif", np.ascontiguousarray(stored), Orientation=turn)
    assert np.array_equal(read_picture(path).native.codes, upright)


@pytest.mark.parametrize("kind", ["exr", "jpg", "png", "tif", "dpx"])
@pytest.mark.parametrize("share", [0.0, 0.02, 0.6, 0.97])
def test_truncated_and_empty_files_are_named(tmp_path, kind, share):
    path = tmp_path / f"shot é.0007.{kind}"
    smooth = np.cumsum(np.random.default_rng(5).integers(0, 3, (120, 160, 3)), 1) % 250
    codes = smooth.astype(np.uint8)
    make(path, (codes / 255).astype(np.float16) if kind == "exr" else codes)
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    with pytest.raises(InputError) as told:
        read_picture(path, frame=7)
    error = told.value
    assert str(path) in str(error) and error.frame == 7 and error.file == str(path)
    assert "\n" not in str(error) and str(error).endswith(".")
    assert ("(0 bytes)" in str(error)) == (share == 0)


def test_garbage_folders_and_absent_files_are_named(tmp_path):
    (tmp_path / "a.exr").write_bytes(os.urandom(5000))
    for path in (tmp_path / "a.exr", tmp_path / "none.png", tmp_path):
        with pytest.raises(InputError) as told:
            read_picture(path)
        assert str(path) in str(told.value)


def test_pictures_beyond_all_reason_are_refused(tmp_path):
    wide = make(tmp_path / "a.png", np.zeros((1, 40000, 3), np.uint8))
    with pytest.raises(InputError, match="32768"):
        read_picture(wide)
    deep = make(tmp_path / "b.exr", np.zeros((2, 2, 300), np.float16))
    with pytest.raises(InputError, match="256 channels"):
        read_picture(deep)


def test_wrong_options_are_told_before_anything_is_written(tmp_path):
    picture = Picture.of(np.zeros((4, 4, 3), np.float32))
    wrong = [
        ("a.webm", WriteOptions()),
        ("a.exr", WriteOptions(compression="lzw")),
        ("a.exr", WriteOptions(bits=8)),
        ("a.png", WriteOptions(bits=32)),
        ("a.png", WriteOptions(colour_space="my space")),
    ]
    for name, options in wrong:
        with pytest.raises(UsageError):
            write_picture(tmp_path / "sub" / name, picture, options)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("kind", ["exr", "png", "tif", "jpg", "dpx"])
def test_a_place_below_a_regular_file_cannot_be_written(tmp_path, kind):
    (tmp_path / "file").write_text("x")
    picture = Picture.of(np.zeros((4, 4, 3), np.float32))
    for options in (WriteOptions(), WriteOptions(create_folders=False)):
        with pytest.raises(WriteError, match="file"):
            write_picture(tmp_path / "file" / f"a.{kind}", picture, options)


FULL = """
import resource, signal, sys
import numpy as np
from engine.errors import WriteError
from engine.io.movie import write_movie
from engine.io.picture import Picture
from engine.io.write import write_picture

path = sys.argv[1]
noise = np.random.default_rng(0).random((240, 320, 3), np.float32)
write_picture(path + ".warm.png", Picture.of(noise[:4, :4]))
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (20000, 20000))
try:
    if path.endswith("mp4"):
        write_movie(path, ((noise * 255).astype(np.uint8) for _ in range(5)))
    else:
        write_picture(path, Picture.of(noise))
except WriteError as error:
    print(error)
    sys.exit(error.code)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="needs a limit on file sizes")
@pytest.mark.parametrize("kind", ["exr", "png", "tif", "jpg", "dpx", "mp4"])
def test_a_disk_that_fills_up_leaves_nothing_behind(tmp_path, kind):
    path = tmp_path / f"a.{kind}"
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(FULL), str(path)], capture_output=True, text=True
    )
    assert done.returncode == 3, done
    assert f"a.{kind}" in done.stdout and done.stdout.count("\n") == 1
    assert [p.name for p in tmp_path.iterdir()] == [f"a.{kind}.warm.png"]


KILLED = """
import sys
import numpy as np
from engine.io.picture import Picture
from engine.io.write import write_picture

noise = np.random.default_rng(0).random((600, 800, 3), np.float32)
print("ready", flush=True)
for i in range(100000):
    write_picture(sys.argv[1] + f"/out.{i % 3:04d}.exr", Picture.of(noise))
    print(i, flush=True)
"""


def test_a_killed_writer_leaves_no_incomplete_file(tmp_path):
    from engine.io.atomic import clean_parts

    seen_part = False
    for wait in itertools.count():
        writer = subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(KILLED), str(tmp_path)],
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(2 + wait % 3):
            writer.stdout.readline()
        while not list(tmp_path.glob(".*part*")) and writer.poll() is None:
            pass
        writer.kill()
        writer.wait()
        writer.stdout.close()
        seen_part = seen_part or bool(list(tmp_path.glob(".*part*")))
        for path in tmp_path.glob("out.*.exr"):
            assert np.isfinite(read_picture(path).pixels).all()
        if seen_part or wait > 8:
            break
    assert seen_part
    clean_parts(tmp_path)
    assert not list(tmp_path.glob(".*"))
