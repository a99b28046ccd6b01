"""How well motion alone finds a clip's object: ``python -m benchmarks.motion_masks``.

Each clip is a folder with ``frames/`` and perhaps the true masks in ``masks_0/``. Nothing is told:
the group that ``codef fit --propose-groups`` and the node MotionMask propose is measured by DAVIS'
J and F, mean over all frames. A clip without masks should give no proposal where one still holds
it. ``cpu`` is processor time a frame, decoding included.

JSON in ``benchmarks/results/motion_masks.json``; about three minutes for four DAVIS clips on two
cores.
"""

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.__main__ import SHARED
from benchmarks.fit import RESULTS, Clip, clips_in
from benchmarks.machine import describe
from benchmarks.propagation import table
from codef_nodes.work.masks import MaskLook
from codef_nodes.work.proposing import look_for_motion
from engine.arrays import U8
from engine.io.clip import open_clip
from engine.metrics.segmentation import boundary, region
from engine.progress import silent

#: Clips that are taken where they are there.
NAMES = ("bear", "blackswan", "car-turn", "dog", "portrait")


def measure(clip: Clip, sheet: Path | None) -> dict[str, Any]:
    """The proposal for a clip against its true masks."""
    source = open_clip(str(clip.frames))
    worked = time.process_time()
    found = look_for_motion(source.read, source.frames, silent())
    cpu = (time.process_time() - worked) / len(source.frames)
    masks = [] if found is None else [found.masks.mask(frame) for frame in source.frames]
    row: dict[str, Any] = {"clip": clip.name, "frames": len(source.frames)}
    row |= {"proposed": found is not None}
    row |= dict.fromkeys(("J", "J worst", "F"))
    if found is not None and clip.masks:
        drawn = open_clip(str(clip.masks[0]), colour_space="raw")
        truth = [np.asarray(MaskLook().of(drawn.read(frame)) > 127) for frame in drawn.frames]
        ours = [mask > 127 for mask in masks]
        met = [region(right, mine) for right, mine in zip(truth, ours, strict=True)]
        row |= {
            "J": round(float(np.mean(met)), 3),
            "J worst": round(min(met), 3),
            "F": round(float(np.mean([boundary(*p) for p in zip(truth, ours, strict=True)])), 3),
        }
    if sheet is not None and masks:
        _draw(clip, masks, sheet)
    return {**row, "cpu": round(cpu, 3)}


def _draw(clip: Clip, masks: list[U8], folder: Path, columns: int = 5) -> None:
    """A picture of some frames with what is proposed in colour."""
    import cv2

    source = open_clip(str(clip.frames))
    tiles = []
    for n in sorted({round(k * (len(masks) - 1) / (columns - 1)) for k in range(columns)}):
        native = source.read(source.frames[n]).native
        if native is None:
            return
        share = masks[n][..., None] / np.float32(255)
        shade = np.array([40, 220, 90], np.float32)
        shown = native.codes[..., :3] * (1 - 0.55 * share) + 0.55 * share * shade
        small = cv2.resize(shown, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
        tiles.append(np.clip(small, 0, 255).astype(np.uint8))
    folder.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(folder / f"{clip.name}.png"), np.hstack(tiles)[..., ::-1])


def main() -> int:
    """Measures and prints."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.motion_masks",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("folder", type=Path, nargs="?", help="folder of clips")
    parser.add_argument("--clips", nargs="*", default=None, help="names of the clips to take")
    parser.add_argument("--sheet", type=Path, help="folder for a picture of each clip")
    parser.add_argument("--json", type=Path, default=RESULTS / "motion_masks.json")
    options = parser.parse_args()
    folder = options.folder or (SHARED if SHARED.is_dir() else None)
    names = options.clips
    if names is None and options.folder is None and folder is not None:
        names = list(NAMES)
    rows = []
    for clip in clips_in(folder, names):
        rows.append(measure(clip, options.sheet))
        print(rows[-1], flush=True)
    print(table(rows))
    options.json.parent.mkdir(parents=True, exist_ok=True)
    answer = {"machine": describe(), "rows": rows}
    options.json.write_text(json.dumps(answer, indent=1) + "\n", "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
