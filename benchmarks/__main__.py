"""All benchmarks, one after the other: ``python -m benchmarks``."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
#: Development clips beside the repository; used when they are there.
SHARED = ROOT.parent / "shared" / "data"


def main() -> int:
    """Runs each benchmark as its own command and returns the first failure."""
    fits: list[list[str]] = [["benchmarks.fit", "--seconds", "60"]]
    if SHARED.is_dir():
        data = ["--data", str(SHARED)]
        fits = [
            ["benchmarks.fit", *data, "--clips", "portrait", "--seconds", "60"],
            [
                *["benchmarks.fit", *data, "--seconds", "120"],
                *["--clips", "blackswan", "bear", "car-turn", "dog"],
            ],
        ]
        fits.append(["benchmarks.stick", str(SHARED), "--recipes", "seeded", "chain", "paper"])
    for words in [*fits, ["benchmarks.hashgrid"]]:
        print(f"$ python -m {' '.join(words)}", flush=True)
        code = subprocess.run([sys.executable, "-m", *words], cwd=ROOT, check=False).returncode
        if code:
            return code
    return 0


if __name__ == "__main__":
    sys.exit(main())
