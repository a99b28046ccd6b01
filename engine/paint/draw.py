"""How each kind of stroke is laid on the paint below it, box by box."""

import math
from collections.abc import Callable, Sequence
from types import ModuleType

import numpy as np

from engine.arrays import F32, Bool
from engine.errors import UsageError
from engine.paint.blurring import blur_reach, gaussian
from engine.paint.kernels import SMEAR_STEP, all_finite
from engine.paint.poisson import ROUNDS, difference, encoded, healed, membrane
from engine.paint.stamps import Box, Pace, common, flow_of, grown, pace_of, stamps, stroke_box
from engine.paint.stroke import BLENDS, RANGES, Stroke
from engine.paint.tiles import LazyPaint, TiledPicture, piece

Reveal = Callable[[Stroke], TiledPicture]
"""Gives the picture that a ``reveal`` stroke shows."""


class Layers:
    """A picture and the paint over it, read in boxes of canonical pixels.

    Args:
        under: float32 [h, w, 3 or 4], the picture; 3 channels are opaque.
        overlay: float32 [h, w, 4], the paint; None for none yet.
        origin: Top-left corner of both.
    """

    def __init__(
        self, under: F32, overlay: F32 | LazyPaint | None, origin: tuple[int, int]
    ) -> None:
        self._under, self._overlay = under, overlay
        x0, y0 = origin
        self.bounds: Box = (x0, y0, x0 + under.shape[1], y0 + under.shape[0])

    def under(self, box: Box) -> F32:
        """The picture [h, w, 4], bad pixels included; outside it there is nothing."""
        part = common(box, self.bounds)
        if part == box:
            own = piece(self._under, self.bounds, box)
            if own.shape[2] == 4:
                return own
        result = np.zeros((box[3] - box[1], box[2] - box[0], 4), np.float32)
        if part is not None:
            target = piece(result, box, part)
            channels = self._under.shape[2]
            target[..., :channels] = piece(self._under, self.bounds, part)
            if channels == 3:
                target[..., 3] = 1
        return result

    def paint(self, box: Box) -> F32:
        """The paint [h, w, 4]."""
        part = common(box, self.bounds)
        found: F32 | None = None
        if part is not None and self._overlay is not None:
            if isinstance(self._overlay, LazyPaint):
                found = self._overlay.part(part)
            else:
                found = piece(self._overlay, self.bounds, part)
        if found is not None and part == box:
            return found
        result = np.zeros((box[3] - box[1], box[2] - box[0], 4), np.float32)
        if found is not None and part is not None:
            piece(result, box, part)[...] = found
        return result

    def picture(self, box: Box) -> F32:
        """The painted picture [h, w, 4]; bad pixels count as empty."""
        paint = self.paint(box)
        return np.asarray(paint + finite(self.under(box)) * (1 - paint[..., 3:]), np.float32)


def finite(pixels: F32) -> F32:
    """Bad pixels of the picture must not spread into the paint; they count as empty."""
    if all_finite(pixels):
        return pixels
    bad: Bool = np.logical_not(np.isfinite(pixels).all(axis=2))
    return np.where(bad[..., None], np.float32(0), pixels)


def shifted(read: Callable[[Box], F32], box: Box, offset: tuple[float, float]) -> F32:
    """A box of a picture, read bilinearly ``offset`` away.

    Args:
        read: Reads the picture.
        box: Pixels that are wanted.
        offset: Where they are read, less where they are wanted.
    """
    left, top = math.floor(offset[0]), math.floor(offset[1])
    fx, fy = np.float32(offset[0] - left), np.float32(offset[1] - top)
    x0, y0, x1, y1 = box[0] + left, box[1] + top, box[2] + left, box[3] + top
    if fx == 0 and fy == 0:
        return read((x0, y0, x1, y1))
    more = read((x0, y0, x1 + 1, y1 + 1))
    rows = more[:-1] * (1 - fy) + more[1:] * fy
    return np.asarray(rows[:, :-1] * (1 - fx) + rows[:, 1:] * fx, np.float32)


