from fractions import Fraction

import av
import numpy as np
import pytest

from engine.errors import InputError, MissingFrameError, UsageError, WriteError
from engine.io import movie as movies
from engine.io.clip import open_clip
from engine.io.movie import write_movie

SIZE = (48, 64)


def numbered(count, deep=False, size=SIZE):
    """Frames whose grey tells which one they are."""
    dtype, step = (np.uint16, 700) if deep else (np.uint8, 4)
    for index in range(count):
        frame = np.zeros((*size, 3), dtype)
        frame[:] = 20 * (256 if deep else 1) + index * step
        yield frame


def encode(path, codec, pixels, frames, form="rgb24", rate=24, options=None, tags=(), times=None):
    with av.open(str(path), "w") as container:
        stream = None
        for index, array in enumerate(frames):
            if stream is None:
                stream = container.add_stream(codec, rate=rate)
                stream.height, stream.width = array.shape[:2]
                stream.pix_fmt, stream.options = pixels, options or {}
                for name, value in dict(tags).items():
                    setattr(stream.codec_context, name, value)
            frame = av.VideoFrame.from_ndarray(array, format=form)
            if times is not None:
                frame.pts, frame.time_base = times[index], Fraction(1, rate)
            for packet in stream.encode(frame):
                container.mux(packet)
        for packet in stream.encode(None):
            container.mux(packet)
    return path


KINDS = [
    ("a.mp4", "libx264", "yuv420p", {"g": "10", "bf": "3", "crf": "10"}, 8),
    ("a.mov", "libx264", "yuv420p", {"g": "250", "bf": "2", "crf": "10"}, 8),
    ("a.mkv", "libx264", "yuv420p", {"g": "7", "crf": "10"}, 8),
    ("a.mov", "prores_ks", "yuv422p10le", {"profile": "3"}, 10),
    ("a.avi", "mjpeg", "yuvj420p", {"q:v": "2"}, 8),
    ("a.mkv", "ffv1", "bgr0", {}, 8),
]


@pytest.mark.parametrize(("name", "codec", "pixels", "options", "bits"), KINDS)
def test_frames_are_exact_in_order_and_at_random(tmp_path, name, codec, pixels, options, bits):
    path = encode(tmp_path / name, codec, pixels, numbered(40), options=options)
    clip = open_clip(path, first=100)
    assert clip.kind == "movie" and clip.frames == tuple(range(100, 140))
    assert (clip.width, clip.height, clip.fps) == (64, 48, 24.0)
    assert clip.path(100) == path and clip.colour_space == "sRGB Encoded Rec.709 (sRGB)"
    order = [*range(40), 39, 0, 17, 16, 18, 5, 38, 1, 30, 31, 29]
    for index in order:
        native = clip.read(100 + index).native
        scale = 257 if bits > 8 else 1
        assert abs(native.codes.mean() / scale - (20 + 4 * index)) < 1.9, index
        assert native.codes.dtype == (np.uint16 if bits > 8 else np.uint8)
    assert clip.warnings == []


def test_reading_in_order_decodes_each_frame_once(tmp_path, monkeypatch):
    path = encode(tmp_path / "a.mp4", "libx264", "yuv420p", numbered(40), options={"g": "250"})
    clip = open_clip(path)
    starts = []
    start = movies.MovieClip._start

    def counted(self, *arguments):
        starts.append(arguments[0])
        start(self, *arguments)

    monkeypatch.setattr(movies.MovieClip, "_start", counted)
    for frame in clip.frames:
        clip.read(frame)
        clip.read(max(frame - 1, 0))
    assert starts == []


def test_lossless_deep_movies_keep_their_codes(tmp_path):
    rng = np.random.default_rng(0)
    frames = [rng.integers(0, 65536, (*SIZE, 3), np.uint16) for _ in range(3)]
    path = encode(tmp_path / "a.mkv", "ffv1", "gbrp16le", frames, "rgb48le")
    clip = open_clip(path)
    assert clip.bits == 16
    assert all(np.array_equal(clip.read(i).native.codes, frames[i]) for i in range(3))


