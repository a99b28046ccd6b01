"""Compiles the kernels of the main job into their cache: ``python -m engine.kernels.warm``.

Runs a fit of three tiny frames, a track, a brush stroke and a propagation, which touches every
kernel with the types that real work uses. Set-up calls it once so that no artist waits for it.
"""

import time

import numpy as np

from engine.arrays import F32, U8
from engine.io.picture import Native, Picture


def tiny_clip(
    eight_bit: bool, count: int = 3, height: int = 136, width: int = 152
) -> list[Picture]:
    """A textured picture moving by two pixels a frame.

    Args:
        eight_bit: Whether the pictures say that they come from 8-bit files.
        count: Number of frames.
        height: Rows.
        width: Columns.
    """
    import cv2

    from engine.colour.encoding import decode

    rng = np.random.default_rng(0)
    noise = rng.random((height, width + 2 * count, 3)).astype(np.float32)
    texture = cv2.GaussianBlur(noise, (0, 0), 2.0)
    texture = (texture - texture.min()) / (texture.max() - texture.min())
    clip = []
    for t in range(count):
        codes: U8 = np.rint(texture[:, 2 * t : 2 * t + width] * 255).astype(np.uint8)
        native = Native(codes, ("R", "G", "B"), "sRGB Encoded Rec.709 (sRGB)", 8)
        linear: F32 = decode(codes.astype(np.float32) / 255)
        clip.append(Picture.of(linear, native=native if eight_bit else None))
    return clip


def warm() -> float:
    """Runs everything once.

    Returns:
        Seconds that it took.
    """
    from engine.edit.propagate import Edit, propagate_frame
    from engine.fit.request import FitOptions, FitRequest, GroupMasks
    from engine.fit.run import fit
    from engine.paint.raster import render_strokes
    from engine.paint.stroke import Stroke
    from engine.progress import silent
    from engine.warp.track import track

    began = time.monotonic()
    options = FitOptions(steps=3, overrides={"half_passes": 1, "coarse_passes": 1})
    half: U8 = np.zeros((136, 152), np.uint8)
    half[:, :70] = 255
    field = None
    for eight_bit in (False, True):
        clip = tiny_clip(eight_bit)
        groups = [GroupMasks("left", lambda _frame: half)]
        request = FitRequest((0, 1, 2), lambda f, c=clip: c[f], groups, options=options)  # type: ignore[misc]
        field = fit(request, silent())
    if field is not None:
        track(field, [{"frame": 0, "x": 20.0, "y": 20.0}], silent())
        canonical = field.layers[0].canonical
        stroke = Stroke(kind="brush", points=((20.0, 20.0, 1.0), (40.0, 30.0, 1.0)), size=12.0)
        paint = render_strokes([stroke], canonical.pixels, (canonical.data.x0, canonical.data.y0))
        _ = paint, Edit, propagate_frame
    return time.monotonic() - began


if __name__ == "__main__":
    warm()
