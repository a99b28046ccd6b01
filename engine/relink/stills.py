"""The stills of a field made again from another version of its plate; nothing moves."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from engine.arrays import F32, AnyArray, Bool
from engine.colour.encoding import decode, encode
from engine.fields.field import Canonical, Field, Layer
from engine.io.picture import Picture
from engine.progress import Task
from engine.warp.render import light

PASSES = 3
_FIRST, _ROBUST = 2.0, 0.15
"""Encoded difference at which a pixel's weight halves: a grade may be far away at first."""
_SEEN = 0.05


def laid_again(field: Field, picture: Callable[[int], Picture], task: Task) -> Field:
    """The field with stills of the colours that the plate has.

    Each pass adds to every still what the frames differ from it on average, without their light.

    Args:
        field: The field, in the plate's pixels.
        picture: Frame number to picture of the field's windows.
        task: Progress and cancel.

    Raises:
        Cancelled: The person stopped the work.
    """
    stills = [_encoded(layer.canonical) for layer in field.layers]
    count = len(field.frames)
    for n in range(PASSES):
        sums = [np.zeros((1, *still.shape[:2], 4), np.float32) for still in stills]
        for index, frame in enumerate(field.frames):
            task.report((n + index / count) / PASSES, "stills")
            _collect(field, index, picture(frame), stills, sums, _ROBUST if n else _FIRST)
        for k, total in enumerate(sums):
            weight = total[0, ..., 3:]
            step = total[0, ..., :3] / np.maximum(weight, 1e-3)
            stills[k] = (stills[k] + np.where(weight > _SEEN, step, 0)).astype(np.float32)
    layers: list[Layer] = []
    for layer, still in zip(field.layers, stills, strict=True):
        alpha = layer.canonical.pixels[..., 3:]
        pixels = np.concatenate([decode(still) * alpha, alpha], axis=2)
        held = np.abs(pixels).max(initial=0) < 60000
        stored = pixels.astype(np.float16).astype(np.float32) if held else pixels
        same = replace(layer.canonical, pixels=np.ascontiguousarray(stored))
        layers.append(replace(layer, canonical=same))
    return replace(field, layers=layers)


def _encoded(canonical: Canonical) -> F32:
    alpha = canonical.pixels[..., 3:]
    return encode(canonical.pixels[..., :3] / np.where(alpha > 0, alpha, 1))


def _collect(
    field: Field, index: int, shot: Picture, stills: list[F32], sums: list[F32], robust: float
) -> None:
    from engine.kernels.splat import splat_frames

    seen = field.seen(index)
    finite: Bool = np.asarray(np.isfinite(shot.rgb).all(axis=2), np.bool_)
    linear = np.where(finite[..., None], shot.rgb, 0)
    for k, layer in enumerate(field.layers):
        # Where layers mix, the colour is nobody's.
        weights = np.where((seen[k] > 0.98) & finite, 255, 0).astype(np.uint8)
        if not weights.any():
            continue
        factor = light(field, k, index)
        own = linear
        if layer.exposure is not None:
            own = own - layer.exposure[index][1]
        if factor is not None:
            own = own / np.maximum(factor, 1e-3)
        values = encode(np.asarray(own, np.float32))
        low = float(values.min())
        scale = max(float(values.max()) - low, 1e-6) / 65535
        codes: AnyArray = np.rint((values - low) / scale).astype(np.uint16)
        # On the still's own grid, which may be finer than the reference frame.
        finer, corner = np.float32(layer.canonical.scale), layer.canonical.grid
        places = layer.deformation.positions(index)[None] * finer
        splat_frames(
            codes[None],
            scale,
            low,
            weights[None],
            robust,
            np.ascontiguousarray(places, np.float32),
            stills[k],
            (float(corner.x0), float(corner.y0)),
            sums[k],
        )
