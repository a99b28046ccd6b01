"""Single points between one frame and the canonical images, quickly: what a cursor needs.

Convention: frame points in pixels of the display window, canonical points in canonical pixels, both
x right, y down, pixel centres at +0.5.
"""

import threading
from collections import OrderedDict
from dataclasses import dataclass

import numpy as np

from engine.arrays import F32, F64, I64, Bool
from engine.fields.field import Field
from engine.warp.inverse import TOLERANCE, FrameInverse

#: Of a place that its frame does not show: known by what is around it only.
_HIDDEN = 0.25


@dataclass(frozen=True)
class Places:
    """Points of one space in the other.

    Attributes:
        points: float32 [N, 2], always finite.
        layers: The layer that each belongs to, [N].
        visible: The frame shows the layer there, [N].
        confidence: 1 for a place that is known exactly and wholly visible, [N].
    """

    points: F32
    layers: I64
    visible: Bool
    confidence: F64


class FrameLookup:
    """The map of one frame, both ways; its parts are made when they are needed.

    Args:
        field: The field.
        index: Position of the frame in the field.
    """

    def __init__(self, field: Field, index: int) -> None:
        self.field = field
        self.index = index
        self.seen = field.seen(index)
        self._inverses: dict[int, FrameInverse] = {}
        self._lock = threading.Lock()

    @property
    def bytes(self) -> int:
        """About how much memory it takes: an inverse keeps the sampled map and its boxes."""
        return int(self.seen.nbytes + len(self._inverses) * self.seen[0].size * 24)

    def inverse(self, k: int) -> FrameInverse:
        """Canonical to this frame for a layer; made once."""
        with self._lock:
            if k not in self._inverses:
                self._inverses[k] = FrameInverse(self.field, k, self.index, self.seen[k])
            return self._inverses[k]

    def owners(self, points: F32) -> I64:
        """The layer that owns each frame point; outside the frame, that of the border."""
        row, column, _ = self._cells(points)
        return np.asarray(self.seen[:, row, column].argmax(axis=0), np.int64)

    def shares(self, points: F32, layers: I64) -> F32:
        """Visible share of the layers at frame points, 0 outside the frame, [N]."""
        row, column, inside = self._cells(points)
        return np.asarray(self.seen[layers, row, column] * inside, np.float32)

    def to_canonical(self, points: F32, layer: int | None = None) -> Places:
        """Canonical points of frame points.

        A point where the map is folded, or that was laid on no pixel of the canonical image, has
        no confidence.

        Args:
            points: Frame points [N, 2]; outside the frame the map is continued.
            layer: The layer; None: for each point the one that owns it.
        """
        points = np.ascontiguousarray(points, np.float32).reshape(-1, 2)
        layers = self.owners(points) if layer is None else np.full(len(points), layer, np.int64)
        found = np.zeros((len(points), 2), np.float32)
        trust = np.zeros(len(points), np.float64)
        share = self.shares(points, layers)
        for k in np.unique(layers).tolist():
            mine = np.flatnonzero(layers == k)
            places, stretch = self.stretched(points[mine], k)
            known = np.isfinite(places).all(axis=1) & np.isfinite(stretch).all(axis=(1, 2))
            found[mine] = np.nan_to_num(places)
            upright = known & (_determinants(stretch) > 0)
            trust[mine] = share[mine] * upright * self._laid(k, found[mine])
        return Places(found, layers, np.asarray(share > 0.5, np.bool_), trust)

    def to_frame(self, points: F32, layer: int) -> Places:
        """Frame points of canonical points of a layer; hidden and outside ones are continued."""
        points = np.ascontiguousarray(points, np.float32).reshape(-1, 2)
        found = self.inverse(layer).find(points)
        trust = np.exp(-np.square(found.residual.astype(np.float64) / TOLERANCE))
        trust = trust * np.where(found.visible, found.coverage, _HIDDEN * found.valid)
        layers = np.full(len(points), layer, np.int64)
        return Places(found.points, layers, found.visible, np.nan_to_num(trust))

    def stretched(self, points: F32, k: int) -> tuple[F32, F64]:
        """Canonical points of frame points, and the Jacobian [N, 2, 2] there."""
        reach = np.float32(0.5)
        apart = np.array([[0, 0], [reach, 0], [-reach, 0], [0, reach], [0, -reach]], np.float32)
        asked = (points[None] + apart[:, None]).reshape(-1, 2)
        at = self.field.layers[k].deformation.at(self.index, asked).reshape(5, -1, 2)
        jacobian = np.stack([at[1] - at[2], at[3] - at[4]], axis=2).astype(np.float64)
        return at[0], jacobian

    def _laid(self, k: int, points: F32) -> Bool:
        """Whether the canonical image holds something at canonical points."""
        return np.asarray(self.field.layers[k].canonical.alpha_at(points) > 0, np.bool_)

    def _cells(self, points: F32) -> tuple[I64, I64, Bool]:
        data = self.field.data
        column = np.floor(points[:, 0]).astype(np.int64) - data.x0
        row = np.floor(points[:, 1]).astype(np.int64) - data.y0
        height, width = self.seen.shape[1:]
        inside = (column >= 0) & (row >= 0) & (column < width) & (row < height)
        row, column = np.clip(row, 0, height - 1), np.clip(column, 0, width - 1)
        return row, column, np.asarray(inside, np.bool_)


class Lookups:
    """The lookups of a field that were used last.

    Args:
        field: The field.
        budget: Bytes that they may take together; one is always kept.
    """

    def __init__(self, field: Field, budget: int = 256 << 20) -> None:
        self.field = field
        self._budget = budget
        self._kept: OrderedDict[int, FrameLookup] = OrderedDict()
        self._lock = threading.Lock()

    def frame(self, index: int) -> FrameLookup:
        """The lookup of a frame, by its position in the field."""
        with self._lock:
            found = self._kept.pop(index, None) or FrameLookup(self.field, index)
            self._kept[index] = found
            while len(self._kept) > 1 and sum(each.bytes for each in self._kept.values()) > (
                self._budget
            ):
                self._kept.popitem(last=False)
            return found


def magnification(jacobian: F64) -> F64:
    """Canonical pixels per frame pixel, the mean of both directions, [N]."""
    return np.asarray(np.sqrt(np.abs(_determinants(jacobian))), np.float64)


def _determinants(jacobian: F64) -> F64:
    det = jacobian[:, 0, 0] * jacobian[:, 1, 1] - jacobian[:, 0, 1] * jacobian[:, 1, 0]
    return np.asarray(det, np.float64)
