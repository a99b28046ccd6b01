"""Opened, closed, undone 200 times: nothing is left behind."""

import gc
import sys
from collections import Counter
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtWidgets import QApplication

from codef_nodes.graph.commands import AddNode, RemoveNode, SetKnob
from gui.core.editor import Editor
from gui.project.autosave import Autosave
from gui.shell.statusbar import resident
from gui.shell.window import MainWindow

DEMO = Path(__file__).resolve().parents[3] / "presets" / "graphs" / "demo.codef"


def drop(application: QApplication) -> None:
    """What the event loop of a running program does by itself: deletes what was given up."""
    application.processEvents()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    application.processEvents()


def settle(application: QApplication, autosave: Autosave | None = None) -> None:
    drop(application)
    if autosave is not None:
        assert autosave.snapshots.wait(60)  # documents that its thread has still to write
    gc.collect()


def cycle(window: MainWindow, application: QApplication) -> None:
    project = window.editor.project
    project.open(DEMO)
    window.editor.selection.set(["Fit"])
    window.editor.actions.run("graph.open", window.docks["graph"].pane)
    project.do(AddNode("Merge", name="New"))
    project.do(SetKnob("Fit", "seconds", 12.0))
    project.do(RemoveNode("Grade"))
    while project.undo():
        pass
    while project.redo():
        pass
    project.undo()
    project.new()
    drop(application)


@pytest.mark.slow
def test_200_documents_leave_nothing_in_the_window(
    window: MainWindow, application: QApplication, autosave: Autosave
) -> None:
    for _ in range(15):
        cycle(window, application)
    settle(application, autosave)
    widgets, objects, memory = len(application.allWidgets()), len(gc.get_objects()), resident()
    kinds = Counter(type(each).__name__ for each in gc.get_objects())
    for _ in range(185):
        cycle(window, application)
    settle(application, autosave)
    more = Counter(type(each).__name__ for each in gc.get_objects()) - kinds
    assert len(application.allWidgets()) - widgets <= 2
    assert len(gc.get_objects()) - objects < 185, more.most_common(8)  # not one a document
    if sys.platform.startswith("linux"):
        assert resident() - memory < 24 << 20


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="asks Linux for the memory")
def test_windows_that_are_closed_are_gone(config: Path, application: QApplication) -> None:
    def once() -> None:
        editor = Editor()
        window = MainWindow(editor)
        window.start()
        window.show()
        editor.project.open(DEMO)
        application.processEvents()
        editor.project.use(editor.project.document, editor.project.path)
        window.close()
        window.deleteLater()
        editor.deleteLater()

    for _ in range(4):
        once()
        settle(application)
    widgets, memory = len(application.allWidgets()), resident()
    for _ in range(6):
        once()
        settle(application)
    assert len(application.allWidgets()) - widgets <= 4
    assert resident() - memory < 40 << 20
