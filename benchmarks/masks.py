"""One rough mask of the first frame carried through each clip: ``python -m benchmarks.masks``.

Each clip is a folder with ``frames/`` and the true masks in ``masks_0/``. Of the true mask of the
first frame only a rectangle around it (5 % wider on each side) or a few scribbles are told: a line
along the middle of the object, one across it, and a frame around it. J and F are DAVIS' measures,
mean over all frames but the first. Then the worst frame is told exactly, and everything again
("mended"). ``trust`` is the correlation of J and of the confidence that is told. Seconds are
wall-clock seconds a frame, decoding included; ``cpu`` is processor time.
"""

import argparse
import sys
import time
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.fit import RESULTS, Clip, clips_asked
from benchmarks.machine import record
from benchmarks.propagation import table
from codef_nodes.work.masks import MaskLook
from codef_nodes.work.roughmasks import codes_of
from engine.arrays import Bool
from engine.io.clip import open_clip
from engine.masks.rough import Rough, Scribble
from engine.masks.session import Carried, Session
from engine.metrics.segmentation import boundary, region
from engine.progress import Task

#: How much wider than the object a rectangle is drawn on each side, as a share of its size.
SLACK = 0.05
#: How far around the object the background is scribbled, as a share of its size.
AROUND = 0.12
#: Width of the scribbles' half, in pixels.
RADIUS = 3.0
#: Clips that the masks are developed on.
NAMES = ("bear", "blackswan", "car-turn", "dog")


def rectangle(mask: Bool, slack: float = SLACK) -> Rough:
    """A rectangle around a mask [H, W]."""
    left, top, right, bottom = _box(mask)
    wide, high = slack * (right - left), slack * (bottom - top)
    height, width = mask.shape
    return Rough(
        (
            max(left - wide, 0.0),
            max(top - high, 0.0),
            min(right + wide, float(width)),
            min(bottom + high, float(height)),
        )
    )


def scribbles(mask: Bool) -> Rough:
    """Two lines over a mask [H, W] and one around it."""
    import cv2

    deep = cv2.distanceTransform(mask.astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_5)
    lines: list[Scribble] = []
    for axis in (0, 1):
        along = np.flatnonzero(deep.max(axis=axis) > RADIUS + 1)
        if not len(along):
            continue
        points: list[tuple[float, float]] = []
        for place in np.unique(np.linspace(along[0], along[-1], 24).astype(int)):
            across = int((deep[:, place] if axis == 0 else deep[place]).argmax())
            x, y = (int(place), across) if axis == 0 else (across, int(place))
            if points and not _within(mask, points[-1], (x, y)):
                lines += _line(points)
                points = []
            points.append((float(x), float(y)))
        lines += _line(points)
    left, top, right, bottom = _box(mask)
    size = AROUND * max(right - left, bottom - top)
    height, width = mask.shape
    x0, x1 = max(left - size, 3.0), min(right + size, width - 3.0)
    y0, y1 = max(top - size, 3.0), min(bottom + size, height - 3.0)
    corners = ((x0, y0), (x1, y0), (x1, y1), (x0, y1), (x0, y0))
    for start, end in pairwise(corners):
        # A side of the frame that the object touches is left out.
        if not _touched(mask, start, end):
            lines.append(Scribble((start, end), False, RADIUS))
    return Rough(scribbles=tuple(lines))


def _line(points: Sequence[tuple[float, float]]) -> list[Scribble]:
    return [Scribble(tuple((x + 0.5, y + 0.5) for x, y in points), True, RADIUS)] if points else []


def _within(mask: Bool, start: tuple[float, float], end: tuple[float, float]) -> bool:
    return bool(_along(mask, start, end).all())


def _touched(mask: Bool, start: tuple[float, float], end: tuple[float, float]) -> bool:
    return bool(_along(mask, start, end).any())


