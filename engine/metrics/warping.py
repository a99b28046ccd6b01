"""Does a clip flicker or boil: warping error along the motion of its source.

Source: Lai, Huang, Wang, Shechtman, Yumer, Yang, *Learning Blind Video Temporal Consistency*
(ECCV 2018), section 4.2, with the occlusion and motion-edge checks of Ruder, Dosovitskiy, Brox,
*Artistic Style Transfer for Videos* (GCPR 2016), section 5. A blurred clip scores well: read it
beside sharpness.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from engine.arrays import F32, Bool
from engine.errors import UsageError
from engine.progress import Task, silent

#: The flow that the figures are counted with.
FLOW = "OpenCV DIS medium"

#: Index of a frame to its display-referred colours [H, W, 3], 0 to 1.
Reader = Callable[[int], F32]
#: Two luma pictures uint8 [H, W] to the flow from the first to the second, [H, W, 2].
Flow = Callable[[F32, F32], F32]


@dataclass(frozen=True)
class WarpingError:
    """Mean squared difference of colours that should be the same place; 0 is steady.

    Attributes:
        short: Neighbouring frames.
        long: Each frame against the first.
    """

    short: float
    long: float


def warping_errors(
    source: Reader,
    outputs: Sequence[Reader],
    count: int,
    task: Task | None = None,
    flow: Flow | None = None,
) -> list[WarpingError]:
    """Warping error of clips along the flow of the source that they were made from.

    Frame t is brought to frame t - 1 (short) or to the first frame (long) by the flow between
    the *source* frames. Pixels count where ``reliable`` says so; squared differences are averaged
    over those pixels and the channels, then over pairs. Pairs without a reliable pixel are left
    out.

    Args:
        source: The input clip.
        outputs: The clips to judge (the source itself may be one of them).
        count: Number of frames, at least 2.
        task: Progress and cancel.
        flow: Another flow than ``FLOW``; whoever passes one must name it beside the figure.

    Returns:
        One figure pair for each output.

    Raises:
        UsageError: Fewer than two frames.
    """
    if count < 2:
        raise UsageError("a warping error needs at least two frames; give a longer clip")
    task = task or silent()
    motion = flow or _dis()
    sums = np.zeros((len(outputs), 2))
    pairs = np.zeros(2)
    first = [read(0) for read in outputs]
    first_luma = previous_luma = _luma(source(0))
    previous = first
    for t in range(1, count):
        task.report(t / count, "warping error")
        luma, frames = _luma(source(t)), [read(t) for read in outputs]
        for column, (base_luma, base) in enumerate(
            ((previous_luma, previous), (first_luma, first))
        ):
            if t == 1 and column == 1:
                # The first neighbour is the first frame: the same pair twice.
                sums[:, 1], pairs[1] = sums[:, 0], pairs[0]
                continue
            forward, backward = motion(base_luma, luma), motion(luma, base_luma)
            counts = reliable(forward, backward)
            if not counts.any():
                continue
            pairs[column] += 1
            for n, (there, here) in enumerate(zip(frames, base, strict=True)):
                gap = (warped(there, forward) - here)[counts]
                sums[n, column] += float(np.square(gap, dtype=np.float64).mean())
        previous_luma, previous = luma, frames
    means = sums / np.maximum(pairs, 1)
    return [WarpingError(float(short), float(long)) for short, long in means]


def reliable(forward: F32, backward: F32) -> Bool:
    """Where a flow holds: it leads back to the start and does not cross a motion edge.

    Args:
        forward: [H, W, 2] from the picture that is looked at to the other.
        backward: [H, W, 2] from the other picture.

    Returns:
        [H, W]. False where ``|w + w~|^2 > 0.01 (|w|^2 + |w~|^2) + 0.5`` (w~ the backward flow read
        where w leads) or ``|grad u|^2 + |grad v|^2 > 0.01 |w|^2 + 0.002``.
    """
    back = warped(backward, forward)
    size = np.square(forward).sum(axis=2)
    closed = np.square(forward + back).sum(axis=2)
    edge = sum(np.square(np.gradient(forward, axis=a)).sum(axis=2) for a in (0, 1))
    held = closed <= 0.01 * (size + np.square(back).sum(axis=2)) + 0.5
    return np.asarray(held & (edge <= 0.01 * size + 0.002), np.bool_)


def warped(picture: F32, flow: F32) -> F32:
    """A picture read where a flow leads, bilinear, the border repeated; [H, W, C]."""
    import cv2

    height, width = flow.shape[:2]
    x = flow[..., 0] + np.arange(width, dtype=np.float32)
    y = flow[..., 1] + np.arange(height, dtype=np.float32)[:, None]
    read: F32 = cv2.remap(picture, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return read


def _luma(colours: F32) -> F32:
    import cv2

    codes = np.clip(np.round(colours * 255), 0, 255).astype(np.uint8)
    luma: F32 = cv2.cvtColor(codes, cv2.COLOR_RGB2GRAY)
    return luma


def _dis() -> Flow:
    import cv2

    dis = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)

    def flow(a: F32, b: F32) -> F32:
        vectors: F32 = dis.calc(a, b, None)
        return vectors

    return flow
