"""What a frame has over its reconstruction on a broad scale: light that no field models."""

from dataclasses import dataclass

import numpy as np

from engine.arrays import F32, Bool
from engine.edit.frameview import FrameView
from engine.edit.grain import Grain
from engine.edit.windows import Box, grown, plate_part, size
from engine.io.picture import Picture

#: Pixels of the frame's width per sample, and samples of the blur's standard deviation.
ACROSS, SIGMA = 240, 6.0
#: Encoded difference beyond which a place counts as something else and not as light.
ROBUST = 0.10
ROUNDS = 4
#: Samples of the blur that tells a ground's contrast from light.
FINE = 4.0
#: Relative variance of the ground below which added light cannot be told from a brighter ground.
FLAT = 0.0005


@dataclass(frozen=True, eq=False)
class Broad:
    """Broad differences in a box of the frame.

    Attributes:
        encoded: Of encoded colours, [h, w, 3]; what to add to a reconstruction.
        highlight: Light that lies over everything there, scene-linear, [h, w, 3], 0 or more.
    """

    encoded: F32
    highlight: F32


def broad_light(view: FrameView, plate: Picture, box: Box, grain: Grain | None = None) -> Broad:
    """Measures the broad differences around a box, on every few pixels.

    Args:
        view: The frame.
        plate: The frame's picture.
        box: Rows and columns of the field's data window.
        grain: The plate's grain, which is no contrast of its ground; or None.
    """
    import cv2

    from engine.colour.encoding import decode, encode

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
    still = encode(drawn)
    encoded, belief = _robust(encode(colours) - still, good)
    noise = np.zeros_like(drawn)
    if grain is not None:
        sigma = grain.at(encode(colours))
        noise = np.square((decode(still + sigma) - decode(still - sigma)) / 2)
    highlight = _highlight(colours, drawn, belief, noise)
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


def _highlight(plate: F32, drawn: F32, belief: F32, noise: F32) -> F32:
    """The part of a linear difference that is broad, positive, and on dark and bright alike.

    A ground that is lit more is multiplied: its contrast grows with it, and paint on it is no
    paler. So the plate is taken for ``a drawn + b`` around each place, with ``a`` the ratio of the
    contrasts (which a small misalignment leaves alone, other than a least-squares slope), and
    only ``b`` is added light. On flat ground, where both explain it, it is taken for multiplied.
    """
    base = np.maximum(_blur(belief), 1e-3)[..., None]
    weight = belief[..., None]
    apart = plate - drawn
    mean = _blur(apart * weight) / base
    size_of = _blur(np.abs(apart) * weight) / base
    # Errors of texture go up and down and cancel; added light goes up only.
    steady = mean.sum(axis=2) / np.maximum(size_of.sum(axis=2), 1e-6)
    sure = np.clip((steady - 0.6) / 0.3, 0, 1)
    sure = (sure * sure * (3 - 2 * sure))[..., None]
    level, contrast = [], []
    near = np.maximum(_blur(belief, FINE), 1e-3)[..., None]
    for colours, unwanted in ((plate, noise), (drawn, np.float32(0))):
        middle = _blur(colours * weight) / base
        # Without what is broad: a glint has a slope of its own.
        fine = colours - _blur(colours * weight, FINE) / near
        spread = np.maximum(_blur((np.square(fine) - unwanted) * weight) / base, 0)
        level.append(middle)
        contrast.append(spread + np.float32(FLAT) * np.square(middle) + np.float32(1e-8))
    slope = np.sqrt(contrast[0] / contrast[1])
    over = np.minimum(level[0] - slope * level[1], mean)
    return np.asarray(np.maximum(over, 0) * sure, np.float32)
