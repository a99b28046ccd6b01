"""The published method without its parts: ``python -m benchmarks.ablation CLIP --seconds 60``.

The ablations of CoDeF's section 4.3, on the ``paper`` recipe: hash levels that all count from the
start instead of coming in one after the other; no flow loss; sines and cosines instead of the hash
grid of the deformation, of the canonical field, of both; and one group instead of the clip's masks.

All variants take the same number of steps, as in the paper: as many as the published one does in
``--seconds``. The schedule (annealing, halving of the rate) is shrunk to that number, for ten
thousand steps would take a day on a CPU; ``--steps 10000`` is the published one. CLIP is a clip
(``CLIP/frames``, ``CLIP/masks_*``) or a folder of clips, of which the first is taken; it is brought
to ``--height`` lines. Fewer than some hundred steps say little: the hash grids have hardly begun.
In all it takes 15 to 20 times ``--seconds``: the deeper networks are several times slower.

Prints a table: PSNR of the edit path; warping error of neighbouring frames beside the source's own
(flicker); sharpness, folds and stretch |log det J| (how natural the still is). Writes a JSON.
"""

import argparse
import json
import tempfile
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from benchmarks.child import run
from benchmarks.fit import RESULTS, Clip, clips_in, codef, sharpness
from benchmarks.machine import record
from benchmarks.stick import display, folds, mean_psnr
from engine.colour.encoding import to_display8
from engine.fields.folder import load_field
from engine.fit.paper.numbers import Numbers
from engine.io.clip import open_clip
from engine.metrics.warping import FLOW, warping_errors

#: Numbers that differ from the published ones, and what the paper says of it.
VARIANTS: dict[str, tuple[dict[str, Any], str]] = {
    "as published": ({}, ""),
    "without annealing": (
        {"annealing_begin": 0, "annealing_length": 1},
        "the canonical image loses its natural look",
    ),
    "without flow loss": (
        {"flow_loss": 0.0},
        "0.0 to -0.2 dB with one group, smooth areas flicker",
    ),
    "deformation: sines": ({"deformation_encoding": "pe"}, "-3.1 dB"),
    "canonical: sines": ({"canonical_encoding": "pe"}, ""),
    "both: sines": ({"deformation_encoding": "pe", "canonical_encoding": "pe"}, ""),
}
GROUPS = "one group"
#: Steps that the speed is taken from, after two that warm up.
PROBE = 12


def small(clip: Clip, height: int, count: int, folder: Path) -> Clip:
    """The first frames of a clip and their masks at another size, as 8-bit PNG."""

    def shrunk(source: Path, name: str) -> Path:
        frames = open_clip(str(source))
        target = folder / name
        target.mkdir(parents=True)
        for number in frames.frames[:count]:
            picture = to_display8(frames.read(number).rgb)
            width = max(2, round(picture.shape[1] * height / picture.shape[0]))
            flag = cv2.INTER_AREA if height < picture.shape[0] else cv2.INTER_CUBIC
            cv2.imwrite(
                str(target / f"{number:05d}.png"),
                cv2.resize(picture, (width, height), interpolation=flag)[..., ::-1],
            )
        return target

    return Clip(
        clip.name,
        shrunk(clip.frames, "frames"),
        tuple(shrunk(mask, mask.name) for mask in clip.masks),
    )


def schedule(steps: int) -> dict[str, Any]:
    """The published schedule, shrunk to a number of steps."""
    whole = Numbers.load()
    share = steps / whole.steps
    return {
        "annealing_begin": round(whole.annealing_begin * share),
        "annealing_length": max(1, round(whole.annealing_length * share)),
        "halved_at": [round(mark * share) for mark in whole.halved_at],
    }


def fit(clip: Clip, numbers: dict[str, Any], steps: int, folder: Path) -> dict[str, Any]:
    """Fits a clip by ``paper`` with other numbers; the report, and seconds as ``wall``."""
    masks = [word for mask in clip.masks for word in ("--masks", mask)]
    changed = [w for name, v in numbers.items() for w in ("--set", f"{name}={json.dumps(v)}")]
    words = ["--recipe", "paper", "--steps", str(steps), *changed]
    ended = run("fit", clip.frames, *masks, *words, "-o", folder)
    return {**ended.answer, "wall": ended.seconds}


