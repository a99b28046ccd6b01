"""The frame while the canonical image is painted on: only the pixels that see the change."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from engine.arrays import F32, F64, Bool
from engine.edit import windows
from engine.edit.editlayer import EditLayer
from engine.edit.finished import finish_view
from engine.edit.outputs import edit_alone, lay_matte
from engine.edit.paintover import SeenLayer, put_over, read_change, warp_change
from engine.fields.field import Field
from engine.io.picture import Picture, Window
from engine.kernels.footprint import LONGEST, REACH
from engine.linked.carry import over_plate
from engine.paint.kernels import measure_blocks
from engine.paint.stamps import Box, common, grown
from engine.paint.surroundings import TiledSurroundings
from engine.paint.tiles import LazyPaint, piece
from engine.warp.render import bounds
from engine.warp.sheet import Sheet

#: Side of the blocks of frame pixels that are looked at together.
BLOCK = 32


class Blocks:
    """Where blocks of a frame's pixels lie on the canonical image.

    Finds the pixels that see a box without looking at every one of them.

    Args:
        seen: How the frame sees the layer.
    """

    def __init__(self, seen: SeenLayer) -> None:
        self.seen = seen
        height, width = seen.share.shape
        rows, columns = -(-height // BLOCK), -(-width // BLOCK)
        self._low: F64 = np.full((rows, columns, 2), np.inf)
        self._high: F64 = np.full((rows, columns, 2), -np.inf)
        self._step: F64 = np.zeros((rows, columns))
        measure_blocks(
            seen.positions, seen.share, BLOCK, LONGEST, self._low, self._high, self._step
        )

    def reach(
        self, box: tuple[float, float, float, float], around: float
    ) -> tuple[tuple[slice, slice], Bool, float] | None:
        """The pixels that see a box.

        Args:
            box: x0, y0, x1, y1 in canonical pixels.
            around: Canonical pixels around a point that a filter reads.

        Returns:
            Rows and columns, which of their pixels see the box, and how far from the box their
            points lie at most; None when there are none.
        """
        # A filter is as wide as what a step of the frame covers.
        pad = REACH["cubic"] * self._step + around
        hit: Bool = np.asarray(
            (self._high[..., 0] > box[0] - pad)
            & (self._low[..., 0] < box[2] + pad)
            & (self._high[..., 1] > box[1] - pad)
            & (self._low[..., 1] < box[3] + pad),
            np.bool_,
        )
        coarse = bounds(hit)
        if coarse is None:
            return None
        height, width = self.seen.share.shape
        part = (
            slice(coarse[0].start * BLOCK, min(coarse[0].stop * BLOCK, height)),
            slice(coarse[1].start * BLOCK, min(coarse[1].stop * BLOCK, width)),
        )
        most = float(pad[hit].max())
        x, y = self.seen.positions[part][..., 0], self.seen.positions[part][..., 1]
        near: Bool = np.asarray(
            (x > box[0] - most)
            & (x < box[2] + most)
            & (y > box[1] - most)
            & (y < box[3] + most)
            & (self.seen.share[part] > 0),
            np.bool_,
        )
        fine = bounds(near)
        if fine is None:
            return None
        top, left = part[0].start, part[1].start
        whole = (
            slice(top + fine[0].start, top + fine[0].stop),
            slice(left + fine[1].start, left + fine[1].stop),
        )
        return whole, near[fine], most


class FrameFollower:
    """One frame with an edit of the canonical image that is being painted.

    What it shows is what ``propagate_frame`` makes of the same paint, mode over; motion blur and
    the plate's softness, which reach far beyond a brush, are left to that.

    Args:
        field: The field.
        k: Layer that is painted on.
        index: Position of the frame in the field.
        blocks: Of that layer and frame.
        plate: The frame without the edits.
        shown: Pixels of the frame with the edits as they were before, like those of ``plate``.
        paint: Reads the whole change of the layer, float32 [h, w, 4] premultiplied, in a box of
            canvas pixels inside ``canvas``.
        canvas: The canvas.
        origin: The sheet's origin of the canvas' corner, see ``Sheet``.
        scale: Canvas pixels per canonical pixel, in x and y.
        others: The changes of the other layers, and how the frame sees those.
        below: Edits that lie below it, alone and premultiplied, like ``plate``: those of other
            stills of a long shot.
        above: Those that lie above.
        mix: How much of the edit, 0 to 1.
        mask: [H, W] over the plate's data window, or None.
        around: What is measured of the frame for the finish of the edits; None: plain paint.
        grade: How surely the change is a grade, [h, w] in a box inside ``canvas``; None: it is
            all paint.
    """

    def __init__(
        self,
        field: Field,
        k: int,
        index: int,
        blocks: Blocks,
        plate: Picture,
        shown: F32 | LazyPaint,
        paint: Callable[[Box], F32],
        canvas: Box,
        origin: tuple[float, float],
        scale: tuple[float, float],
        *,
        others: Mapping[int, tuple[EditLayer, SeenLayer]] | None = None,
        below: Sequence[Picture] = (),
        above: Sequence[Picture] = (),
        mix: float = 1.0,
        mask: F32 | None = None,
        around: TiledSurroundings | None = None,
        grade: Callable[[Box], F32] | None = None,
    ) -> None:
        self.around, self._grade = around, grade
        self._below, self._above = below, above
        self._field, self._k, self._index = field, k, index
        self._blocks, self._plate, self._paint = blocks, plate, paint
        self._canvas, self._origin, self._scale = canvas, origin, scale
        self._others, self._mix, self._mask = dict(others or {}), mix, mask
        d = plate.data
        self.bounds: Box = (d.x0, d.y0, d.x1, d.y1)
        self._shown = LazyPaint(self.bounds, shown)

    def update(self, box: Box) -> Box | None:
        """Draws again what sees a changed box of the canvas.

        Args:
            box: Canvas pixels.

        Returns:
            The part of the frame that was drawn, in pixels of the plate; None for none.
        """
        inside = common(box, self._canvas)
        if inside is None or self._mix <= 0:
            return None
        (x0, y0), (sx, sy) = self._origin, self._scale
        left, top = x0 - self._canvas[0], y0 - self._canvas[1]
        there = (
            (inside[0] + left) / sx,
            (inside[1] + top) / sy,
            (inside[2] + left) / sx,
            (inside[3] + top) / sy,
        )
        found = self._blocks.reach(there, 2.0 / min(sx, sy))
        if found is None:
            return None
        part, near, pad = found
        window = common(grown(inside, math.ceil(2 * pad * max(sx, sy)) + 2), self._canvas)
        if window is None:
            return None
        return self._draw(part, near, self._change(window))

    def pixels(self, box: Box) -> F32:
        """The frame as it is now, in a box inside it; read it only."""
        return self._shown.part(box)

    @property
    def shown(self) -> LazyPaint:
        """The frame as it is now, for the next stroke to go on with."""
        return self._shown

    def _change(self, window: Box) -> EditLayer:
        """The change in a window of the canvas, as ``cropped`` makes it."""
        rgba = np.array(self._paint(window), np.float32)
        rgba[..., 3] = np.clip(rgba[..., 3], 0, 1)
        rgba[rgba[..., 3] <= 0] = 0
        x = self._origin[0] + window[0] - self._canvas[0]
        y = self._origin[1] + window[1] - self._canvas[1]
        grade = None if self._grade is None else self._grade(window)
        return EditLayer(Sheet(rgba, (x, y), self._scale), grade)

    def _draw(self, part: tuple[slice, slice], near: Bool, change: EditLayer) -> Box | None:
        plate = self._plate
        window = Window(part[1].start, part[0].start, part[1].stop, part[0].stop)
        window = window.moved(self._field.data.x0, self._field.data.y0)
        at = window.moved(plate.display.x0, plate.display.y0)
        box = common((at.x0, at.y0, at.x1, at.y1), self.bounds)
        if box is None:
            return None
        plate.need(box[1] - self.bounds[1], box[3] - self.bounds[1])
        own = Picture(piece(plate.pixels, self.bounds, box), plate.display, Window(*box))
        mask = None if self._mask is None else piece(self._mask, self.bounds, box)
        if self.around is None:
            drawn, matte = self._laid(own, mask, part, window, change)
        else:
            drawn, matte = self._finished(self.around, own, mask, part, change)
        if self._below or self._above:
            drawn = self._stacked(own, drawn, matte, box)
        changed = near[box[1] - at.y0 : box[3] - at.y0, box[0] - at.x0 : box[2] - at.x0]
        target = self._shown.part(box)
        target[changed] = drawn.pixels[changed]
        return box

    def _laid(
        self,
        own: Picture,
        mask: F32 | None,
        part: tuple[slice, slice],
        window: Window,
        change: EditLayer,
    ) -> tuple[Picture, F32]:
        """A part of the plate with the edits plainly over it, and their matte."""
        field, seen = self._field, self._blocks.seen
        paint = np.ascontiguousarray(read_change(change, seen.positions, seen.share, part))
        if seen.gain is not None:
            paint[..., :3] *= seen.gain[part]
        pieces = {self._k: (window, paint)}
        for k, (other, look) in self._others.items():
            more = warp_change(field, k, self._index, other, region=part, seen=look)
            if more is not None:
                pieces[k] = more
        every = [pieces[k] for k in sorted(pieces)]
        matte = np.zeros(own.pixels.shape[:2], np.float32)
        for where, laid in every:
            lay_matte(matte, laid[..., 3], where, own)
        matte *= self._mix if mask is None else mask * np.float32(self._mix)
        return put_over(own, every, field.data, mix=self._mix, mask=mask), matte

    def _finished(
        self,
        around: TiledSurroundings,
        own: Picture,
        mask: F32 | None,
        part: tuple[slice, slice],
        change: EditLayer,
    ) -> tuple[Picture, F32]:
        """A part of the plate with the edits finished in it, and their matte."""
        finish, shape = around.finish, self._blocks.seen.share.shape
        # The steps of the map are told by neighbours, fine detail by what is around.
        rim = 1 if finish.detail is None else math.ceil(3 * finish.split)
        changes = {k: other for k, (other, _) in self._others.items()} | {self._k: change}
        around.look_ahead(part)
        done = finish_view(
            around.view,
            changes,
            own,
            finish,
            mix=self._mix,
            mask=mask,
            around=around,
            within=windows.grown(part, rim, (shape[0], shape[1])),
        )
        matte = np.zeros(own.pixels.shape[:2], np.float32)
        if done.box is not None:
            lay_matte(matte, done.alpha, windows.window_of(done.box, self._field), own)
        return done.picture, matte

    def _stacked(self, own: Picture, drawn: Picture, matte: F32, box: Box) -> Picture:
        """A part of the plate with this edit among those of other stills."""

        def part_of(picture: Picture) -> Picture:
            return replace(own, pixels=piece(picture.pixels, self.bounds, box))

        alone = edit_alone(drawn, own, matte)
        layers = *map(part_of, self._below), alone, *map(part_of, self._above)
        return over_plate(own, layers)
