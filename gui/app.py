"""Starts the editor: ``codef gui``."""

import os
import signal
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication

from gui import theme
from gui.core.editor import Editor
from gui.core.preferences import Preferences
from gui.project.autosave import Autosave
from gui.project.recovery import crashed_windows
from gui.shell.errors import LastNet
from gui.shell.window import MainWindow
from gui.viewer.gpu.service import service


@dataclass(frozen=True)
class Start:
    """What the command line asked for.

    Attributes:
        document: The document to open; None: an untitled one, the demo at the first start.
        safe: Evaluate nothing until the artist says so.
        screenshot: Write a picture of the window there and end.
        layout: Layout of the screenshot.
        size: Size of the screenshot.
        began: ``time.monotonic()`` when the command began.
    """

    document: Path | None = None
    safe: bool = False
    screenshot: Path | None = None
    layout: str = "Graph"
    size: tuple[int, int] = (1600, 960)
    began: float | None = None


def make_application(preferences: Preferences) -> QApplication:
    """The QApplication with the program's name and look."""
    existing = QApplication.instance()
    if isinstance(existing, QApplication):
        return existing
    scale = str(preferences.get("ui_scale")).split()[0]
    if scale != "100":
        os.environ.setdefault("QT_SCALE_FACTOR", f"{int(scale) / 100:g}")
    QCoreApplication.setApplicationName("Codef Nodes")
    QCoreApplication.setOrganizationName("codef")
    QGuiApplication.setDesktopFileName("codef-nodes")
    application = QApplication(["codef"])
    theme.apply(application)
    return application


def run(start: Start) -> int:
    """Shows the window, serves it until it is closed, and returns the exit code."""
    preferences = Preferences()
    application = make_application(preferences)
    editor = Editor(preferences)
    keep = start.screenshot is None
    autosave = Autosave(editor.project, enabled=bool(preferences.get("autosave"))) if keep else None
    window = MainWindow(editor, autosave)
    net = LastNet(window)
    _end_on_signals(application, window)
    window.start()
    if start.screenshot is not None:
        window.resize(*start.size)
        window.layouts.show(start.layout)
        window.layouts.reset()
    window.show()
    # The window is on the screen first; then the processes, then the document.
    QTimer.singleShot(0, lambda: _begin(start, window))
    code = application.exec()
    net.stop()
    service.stop()
    if window.editor.workers is not None:  # the last window was closed by the system
        window.editor.close()
    return code


def _begin(start: Start, window: MainWindow) -> None:
    window.editor.start_workers()
    service.start(str(window.editor.preferences.get("gpu")))
    welcome = window.welcome
    crashed = crashed_windows() if start.screenshot is None else []
    if start.document is not None:
        window.files.read(start.document, safe=start.safe)
    elif crashed:
        window.files.offer(crashed[0])
    elif welcome.first_start:
        welcome.opened.connect(lambda: QTimer.singleShot(600, window.tour.start))
        welcome.begin()
    if start.screenshot is not None:
        from gui.shell.screenshot import Screenshot

        shot = Screenshot(window, start.screenshot)
        shot.done.connect(lambda ok: QApplication.exit(0 if ok else 3))
        shot.start()
    if start.began is not None and os.environ.get("CODEF_TIME_START"):
        sys.stderr.write(f"window after {time.monotonic() - start.began:.2f} s\n")


def _end_on_signals(application: QApplication, window: MainWindow) -> None:
    """Ctrl-C in the terminal ends the program as a crash would: the autosave stays."""

    def heard(_number: int, _frame: object) -> None:
        window.editor.close()
        application.exit(5)

    for name in ("SIGINT", "SIGTERM", "SIGBREAK"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), heard)
    # Python runs its handlers only between its own instructions: a timer gives it some.
    ticking = QTimer(window, interval=200)
    ticking.timeout.connect(lambda: None)
    ticking.start()
