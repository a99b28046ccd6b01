"""Does time grow as the clip does, and how much memory: ``python -m benchmarks.scaling``.

Fits a clip that it makes itself (a stream bed under a moving camera, kept in ``--folder``) with a
fixed number of passes: ``--frames`` 25, 50, 100 and 200 of the smallest size, and ``--at`` 100 of
480p, 720p and 1080p. Each fit is a process of its own; its time is by the clock, its memory is the
peak that the system tells (not on Windows). Frames of more than 1.2 megapixels are fitted at a half
of their size (``/2``), so that they cost less than a line through the others says. Prints a table,
how well a straight line explains it, and the peak of the largest; writes a JSON and a picture. The
lines are through the processors' seconds (``cpu``), which other programs on the machine lengthen
less than the clock's.

With the defaults on two cores: 2 minutes to make the clip (once), 10 minutes to fit.
"""

import argparse
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from benchmarks.child import ROOT, run
from benchmarks.fit import RESULTS
from benchmarks.machine import record
from benchmarks.plot import COLOURS, Line, Panel, draw_panels
from benchmarks.synthetic.clip import codes
from benchmarks.synthetic.texture import stream_bed
from engine.io.atomic import atomic_folder

#: Widths of the heights that are asked for, else 16:9.
WIDTHS = {480: 854, 720: 1280, 1080: 1920}
#: GiB that a fit of 100 frames of 1920x1080 may take.
MEMORY_LIMIT = 6.0


@dataclass(frozen=True)
class Measured:
    """One fit.

    Attributes:
        width: Pixels of a frame.
        height: Pixels of a frame.
        frames: How many.
        shrink: The fit worked at 1 / shrink of the size.
        seconds: By the clock, from start to exit.
        cpu: Seconds of all processors together; the clock's where the system does not tell.
        matching: Of which for flow and seeds.
        peak_gib: Most memory at once, or None.
        psnr: Edit path, so that a fit that did nothing is seen.
    """

    width: int
    height: int
    frames: int
    shrink: int
    seconds: float
    cpu: float
    matching: float
    peak_gib: float | None
    psnr: float

    @property
    def megapixels(self) -> float:
        """Of the whole clip."""
        return self.width * self.height * self.frames / 1e6


def width_of(height: int) -> int:
    """Width of frames of a height."""
    return WIDTHS.get(height, 2 * round(height * 8 / 9))


def make_clip(folder: Path, height: int, frames: int) -> Path:
    """Frames of a stream bed under a camera that pans, turns and breathes; made once.

    Returns:
        The folder of the frames, ``HEIGHTp/``, at least ``frames`` of them.
    """
    home, width = folder / f"{height}p", width_of(height)
    if (home / f"{frames - 1:05d}.png").is_file():
        return home
    sheet = codes(stream_bed(int(1.5 * height), int(1.5 * width), height / 360, 1))[..., ::-1]
    middle = np.array([sheet.shape[1], sheet.shape[0]]) / 2
    with atomic_folder(home) as part:
        for index in range(frames):
            swing = 2 * np.pi * index / 150
            turn, size = 0.03 * np.sin(swing), 1 + 0.05 * np.sin(1.3 * swing)
            cosine, sine = size * np.cos(turn), size * np.sin(turn)
            way = np.array([0.16 * width * np.sin(swing), 0.12 * height * np.sin(0.7 * swing)])
            linear = np.array([[cosine, -sine], [sine, cosine]])
            shift = middle + way - linear @ (np.array([width, height]) / 2)
            matrix = np.column_stack([linear, shift])
            flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
            frame = cv2.warpAffine(
                sheet, matrix, (width, height), flags=flags, borderMode=cv2.BORDER_REFLECT
            )
            path = part / f"{index:05d}.png"
            if not cv2.imwrite(str(path), frame, [cv2.IMWRITE_PNG_COMPRESSION, 1]):
                raise SystemExit(f"cannot write {path}; free some space or choose another --folder")
    return home


def measure(clip: Path, height: int, frames: int, recipe: str, steps: int) -> Measured:
    """Fits the first frames of a clip."""
    with tempfile.TemporaryDirectory() as name:
        words = ["--recipe", recipe, "--steps", str(steps), "--frames", f"0-{frames - 1}"]
        ended = run("fit", clip, *words, "-o", Path(name) / "field")
    report = ended.answer
    return Measured(
        width=report["width"],
        height=report["height"],
        frames=report["frames"],
        shrink=report["working_shrink"],
        seconds=round(ended.seconds, 2),
        cpu=round(ended.seconds if ended.cpu_seconds is None else ended.cpu_seconds, 2),
        matching=round(report["seconds_matching"], 2),
        peak_gib=None if ended.peak_gib is None else round(ended.peak_gib, 3),
        psnr=round(report["psnr_edit_path"], 2),
    )


@dataclass(frozen=True)
class Straight:
    """How well a straight line through the points explains them.

    Attributes:
        at_zero: Where it starts: what a fit costs whatever its length.
        slope: Per unit of x.
        r2: Share of the variance that it explains.
        worst: Largest deviation from it, as a share of the line's value.
    """

    at_zero: float
    slope: float
    r2: float
    worst: float


def straight(x: Sequence[float], y: Sequence[float]) -> Straight | None:
    """Least squares; None with fewer than three points."""
    if len(x) < 3:
        return None
    a, b = np.asarray(x, float), np.asarray(y, float)
    slope, start = np.polyfit(a, b, 1)
    line = start + slope * a
    spread = float(((b - b.mean()) ** 2).sum())
    r2 = 1 - float(((b - line) ** 2).sum()) / spread if spread else 1.0
    worst = float((np.abs(b - line) / np.maximum(np.abs(line), 1e-9)).max())
    return Straight(*(round(float(v), 4) for v in (start, slope, r2, worst)))


