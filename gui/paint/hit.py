"""Which stroke lies under the pointer. Qt-free."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.paint.lifetime import alive_in, check_lifetime

F64 = npt.NDArray[np.float64]


class Spines:
    """The lines of some strokes, ready to be searched.

    Args:
        strokes: As documents hold them, bottom first.
        frame: Only those that live in this frame; None: all.
    """

    def __init__(self, strokes: Sequence[Mapping[str, Any]], frame: int | None = None) -> None:
        starts, ends, owners, reaches = [], [], [], []
        for place, stroke in enumerate(strokes):
            if not stroke.get("visible", True) or not _alive(stroke, frame):
                continue
            points = np.asarray([point[:2] for point in stroke["points"]], np.float64)
            starts.append(points[:-1] if len(points) > 1 else points)
            ends.append(points[1:] if len(points) > 1 else points)
            owners.append(np.full(len(starts[-1]), place))
            reaches.append(np.full(len(starts[-1]), 0.5 * float(stroke.get("size", 20.0))))
        none = np.zeros((0, 2))
        self._starts: F64 = np.concatenate(starts) if starts else none
        self._ends: F64 = np.concatenate(ends) if ends else none
        self._owners = np.concatenate(owners) if owners else np.zeros(0, np.int64)
        self._reaches = np.concatenate(reaches) if reaches else np.zeros(0)

    def nearest(self, x: float, y: float, within: float) -> int | None:
        """The place of the stroke at a point, or None.

        A line within ``within`` pixels counts first (the nearest), else the topmost stroke whose
        brush covered the point.

        Args:
            x: In the strokes' pixels.
            y: Likewise.
            within: How far from a line still counts as on it.
        """
        if not len(self._owners):
            return None
        here = np.array([x, y])
        along = self._ends - self._starts
        squared = (along**2).sum(axis=1)
        share = ((here - self._starts) * along).sum(axis=1) / np.where(squared > 0, squared, 1)
        foot = self._starts + along * np.clip(share, 0, 1)[:, None]
        distance = np.hypot(*(here - foot).T)
        best = float(distance.min())
        if best <= within:
            return int(self._owners[distance <= best + 1e-9].max())
        covered = self._owners[distance <= self._reaches]
        return int(covered.max()) if len(covered) else None


def moved(stroke: Mapping[str, Any], dx: float, dy: float) -> dict[str, Any]:
    """A stroke somewhere else; where a clone copies from stays where it was."""
    after = dict(stroke)
    after["points"] = [
        [round(point[0] + dx, 3), round(point[1] + dy, 3), *point[2:]] for point in stroke["points"]
    ]
    if "offset" in stroke and stroke.get("kind") != "reveal":
        after["offset"] = [stroke["offset"][0] - dx, stroke["offset"][1] - dy]
    return after


def _alive(stroke: Mapping[str, Any], frame: int | None) -> bool:
    lifetime = stroke.get("lifetime", "all")
    return frame is None or alive_in(check_lifetime(lifetime, "stroke"), frame)
