"""A real linked fit of a clip with known motion, made once."""

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pytest

from engine.fields.folder import load_field, save_field
from engine.io.picture import Picture
from engine.linked.field import LinkedField
from engine.linked.fit import fit_linked, plan_segments
from engine.linked.spans import asked_split
from engine.progress import silent
from tests.engine.fit.clips import Pan, request

FIRST = 101


@dataclass(frozen=True)
class Shot:
    """A clip, its truth and its linked field.

    Attributes:
        pan: The truth.
        clip: The frames.
        field: As ``load_field`` gives it.
        folder: Where it lies.
    """

    pan: Pan
    clip: list[Picture]
    field: LinkedField
    folder: Path

    def world(self, frame: int) -> np.ndarray:
        """What each pixel of a frame shows, [H, W, 2]."""
        return self.pan.to_world(frame - FIRST)

    def plate(self, frame: int) -> Picture:
        return self.clip[frame - FIRST]

    def place(self, frame: int, world: np.ndarray) -> np.ndarray | None:
        """Where a frame shows a point of the world; None outside it."""
        grid = self.world(frame)
        away = np.linalg.norm(grid - world, axis=2)
        y, x = np.unravel_index(away.argmin(), away.shape)
        if away[y, x] > 0.8:
            return None
        # The map is smooth: one step of Newton's from the nearest pixel centre.
        inner = slice(max(y - 1, 0), y + 2), slice(max(x - 1, 0), x + 2)
        slope = np.array([np.gradient(grid[inner], axis=a).mean(axis=(0, 1)) for a in (1, 0)]).T
        return np.array([x + 0.5, y + 0.5]) + np.linalg.solve(slope, world - grid[y, x])


@pytest.fixture(scope="session")
def shot(tmp_path_factory: pytest.TempPathFactory) -> Shot:
    """Three segments over 24 frames; never written to."""
    home = tmp_path_factory.mktemp("linked")
    pan = Pan(count=24, height=72, width=96, step=(1.4, -0.3), wave=1.0)
    clip = pan.clip()
    asked = request(clip, first=FIRST, steps=8)
    plan = plan_segments(asked.frames, {}, asked_split("109,117", asked.frames), None)
    made = fit_linked(asked, plan, home / "parts", str, silent())
    save_field(made, home / "FIELD")
    field = load_field(home / "FIELD")
    assert isinstance(field, LinkedField)
    return Shot(pan, clip, field, home / "FIELD")


def read_world(grid: np.ndarray, points: np.ndarray) -> np.ndarray:
    """A grid of world points [H, W, 2] at canonical points [h, w, 2]; NaN outside."""
    return cv2.remap(
        grid,
        points[..., 0] - 0.5,
        points[..., 1] - 0.5,
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=(np.nan, np.nan),
    )
