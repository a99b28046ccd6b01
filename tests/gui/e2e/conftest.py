"""The whole window with its two workers, worked by scripted hands."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from gui.core.editor import Editor
from gui.manual.hands import Hands
from gui.project.autosave import Autosave
from gui.shell.window import MainWindow

OpenWindow = Callable[[], Hands]


@pytest.fixture
def open_window(application: QApplication, config: Path) -> Iterator[OpenWindow]:
    """Opens windows of the program, each with two real worker processes."""
    opened: list[MainWindow] = []
    saves: list[Autosave] = []

    def start() -> Hands:
        editor = Editor()
        autosave = Autosave(editor.project)
        window = MainWindow(editor, autosave)
        window.setMinimumSize(1400, 860)
        window.start()
        window.show()
        QTest.qWaitForWindowExposed(window)
        editor.start_workers()
        opened.append(window)
        saves.append(autosave)
        return Hands(window)

    yield start
    for window, autosave in zip(opened, saves, strict=True):
        window._leaving = True  # no question about changes
        window.close()
        window.editor.close()
        autosave.close()
    application.processEvents()


@pytest.fixture
def hands(open_window: OpenWindow) -> Hands:
    """The hands over one window."""
    return open_window()
