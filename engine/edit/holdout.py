"""Automatic holdout: a soft matte of what passes in front of a layer without a mask."""

from functools import lru_cache

import numpy as np

from engine.arrays import F32, F64, Bool
from engine.edit.grain import Grain

#: Pixels around a place that its matte depends on.
MARGIN = 40
#: Blur before the test, in pixels; strands are one to three pixels wide.
SOFT = 0.5
#: Directions that a strand is looked for in, and its length in pixels.
TURNS, LENGTH = 12, 11
#: Squared differences, in standard deviations over the three channels, from which something else
#: may be there, and from which it surely is. Grain alone has 3.
MAYBE, SURELY = 7.0, 12.0
#: Shares of the largest square near by that mean a pixel that is not and one that is covered.
THIN, FULL = 0.12, 0.36
#: Standard deviations from which grain does not matter any more.
CLEAR = 9.0
#: Share of the largest square near by from which a pixel is on a strand's ridge, pixels around it
#: that have its colour, and squared distance of two colours, in grain, that tells them apart.
RIDGE, NEAR, TOLD = 0.6, 2.5, 6.0
#: How far a difference must exceed what is usual at its place to stand out.
TIMES = 3.0
#: Usual error up to which a fit is believed wholly, and from which it is not. Fits of 41 dB have
#: 0.001, of 29 dB 0.007, of 23 dB 0.007 to 0.011.
FIRM, WEAK = 0.003, 0.006
#: Least standard deviation in encoded colour, and the share of a neighbour's difference that half
#: a pixel of misalignment explains.
LEAST, SLACK = 0.012, 0.25
#: Pixels to each side over which a shadow's edge may be softer than found, and how far the encoded
#: colour is off then, as a share of the shadow's logarithm.
EDGE, RISE = 5, 0.15


def holdout_matte(
    plate: F32,
    drawn: F32,
    known: Bool,
    grain: Grain | None,
    gain: float = 1.0,
    clip: float = 0.05,
    usual: F32 | None = None,
    shadow: F32 | None = None,
) -> F32:
    """How surely something else is in front, [h, w], 0 to 1.

    The difference counts beyond what a little misalignment explains, in standard deviations of the
    plate's grain (channels made independent, so that another hue counts more than another
    brightness), and beyond the error that the reconstruction has around anyway. It is averaged
    along short lines of every direction and the best one counts: a strand is long, grain is not.
    How much of a pixel is covered follows from the largest difference near by; a guided filter
    lets the matte follow the plate's own edges.

    Args:
        plate: Encoded colours, [h, w, 3].
        drawn: Reconstruction with its light, likewise encoded.
        known: Where there is a reconstruction.
        grain: The plate's grain, or None.
        gain: Factor on the matte.
        clip: The matte is 0 up to here and 1 from 1 minus this.
        usual: Encoded error that the fit has at each place in other frames too, [h, w]; or None.
        shadow: Factor of a shadow that ``drawn`` has in it, [h, w]; or None.
    """
    import cv2

    squares = _standing_out(plate, drawn, known, grain, usual, shadow)
    squares /= np.maximum(_usual(squares, known) / 3, 1)
    along = _along_lines(squares)
    there: F32 = np.clip((along - MAYBE) / (SURELY - MAYBE), 0, 1).astype(np.float32)
    near = cv2.dilate(along, np.ones((5, 5), np.uint8))
    # Lines of other directions still meet the strand beside it; squares fall off faster there.
    amount: F32 = np.asarray(np.maximum(along - 3, 0) / np.maximum(near - 3, 1e-6), np.float32)
    amount = np.clip((amount - THIN) / (FULL - THIN), 0, 1)
    # Far above grain the pixel itself tells how much of it is covered.
    strength = np.sqrt(squares)
    most = cv2.dilate(strength, np.ones((5, 5), np.uint8))
    own = cv2.morphologyEx(strength, cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8)) / (most + 1e-6)
    clear = np.clip((most - CLEAR) / CLEAR, 0, 1)
    amount = amount + clear * (np.minimum(own / 0.72, amount) - amount)
    there = np.maximum(there, np.clip((near - SURELY) / SURELY, 0, 1))
    rough: F32 = np.asarray(there * amount, np.float32)
    rough = np.clip(0.5 * (rough + guided(plate, rough, 2, 1e-3)), 0, 1)
    matte = _unmixed(plate, drawn, rough, squares, grain)
    if usual is not None:
        # A fit that is wrong here anyway cannot tell what is in front: better on it than in pieces.
        matte = matte * belief(usual)
    clipped = np.clip((matte * np.float32(gain) - clip) / (1 - 2 * clip), 0, 1)
    return np.asarray(np.where(known, clipped, 0), np.float32)


