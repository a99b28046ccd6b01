"""A painted frame as a change of the layers that it shows."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from dataclasses import field as made

import numpy as np

from engine.arrays import F32, Bool
from engine.edit.editlayer import EditLayer
from engine.edit.finish import Finish
from engine.edit.frameview import FrameView
from engine.edit.patch import Reading
from engine.edit.place import look_at
from engine.edit.windows import Box, grown, plate_part
from engine.fields.field import Field
from engine.io.picture import Picture
from engine.warp.inverse import TOLERANCE, FrameInverse

#: Canonical x0, y0, x1, y1.
Reach = tuple[float, float, float, float]
#: Pixels around what was painted that are kept, for the filter.
AROUND = 8
#: Visible share of a layer on the painted frame below which its paint fades.
FADED = 0.05
#: Least light that paint is taken out of.
DARK = 0.01


@dataclass(eq=False)
class FrameEdit:
    """A painted frame, ready to be carried.

    Attributes:
        frame: The frame that was painted.
        paint: What was painted, over the display window (origin at 0), or None when nothing.
        painted: The painted pixels themselves over the data window, [H, W, 3 or 4].
        own_alpha: The painting came with its own alpha and lies over the plate.
        plate: The frame as it was.
    """

    frame: int
    paint: EditLayer | None
    painted: F32
    own_alpha: bool
    plate: Picture
    _inverses: dict[int, FrameInverse] = made(default_factory=dict, repr=False)
    _reaches: dict[int, Reach | None] = made(default_factory=dict, repr=False)
    _planes: dict[tuple[int, float, float], F32] = made(default_factory=dict, repr=False)

    def inverse(self, of: Field, k: int) -> FrameInverse:
        """Canonical to this frame for layer ``k``; built once."""
        if k not in self._inverses:
            self._inverses[k] = FrameInverse(of, k, of.index(self.frame))
        return self._inverses[k]

    def reach(self, of: Field, k: int) -> Reach | None:
        """Canonical bounds of what was painted on layer ``k``; None for nothing; found once."""
        if k not in self._reaches:
            self._reaches[k] = self._bounds(of, k)
        return self._reaches[k]

    def box(self, of: Field) -> Box | None:
        """Rows and columns of the data window that hold the paint, with room for the filter."""
        if self.paint is None:
            return None
        sheet = self.paint.sheet
        h, w = sheet.pixels.shape[:2]
        top, left = (round(sheet.origin[n]) - (of.data.x0, of.data.y0)[n] for n in (1, 0))
        rows, columns = (
            slice(max(start, 0), min(start + length, most))
            for start, length, most in ((top, h, of.height), (left, w, of.width))
        )
        if rows.start >= rows.stop or columns.start >= columns.stop:
            return None
        return grown((rows, columns), AROUND, (of.height, of.width))

    def _over(self, of: Field, values: F32, box: Box) -> F32:
        """Values of the sheet's pixels [h, w, ...] over a box of the data window."""
        result = np.zeros((*(s.stop - s.start for s in box), *values.shape[2:]), np.float32)
        if self.paint is None:
            return result
        left, top = (round(v) for v in self.paint.sheet.origin)
        row, column = top - of.data.y0 - box[0].start, left - of.data.x0 - box[1].start
        height, width = values.shape[:2]
        y0, x0 = max(row, 0), max(column, 0)
        y1, x1 = min(row + height, result.shape[0]), min(column + width, result.shape[1])
        result[y0:y1, x0:x1] = values[y0 - row : y1 - row, x0 - column : x1 - column]
        return result

    def _bounds(self, of: Field, k: int) -> Reach | None:
        from cv2 import dilate

        box = self.box(of)
        if self.paint is None or box is None:
            return None
        index = of.index(self.frame)
        there = self._over(of, self.paint.sheet.pixels[..., 3], box) > 0
        mine = (there & (of.seen(index, box)[k] > 0)).astype(np.uint8)
        # The filter reaches two pixels around the paint.
        near = dilate(mine, np.ones((5, 5), np.uint8)) > 0
        view = FrameView(of, index)
        points = view.positions_at(k, box)[near]
        points = points[np.isfinite(points).all(axis=1)]
        if not len(points):
            return None
        low, high = points.min(axis=0) - 1, points.max(axis=0) + 1
        return float(low[0]), float(low[1]), float(high[0]), float(high[1])

    def planes(self, of: Field, k: int, finish: Finish) -> F32:
        """What is read, weighted by the layer's share so that nothing bleeds in from others.

        Paint is taken out of the light that it was made in, and so is the plate below it.

        Args:
            of: The field.
            k: Layer, front to back.
            finish: Its ``light`` and ``shade`` say how much of the light.

        Returns:
            [h, w, 9] over ``box``: paint, plate, share, and share of the paint that is a grade.
        """
        key = k, finish.light, finish.shade
        if key not in self._planes:
            self._planes[key] = self._weighed(of, k, finish)
        return self._planes[key]

    def _weighed(self, of: Field, k: int, finish: Finish) -> F32:
        box, change = self.box(of), self.paint
        if box is None or change is None:
            return np.zeros((0, 0, 9), np.float32)
        index = of.index(self.frame)
        colours, held = plate_part(self.plate, of, box)
        planes = np.zeros((*held.shape, 9), np.float32)
        planes[..., :4] = self._over(of, change.sheet.pixels, box)
        planes[..., 4:7] = colours
        only = replace(finish, holdout=False, regrain=0.0, highlight=0.0, focus=0.0)
        view = FrameView(of, index, finish.light)
        light = look_at(view, self.plate, box, only).lit(k, box)
        if light is not None:
            light = np.maximum(light, np.float32(DARK))
            planes[..., :3] /= light
            planes[..., 4:7] /= light
        if change.grade is not None:
            planes[..., 8] = self._over(of, change.grade, box) * planes[..., 3]
        planes[..., 7] = 1
        planes *= (of.seen(index, box)[k] * held)[..., None]
        return planes


