"""The menu bar. What has a key comes from the table of actions."""

from collections.abc import Callable

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMainWindow, QMenu

from gui.core.editor import Editor
from gui.graph.menus import add_categories
from gui.graph.pane import GraphPane
from gui.project.files import Files
from gui.shell.docks import PaneDock
from gui.shell.layouts import LAYOUTS, Layouts

_GRAPH = (
    "graph.cut graph.copy graph.paste graph.duplicate graph.delete | graph.disable graph.rename "
    "graph.extract | graph.select_all graph.select_connected graph.find"
)
_CREATE = (
    "graph.create | graph.load graph.write graph.paint graph.grade graph.blur graph.merge "
    "graph.dot graph.backdrop |"
)
_VIEWER = (
    "viewer.fit viewer.zoom_100 | viewer.wipe viewer.difference viewer.swap | viewer.overlays "
    "viewer.roi viewer.zebra | viewer.refresh viewer.pause view.proxy"
)
_PLAY = (
    "play.forward play.backward play.stop | play.next play.previous play.first play.last | "
    "play.in play.out play.clear_points play.go_to"
)


class Menus:
    """Makes the menus of a window and keeps them true.

    Args:
        window: The window.
        editor: What panes share.
        files: The File menu's doing.
        layouts: The Window menu's doing.
        docks: The panes that can be shown and hidden.
        extra: Actions without a key: title to what it does, for the menus named in ``MENUS``.
    """

    def __init__(
        self,
        window: QMainWindow,
        editor: Editor,
        files: Files,
        layouts: Layouts,
        docks: dict[str, PaneDock],
        extra: dict[str, Callable[[], object]],
    ) -> None:
        self._window, self._editor, self._files = window, editor, files
        self._layouts, self._docks, self._extra = layouts, docks, extra
        self._file()
        self.undo, self.redo = self._edit()
        self._create()
        self._listed("&Viewer", _VIEWER)
        self._listed("&Playback", _PLAY)
        self._listed(
            "&Render",
            "jobs.render_all jobs.render_selected | jobs.cancel | cache.clear_buffers "
            "cache.manager | roundtrip.export",
        )
        self._panes()
        self._help()
        editor.project.history_changed.connect(self._titles)
        self._titles()

    def _menu(self, title: str) -> QMenu:
        menu = self._window.menuBar().addMenu(title)
        menu.setToolTipsVisible(True)
        return menu

    def _add(self, menu: QMenu, listed: str) -> None:
        for name in listed.split():
            if name == "|":
                menu.addSeparator()
            else:
                menu.addAction(self._editor.actions.menu_action(name, self._window))

    def _listed(self, title: str, listed: str) -> None:
        self._add(self._menu(title), listed)

    def _own(self, menu: QMenu, title: str) -> QAction:
        action = menu.addAction(title)
        action.triggered.connect(lambda _=False: self._extra[title]())
        return action

    def _file(self) -> None:
        menu = self._menu("&File")
        self._add(menu, "project.new project.open")
        self._recent = menu.addMenu("Open recent")
        self._recent.aboutToShow.connect(self._list_recent)
        self._own(menu, "Open safely…")
        self._own(menu, "Open the demo")
        self._add(
            menu,
            "| project.save project.save_as project.save_version |",
        )
        self._own(menu, "Export the canonical…")
        self._add(menu, "| project.settings app.preferences | app.quit")

    def _edit(self) -> tuple[QAction, QAction]:
        menu = self._menu("&Edit")
        actions = self._editor.actions
        undo = actions.menu_action("edit.undo", self._window)
        redo = actions.menu_action("edit.redo", self._window)
        menu.addActions([undo, redo])
        self._add(menu, "| " + _GRAPH)
        return undo, redo

    def _create(self) -> None:
        menu, pane = self._menu("&Create"), self._docks["graph"].pane
        self._add(menu, _CREATE)
        if isinstance(pane, GraphPane):
            add_categories(menu, self._editor.project.document, pane.create_node)

    def _panes(self) -> None:
        menu = self._menu("&Window")
        self._add(menu, "window.layout_graph window.layout_paint")
        self._own(menu, "Reset this layout")
        menu.addSeparator()
        for dock in self._docks.values():
            menu.addAction(dock.toggleViewAction())
        self._add(menu, "| window.maximise window.full_screen")
        for name in LAYOUTS:
            action = self._window.findChild(QAction, f"window.layout_{name.lower()}")
            if action is not None:
                action.setCheckable(True)
                self._layouts.changed.connect(
                    lambda action=action, name=name: action.setChecked(
                        self._layouts.current == name
                    )
                )

    def _help(self) -> None:
        menu = self._menu("&Help")
        self._add(menu, "help.shortcuts")
        for title in ("Guided tour", "About Codef Nodes"):
            self._own(menu, title)

    def _titles(self) -> None:
        history = self._editor.project.history
        for action, word, title in (
            (self.undo, "Undo", history.undo_title),
            (self.redo, "Redo", history.redo_title),
        ):
            action.setText(f"{word} {title}" if title else word)
            action.setEnabled(title is not None)

    def _list_recent(self) -> None:
        self._recent.clear()
        paths = self._files.recent.paths
        for path in paths:
            action = self._recent.addAction(path.name)
            action.setToolTip(str(path))
            action.triggered.connect(lambda _=False, path=path: self._files.open(path))
        if not paths:
            self._recent.addAction("None yet").setEnabled(False)
            return
        self._recent.addSeparator()
        self._recent.addAction("Clear the list").triggered.connect(
            lambda _=False: self._files.recent.clear()
        )
