"""Running an operation on a picture: alpha, bad pixels, mask, mix and windows, once for all."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from engine.arrays import F32, AnyArray, Bool
from engine.errors import InputError, MaskError, UsageError
from engine.io.picture import Picture, Window
from engine.operations.catalogue import Context, operation
from engine.progress import Task, silent


def with_alpha(pixels: F32) -> F32:
    """[H, W, 3 or 4] as a fresh [H, W, 4]; without alpha the picture is opaque.

    Args:
        pixels: float32.
    """
    if pixels.shape[2] == 4:
        return np.array(pixels, np.float32)
    result = np.ones((*pixels.shape[:2], 4), np.float32)
    result[..., :3] = pixels
    return result


def _weights(mask: AnyArray | None, mix: float, shape: tuple[int, int]) -> F32 | None:
    """Share of the result in each pixel, or None for all of it everywhere."""
    if mask is None:
        return None if mix >= 1 else np.full(shape, mix, np.float32)
    if mask.shape[:2] != shape:
        raise MaskError(
            f"the mask is {mask.shape[1]}x{mask.shape[0]} but the picture is "
            f"{shape[1]}x{shape[0]}; reformat the mask to the picture"
        )
    flat = mask if mask.ndim == 2 else mask[..., -1]
    share = flat.astype(np.float32) / 255 if flat.dtype == np.uint8 else flat
    share = np.nan_to_num(np.asarray(share, np.float32), nan=0, posinf=1, neginf=0)
    return np.asarray(np.clip(share, 0, 1) * np.float32(mix), np.float32)


def _mixed(before: F32, after: F32, share: F32 | None) -> F32:
    """Exactly ``before`` where the share is 0 and exactly ``after`` where it is 1."""
    if share is None:
        return after
    s = share[..., None]
    result = np.where(s >= 1, after, before)
    part = (share > 0) & (share < 1)
    result[part] = before[part] + s[part] * (after[part] - before[part])
    return np.asarray(result, np.float32)


def _scaled(window: Window, x: float, y: float) -> Window:
    return Window(
        round(window.x0 * x), round(window.y0 * y), round(window.x1 * x), round(window.y1 * y)
    )


def _resized(picture: Picture, before: F32, after: F32, share: F32 | None) -> Picture:
    """The picture when an operation made it finer or coarser; windows scale along."""
    import cv2

    height, width = after.shape[:2]
    fx, fy = width / before.shape[1], height / before.shape[0]
    if share is not None:
        plain = cv2.resize(before, (width, height), interpolation=cv2.INTER_LINEAR)
        after = _mixed(plain, after, cv2.resize(share, (width, height)))
    data = _scaled(picture.data, fx, fy)
    data = Window(data.x0, data.y0, data.x0 + width, data.y0 + height)
    scale = float(picture.metadata.get("codef/scale", 1.0)) * fx
    return replace(
        picture.with_pixels(after[..., : picture.pixels.shape[2]]),
        display=_scaled(picture.display, fx, fy),
        data=data,
        metadata={**picture.metadata, "codef/scale": scale},
    )


def _laid_over(picture: Picture, own: F32, share: F32 | None) -> Picture:
    """The picture with an operation's own RGBA over it, and over earlier paint."""
    if share is not None:
        own = own * share[..., None]
    under = picture.pixels if picture.under is None else picture.under
    overlay = own
    if picture.overlay is not None:
        overlay = own + picture.overlay * (1 - own[..., 3:])
    changed = None
    if picture.native is not None:
        painted: Bool = np.asarray(own.any(axis=2))
        changed = painted if picture.changed is None else painted | picture.changed
    # Here, since it loads the compiled kernels, and the window only describes operations.
    from engine.paint.raster import paint_over

    return replace(
        picture,
        pixels=paint_over(own, picture.pixels),
        under=under,
        overlay=np.asarray(overlay, np.float32),
        changed=changed,
    )


def apply_operation(
    name: str,
    picture: Picture,
    params: Mapping[str, Any] | None = None,
    mask: AnyArray | None = None,
    mix: float = 1.0,
    *,
    inputs: Mapping[str, Picture] | None = None,
    frame: int | None = None,
    task: Task | None = None,
) -> Picture:
    """Runs an operation of the catalogue on a picture.

    Pixels where the mask (or the mix) is 0 are exactly the input's, and so are the code values of
    the file they came from. NaN and Inf pixels do not spread; operations that do not repair them
    pass them through.

    Args:
        name: Name of the operation.
        picture: The picture.
        params: Its parameters; absent ones take their defaults.
        mask: [H, W] or [H, W, C] (last channel) over the data window, uint8 of 255 or float of 1.
        mix: 0 (input) to 1 (result).
        inputs: Further pictures by name.
        frame: Frame number, for commands and errors.
        task: Progress and cancel.

    Returns:
        A picture of the same channels. Overlays come in its ``overlay``; a change of size scales
        the windows and notes the factor in ``codef/scale``.

    Raises:
        UsageError: Unknown operation, parameter or missing input.
        MaskError: The mask has another size.
        Cancelled: The person stopped it.
    """
    entry = operation(name)
    values = entry.values(params or {})
    task = task or silent()
    task.check()
    if not 0 <= mix <= 1:
        raise UsageError(f"{entry.title}: mix must be from 0 to 1, not {mix!r}")
    given = dict(inputs or {})
    absent = [need for need in entry.inputs if need not in given]
    if absent:
        raise UsageError(f"{entry.title} needs a picture at its input {absent[0]!r}; connect one")
    before = with_alpha(picture.pixels)
    shape = (before.shape[0], before.shape[1])
    share = _weights(mask, mix, shape)
    if mix == 0:
        return picture
    bad: Bool | None = np.logical_not(np.isfinite(before).all(axis=2))
    clean = before
    if bad is not None and bad.any():
        clean = np.where(bad[..., None], np.float32(0), before)
    else:
        bad = None
    region = None if mask is None else _weights(mask, 1.0, shape)
    after = entry.apply(clean, values, Context(picture, given, region, bad, frame, task))
    task.check()
    if after.dtype != np.float32 or after.ndim != 3 or after.shape[2] != 4:
        raise InputError(
            f"{entry.title} returned {after.dtype} {list(after.shape)} instead of float32 RGBA",
            frame=frame,
        )
    if entry.overlay:
        return _laid_over(picture, after, share)
    if after.shape[:2] != shape:
        return _resized(picture, clean, after, share)
    if bad is not None and not entry.repairs:
        after = np.where(bad[..., None], before, after)
    channels = picture.pixels.shape[2]
    with np.errstate(invalid="ignore"):
        result = np.ascontiguousarray(_mixed(before, after, share)[..., :channels])
    same = (result == picture.pixels) | (np.isnan(result) & np.isnan(picture.pixels))
    changed: Bool = np.logical_not(same.all(axis=2))
    if not changed.any():
        return picture
    if picture.native is None:
        return picture.with_pixels(result)
    if picture.changed is not None:
        changed = changed | picture.changed
    fresh = picture.with_pixels(result)
    return replace(fresh, native=picture.native, extra=picture.extra, changed=changed)
