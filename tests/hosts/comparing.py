"""What the engine makes of the stills that were painted in a host, to compare with."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from engine.arrays import F32
from engine.colour.encoding import encode
from engine.fields.field import Field


def read(path: str | Path) -> F32:
    """A picture as scene-linear RGB."""
    from engine.io.read import read_picture

    return np.asarray(read_picture(str(path)).pixels[..., :3], np.float32)


def psnr(a: F32, b: F32) -> float:
    """Of two scene-linear pictures, in display values."""
    apart = np.clip(encode(a), 0, 1) - np.clip(encode(b), 0, 1)
    return float(-10 * np.log10(max(float((apart**2).mean()), 1e-12)))


class Engine:
    """The program's own way from a painted still to a frame.

    Args:
        answer: What ``inside/round_trip.py`` answered.
    """

    def __init__(self, answer: dict[str, Any]) -> None:
        from codef_nodes.work.propagating import read_edits
        from codef_nodes.work.source import open_field, source_of
        from engine.edit.edits import prepare_edits

        folder = sorted(Path(answer["document"]).parent.glob("*_fit_v*"))[-1]
        self.field: Field = open_field(str(folder))
        self.clip = source_of(self.field, None)
        layers = [int(k) for k in answer["painted"]]
        sources = read_edits(list(answer["painted"].values()), layers, self.field, self.clip)
        self.edits = prepare_edits(self.field, sources, working=self.clip.working)

    def plate(self, frame: int) -> F32:
        """The untouched frame."""
        return self.clip.read(frame).pixels[..., :3]

    def frame(self, frame: int, filter: str, shifted: float = 0.0) -> F32:
        """Paint over the plate, without regrain, highlights and focus.

        Args:
            frame: Its number.
            filter: ``bilinear``, as Blender reads, or ``cubic``, as the program does.
            shifted: Canonical pixels by which the paint is moved to the right.
        """
        from engine.edit.propagate import propagate_frame

        edits = self.edits
        if shifted:
            edits = {k: replace(e, change=_moved(e.change, shifted)) for k, e in edits.items()}
        index = self.field.index(frame)
        drawn = propagate_frame(self.field, edits, self.clip.read(frame), index, filter=filter)
        return drawn.pixels[..., :3]

    def reached(self, frame: int) -> Any:
        """Where the paint is, [H, W]."""
        return (self.frame(frame, "cubic") != self.plate(frame)).any(axis=2)

    def solid(self, frame: int) -> Any:
        """Where nothing of the plate is left, [H, W]."""
        from engine.edit.paintover import warp_change

        where = np.zeros((self.field.height, self.field.width), np.bool_)
        for k, edit in self.edits.items():
            index = self.field.index(frame)
            found = None if edit.change is None else warp_change(self.field, k, index, edit.change)
            if found is not None:
                window, paint = found
                part = slice(window.y0, window.y1), slice(window.x0, window.x1)
                where[part] |= paint[..., 3] >= 1
        return where


def _moved(change: Any, by: float) -> Any:
    sheet = change.sheet
    origin = sheet.origin[0] + by * sheet.scale[0], sheet.origin[1]
    return replace(change, sheet=replace(sheet, origin=origin))