class FramePaint:
    """Painted frames as one layer of another frame sees them.

    Each pixel goes through the canonical image to the painted frame and is read there, in one
    resample. Where several paintings reach it they are mixed by confidence: how well the place was
    found and how near in time the painted frame is.

    Args:
        view: The frame that is painted on.
        k: Layer, front to back.
        edits: The painted frames.
        finish: How much of the light paint is taken out of.
    """

    density, lit, on_plate = 1.0, True, True

    def __init__(self, view: FrameView, k: int, edits: Sequence[FrameEdit], finish: Finish) -> None:
        self._field, self._k, self._finish = view.field, k, finish
        self._frame = view.field.frames[view.index]
        found = [(edit, edit.reach(view.field, k)) for edit in edits]
        self._edits = [(edit, reach) for edit, reach in found if reach is not None]

    def __bool__(self) -> bool:
        """Whether anything was painted on the layer."""
        return bool(self._edits)

    @property
    def box(self) -> Reach:
        """Canonical bounds of all that was painted on the layer."""
        low = np.min([reach[:2] for _, reach in self._edits], axis=0)
        high = np.max([reach[2:] for _, reach in self._edits], axis=0)
        return float(low[0]), float(low[1]), float(high[0]), float(high[1])

    def at(self, points: F32, filter: str) -> Reading:
        """The paint at canonical points [h, w, 2]."""
        shape = points.shape[:2]
        paint, plate = np.zeros((*shape, 4), np.float32), np.zeros((*shape, 4), np.float32)
        grade = np.zeros(shape, np.float32)
        painted, seen = np.zeros(shape, np.float32), np.zeros(shape, np.float32)
        for edit, reach in self._edits:
            there = self._read(edit, reach, points, filter)
            if there is None:
                continue
            read, trust = there
            # By its own matte: a painting that says nothing here must not thin the others.
            weight, known = trust * read[..., 3], trust * read[..., 7]
            paint += read[..., :4] * weight[..., None]
            grade += read[..., 8] * weight
            plate[..., :3] += read[..., 4:7] * known[..., None]
            plate[..., 3] = np.maximum(plate[..., 3], read[..., 7])
            painted += weight
            seen += known
        some = np.maximum(painted, np.float32(1e-12))
        paint /= some[..., None]
        grade /= some
        plate[..., :3] *= (plate[..., 3] / np.maximum(seen, np.float32(1e-12)))[..., None]
        return Reading(paint, plate, grade)

    def _read(
        self, edit: FrameEdit, reach: Reach, points: F32, filter: str
    ) -> tuple[F32, F32] | None:
        """One painting's planes [h, w, 9], its share as how much is known, and its confidence."""
        from engine.kernels.blend import tame
        from engine.kernels.sample import sample

        x, y = points[..., 0], points[..., 1]
        inside: Bool = np.asarray(
            (x > reach[0]) & (x < reach[2]) & (y > reach[1]) & (y < reach[3]), np.bool_
        )
        box = edit.box(self._field)
        if box is None or not inside.any():
            return None
        places = edit.inverse(self._field, self._k).find(points[inside])
        grid = np.full((*inside.shape, 2), np.nan, np.float32)
        grid[inside] = np.where(places.valid[:, None], places.points, np.nan)
        origin = box[1].start + self._field.data.x0, box[0].start + self._field.data.y0
        planes = edit.planes(self._field, self._k, self._finish)
        read = sample(planes, grid, origin=origin, filter=filter, footprint=True)
        share = np.clip(read[..., 7], 0, 1)
        read *= (np.minimum(share, FADED) / (FADED * np.maximum(share, 1e-6)))[..., None]
        paint = np.ascontiguousarray(read[..., :4])
        if filter == "cubic":
            tame(paint, None)
        graded = np.clip(read[..., 8] / np.maximum(paint[..., 3], 1e-6), 0, 1)
        read[..., :4], read[..., 8] = paint, graded
        read[..., 7] = np.minimum(share / FADED, 1)
        near = 1.0 / (1.0 + abs(edit.frame - self._frame))
        trust = np.zeros(inside.shape, np.float32)
        trust[inside] = (np.exp(-np.square(places.residual / TOLERANCE)) + 1e-6) * near
        return read, trust
