"""The whole window with its two workers, worked by scripted hands."""

import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from gui.core.editor import Editor
from gui.manual.hands import Hands
from gui.paint.painting import painting_of
from gui.project.autosave import Autosave
from gui.shell.window import MainWindow
from tests.conftest import GRACE
from tests.gui.helpers import PATIENCE

OpenWindow = Callable[[], Hands]


class Opened:
    """Windows of the program, each with two real worker processes."""

    def __init__(self) -> None:
        self._windows: list[tuple[MainWindow, Autosave]] = []

    def __call__(self) -> Hands:
        editor = Editor()
        autosave = Autosave(editor.project)
        window = MainWindow(editor, autosave)
        window.setMinimumSize(1400, 860)
        window.start()
        window.show()
        QTest.qWaitForWindowExposed(window)
        editor.start_workers()
        self._windows.append((window, autosave))
        hands = Hands(window)
        hands.patience = PATIENCE
        return hands

    def close(self) -> None:
        for window, autosave in self._windows:
            window._leaving = True  # no question about changes
            window.close()
            window.editor.close()
            autosave.close()


@pytest.fixture
def open_window(application: QApplication, config: Path) -> Iterator[OpenWindow]:
    """Opens windows for one test."""
    opened = Opened()
    yield opened
    opened.close()
    application.processEvents()


@pytest.fixture
def hands(open_window: OpenWindow) -> Hands:
    """The hands over one window."""
    return open_window()


@pytest.fixture(scope="module")
def module_hands(
    application: QApplication, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Hands]:
    """One window for all tests of a module; see ``kept_hands``."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CODEF_CONFIG", str(tmp_path_factory.mktemp("config")))
        patch.setenv("CODEF_CACHE", str(tmp_path_factory.mktemp("module_cache")))
        opened = Opened()
        made = opened()
        made.window.setProperty("kept", True)
        made.window.setProperty("cache", os.environ["CODEF_CACHE"])
        yield made
        opened.close()
        made.window.deleteLater()
        application.processEvents()


@pytest.fixture
def kept_hands(module_hands: Hands, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hands]:
    """The module's window with an empty document, no job and no tool in hand."""
    # For workers that are started again.
    monkeypatch.setenv("CODEF_CACHE", module_hands.window.property("cache"))
    monkeypatch.setattr(module_hands, "said", [])
    module_hands.editor.status.connect(module_hands.said.append)
    yield module_hands
    module_hands.editor.status.disconnect(module_hands.said.append)
    painting_of(module_hands.editor).take("")
    module_hands.editor.clock.stop()
    module_hands.editor.project.new()
    queue = module_hands.jobs.queue
    module_hands.wait(lambda: queue.running is None, 30, "for jobs to end")
    for job in list(queue.jobs):
        queue.remove(job)


@pytest.fixture
def no_thread_left() -> None:
    """A window that lives on has threads: they are looked for at the end of the module."""


@pytest.fixture(scope="module", autouse=True)
def no_thread_left_in_the_end() -> Iterator[None]:
    """Fails where a thread is left that would keep the program from ending."""
    before = set(threading.enumerate())
    yield
    deadline = time.monotonic() + GRACE
    left = before
    while left and time.monotonic() < deadline:
        left = {t for t in threading.enumerate() if t not in before and not t.daemon}
        QTest.qWait(20)
    assert not left, f"threads left running: {', '.join(t.name for t in left)}"
