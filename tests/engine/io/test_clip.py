import os
import shutil

import numpy as np
import OpenImageIO
import pytest

from engine.errors import InputError, MissingFrameError, UsageError
from engine.io.clip import open_clip, read_frame, source_frame
from engine.io.picture import Picture, Window
from engine.io.sequence import fill_pattern, has_pattern
from engine.io.write import WriteOptions, write_picture


def save(path, value=0.5, size=(12, 16), **fields):
    picture = Picture.of(np.full((*size, 3), value, np.float32), **fields)
    bits = 8 if path.suffix in (".png", ".jpg") else None
    write_picture(path, picture, WriteOptions(bits=bits))
    return path


def sequence(folder, numbers, name="shot.%04d.png"):
    for number in numbers:
        save(folder / (name % number), value=(number % 50) / 50)
    return folder


@pytest.mark.parametrize(
    "name", ["shot.%04d.png", "%d.png", "shot_v002_%05d.png", "schön, 1 ß %03d.png", "a%04d_l.png"]
)
def test_folder_pattern_and_single_frame_give_the_same_clip(tmp_path, name):
    folder = tmp_path / "mit Leerzeichen é"
    sequence(folder, range(7, 12), name)
    hashes = name.replace("%04d", "####").replace("%03d", "###").replace("%05d", "#####")
    for spec in (folder, folder / name, folder / hashes.replace("%d", "#"), folder / (name % 9)):
        clip = open_clip(spec)
        assert clip.frames == (7, 8, 9, 10, 11), spec
        assert clip.kind == "sequence" and clip.missing == ()
        assert clip.path(9) == folder / (name % 9)
        assert (clip.width, clip.height, clip.bits, clip.pixel_aspect) == (16, 12, 8, 1.0)
        assert clip.colour_space == "sRGB Encoded Rec.709 (sRGB)"
        codes = clip.read(9).native.codes
        assert codes.shape == (12, 16, 3) and len(np.unique(codes)) == 1


@pytest.mark.parametrize("name", ["shot.-0003.png", "shot_-3.png", "-0003.png", "shot -3.png"])
def test_negative_frames(tmp_path, name):
    save(tmp_path / name)
    save(tmp_path / name.replace("-0003", "0002").replace("-3", "2"))
    assert open_clip(tmp_path).frames == (-3, 2)


def test_a_hyphen_between_words_is_no_sign(tmp_path):
    sequence(tmp_path, (3, 4), "shot-%04d.png")
    assert open_clip(tmp_path).frames == (3, 4)


@pytest.mark.parametrize("frame", [-12, -3, 0, 7, 1001, 123456])
@pytest.mark.parametrize("pattern", ["a.%04d.png", "a.####.png", "a_%d.png", "a_#.png", "%03d.png"])
def test_written_names_are_found_again(tmp_path, pattern, frame):
    path = fill_pattern(str(tmp_path / pattern), frame)
    save(path)
    assert open_clip(tmp_path / pattern).frames == (frame,)
    assert open_clip(tmp_path).frames == (frame,)


def test_patterns_are_told_from_plain_names():
    assert fill_pattern("out.%04d.exr", 12).name == "out.0012.exr"
    assert fill_pattern("out.####.exr", -3).name == "out.-0003.exr"
    assert has_pattern("a.####.exr") and not has_pattern("a.0012.exr")
    assert not has_pattern("50%.exr")
    with pytest.raises(UsageError, match="out"):
        fill_pattern("out.exr", 1)


def test_what_is_no_picture_is_ignored(tmp_path):
    sequence(tmp_path, (1, 2))
    save(tmp_path / ".hidden.0001.png")
    for name in ("notes.txt", "points.json", "shot.0003.png.part", ".DS_Store", "Thumbs.db"):
        (tmp_path / name).write_text("x")
    (tmp_path / "shot.0004.png").mkdir()
    assert open_clip(tmp_path).frames == (1, 2)


