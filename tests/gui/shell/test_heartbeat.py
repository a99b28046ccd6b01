"""The window never waits: its heart beats on while a fit runs in the jobs worker."""

import itertools
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMessageBox

from codef_nodes.graph.commands import AddNode, Connect, Group
from gui.core.editor import Editor
from gui.jobs.job import DONE
from gui.jobs.queue import queue_of
from gui.shell.window import MainWindow
from tests.gui.helpers import wait_for

BEAT = 0.020
LIMIT = 0.100

METRONOME = """
import json, sys, time
gaps, last = [], time.monotonic()
import select
while not select.select([sys.stdin], [], [], 0.02)[0]:
    now = time.monotonic()
    if now - last > 0.03:
        gaps.append((last + 0.02, now))
    last = now
print(json.dumps(gaps))
"""
"""Sleeps beside the window. What keeps it from waking keeps everybody: the machine, not us."""


@pytest.fixture
def metronome() -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-c", METRONOME],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    yield process
    process.kill()
    process.wait()
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            stream.close()


def make_clip(folder: Path, frames: int = 24, width: int = 192, height: int = 108) -> Path:
    """A texture that drifts, as PNGs."""
    folder.mkdir()
    rng = np.random.default_rng(3)
    small = rng.random((18, 26, 3))
    wide = np.kron(small, np.ones((10, 10, 1)))
    for frame in range(frames):
        cut = wide[20 + frame // 3 :, 10 + frame :][:height, :width]
        pixels = np.ascontiguousarray((cut * 255).astype(np.uint8))
        image = QImage(pixels.tobytes(), width, height, 3 * width, QImage.Format.Format_RGB888)
        assert image.save(str(folder / f"clip.{frame:04d}.png"))
    return folder / "clip.%04d.png"


@pytest.mark.skipif(sys.platform == "win32", reason="the metronome listens to a pipe")
def test_the_longest_gap_stays_under_100_ms_while_a_fit_runs(
    working_editor: Editor, tmp_path: Path, metronome: subprocess.Popen[str]
) -> None:
    editor = working_editor
    window = MainWindow(editor)
    window.start()
    window.show()
    project = editor.project
    pattern = make_clip(tmp_path / "clip")
    project.do(
        Group(
            [
                AddNode("LoadSequence", name="Plate", knobs={"file": str(pattern)}),
                AddNode("FitCoDeF", name="Fit", knobs={"seconds": 8.0}),
                Connect("Plate", "Fit", "clip"),
            ]
        )
    )
    project.save(tmp_path / "shot.codef")
    wait_for(lambda: editor.workers and editor.workers.jobs.state == "ready", 60)
    job = queue_of(editor).fit("Fit")
    wait_for(lambda: editor.faces.face("Fit").fit == "fitting", 60)
    window.editor.project.save()
    window.close()  # asks, since a fit is running
    question = next(b for b in window.findChildren(QMessageBox) if b.isVisible())
    assert "Fit" in question.text()
    QTest.mouseClick(question.defaultButton(), Qt.MouseButton.LeftButton)
    assert window.isVisible() and job.active
    beats = [time.monotonic()]
    heart = QTimer(interval=int(BEAT * 1000))
    heart.timeout.connect(lambda: beats.append(time.monotonic()))
    heart.start()
    wait_for(lambda: job.over, 100)
    heart.stop()
    assert job.state == DONE, job.error
    told, _ = metronome.communicate("stop\n", timeout=30)
    others = json.loads(told)
    assert len(beats) > 50
    longest = 0.0
    for before, after in itertools.pairwise(beats):
        excused = sum(max(0.0, min(after, end) - max(before, start)) for start, end in others)
        longest = max(longest, after - before - excused)
    window._leaving = True
    window.close()
    assert longest < LIMIT, f"the window stood still for {longest * 1000:.0f} ms"
