"""The measuring stick: ``python -m benchmarks.stick FOLDER --seconds 60 --recipes seeded chain``.

FOLDER holds clips (``NAME/frames/``, perhaps ``NAME/masks_0/`` ...). Each is fitted by the command
that an artist types and then measured from outside: PSNR through the canonical image alone, with
lighting, with all terms; warping error; sharpness and folds of the canonical images; masks carried
from the reference frame; BADJA's joints where ``badja/NAME.json`` lies in or beside FOLDER; and,
where ``truth.safetensors`` lies beside the frames (``python -m benchmarks.synthetic``), transfer
error, jitter, visibility and the PSNR of a carried edit. ``chain`` is chained flow alone:
``seeded`` without a single pass. Writes a JSON and the curves of quality over time as a picture.
"""

import argparse
import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.fit import RESULTS, Clip, clips_in, codef, sharpness
from benchmarks.joints import joint_share
from benchmarks.machine import describe
from benchmarks.plot import Curve, draw_curves
from benchmarks.synthetic.clip import read_truth
from engine.arrays import F32
from engine.colour.encoding import to_display8
from engine.fields.field import Field
from engine.fields.folder import load_field
from engine.io.clip import Clip as Frames
from engine.io.clip import open_clip
from engine.metrics.carried import CarriedMask
from engine.metrics.folding import folding_of
from engine.metrics.psnr import clip_score, psnr8
from engine.metrics.segmentation import boundary, region
from engine.metrics.warping import FLOW, warping_errors
from engine.warp.render import composite

#: Recipe of the command and flags for what the table calls a recipe.
RECIPES = {"seeded": ("seeded", ()), "paper": ("paper", ()), "chain": ("seeded", ("--steps", "0"))}


def fitted(clip: Clip, recipe: str, seconds: float, folder: Path) -> tuple[dict[str, Any], float]:
    """Fits a clip into ``folder``; the report and the wall-clock seconds."""
    name, flags = RECIPES[recipe]
    words: list[str | Path] = ["fit", clip.frames, "--recipe", name]
    for mask in clip.masks:
        words += ["--masks", mask]
    words += flags or ("--seconds", str(seconds))
    return codef(*words, "-o", folder)


def display(frames: Frames) -> Callable[[int], F32]:
    """Index to display-referred colours 0 to 1, 8-bit quantised."""
    return lambda i: to_display8(frames.read(frames.frames[i]).rgb).astype(np.float32) / 255


def mean_psnr(a: Frames, b: Frames) -> float:
    """Mean over frames of the PSNR of 8-bit display values."""
    pairs = zip(a.frames, b.frames, strict=True)
    values = [psnr8(to_display8(a.read(n).rgb), to_display8(b.read(m).rgb)) for n, m in pairs]
    return round(clip_score(values), 2)


def lit_psnr(field: Field, source: Frames) -> float:
    """PSNR with the lighting and without any residual."""
    values = [
        psnr8(to_display8(composite(field, i, lit=True)), to_display8(source.read(f).rgb))
        for i, f in enumerate(field.frames)
    ]
    return round(clip_score(values), 2)


def carried_masks(field: Field) -> dict[str, dict[str, float]]:
    """J and F of each given mask, carried from the reference frame (or its largest) to all."""
    scores = {}
    for k in range(min(field.masks.count, len(field.layers))):
        truth = [field.coverage(i)[k] > 0.5 for i in range(len(field.frames))]
        start = field.index(field.reference)
        if not truth[start].any():
            start = int(np.argmax([mask.sum() for mask in truth]))
        carried = CarriedMask(field, k, start)
        pairs = [(truth[i], carried.at(i)) for i in range(len(truth)) if i != start]
        scores[field.layers[k].name] = {
            "J": round(float(np.mean([region(a, b) for a, b in pairs])), 3),
            "F": round(float(np.mean([boundary(a, b) for a, b in pairs])), 3),
        }
    return scores


def folds(field: Field) -> dict[str, dict[str, float]]:
    """Fold share and stretch of each layer, where it is visible."""
    result = {}
    for k, layer in enumerate(field.layers):
        found = folding_of(field, k)
        if not found.pixels:
            continue  # never visible, so there is nothing to say (and NaN is no JSON)
        result[layer.name] = {
            "fold_share": round(found.fold_share, 6),
            "mean_log_det": round(found.mean_log_det, 4),
        }
    return result


def synthetic(home: Path, field: Field, clip: Clip, drawn: Frames) -> dict[str, Any] | None:
    """Scores against the truth beside the frames, or None."""
    from benchmarks.synthetic.levels import Spec
    from benchmarks.synthetic.oracle import oracle
    from benchmarks.synthetic.scene import Scene
    from benchmarks.synthetic.score import Footage, edit_transfer, transfer

    folder = clip.frames.parent
    truth = read_truth(folder)
    if truth is None:
        return None
    footage = Footage.of(folder)
    numbers = {k: v for k, v in truth.spec.items() if k != "name"}
    numbers["picture"] = numbers["picture"] and Path(numbers["picture"])
    perfect = edit_transfer(oracle(Scene(Spec(**numbers))), footage)
    return {
        "transfer": transfer(field, truth),
        "edit": {**edit_transfer(field, footage), "psnr_of_exact_motion": perfect["psnr"]},
        "psnr_clean": mean_psnr(drawn, footage.clean),
        "sharpness_clean": sharpness(home, Clip("", Path(footage.clean.path(0)).parent, ())),
    }