def test_unnumbered_files_start_at_first(tmp_path):
    for name in ("b.png", "a.png", "c.png"):
        save(tmp_path / name)
    clip = open_clip(tmp_path, first=10)
    assert [clip.path(frame).name for frame in clip.frames] == ["a.png", "b.png", "c.png"]
    assert clip.frames == (10, 11, 12)
    assert open_clip(tmp_path / "b.png").frames == (0,)
    assert open_clip(tmp_path / "b.png", first=5).frames == (5,)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("shot.0001.png", "back.0001.png"),
        ("shot.0001.png", "shot.0001.jpg"),
        ("a1_left.png", "a1_right.png"),
        ("shot.0001.png", "poster.png"),
    ],
)
def test_two_sequences_in_a_folder_are_both_named(tmp_path, one, other):
    save(tmp_path / one)
    save(tmp_path / other)
    with pytest.raises(InputError) as told:
        open_clip(tmp_path)
    for name in (one, other):
        assert name.replace("0001", "%04d").replace("a1", "a%d") in str(told.value)
    assert open_clip(tmp_path / one).frames in ((1,), (0,))


def test_two_files_of_one_number_are_both_named(tmp_path):
    save(tmp_path / "shot.1.png")
    save(tmp_path / "shot.01.png")
    for spec in (tmp_path, tmp_path / "shot.%d.png"):
        with pytest.raises(InputError, match=r"shot\.01\.png and shot\.1\.png"):
            open_clip(spec)


@pytest.mark.parametrize("spec", ["none", "none.png", "none.%04d.png", "none/a.%04d.png", "empty"])
def test_absent_and_empty_places_are_named(tmp_path, spec):
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match=spec.split("/")[0].replace("%", "%")) as told:
        open_clip(tmp_path / spec)
    assert told.value.code == 3 and told.value.file


def test_gaps_are_known_and_a_missing_frame_is_named(tmp_path):
    clip = open_clip(sequence(tmp_path, (1001, 1002, 1004)))
    assert clip.missing == (1003,)
    for action in (clip.read, clip.path, clip.identity):
        with pytest.raises(MissingFrameError, match="1003") as told:
            action(1003)
        assert told.value.frame == 1003 and "1001-1004, missing 1003" in str(told.value)


def test_stand_ins_for_missing_frames_say_so(tmp_path):
    clip = open_clip(sequence(tmp_path, (10, 11, 14)))
    sources = {
        "hold": {9: 10, 12: 11, 13: 11, 20: 14},
        "nearest": {9: 10, 12: 11, 13: 14, 20: 14},
        "black": {9: None, 12: None, 13: None, 20: None},
    }
    for policy, wanted in sources.items():
        assert {frame: source_frame(clip, frame, policy) for frame in wanted} == wanted
        assert source_frame(clip, 11, policy) == 11
        assert "codef/made_up" not in read_frame(clip, 11, policy).metadata
        picture = read_frame(clip, 13, policy)
        assert picture.metadata["codef/made_up"] is True
        assert (picture.display, picture.data) == (clip.display, clip.data)
        if wanted[13] is not None:
            assert np.array_equal(picture.pixels, clip.read(wanted[13]).pixels)
        else:
            assert not picture.pixels.any()
    with pytest.raises(MissingFrameError):
        read_frame(clip, 13)
    with pytest.raises(UsageError):
        read_frame(clip, 13, "guess")


def test_frames_of_two_sizes_are_both_named(tmp_path):
    sequence(tmp_path, (1, 2, 3))
    save(tmp_path / "shot.0002.png", size=(12, 18))
    with pytest.raises(InputError) as told:
        open_clip(tmp_path)
    for part in ("shot.0001.png", "shot.0002.png", "16x12", "18x12"):
        assert part in str(told.value)


def test_a_size_that_changes_after_opening_is_found_when_read(tmp_path):
    clip = open_clip(sequence(tmp_path, (1, 2)))
    save(tmp_path / "shot.0002.png", size=(14, 16))
    with pytest.raises(InputError, match="16x14"):
        clip.read(2)


