"""Compiles the kernels of the main job into their cache: ``python -m engine.kernels.warm``.

Runs a fit of three tiny frames, a track, ST maps, a brush stroke, its propagation and a painted
frame, which touches every kernel with the types that real work uses. Set-up calls it once so that
no artist waits for it.
"""

import time
from typing import TYPE_CHECKING

import numpy as np

from engine.arrays import F32, U8
from engine.io.picture import Native, Picture

if TYPE_CHECKING:
    from engine.fields.field import Field


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


def use(field: "Field", clip: list[Picture]) -> list[Picture]:
    """Does to a field once what artists do: tracks, ST maps, paint on the canonical and on a frame.

    Args:
        field: A fit of ``clip``.
        clip: The frames.

    Returns:
        The frames with paint on them: over, replaced, and from a painted frame.
    """
    from dataclasses import replace

    from engine.edit.canonical import canonical_picture
    from engine.edit.edits import EditSource, prepare_edits
    from engine.edit.frame_edit import frame_edit, propagate_frame_edits
    from engine.edit.propagate import propagate_frame
    from engine.paint.raster import render_strokes
    from engine.paint.stroke import Stroke
    from engine.pins.apply import pinned
    from engine.pins.pin import Pin
    from engine.progress import silent
    from engine.warp.render import reconstruct
    from engine.warp.stmap import st_map
    from engine.warp.track import track

    reconstruct(field, 1, edit_path=False)
    asked = [{"frame": field.frames[0], "x": 20.0, "y": 20.0}]
    track(field, asked, silent(), lambda frame: clip[field.index(frame)])
    for direction in ("to-canonical", "to-frame"):
        st_map(field, 0, 1, direction)
    pin = Pin("pin", (60.0, 60.0), {field.frames[1]: (64.0, 60.0)})
    pinned(field, [pin]).layers[0].deformation.positions(1)
    canonical = field.layers[0].canonical
    points = ((20.0, 20.0, 1.0), (40.0, 30.0, 1.0))
    stroke = Stroke(kind="brush", points=points, size=12.0, colour=(1.0, 0.0, 0.0))
    overlay = render_strokes([stroke], canonical.pixels, (canonical.data.x0, canonical.data.y0))
    painted = overlay + canonical.pixels * (1 - overlay[..., 3:])
    source = EditSource(replace(canonical_picture(field, 0), pixels=painted), layer=0)
    results = []
    for mode in ("over", "replace"):
        edits = prepare_edits(field, [source], mode=mode)
        results.append(propagate_frame(field, edits, clip[1], 1, mode=mode))
    rgba: F32 = np.zeros((*clip[0].pixels.shape[:2], 4), np.float32)
    rgba[10:20, 10:20] = 1
    edit = frame_edit(field, field.frames[0], Picture.of(rgba), clip[0])
    results.append(propagate_frame_edits(field, [edit], clip[1], 1))
    return results


def whole_frames() -> None:
    """Calls the compositing kernels with unbroken arrays, as layers that fill the frame do.

    Numba compiles a kernel once for each memory layout; parts of a frame have another one.
    """
    from engine.kernels.blend import put_paint

    rgba: F32 = np.ones((8, 8, 4), np.float32)
    for pixels in (rgba, rgba[..., :3].copy()):
        for part in (pixels, pixels[:, 2:]):
            put_paint(part, rgba[:, : part.shape[1]].copy(), np.zeros(part.shape[:2], np.uint8))


def warm() -> float:
    """Runs everything once.

    Returns:
        Seconds that it took.
    """
    from engine.fit.request import FitOptions, FitRequest, GroupMasks
    from engine.fit.run import fit
    from engine.paint.warm import brushes
    from engine.progress import silent

    began = time.monotonic()
    whole_frames()
    options = FitOptions(
        steps=3,
        overrides={"coarse_passes": 1, "medium_passes": 0, "fine_passes": 0, "full_passes": 1},
    )
    half: U8 = np.zeros((136, 152), np.uint8)
    half[:, :70] = 255
    for eight_bit in (False, True):
        clip = tiny_clip(eight_bit)
        groups = [GroupMasks("left", lambda _frame: half)]
        request = FitRequest((0, 1, 2), lambda f, c=clip: c[f], groups, options=options)  # type: ignore[misc]
        field = fit(request, silent())
        use(field, clip)
    brushes(field)
    return time.monotonic() - began


if __name__ == "__main__":
    warm()
