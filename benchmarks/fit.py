"""Fits clips with a given time and prints what came out: ``python -m benchmarks.fit``.

Each fit is the command that an artist types, in a process of its own; PSNR is measured on the PNG
that ``codef reconstruct --edit-path`` writes, not taken from the fit's own report. Clips come from
``--data`` (folders with ``frames/`` and perhaps ``masks_0/``, ``masks_1/``, ...); without any, the
demonstration's clip is used.
"""

import argparse
import json
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.child import ROOT, run
from benchmarks.machine import record
from engine.colour.encoding import to_display8
from engine.edit.canonical import canonical_pixels
from engine.fields.folder import load_field
from engine.fit.plates import eroded
from engine.io.clip import open_clip
from engine.metrics.psnr import clip_score, psnr8
from engine.metrics.sharpness import sharpness_ratio

RESULTS = Path(__file__).resolve().parent / "results"
#: Development clips beside the repository; used when they are there.
SHARED = ROOT.parent / "shared" / "data"


@dataclass(frozen=True)
class Clip:
    """A clip to fit: its frames, and mask folders from front to back."""

    name: str
    frames: Path
    masks: tuple[Path, ...]


def clips_in(data: Path | None, names: Sequence[str] | None = None) -> list[Clip]:
    """The clips of a folder, or the demonstration's.

    Args:
        data: Folder of clips (``NAME/frames``, perhaps ``NAME/masks_0``, ...), or one clip itself.
        names: Those to take; None takes all.

    Raises:
        SystemExit: No such folder, no clips in it, or none of a name; says so.
    """
    if data is None:
        from codef_nodes.demo.footage import prepare

        footage, _ = prepare(ROOT / "build" / "demo" / "source")
        found = [Clip(footage.name, footage.pattern.parent, (footage.masks,))]
    elif not data.is_dir():
        raise SystemExit(f"there is no folder {data}; give a folder of clips (NAME/frames/...)")
    else:
        folders = [data] if (data / "frames").is_dir() else sorted(data.iterdir())
        found = [
            Clip(folder.resolve().name, folder / "frames", tuple(sorted(folder.glob("masks_*"))))
            for folder in folders
            if (folder / "frames").is_dir()
        ]
    if not found:
        raise SystemExit(
            f"{data} holds no clips: a clip is a folder NAME with NAME/frames in it, and perhaps "
            "NAME/masks_0, NAME/masks_1, ..."
        )
    unknown = set(names or ()) - {clip.name for clip in found}
    if unknown:
        raise SystemExit(
            f"there is no clip {', '.join(sorted(unknown))}; there are "
            f"{', '.join(clip.name for clip in found)}"
        )
    return [clip for clip in found if not names or clip.name in names]


def clips_asked(
    folder: Path | None, names: Sequence[str] | None, usual: Sequence[str]
) -> list[Clip]:
    """The clips that a command line names.

    Args:
        folder: As it was given; None: the development clips, or the demonstration's.
        names: As they were given; None: all, of the development clips the usual ones.
        usual: Names of development clips.

    Raises:
        SystemExit: As ``clips_in``.
    """
    if folder is None and SHARED.is_dir():
        return clips_in(SHARED, usual if names is None else names)
    return clips_in(folder, names)


def codef(*words: str | Path) -> tuple[dict[str, Any], float]:
    """Runs a command; its JSON answer and its wall-clock seconds."""
    ended = run(*words)
    return ended.answer, ended.seconds


