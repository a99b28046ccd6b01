"""Finer frames from finer stills: what was done once to a still is in every frame.

Whatever makes a still finer, a network, a painter, a sharper photograph, it is run on one picture,
so that nothing flickers; motion and light are smooth and take any size.
"""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from engine.arrays import F32
from engine.edit.placement import Placed
from engine.errors import UsageError
from engine.fields.field import Canonical, Field, Layer
from engine.io.picture import Window
from engine.relink.resized import resized
from engine.warp.render import reconstruct

LARGEST = 8.0


def upscaled(field: Field, scale: float, stills: Mapping[int, Placed]) -> Field:
    """The field in finer pixels, with finer stills where they are given.

    Args:
        field: The field.
        scale: New pixels for each old one.
        stills: Layer to its picture, placed on the canvas; other layers are resampled.

    Raises:
        UsageError: The scale is none, or there is no such layer.
    """
    if not 1 <= scale <= LARGEST:
        raise UsageError(f"frames can be made 1 to {LARGEST:g} times as large, not {scale:g}")
    strange = sorted(set(stills) - set(range(len(field.layers))))
    if strange:
        raise UsageError(f"the field has no layer {strange[0]}; it has {len(field.layers)}")
    display = Window.of_size(
        round(field.display.width * scale), round(field.display.height * scale)
    )
    wide, high = display.width / field.display.width, display.height / field.display.height
    data = Window(
        round(field.data.x0 * wide),
        round(field.data.y0 * high),
        round(field.data.x1 * wide),
        round(field.data.y1 * high),
    )
    made = resized(field, display, data)
    layers: list[Layer] = []
    for k, layer in enumerate(made.layers):
        placed = stills.get(k)
        if placed is not None:
            pixels = _on(placed, layer.canonical, (wide, high))
            layer = replace(layer, canonical=Canonical(pixels, layer.canonical.data))
        layers.append(layer)
    return replace(made, layers=layers)


def upscaled_frame(field: Field, fine: Field, index: int) -> F32:
    """A frame in finer pixels with all terms, [H, W, 3] over the finer data window.

    Args:
        field: The field.
        fine: What ``upscaled`` made of it.
        index: Position of the frame.
    """
    import cv2

    drawn = reconstruct(fine, index, edit_path=False)
    if all(own.residual is None for own, _, _ in field.parts(index)):
        return drawn
    whole = reconstruct(field, index, edit_path=False)
    rest = whole - reconstruct(field, index, edit_path=False, without=("residual",))
    grown = cv2.resize(rest, (fine.width, fine.height), interpolation=cv2.INTER_LINEAR)
    return np.asarray(drawn + grown, np.float32)


def _on(placed: Placed, canonical: Canonical, size: tuple[float, float]) -> F32:
    """A placed picture on the canvas of a resized still, under the still's own coverage."""
    window = canonical.data
    x = (np.arange(window.x0, window.x1) + 0.5) / size[0]
    y = (np.arange(window.y0, window.y1) + 0.5) / size[1]
    points = np.stack(np.meshgrid(x, y), axis=-1).astype(np.float32)
    read = placed.sheet().read(points, filter="cubic")
    alpha = canonical.pixels[..., 3:]
    there = read[..., 3:] > 0.5
    colour = read[..., :3] / np.where(there, read[..., 3:], 1)
    # Where the finer picture has a hole, the still as it was is better than none.
    return np.asarray(
        np.concatenate([np.where(there, colour * alpha, canonical.pixels[..., :3]), alpha], axis=2),
        np.float32,
    )
