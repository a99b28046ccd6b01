"""From the canonical image back to a frame."""

from dataclasses import dataclass

import numpy as np

from engine.arrays import F32, I32, Bool
from engine.fields.field import Field
from engine.io.picture import Window

#: Residual, in canonical pixels, up to which a place counts as found.
TOLERANCE = 0.25
_STRIDE = 2
_MOST_CELLS = 2048
_CORRECTIONS = 4


@dataclass(frozen=True)
class FramePlaces:
    """Frame points of canonical points.

    Convention: frame points in pixels of the display window, pixel centres at +0.5.

    Attributes:
        points: float32 [N, 2], always finite.
        residual: Distance [N] in canonical pixels between what was asked and what is found there.
        valid: The residual is small and the point lies inside the frame, [N].
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

    Starts from the frame pixel whose canonical point is nearest (visible pixels first, since a
    hidden part of the field may fold), then Newton's method on the sampled map, then corrections
    with the exact map.

    Args:
        field: The field.
        k: Layer, front to back.
        index: Position of the frame in the field.
    """

    def __init__(self, field: Field, k: int, index: int) -> None:
        self._deformation = field.layers[k].deformation
        self._index = index
        self._data = field.data
        self._coverage = field.coverage(index)[k]
        self._positions = np.ascontiguousarray(self._deformation.positions(index), np.float32)
        self._build()

    def _build(self) -> None:
        """The canvas of starting pixels."""
        import cv2

        from engine.kernels.invert import splat

        points = self._positions[::_STRIDE, ::_STRIDE].reshape(-1, 2)
        finite = points[np.isfinite(points).all(axis=1)]
        if not len(finite):
            finite = np.zeros((1, 2), np.float32)
        # A few stray positions far away must not make the canvas coarse.
        middle = np.median(finite[::7], axis=0)
        reach = 3 * np.array([self._data.width, self._data.height], np.float32)
        low = np.maximum(finite.min(axis=0), middle - reach)
        high = np.minimum(finite.max(axis=0), middle + reach)
        self._cell = float(max(_STRIDE, (high - low).max() / _MOST_CELLS))
        shape = np.floor((high - low) / self._cell).astype(int) + 1
        self._corner = low
        starts = np.full((int(shape[1]), int(shape[0])), -1, np.int32)
        best = np.zeros(starts.shape, np.float32)
        splat(
            self._positions,
            np.ascontiguousarray(self._coverage),
            _STRIDE,
            np.float32(low[0]),
            np.float32(low[1]),
            np.float32(self._cell),
            starts,
            best,
        )
        hit: Bool = np.asarray(starts >= 0, np.bool_)
        if not hit.any():
            starts[:] = 0
        elif not hit.all():
            _, labels = cv2.distanceTransformWithLabels(
                (~hit).astype(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
            )
            by_label = np.zeros(int(labels.max()) + 1, np.int32)
            by_label[labels[hit]] = starts[hit]
            starts = by_label[labels]
        self._starts: I32 = np.ascontiguousarray(starts, np.int32)

    def find(self, points: F32) -> FramePlaces:
        """Frame points of canonical points.

        Args:
            points: Canonical points [N, 2].
        """
        from engine.kernels.invert import newton

        known: Bool = np.asarray(np.isfinite(points).all(axis=1), np.bool_)
        targets = np.where(known[:, None], points, self._corner).astype(np.float32)
        h, w = self._starts.shape
        cell = np.floor((targets - self._corner) / self._cell)
        column = np.clip(cell[:, 0], 0, w - 1).astype(np.intp)
        row = np.clip(cell[:, 1], 0, h - 1).astype(np.intp)
        places, inverse = newton(self._positions, targets, self._starts[row, column])
        corner = np.array([self._data.x0 + 0.5, self._data.y0 + 0.5], np.float32)
        found = places + corner
        residual = self._correct(targets, found, inverse)
        residual[~known] = np.inf
        inside, coverage = self._look(found)
        valid = inside & (residual < TOLERANCE)
        return FramePlaces(found, residual, valid, coverage)

    def _correct(self, targets: F32, found: F32, inverse: F32) -> F32:
        """Moves ``found`` with the exact map, in place; returns what is left, [N]."""
        start = found.copy()
        left = targets - self._deformation.at(self._index, found)
        residual = np.nan_to_num(np.hypot(left[:, 0], left[:, 1]), nan=np.inf).astype(np.float32)
        for _ in range(_CORRECTIONS):
            # Hopeless points (far outside) are left where they are: they are invalid anyway.
            todo = np.flatnonzero((residual > 2e-3) & (residual < 64))
            if not len(todo):
                break
            j, r = inverse[todo], left[todo]
            step = np.stack(
                [j[:, 0] * r[:, 0] + j[:, 1] * r[:, 1], j[:, 2] * r[:, 0] + j[:, 3] * r[:, 1]],
                axis=1,
            )
            trial = (found[todo] + np.clip(step, -8, 8)).astype(np.float32)
            error = targets[todo] - self._deformation.at(self._index, trial)
            size = np.nan_to_num(np.hypot(error[:, 0], error[:, 1]), nan=np.inf)
            better = size < residual[todo]
            if not better.any():
                break
            chosen = todo[better]
            found[chosen] = trial[better]
            left[chosen] = error[better]
            residual[chosen] = size[better]
        wild = ~np.isfinite(found).all(axis=1)
        found[wild] = start[wild]
        return np.asarray(residual, np.float32)

    def _look(self, found: F32) -> tuple[Bool, F32]:
        """Whether points lie inside the frame, and the layer's visible share there."""
        x = np.floor(found[:, 0]).astype(np.int64) - self._data.x0
        y = np.floor(found[:, 1]).astype(np.int64) - self._data.y0
        h, w = self._coverage.shape
        inside = (x >= 0) & (y >= 0) & (x < w) & (y < h)
        share = self._coverage[np.clip(y, 0, h - 1), np.clip(x, 0, w - 1)]
        return inside, np.where(inside, share, 0).astype(np.float32)


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
    return FrameInverse(field, k, index).find(centres(window)), window


def centres(window: Window) -> F32:
    """The pixel centres of a window, [h * w, 2]."""
    y, x = np.mgrid[window.y0 : window.y1, window.x0 : window.x1].astype(np.float32)
    return np.stack([x.ravel() + 0.5, y.ravel() + 0.5], axis=1).astype(np.float32)