def measure(clip: Clip, recipe: str, seconds: float, folder: Path) -> dict[str, Any]:
    """Fits one clip and measures the result from outside."""
    field_folder = folder / f"{clip.name}_{recipe}"
    masks = [word for mask in clip.masks for word in ("--masks", mask)]
    words = ["fit", clip.frames, *masks, "--recipe", recipe, "--seconds", str(seconds)]
    report, wall = codef(*words, "-o", field_folder)
    frames = folder / f"{clip.name}_{recipe}_frames"
    _, drawing = codef("reconstruct", field_folder, "--edit-path", "-o", frames / "frame.%04d.png")
    source, result = open_clip(str(clip.frames)), open_clip(str(frames))
    values = [
        psnr8(to_display8(result.read(n).rgb), to_display8(source.read(f).rgb))
        for n, f in zip(result.frames, source.frames, strict=True)
    ]
    checked, _ = codef("check", field_folder)
    size = sum(file.stat().st_size for file in field_folder.iterdir())
    return {
        "clip": clip.name,
        "frames": report["frames"],
        "size": f"{report['width']}x{report['height']}",
        "layers": report["groups"],
        "recipe": recipe,
        "seconds": seconds,
        "wall": round(wall, 1),
        "matching": round(report["seconds_matching"], 1),
        "steps": report["steps"],
        "psnr_edit_path": round(clip_score(values), 2),
        "psnr_reported": round(report["psnr_edit_path"], 2),
        "psnr": round(report["psnr"], 2),
        "sharpness": sharpness(field_folder, clip),
        "check": checked["ok"],
        "field_mb": round(size / 1e6, 1),
        "reconstruct_fps": round(report["frames"] / drawing, 1),
    }


def sharpness(field_folder: Path, clip: Clip) -> dict[str, float]:
    """Sharpness ratio of each layer's canonical image against the reference frame."""
    field = load_field(field_folder)
    shot = open_clip(str(clip.frames)).read(field.reference)
    frame = np.asarray(to_display8(shot.rgb) / np.float32(255), np.float32)
    coverage = field.coverage(field.index(field.reference))
    ratios = {}
    for k, layer in enumerate(field.layers):
        canvas = layer.canonical.data
        still = np.zeros_like(frame)
        seen = np.zeros(frame.shape[:2], np.float32)
        x0, y0 = max(canvas.x0, 0), max(canvas.y0, 0)
        x1, y1 = min(canvas.x1, frame.shape[1]), min(canvas.y1, frame.shape[0])
        cut = canonical_pixels(field, k)[
            y0 - canvas.y0 : y1 - canvas.y0, x0 - canvas.x0 : x1 - canvas.x0
        ]
        still[y0:y1, x0:x1] = to_display8(cut[..., :3]).astype(np.float32) / 255
        seen[y0:y1, x0:x1] = cut[..., 3]
        inside = eroded(np.where((coverage[k] > 0.99) & (seen > 0.5), 255, 0).astype(np.uint8)) > 0
        if inside.any():
            ratios[layer.name] = round(sharpness_ratio(still, frame, inside), 3)
    return ratios


def main() -> int:
    """Reads the command line, fits, prints the table and writes the JSON."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fit", description=__doc__)
    parser.add_argument("--data", type=Path, help="folder of clips; default: the demo's clip")
    parser.add_argument("--clips", nargs="*", help="names of the clips to take; default: all")
    parser.add_argument("--recipes", nargs="*", default=["seeded"])
    parser.add_argument("--seconds", type=float, default=60.0)
    options = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory() as name:
        for clip in clips_in(options.data, options.clips):
            for recipe in options.recipes:
                rows.append(measure(clip, recipe, options.seconds, Path(name)))
                row = rows[-1]
                print(
                    f"{row['clip']:<16} {row['size']:>9} {row['frames']:>4} frames  "
                    f"{recipe:<7} {row['wall']:>6.1f} s  edit path {row['psnr_edit_path']:.2f} dB  "
                    f"all terms {row['psnr']:.2f} dB  sharpness {row['sharpness']}",
                    flush=True,
                )
    target = RESULTS / f"fit_{options.seconds:g}s.json"
    earlier = json.loads(target.read_text("utf-8"))["rows"] if target.is_file() else []
    again = {(row["clip"], row["recipe"]) for row in rows}
    kept = [row for row in earlier if (row["clip"], row["recipe"]) not in again]
    table = sorted(kept + rows, key=lambda row: (row["clip"], row["recipe"]))
    record(target, {"rows": table})
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
