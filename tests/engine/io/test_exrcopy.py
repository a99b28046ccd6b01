"""EXR files of which some rows change: the others are the source's, byte for byte."""

import os
from dataclasses import replace

import numpy as np
import OpenImageIO
import pytest

from engine.io import exrcopy, output
from engine.io.picture import Picture, Window
from engine.io.read import read_picture
from engine.io.write import WriteOptions, write_picture

HEIGHT, WIDTH = 70, 53
ROWS = {"none": 1, "rle": 1, "zips": 1, "zip": 16, "piz": 32}


@pytest.fixture
def packed(monkeypatch):
    """Heights of the pictures that OpenImageIO packs."""
    heights = []
    real = output._write_oiio

    def watched(part_path, kind, parts, path):
        heights.append(parts[0].codes.shape[0])
        real(part_path, kind, parts, path)

    monkeypatch.setattr(output, "_write_oiio", watched)
    return heights


def _source(path, compression="zips", channels=3, bits=16):
    rng = np.random.default_rng(2)
    pixels = rng.random((HEIGHT, WIDTH, channels)).astype(np.float32)
    window = Window(-4, 11, -4 + WIDTH, 11 + HEIGHT)
    shot = Picture(pixels, Window(0, 0, 60, 90), window, 1.5, metadata={"Artist": "me"})
    write_picture(path, shot, WriteOptions(compression=compression, bits=bits))
    return read_picture(path)


def _edited(shot, rows=slice(20, 29)):
    pixels = shot.pixels.copy()
    changed = np.zeros(pixels.shape[:2], np.bool_)
    changed[rows, 5:15] = True
    pixels[changed] *= 0.5
    return replace(shot, pixels=pixels, changed=changed)


def _header(path):
    spec = OpenImageIO.ImageInput.open(str(path)).spec()
    return {a.name: a.value for a in spec.extra_attribs if a.name != "DateTime"} | {
        "roi": (spec.x, spec.y, spec.width, spec.height, spec.full_x, spec.full_width),
        "channels": spec.channelnames,
    }


def _rows(path):
    content = path.read_bytes()
    layout = exrcopy.layout_of(content)
    top, rows = layout.data.y0, layout.rows
    sizes = [exrcopy._chunk(content, at, top + n * rows) for n, at in enumerate(layout.offsets)]
    return layout, [content[at : at + size] for at, size in zip(layout.offsets, sizes, strict=True)]


@pytest.mark.parametrize("compression", ROWS)
@pytest.mark.parametrize(("channels", "bits"), [(3, 16), (4, 16), (3, 32)])
def test_only_the_chunks_of_changed_rows_are_packed(tmp_path, packed, compression, channels, bits):
    shot = _source(tmp_path / "a.exr", compression, channels, bits)
    edited, options = _edited(shot), WriteOptions(compression=compression)
    packed.clear()
    write_picture(tmp_path / "fast.exr", edited, options)
    size = ROWS[compression]
    expected = min(-(-29 // size) * size, HEIGHT) - 20 // size * size
    assert packed[0] == (expected if expected <= 0.7 * HEIGHT else HEIGHT)
    whole = replace(edited, native=replace(edited.native, file=None))
    write_picture(tmp_path / "whole.exr", whole, options)
    fast, plain = read_picture(tmp_path / "fast.exr"), read_picture(tmp_path / "whole.exr")
    np.testing.assert_array_equal(fast.native.codes, plain.native.codes)
    assert (fast.data, fast.display, fast.pixel_aspect) == (
        plain.data, plain.display, plain.pixel_aspect,
    )  # fmt: skip
    assert _header(tmp_path / "fast.exr") == _header(tmp_path / "whole.exr")
    (layout, new), (_, old) = _rows(tmp_path / "fast.exr"), _rows(tmp_path / "a.exr")
    first, last = 20 // layout.rows, -(-29 // layout.rows)
    assert new[:first] == old[:first] and new[last:] == old[last:]
    assert new[first:last] != old[first:last]


def test_a_frame_that_nothing_reached_is_copied(tmp_path, packed):
    shot = _source(tmp_path / "a.exr")
    packed.clear()
    write_picture(tmp_path / "b.exr", shot)
    assert packed == [1]
    assert _rows(tmp_path / "b.exr")[1] == _rows(tmp_path / "a.exr")[1]


@pytest.mark.parametrize("rows", [slice(0, 3), slice(HEIGHT - 2, HEIGHT)])
def test_edits_at_the_rim(tmp_path, rows):
    shot = _source(tmp_path / "a.exr", "zip")
    edited = _edited(shot, rows)
    write_picture(tmp_path / "b.exr", edited, WriteOptions(compression="zip"))
    again = read_picture(tmp_path / "b.exr")
    np.testing.assert_array_equal(again.pixels[~edited.changed], shot.pixels[~edited.changed])
    np.testing.assert_allclose(again.pixels, edited.pixels, rtol=1e-3)


def _touched(path, shot):
    os.utime(path, ns=(1, 1))
    return shot


def _gone(path, shot):
    path.unlink()
    return shot


def _over(path, shot):
    content = bytearray(path.read_bytes())
    content[5] ^= 0x02  # says that it is tiled
    path.write_bytes(content)
    stamp = exrcopy.FileStamp.of(path)
    return replace(shot, native=replace(shot.native, file=stamp))


@pytest.mark.parametrize("spoil", [_touched, _gone, _over])
def test_a_source_that_is_no_longer_what_was_read_is_not_copied(tmp_path, packed, spoil):
    shot = spoil(tmp_path / "a.exr", _source(tmp_path / "a.exr"))
    packed.clear()
    write_picture(tmp_path / "b.exr", _edited(shot))
    assert packed == [HEIGHT]
    np.testing.assert_array_equal(
        read_picture(tmp_path / "b.exr").native.codes[40:], shot.native.codes[40:]
    )


@pytest.mark.parametrize(
    "options",
    [WriteOptions(compression="piz"), WriteOptions(bits=32), WriteOptions(colour_space="ACEScg")],
)
def test_another_packing_depth_or_space_is_written_whole(tmp_path, packed, options):
    shot = _source(tmp_path / "a.exr")
    packed.clear()
    write_picture(tmp_path / "b.exr", _edited(shot), options)
    assert packed == [HEIGHT]


def test_a_frame_may_be_written_over_itself(tmp_path):
    shot = _source(tmp_path / "a.exr")
    edited = _edited(shot)
    write_picture(tmp_path / "a.exr", edited)
    np.testing.assert_allclose(read_picture(tmp_path / "a.exr").pixels, edited.pixels, rtol=1e-3)


@pytest.mark.parametrize("cut", [0, 3, 8, 40, 300, 700])
def test_damaged_headers_have_no_layout(tmp_path, cut):
    _source(tmp_path / "a.exr")
    assert exrcopy.layout_of((tmp_path / "a.exr").read_bytes()[:cut]) is None
