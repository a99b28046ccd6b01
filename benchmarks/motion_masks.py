"""How well motion alone finds a clip's object: ``python -m benchmarks.motion_masks``.

Each clip is a folder with ``frames/`` and perhaps the true masks in ``masks_0/``. Nothing is told:
the group that ``codef fit --propose-groups`` and the node MotionMask propose is measured by DAVIS'
J and F, mean over all frames. A clip without masks should give no proposal where one still holds
it. ``cpu`` is processor time a frame, decoding included.

JSON in ``benchmarks/results/motion_masks.json``; about three minutes for four DAVIS clips on two
cores.
"""

import argparse
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.fit import RESULTS, Clip, clips_asked
from benchmarks.machine import record
from benchmarks.masks import scores, true_masks
from benchmarks.propagation import table
from codef_nodes.work.proposing import look_for_motion
from engine.arrays import U8
from engine.io.clip import open_clip
from engine.progress import silent

#: Development clips that are taken.
NAMES = ("bear", "blackswan", "car-turn", "dog", "portrait")


def measure(clip: Clip, sheet: Path | None) -> dict[str, Any]:
    """The proposal for a clip against its true masks."""
    source = open_clip(str(clip.frames))
    worked = time.process_time()
    found = look_for_motion(source.read, source.frames, silent())
    cpu = (time.process_time() - worked) / len(source.frames)
    row: dict[str, Any] = {"clip": clip.name, "frames": len(source.frames)}
    row |= {"proposed": found is not None}
    row |= dict.fromkeys(("J", "J worst", "F"))
    if found is not None and clip.masks:
        met, bounded = scores(found.masks, true_masks(clip))
        row |= {
            "J": round(float(np.mean(met)), 3),
            "J worst": round(min(met), 3),
            "F": round(float(np.mean(bounded)), 3),
        }
    if sheet is not None and found is not None:
        _draw(clip, [found.masks.mask(frame) for frame in source.frames], sheet)
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
    rows = []
    for clip in clips_asked(options.folder, options.clips, NAMES):
        rows.append(measure(clip, options.sheet))
        print(rows[-1], flush=True)
    print(table(rows))
    record(options.json, {"rows": rows})
    return 0


if __name__ == "__main__":
    sys.exit(main())
