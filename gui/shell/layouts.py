"""Where the panes are: two layouts as shipped, each as the artist left it, and Space."""

from PySide6.QtCore import QByteArray, QObject, Qt, QTimer, Signal
from PySide6.QtWidgets import QMainWindow, QTabBar, QWidget

from gui.core.editor import Editor
from gui.shell.docks import PaneDock

LAYOUTS = ("Graph", "Paint")
_VERSION = 1  # counts up when the panes are others, so that an old state is not forced on them
_LEFT = Qt.DockWidgetArea.LeftDockWidgetArea
_DOWN, _ACROSS = Qt.Orientation.Vertical, Qt.Orientation.Horizontal


class Layouts(QObject):
    """Arranges the docks of the main window.

    Attributes:
        current: Name of the layout that is shown.
    """

    changed = Signal()

    def __init__(self, window: QMainWindow, docks: dict[str, PaneDock], editor: Editor) -> None:
        super().__init__(window)
        self._window, self._docks, self._editor = window, docks, editor
        self.current = LAYOUTS[0]
        self._before_maximise: QByteArray | None = None
        self._tidy_later = QTimer(self, singleShot=True, interval=0)
        self._tidy_later.timeout.connect(self._tidy_titles)
        for dock in docks.values():
            dock.dockLocationChanged.connect(self._tidy_later.start)
            dock.topLevelChanged.connect(self._tidy_later.start)
            dock.visibilityChanged.connect(self._tidy_later.start)

    @property
    def maximised(self) -> bool:
        """Whether one pane fills the window."""
        return self._before_maximise is not None

    def show(self, name: str) -> None:
        """Shows a layout as the artist left it, else as shipped."""
        if name not in LAYOUTS:
            return
        self.restore()
        self.current = name
        self._editor.preferences.set("layout", name)
        kept = self._editor.preferences.get(f"layout_{name}")
        state = QByteArray.fromBase64(kept.encode("ascii")) if isinstance(kept, str) else None
        if state is None or not self._window.restoreState(state, _VERSION):
            self.reset()
        self._tidy_later.start()
        self.changed.emit()

    def next(self) -> None:
        """Shows the other layout."""
        self.remember()
        self.show(LAYOUTS[(LAYOUTS.index(self.current) + 1) % len(LAYOUTS)])

    def switch(self, name: str) -> None:
        """Remembers this layout and shows another."""
        self.remember()
        self.show(name)

    def remember(self) -> None:
        """Keeps the current layout as it is now."""
        self.restore()
        state = self._window.saveState(_VERSION).toBase64().toStdString()
        self._editor.preferences.set(f"layout_{self.current}", state)

    def reset(self) -> None:
        """Arranges the current layout as shipped."""
        self.restore()
        for dock in self._docks.values():
            dock.setFloating(False)
            self._window.removeDockWidget(dock)
        if self.current == "Paint":
            self._arrange_paint()
        else:
            self._arrange_graph()
        self._tidy_later.start()

    def toggle_maximise(self, pane: QWidget | None) -> bool:
        """Fills the window with a pane, or goes back; returns whether anything happened."""
        if self._before_maximise is not None:
            self.restore()
            return True
        chosen = next(
            (
                dock
                for dock in self._docks.values()
                if pane is not None and (dock is pane or dock.isAncestorOf(pane))
            ),
            None,
        )
        if chosen is None or chosen.isFloating():
            return False
        self._before_maximise = self._window.saveState(_VERSION)
        for dock in self._docks.values():
            if dock is not chosen and not dock.isFloating():
                dock.hide()
        chosen.raise_()
        return True

    def restore(self) -> None:
        """Ends Space's maximising."""
        state, self._before_maximise = self._before_maximise, None
        if state is not None:
            self._window.restoreState(state, _VERSION)

    # As shipped.

    def _arrange_graph(self) -> None:
        """Viewers one above the other, the graph tall beside them: it runs from top to bottom."""
        self._columns()
        window, docks = self._window, self._docks
        window.splitDockWidget(docks["canonical"], docks["graph"], _ACROSS)
        window.splitDockWidget(docks["canonical"], docks["frame"], _DOWN)
        self._tabs("properties", "fit", "strokes", "jobs")
        self._only("paint", "brush")
        width, height = window.width(), window.height() - 60
        bar = docks["timeline"].pane.sizeHint().height()
        parts = [int(width * 0.39), int(width * 0.36), width - int(width * 0.75)]
        window.resizeDocks(
            [docks["canonical"], docks["graph"], docks["properties"]], parts, _ACROSS
        )
        half = (height - bar) // 2
        window.resizeDocks(
            [docks["canonical"], docks["frame"], docks["timeline"]], [half, half, bar], _DOWN
        )

    def _arrange_paint(self) -> None:
        """Viewers side by side and large, the strokes in sight."""
        self._columns()
        window, docks = self._window, self._docks
        window.splitDockWidget(docks["canonical"], docks["frame"], _ACROSS)
        window.splitDockWidget(docks["properties"], docks["strokes"], _DOWN)
        self._tabs("properties", "fit", "jobs")
        self._tabs("strokes", "graph")
        self._only()
        width, height = window.width(), window.height() - 60
        half = int(width * 0.365)
        parts = [half, half, width - 2 * half]
        window.resizeDocks(
            [docks["canonical"], docks["frame"], docks["properties"]], parts, _ACROSS
        )
        window.resizeDocks([docks["canonical"], docks["timeline"]], [height, 10], _DOWN)
        pair = [docks["properties"], docks["strokes"]]
        window.resizeDocks(pair, [height // 2, height // 2], _DOWN)

    def _columns(self) -> None:
        """Paint tools; a column of brush, viewers and timeline; the properties."""
        window, docks = self._window, self._docks
        window.addDockWidget(_LEFT, docks["paint"])
        window.splitDockWidget(docks["paint"], docks["properties"], _ACROSS)
        window.splitDockWidget(docks["paint"], docks["brush"], _ACROSS)
        window.splitDockWidget(docks["brush"], docks["canonical"], _DOWN)
        window.splitDockWidget(docks["canonical"], docks["timeline"], _DOWN)

    def _tabs(self, first: str, *others: str) -> None:
        for name in others:
            self._window.tabifyDockWidget(self._docks[first], self._docks[name])

    def _only(self, *hidden: str) -> None:
        for name, dock in self._docks.items():
            dock.setVisible(name not in hidden)
        self._docks["strokes"].raise_()
        self._docks["properties"].raise_()

    def _tidy_titles(self) -> None:
        for dock in self._docks.values():
            beside = [
                other
                for other in self._window.tabifiedDockWidgets(dock)
                if not other.isHidden() or other.toggleViewAction().isChecked()
            ]
            dock.show_title(dock.isFloating() or not beside)
        for bar in self._window.findChildren(
            QTabBar, options=Qt.FindChildOption.FindDirectChildrenOnly
        ):
            bar.setExpanding(False)
            bar.setDocumentMode(True)
            bar.setUsesScrollButtons(True)
