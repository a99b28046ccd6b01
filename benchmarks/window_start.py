"""Seconds from the command ``codef gui`` to the window on the screen, and what is loaded by then.

``python -m benchmarks.window_start [--runs N] [-o FILE]``: starts the program without a display,
with preferences of its own: as on the first start, with nothing to open and with the demo graph.
A window counts when it has been drawn. The clock starts before the process does.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.machine import record

ROOT = Path(__file__).resolve().parent.parent
DEMO = ROOT / "presets" / "graphs" / "demo.codef"
HEAVY = ("torch", "numba", "cv2", "av", "OpenImageIO")
GOAL = 2.5

PROGRAM = """
import json, sys, time
from PySide6.QtCore import QTimer
from gui.shell.window import MainWindow

def paint(self, event):
    super(MainWindow, self).paintEvent(event)
    if not hasattr(self, "drawn"):
        self.drawn = True
        QTimer.singleShot(0, lambda: told(self))

def told(window):
    heavy = [name for name in HEAVY if name in sys.modules]
    print(json.dumps({"at": time.time(), "heavy": heavy}), flush=True)
    window._leaving = True
    window.close()

MainWindow.paintEvent = paint
from codef_nodes.__main__ import main
sys.exit(main(["gui", *sys.argv[1:]]))
"""


def main() -> int:
    """Prints one row per way to start."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.window_start", description=__doc__)
    parser.add_argument("--runs", type=int, default=5, help="starts of each kind")
    parser.add_argument("-o", "--output", type=Path, help="write the figures as JSON")
    options = parser.parse_args()
    rows = []
    with TemporaryDirectory() as folder:
        config = Path(folder) / "config"
        for what, arguments in (("empty", []), ("the demo graph", [str(DEMO)])):
            start(config, arguments)  # the first start opens the demo and compiles what Qt keeps
            rows.append(row(what, [start(config, arguments) for _ in range(options.runs)]))
        fresh = [start(Path(folder) / str(run), []) for run in range(options.runs)]
        rows.insert(0, row("the first start", fresh))
    print(f"{'opens':>16}  {'median s':>8}  {'most s':>6}  goal {GOAL} s   heavy modules")
    for each in rows:
        heavy = ", ".join(each["heavy"]) or "none"
        print(f"{each['opens']:>16}  {each['median']:8.2f}  {each['most']:6.2f}  {'':11}   {heavy}")
    if options.output is not None:
        record(options.output, {"goal": GOAL, "rows": rows})
    return 0


def row(what: str, starts: list[dict[str, Any]]) -> dict[str, Any]:
    """The figures of one way to start."""
    seconds = [each["seconds"] for each in starts]
    return {
        "opens": what,
        "runs": len(starts),
        "median": round(statistics.median(seconds), 3),
        "most": round(max(seconds), 3),
        "heavy": sorted({name for each in starts for name in each["heavy"]}),
    }


def start(config: Path, arguments: list[str]) -> dict[str, Any]:
    """Starts the program once and waits until it has ended."""
    environment = {
        **os.environ,
        "CODEF_CONFIG": str(config),
        "CODEF_CACHE": str(config / "cache"),
        "QT_QPA_PLATFORM": "offscreen",
    }
    command = [sys.executable, "-c", f"HEAVY = {HEAVY!r}\n{PROGRAM}", *arguments]
    began = time.time()
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True, timeout=300
    )
    told = json.loads(done.stdout.splitlines()[-1])
    return {"seconds": told["at"] - began, "heavy": told["heavy"]}


if __name__ == "__main__":
    raise SystemExit(main())
