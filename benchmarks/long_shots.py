"""Long shots as linked segments: ``python -m benchmarks.long_shots CLIP``.

Plays a clip forward and back until it has ``--frames`` 600 frames, or makes one of its own with
``--made 1080`` (a stream bed under a moving camera), fits it with a fixed number of passes for each
segment, and tells what must hold: processor seconds a frame, segment by segment, within 20 % of one
another; the peak of memory below 8 GiB; and the last 50 frames within 1 dB of the first 50 (edit
path, measured from outside on the frames that ``codef reconstruct`` writes). Processor seconds,
since other programs on the machine lengthen them less than the clock's.

On two cores that nothing else uses: 8 minutes for 600 frames of 854x480, half an hour for 1000 of
1920x1080.
"""

import argparse
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.child import run
from benchmarks.fit import RESULTS
from benchmarks.machine import record
from benchmarks.scaling import make_clip
from engine.colour.encoding import to_display8
from engine.io.clip import Clip, open_clip
from engine.metrics.psnr import clip_score, psnr8

#: What must hold: largest share by which time a frame may differ between segments, dB that the end
#: may be below the beginning, GiB.
EVEN, FADED, MEMORY = 0.2, 1.0, 8.0
#: Frames that make the beginning and the end.
ENDS = 50


def to_and_fro(clip: Clip, count: int, folder: Path) -> Path:
    """A clip played forward and back, as a folder of files that share the originals' content."""
    folder.mkdir(parents=True)
    frames = list(clip.frames)
    there = frames + frames[-2:0:-1]
    for index in range(count):
        source = clip.path(there[index % len(there)])
        target = folder / f"{index:05d}{source.suffix}"
        try:
            os.link(source, target)
        except OSError:
            shutil.copy2(source, target)
    return folder


def quality(field: Path, clip: Path, frames: range, folder: Path) -> float:
    """PSNR of the edit path over some frames, from the files that are written of them."""
    span = f"{frames[0]}-{frames[-1]}"
    run("reconstruct", field, "--edit-path", "--frames", span, "-o", folder / "%05d.png")
    source, drawn = open_clip(str(clip)), open_clip(str(folder))
    return clip_score(
        [psnr8(to_display8(drawn.read(n).rgb), to_display8(source.read(n).rgb)) for n in frames]
    )


def measure(clip: Path, count: int, options: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """Fits a long clip and measures what came out."""
    field = folder / "field"
    words: list[str | Path] = ["--steps", str(options.steps), "--split", options.split]
    ended = run("fit", clip, *words, "--recipe", options.recipe, "-o", field)
    report = ended.answer
    ends = min(ENDS, count // 2)
    start = quality(field, clip, range(ends), folder / "start")
    end = quality(field, clip, range(count - ends, count), folder / "end")
    segments = [
        {
            **told,
            "ms_per_frame": round(1e3 * told["cpu_seconds"] / length(told["frames"]), 1),
        }
        for told in report.get("segments", [])
    ]
    each = [told["ms_per_frame"] for told in segments]
    middle = sum(each) / len(each) if each else 0.0
    uneven = max((abs(ms / middle - 1) for ms in each), default=0.0)
    size = sum(file.stat().st_size for file in field.rglob("*") if file.is_file())
    return {
        "size": f"{report['width']}x{report['height']}",
        "frames": report["frames"],
        "steps": options.steps,
        "seconds": round(ended.seconds, 1),
        "cpu_seconds": None if ended.cpu_seconds is None else round(ended.cpu_seconds, 1),
        "peak_gib": None if ended.peak_gib is None else round(ended.peak_gib, 2),
        "psnr_first": round(start, 2),
        "psnr_last": round(end, 2),
        "uneven": round(uneven, 3),
        "field_mb": round(size / 1e6, 1),
        "split": report.get("split", []),
        "segments": segments,
        "links": report.get("links", []),
    }


def length(frames: str) -> int:
    """Number of frames of a range as a report has it."""
    from engine.io.frames import parse_frames

    return len(parse_frames(frames))


def verdict(row: dict[str, Any]) -> list[str]:
    """What holds and what does not, a line each."""
    peak = row["peak_gib"]
    faded = row["psnr_first"] - row["psnr_last"]
    said = [
        (row["uneven"] <= EVEN, f"time a frame within {row['uneven']:.0%} (at most {EVEN:.0%})"),
        (faded <= FADED, f"last frames {faded:+.2f} dB below the first (at most {FADED:g})"),
    ]
    if peak is not None:
        said.append((peak <= MEMORY, f"peak {peak:.2f} GiB (at most {MEMORY:g})"))
    return [f"{'holds ' if holds else 'FAILS '} {what}" for holds, what in said]


def table(row: dict[str, Any]) -> list[str]:
    """The segments, a line each."""
    lines = [
        f"{row['size']}, {row['frames']} frames, {row['steps']} passes a segment: "
        f"{row['seconds']:.0f} s by the clock, {row['cpu_seconds'] or 0:.0f} s of processors, "
        f"{row['field_mb']:.0f} MB",
        "frames              ms/frame   edit path dB",
    ]
    lines += [
        f"{told['frames']:<20}{told['ms_per_frame']:>8.0f}{told['psnr_edit_path']:>15.2f}"
        for told in row["segments"]
    ]
    lines += [
        f"link {n}: {told['layer']} error {told['error']:.2f} px, 95 in 100 {told['worst']:.2f} px"
        for n, link in enumerate(row["links"])
        for told in link
    ]
    return lines


def main() -> int:
    """Reads the command line, fits, prints the table and writes the JSON."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.long_shots", description=__doc__)
    parser.add_argument("clip", type=Path, nargs="?", help="folder of frames to play to and fro")
    parser.add_argument("--made", type=int, choices=(480, 720, 1080), help="make one this high")
    parser.add_argument("--frames", type=int, default=600)
    parser.add_argument("--steps", type=int, default=12, help="passes of each segment")
    parser.add_argument("--split", default="auto", help="as for codef fit")
    parser.add_argument("--recipe", default="seeded")
    parser.add_argument("--name", help="of the result; by default that of the clip")
    parser.add_argument("--folder", type=Path, help="where a made clip is kept")
    options = parser.parse_args()
    if (options.clip is None) == (options.made is None):
        parser.error("give a clip, or --made HEIGHT")
    with tempfile.TemporaryDirectory(dir=options.folder) as place:
        home = Path(place)
        if options.made is not None:
            clip = make_clip(options.folder or home, options.made, options.frames)
        else:
            clip = to_and_fro(open_clip(str(options.clip)), options.frames, home / "clip")
        row = measure(clip, options.frames, options, home)
    print("\n".join([*table(row), *verdict(row)]))
    name = options.name or (f"{options.made}p" if options.made else options.clip.name)
    record(RESULTS / f"long_shots_{name}.json", row)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
