"""A restyled shot: does it flicker, is it sharp: ``python -m benchmarks.restyle``.

Fits a clip (by default the portrait of the shared clips, else the demonstration's), takes the
canonical image out, restyles it strongly (the catalogue's painted look: flat brush strokes, stepped
light, ink lines) and draws every frame from it by ``codef propagate --mode replace``, all by the
commands that an artist types. Then, from the written frames:

* ``ewarp_short``, ``ewarp_long``: warping error of neighbours and against the first frame, along
  the source's flow (``engine.metrics.warping``); the source's own beside it, for what flow and
  grain cost anyway, and that of ``--other FOLDER``, the shot restyled by another program (the
  published method's own result of the portrait, where it is there);
* ``sharpness``: Laplacian energy at the reference frame over the edited canonical image's there.
  A blurred result has a low warping error too;
* the other program's look on our field (a clip of one layer): its picture of the reference frame is
  the edit, so that both carry the same strokes.

The fit takes ``--seconds``, the rest about a minute. ``benchmarks/results/restyle.json``.
"""

import argparse
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.child import run
from benchmarks.fit import RESULTS, SHARED, Clip, clips_in
from benchmarks.machine import record
from engine.arrays import F32
from engine.colour.encoding import to_display8
from engine.edit.canonical import canonical_picture
from engine.fields.field import Field
from engine.fields.folder import load_field
from engine.io.clip import Clip as Frames
from engine.io.clip import open_clip
from engine.io.picture import Picture
from engine.io.read import read_parts
from engine.io.write import WriteOptions, write_picture
from engine.metrics.sharpness import sharpness_ratio
from engine.metrics.warping import FLOW, warping_errors
from engine.operations.harmonic import pull_push
from engine.operations.run import apply_operation

#: The clip that is taken where it is there, and where the published result lies in it.
CLIP, PUBLISHED = "portrait", "published_result"
#: The look: strong, with hard lines, so that a still that swims or blurs is seen.
LOOK: dict[str, Any] = {
    "brush": 6,
    "levels": 6,
    "steps": 0.8,
    "saturation": 1.6,
    "lines": 1.0,
    "line_detail": 0.6,
}
#: What is asked for: warping errors of this share of the other program's, and this sharpness.
SHARE, SHARP = 0.5, 0.9
#: Pixels at the rim that sharpness leaves out.
RIM = 4


def chosen(data: Path | None) -> tuple[Clip, Path | None]:
    """The clip, and the same shot restyled by another program where there is one."""
    folder = data or (SHARED / CLIP if (SHARED / CLIP).is_dir() else None)
    clip = clips_in(folder)[0]
    other = None if folder is None else folder / PUBLISHED
    return clip, other if other is not None and other.is_dir() else None


def restyled(field: Path, folder: Path) -> list[Path]:
    """Takes every layer's canonical image out and restyles it; returns the edits' files."""
    count = len(load_field(field).layers)
    edits = []
    for k in range(count):
        still, edit = folder / f"still{k}.exr", folder / f"restyled{k}.exr"
        run("canonical", field, "--layer", str(k), "-o", still)
        ((_, picture),) = read_parts(still)
        write_picture(edit, apply_operation("stylise", picture, LOOK), WriteOptions(bits=32))
        edits.append(edit)
    return edits


def display(frames: Frames) -> Callable[[int], F32]:
    """Index to display-referred colours 0 to 1, quantised to 8 bits."""

    def read(index: int) -> F32:
        return seen(frames.read(frames.frames[index]).rgb)

    return read


def seen(linear: F32) -> F32:
    """Linear colours as a screen shows them, 0 to 1."""
    return np.asarray(to_display8(linear).astype(np.float32) / 255, np.float32)


def sharpness(field: Field, edits: list[Picture], result: F32) -> float:
    """Of the result at the reference frame against the edited stills' own pixels there.

    The canonical image lies on the pixels of the reference frame, so both show the same place.
    """
    still = np.zeros_like(result)
    where = np.zeros(result.shape[:2], np.bool_)
    shares = field.seen(field.index(field.reference))
    for edit, share in zip(edits, shares, strict=True):
        x0, y0 = max(edit.data.x0, 0), max(edit.data.y0, 0)
        x1, y1 = min(edit.data.x1, result.shape[1]), min(edit.data.y1, result.shape[0])
        part = edit.pixels[
            y0 - edit.data.y0 : y1 - edit.data.y0, x0 - edit.data.x0 : x1 - edit.data.x0
        ]
        mine = (share[y0:y1, x0:x1] > 0.99) & (part[..., 3] > 0.99)
        still[y0:y1, x0:x1][mine] = seen(part[..., :3])[mine]
        where[y0:y1, x0:x1] |= mine
    where[:RIM], where[-RIM:], where[:, :RIM], where[:, -RIM:] = False, False, False, False
    return sharpness_ratio(result, still, where)


