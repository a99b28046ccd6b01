"""What a frame has over its reconstruction on a broad scale: light that no field models."""

from dataclasses import dataclass

import numpy as np

from engine.arrays import F32, Bool
from engine.edit.frameview import FrameView
from engine.edit.windows import Box, grown, plate_part, size
from engine.io.picture import Picture

#: Pixels of the frame's width per sample, and samples of the blur's standard deviation.
ACROSS, SIGMA = 240, 6.0
#: Encoded difference beyond which a place counts as something else and not as light.
ROBUST = 0.10
ROUNDS = 4


@dataclass(frozen=True, eq=False)
class Broad:
    """Broad differences in a box of the frame.

    Attributes:
        encoded: Of encoded colours, [h, w, 3]; what to add to a reconstruction.
        highlight: Light that lies over everything there, scene-linear, [h, w, 3], 0 or more.
    """

    encoded: F32
    highlight: F32


def broad_light(view: FrameView, plate: Picture, box: Box) -> Broad:
    """Measures the broad differences around a box, on every few pixels."""
    import cv2

    from engine.colour.encoding import encode

    field = view.field
    step = max(1, round(field.width / ACROSS))
    around = int(np.ceil(4 * SIGMA)) * step
    wide = grown(box, around, (field.height, field.width))
    # On a grid of the whole frame, so that the answer does not depend on the box.
    wide = (
        slice(wide[0].start // step * step, wide[0].stop),
        slice(wide[1].start // step * step, wide[1].stop),
    )
    colours, held = plate_part(plate, field, wide, step)
    part = (
        slice(wide[0].start, wide[0].stop, step),
        slice(wide[1].start, wide[1].stop, step),
    )
    drawn, known = view.drawn(part)
    good = known & held
    apart = encode(colours) - encode(drawn)
    encoded, belief = _robust(apart, good)
    highlight = _highlight(colours - drawn, belief)
    top, left = box[0].start - wide[0].start, box[1].start - wide[1].start
    height, width = size(box)
    # Sample (i, j) lies on pixel (i step, j step); map pixels to samples.
    y = (np.arange(height, dtype=np.float32) + top) / step
    x = (np.arange(width, dtype=np.float32) + left) / step
    grid = np.meshgrid(x, y)

    def spread(values: F32) -> F32:
        read: F32 = cv2.remap(
            values, grid[0], grid[1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        )
        return read

    return Broad(spread(encoded), spread(highlight))


def _blur(values: F32, sigma: float = SIGMA) -> F32:
    import cv2

    found: F32 = cv2.GaussianBlur(values, (0, 0), sigma, borderType=cv2.BORDER_CONSTANT)
    return found


def _robust(apart: F32, good: Bool) -> tuple[F32, F32]:
    """Local mean of a difference without what stands out, and the weights that it came from."""
    weight = good.astype(np.float32)
    mean = np.zeros_like(apart)
    for turn in range(ROUNDS):
        total = _blur(apart * weight[..., None])
        mean = np.asarray(total / np.maximum(_blur(weight), 1e-3)[..., None], np.float32)
        reach = ROBUST if turn else 2 * ROBUST
        off = np.square(apart - mean).sum(axis=2) / np.float32(reach**2)
        weight = np.asarray(good / np.square(1 + off), np.float32)
    return mean, weight


def _highlight(apart: F32, belief: F32) -> F32:
    """The part of a linear difference that is broad, positive and no texture."""
    base = np.maximum(_blur(belief), 1e-3)[..., None]
    mean = _blur(apart * belief[..., None]) / base
    size_of = _blur(np.abs(apart) * belief[..., None]) / base
    # Errors of texture go up and down and cancel; added light goes up only.
    steady = mean.sum(axis=2) / np.maximum(size_of.sum(axis=2), 1e-6)
    sure = np.clip((steady - 0.6) / 0.3, 0, 1)
    sure = sure * sure * (3 - 2 * sure)
    return np.asarray(np.maximum(mean, 0) * sure[..., None], np.float32)
