"""What a fit costs that goes on from an earlier one: ``python -m benchmarks.refit [CLIP]``.

A clip with masks (by default blackswan of the shared clips) is fitted. Then the first group's mask
is drawn ``--grown`` pixels larger in every frame and only that group is fitted again; the time is
told beside that of a fit of everything with the larger mask, and whether the still of each other
group is the same where it was. Then the first half of the clip, without masks, is fitted, and after
it the whole: only what is new may be fitted, and what was there must be the same bit for bit. All
by a fixed number of passes; processor seconds count, which other programs lengthen less than the
clock's. JSON in ``benchmarks/results``: ``refit_mask.json``, ``refit_range.json``. Five minutes on
two idle cores.
"""

import argparse
import json
import tempfile
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from benchmarks.child import Ended, run
from benchmarks.fit import RESULTS, SHARED, clips_in
from benchmarks.machine import record
from engine.fields.folder import load_field
from engine.io.clip import open_clip
from engine.io.frames import format_frames

#: The clip that is taken where it is there.
CLIP = "blackswan"


def grown_mask(masks: Path, frames: range, pixels: int, folder: Path) -> Path:
    """The masks of a group, larger by so many pixels."""
    folder.mkdir(parents=True)
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * pixels + 1, 2 * pixels + 1))
    source = open_clip(str(masks), colour_space="raw")
    for frame in frames:
        mask = cv2.imread(str(source.path(source.frames[frame])), cv2.IMREAD_GRAYSCALE)
        cv2.imwrite(str(folder / f"{frame:05d}.png"), cv2.dilate(mask, kernel))
    return folder


def cost(ended: Ended) -> dict[str, Any]:
    """What is told of a fit."""
    report = ended.answer
    return {
        "seconds": round(ended.seconds, 1),
        "cpu_seconds": None if ended.cpu_seconds is None else round(ended.cpu_seconds, 1),
        "psnr_edit_path": round(report["psnr_edit_path"], 2),
        "fitted": report.get("fitted_again") or report["groups"],
    }


def changed_mask(clip: Any, frames: range, options: argparse.Namespace, home: Path) -> Any:
    """A larger mask of the first group: that group again, and everything again."""
    span = ("--frames", format_frames(frames), "--steps", options.steps)
    first, *others = clip.masks
    # A group keeps its name: that of the folder.
    larger = grown_mask(first, frames, options.grown, home / "larger" / first.name)

    def fit(name: str, front: Path, *more: str | Path) -> Ended:
        masks = [word for mask in (front, *others) for word in ("--masks", mask)]
        return run("fit", clip.frames, *masks, *map(str, span), *more, "-o", home / name)

    before = fit("before", first)
    again = fit("again", larger, "--again", home / "before")
    whole = fit("whole", larger)
    one, other = (load_field(home / name).layers for name in ("before", "again"))
    same = [
        bool(np.array_equal(old.deformation.at(0, _SOME), new.deformation.at(0, _SOME)))
        for old, new in zip(one[1:], other[1:], strict=True)
    ]
    return {
        "before": cost(before),
        "again": cost(again),
        "everything": cost(whole),
        "others_moved_alike": all(same),
    }


_SOME = np.random.default_rng(0).uniform(0, 400, (500, 2)).astype(np.float32)


def longer_range(clip: Any, frames: range, options: argparse.Namespace, home: Path) -> Any:
    """The first half of the clip, then all of it."""
    half = range(frames[0], frames[0] + len(frames) // 2)

    def fit(name: str, some: range) -> Ended:
        span = ("--frames", format_frames(some), "--steps", str(options.steps))
        return run("fit", clip.frames, *span, "-o", home / name)

    first = fit("grown", half)
    still = (home / "grown" / "canonical_0.exr").read_bytes()
    longer = fit("grown", frames)
    whole = fit("anew", frames)
    there = home / "grown" / "segment_000" / "canonical_0.exr"
    return {
        "first_half": cost(first),
        "longer": {
            **cost(longer),
            "segments": [
                {"frames": told["frames"], "fitted": told["fitted"]}
                for told in longer.answer["segments"]
            ],
        },
        "everything": cost(whole),
        "first_half_is_the_same": there.read_bytes() == still,
    }


#: What is measured, each with a file of results.
PARTS = {"mask": changed_mask, "range": longer_range}


def main() -> int:
    """Reads the command line, fits, prints and writes the JSON."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.refit", description=__doc__)
    parser.add_argument("clip", type=Path, nargs="?", help="folder with frames/ and masks_*/")
    parser.add_argument("--frames", type=int, default=50)
    parser.add_argument("--steps", type=int, default=24)
    parser.add_argument("--part", choices=PARTS, help="only this; default: both")
    parser.add_argument("--grown", type=int, default=6, help="pixels that the mask becomes larger")
    options = parser.parse_args()
    (clip,) = clips_in(options.clip or SHARED / CLIP)
    frames = range(min(options.frames, len(open_clip(str(clip.frames)).frames)))
    for part in [options.part] if options.part else list(PARTS):
        with tempfile.TemporaryDirectory() as place:
            told = PARTS[part](clip, frames, options, Path(place))
        row = {"clip": clip.name, "frames": len(frames), "steps": options.steps, **told}
        print(json.dumps(row, indent=1), flush=True)
        record(RESULTS / f"refit_{part}.json", row)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
