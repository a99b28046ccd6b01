"""Peak signal to noise ratio, counted one way everywhere."""

from collections.abc import Callable, Sequence

import numpy as np

from engine.arrays import F32, U8, Bool, finite_pixels
from engine.errors import UsageError
from engine.fields.field import Field
from engine.io.picture import Picture
from engine.progress import Task


def psnr8(a: U8, b: U8, kept: Bool | None = None) -> float:
    """PSNR of two 8-bit pictures over all pixels and channels, in dB; infinite when equal.

    Args:
        a: uint8 [H, W, C].
        b: uint8 [H, W, C].
        kept: [H, W], which pixels count; None for all. Not a number when none does.

    Raises:
        UsageError: The shapes differ.
    """
    if a.shape != b.shape:
        raise UsageError(f"pictures of {a.shape} and {b.shape} cannot be compared")
    if kept is not None:
        if not kept.any():
            return float("nan")
        a, b = a[kept], b[kept]
    error = a.astype(np.int32) - b.astype(np.int32)
    mean = float(np.mean(np.square(error, dtype=np.int64)))
    return float("inf") if mean == 0 else float(10 * np.log10(255.0**2 / mean))


def psnr_linear(a: F32, b: F32, kept: Bool | None = None) -> float:
    """PSNR of two scene-linear Rec.709 pictures on 8-bit quantised sRGB values, in dB."""
    from engine.colour.encoding import to_display8

    return psnr8(to_display8(a[..., :3]), to_display8(b[..., :3]), kept)


def clip_score(values: Sequence[float]) -> float:
    """Mean over frames; frames that agree wholly count as 100 dB so that the mean stays finite.

    Frames without a figure (not a number), since the fit was told to leave them out, do not count.
    """
    figures = [min(value, 100.0) for value in values if not np.isnan(value)]
    return float(np.mean(figures)) if figures else float("nan")


def counted(field: Field, index: int, rgb: F32) -> Bool | None:
    """Which pixels of a frame a figure counts, [H, W]; None for all.

    Args:
        field: What it was told to leave out does not count.
        index: Position of the frame.
        rgb: The frame [H, W, 3]; what is no finite number does not count.
    """
    kept = field.kept(index)
    if np.isfinite(rgb).all():
        return kept
    finite = finite_pixels(rgb)
    return finite if kept is None else np.asarray(kept & finite, np.bool_)


def psnr_field(
    field: Field,
    picture_of: Callable[[int], Picture],
    edit_path: bool,
    task: Task | None = None,
) -> list[float]:
    """PSNR of each frame of a field against its source.

    Convention: the composite of all layers, 8-bit quantised display values, all pixels of the
    data window that frame and field share, per frame, except what the fit was told to leave out
    and what is NaN or Inf in the source (see ``counted``).

    Args:
        field: The field.
        picture_of: Frame number to source picture, working space, scene-linear.
        edit_path: Canonical images and deformation only, without lighting.
        task: Progress and cancel.

    Returns:
        One figure per frame in dB; not a number for a frame that was left out wholly.

    Raises:
        UsageError: A frame has another data window than the field.
    """
    from engine.warp.render import reconstruct

    values = []
    for index, frame in enumerate(field.frames):
        if task is not None:
            task.report(index / len(field.frames), "measure")
        plate = picture_of(frame)
        if plate.pixels.shape[:2] != (field.height, field.width):
            raise UsageError(
                f"frame {frame} is {plate.pixels.shape[1]}x{plate.pixels.shape[0]}, the field "
                f"{field.width}x{field.height}; use the clip that it was fitted on",
                frame=frame,
            )
        drawn = reconstruct(field, index, edit_path=edit_path)
        values.append(psnr_linear(drawn, plate.rgb, counted(field, index, plate.rgb)))
    return values
