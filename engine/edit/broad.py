"""Light that no field models: what a frame is brighter or darker than its reconstruction.

Around each place the plate is taken for ``a drawn + b``: ``b`` is light that is added, a glint or
glare, and ``a`` a shadow that passes or a lamp. Both are broad, unlike errors of the fit.
"""

from dataclasses import dataclass
from dataclasses import field as made
from functools import cached_property

import numpy as np

from engine.arrays import F32, Bool
from engine.edit.frameview import FrameView
from engine.edit.grain import Grain
from engine.edit.shade import Shade, shade_of
from engine.edit.windows import Box, grown, inside, plate_part, size
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
#: Rounds in which highlights and shadows are told from each other.
TURNS = 2
#: Visible share from which a pixel shows a layer's light.
ALONE = 0.95


@dataclass(frozen=True, eq=False)
class Broad:
    """Broad differences in a box of the frame.

    Attributes:
        box: Rows and columns of the field's data window.
        encoded: Of encoded colours, [h, w, 3]; what to add to a reconstruction in its shadows.
        shadow: Factor of what surely is a shadow (or a lamp) on the ground, [h, w].
        highlight: Light that lies over everything there, scene-linear, [h, w, 3], 0 or more.
    """

    box: Box
    encoded: F32
    shadow: F32
    highlight: F32
    _samples: "Samples"

    def part(self, box: Box) -> "Broad":
        """The same for a box within this one."""
        there = inside(box, self.box)
        parts = self.encoded[there], self.shadow[there], self.highlight[there]
        return Broad(box, *parts, self._samples)

    def shade(self, k: int) -> F32:
        """The factor of light on layer ``k`` that the field does not know, [h, w]."""
        return self._samples.spread(self._samples.shade(k).factor, self.box)


@dataclass(eq=False)
class Samples:
    """Every few pixels of a wider box.

    Attributes:
        corner: Row and column of the first sample.
        step: Pixels between samples.
        plate: Scene-linear, without the highlight, [h, w, 3].
        drawn: The reconstruction, likewise.
        good: Where both are known, [h, w].
        shares: Visible share of each layer, [K, h, w].
        noise: Variance of the plate's grain, [h, w, 3].
        highlight: Light that lies over everything, scene-linear, [h, w, 3].
        encoded: What is left of encoded colours, [h, w, 3].
    """

    corner: tuple[int, int]
    step: int
    plate: F32
    drawn: F32
    good: Bool
    shares: F32
    noise: F32
    highlight: F32
    encoded: F32 = made(default_factory=lambda: np.zeros(0, np.float32))
    _shades: dict[int, Shade] = made(default_factory=dict, repr=False)

    def over(self, box: Box) -> Broad:
        """What they say of the pixels of a box."""
        encoded, shadow, highlight = (
            self.spread(values, box) for values in (self.encoded, self.surely, self.highlight)
        )
        return Broad(box, encoded, shadow, highlight, self)

    def spread(self, values: F32, box: Box) -> F32:
        """Values of the samples [h, w, ...] at the pixels of a box."""
        import cv2

        height, width = size(box)
        # Sample (i, j) lies on pixel (i step, j step); map pixels to samples.
        y = np.arange(height, dtype=np.float32) + (box[0].start - self.corner[0])
        x = np.arange(width, dtype=np.float32) + (box[1].start - self.corner[1])
        grid = np.meshgrid(x / np.float32(self.step), y / np.float32(self.step))
        read: F32 = cv2.remap(
            values, grid[0], grid[1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        )
        return read

    def shade(self, k: int) -> Shade:
        """The shade on layer ``k``; found once."""
        if k not in self._shades:
            alone = np.asarray(self.good & (self.shares[k] > ALONE), np.float32)
            self._shades[k] = shade_of(self.plate, self.drawn, alone, self.noise, self.step)
        return self._shades[k]

    @cached_property
    def surely(self) -> F32:
        """The factor on all layers where the ground's texture confirms it, else 1; [h, w]."""
        told = np.zeros_like(self.shares[0])
        for k, share in enumerate(self.shares):
            if (share > 0).any():
                shade = self.shade(k)
                told += share * shade.ground * np.log(shade.factor)
        return np.asarray(np.exp(told), np.float32)


def broad_samples(view: FrameView, plate: Picture, box: Box, grain: Grain | None = None) -> Samples:
    """Measures the broad differences around a box, on every few pixels.

    Args:
        view: The frame.
        plate: The frame's picture.
        box: Rows and columns of the field's data window.
        grain: The plate's grain, which is no contrast of its ground; or None.
    """
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
    seen = encode(colours)
    sigma = np.zeros_like(drawn) if grain is None else grain.at(seen)
    shares = view.shares(part)
    corner = wide[0].start, wide[1].start
    lit = drawn
    for _ in range(TURNS):
        still = encode(lit)
        _, belief = _robust(seen - still, good)
        noise = np.square((decode(still + sigma) - decode(still - sigma)) / 2)
        # What a shadow takes of the highlight is found when the shadow is known.
        highlight = _highlight(colours, np.minimum(lit, drawn), belief, noise)
        plain = colours - highlight
        samples = Samples(corner, step, plain, drawn, good, shares, noise, highlight)
        lit = drawn * samples.surely[..., None]
    samples.encoded, _ = _robust(seen - encode(lit), good)
    return samples


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
    energy = _blur((np.square(apart) - noise) * weight) / base
    size_of = np.sqrt(np.maximum(energy, np.square(mean)))
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
