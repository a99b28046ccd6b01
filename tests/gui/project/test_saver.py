"""Saving large documents beside the window."""

import threading
import time
from pathlib import Path

import pytest
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QMessageBox

from codef_nodes.graph import serialise
from codef_nodes.graph.commands import AddNode, EditStrokes, SetLabel
from codef_nodes.graph.serialise import load
from gui.core import saving as saving_module
from gui.shell.window import MainWindow
from tests.gui.helpers import wait_for


@pytest.fixture
def large(window: MainWindow, tmp_path: Path) -> MainWindow:
    """A window on a document with 12 000 points of strokes, saved as ``shot.codef``."""
    project = window.editor.project
    project.do(AddNode("Paint", "Paint"))
    stroke = {"points": [[i * 0.5, i * 0.25, 1.0] for i in range(3000)], "size": 9.0}
    project.do(EditStrokes("Paint", add=[stroke] * 4))
    project.save(tmp_path / "shot.codef")
    return window


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """Writing waits until it is let go."""
    go = threading.Event()
    write = serialise.save

    def wait(document: object, path: object) -> None:
        assert threading.current_thread() is not threading.main_thread()
        go.wait(20)
        write(document, path)

    monkeypatch.setattr(saving_module, "save", wait)
    return go


def test_the_window_lives_on_while_a_large_document_is_written(
    large: MainWindow, held: threading.Event
) -> None:
    project, files = large.editor.project, large.files
    project.do(SetLabel("Paint", "first"))
    files.save()
    assert files.saver.busy and project.modified
    ticks: list[float] = []
    timer = QTimer(interval=5)
    timer.timeout.connect(lambda: ticks.append(time.monotonic()))
    timer.start()
    wait_for(lambda: len(ticks) > 10)
    # What is done meanwhile belongs to the next save, which waits for its turn.
    project.do(SetLabel("Paint", "second"))
    files.save()
    held.set()
    wait_for(lambda: not files.saver.busy)
    assert load(project.path).state("Paint").label == "second" and not project.modified


def test_closing_waits_for_the_file(large: MainWindow, held: threading.Event) -> None:
    project = large.editor.project
    project.do(SetLabel("Paint", "kept"))
    path = project.path
    large.files.save()
    large.close()
    assert large.isVisible() and not large.findChildren(QMessageBox)
    held.set()
    wait_for(lambda: not large.isVisible())
    assert load(path).state("Paint").label == "kept"


def test_a_disk_that_refuses_is_told_and_nothing_counts_as_saved(
    large: MainWindow, tmp_path: Path
) -> None:
    project = large.editor.project
    project.do(SetLabel("Paint", "x"))
    (tmp_path / "taken.codef").mkdir()
    large.files._save(tmp_path / "taken.codef", None)
    wait_for(lambda: [b for b in large.findChildren(QMessageBox) if b.isVisible()])
    (box,) = [b for b in large.findChildren(QMessageBox) if b.isVisible()]
    assert "taken.codef" in box.informativeText() + box.text()
    box.accept()
    assert project.modified and project.path == tmp_path / "shot.codef"
    assert load(project.path).state("Paint").label == ""