def measure(
    clip: Clip, recipe: str, seconds: float, folder: Path, badja: Path | None
) -> dict[str, Any]:
    """Fits one clip by one recipe and measures everything."""
    home = folder / f"{clip.name}_{recipe}"
    report, wall = fitted(clip, recipe, seconds, home)
    field, source = load_field(home), open_clip(str(clip.frames))
    for kind, flags in (("edit", ("--edit-path",)), ("all", ())):
        codef("reconstruct", home, *flags, "-o", folder / f"{home.name}_{kind}" / "f.%05d.png")
    drawn, full = (open_clip(str(folder / f"{home.name}_{k}")) for k in ("edit", "all"))
    own, error = warping_errors(
        display(source), [display(source), display(full)], len(field.frames)
    )
    curve = [[float(t), float(v)] for t, v in report.get("psnr_curve", [])]
    return {
        "clip": clip.name,
        "recipe": recipe,
        "size": f"{report['width']}x{report['height']}",
        "frames": report["frames"],
        "seconds": seconds,
        "wall": round(wall, 1),
        "matching": round(report["seconds_matching"], 1),
        "steps": report["steps"],
        "reference": report["reference"],
        "psnr_edit_path": mean_psnr(drawn, source),
        "psnr_lit": lit_psnr(field, source),
        "psnr": mean_psnr(full, source),
        "ewarp": {
            "flow": FLOW,
            "short": error.short,
            "long": error.long,
            "source_short": own.short,
            "source_long": own.long,
        },
        "sharpness": sharpness(home, clip),
        "folds": folds(field),
        "masks": carried_masks(field),
        "badja": joint_share(field, clip, badja),
        "synthetic": synthetic(home, field, clip, drawn),
        "curve": curve,
    }


def line(row: dict[str, Any]) -> str:
    """A row of the table."""
    ratio = min(row["sharpness"].values(), default=float("nan"))
    fold = max((f["fold_share"] for f in row["folds"].values()), default=float("nan"))
    mask = next(iter(row["masks"].values()), None)
    words = [
        f"{row['clip']:<18} {row['recipe']:<7}{row['wall']:6.0f}",
        f"{row['psnr_edit_path']:6.2f} {row['psnr_lit']:6.2f} {row['psnr']:6.2f}",
        f"{1e4 * row['ewarp']['short']:6.1f} {1e4 * row['ewarp']['long']:6.1f}",
        f"{ratio:5.2f} {100 * fold:6.3f}",
        f"{mask['J']:5.3f} {mask['F']:5.3f}" if mask else f"{'-':>5} {'-':>5}",
        f"{100 * row['badja']['share']:5.1f}" if row["badja"] else f"{'-':>5}",
    ]
    found = row["synthetic"]
    if found:
        moved, edit = found["transfer"], found["edit"]
        occluded = moved["occluded"]["median"]
        exact = edit["psnr_of_exact_motion"]
        words.append(
            f"{moved['visible']['median']:6.3f} {moved['visible']['p95']:6.3f} "
            f"{float('nan') if occluded is None else occluded:6.2f} {moved['jitter']:6.3f} "
            f"{moved['visibility_f1']:5.3f} {edit['psnr']:6.2f} /{exact:6.2f}"
        )
    return "  ".join(words)


HEAD = (
    "                                  PSNR (dB)           Ewarp 1e-4   sharp  folds     masks   "
    "BADJA   transfer (px)                   vis.  edit (dB)\n"
    "clip               recipe      s    edit    lit    all   short   long  ratio      %      "
    "J     F      %  median    p95   occl jitter     F1 ours / exact"
)


def main() -> int:
    """Reads the command line, measures, prints the table, writes JSON and curves."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.stick", description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", help="folder of clips; default: the demo's")
    parser.add_argument("--clips", nargs="*", help="names of the clips to take; default: all")
    parser.add_argument("--recipes", nargs="*", default=["seeded"], choices=RECIPES)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--badja", type=Path, help="folder with CLIP.json of joints")
    parser.add_argument("--keep", type=Path, help="where fields and frames stay")
    parser.add_argument("--name", help="of the results; default: that of the folder")
    options = parser.parse_args()
    clips = clips_in(options.folder)
    if options.clips:
        clips = [clip for clip in clips if clip.name in options.clips]
    name = options.name or (options.folder.resolve().name if options.folder else "demo")
    target = RESULTS / f"stick_{name}_{options.seconds:g}s.json"
    RESULTS.mkdir(exist_ok=True)
    rows: list[dict[str, Any]] = []
    print(HEAD, flush=True)
    with tempfile.TemporaryDirectory() as scratch:
        for clip in clips:
            for recipe in options.recipes:
                keep = options.keep or Path(scratch)
                rows.append(measure(clip, recipe, options.seconds, keep, options.badja))
                print(line(rows[-1]), flush=True)
                answer = {"machine": describe(), "rows": rows}
                target.write_text(json.dumps(answer, indent=1) + "\n", encoding="utf-8")
    picture = draw_curves(
        [Curve(r["clip"], r["recipe"], r["curve"], (r["wall"], r["psnr_edit_path"])) for r in rows],
        target.with_suffix(".png"),
    )
    print(f"wrote {target}\nwrote {picture}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