def belief(usual: F32) -> F32:
    """How far a fit is believed that usually has this error, 0 to 1."""
    return np.asarray(np.clip((WEAK - usual) / (WEAK - FIRM), 0, 1), np.float32)


def _unmixed(plate: F32, drawn: F32, rough: F32, squares: F32, grain: Grain | None) -> F32:
    """The matte along its rim from colours: how much of the foreground's is in the pixel.

    What is behind is known, the reconstruction; the foreground's colour is that of the ridge close
    by. Averaged along the strand, so that grain does not fray it. Inside what is wider than a
    strand, whose colours vary, the rough matte stays.
    """
    import cv2

    around = cv2.dilate(np.where(rough > 0.2, 1.0, 0.0).astype(np.float32), np.ones((5, 5)))
    if not around.any():
        return rough
    smooth = cv2.GaussianBlur(squares, (0, 0), 0.7)
    ridge = smooth >= RIDGE * cv2.dilate(smooth, np.ones((7, 7), np.uint8))
    core = np.asarray(np.where(ridge, rough, 0) ** 2, np.float32)
    base = cv2.GaussianBlur(core, (0, 0), NEAR)
    front = cv2.GaussianBlur(plate * core[..., None], (0, 0), NEAR) / (base[..., None] + 1e-6)
    apart, wanted = plate - drawn, front - drawn
    sigma = np.full_like(plate, LEAST)
    if grain is not None:
        sigma = np.hypot(sigma, grain.at(drawn))
    top = (apart * wanted / np.square(sigma)).sum(axis=2).astype(np.float32)
    under = np.square(wanted / sigma).sum(axis=2).astype(np.float32)
    best, share = np.full_like(rough, -1), np.zeros_like(rough)
    for turn in range(TURNS):
        line = _line(turn)
        answer = cv2.dilate(cv2.filter2D(core, cv2.CV_32F, line), np.ones((5, 5), np.uint8))
        mine = answer > best
        ratio = cv2.filter2D(top, cv2.CV_32F, line) / (
            cv2.filter2D(under, cv2.CV_32F, line) + np.float32(1e-6)
        )
        share = np.where(mine, ratio, share)
        best = np.maximum(best, answer)
    # Where the foreground looks like what is behind it, colours say nothing.
    told = np.clip((under - TOLD) / TOLD, 0, 1) * np.clip(base / 0.01, 0, 1)
    inner = cv2.erode(rough, np.ones((7, 7), np.uint8))
    clean = np.maximum(np.clip(share, 0, 1) * around, inner)
    return np.asarray(rough + told * (clean - rough), np.float32)