class Brush:
    """One stroke, ready to be laid on what is below it.

    Args:
        stroke: The stroke; its points are not looked at.
        below: The picture with the paint below the stroke. It must not change as long as boxes
            are laid, where the stroke is not local.
        reveal: What ``reveal`` strokes show.
        loops: ``engine.paint.kernels`` or ``engine.paint.reference``.
    """

    def __init__(
        self, stroke: Stroke, below: Layers, reveal: Reveal | None, loops: ModuleType
    ) -> None:
        self._stroke, self._below, self._loops = stroke, below, loops
        self._shown: TiledPicture | None = None
        if stroke.kind == "reveal":
            if reveal is None:
                raise UsageError(
                    f"the stroke {stroke.name!r} reveals another frame and there is none to "
                    "reveal; wire a clip to the input 'reveal', or the fit to 'field'"
                )
            self._shown = reveal(stroke)
        elif stroke.kind == "blur":
            self._shown = TiledPicture(below.bounds, self._blurred)
        reach = math.ceil(stroke.size / 2) + 2
        side = 2 * reach + 1 if stroke.kind == "smear" else 0
        self._healed: tuple[Box, F32, F32] | None = None
        self._carried = np.zeros((side, side, 4), np.float32)
        self._last = np.full(2, np.nan)
        self._pace = Pace(SMEAR_STEP * stroke.size)

    def lay(self, box: Box, mask: F32, overlay: F32) -> None:
        """Lays a box of the stroke; not for ``heal`` and ``smear``.

        Args:
            box: Canonical pixels inside the canvas.
            mask: [h, w], how far the stroke covers each.
            overlay: [h, w, 4], the paint below the stroke there; changed.
        """
        stroke, loops = self._stroke, self._loops
        opacity = np.float32(stroke.opacity)
        if stroke.kind == "erase":
            loops.lift(overlay, mask, opacity)
        elif stroke.kind in ("dodge", "burn"):
            under = finite(self._below.under(box))
            gain = np.float32(2.0 ** (stroke.stops if stroke.kind == "dodge" else -stroke.stops))
            loops.lay_tone(overlay, under, mask, opacity, gain, RANGES.index(stroke.range))
        elif stroke.kind == "brush":
            colour = np.asarray(stroke.colour, np.float32)
            under = self._below.under(box)
            if stroke.blend != "over":
                under = finite(under)
            loops.lay_colour(overlay, under, mask, opacity, colour, BLENDS.index(stroke.blend))
        else:
            loops.lay_picture(overlay, self._source(box), mask, opacity)

    def surface(
        self, box: Box, inside: Bool, given: F32 | None = None, rounds: int = ROUNDS
    ) -> F32:
        """What a ``heal`` adds to its source, [h, w, 3].

        Args:
            box: The stroke's box with a pixel around it where the canvas has one.
            inside: [h, w], what the stroke covers.
            given: The surface so far, [h, w, 3], taken as known on the rim of the box.
            rounds: See ``membrane``.
        """
        apart, solid = difference(*self._healing(box), self._below.picture(box))
        known = solid & ~inside
        if given is not None:
            rim = np.ones(inside.shape, np.bool_)
            rim[1:-1, 1:-1] = False
            rim &= inside & ((given[..., 0] != 0) | (given[..., 1] != 0) | (given[..., 2] != 0))
            apart = np.where(rim[..., None], given, apart)
            known, inside = known | rim, inside & ~rim
        apart[~known] = 0
        if self._loops.__name__.endswith("kernels"):
            return membrane(apart, inside, known, rounds)
        result: F32 = self._loops.membrane(apart, inside, known)
        return result

    def heal(self, box: Box, mask: F32, surface: F32, overlay: F32) -> None:
        """Lays a box of a ``heal`` with the surface that belongs to it; see ``lay``."""
        source = healed(*self._healing(box), surface)
        self._loops.lay_picture(overlay, source, mask, np.float32(self._stroke.opacity))

    def smear(self, box: Box, points: Sequence[tuple[float, float, float]], overlay: F32) -> None:
        """Carries the picture on along some more points of a ``smear``.

        Args:
            box: Canonical pixels that the brush can reach, 3 pixels more on each side.
            points: The points that come next.
            overlay: [h, w, 4], the paint over the box, after all points before; changed.
        """
        stroke = self._stroke
        where = self._pace.stamps(points, stroke)
        self._loops.smear(
            overlay,
            finite(self._below.under(box)),
            box[0],
            box[1],
            *where,
            float(stroke.size),
            float(stroke.opacity),
            self._carried,
            self._last,
        )

    def _healing(self, box: Box) -> tuple[F32, F32]:
        """The source of a heal, as it is and encoded; asked for twice for each box."""
        if self._healed is None or self._healed[0] != box:
            source = self._source(box)
            self._healed = box, source, encoded(source)
        return self._healed[1:]

    def _source(self, box: Box) -> F32:
        """What a clone, heal, reveal or blur lays there, [h, w, 4], premultiplied, finite."""
        stroke, below = self._stroke, self._below
        if stroke.kind == "blur" and self._shown is not None:
            return self._shown.read(box)
        if self._shown is not None:
            return shifted(self._shown.read, box, stroke.offset)
        source = finite(shifted(below.under, box, stroke.offset))
        if stroke.source == "painted":
            paint = shifted(below.paint, box, stroke.offset)
            source = paint + source * (1 - paint[..., 3:])
        return source

    def _blurred(self, tile: Box) -> F32:
        reach = blur_reach(self._stroke.radius)
        blur = gaussian if self._loops.__name__.endswith("kernels") else self._loops.gaussian
        picture = self._below.picture(grown(tile, reach))
        return np.ascontiguousarray(blur(picture, self._stroke.radius)[reach:-reach, reach:-reach])


