"""From the canonical image back to a frame: the one inverse that everything uses."""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from engine.arrays import F32, F64, I64, Bool
from engine.fields.field import Field
from engine.io.picture import Window

if TYPE_CHECKING:
    from engine.kernels.invert import Pyramid

#: Residual, in frame pixels, up to which a place counts as found.
TOLERANCE = 0.1
#: Residual that is good enough to stop correcting.
_ENOUGH = 2e-3
_CORRECTIONS = 4
#: Newton steps with the exact map from the previous frame's answer.
_FOLLOWS = 6
#: Residual from which a point outside the frame is not corrected any more: hopeless.
_HOPELESS = 64.0


@dataclass(frozen=True)
class FramePlaces:
    """Frame points of canonical points.

    Convention: frame points in pixels of the display window, pixel centres at +0.5.

    Attributes:
        points: float32 [N, 2], always finite.
        residual: Distance [N] in frame pixels between the point and where the field's linear
            approximation around it says that the true place is; Inf where nothing is known.
        valid: The residual is small, the point lies inside the frame and in no fold, [N].
        coverage: Visible share of the layer at the point, 0 outside the frame, [N].
    """

    points: F32
    residual: F32
    valid: Bool
    coverage: F32

    @property
    def visible(self) -> Bool:
        """The frame shows this layer's point, [N]."""
        return np.asarray(self.valid & (self.coverage > 0.5), np.bool_)