def test_prores_4444_keeps_its_alpha(tmp_path):
    frame = np.full((*SIZE, 4), 30000, np.uint16)
    frame[:, :32, 3], frame[:, 32:, 3] = 65535, 16384
    path = encode(
        tmp_path / "a.mov",
        "prores_ks",
        "yuva444p10le",
        [frame] * 2,
        "rgba64le",
        options={"profile": "4"},
    )
    picture = open_clip(path).read(1)
    assert picture.native.channels == ("R", "G", "B", "A")
    assert abs(picture.alpha[:, :24].mean() - 1) < 2e-3
    assert abs(picture.alpha[:, 40:].mean() - 0.25) < 2e-3
    straight = picture.rgb[:, :24].mean()
    assert picture.rgb[:, 40:].mean() == pytest.approx(straight / 4, rel=0.02)


MATRICES = {"bt709": (1, 0.2126, 0.0722), "bt601": (5, 0.299, 0.114), "bt2020": (9, 0.2627, 0.0593)}


@pytest.mark.parametrize("matrix", MATRICES)
@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize("depth", [8, 10])
def test_yuv_becomes_rgb_by_the_matrix_and_range_of_the_stream(tmp_path, matrix, full, depth):
    tag, kr, kb = MATRICES[matrix]
    rng = np.random.default_rng(4)
    top = (1 << depth) - 1
    unit = 1 << (depth - 8)
    y, u, v = (
        np.kron(rng.integers(90, 160, (6, 8)), np.ones((8, 8), int)) * unit for _ in range(3)
    )
    kind = np.uint8 if depth == 8 else np.uint16
    form = "yuv444p" if depth == 8 else "yuv444p10le"
    planes = np.stack([y, u, v]).astype(kind)
    path = tmp_path / "a.mkv"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("ffv1", rate=24)
        stream.height, stream.width, stream.pix_fmt = *SIZE, form
        stream.codec_context.colorspace = tag
        stream.codec_context.color_range = 2 if full else 1
        frame = av.VideoFrame(SIZE[1], SIZE[0], form)
        for plane, values in zip(frame.planes, planes, strict=True):
            padded = np.zeros((SIZE[0], plane.line_size // kind().itemsize), kind)
            padded[:, : SIZE[1]] = values
            plane.update(padded.tobytes())
        frame.colorspace, frame.color_range = tag, 2 if full else 1
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            container.mux(packet)
    if full:
        luma, cb, cr = y / top, (u - 128 * unit) / top, (v - 128 * unit) / top
    else:
        luma = (y - 16 * unit) / (219 * unit)
        cb, cr = (u - 128 * unit) / (224 * unit), (v - 128 * unit) / (224 * unit)
    red, blue = luma + 2 * (1 - kr) * cr, luma + 2 * (1 - kb) * cb
    green = (luma - kr * red - kb * blue) / (1 - kr - kb)
    want = np.clip(np.stack([red, green, blue], axis=2), 0, 1)
    native = open_clip(path).read(0).native
    got = native.codes / np.iinfo(native.codes.dtype).max
    assert native.bits == depth
    assert np.abs(got - want).max() < (1.6 / 255 if depth == 8 else 1.6 / 1023)


def test_an_untagged_hd_movie_is_taken_as_bt709(tmp_path):
    frame = np.full((720, 64, 3), (255, 0, 0), np.uint8)
    with av.open(str(tmp_path / "a.mkv"), "w") as container:
        stream = container.add_stream("ffv1", rate=24)
        stream.height, stream.width, stream.pix_fmt = 720, 64, "yuv444p"
        picture = av.VideoFrame.from_ndarray(frame, format="rgb24")
        planes = picture.reformat(
            format="yuv444p", src_color_range=2, dst_colorspace=1, dst_color_range=1
        )
        for packet in [*stream.encode(planes), *stream.encode(None)]:
            container.mux(packet)
    codes = open_clip(tmp_path / "a.mkv").read(0).native.codes
    assert np.abs(codes.reshape(-1, 3).mean(0) - (255, 0, 0)).max() < 3


@pytest.mark.parametrize("turn", [0, 90, 180, 270])
def test_a_phone_movie_is_turned_upright(tmp_path, turn):
    frame = np.zeros((*SIZE, 3), np.uint8)
    frame[:16, :16] = 255
    path = encode(tmp_path / "a.mp4", "libx264", "yuv420p", [frame] * 2, options={"crf": "1"})
    data = bytearray(path.read_bytes())
    place = data.index(b"tkhd") + 4 + 40
    one = 1 << 16
    a, b, c, d = {0: (one, 0, 0, one), 90: (0, one, -one, 0), 180: (-one, 0, 0, -one),
                  270: (0, -one, one, 0)}[turn]  # fmt: skip
    matrix = np.array([a, b, 0, c, d, 0, 0, 0, 1 << 30], ">i4")
    data[place : place + 36] = matrix.tobytes()
    path.write_bytes(bytes(data))
    clip = open_clip(path)
    want = np.rot90(frame, -turn // 90)  # the matrix turns clockwise
    assert (clip.height, clip.width) == want.shape[:2]
    assert np.abs(clip.read(0).native.codes.astype(int) - want).mean() < 8


def test_an_interlaced_movie_is_refused_with_advice(tmp_path):
    options = {"flags": "+ilme+ildct", "top": "1", "x264-params": "tff=1"}
    path = encode(tmp_path / "a.mkv", "libx264", "yuv420p", numbered(6), options=options)
    with pytest.raises(InputError, match="interlaced") as told:
        open_clip(path)
    assert "a.mkv" in str(told.value) and "bwdif" in str(told.value)


def test_a_variable_frame_rate_is_told(tmp_path):
    times = [0, 1, 2, 3, 7, 8, 9, 15, 16]
    path = encode(
        tmp_path / "a.mkv", "libx264", "yuv420p", numbered(9), options={"bf": "0"}, times=times
    )
    clip = open_clip(path)
    assert len(clip.frames) == 9
    assert len(clip.warnings) == 1 and "rate varies" in clip.warnings[0]
    values = [clip.read(i).native.codes.mean() for i in (8, 4, 0)]
    assert np.allclose(values, [52, 36, 20], atol=2)


def test_repeated_frames_are_told_when_played_through(tmp_path):
    frames = list(numbered(8))
    frames[5] = frames[4]
    path = encode(tmp_path / "a.mkv", "ffv1", "bgr0", frames)
    clip = open_clip(path)
    for frame in clip.frames:
        clip.read(frame)
    assert len(clip.warnings) == 1 and "frame 5 repeats" in clip.warnings[0]


def test_anamorphic_pixels_are_known(tmp_path):
    with av.open(str(tmp_path / "a.mkv"), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.height, stream.width, stream.pix_fmt = *SIZE, "yuv420p"
        stream.codec_context.sample_aspect_ratio = Fraction(64, 45)
        for array in numbered(2):
            for packet in stream.encode(av.VideoFrame.from_ndarray(array, format="rgb24")):
                container.mux(packet)
        for packet in stream.encode(None):
            container.mux(packet)
    assert open_clip(tmp_path / "a.mkv").read(1).pixel_aspect == pytest.approx(64 / 45, abs=1e-3)


@pytest.mark.parametrize("share", [0.0, 0.3])
def test_broken_movies_are_named(tmp_path, share):
    path = encode(tmp_path / "kaputt ü.mp4", "libx264", "yuv420p", numbered(20))
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    with pytest.raises(InputError, match="kaputt ü") as told:
        open_clip(path)
    assert told.value.code == 3 and "\n" not in str(told.value)


def test_a_movie_whose_middle_is_damaged_names_the_frame(tmp_path):
    rng = np.random.default_rng(1)
    frames = [rng.integers(0, 256, (*SIZE, 3), np.uint8) for _ in range(12)]
    path = encode(tmp_path / "a.mov", "png", "rgb24", frames)
    data = bytearray(path.read_bytes())
    place = [i for i in range(len(data)) if data[i : i + 8] == b"\x89PNG\r\n\x1a\n"][6]
    data[place : place + 40] = bytes(40)
    path.write_bytes(bytes(data))
    clip = open_clip(path)
    for frame in (5, 7, 11):
        assert np.array_equal(clip.read(frame).native.codes, frames[frame])
    with pytest.raises(InputError, match="frame 6") as told:
        clip.read(6)
    assert told.value.frame == 6


def test_text_and_sound_are_no_clip(tmp_path):
    (tmp_path / "a.mp4").write_text("no movie")
    with pytest.raises(InputError, match=r"a\.mp4"):
        open_clip(tmp_path / "a.mp4")
    with av.open(str(tmp_path / "b.mp4"), "w") as container:
        stream = container.add_stream("aac", rate=48000)
        frame = av.AudioFrame.from_ndarray(np.zeros((2, 1024), np.float32), "fltp", "stereo")
        frame.sample_rate = 48000
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            container.mux(packet)
    with pytest.raises(InputError, match="no video"):
        open_clip(tmp_path / "b.mp4")


def test_a_folder_with_one_movie_is_that_movie_and_frames_have_identities(tmp_path):
    encode(tmp_path / "a.mp4", "libx264", "yuv420p", numbered(5))
    clip = open_clip(tmp_path)
    assert clip.kind == "movie" and len(clip.frames) == 5
    assert len({clip.identity(frame) for frame in clip.frames}) == 5
    with pytest.raises(MissingFrameError, match="frame 5 is missing"):
        clip.read(5)


@pytest.mark.parametrize("size", [(48, 64), (47, 63), (1, 1)])
def test_a_preview_has_the_colours_and_count_of_its_frames(tmp_path, size):
    colour = np.array([200, 90, 40], np.uint8)
    frames = [np.full((*size, 3), colour) + np.uint8(i) for i in range(7)]
    assert write_movie(tmp_path / "neu" / "a.mp4", iter(frames), 23.976) == 7
    clip = open_clip(tmp_path / "neu" / "a.mp4")
    assert len(clip.frames) == 7 and clip.fps == pytest.approx(23.976, abs=1e-3)
    assert (clip.height % 2, clip.width % 2) == (0, 0)
    for index in (6, 0, 3):
        codes = clip.read(index).native.codes[: size[0], : size[1]].reshape(-1, 3)
        assert np.abs(codes.mean(0) - (colour + index)).max() < 4
    with av.open(str(tmp_path / "neu" / "a.mp4")) as container:
        context = container.streams.video[0].codec_context
        assert context.pix_fmt == "yuv420p"
        tags = (context.colorspace, context.color_primaries, context.color_trc, context.color_range)
        assert tuple(int(tag) for tag in tags) == (1, 1, 1, 1)
    assert [p.name for p in (tmp_path / "neu").iterdir()] == ["a.mp4"]


def test_a_preview_that_fails_leaves_the_old_one(tmp_path):
    path = tmp_path / "a.mp4"
    path.write_bytes(b"old")

    def broken():
        yield from numbered(3)
        raise InputError("frame 3 is missing")

    with pytest.raises(InputError):
        write_movie(path, broken())
    for frames in ([], [np.zeros((8, 8, 3), np.uint8), np.zeros((8, 10, 3), np.uint8)]):
        with pytest.raises(UsageError):
            write_movie(path, frames)
    with pytest.raises(UsageError):
        write_movie(tmp_path / "a.gif", numbered(2))
    assert path.read_bytes() == b"old"
    assert len(list(tmp_path.iterdir())) == 1
    with pytest.raises(WriteError):
        write_movie(path / "below.mp4", numbered(2))
