"""A stroke while it is drawn: each event costs its own stamps, whatever lies below and around."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from engine.arrays import F32, Bool
from engine.paint import kernels
from engine.paint.draw import Brush, Layers, Reveal, draw, heal_surface
from engine.paint.stamps import Box, common, flow_of, grown, pace_of, stamps, stroke_box, united
from engine.paint.stroke import Stroke, points_from, stroke_from
from engine.paint.tiles import LazyPaint, piece

#: Pixels around new stamps in which the surface of a heal is found again as it is drawn.
HEAL_AROUND = 16
#: Relaxations of that surface: enough to be looked at.
HEAL_ROUNDS = 5


class StrokeSession:
    """One stroke that is being drawn.

    What it has laid after its last point is what ``render_strokes`` lays for the whole stroke, bit
    for bit. Only a ``heal`` shows a local solution while it is drawn; ``finish`` finds the whole
    one. Boxes are in canvas pixels.

    Args:
        header: The stroke as documents hold it; its points are not looked at.
        under: float32 [h, w, 3 or 4], the picture.
        below: float32 [h, w, 4], the paint of the strokes below, or ``own`` of the stroke before;
            None: there are none.
        origin: Top-left corner of the picture.
        scale: Canvas pixels for each pixel that the stroke is measured in.
        reveal: What ``reveal`` strokes show.
        above: The strokes above, in canvas pixels; they are drawn again over each new box.
        top: float32 [h, w, 4], the paint of all strokes, those above included, without this one;
            needed where there are strokes above.

    Attributes:
        bounds: The canvas.
        stroke: The stroke without points, in canvas pixels.
        touched: All that the stroke has changed so far.

    Raises:
        UsageError: The stroke is wrong.
    """

    def __init__(
        self,
        header: Mapping[str, Any],
        under: F32,
        below: F32 | LazyPaint | None = None,
        origin: tuple[int, int] = (0, 0),
        *,
        scale: float = 1.0,
        reveal: Reveal | None = None,
        above: Sequence[Stroke] = (),
        top: F32 | None = None,
    ) -> None:
        given = stroke_from({**header, "points": [[0.0, 0.0, 1.0]]})
        self.stroke = given.scaled(scale)
        self._scale = scale
        self._layers = Layers(under, below, origin)
        self._under, self._reveal = under, reveal
        self.bounds = self._layers.bounds
        self._brush = Brush(self.stroke, self._layers, reveal, kernels)
        self._paint = LazyPaint(self.bounds, below)
        self._above = tuple(above)
        self._shown = LazyPaint(self.bounds, top) if self._above else self._paint
        height, width = under.shape[:2]
        self._mask = np.zeros((height, width), np.float32)
        self._pace = pace_of(self.stroke)
        heals = self.stroke.kind == "heal"
        self._surface = np.zeros((height, width, 3) if heals else (0, 0, 3), np.float32)
        self._points: list[tuple[float, float, float]] = []
        self._span: Box | None = None
        self.touched: Box | None = None

    def extend(self, points: Sequence[Sequence[float]]) -> Box | None:
        """Draws on to some more points.

        Args:
            points: [x, y] or [x, y, pressure], in the pixels that the stroke is measured in.

        Returns:
            What changed; None for nothing.
        """
        if not points:
            return None
        fresh = [(x * self._scale, y * self._scale, p) for x, y, p in points_from(points)]
        drawn = len(self._points)
        tail = replace(self.stroke, points=(*self._points[-1:], *fresh))
        self._points += fresh
        if not self.stroke.visible or self.stroke.opacity <= 0:
            return None
        start = 1 if drawn else 0
        span = stroke_box(tail, start)
        self._span = span if self._span is None else united(self._span, span)
        box = common(span, self.bounds)
        if self.stroke.kind == "smear":
            around = common(grown(span, 3), self.bounds)
            # Stamps beside the canvas change nothing, but the next ones count from them.
            place = around or (*span[:2], *span[:2])
            nothing = np.zeros((0, 0, 4), np.float32)
            target = nothing if around is None else self._paint.part(around)
            self._brush.smear(place, fresh, target)
            return self._changed(around)
        # Stamps beside the canvas change nothing, but the next ones count from them.
        where = None if self._pace is None else self._pace.stamps(fresh, self.stroke)
        if box is None:
            return None
        if where is None:
            where = stamps(tail, start)
        mask = piece(self._mask, self.bounds, box)
        kernels.stamp(mask, box[0], box[1], *where, *flow_of(self.stroke))
        if self.stroke.kind == "heal":
            return self._changed(self._heal_near(box))
        target = self._restored(box)
        self._brush.lay(box, mask, target)
        return self._changed(box)

    def finish(self) -> Box | None:
        """Ends the stroke.

        Returns:
            What changed, for a ``heal``: all of it; None for nothing.
        """
        box = None if self._span is None else common(self._span, self.bounds)
        if box is None or self.stroke.kind != "heal":
            return None
        mask = piece(self._mask, self.bounds, box)
        surface, rim = heal_surface(self._brush, self.bounds, box, mask)
        self._brush.heal(box, mask, piece(surface, rim, box), self._restored(box))
        return self._changed(box)

    def abort(self) -> Box | None:
        """Takes the stroke back; returns what it had changed."""
        self._paint.forget()
        self._shown.forget()
        return self.touched

    @property
    def changes(self) -> bool:
        """Whether any paint is not what it was before the stroke."""
        box = self.touched
        return box is not None and not np.array_equal(
            self._paint.part(box), self._layers.paint(box)
        )

    @property
    def own(self) -> LazyPaint:
        """The paint with this stroke, without those above, to draw the next one on."""
        return self._paint

    def paint(self, box: Box) -> F32:
        """The paint of all strokes in a box inside the canvas, [h, w, 4]; read it only."""
        return self._shown.part(box)

    def picture(self, box: Box, opacity: float = 1.0) -> F32:
        """The painted picture in a box inside the canvas, with the channels of the picture."""
        under = piece(self._under, self.bounds, box)
        result = np.empty(under.shape, np.float32)
        kernels.cover(result, self._shown.part(box), under, np.float32(opacity))
        return result

    def _restored(self, box: Box) -> F32:
        """The paint in a box as it was before the stroke, to lay the stroke on."""
        target = self._paint.part(box)
        target[...] = self._layers.paint(box)
        return target

    def _heal_near(self, box: Box) -> Box:
        """Heals around new stamps, on from the surface that is there."""
        near = common(grown(box, HEAL_AROUND), self.bounds) or box
        mask = piece(self._mask, self.bounds, near)
        inside: Bool = np.asarray(mask > 0, np.bool_)
        given = piece(self._surface, self.bounds, near)
        surface = self._brush.surface(near, inside, given, HEAL_ROUNDS)
        given[...] = np.where(inside[..., None], surface, 0)
        self._brush.heal(near, mask, surface, self._restored(near))
        return near

    def _changed(self, box: Box | None) -> Box | None:
        if box is None:
            return None
        self.touched = box if self.touched is None else united(self.touched, box)
        if self._above:
            shown = self._shown.part(box)
            shown[...] = self._paint.part(box)
            for stroke in self._above:
                part = common(stroke_box(stroke), box)
                if part is not None:
                    self._draw_above(stroke, box, shown)
        return box

    def _draw_above(self, stroke: Stroke, box: Box, shown: F32) -> None:
        """A stroke above, cut to a box; one that is not local sees no further than the box."""
        under = piece(self._under, self.bounds, box)
        draw(stroke, under, shown, (box[0], box[1]), self._reveal, kernels)
