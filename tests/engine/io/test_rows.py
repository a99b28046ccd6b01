"""Pictures of which only the rows are decoded that somebody looks at."""

import os
from dataclasses import replace

import numpy as np
import pytest

from engine.errors import InputError
from engine.io.clip import open_clip
from engine.io.picture import Picture, Window
from engine.io.read import Opened, read_picture
from engine.io.rows import read_rows
from engine.io.write import WriteOptions, write_parts, write_picture

HEIGHT, WIDTH = 70, 53
PACKS = {"none": 1, "zips": 1, "zip": 16, "piz": 32, "b44": 32}


def source(path, compression="zips", channels=3, bits=16):
    rng = np.random.default_rng(2)
    pixels = rng.random((HEIGHT, WIDTH, channels)).astype(np.float32)
    window = Window(-4, 11, -4 + WIDTH, 11 + HEIGHT)
    shot = Picture(pixels, Window(0, 0, 60, 90), window, 1.5, metadata={"Artist": "me"})
    write_picture(path, shot, WriteOptions(compression=compression, bits=bits))
    return path


@pytest.fixture
def decoded(monkeypatch):
    """Runs of rows that are decoded."""
    runs = []
    real = Opened.scanlines

    def watched(self, first, last):
        runs.append((first, last))
        return real(self, first, last)

    monkeypatch.setattr(Opened, "scanlines", watched)
    return runs


@pytest.mark.parametrize("compression", PACKS)
@pytest.mark.parametrize(("channels", "bits"), [(3, 16), (4, 32)])
def test_only_what_is_asked_for_is_decoded(tmp_path, decoded, compression, channels, bits):
    path = source(tmp_path / "a.exr", compression, channels, bits)
    whole = read_picture(path)
    part = read_rows(path)
    assert decoded == [] and part.pixels.shape == whole.pixels.shape
    part.need(20, 23)
    size = PACKS[compression]
    first, last = 20 // size * size, min(-(-23 // size) * size, HEIGHT)
    assert decoded == [(first, last)]
    np.testing.assert_array_equal(part.pixels[first:last], whole.pixels[first:last])
    assert not part.pixels[:first].any() and not part.pixels[last:].any()
    part.need(first, last)
    assert decoded == [(first, last)]
    np.testing.assert_array_equal(part.whole().pixels, whole.pixels)
    np.testing.assert_array_equal(part.native.codes, whole.native.codes)
    assert part.metadata == whole.metadata and part.native.metadata == whole.native.metadata
    assert (part.display, part.data, part.pixel_aspect, part.native.space, part.native.bits) == (
        whole.display, whole.data, whole.pixel_aspect, whole.native.space, whole.native.bits,
    )  # fmt: skip


def test_every_few_rows_and_rows_that_were_asked_for_before(tmp_path, decoded):
    path = source(tmp_path / "a.exr")
    part = read_rows(path)
    part.need(10, 20, 3)
    assert decoded == [(10, 11), (13, 14), (16, 17), (19, 20)]
    ahead = read_rows(path, ahead=part.rows.asked)
    assert decoded[4:] == decoded[:4] and not ahead.rows.asked.any()
    ahead.need(10, 20, 3)
    assert len(decoded) == 8


def test_a_copy_holds_the_rows_that_are_written_to_and_the_original_stays(tmp_path):
    path = source(tmp_path / "a.exr")
    whole, part = read_picture(path), read_rows(path)
    own = part.writable(30, 33)
    own.pixels[31] = 7
    np.testing.assert_array_equal(part.pixels[30:33], whole.pixels[30:33])
    expected = whole.pixels.copy()
    expected[31] = 7
    np.testing.assert_array_equal(own.whole().pixels, expected)


@pytest.mark.parametrize("compression", ["zips", "zip"])
def test_an_edited_part_is_written_like_the_edited_whole(tmp_path, compression):
    path = source(tmp_path / "a.exr", compression)
    written = []
    for name, picture in (("whole", read_picture(path)), ("part", read_rows(path))):
        own = picture.writable(20, 29)
        own.pixels[20:29, 5:15] *= 0.5
        changed = np.zeros((HEIGHT, WIDTH), np.bool_)
        changed[20:29, 5:15] = True
        for kind in ("exr", "png"):
            target = tmp_path / f"{name}.{kind}"
            options = WriteOptions(compression=compression)
            write_picture(target, replace(own, changed=changed), options)
            written.append(read_picture(target).native.codes)
    np.testing.assert_array_equal(written[0], written[2])
    np.testing.assert_array_equal(written[1], written[3])


def test_another_packing_is_written_whole(tmp_path):
    part = read_rows(source(tmp_path / "a.exr", "zips"))
    write_picture(tmp_path / "b.exr", part, WriteOptions(compression="piz"))
    np.testing.assert_array_equal(
        read_picture(tmp_path / "b.exr").native.codes, read_picture(tmp_path / "a.exr").native.codes
    )


def test_files_that_are_no_plain_scanlines_are_read_whole(tmp_path):
    shot = read_picture(source(tmp_path / "a.exr"))
    write_picture(tmp_path / "a.tif", shot)
    plain = replace(shot, native=None)
    write_parts(tmp_path / "two.exr", [("a", plain), ("b", plain)])
    for name in ("a.tif", "two.exr"):
        picture = read_rows(tmp_path / name)
        assert picture.rows is None
        np.testing.assert_array_equal(picture.pixels, read_picture(tmp_path / name).pixels)


def test_a_file_that_was_written_to_meanwhile_is_named(tmp_path):
    path = source(tmp_path / "a.exr")
    part = read_rows(path)
    os.utime(path, ns=(1, 1))
    with pytest.raises(InputError, match=r"a\.exr: the file was written to while it was read"):
        part.need(0, 5)


def test_a_clip_gives_its_frames_in_part(tmp_path, decoded):
    for n in (1, 2):
        source(tmp_path / f"s.{n:04d}.exr")
    clip = open_clip(tmp_path / "s.%04d.exr")
    decoded.clear()
    picture = clip.read_rows(2)
    assert picture.rows is not None and not decoded
