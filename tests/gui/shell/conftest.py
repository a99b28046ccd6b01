"""A whole window, with every pane, without workers."""

from collections.abc import Iterator

import pytest
from PySide6.QtTest import QTest

from gui.core.editor import Editor
from gui.project.autosave import Autosave
from gui.shell.window import MainWindow


@pytest.fixture
def window(editor: Editor) -> Iterator[MainWindow]:
    autosave = Autosave(editor.project)
    made = MainWindow(editor, autosave)
    made.resize(1400, 860)
    made.start()
    made.show()
    QTest.qWaitForWindowExposed(made)
    yield made
    made.editor.project.history.mark_saved()
    made.close()
    autosave.close()
