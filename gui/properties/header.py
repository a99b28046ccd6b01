"""The head of a panel: what node it is, and what one does to a node as a whole."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QColor, QCursor, QMouseEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QMenu,
    QSizePolicy,
    QToolTip,
    QVBoxLayout,
    QWidget,
)

from codef_nodes.graph.commands import Group, Rename, SetDisabled, SetKnob, SetLabel
from codef_nodes.graph.presets import NodePreset, node_presets
from engine.errors import UsageError
from gui import theme
from gui.core.project import Project
from gui.properties.dim import dim_label, icon_button
from gui.properties.quiet import TextField


class PanelHeader(QFrame):
    """Name and label to edit, and the buttons.

    Signals:
        close_asked: The panel shall close.
        centre_asked: The graph shall show the node.
        pinned: The panel stays when others are closed to make room.
        folded: The panel shows its head only.

    Args:
        project: The document.
        node: Name of the node.
        parent: The panel.
    """

    close_asked = Signal()
    centre_asked = Signal()
    pinned = Signal(bool)
    folded = Signal(bool)

    def __init__(self, project: Project, node: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._project, self._node = project, node
        self.setObjectName("panelHeader")
        self.setStyleSheet(f"#panelHeader {{ background: {theme.RAISED}; }}")
        cls = project.document.node_class(node)
        kind = project.document.state(node).type
        self.fold = icon_button("down", "Show the head only.", self, checkable=True)
        self.name = TextField()
        self.name.setToolTip("Name of the node; type to rename it.")
        self.name.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.kind = dim_label(cls.title or kind)
        self.label = TextField()
        self.label.setPlaceholderText("note")
        self.label.setToolTip("A note that is shown on the node.")
        self.centre = icon_button("roi", "Show the node in the graph.", self)
        self.presets = icon_button("star", "Presets of this kind of node.", self)
        self.revert = icon_button("undo", "All knobs back to their defaults.", self)
        self.disable = icon_button("eye_off", "Disable: the main input passes.", self, True)
        self.help = icon_button("help", f"<p><b>{cls.title or kind}</b></p><p>{cls.help}</p>", self)
        self.pin = icon_button("pin", "Keep this panel when others make room.", self, True)
        self.close_button = icon_button("close", "Close the panel.", self)
        self._build(theme.node_colour(kind, cls.category))
        self._connect()
        self.refresh()

    def refresh(self) -> None:
        """Shows what the document holds."""
        state = self._project.document.state(self._node)
        self.name.show_text(self._node)
        self.label.show_text(state.label.replace("\n", " "))
        self.label.setToolTip(state.label or "A note that is shown on the node.")
        self.label.setReadOnly("\n" in state.label)
        self.disable.setChecked(state.disabled)
        font = self.name.font()
        if font.strikeOut() != state.disabled:
            font.setStrikeOut(state.disabled)
            self.name.setFont(font)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Folds the panel."""
        self.fold.click()

    def preset_menu(self) -> QMenu:
        """The presets of this kind of node; choosing one is one step of undo."""
        menu = QMenu(self)
        menu.setToolTipsVisible(True)
        kind = self._project.document.state(self._node).type
        fitting = [preset for preset in node_presets() if preset.type == kind]
        for preset in fitting:
            action = menu.addAction(preset.title)
            action.setToolTip(preset.help)
            action.triggered.connect(lambda _=False, chosen=preset: self._apply(chosen))
        if not fitting:
            menu.addAction("There are no presets for this node").setEnabled(False)
        return menu

    def _build(self, colour: QColor) -> None:
        bar = QFrame()
        bar.setFixedWidth(4)
        bar.setStyleSheet(f"background: {colour.name()}; border: none;")
        upper, lower = QHBoxLayout(), QHBoxLayout()
        for row in (upper, lower):
            row.setSpacing(1)
        upper.addWidget(self.fold)
        upper.addWidget(self.name, 1)
        upper.addSpacing(6)
        buttons = (self.centre, self.presets, self.revert, self.disable, self.help, self.pin)
        for button in (*buttons, self.close_button):
            upper.addWidget(button)
        lower.addSpacing(6)
        lower.addWidget(self.kind)
        lower.addSpacing(8)
        lower.addWidget(self.label, 1)
        column = QVBoxLayout()
        column.setContentsMargins(2, 4, 4, 4)
        column.setSpacing(3)
        column.addLayout(upper)
        column.addLayout(lower)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(2)
        row.addWidget(bar)
        row.addLayout(column, 1)
        font = self.name.font()
        font.setBold(True)
        self.name.setFont(font)
        self.name.setFrame(False)
        self.label.setFrame(False)

    def _connect(self) -> None:
        self.name.typed.connect(self._rename)
        self.label.typed.connect(lambda text: self._project.do(SetLabel(self._node, text)))
        self.centre.clicked.connect(self.centre_asked)
        self.presets.clicked.connect(self._open_presets)
        self.revert.clicked.connect(self._revert_all)
        self.disable.clicked.connect(lambda on: self._project.do(SetDisabled(self._node, bool(on))))
        self.help.clicked.connect(self._show_help)
        self.pin.toggled.connect(self.pinned)
        self.fold.toggled.connect(self._fold)
        self.close_button.clicked.connect(self.close_asked)

    def _fold(self, folded: bool) -> None:
        self.fold.setIcon(theme.icon("right" if folded else "down"))
        self.fold.setToolTip("Show the knobs." if folded else "Show the head only.")
        self.folded.emit(folded)

    def _rename(self, text: str) -> None:
        if not self._project.do(Rename(self._node, text.strip())):
            self.name.show_text(self._node)
            self.name.setText(self._node)

    def _apply(self, preset: NodePreset) -> None:
        self._project.end_gesture()
        self._project.do(preset.command(self._node))

    def _open_presets(self) -> None:
        try:
            menu = self.preset_menu()
        except UsageError as error:
            self._project.problem.emit(str(error))
            return
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(self.presets.mapToGlobal(self.presets.rect().bottomLeft()))

    def _revert_all(self) -> None:
        cls = self._project.document.node_class(self._node)
        stored = self._project.document.state(self._node).knobs
        # Strokes are work, not a setting: they are removed in their list only.
        steps = [
            SetKnob(self._node, knob.name, knob.default)
            for knob in cls.knobs
            if knob.name in stored and knob.kind != "strokes"
        ]
        if steps:
            self._project.end_gesture()
            self._project.do(Group(steps, f"Revert {self._node}"))

    def _show_help(self) -> None:

        QToolTip.showText(QCursor.pos(), self.help.toolTip(), self.help)
