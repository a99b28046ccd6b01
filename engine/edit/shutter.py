"""Motion blur of edits: the canonical points that a pixel sees while the shutter is open."""

from dataclasses import dataclass

import numpy as np

from engine.arrays import F32
from engine.edit.frameview import FrameView
from engine.edit.windows import Box

#: Pixels between samples along the blur, and most samples.
SPACING, MOST = 0.5, 48
#: Pixels of blur that nobody sees: below, the edit is read once.
LEAST = 0.25
#: Frames between a frame and a neighbour that still tells its motion.
GAP = 4


@dataclass(frozen=True, eq=False)
class Sweep:
    """How the canonical point of each pixel goes by: ``at(tau) = start + tau v + tau^2 c``.

    Attributes:
        start: [h, w, 2], at the frame's own time.
        velocity: Canonical pixels per frame, [h, w, 2].
        bend: Half the acceleration, [h, w, 2].
        pixel: Canonical pixels that one step of the frame covers.
    """

    start: F32
    velocity: F32
    bend: F32
    pixel: float

    def at(self, tau: float) -> F32:
        """Canonical points at a time in frames from the frame's own, [h, w, 2]."""
        if tau == 0:
            return self.start
        t = np.float32(tau)
        return np.asarray(self.start + t * (self.velocity + t * self.bend), np.float32)

    def part(self, box: Box) -> "Sweep":
        """The same for some of its rows and columns."""
        return Sweep(self.start[box], self.velocity[box], self.bend[box], self.pixel)

    def blur(self, shutter: float) -> F32:
        """What goes by while the shutter is open, in pixels of the frame, [h, w, 2]."""
        return np.asarray(self.velocity * np.float32(-shutter / self.pixel), np.float32)


def sweep(view: FrameView, k: int, box: Box, step: int = 1) -> Sweep:
    """The motion of a layer through the pixels of a box, from the frames before and after.

    Args:
        view: The frame.
        k: The layer.
        box: Rows and columns of the data window.
        step: Every how many pixels.
    """
    start = view.positions(k)[box[0].start : box[0].stop : step, box[1].start : box[1].stop : step]
    sides = [_side(view, k, box, start, step, towards) for towards in (-1, 1)]
    known = [side for side in sides if side is not None]
    zero = np.zeros_like(start)
    if not known:
        velocity, bend = zero, zero
    elif len(known) == 1:
        velocity, bend = known[0][1], zero
    else:
        (a, before), (b, after) = known
        bend = np.asarray((after - before) / np.float32(a + b), np.float32)
        velocity = np.asarray(after - bend * np.float32(b), np.float32)
    return Sweep(start, velocity, bend, _pixel(start) / step)


def moments(swept: Sweep, shutter: float, offset: float) -> list[float]:
    """Times at which the edit is read, in frames from the frame's own; [0.0] when nothing moves."""
    if shutter <= 0 or not swept.velocity.size:
        return [0.0]
    pace = np.hypot(swept.velocity[..., 0], swept.velocity[..., 1]) / swept.pixel
    # Far outside what was fitted a field may fly off; that must not cost samples.
    fastest = float(np.quantile(pace[np.isfinite(pace)], 0.98)) if np.isfinite(pace).any() else 0.0
    if fastest * shutter < LEAST:
        return [0.0]
    count = int(np.clip(np.ceil(fastest * shutter / SPACING), 2, MOST))
    return [offset + shutter * ((n + 0.5) / count - 0.5) for n in range(count)]


def _side(
    view: FrameView, k: int, box: Box, start: F32, step: int, towards: int
) -> tuple[float, F32] | None:
    """Distance in frames to a neighbour and the velocity towards it; None without one."""
    field, other = view.field, view.index + towards
    if not 0 <= other < len(field.frames):
        return None
    apart = abs(field.frames[other] - field.frames[view.index])
    kept = field.kept(other)
    if apart > GAP or (kept is not None and not kept.any()):
        return None
    x = np.arange(box[1].start, box[1].stop, step, dtype=np.float32) + (field.data.x0 + 0.5)
    y = np.arange(box[0].start, box[0].stop, step, dtype=np.float32) + (field.data.y0 + 0.5)
    points = np.stack(np.meshgrid(x, y), axis=-1).astype(np.float32)
    there = field.layers[k].deformation.at(other, points.reshape(-1, 2)).reshape(start.shape)
    return float(apart), np.asarray((there - start) * np.float32(towards / apart), np.float32)


def _pixel(points: F32) -> float:
    if min(points.shape[:2]) < 2:
        return 1.0
    along, down = points[:-1, 1:] - points[:-1, :-1], points[1:, :-1] - points[:-1, :-1]
    area = np.abs(along[..., 0] * down[..., 1] - along[..., 1] * down[..., 0])
    area = area[np.isfinite(area)]
    return float(np.clip(np.sqrt(np.median(area)), 0.05, 20)) if area.size else 1.0