def draw(
    stroke: Stroke,
    under: F32,
    overlay: F32,
    origin: tuple[int, int],
    reveal: Reveal | None,
    loops: ModuleType,
    within: Box | None = None,
) -> None:
    """Draws a whole stroke on the paint so far, in place.

    Args:
        stroke: A stroke in the canvas' own pixels.
        under: float32 [h, w, 3 or 4].
        overlay: float32 [h, w, 4].
        origin: Top-left corner of both.
        reveal: What ``reveal`` strokes show.
        loops: The kernels, or their reference.
        within: Draw this much of it only. A stroke that is not local must lie in it whole.
    """
    below = Layers(under, overlay, origin)
    box = common(stroke_box(stroke), below.bounds if within is None else within)
    box = None if box is None else common(box, below.bounds)
    if box is None:
        return
    brush = Brush(stroke, below, reveal, loops)
    if stroke.kind == "smear":
        around = common(grown(stroke_box(stroke), 3), below.bounds)
        if around is not None:
            brush.smear(around, stroke.points, piece(overlay, below.bounds, around))
        return
    mask = np.zeros((box[3] - box[1], box[2] - box[0]), np.float32)
    pace = pace_of(stroke)
    where = stamps(stroke) if pace is None else pace.stamps(stroke.points, stroke)
    loops.stamp(mask, box[0], box[1], *where, *flow_of(stroke))
    target = piece(overlay, below.bounds, box)
    if stroke.kind == "heal":
        surface, rim = heal_surface(brush, below.bounds, box, mask)
        brush.heal(box, mask, piece(surface, rim, box), target)
        return
    brush.lay(box, mask, target)


def heal_surface(brush: Brush, bounds: Box, box: Box, mask: F32) -> tuple[F32, Box]:
    """The surface of a whole ``heal``, and the box that it lies over.

    Args:
        brush: The stroke.
        bounds: The canvas.
        box: The stroke's box inside the canvas.
        mask: [h, w], how far the stroke covers it.
    """
    rim = common(grown(box, 1), bounds) or box
    inside = np.zeros((rim[3] - rim[1], rim[2] - rim[0]), np.bool_)
    x0, y0 = box[0] - rim[0], box[1] - rim[1]
    inside[y0 : y0 + mask.shape[0], x0 : x0 + mask.shape[1]] = mask > 0
    return brush.surface(rim, inside), rim
