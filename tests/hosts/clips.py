"""Clips with motion between pixels, for hosts."""

from pathlib import Path

import cv2
import numpy as np

from engine.arrays import F32, U8

WIDTH, HEIGHT, FIRST, COUNT = 160, 90, 1001, 12


def texture(seed: int, size: int = 420) -> F32:
    """A smooth random picture, scene-linear, [size, size, 3]."""
    noise = np.random.default_rng(seed).random((size, size, 3)).astype(np.float32)
    soft = cv2.GaussianBlur(noise, (0, 0), 1.6)
    return np.asarray(0.02 + 0.8 * (soft - soft.min()) / (soft.max() - soft.min()), np.float32)


def turned(picture: F32, index: int, speed: tuple[float, float]) -> F32:
    """A window of a texture that slides, turns and grows a little, by parts of a pixel."""
    matrix = cv2.getRotationMatrix2D((200, 200), 0.35 * index, 1 + 0.004 * index)
    matrix[0, 2] -= 110 + speed[0] * index
    matrix[1, 2] -= 140 + speed[1] * index
    drawn: F32 = cv2.warpAffine(picture, matrix, (WIDTH, HEIGHT), flags=cv2.INTER_CUBIC)
    return np.maximum(drawn, 0)


def encoded(picture: F32) -> U8:
    """8-bit sRGB codes."""
    from engine.colour.encoding import to_display8

    return to_display8(picture)


def make_png_clip(folder: Path) -> Path:
    """One thing that moves and gets brighter; returns the first file."""
    folder.mkdir(parents=True)
    big = texture(5)
    for i in range(COUNT):
        shot = turned(big, i, (1.3, 0.45)) * (1 + 0.02 * i)
        codes = encoded(shot)[..., ::-1]
        file = folder / f"shot.{FIRST + i}.png"
        file.write_bytes(cv2.imencode(".png", codes)[1].tobytes())
    return folder / f"shot.{FIRST}.png"


def make_movie(file: Path) -> Path:
    """The clip of ``make_png_clip`` as a movie, as good as movies get."""
    import av

    with av.open(str(file), "w") as output:
        stream = output.add_stream("libx264", rate=24)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv444p"
        stream.options = {"crf": "1"}
        for i in range(COUNT):
            codes = encoded(turned(texture(5), i, (1.3, 0.45)))
            output.mux(stream.encode(av.VideoFrame.from_ndarray(codes, "rgb24")))
        output.mux(stream.encode())
    return file


def make_exr_clip(folder: Path, masks: Path) -> Path:
    """A disc with a soft edge in front of something that moves otherwise, and its mask."""
    from engine.io.picture import Picture, Window
    from engine.io.write import WriteOptions, write_picture

    folder.mkdir(parents=True)
    masks.mkdir(parents=True)
    back, front = texture(11), texture(12)
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32) + np.float32(0.5)
    for i in range(COUNT):
        far = np.hypot(x - (60 + 1.5 * i), y - (44 + 0.3 * i))
        matte = np.clip((24 - far) / 3, 0, 1)
        codes = np.rint(matte * 255).astype(np.uint8)
        share = (codes / np.float32(255))[..., None]
        shown = turned(front, i, (-1.5, -0.3)) * share + turned(back, i, (0.9, 0.2)) * (1 - share)
        window = Window.of_size(WIDTH, HEIGHT)
        picture = Picture(np.asarray(shown, np.float32), display=window, data=window)
        write_picture(folder / f"shot.{FIRST + i}.exr", picture, WriteOptions(bits=16))
        (masks / f"mask.{FIRST + i}.png").write_bytes(cv2.imencode(".png", codes)[1].tobytes())
    return folder / f"shot.{FIRST}.exr"