def borrowed(field: Path, other: Frames, folder: Path) -> list[Path]:
    """The other program's reference frame as the edit; what lies beside it is continued."""
    fitted = load_field(field)
    frame = other.read(other.frames[fitted.index(fitted.reference)])
    still = canonical_picture(fitted, 0)
    data, display = still.data, still.display
    colour = np.zeros((data.height, data.width, 3), np.float32)
    known = np.zeros((data.height, data.width), np.float32)
    rows = slice(-data.y0, display.height - data.y0)
    columns = slice(-data.x0, display.width - data.x0)
    colour[rows, columns], known[rows, columns] = frame.rgb, 1
    pixels = np.dstack([pull_push(colour, known), still.alpha])
    pixels[..., :3] *= pixels[..., 3:]
    edit = folder / "borrowed.exr"
    write_picture(edit, still.with_pixels(pixels), WriteOptions(bits=32))
    return [edit]


def drawn(field: Path, edits: list[Path], out: Path) -> Frames:
    """The whole shot drawn from edited stills."""
    words = [word for edit in edits for word in ("--edit", edit)]
    layers = [word for k in range(len(edits)) for word in ("--layer", str(k))]
    run("propagate", field, *words, *layers, "--mode", "replace", "-o", out / "f.%05d.png")
    return open_clip(str(out))


def measure(clip: Clip, other: Path | None, folder: Path, args: argparse.Namespace) -> Any:
    """Everything, with what is written left in ``folder``."""
    field = args.field
    if field is None:
        field = folder / "field"
        masks = [word for mask in clip.masks for word in ("--masks", mask)]
        run("fit", clip.frames, *masks, "--seconds", str(args.seconds), "-o", field)
    fitted = load_field(field)
    edits = {"restyled": restyled(field, folder)}
    shots = {"source": open_clip(str(clip.frames))}
    if other is not None:
        shots["other"] = open_clip(str(other))
        if len(fitted.layers) == 1:
            edits["other's look"] = borrowed(field, shots["other"], folder)
    shots |= {
        name: drawn(field, e, folder / f"shot{n}") for n, (name, e) in enumerate(edits.items())
    }
    readers = {name: display(shot) for name, shot in shots.items()}
    found = warping_errors(readers["source"], list(readers.values()), len(fitted.frames))
    place = fitted.index(fitted.reference)
    rows: dict[str, dict[str, float]] = {}
    for name, error in zip(readers, found, strict=True):
        rows[name] = {"ewarp_short": error.short, "ewarp_long": error.long}
        if name in edits:
            stills = [read_parts(edit)[0][1] for edit in edits[name]]
            rows[name]["sharpness"] = sharpness(fitted, stills, readers[name](place))
    return {
        "clip": clip.name,
        "frames": len(fitted.frames),
        "flow": FLOW,
        "look": LOOK,
        "psnr_edit_path": fitted.report.get("psnr_edit_path"),
        "rows": rows,
    }


def judged(rows: dict[str, dict[str, float]]) -> bool | None:
    """Whether what is asked for holds; None where there is nothing to compare with."""
    if "other" not in rows:
        return None
    ours, theirs = rows["restyled"], rows["other"]
    calm = all(ours[name] <= SHARE * theirs[name] for name in ("ewarp_short", "ewarp_long"))
    return calm and ours["sharpness"] >= SHARP


def main() -> int:
    """Measures, prints, writes."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.restyle",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("data", type=Path, nargs="?", help="folder of a clip (NAME/frames)")
    parser.add_argument("--other", type=Path, help="the same shot restyled by another program")
    parser.add_argument("--seconds", type=float, default=60.0, help="of the fit")
    parser.add_argument("--field", type=Path, help="a finished fit of the clip instead")
    parser.add_argument("--keep", type=Path, help="leave stills and frames in this folder")
    parser.add_argument("--json", type=Path, default=RESULTS / "restyle.json")
    args = parser.parse_args()
    clip, other = chosen(args.data)
    with tempfile.TemporaryDirectory() as scratch:
        folder = args.keep or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        answer = measure(clip, args.other or other, folder, args)
    answer["holds"] = judged(answer["rows"])
    for name, row in answer["rows"].items():
        sharp = f"  sharpness {row['sharpness']:.3f}" if "sharpness" in row else ""
        print(f"{name:<12} short {row['ewarp_short']:.2e}  long {row['ewarp_long']:.2e}{sharp}")
    if answer["holds"] is not None:
        held = "yes" if answer["holds"] else "no"
        print(f"at most {SHARE:g} of the other's, and at least {SHARP:g} as sharp: {held}")
    record(args.json, answer)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
