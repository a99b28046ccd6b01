"""Do masks pay: the same clip fitted with its groups and as one: ``python -m benchmarks.groups``.

``codef fit`` of a clip with masks (by default blackswan of the shared clips) with them and without,
by the same number of passes (``--steps``) and in the same time (``--seconds``). The edit path is
measured on the PNG that ``codef reconstruct --edit-path`` writes. Equal time depends on what else
the machine does, so seconds of the processor stand beside it: compare the time where they agree,
else the passes.

Then ``--frames`` frames of an edit behind the first group: the last layer's canonical image gets a
painted bank of stripes and is carried to them. A picture of them with the plate beside it goes to
``--sheet``, for a person to look at; its figure is the largest and the mean error of the plate
against what the masks allow: pixels that the first group covers wholly must be the plate's.

JSON in ``benchmarks/results/groups.json``; about ten minutes with the defaults on two idle cores.
"""

import argparse
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.child import run
from benchmarks.fit import RESULTS, SHARED, Clip, clips_in
from benchmarks.machine import record
from engine.colour.encoding import to_display8
from engine.edit.canonical import canonical_pixels
from engine.edit.editlayer import EditLayer, cropped
from engine.edit.finish import FULL_FINISH
from engine.edit.finished import finish_frame
from engine.fields.field import Field
from engine.fields.folder import load_field
from engine.io.clip import open_clip
from engine.metrics.psnr import clip_score, psnr8

#: The clip that is taken where it is there.
CLIP = "blackswan"
#: Canonical pixels of one stripe and of its soft edge.
STRIPE, SOFT = 24, 2.0


def fitted(clip: Clip, masks: bool, length: tuple[str, float], folder: Path) -> dict[str, Any]:
    """One fit, measured from outside."""
    words = [word for mask in clip.masks for word in ("--masks", mask)] if masks else []
    ended = run("fit", clip.frames, *words, f"--{length[0]}", f"{length[1]:g}", "-o", folder)
    frames = folder.with_name(folder.name + "_frames")
    run("reconstruct", folder, "--edit-path", "-o", frames / "f.%05d.png")
    source, result = open_clip(str(clip.frames)), open_clip(str(frames))
    values = [
        psnr8(to_display8(result.read(n).rgb), to_display8(source.read(f).rgb))
        for n, f in zip(result.frames, source.frames, strict=True)
    ]
    return {
        "groups": len(ended.answer["groups"]),
        "asked": f"{length[1]:g} {length[0]}",
        "steps": ended.answer["steps"],
        "psnr_edit_path": round(clip_score(values), 2),
        "seconds": round(ended.seconds, 1),
        "cpu_seconds": ended.cpu_seconds and round(ended.cpu_seconds, 1),
    }


def striped(field: Field) -> EditLayer | None:
    """Stripes of paint all over the last layer's canonical image, opaque, with soft edges."""
    canonical = field.layers[-1].canonical
    still = canonical_pixels(field, len(field.layers) - 1)
    height, width = still.shape[:2]
    y, x = np.mgrid[:height, :width].astype(np.float32)
    along = (x + y + canonical.data.x0 + canonical.data.y0) % (2 * STRIPE)
    matte = np.clip((STRIPE / 2 - np.abs(along - STRIPE)) / SOFT + 0.5, 0, 1)
    matte *= still[..., 3]
    paint = matte[..., None] * np.array([0.75, 0.08, 0.05, 1], np.float32)
    origin = (float(canonical.data.x0), float(canonical.data.y0))
    return cropped(np.ascontiguousarray(paint, np.float32), origin, (1.0, 1.0))


def behind(field: Field, clip: Clip, count: int, sheet: Path | None) -> dict[str, Any]:
    """An edit of the last layer in some frames, and what of it lands on what is in front."""
    change = striped(field)
    source = open_clip(str(clip.frames))
    if change is None or len(field.layers) < 2:
        return {}
    last, on_front, worst, rows = len(field.layers) - 1, [], 0, []
    for index in np.unique(np.linspace(0, len(field.frames) - 1, count).round().astype(int)):
        plate = source.read(field.frames[index])
        done = finish_frame(field, {last: change}, plate, int(index), FULL_FINISH)
        was, now = to_display8(plate.rgb), to_display8(done.picture.rgb)
        front = field.seen(int(index))[0] >= 1
        gap = np.abs(now.astype(int) - was)[front]
        worst = max(worst, int(gap.max(initial=0)))
        on_front.append(float(gap.mean()) if gap.size else 0.0)
        rows.append(np.hstack([was, now]))
    if sheet is not None:
        import cv2

        sheet.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(sheet), np.vstack(rows)[..., ::-1])
    return {"frames": len(rows), "front_worst_code": worst, "front_mean": float(np.mean(on_front))}


def table(rows: list[dict[str, Any]]) -> str:
    """The fits as text."""
    return "\n".join(
        f"{row['groups']} groups, {row['asked']:>11}: {row['psnr_edit_path']:.2f} dB, "
        f"{row['steps']} passes, {row['seconds']} s, {row['cpu_seconds']} s of the processor"
        for row in rows
    )


def main() -> int:
    """Measures, prints, writes."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.groups",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("data", type=Path, nargs="?", help="folder of a clip with masks")
    parser.add_argument("--steps", type=int, nargs="*", default=[30])
    parser.add_argument("--seconds", type=float, nargs="*", default=[60.0])
    parser.add_argument("--frames", type=int, default=10, help="frames with the edit behind")
    parser.add_argument("--sheet", type=Path, help="picture of those frames")
    parser.add_argument("--keep", type=Path, help="leave the fields in this folder")
    parser.add_argument("--json", type=Path, default=RESULTS / "groups.json")
    args = parser.parse_args()
    clip = clips_in(args.data or (SHARED / CLIP if (SHARED / CLIP).is_dir() else None))[0]
    if not clip.masks:
        raise SystemExit(f"{clip.name} has no masks; give a clip with masks_0 beside its frames")
    lengths = [("steps", n) for n in args.steps] + [("seconds", s) for s in args.seconds]
    rows, edit = [], {}
    with tempfile.TemporaryDirectory() as scratch:
        folder = args.keep or Path(scratch)
        for n, length in enumerate(lengths):
            for masks in (True, False):
                target = folder / f"fit{n}{'_masks' if masks else ''}"
                rows.append(fitted(clip, masks, length, target))
                print(table(rows[-1:]), flush=True)
                if masks and n == 0:
                    edit = behind(load_field(target), clip, args.frames, args.sheet)
    print(f"an edit behind the first group: {edit}")
    record(args.json, {"clip": clip.name, "fits": rows, "edit_behind": edit})
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
