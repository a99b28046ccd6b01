"""The measuring stick: ``python -m benchmarks.stick FOLDER --seconds 60 --recipes seeded chain``.

FOLDER holds clips (``NAME/frames/``, perhaps ``NAME/masks_0/`` ...). Each is fitted by the command
that an artist types and then measured from outside: PSNR through the canonical image alone, with
lighting, with all terms; warping error; sharpness of the canonical image against the reference
frame, folds and mean stretch |log det J| of the deformation; masks carried from the reference
frame; BADJA's joints where ``badja/NAME.json`` lies in or beside FOLDER; and, where
``truth.safetensors`` lies beside the frames (``python -m benchmarks.synthetic``), transfer error,
jitter, visibility, TAP-Vid's average Jaccard and the PSNR of a carried edit. ``5 s`` is what the
fit itself told of the edit path five seconds after it was started. ``chain`` is chained flow alone:
``seeded`` without a single pass. Writes a JSON and the curves of quality over time as a picture.

A fit takes the seconds that it is given, measuring it a third as long again or more (40 s for 72
frames of 540x540 on two cores).
"""

import argparse
import json
import tempfile
from collections.abc import Callable
from itertools import groupby, pairwise
from operator import itemgetter
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.child import Ended, run
from benchmarks.curves import best_by, thinned, time_to
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

#: What the table calls a recipe and the command does not: its recipe and its flags.
MADE = {"chain": ("seeded", ("--steps", "0"))}


def fitted(clip: Clip, recipe: str, seconds: float, folder: Path) -> Ended:
    """Fits a clip into ``folder``."""
    name, flags = MADE.get(recipe, (recipe, ("--seconds", str(seconds))))
    masks = [word for mask in clip.masks for word in ("--masks", mask)]
    return run("fit", clip.frames, *masks, "--recipe", name, *flags, "-o", folder)


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
    ended = fitted(clip, recipe, seconds, home)
    report = ended.answer
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
        "wall": round(ended.seconds, 1),
        "peak_gib": None if ended.peak_gib is None else round(ended.peak_gib, 2),
        "matching": round(report["seconds_matching"], 1),
        "steps": report["steps"],
        "reference": report["reference"],
        "psnr_at_5s": best_by(curve, 5),
        "seconds_to_30db": time_to(curve, 30),
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
        "curve": thinned(curve),
    }


#: Group, name and format of each column of the table.
COLUMNS = (
    ("", "clip", "<18"),
    ("", "recipe", "<8"),
    ("", "s", "5.0f"),
    ("PSNR (dB)", "5 s", "6.1f"),
    ("PSNR (dB)", "edit", "6.2f"),
    ("PSNR (dB)", "lit", "6.2f"),
    ("PSNR (dB)", "all", "6.2f"),
    ("Ewarp 1e-4", "short", "6.1f"),
    ("Ewarp 1e-4", "long", "6.1f"),
    ("canonical image", "sharp", "6.2f"),
    ("canonical image", "fold %", "7.3f"),
    ("canonical image", "|log J|", "7.3f"),
    ("masks", "J", "6.3f"),
    ("masks", "F", "6.3f"),
    ("BADJA", "%", "6.1f"),
    ("transfer (px)", "median", "6.3f"),
    ("transfer (px)", "p95", "6.3f"),
    ("transfer (px)", "hidden", "6.2f"),
    ("transfer (px)", "jitter", "6.3f"),
    ("tracks", "vis.F1", "6.3f"),
    ("tracks", "AJ", "6.3f"),
    ("edit (dB)", "ours", "6.2f"),
    ("edit (dB)", "exact", "6.2f"),
)


def _width(form: str) -> int:
    return int(form.lstrip("<").partition(".")[0])


def _put(text: str, form: str) -> str:
    """A word in a column of numbers, or of words."""
    return f"{text:{'<' if form.startswith('<') else '>'}{_width(form)}}"


def head() -> str:
    """Names of the columns under the names of their groups."""
    groups = "  ".join(
        f"{group:^{sum(_width(form) + 1 for _, _, form in columns) - 1}}"
        for group, columns in ((g, list(c)) for g, c in groupby(COLUMNS, key=itemgetter(0)))
    )
    return f"{groups.rstrip()}\n{_joined([_put(name, f) for _, name, f in COLUMNS])}"


def line(row: dict[str, Any]) -> str:
    """A row of the table."""
    folds, mask = row["folds"].values(), next(iter(row["masks"].values()), {})
    found = row["synthetic"] or {"transfer": {}, "edit": {}}
    moved, edit = found["transfer"], found["edit"]
    visible, hidden = moved.get("visible", {}), moved.get("occluded", {})
    values = (
        *(row[name] for name in ("clip", "recipe", "wall", "psnr_at_5s")),
        *(row[name] for name in ("psnr_edit_path", "psnr_lit", "psnr")),
        *(1e4 * row["ewarp"][name] for name in ("short", "long")),
        min(row["sharpness"].values(), default=None),
        max((100 * layer["fold_share"] for layer in folds), default=None),
        max((layer["mean_log_det"] for layer in folds), default=None),
        *(mask.get("J"), mask.get("F"), row["badja"] and 100 * row["badja"]["share"]),
        *(visible.get("median"), visible.get("p95"), hidden.get("median"), moved.get("jitter")),
        *(moved.get("visibility_f1"), moved.get("tap_vid", {}).get("jaccard")),
        *(edit.get("psnr"), edit.get("psnr_of_exact_motion")),
    )
    pairs = zip(values, COLUMNS, strict=True)
    return _joined(
        [_put("-", form) if value is None else f"{value:{form}}" for value, (_, _, form) in pairs]
    )


def _joined(cells: list[str]) -> str:
    """Cells in a line, a wider gap between groups."""
    text = cells[0]
    for cell, (before, after) in zip(cells[1:], pairwise(COLUMNS), strict=True):
        text += (" " if before[0] == after[0] else "  ") + cell
    return text.rstrip()


def main() -> int:
    """Reads the command line, measures, prints the table, writes JSON and curves."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.stick",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("folder", type=Path, nargs="?", help="folder of clips; default: the demo's")
    parser.add_argument("--clips", nargs="*", help="names of the clips to take; default: all")
    parser.add_argument("--recipes", nargs="*", default=["seeded"], metavar="RECIPE")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--badja", type=Path, help="folder with CLIP.json of joints")
    parser.add_argument("--keep", type=Path, help="where fields and frames stay")
    parser.add_argument("--name", help="of the results; default: that of the folder")
    options = parser.parse_args()
    clips = clips_in(options.folder, options.clips)
    name = options.name or (options.folder.resolve().name if options.folder else "demo")
    target = RESULTS / f"stick_{name}_{options.seconds:g}s.json"
    RESULTS.mkdir(exist_ok=True)
    rows: list[dict[str, Any]] = []
    print(head(), flush=True)
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