def _standing_out(
    plate: F32,
    drawn: F32,
    known: Bool,
    grain: Grain | None,
    usual: F32 | None,
    shadow: F32 | None,
) -> F32:
    """Squared difference in standard deviations, summed over channels, [h, w]."""
    import cv2

    square = np.ones((3, 3), np.uint8)
    slack = (cv2.dilate(drawn, square) - cv2.erode(drawn, square)) * np.float32(SLACK)
    apart = np.where(known[..., None], plate - drawn, 0).astype(np.float32)
    apart = np.sign(apart) * np.maximum(np.abs(apart) - slack, 0)
    apart = cv2.GaussianBlur(apart, (0, 0), SOFT)
    sigma = np.full_like(apart, LEAST)
    mixing: F64 = np.eye(3)
    if usual is not None:
        sigma = np.hypot(sigma, np.float32(TIMES) * usual[..., None])
    if shadow is not None:
        # A shadow's edge is known less sharply than it is.
        edge = np.ones((2 * EDGE + 1, 2 * EDGE + 1), np.uint8)
        rise = np.log(cv2.dilate(shadow, edge) / cv2.erode(shadow, edge))
        sigma = np.hypot(sigma, np.float32(RISE) * rise[..., None])
    if grain is not None:
        sigma = np.hypot(sigma, grain.at(drawn) * np.float32(grain.smoothed(SOFT)))
        # Never quite one: errors of the fit have hues of their own.
        likeness = 0.8 * grain.mixing @ grain.mixing.T + 0.2 * np.eye(3)
        mixing = np.asarray(np.linalg.cholesky(likeness), np.float64)
    whitened = (apart / sigma) @ np.linalg.inv(mixing).T.astype(np.float32)
    return np.ascontiguousarray(np.square(whitened).sum(axis=2), np.float32)


def _along_lines(squares: F32) -> F32:
    """The largest mean along short lines through each pixel, [h, w]."""
    import cv2

    # A single bright speck is no strand.
    capped = np.minimum(squares, np.float32(6 * SURELY))
    best = np.zeros_like(squares)
    for turn in range(TURNS):
        best = np.maximum(best, cv2.filter2D(capped, cv2.CV_32F, _line(turn)))
    return np.asarray(best, np.float32)


@lru_cache(maxsize=TURNS)
def _line(turn: int) -> F32:
    """A line as a filter, fading towards its ends, of sum 1."""
    half = LENGTH // 2
    angle = np.pi * turn / TURNS
    y, x = np.mgrid[-half : half + 1, -half : half + 1].astype(np.float32)
    across = np.abs(x * np.sin(angle) - y * np.cos(angle))
    along = np.abs(x * np.cos(angle) + y * np.sin(angle))
    line = np.maximum(1 - across, 0) * np.maximum(1 - along / (half + 1), 0)
    return np.asarray(line / line.sum(), np.float32)


def _usual(squares: F32, known: Bool) -> F32:
    """The difference that is usual around, without what stands out."""
    import cv2

    held = known.astype(np.float32)
    size = (2 * (MARGIN // 2) + 1, 2 * (MARGIN // 2) + 1)
    base = np.maximum(cv2.blur(held, size, borderType=cv2.BORDER_CONSTANT), 1e-3)
    most = np.float32(4 * SURELY)
    mean = np.zeros_like(squares)
    for _ in range(2):
        low = np.minimum(squares, most) * held
        mean = cv2.blur(low, size, borderType=cv2.BORDER_CONSTANT) / base
        most = np.maximum(2 * mean, np.float32(MAYBE))
    return np.asarray(mean, np.float32)


def guided(guide: F32, values: F32, radius: int, floor: float) -> F32:
    """The guided filter (He et al. 2010) of [h, w] values by the mean of a guide [h, w, 3]."""
    import cv2

    size = (2 * radius + 1, 2 * radius + 1)
    grey = np.ascontiguousarray(guide.mean(axis=2), np.float32)

    def mean(plane: F32) -> F32:
        found: F32 = cv2.blur(plane, size, borderType=cv2.BORDER_REFLECT)
        return found

    middle, flat = mean(grey), mean(values)
    slope = (mean(grey * values) - middle * flat) / (mean(grey * grey) - middle**2 + floor)
    shift = flat - slope * middle
    return np.asarray(np.clip(mean(slope) * grey + mean(shift), 0, 1), np.float32)
