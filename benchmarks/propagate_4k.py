"""A 4096 x 2160 half-float shot: time to the draft, seconds a frame of propagation, memory.

    python -m benchmarks.propagate_4k [--frames N] [--length N] [--edited N] [--brush PIXELS]

Makes ``--frames`` frames of a textured scene under a moving camera, with grain (a camera's EXR:
half float, zips), 33 MB each, in a temporary folder that is removed again. A clip that is longer
goes through the same frames forth and back by hard links; each is decoded for itself all the same.

1. ``codef fit`` of the clip of ``--length`` frames: seconds from the start of the process to the
   draft (which an artist may paint on), decoding every frame included, and peak memory.
2. ``codef propagate`` of a brush-sized edit into ``--edited`` frames and into one: the difference
   is what a frame costs, read and written, without the start of the program.
3. The same in this process, in its parts one after the other: read, propagate, write, each the
   median of some frames, and how many rows of a frame had to be decoded.

JSON in ``benchmarks/results/propagate_4k.json``. With the defaults, the whole shot for real: 7 GB
of disk; on two cores that nobody else uses about ten minutes to make the frames and ten to fit.
"""

import argparse
import json
import os
import shutil
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from benchmarks.child import ROOT, run
from benchmarks.fit import RESULTS
from benchmarks.machine import describe
from benchmarks.synthetic.texture import stream_bed
from engine.arrays import F32
from engine.edit.canonical import canonical_picture
from engine.edit.edits import EditSource, prepare_edits
from engine.edit.finish import FULL_FINISH, PLAIN, Finish
from engine.edit.propagate import propagate_frame
from engine.fields.field import Field
from engine.fields.folder import load_field
from engine.io.clip import Clip, open_clip
from engine.io.picture import Picture
from engine.io.write import WriteOptions, write_picture

WIDTH, HEIGHT = 4096, 2160
#: What the issue asks for: frames of the shot, GiB, seconds a frame.
SHOT, MEMORY, SECONDS = 200, 12.0, 0.5
#: Frames that are taken apart into reading, propagating and writing.
PARTED = 20
FIRST = 1001


#: Pixels that the camera swings to the right and up, and room for its turning.
SWING, RISE, ROOM = 720, 80, 120


def scene() -> F32:
    """The textured world that the camera moves over, linear, [h, w, 3]."""
    height, width = (HEIGHT + RISE + ROOM) // 2, (WIDTH + SWING + ROOM) // 2
    coarse = stream_bed(height, width, WIDTH / 2 / 640, 4)[..., :3]
    size = (coarse.shape[1] * 2, coarse.shape[0] * 2)
    world = cv2.resize(coarse, size, interpolation=cv2.INTER_CUBIC)
    return np.asarray(np.maximum(world, 0), np.float32)


def make_frames(folder: Path, count: int) -> list[Path]:
    """Frames under a camera that swings and turns a little, with grain; those there are kept."""
    paths = [folder / f"plate.{t:04d}.exr" for t in range(count)]
    world = scene() if any(not path.is_file() for path in paths) else np.zeros(0, np.float32)
    for t, path in enumerate(paths):
        if path.is_file():
            continue
        angle = 0.004 * np.sin(t / 5)
        right = ROOM / 3 + SWING * (1 - np.cos(t / 25)) / 2
        down = ROOM / 2 + RISE * (1 + np.sin(t / 14)) / 2
        turn = np.array(
            [
                [np.cos(angle), -np.sin(angle), right],
                [np.sin(angle), np.cos(angle), down],
            ]
        )
        flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
        frame = cv2.warpAffine(
            world, turn, (WIDTH, HEIGHT), flags=flags, borderMode=cv2.BORDER_REFLECT
        )
        grain = np.empty_like(frame)
        cv2.setRNGSeed(5 + t)
        cv2.randn(grain, 0, 1)
        frame = np.maximum(frame * (1 + 0.02 * grain), 0)
        write_picture(path, Picture.of(frame), WriteOptions(bits=16))
    return paths


