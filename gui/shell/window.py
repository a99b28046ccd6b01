"""The main window: it docks the panes and knows what the global keys do."""

import logging
from pathlib import Path

from PySide6.QtCore import QByteArray, QEvent, Qt, QTimer, QUrl
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QLabel, QMainWindow, QTabWidget, QWidget

from gui import theme
from gui.core.editor import Editor
from gui.jobs.queue import queue_of
from gui.project.autosave import Autosave
from gui.project.files import Files
from gui.project.foundfits import FoundFits
from gui.project.settings import ProjectSettings
from gui.shell.about import About
from gui.shell.assembly import assemble
from gui.shell.banner import Banner
from gui.shell.carryover import CarryOver
from gui.shell.docks import PaneDock
from gui.shell.exchange import Exchange
from gui.shell.layouts import LAYOUTS, Layouts
from gui.shell.menus import Menus
from gui.shell.panes import PANES
from gui.shell.preferencesdialog import PreferencesDialog
from gui.shell.shortcuts import ShortcutSheet
from gui.shell.statusbar import StatusBar
from gui.shell.tour import Tour
from gui.shell.welcome import Welcome

_LOG = logging.getLogger("gui")


class MainWindow(QMainWindow):
    """The editor's window.

    Args:
        editor: What panes share.
        autosave: Keeps copies; None where nothing is worth keeping (tests, screenshots).

    Attributes:
        docks: The panes by name (see ``gui/shell/panes.py``).
        layouts: Where they are.
        files: What the File menu does.
        banner: The notice across the top.
        tour: The guided tour.
        welcome: The demo of the first start.
    """

    def __init__(self, editor: Editor, autosave: Autosave | None = None) -> None:
        super().__init__()
        self.editor, self._autosave = editor, autosave
        self._leaving = False
        self.setObjectName("main")
        self.setDockNestingEnabled(True)
        self.setDockOptions(
            QMainWindow.DockOption.AllowNestedDocks
            | QMainWindow.DockOption.AllowTabbedDocks
            | QMainWindow.DockOption.GroupedDragging
        )
        self.setTabPosition(Qt.DockWidgetArea.AllDockWidgetAreas, QTabWidget.TabPosition.North)
        self.setAcceptDrops(True)
        self.resize(1600, 960)
        self.files = Files(editor, self, autosave)
        self.docks: dict[str, PaneDock] = {}
        for pane in PANES:
            made = self._make(pane.name)
            dock = PaneDock(pane.name, pane.title, made, pane.smallest, self)
            dock.keep_bar(pane.bar)
            self.docks[pane.name] = dock
        FoundFits(editor)
        self.exchange = Exchange(editor, self)
        assemble(editor, self.docks, autosave, self.exchange)
        self.banner = Banner(self)
        self.addToolBar(Qt.ToolBarArea.TopToolBarArea, self.banner)
        self.setStatusBar(StatusBar(editor, self))
        self.layouts = Layouts(self, self.docks, editor)
        self.tour = Tour(self, self.docks)
        self.welcome = Welcome(editor, self.files, self.banner, self)
        CarryOver(editor, self.banner, self)
        self._register()
        self.menus = Menus(
            self,
            editor,
            self.files,
            self.layouts,
            self.docks,
            {
                "Open safely…": lambda: self.files.ask_open(safe=True),
                "Open the demo": self.welcome.open_demo,
                "Export the canonical…": self.exchange.export,
                "Reset this layout": self.layouts.reset,
                "Guided tour": self.tour.start,
                "About Codef Nodes": lambda: self._dialog(About(self)),
            },
        )
        project = editor.project
        project.problem.connect(self._problem)
        project.replaced.connect(self._replaced)
        project.path_changed.connect(self._title)
        project.modified_changed.connect(self._modified)
        project.safe_changed.connect(lambda _: self._safe())
        editor.preferences.changed.connect(self._preferred)
        if autosave is not None:
            autosave.problem.connect(self._problem)
            if autosave.trouble:
                self._problem(autosave.trouble)
        self._title()

    def start(self) -> None:
        """Puts the window as it was left; call once before ``show``."""
        preferences = self.editor.preferences
        kept = preferences.get("window")
        if isinstance(kept, str):
            self.restoreGeometry(QByteArray.fromBase64(kept.encode("ascii")))
        wanted = preferences.get("layout")
        self.layouts.show(wanted if wanted in LAYOUTS else LAYOUTS[0])
        if preferences.problem:
            self._problem(preferences.problem)

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802 - Qt's name
        """Asks about unsaved changes; then ends the workers."""
        saving = self.files.saver.busy
        if saving or (not self._leaving and self.editor.project.modified):
            event.ignore()
            self.files.when_safe(self._leave if self._leaving and saving else self._ask_about_jobs)
            return
        if not self._leaving and queue_of(self.editor).running is not None:
            event.ignore()
            self._ask_about_jobs()
            return
        self.layouts.remember()
        self.editor.preferences.set("window", self.saveGeometry().toBase64().toStdString())
        self.welcome.stop()
        self.hide()  # at once; the workers take a moment
        self.editor.close()
        if self._autosave is not None:
            self._autosave.close()
        event.accept()

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802 - Qt's name
        """Autosaves when the artist turns to another program."""
        super().changeEvent(event)
        left = event.type() == QEvent.Type.ActivationChange and not self.isActiveWindow()
        if left and self._autosave is not None:
            self._autosave.now()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:  # noqa: N802 - Qt's name
        """Takes documents; the graph takes footage."""
        if self._dropped(event.mimeData().urls()) is not None:
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:  # noqa: N802 - Qt's name
        """Opens a document that was dropped."""
        path = self._dropped(event.mimeData().urls())
        if path is not None:
            event.acceptProposedAction()
            QTimer.singleShot(0, lambda: self.files.open(path))

    # Global keys.

    def _register(self) -> None:
        actions, project = self.editor.actions, self.editor.project
        actions.register(
            None,
            "global",
            {
                "project.new": self.files.new,
                "project.open": self.files.ask_open,
                "project.save": self.files.save,
                "project.save_as": self.files.save_as,
                "project.save_version": self.files.save_next_version,
                "project.settings": lambda: self._dialog(ProjectSettings(project, self)),
                "app.preferences": lambda: self._dialog(
                    PreferencesDialog(self.editor.preferences, self)
                ),
                "app.quit": self.close,
                "edit.undo": project.undo,
                "edit.redo": project.redo,
                "window.maximise": self._maximise,
                "window.layout_graph": lambda: self.layouts.switch("Graph"),
                "window.layout_paint": lambda: self.layouts.switch("Paint"),
                "window.next_layout": self.layouts.next,
                "window.full_screen": self._full_screen,
                "help.shortcuts": lambda: self._dialog(ShortcutSheet(actions, self)),
            },
        )
        # What panes have registered themselves stays theirs.
        actions.register_default(
            "global",
            {
                "jobs.cancel": self._cancel,
                "cache.clear_buffers": self._clear_buffers,
                "cache.manager": self.exchange.manage_cache,
            },
        )
        for slot in ("canonical", "frame"):
            pane = self.docks[slot].widget()
            actions.register(pane, "global", {"jobs.cancel": self._cancel_over_viewer})

    def _maximise(self) -> bool:
        return self.layouts.toggle_maximise(self.editor.actions.pane_under_cursor())

    def _full_screen(self) -> None:
        self.setWindowState(self.windowState() ^ Qt.WindowState.WindowFullScreen)

    def _cancel(self) -> None:
        """Ends playback, what the viewers wait for, and all jobs."""
        self._cancel_viewing()
        if self.editor.workers is not None:
            self.editor.workers.jobs.request("cancel", {"all": True})

    def _cancel_over_viewer(self) -> None:
        """As ``_cancel`` without jobs: the hand that takes a stroke back must end no fit."""
        self._cancel_viewing()
        job = queue_of(self.editor).running
        if job is not None:
            self.editor.say(f"{job.title} goes on; press Esc outside the viewers to cancel it")

    def _cancel_viewing(self) -> None:
        if self.editor.clock.playing:
            self.editor.clock.stop()  # the frame where it stops is still wanted
            return
        self.editor.viewing.cancelled.emit()
        if self.editor.workers is not None:
            self.editor.workers.view.request("cancel", {"all": True})

    def _clear_buffers(self) -> None:
        self.editor.viewing.cache.clear()
        self.editor.viewing.cached_changed.emit()
        if self.editor.workers is not None:
            self.editor.workers.view.request(
                "cache.clear",
                {"what": "ram"},
                failed=lambda error: self.editor.say(str(error)),
            )
        self.editor.say("Buffers cleared")

    # What is told.

    def _problem(self, text: str) -> None:
        self.editor.say(text)

    def _replaced(self) -> None:
        self._title()
        self._safe()

    def _title(self) -> None:
        self.setWindowTitle(f"{self.editor.project.title}[*] - Codef Nodes")
        path = self.editor.project.path
        self.setWindowFilePath("" if path is None else str(path))
        self.setWindowTitle(f"{self.editor.project.title}[*] - Codef Nodes")

    def _modified(self, modified: bool) -> None:
        self.setWindowModified(modified)

    def _safe(self) -> None:
        project = self.editor.project
        if project.safe:
            self.banner.show_notice(
                "safe",
                "Opened safely: nothing is evaluated. Look the graph over, then go on.",
                (("Evaluate", project.trust),),
            )
        else:
            self.banner.clear_notice("safe")

    def _preferred(self, name: str) -> None:
        if name == "autosave" and self._autosave is not None:
            self._autosave.set_enabled(bool(self.editor.preferences.get("autosave")))

    # Details.

    def _make(self, name: str) -> QWidget:
        pane = next(pane for pane in PANES if pane.name == name)
        try:
            return pane.make(self.editor)
        except (ModuleNotFoundError, AttributeError) as error:
            if isinstance(error, ModuleNotFoundError) and not str(error.name).startswith("gui."):
                raise
            _LOG.error("the pane %s is not there: %s", name, error)
            label = QLabel(f"{pane.title}: not there ({error})")
            label.setAlignment(Qt.AlignmentFlag.AlignCenter)
            label.setStyleSheet(f"color: {theme.ERROR};")
            label.setWordWrap(True)
            return label

    def _dialog(self, dialog: QWidget) -> None:
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setWindowModality(Qt.WindowModality.WindowModal)
        dialog.show()

    def _ask_about_jobs(self) -> None:
        self.files.when_idle(self._leave, ends="Close", what="Closing")

    def _leave(self) -> None:
        self._leaving = True
        self.close()

    def _dropped(self, urls: list[QUrl]) -> Path | None:
        for url in urls:
            if url.isLocalFile() and url.toLocalFile().endswith(".codef"):
                return Path(url.toLocalFile())
        return None