def test_data_windows_may_differ_between_frames(tmp_path):
    for frame in (1, 2):
        pixels = np.ones((6, 4 + frame, 3), np.float32)
        window = Window(-1, -1, 3 + frame, 5)
        write_picture(tmp_path / f"a.{frame}.exr", Picture(pixels, Window(0, 0, 8, 8), window))
    clip = open_clip(tmp_path)
    assert (clip.width, clip.height) == (8, 8)
    assert clip.read(2).data.width == 6


def test_a_damaged_frame_fails_alone_and_by_name(tmp_path):
    sequence(tmp_path, (1, 2, 3))
    (tmp_path / "shot.0001.png").write_bytes(b"")
    data = (tmp_path / "shot.0002.png").read_bytes()
    (tmp_path / "shot.0002.png").write_bytes(data[: len(data) // 2])
    clip = open_clip(tmp_path)
    assert clip.read(3).pixels.shape == (12, 16, 3)
    for frame in (1, 2):
        with pytest.raises(InputError, match=f"000{frame}") as told:
            clip.read(frame)
        assert told.value.frame == frame
    (tmp_path / "shot.0003.png").write_bytes(b"")
    with pytest.raises(InputError, match="0001"):
        open_clip(tmp_path)


def test_identity_follows_the_file_and_not_the_folder(tmp_path):
    clip = open_clip(sequence(tmp_path / "one", (1, 2)))
    assert clip.identity(1) != clip.identity(2)
    before = clip.identity(1)
    shutil.copytree(tmp_path / "one", tmp_path / "two")
    assert open_clip(tmp_path / "two").identity(1) == before
    state = clip.path(1).stat()
    save(tmp_path / "one" / "shot.0001.png", value=0.9)
    os.utime(clip.path(1), ns=(state.st_atime_ns, state.st_mtime_ns))
    assert clip.identity(1) != before


def test_repeated_frames_are_told(tmp_path):
    sequence(tmp_path, (1, 2, 3))
    shutil.copy(tmp_path / "shot.0002.png", tmp_path / "shot.0003.png")
    assert any("frame 3 repeats" in line for line in open_clip(tmp_path).warnings)


def test_the_colour_space_can_be_chosen(tmp_path):
    sequence(tmp_path, (25,))
    raw = open_clip(tmp_path, colour_space="raw")
    codes = raw.read(25).native.codes
    assert raw.colour_space == "raw"
    assert np.array_equal(raw.read(25).pixels, codes / np.float32(255))
    assert np.allclose(open_clip(tmp_path).read(25).pixels, 0.5, atol=5e-3)
    aces = open_clip(tmp_path, working="ACEScg")
    assert aces.read(25).native.space == "sRGB Encoded Rec.709 (sRGB)"
    assert open_clip(tmp_path, colour_space="srgb_tx").colour_space == aces.colour_space
    with pytest.raises(UsageError, match="close"):
        open_clip(tmp_path, colour_space="sRGB Encodedd")


def test_frame_rate_and_aspect_come_from_the_header(tmp_path):
    save(tmp_path / "a.1.exr", metadata={"FramesPerSecond": (24000, 1001)}, pixel_aspect=2.0)
    clip = open_clip(tmp_path)
    assert clip.fps == pytest.approx(23.976, abs=1e-3) and clip.pixel_aspect == 2.0


def test_a_log_dpx_says_how_it_was_taken(tmp_path):
    spec = OpenImageIO.ImageSpec(8, 8, 3, "uint16")
    spec.attribute("oiio:BitsPerSample", 10)
    spec.attribute("dpx:Transfer", "Logarithmic")
    output = OpenImageIO.ImageOutput.create(str(tmp_path / "a.1.dpx"))
    assert output.open(str(tmp_path / "a.1.dpx"), spec)
    assert output.write_image(np.zeros((8, 8, 3), np.uint16)) and output.close()
    clip = open_clip(tmp_path)
    assert clip.colour_space == "ADX10" and clip.bits == 10
    assert "ADX10" in clip.warnings[0]
