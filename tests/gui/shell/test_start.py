"""The program as it is typed: what it loads, what it says, that it ends."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
HEAVY = ("torch", "numba", "cv2", "av", "OpenImageIO")

SHOWN = """
import json, os, sys, time
began = time.monotonic()
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
import gui.app
from pathlib import Path
from gui.shell.window import MainWindow

def painted(self, event):
    super(MainWindow, self).paintEvent(event)
    if not hasattr(self, "seen"):
        self.seen = time.monotonic() - began
        look(self)

def look(window, left=WAIT):
    project = window.editor.project
    if len(project.document.nodes) < 5 and left:
        QTimer.singleShot(50, lambda: look(window, left - 1))
        return
    QTimer.singleShot(300, lambda: tell(window))

def tell(window):
    heavy = [name for name in HEAVY if name in sys.modules]
    workers = window.editor.workers
    pids = [link.pid for link in workers.links]
    print(json.dumps({"seconds": window.seen, "heavy": heavy, "pids": pids,
                      "nodes": len(window.editor.project.document.nodes),
                      "tour": window.tour.running, "banner": window.banner.text.text()}))
    sys.stdout.flush()
    window.close()

MainWindow.paintEvent = painted
sys.exit(gui.app.run(gui.app.Start(document=Path(sys.argv[1]) if sys.argv[1:] else None)))
"""


def start(config: Path, *arguments: str, wait: int = 400) -> dict[str, object]:
    program = f"HEAVY = {HEAVY!r}\nWAIT = {wait}\n" + SHOWN
    environment = {**os.environ, "CODEF_CONFIG": str(config), "QT_QPA_PLATFORM": "offscreen"}
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    told: dict[str, object] = json.loads(done.stdout.splitlines()[-1])
    return told


def alive(pid: int) -> bool:
    """Whether a process still runs; one that has ended and is not collected does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def test_the_first_start_makes_its_clip_without_loading_anything_heavy(tmp_path: Path) -> None:
    told = start(tmp_path, wait=4)
    assert told["heavy"] == []
    # Nothing is opened before there is something to show, and that is said.
    assert told["nodes"] == 0 and told["tour"] is False
    assert "making the example clip" in str(told["banner"])
    again = start(tmp_path, wait=20)
    assert again["nodes"] == 0 and again["heavy"] == [] and again["tour"] is False


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="asks Linux about processes")
def test_closing_ends_both_workers(tmp_path: Path) -> None:
    told = start(tmp_path, str(ROOT / "presets" / "graphs" / "demo.codef"))
    pids = told["pids"]
    assert isinstance(pids, list) and len(pids) == 2
    assert not any(pid is not None and alive(int(pid)) for pid in pids)
    left = [path.name for path in (tmp_path / "recovery").iterdir()]
    assert left == []


def command(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "codef_nodes", *arguments],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_without_a_display_it_says_what_to_do(tmp_path: Path) -> None:
    done = command(
        "gui", QT_QPA_PLATFORM="", DISPLAY="", WAYLAND_DISPLAY="", CODEF_CONFIG=str(tmp_path)
    )
    assert done.returncode == 4
    assert "DISPLAY" in done.stderr and "Traceback" not in done.stderr


def test_a_screenshot_needs_no_display(tmp_path: Path) -> None:
    target = tmp_path / "window.png"
    done = command(
        "gui",
        str(ROOT / "presets" / "graphs" / "demo.codef"),
        "--screenshot",
        str(target),
        "--size",
        "1200x700",
        QT_QPA_PLATFORM="",
        CODEF_CONFIG=str(tmp_path),
    )
    assert done.returncode == 0, done.stderr
    header = target.read_bytes()[:24]
    assert header[1:4] == b"PNG"
    width, height = (int.from_bytes(header[at : at + 4], "big") for at in (16, 20))
    assert (width, height) == (1200, 700)


@pytest.mark.parametrize(
    ("arguments", "said"), [(["--size", "big"], "1600x960"), (["--safe"], "document")]
)
def test_wrong_arguments_are_told(tmp_path: Path, arguments: list[str], said: str) -> None:
    done = command("gui", *arguments, CODEF_CONFIG=str(tmp_path))
    assert done.returncode == 2 and said in done.stderr


def test_the_command_line_asks_for_qt_only_when_it_runs() -> None:
    program = (
        "import sys; from codef_nodes.cli import app; app.parser(); print('PySide6' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.strip() == "False"
