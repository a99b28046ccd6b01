"""BADJA's annotated joints of animals: read, followed from first sight, counted.

``python -m benchmarks.joints FIELD ...`` counts them for fits whose clip lies beside ``badja/``,
with the plate looked at and without, and writes ``results/joints.json``.
"""

import argparse
import json
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.fit import RESULTS, Clip
from benchmarks.machine import record
from engine.fields.field import Field
from engine.fields.folder import load_field
from engine.metrics.carried import carried_points
from engine.metrics.tracking import first_sight, share_within, tap_vid
from engine.warp.track_plate import plate_if_there

#: Size of the pictures that the joints were marked on.
MARKED = (1920, 1080)


def joints_in(
    file: Path, frames: tuple[int, ...], size: tuple[int, int]
) -> tuple[np.ndarray, np.ndarray]:
    """Joints [N, T, 2] in pixels of frames of ``size``, and where they are marked [N, T].

    BADJA keeps (row, column) at 1920x1080, an entry for some frames, named by their picture.
    """
    entries = json.loads(file.read_text("utf-8"))
    count = max(len(entry["joints"]) for entry in entries)
    points = np.zeros((count, len(frames), 2))
    seen = np.zeros((count, len(frames)), bool)
    scale = np.array(size) / MARKED
    for entry in entries:
        number = int(Path(entry["image_path"]).stem)
        if number not in frames:
            continue
        index = frames.index(number)
        joints = np.array(entry["joints"], float)[:, ::-1] * scale
        points[: len(joints), index] = joints
        seen[: len(joints), index] = np.array(entry["visibility"], bool)
    kept = seen.any(axis=1)
    return points[kept], seen[kept]


def joint_share(
    field: Field, clip: Clip, folder: Path | None, *, look: bool = True
) -> dict[str, Any] | None:
    """Share of joints within 0.2 sqrt(mask area), and TAP-Vid's figures; None without annotations.

    Args:
        field: The fitted field; its first mask is the animal.
        clip: The clip, whose name says the file.
        folder: Where the annotations lie; None looks for ``badja/`` beside the clip.
        look: Look at the plate, as ``codef track`` does.
    """
    file = (folder or clip.frames.parent.parent / "badja") / f"{clip.name}.json"
    if not file.is_file() or not field.masks.count:
        return None
    size = (field.width, field.height)
    points, seen = joints_in(file, field.frames, size)
    starts, counted = first_sight(seen)
    asked = points[np.arange(len(points)), starts]
    found = carried_points(field, starts, asked, plate=plate_if_there(field) if look else None)
    areas = [float((field.masks.mask(0, i) > 0).sum()) for i in range(len(field.frames))]
    # Whether a joint is hidden is judged in every frame that somebody marked at all.
    later = np.arange(seen.shape[1])[None, :] > np.asarray(starts)[:, None]
    marked = np.asarray(later & np.asarray(seen.any(axis=0))[None, :], np.bool_)
    vid = tap_vid(points, seen, found.points, found.visible, marked, size)
    return {
        "share": round(share_within(points, found.points, counted, areas), 4),
        "joints": int(counted.sum()),
        "delta": round(vid.delta, 4),
        "occlusion_accuracy": round(vid.occlusion_accuracy, 4),
        "jaccard": round(vid.jaccard, 4),
    }


def main() -> int:
    """Reads the command line, counts, prints the table and writes the JSON."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.joints", description=__doc__)
    parser.add_argument("fields", nargs="+", type=Path, metavar="FIELD", help="field folders")
    parser.add_argument("--badja", type=Path, help="folder of annotations")
    options = parser.parse_args()
    rows = []
    for folder in options.fields:
        field = load_field(folder)
        frames = Path(str(field.source.get("path") or ""))
        clip = Clip(frames.parent.name, frames, ())
        for look in (False, True):
            began = time.perf_counter()
            found = joint_share(field, clip, options.badja, look=look)
            if found is None:
                raise SystemExit(f"there are no annotated joints for {folder}; name --badja")
            seconds = round(time.perf_counter() - began, 1)
            rows.append({"clip": clip.name, "look": look, "seconds": seconds, **found})
            print(
                f"{clip.name:<12} {'with the plate' if look else 'the fit alone':<14} "
                f"{100 * found['share']:5.1f} % of {found['joints']} joints  delta "
                f"{found['delta']:.3f}  OA {found['occlusion_accuracy']:.3f}  AJ "
                f"{found['jaccard']:.3f}  {seconds:.1f} s",
                flush=True,
            )
    record(RESULTS / "joints.json", {"rows": rows})
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
