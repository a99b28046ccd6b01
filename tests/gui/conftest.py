"""What tests of the window get: an application without a display, and an editor of their own."""

import gc
import os
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QPoint, Qt, QtMsgType, qInstallMessageHandler
from PySide6.QtGui import QCursor
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from gui import theme
from gui.core.editor import Editor
from gui.jobs.queue import JobQueue
from tests.gui.helpers import wait_for

if TYPE_CHECKING:
    from gui.project.autosave import Autosave
    from gui.shell.window import MainWindow

HARMLESS = ("propagateSizeHints", "This plugin does not support", "raise()")


@pytest.fixture(scope="session")
def application() -> QApplication:
    """The one QApplication, with the program's look."""
    there = QApplication.instance()
    app = there if isinstance(there, QApplication) else QApplication(["codef"])
    theme.apply(app)
    app.setQuitOnLastWindowClosed(False)
    return app


@pytest.fixture(scope="module", autouse=True)
def what_stays_is_known() -> None:
    """What earlier modules imported and told stays: ``window_hygiene`` need not walk it each time.

    After a few hundred tests that took 0.07 s of each, and as much again while it ran.
    """
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def window_hygiene(application: QApplication) -> Iterator[None]:
    """No window, warning of Qt, mistake in a slot or cursor place goes unseen to the next test."""
    heard: list[str] = []
    mistakes: list[str] = []

    def note(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        mistakes.append("".join(traceback.format_exception(kind, error, trace)))

    def hear(kind: QtMsgType, _context: object, text: str) -> None:
        if kind in (QtMsgType.QtWarningMsg, QtMsgType.QtCriticalMsg) and not any(
            word in text for word in HARMLESS
        ):
            heard.append(text)

    before, hook = qInstallMessageHandler(hear), sys.excepthook
    sys.excepthook = note
    QCursor.setPos(QPoint(-5000, -5000))
    yield
    for widget in application.topLevelWidgets():
        if widget.window().property("kept"):  # it serves all tests of its module
            continue
        widget.close()
        # Popups belong to their combo box or completer, which deletes them itself.
        if widget.parent() is None and widget.windowType() != Qt.WindowType.Popup:
            widget.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    application.processEvents()
    gc.collect()
    qInstallMessageHandler(before)
    sys.excepthook = hook
    if mistakes:
        pytest.fail("a slot raised:\n" + "\n".join(mistakes))
    if heard:
        pytest.fail("Qt warned: " + "; ".join(heard))


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder for preferences."""
    folder = tmp_path / "config"
    monkeypatch.setenv("CODEF_CONFIG", str(folder))
    return folder


@pytest.fixture
def editor(application: QApplication, config: Path) -> Iterator[Editor]:
    """An editor without worker processes."""
    made = Editor()
    yield made
    made.close()
    made.deleteLater()
    application.processEvents()


@pytest.fixture
def working_editor(application: QApplication, config: Path) -> Iterator[Editor]:
    """An editor whose two workers run."""
    made = Editor()
    made.start_workers()
    yield made
    made.close()
    made.deleteLater()
    application.processEvents()


@pytest.fixture(scope="module")
def module_editor(
    application: QApplication, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Editor]:
    """One editor, with its two workers, for all tests of a module; see ``kept_editor``."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CODEF_CONFIG", str(tmp_path_factory.mktemp("config")))
        patch.setenv("CODEF_CACHE", str(tmp_path_factory.mktemp("module_cache")))
        made = Editor()
        made.setProperty("cache", os.environ["CODEF_CACHE"])
        made.start_workers()
        for child in made.children():
            child.setProperty("own", True)
        yield made
        made.close()
        made.deleteLater()
        application.processEvents()


@pytest.fixture
def kept_editor(module_editor: Editor, monkeypatch: pytest.MonkeyPatch) -> Iterator[Editor]:
    """The module's editor with an empty document: its workers have loaded all they need.

    For tests that ask the workers much and leave preferences alone. A module that wants it says so:
    its own fixture ``working_editor`` gives this one.
    """
    monkeypatch.setenv("CODEF_CACHE", module_editor.property("cache"))  # for workers that restart
    yield module_editor
    queue = module_editor.findChild(JobQueue)
    if queue is not None:
        for job in list(queue.jobs):
            queue.cancel(job)
        wait_for(lambda: queue.running is None, 30, "for jobs to end")
    for child in module_editor.children():  # queue, painting, round trip: the next has its own
        if child.property("own") is None:
            child.setParent(None)
            child.deleteLater()
    workers = module_editor.workers
    told: list[object] = []
    for link in workers.links if workers is not None else ():
        for what in ("ram", "disk", "checkpoints"):
            link.request("cache.clear", {"what": what}, told.append, told.append)
    wait_for(lambda: len(told) == 6, 30, "for the cache to be empty")
    module_editor.clock.stop()
    module_editor.viewing.set_proxy(False)
    module_editor.selection.set([])
    module_editor.project.new()


@pytest.fixture
def autosave(editor: Editor) -> Iterator["Autosave"]:
    """What keeps copies of the open document, in a thread of its own."""
    from gui.project.autosave import Autosave

    made = Autosave(editor.project)
    yield made
    made.close()


@pytest.fixture
def window(editor: Editor, autosave: "Autosave") -> Iterator["MainWindow"]:
    """The whole window with every pane, without worker processes."""
    from gui.shell.window import MainWindow

    made = MainWindow(editor, autosave)
    made.resize(1400, 860)
    made.start()
    made.show()
    QTest.qWaitForWindowExposed(made)
    yield made
    made._leaving = True  # no question about changes
    made.close()