def forth_and_back(paths: list[Path], length: int, folder: Path) -> Path:
    """A clip of any length of the same files; returns its pattern."""
    shutil.rmtree(folder, ignore_errors=True)  # of a run that was broken off
    folder.mkdir()
    period = max(2 * len(paths) - 2, 1)
    for n in range(length):
        at = n % period
        source = paths[at if at < len(paths) else period - at]
        os.link(source, folder / f"plate.{FIRST + n}.exr")
    return folder / "plate.%04d.exr"


def painted(field: Field, size: int) -> Picture:
    """The canonical image with an opaque disc in the middle."""
    picture = canonical_picture(field, 0)
    height, width = picture.pixels.shape[:2]
    y, x = np.mgrid[:height, :width].astype(np.float32)
    far = np.hypot(x - width / 2, y - height / 2)
    matte = np.clip(size / 2 + 0.5 - far, 0, 1)[..., None].astype(np.float32)
    rgba = picture.pixels * (1 - matte) + matte * np.array([0.8, 0.1, 0.05, 1], np.float32)
    return picture.with_pixels(rgba)


def in_parts(field: Field, clip: Clip, edit: Picture, folder: Path, finish: Finish) -> Any:
    """Median seconds of each part of carrying an edit to every frame, and changed pixels."""
    edits = prepare_edits(field, [EditSource(edit)], working=clip.working)
    spent: dict[str, list[float]] = {"read": [], "propagate": [], "write": []}
    changed, cpu = [], []
    looked, asked = None, 0
    for frame in field.frames[:PARTED]:
        began, busy = time.perf_counter(), time.process_time()
        plate = clip.read_rows(frame, looked)
        read = time.perf_counter()
        result = propagate_frame(field, edits, plate, field.index(frame), finish=finish)
        put = time.perf_counter()
        write_picture(folder / "part.exr", result)
        spent["write"].append(time.perf_counter() - put)
        cpu.append(time.process_time() - busy)
        spent["propagate"].append(put - read)
        spent["read"].append(read - began)
        if plate.rows is not None:
            looked, asked = plate.rows.asked, int(plate.rows.asked.sum())
        changed.append(0 if result.changed is None else int(result.changed.sum()))
    # The first frame compiles and fills caches.
    parts = {name: round(statistics.median(each[1:]), 3) for name, each in spent.items()}
    best = {name: round(min(each[1:]), 3) for name, each in spent.items()}
    return {
        "seconds": parts,
        "least_seconds": best,
        "cpu_seconds": round(statistics.median(cpu[1:]), 3),
        "whole": round(sum(parts.values()), 3),
        "changed_pixels": int(statistics.median(changed)),
        "rows_decoded": asked,
    }


