"""Clips for machines without readers of pictures: ``python -m benchmarks.pack FOLDER -o FOLDER``.

Writes NAME.npz for each clip of a folder (``NAME/frames``, perhaps ``NAME/masks_0``, ...): 8-bit
display codes ``frames`` [T, H, W, 3] and, where there are any, ``masks`` [K, T, H, W], front to
back. ``python -m benchmarks.gpu`` reads them with numpy alone.
"""

import argparse
import sys
from pathlib import Path

import numpy as np

from benchmarks.fit import Clip, clips_in
from engine.arrays import U8
from engine.colour.encoding import to_display8
from engine.io.clip import open_clip


def packed(clip: Clip, count: int | None) -> dict[str, U8]:
    """Frames and masks of a clip.

    Args:
        clip: Where they are.
        count: So many at most, from the first; None takes all.
    """
    shot = open_clip(str(clip.frames))
    frames = np.stack([to_display8(shot.read(number).rgb) for number in shot.frames[:count]])
    found = {"frames": frames}
    if clip.masks:
        layers = []
        for folder in clip.masks:
            masks = open_clip(str(folder))
            layers.append([to_display8(masks.read(n).rgb)[..., 0] for n in masks.frames[:count]])
        found["masks"] = np.array(layers, np.uint8)
    return found


def main() -> int:
    """Writes one file for each clip."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.pack",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("data", type=Path, help="folder of clips, or one clip")
    parser.add_argument("--clips", nargs="+", help="only those of these names")
    parser.add_argument("--frames", type=int, help="so many frames at most, from the first")
    parser.add_argument("-o", "--output", type=Path, required=True, help="folder")
    options = parser.parse_args()
    options.output.mkdir(parents=True, exist_ok=True)
    for clip in clips_in(options.data, options.clips):
        target = options.output / f"{clip.name}.npz"
        np.savez_compressed(target, **packed(clip, options.frames))  # type: ignore[arg-type]
        print(f"wrote {target} ({target.stat().st_size / 2**20:.0f} MiB)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