class FrameInverse:
    """The inverse of one layer's deformation in one frame.

    Among all frame points that reach a canonical point, one that the frame shows wins over one
    that another layer covers, and that over one where the field is folded (turned over), so hidden
    parts of a field may fold as they like. Found on the sampled map (``engine.kernels.invert``)
    and corrected with the exact one where that bends. What the frame does not hold is extrapolated.

    Args:
        field: The field.
        k: Layer, front to back.
        index: Position of the frame in the field.
        coverage: ``field.seen(index)[k]`` where the caller has it.
    """

    def __init__(self, field: Field, k: int, index: int, coverage: F32 | None = None) -> None:
        self._deformation = field.layers[k].deformation
        self._index = index
        self._data = field.data
        self._coverage = np.ascontiguousarray(
            field.seen(index)[k] if coverage is None else coverage
        )

    def find(self, points: F32, near: F32 | None = None, *, beyond: bool = True) -> FramePlaces:
        """Frame points of canonical points.

        Neighbours in the list help each other: rows of pixels are found fastest.

        Args:
            points: Canonical points [N, 2].
            near: Where they are expected, frame points [N, 2], such as the answer for the previous
                frame: faster where that leads to a visible place, and the nearest place wins.
            beyond: Correct points outside the frame with the exact map too; without it they lie on
                the straight continuation of the frame's border.
        """
        points = np.ascontiguousarray(points, np.float32).reshape(-1, 2)
        if near is None:
            return self._searched(points, None, beyond)
        places, residual, det = self._newton(points, near)
        followed = self._placed(places, residual, np.asarray(det > 0, np.bool_))
        lost = np.flatnonzero(~followed.visible)
        if len(lost):
            rest = self._searched(
                points[lost], np.ascontiguousarray(near[lost], np.float32), beyond
            )
            for mine, theirs in (
                (followed.points, rest.points),
                (followed.residual, rest.residual),
                (followed.valid, rest.valid),
                (followed.coverage, rest.coverage),
            ):
                mine[lost] = theirs
        return followed

    @cached_property
    def _tree(self) -> "Pyramid":
        from engine.kernels.invert import pyramid

        positions = self._deformation.positions(self._index)
        return pyramid(np.ascontiguousarray(positions, np.float32))

    @cached_property
    def _guess(self) -> F64:
        """The affine map [2, 3] that sends canonical points near their (u, v)."""
        samples = self._tree.samples[1:-1, 1:-1]
        h, w = samples.shape[:2]
        rows = np.linspace(0, h - 1, min(h, 24)).astype(np.intp)
        columns = np.linspace(0, w - 1, min(w, 24)).astype(np.intp)
        points = samples[np.ix_(rows, columns)].reshape(-1, 2).astype(np.float64)
        v, u = (a.ravel() + 1.0 for a in np.meshgrid(rows, columns, indexing="ij"))
        known = np.isfinite(points).all(axis=1)
        if known.sum() < 3:
            return np.array([[1, 0, 0.5 - self._data.x0], [0, 1, 0.5 - self._data.y0]])
        rows_of = np.concatenate([points[known], np.ones((int(known.sum()), 1))], axis=1)
        solved = np.linalg.lstsq(rows_of, np.stack([u, v], axis=1)[known], rcond=None)[0]
        return np.ascontiguousarray(solved.T)

    @property
    def _corner(self) -> F64:
        """Frame point minus (u, v)."""
        return np.array([self._data.x0 - 0.5, self._data.y0 - 0.5])

    def _searched(self, points: F32, near: F32 | None, beyond: bool) -> FramePlaces:
        """Found on the sampled map, corrected with the exact one."""
        from engine.kernels.invert import FOLDED, OUTER, find

        known: Bool = np.isfinite(points[:, 0]) & np.isfinite(points[:, 1])
        targets = np.where(known[:, None], points, np.float32(0))
        start = None if near is None else (near - self._corner).astype(np.float32)
        answers = find(self._tree, self._coverage, targets, self._guess, start)
        found = (answers.places + self._corner).astype(np.float32)
        residual = answers.left
        rough = answers.rough & known & (answers.left < _HOPELESS)
        todo = np.flatnonzero(rough if beyond else rough & (answers.rank > OUTER))
        if len(todo):
            self._correct(targets, found, residual, answers.inverse, todo)
        upright = np.asarray(answers.rank != FOLDED, np.bool_)
        stuck = np.flatnonzero(known & (residual > TOLERANCE / 2) & (answers.rank > OUTER))
        if len(stuck):
            # Beside a fold the slope turns within a pixel: Newton's method with a fresh one.
            places, left, det = self._newton(targets[stuck], found[stuck])
            better = left < residual[stuck]
            stuck = stuck[better]
            found[stuck], residual[stuck] = places[better], left[better]
            upright[stuck] = det[better] > 0
        residual[~known] = np.inf
        return self._placed(found, residual, upright)

    def _correct(self, targets: F32, found: F32, residual: F32, inverse: F64, todo: I64) -> None:
        """Moves ``found[todo]`` with the exact map and sets their residuals, in place."""
        left = self._left(targets[todo], found[todo], inverse[todo])
        size = np.nan_to_num(np.hypot(left[:, 0], left[:, 1]), nan=np.inf)
        residual[todo] = size
        for _ in range(_CORRECTIONS):
            more = (size > _ENOUGH) & (size < _HOPELESS)
            if not more.any():
                return
            todo, left, size = todo[more], left[more], size[more]
            trial = (found[todo] + np.clip(left, -8, 8)).astype(np.float32)
            left_there = self._left(targets[todo], trial, inverse[todo])
            there = np.nan_to_num(np.hypot(left_there[:, 0], left_there[:, 1]), nan=np.inf)
            better = there < size
            todo, left, size = todo[better], left_there[better], there[better]
            found[todo] = trial[better]
            residual[todo] = size

    def _left(self, targets: F32, found: F32, inverse: F64) -> F64:
        """The step [N, 2] in frame pixels that is left to the targets."""
        gap = targets.astype(np.float64) - self._deformation.at(self._index, found)
        return np.stack(
            [
                inverse[:, 0] * gap[:, 0] + inverse[:, 1] * gap[:, 1],
                inverse[:, 2] * gap[:, 0] + inverse[:, 3] * gap[:, 1],
            ],
            axis=1,
        )

    def _newton(self, points: F32, start: F32) -> tuple[F32, F32, F64]:
        """Newton's method with the exact map.

        Returns:
            The best places met [N, 2], their residuals [N] and Jacobian determinants [N].
        """
        found = np.nan_to_num(np.asarray(start, np.float32)).copy()
        residual = np.full(len(found), np.inf, np.float32)
        turned = np.zeros(len(found), np.float64)
        todo = np.flatnonzero(np.isfinite(points).all(axis=1))
        trial = found.copy()
        for _ in range(_FOLLOWS):
            if not len(todo):
                break
            here = trial[todo]
            step, det = self._step(points[todo], here)
            size = np.nan_to_num(np.hypot(step[:, 0], step[:, 1]), nan=np.inf)
            better = size < residual[todo]
            chosen = todo[better]
            found[chosen], residual[chosen] = here[better], size[better]
            turned[chosen] = det[better]
            going = np.isfinite(size) & (size > _ENOUGH)
            scale = np.minimum(1.0, 32.0 / np.maximum(size[going], 1e-6))[:, None]
            todo = todo[going]
            trial[todo] += (step[going] * scale).astype(np.float32)
        return found, residual, turned

    def _step(self, targets: F32, here: F32) -> tuple[F64, F64]:
        """Newton's step [N, 2] in frame pixels, and the determinant of the Jacobian [N]."""
        n, reach = len(here), np.float32(0.25)
        apart = np.array([[0, 0], [reach, 0], [-reach, 0], [0, reach], [0, -reach]], np.float32)
        asked = (here[None] + apart[:, None]).reshape(-1, 2)
        at = self._deformation.at(self._index, asked).astype(np.float64).reshape(5, n, 2)
        across, down = 2 * (at[1] - at[2]), 2 * (at[3] - at[4])
        gap = targets - at[0]
        det = across[:, 0] * down[:, 1] - across[:, 1] * down[:, 0]
        with np.errstate(divide="ignore", invalid="ignore"):
            step = np.stack(
                [
                    (down[:, 1] * gap[:, 0] - down[:, 0] * gap[:, 1]) / det,
                    (across[:, 0] * gap[:, 1] - across[:, 1] * gap[:, 0]) / det,
                ],
                axis=1,
            )
        return step, det

    def _placed(self, found: F32, residual: F32, upright: Bool) -> FramePlaces:
        """Places with what the frame shows there."""
        x = np.floor(found[:, 0]).astype(np.int64) - self._data.x0
        y = np.floor(found[:, 1]).astype(np.int64) - self._data.y0
        h, w = self._coverage.shape
        inside = (x >= 0) & (y >= 0) & (x < w) & (y < h)
        share = self._coverage[np.clip(y, 0, h - 1), np.clip(x, 0, w - 1)]
        valid = np.asarray(inside & upright & (residual < TOLERANCE), np.bool_)
        return FramePlaces(found, residual, valid, np.where(inside, share, 0).astype(np.float32))


def to_frame_map(
    field: Field, k: int, index: int, window: Window | None = None
) -> tuple[FramePlaces, Window]:
    """The inverse over a whole canonical canvas, row by row.

    Args:
        field: The field.
        k: Layer, front to back.
        index: Position of the frame in the field.
        window: Part of the canvas, or None for all of the layer's canonical image.

    Returns:
        The frame points of the window's pixel centres (reshape to [h, w]), and the window.
    """
    window = window or field.layers[k].canonical.data
    return FrameInverse(field, k, index).find(centres(window), beyond=False), window


def centres(window: Window) -> F32:
    """The pixel centres of a window, [h * w, 2]."""
    y, x = np.mgrid[window.y0 : window.y1, window.x0 : window.x1].astype(np.float32)
    return np.stack([x.ravel() + 0.5, y.ravel() + 0.5], axis=1).astype(np.float32)