def steps_in(clip: Clip, seconds: float, folder: Path) -> int:
    """How many steps the published variant takes in a time."""
    curve = fit(clip, {}, PROBE, folder)["psnr_curve"]
    (first, _), (last, _) = curve[1], curve[-1]
    return max(20, int(seconds * (len(curve) - 2) / max(last - first, 1e-3)))


def measure(
    clip: Clip, variant: str, numbers: dict[str, Any], steps: int, folder: Path
) -> dict[str, Any]:
    """Fits one variant and measures it from outside."""
    home = folder / "field"
    report = fit(clip, numbers, steps, home)
    codef("reconstruct", home, "--edit-path", "-o", folder / "drawn" / "f.%05d.png")
    source, drawn = open_clip(str(clip.frames)), open_clip(str(folder / "drawn"))
    own, error = warping_errors(
        display(source), [display(source), display(drawn)], len(source.frames)
    )
    folded = folds(load_field(home)).values()
    return {
        "variant": variant,
        "numbers": numbers,
        "groups": report["layers"],
        "steps": report["steps"],
        "wall": round(report["wall"], 1),
        "psnr_edit_path": mean_psnr(drawn, source),
        "ewarp": error.short,
        "ewarp_source": own.short,
        "sharpness": min(sharpness(home, clip).values(), default=None),
        "fold_share": max((f["fold_share"] for f in folded), default=None),
        "mean_log_det": max((f["mean_log_det"] for f in folded), default=None),
    }


HEAD = (
    "variant               groups  steps       s  edit dB  Ewarp 1e-4 (source)  sharp  fold %"
    "  |log J|   the paper says"
)


def line(row: dict[str, Any]) -> str:
    """A row of the table."""

    def cell(value: float | None, form: str, factor: float = 1.0) -> str:
        width = int(form.partition(".")[0])
        return f"{'-':>{width}}" if value is None else f"{factor * value:{form}}"

    return (
        f"{row['variant']:<20}{row['groups']:>8}{row['steps']:>7}{row['wall']:>8.0f}"
        f"{row['psnr_edit_path']:>9.2f}{1e4 * row['ewarp']:>11.1f} "
        f"({1e4 * row['ewarp_source']:6.1f}) {cell(row['sharpness'], '6.2f')}  "
        f"{cell(row['fold_share'], '6.2f', 100)}   {cell(row['mean_log_det'], '6.3f')}   "
        f"{row['paper_says']}"
    ).rstrip()


def main() -> int:
    """Reads the command line, fits, prints the table and writes the JSON."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.ablation",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("clip", type=Path, nargs="?", help="a clip; default: the demonstration's")
    length = parser.add_mutually_exclusive_group()
    length.add_argument("--seconds", type=float, default=60.0, help="of the published variant")
    length.add_argument("--steps", type=int, help="of every variant, instead")
    parser.add_argument("--height", type=int, default=120, help="lines of a frame")
    parser.add_argument("--count", type=int, default=40, help="frames at most")
    parser.add_argument("--variants", nargs="*", choices=[*VARIANTS, GROUPS], metavar="NAME")
    options = parser.parse_args()
    if options.height < 16 or options.count < 2:
        parser.error("a fit needs at least 2 frames of at least 16 lines")
    found: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        clip = small(clips_in(options.clip)[0], options.height, options.count, scratch / "clip")
        steps = options.steps or steps_in(clip, options.seconds, scratch / "probe")
        wanted = {variant: (clip, *told) for variant, told in VARIANTS.items()}
        if clip.masks:
            bare = Clip(clip.name, clip.frames, ())
            wanted[GROUPS] = (bare, {}, "-0.1 to -0.6 dB")
        print(HEAD, flush=True)
        for variant, (shot, numbers, told) in wanted.items():
            if options.variants and variant not in options.variants:
                continue
            folder = scratch / variant.replace(" ", "_").replace(":", "")
            row = measure(shot, variant, {**schedule(steps), **numbers}, steps, folder)
            found.append({**row, "paper_says": told})
            print(line(found[-1]), flush=True)
        size = cv2.imread(str(next(clip.frames.iterdir()))).shape[:2]
    answer = {
        "clip": clip.name,
        "size": f"{size[1]}x{size[0]}",
        "steps": steps,
        "flow_of_ewarp": FLOW,
        "best": found[int(np.argmax([row["psnr_edit_path"] for row in found]))]["variant"],
        "rows": found,
    }
    record(RESULTS / f"ablation_{clip.name}.json", answer)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