def _along(mask: Bool, start: tuple[float, float], end: tuple[float, float]) -> Bool:
    steps = np.linspace(0, 1, 64)
    x = np.clip(start[0] + steps * (end[0] - start[0]), 0, mask.shape[1] - 1).astype(int)
    y = np.clip(start[1] + steps * (end[1] - start[1]), 0, mask.shape[0] - 1).astype(int)
    return np.asarray(mask[y, x], np.bool_)


def _box(mask: Bool) -> tuple[float, float, float, float]:
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return float(columns[0]), float(rows[0]), float(columns[-1] + 1), float(rows[-1] + 1)


def true_masks(clip: Clip) -> list[Bool]:
    """What was drawn by hand of a clip's first group, for each frame."""
    drawn = open_clip(str(clip.masks[0]), colour_space="raw")
    return [np.asarray(MaskLook().of(drawn.read(frame)) > 127) for frame in drawn.frames]


def scores(found: Carried, truth: Sequence[Bool]) -> tuple[list[float], list[float]]:
    """J and F of each frame."""
    ours = [found.mask(frame) > 127 for frame in found.frames]
    return (
        [region(right, mine) for right, mine in zip(truth, ours, strict=True)],
        [boundary(right, mine) for right, mine in zip(truth, ours, strict=True)],
    )


def measure(clip: Clip, kinds: Sequence[str]) -> list[dict[str, Any]]:
    """A row for each kind of input."""
    source, truth = open_clip(str(clip.frames)), true_masks(clip)
    started, worked = time.monotonic(), time.process_time()
    session = Session(lambda frame: codes_of(source.read(frame)), source.frames, Task())
    looked, thought = time.monotonic() - started, time.process_time() - worked
    count, first = len(source.frames), source.frames[0]
    rows = []
    for kind in kinds:
        said = {"rectangle": rectangle, "scribbles": scribbles}[kind](truth[0])
        started, worked = time.monotonic(), time.process_time()
        found = session.run({first: said}, Task())
        wall, cpu = time.monotonic() - started, time.process_time() - worked
        region_scores, boundary_scores = scores(found, truth)
        worst = int(np.argmin(region_scores))
        exact = Rough(mask=(truth[worst] * 255).astype(np.uint8), exact=True)
        mended = session.run({first: said, source.frames[worst]: exact}, Task(), found)
        region_after, _ = scores(mended, truth)
        others = [k for k in range(count) if k not in (0, worst)]
        rows.append(
            {
                "clip": clip.name,
                "frames": count,
                "input": kind,
                "J": round(float(np.mean(region_scores[1:])), 3),
                "F": round(float(np.mean(boundary_scores[1:])), 3),
                "J first": round(region_scores[0], 3),
                "J worst": round(min(region_scores), 3),
                "trust": round(
                    float(np.corrcoef(region_scores[1:], found.confidence[1:])[0, 1]), 2
                ),
                "J mended": round(float(np.mean(region_after[1:])), 3),
                "others gain": round(
                    float(np.mean([region_after[k] - region_scores[k] for k in others])), 3
                ),
                "seconds": round((looked + wall) / count, 3),
                "cpu": round((thought + cpu) / count, 3),
            }
        )
    return rows


def main() -> int:
    """Measures and prints."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.masks",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("folder", type=Path, nargs="?", help="folder of clips")
    parser.add_argument("--clips", nargs="*", default=None, help="names of the clips to take")
    parser.add_argument("--inputs", nargs="*", default=["rectangle", "scribbles"], metavar="KIND")
    parser.add_argument("--json", type=Path, default=RESULTS / "masks.json")
    options = parser.parse_args()
    clips = [clip for clip in clips_asked(options.folder, options.clips, NAMES) if clip.masks]
    rows: list[dict[str, Any]] = []
    for clip in clips:
        rows += measure(clip, options.inputs)
        print(table(rows[-len(options.inputs) :]) + "\n", flush=True)
    record(options.json, {"rows": rows})
    return 0


if __name__ == "__main__":
    sys.exit(main())