def row(found: Measured) -> str:
    """A row of the table."""
    size = f"{found.width}x{found.height}" + (f" /{found.shrink}" if found.shrink > 1 else "")
    peak = "      -" if found.peak_gib is None else f"{found.peak_gib:7.2f}"
    return (
        f"{size:<14}{found.frames:>6}{found.seconds:>9.1f}{found.cpu:>9.1f}{found.matching:>10.1f}"
        f"{1e3 * found.cpu / found.frames:>10.0f}"
        f"{1e3 * found.cpu / found.megapixels:>12.0f}{peak:>9}{found.psnr:>8.1f}"
    )


HEAD = "size          frames        s      cpu  matching  ms/frame  ms/megapixel      GiB      dB"


def verdict(name: str, line: Straight | None) -> str:
    """What a line says, in a sentence."""
    if line is None:
        return f"{name}: fewer than three points, so no line"
    return (
        f"{name}: {line.at_zero:.1f} CPU s + {line.slope:.4f} s each, R^2 {line.r2:.4f}, "
        f"at most {100 * line.worst:.0f} % off the line"
    )


def draw(over_frames: list[Measured], over_size: list[Measured], path: Path) -> Path:
    """Seconds and GiB over frames and over megapixels."""

    def panel(title: str, unit: str, rows: list[Measured], x: str, y: str) -> Panel | None:
        points = [(getattr(r, x), getattr(r, y)) for r in rows if getattr(r, y) is not None]
        line = straight([p[0] for p in points], [p[1] for p in points])
        if not points:
            return None
        reach = max(p[0] for p in points)
        ends = [(0.0, line.at_zero), (reach, line.at_zero + line.slope * reach)] if line else points
        drawn = Line(COLOURS["seeded"], [p for p in ends if p[1] >= 0], points, f"{points[-1][1]}")
        return Panel(title, (unit, "s" if y == "cpu" else "GiB"), [drawn], from_zero=True)

    panels = [
        panel(f"CPU time, {over_frames[0].height}p", "frames", over_frames, "frames", "cpu"),
        panel(f"CPU time, {over_size[0].frames} frames", "Mpx", over_size, "megapixels", "cpu"),
        panel(f"Memory, {over_frames[0].height}p", "frames", over_frames, "frames", "peak_gib"),
        panel(f"Memory, {over_size[0].frames} frames", "Mpx", over_size, "megapixels", "peak_gib"),
    ]
    said = "rings: measured   line: least squares"
    kept = [p for p in panels if p is not None]
    return draw_panels(kept, path, title="Time and memory of a fit", said=said)


def main() -> int:
    """Reads the command line, makes the clips, fits, prints and writes."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.scaling",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--frames", type=int, nargs="+", default=[25, 50, 100, 200])
    parser.add_argument("--heights", type=int, nargs="+", default=[480, 720, 1080])
    parser.add_argument("--at", type=int, default=100, help="frames of each height")
    parser.add_argument("--steps", type=int, default=12, help="passes of each fit")
    parser.add_argument("--recipe", default="seeded")
    parser.add_argument("--folder", type=Path, default=ROOT / "build" / "benchmarks" / "scaling")
    parser.add_argument("--name", default="scaling", help="of the results")
    options = parser.parse_args()
    if min(*options.frames, options.at) < 2 or min(options.heights) < 48:
        parser.error("a fit needs at least 2 frames of at least 48 lines")
    counts, heights = sorted(set(options.frames)), sorted(set(options.heights))
    wanted = dict.fromkeys(heights, options.at)
    wanted[heights[0]] = max(options.at, *counts)
    clips = {height: make_clip(options.folder, height, n) for height, n in wanted.items()}
    # The first fit of a machine compiles kernels; nobody wants to see that in a curve.
    measure(clips[heights[0]], heights[0], 3, options.recipe, 1)
    found: dict[tuple[int, int], Measured] = {}
    print(HEAD, flush=True)
    for height, frames in [(heights[0], n) for n in counts] + [(h, options.at) for h in heights]:
        if (height, frames) not in found:
            found[height, frames] = measure(
                clips[height], height, frames, options.recipe, options.steps
            )
            print(row(found[height, frames]), flush=True)
    over_frames = [found[heights[0], n] for n in counts]
    over_size = [found[h, options.at] for h in heights]
    lines = {
        "frames": straight([r.frames for r in over_frames], [r.cpu for r in over_frames]),
        "megapixels": straight([r.megapixels for r in over_size], [r.cpu for r in over_size]),
    }
    for name, line in lines.items():
        print(verdict(name, line))
    largest = over_size[-1]
    if largest.peak_gib is not None:
        print(
            f"peak of {largest.frames} frames {largest.width}x{largest.height}: "
            f"{largest.peak_gib:.2f} GiB (100 frames of 1920x1080 may take {MEMORY_LIMIT:g})"
        )
    answer: dict[str, Any] = {
        "recipe": options.recipe,
        "steps": options.steps,
        "rows": [asdict(r) for r in found.values()],
        "lines": {name: line and asdict(line) for name, line in lines.items()},
    }
    target = RESULTS / f"{options.name}.json"
    record(target, answer)
    picture = draw(over_frames, over_size, target.with_suffix(".png"))
    print(f"wrote {picture}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