def fitted(args: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """Frames and the fit; what ``--keep`` left from another run is not redone."""
    known = folder / "fit.json"
    if known.is_file():
        found: dict[str, Any] = json.loads(known.read_text("utf-8"))
        return found
    began = time.perf_counter()
    paths = make_frames(folder, args.frames)
    megabytes = sum(path.stat().st_size for path in paths) / len(paths) / 1e6
    say(f"{args.frames} frames of {megabytes:.0f} MB made in {time.perf_counter() - began:.0f} s")
    pattern = forth_and_back(paths, args.length, folder / "clip")
    ended = run("fit", str(pattern), "-o", str(folder / "field"), "--steps", str(args.steps))
    draft, psnr = ended.answer["psnr_curve"][0]
    answer = {
        "megabytes_a_frame": round(megabytes, 1),
        "distinct_frames": args.frames,
        "fit": {
            "frames": args.length,
            "draft_seconds": draft,
            "draft_psnr": psnr,
            "whole_seconds": round(ended.seconds, 1),
            "cpu_seconds": ended.cpu_seconds and round(ended.cpu_seconds, 1),
            "steps": ended.answer["steps"],
            "psnr_edit_path": ended.answer["psnr_edit_path"],
            "peak_gib": ended.peak_gib,
            "load": describe()["load"],
        },
    }
    known.write_text(json.dumps(answer), "utf-8")
    return answer


def measure(args: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """Everything, in a folder that may hold a gigabyte."""
    answer: dict[str, Any] = {"machine": describe(), **fitted(args, folder)}
    target, pattern = folder / "field", folder / "clip" / "plate.%04d.exr"
    field, clip = load_field(target), open_clip(str(pattern))
    edit = painted(field, args.brush)
    write_picture(folder / "edit.exr", edit)
    answer["propagate"] = command(args, target, folder)
    for name, finish in (("plain", PLAIN), ("full finish", FULL_FINISH)):
        answer[name] = in_parts(field, clip, edit, folder, finish)
    return answer


def command(args: argparse.Namespace, field: Path, folder: Path) -> dict[str, Any]:
    """``codef propagate`` into one frame and into several."""
    said = {}
    for count in (1, args.edited):
        out, last = folder / "out", FIRST + count - 1
        ended = run(
            "propagate", str(field), "--edit", str(folder / "edit.exr"),
            "-o", str(out / "f.%04d.exr"), "--frames", f"{FIRST}-{last}",
        )  # fmt: skip
        said[count] = ended
        shutil.rmtree(out)
    one, many = said[1], said[args.edited]
    each = (many.seconds - one.seconds) / (args.edited - 1)
    cpu = None
    if many.cpu_seconds is not None and one.cpu_seconds is not None:
        cpu = round((many.cpu_seconds - one.cpu_seconds) / (args.edited - 1), 3)
    return {
        "frames": args.edited,
        "brush": args.brush,
        "seconds_a_frame": round(each, 3),
        "cpu_seconds_a_frame": cpu,
        "start_seconds": round(one.seconds - each, 2),
        "peak_gib": many.peak_gib,
    }


def say(text: str) -> None:
    """A line at once."""
    print(text, flush=True)


def main() -> int:
    """Measures, prints, writes."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.propagate_4k",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--frames", type=int, default=SHOT, help="frames that are made")
    parser.add_argument("--length", type=int, default=SHOT, help="frames of the clip")
    parser.add_argument("--steps", type=int, default=4, help="passes of the fit after the draft")
    parser.add_argument("--edited", type=int, default=10, help="frames that are propagated")
    parser.add_argument("--brush", type=int, default=200, help="pixels across the edit")
    parser.add_argument("--folder", type=Path, help="where to put the frames meanwhile")
    parser.add_argument("--keep", type=Path, help="leave frames and fits here, and use them again")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=args.folder) as scratch:
        folder = args.keep or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        answer = measure(args, folder)
    RESULTS.mkdir(parents=True, exist_ok=True)
    target = RESULTS / "propagate_4k.json"
    target.write_text(json.dumps(answer, indent=2) + "\n", "utf-8")
    fit, put = answer["fit"], answer["propagate"]
    say(f"{fit['frames']} frames: draft after {fit['draft_seconds']:.0f} s, "
        f"{fit['peak_gib'] or 0:.1f} GiB (at most {MEMORY:g})")  # fmt: skip
    cpu, load = put["cpu_seconds_a_frame"] or 0, answer["machine"]["load"]
    say(f"propagation: {put['seconds_a_frame']:.2f} s a frame (asked: under {SECONDS:g}), "
        f"{cpu:.2f} s of one core; load of the machine {load}")  # fmt: skip
    for name in ("plain", "full finish"):
        parts = ", ".join(f"{k} {v:.2f}" for k, v in answer[name]["seconds"].items())
        say(f"  {name}: {parts} s")
    say(f"written to {target.relative_to(ROOT) if target.is_relative_to(ROOT) else target}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
