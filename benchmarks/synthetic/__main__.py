"""Writes synthetic clips: ``python -m benchmarks.synthetic FOLDER --levels 1 2 3``."""

import argparse
from pathlib import Path

from benchmarks.synthetic.clip import FORMATS, write_clip
from benchmarks.synthetic.levels import LEVELS, Spec


def size(text: str) -> tuple[int, int]:
    """``640x360`` as numbers."""
    width, _, height = text.partition("x")
    return int(width), int(height)


def main() -> int:
    """Reads the command line and renders."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.synthetic", description=__doc__)
    parser.add_argument("folder", type=Path, help="where the clips go, a folder each")
    parser.add_argument("--levels", nargs="*", type=int, default=list(LEVELS), choices=LEVELS)
    parser.add_argument("--size", type=size, default=(640, 360), metavar="WxH")
    parser.add_argument("--frames", type=int, default=40)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--grain", action="store_true", help="film-like grain")
    parser.add_argument("--blur", action="store_true", help="motion blur")
    parser.add_argument("--all", action="store_true", help="with and without grain and blur")
    parser.add_argument("--picture", type=Path, help="a picture as the ground")
    parser.add_argument("--format", choices=FORMATS, default="png")
    options = parser.parse_args()
    kinds = [(options.grain, options.blur)]
    if options.all:
        kinds = [(False, False), (True, False), (False, True), (True, True)]
    for level in options.levels:
        for grain, blur in kinds:
            spec = Spec(
                level=level,
                width=options.size[0],
                height=options.size[1],
                frames=options.frames,
                seed=options.seed,
                grain=grain,
                blur=blur,
                picture=options.picture,
            )
            truth = write_clip(spec, options.folder / spec.name, format=options.format)
            hidden = 100 * (1 - truth.visible.mean())
            print(
                f"{spec.name:<18} {spec.width}x{spec.height} {spec.frames} frames, "
                f"{len(truth.points)} tracks, {hidden:.1f} % hidden or outside",
                flush=True,
            )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
