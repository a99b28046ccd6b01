"""The window never waits: its heart beats on while a fit runs in the jobs worker."""

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMessageBox

from codef_nodes.graph.commands import AddNode, Connect, Group
from gui.core.editor import Editor
from gui.jobs.job import DONE
from gui.jobs.queue import queue_of
from gui.shell.window import MainWindow
from tests.gui.heart import Heart
from tests.gui.helpers import wait_for

LIMIT = 0.100


def spin(seconds: float) -> None:
    """Keeps this thread at work for so long, however little of the machine it gets."""
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        pass


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


@pytest.mark.parametrize("wait", [time.sleep, spin], ids=["asleep", "at work"])
def test_a_standstill_is_found(application: QApplication, wait: Callable[[float], None]) -> None:
    heart = Heart()
    for _ in range(4):  # where the machine is busy just then, some of it is excused
        QTimer.singleShot(20, lambda: wait(0.15))
        QTest.qWait(200)
    assert heart.stop() > 0.14


def test_the_longest_gap_stays_under_100_ms_while_a_fit_runs(
    working_editor: Editor, tmp_path: Path
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
                AddNode("FitCoDeF", name="Fit", knobs={"seconds": 4.0}),
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
    heart = Heart()
    wait_for(lambda: job.over, 100)
    longest = heart.stop()
    assert job.state == DONE, job.error
    assert len(heart.gaps) > 50
    window._leaving = True
    window.close()
    assert longest < LIMIT, f"the window stood still for {longest * 1000:.0f} ms"
