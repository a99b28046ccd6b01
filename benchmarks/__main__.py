"""All benchmarks side by side, one after the other: ``python -m benchmarks [FOLDER]``.

FOLDER holds clips (``NAME/frames``, perhaps ``NAME/masks_0``, ...). Without it the development
clips in ``shared/data`` beside the repository are taken where they are there, else the
demonstration's.

1. ``benchmarks.stick``: every clip by the recipes ``seeded``, ``chain`` and ``paper`` with the same
   ``--seconds``, measured in every way, curves of quality over time as a picture.
2. ``benchmarks.versus``: ``seeded`` against ``paper`` on one clip: the gap at equal time, and how
   much longer ``paper`` takes to 30 dB (it is stopped after 50 times as long).
3. ``benchmarks.hashgrid``: speed of the kernels.

On two idle cores with 60 seconds: about 6 minutes for each clip, 4 for the comparison, half a
minute for the kernels; the time that it may take is printed first. ``benchmarks.scaling`` (time and
memory over frames and size) and ``benchmarks.ablation`` (the published method without its parts)
are run by themselves. Everything is written to ``benchmarks/results``.
"""

import argparse
import subprocess
import sys
from pathlib import Path

from benchmarks.child import ROOT
from benchmarks.fit import SHARED, clips_in

RECIPES = ("seeded", "chain", "paper")


def commands(
    folder: Path | None, clips: list[str], recipes: list[str], seconds: float
) -> list[list[str]]:
    """The benchmarks as words after ``python -m``."""
    where = [] if folder is None else [str(folder)]
    budget = ["--seconds", f"{seconds:g}"]
    some = ["--clips", *clips] if clips else []
    first = [str(folder / clips[0])] if folder is not None and clips else where
    return [
        ["benchmarks.stick", *where, *some, *budget, "--recipes", *recipes],
        ["benchmarks.versus", *first, *budget, "--limit", f"{5 * seconds:g}"],
        ["benchmarks.hashgrid"],
    ]


def minutes(clips: int, recipes: list[str], seconds: float) -> float:
    """What all of it takes at most, more or less: drawing and measuring ``paper`` is slow."""
    each = {"chain": 40.0, "paper": 3 * seconds + 60}
    stick = clips * sum(each.get(recipe, seconds + 60) for recipe in recipes)
    return (stick + 7 * seconds + 60 + 30) / 60


def main() -> int:
    """Runs each benchmark as its own command and returns the first failure."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("folder", type=Path, nargs="?", help="folder of clips")
    parser.add_argument("--clips", nargs="*", default=[], help="names of the clips to take")
    parser.add_argument("--recipes", nargs="*", default=list(RECIPES), metavar="RECIPE")
    parser.add_argument("--seconds", type=float, default=60.0, help="of each fit")
    options = parser.parse_args()
    folder = options.folder or (SHARED if SHARED.is_dir() else None)
    count = len(clips_in(folder, options.clips))
    time = minutes(count, options.recipes, options.seconds)
    print(f"{count} clips, {len(options.recipes)} recipes: at most about {time:.0f} minutes")
    for words in commands(folder, options.clips, options.recipes, options.seconds):
        print(f"$ python -m {' '.join(words)}", flush=True)
        code = subprocess.run([sys.executable, "-m", *words], cwd=ROOT, check=False).returncode
        if code:
            return code
    return 0


if __name__ == "__main__":
    sys.exit(main())
