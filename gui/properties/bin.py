"""The properties bin: the panels of the nodes that are worked on, in one column."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QScrollArea, QVBoxLayout, QWidget

from codef_nodes.graph.document import Change
from gui import theme
from gui.core.editor import Editor
from gui.properties.dim import dim_label, small_button
from gui.properties.openpanels import OpenPanels
from gui.properties.panel import NodePanel
from gui.properties.quiet import TextField


class PropertiesBin(QWidget):
    """Panels, the newest on top.

    Signals:
        asked: A panel's button was pressed and no action of that id took it: the id (``fit.start``,
            ``jobs.render_node``, ``roundtrip.export``, ``paint.strokes``, ``graph.frame``) and the
            node. The node has been selected before.
        opened: The panel of that node is on top.

    Args:
        editor: What panes share.
        parent: The window.
    """

    asked = Signal(str, str)
    opened = Signal(str)

    def __init__(self, editor: Editor, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._editor = editor
        self.open_panels = OpenPanels(int(editor.preferences.get("open_panels", 8)))
        self._panels: dict[str, NodePanel] = {}
        self.setObjectName("propertiesBin")
        self.setMinimumWidth(300)
        self._build()
        project = editor.project
        project.changed.connect(self._follow)
        project.replaced.connect(self.close_all)
        editor.preferences.changed.connect(self._preferred)
        editor.actions.register(
            self,
            "properties",
            {
                "properties.close": self.close_top,
                "properties.close_all": self.close_all,
                "properties.changed_only": self.only_changed.click,
            },
        )

    # What others call.

    @property
    def panels(self) -> list[NodePanel]:
        """The panels, from the top."""
        return [self._panels[name] for name in self._shown()]

    def panel(self, node: str) -> NodePanel | None:
        """The panel of a node, if it is open."""
        return self._panels.get(node)

    def open(self, node: str) -> None:
        """Opens the panel of a node at the top, or brings it there."""
        if node not in self._editor.project.document:
            return
        pinned = [name for name, panel in self._panels.items() if panel.pinned]
        self.open_panels.open(node, pinned)
        self._arrange()
        self._scroll.verticalScrollBar().setValue(0)
        self.opened.emit(node)

    def close_panel(self, node: str) -> None:
        """Closes the panel of a node."""
        self.open_panels.close(node)
        self._arrange()

    def close_top(self) -> None:
        """Closes the topmost panel."""
        for panel in self.panels[:1]:
            self.close_panel(panel.node)

    def close_all(self) -> None:
        """Closes every panel, pinned ones too."""
        self.open_panels.keep(())
        self._arrange()

    def clear(self) -> None:
        """Closes every panel that is not pinned."""
        self.open_panels.keep(name for name, panel in self._panels.items() if panel.pinned)
        self._arrange()

    def run(self, action: str, node: str) -> None:
        """Does what a panel's button stands for."""
        self._editor.selection.set([node])
        known = {entry.id for entry in self._editor.actions.table}
        if action not in known or not self._editor.actions.run(action):
            self.asked.emit(action, node)

    # Details.

    def _build(self) -> None:
        self.only_changed = small_button(
            "Changed", "Show only knobs that are not at their default.", self
        )
        self.only_changed.setCheckable(True)
        self.only_changed.setStyleSheet(
            self.only_changed.styleSheet()
            + f" QToolButton:checked {{ background: {theme.ACCENT_DIM};"
            f" border-color: {theme.ACCENT}; }}"
        )
        self.only_changed.toggled.connect(self._filter)
        self.most = TextField()
        self.most.setFixedWidth(34)
        self.most.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.most.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self.most.setToolTip("How many panels stay open; pinned ones always do.")
        self.most.show_text(str(self.open_panels.most))
        self.most.typed.connect(self._limit)
        clear = small_button("Clear", "Close all panels that are not pinned.", self)
        clear.clicked.connect(self.clear)
        self.clear_button = clear
        bar = QHBoxLayout()
        bar.setContentsMargins(theme.MARGIN, 3, 4, 3)
        bar.setSpacing(6)
        bar.addWidget(dim_label("Panels"))
        bar.addWidget(self.most)
        bar.addWidget(self.only_changed)
        bar.addStretch(1)
        bar.addWidget(clear)
        top = QFrame(self)
        top.setObjectName("binBar")
        top.setStyleSheet(f"#binBar {{ background: {theme.WINDOW}; }}")
        top.setLayout(bar)
        self._empty = QLabel("Double-click a node, or select it and press Enter, to see its knobs.")
        self._empty.setStyleSheet(f"color: {theme.DIM};")
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._empty.setWordWrap(True)
        self._empty.setMargin(24)
        self._inside = QWidget()
        self._inside.setObjectName("binInside")
        self._inside.setStyleSheet(f"#binInside {{ background: {theme.VIEWER}; }}")
        self._column = QVBoxLayout(self._inside)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(theme.GAP)
        self._column.addWidget(self._empty, 100)
        self._column.addStretch(1)
        self._scroll = QScrollArea(self)
        self._scroll.setWidgetResizable(True)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._scroll.setWidget(self._inside)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(top)
        column.addWidget(self._scroll, 1)

    def _shown(self) -> list[str]:
        document = self._editor.project.document
        return self.open_panels.shown(lambda name: name in document)

    def _arrange(self) -> None:
        shown = self._shown()
        for name in [name for name in self._panels if name not in shown]:
            self._drop(name)
        for place, name in enumerate(shown):
            panel = self._panels.get(name)
            if panel is None:
                panel = self._make(name)
            if self._column.indexOf(panel) != place:
                self._column.removeWidget(panel)
                self._column.insertWidget(place, panel)
        self._empty.setVisible(not shown)

    def _make(self, name: str) -> NodePanel:
        panel = NodePanel(self._editor, name, self.only_changed.isChecked(), self._inside)
        panel.close_asked.connect(lambda: self.close_panel(panel.node))
        panel.asked.connect(lambda action: self.run(action, panel.node))
        self._panels[name] = panel
        return panel

    def _drop(self, name: str) -> None:
        panel = self._panels.pop(name)
        self._column.removeWidget(panel)
        panel.hide()
        # Perhaps a signal of its own got us here.
        panel.deleteLater()

    def _follow(self, changes: tuple[Change, ...]) -> None:
        pinned = set()
        for change in changes:
            if change.kind == "node" and change.node is not None and change.detail:
                panel = self._panels.get(change.detail)
                if panel is not None:
                    if panel.pinned:
                        pinned.add(change.node)
                    # Rows and pages know their node by name: a renamed node has a new panel.
                    self._drop(change.detail)
                self.open_panels.rename(change.detail, change.node)
        if any(change.kind == "node" for change in changes):
            self._arrange()
        for name in pinned & self._panels.keys():
            self._panels[name].header.pin.setChecked(True)
        for change in changes:
            panel = self._panels.get(change.node or "")
            if panel is not None and change.kind != "node":
                panel.follow(change)

    def _filter(self, only: bool) -> None:
        for panel in self._panels.values():
            panel.show_only_changed(only)

    def _preferred(self, name: str) -> None:
        if name == "open_panels":
            self.open_panels.most = int(self._editor.preferences.get(name))
            self.most.show_text(str(self.open_panels.most))

    def _limit(self, text: str) -> None:
        if text.strip().isdigit() and 1 <= int(text) <= 50:
            self._editor.preferences.set("open_panels", int(text))
        self.most.setText(str(self.open_panels.most))
