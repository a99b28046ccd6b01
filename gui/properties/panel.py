"""The panel of one node: its head, its pages, its buttons."""

from pathlib import Path

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from codef_nodes.graph.document import Change
from gui import theme
from gui.core.editor import Editor
from gui.properties.clipfacts import CLIPS, ClipFacts
from gui.properties.dim import dim_label
from gui.properties.header import PanelHeader
from gui.properties.nodepage import NodePage
from gui.properties.page import KnobPage
from gui.properties.pages import NODE_PAGE, Page, Section, changed_knobs, pages_of
from gui.properties.quiet import QuietTabs
from gui.properties.viewspace import ViewColours, view_colours

#: What a panel offers below its knobs: type to title, action and tooltip.
BUTTONS = {
    "FitCoDeF": ("Fit", "fit.start", "Fits the clip; the fit panel shows how it goes."),
    "WriteSequence": ("Render", "jobs.render_node", "Renders the frames of this node."),
    "CanonicalView": (
        "Export…",
        "roundtrip.export",
        "Writes the canonical image for a paint program and watches the file.",
    ),
}


class NodePanel(QFrame):
    """A view of one node of the document.

    Signals:
        close_asked: The panel shall close.
        asked: An action of the program is wanted for the node: its id.

    Args:
        editor: What panes share.
        node: Name of the node.
        only_changed: Show the knobs that are not at their default only.
        parent: The bin.
    """

    close_asked = Signal()
    asked = Signal(str)

    def __init__(
        self,
        editor: Editor,
        node: str,
        only_changed: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName("nodePanel")
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        self.setStyleSheet(f"#nodePanel {{ background: {theme.PANE}; }}")
        self.node = node
        self._editor = editor
        self._only_changed = only_changed
        self._space: ViewColours | None = None
        self.pinned = False
        self.header = PanelHeader(editor.project, node, self)
        self.tabs = QuietTabs(self)
        self.tabs.setDrawBase(False)
        self.tabs.setExpanding(False)
        self.tabs.setUsesScrollButtons(True)
        self.stack = _Stack(self)
        self._pages: tuple[Page, ...] = ()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.header)
        self.trouble = QLabel(self)
        self.trouble.setWordWrap(True)
        self.trouble.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.trouble.setStyleSheet(
            f"background: {theme.ERROR_GROUND}; color: {theme.TEXT}; padding: 4px 8px;"
        )
        column.addWidget(self.trouble)
        self.clip: ClipFacts | None = None
        if editor.project.document.state(node).type in CLIPS:
            self.clip = ClipFacts(editor, node, self)
        self._body = QWidget(self)
        body = QVBoxLayout(self._body)
        body.setContentsMargins(0, 0, 0, 0)
        body.setSpacing(0)
        if self.clip is not None:
            body.addWidget(self.clip)
        body.addWidget(self.tabs)
        body.addWidget(self.stack)
        self._add_button(body)
        column.addWidget(self._body)
        self.header.close_asked.connect(self.close_asked)
        self.header.centre_asked.connect(lambda: self.asked.emit("graph.frame"))
        self.header.pinned.connect(self._pin)
        self.header.folded.connect(lambda folded: self._body.setVisible(not folded))
        self.tabs.currentChanged.connect(self._turn)
        editor.faces.changed.connect(self._face)
        self._face(node)
        self._lay_out()

    # What editors ask.

    def folder(self) -> Path:
        """The folder that relative paths count from."""
        return self._editor.project.folder

    def colours(self) -> ViewColours:
        """What the viewer shows; found once, when a colour is first shown."""
        if self._space is None:
            self._space = view_colours(self._editor)
        return self._space

    # Following the document.

    def page(self) -> QWidget | None:
        """The page that is looked at."""
        return self.stack.currentWidget()

    def follow(self, change: Change) -> None:
        """Shows what a change did to this node."""
        if change.kind == "knob":
            if self._only_changed or change.detail == "operation":
                self._lay_out()
            else:
                for page in self._made():
                    if isinstance(page, KnobPage):
                        page.refresh(change.detail)
                        page.refresh_lists()
            return
        if change.kind == "wire":
            for page in self._made():
                if isinstance(page, KnobPage):
                    page.refresh_lists()
        self.header.refresh()
        for page in self._made():
            if isinstance(page, NodePage):
                page.refresh()

    def show_only_changed(self, only: bool) -> None:
        """Turns the filter on or off."""
        if only != self._only_changed:
            self._only_changed = only
            self._lay_out()

    def _made(self) -> list[QWidget]:
        widgets = (self.stack.widget(index) for index in range(self.stack.count()))
        return [widget for widget in widgets if isinstance(widget, KnobPage | NodePage)]

    def _lay_out(self) -> None:
        """Makes the tabs; pages are made when they are turned to."""
        document = self._editor.project.document
        if self._only_changed:
            title = document.node_class(self.node).title or document.state(self.node).type
            pages: tuple[Page, ...] = (
                Page(title, (Section("", changed_knobs(document, self.node)),)),
            )
        else:
            pages = pages_of(document, self.node)
        known = [page.title for page in self._pages]
        if pages == self._pages and self.stack.count():
            for made in self._made():
                if isinstance(made, KnobPage):
                    made.refresh_all()
            return
        current = self.tabs.currentIndex() if known == [page.title for page in pages] else 0
        self._pages = pages
        self.tabs.blockSignals(True)
        while self.tabs.count():
            self.tabs.removeTab(0)
        while self.stack.count():
            self._drop(self.stack.widget(0))
        for page in pages:
            self.tabs.addTab(page.title)
            self.stack.addWidget(QWidget())
        self.tabs.addTab(NODE_PAGE)
        self.stack.addWidget(QWidget())
        self.tabs.setCurrentIndex(max(current, 0))
        self.tabs.blockSignals(False)
        self._turn(self.tabs.currentIndex())

    def _turn(self, index: int) -> None:
        if index < 0:
            return
        held = self.stack.widget(index)
        if not isinstance(held, KnobPage | NodePage):
            made: KnobPage | NodePage
            if index < len(self._pages):
                sections = self._pages[index].sections
                made = KnobPage(self._editor.project, self.node, sections, self)
                made.strokes_asked.connect(lambda: self.asked.emit("paint.strokes"))
            else:
                made = NodePage(self._editor.project, self.node)
            self.stack.insertWidget(index, made)
            self._drop(held)
        self.stack.setCurrentIndex(index)
        self.stack.fit()

    def _drop(self, page: QWidget | None) -> None:
        if page is not None:
            self.stack.removeWidget(page)
            page.hide()
            # Perhaps one of its own signals got us here.
            page.deleteLater()

    def _face(self, node: str) -> None:
        """The node's error, as on its face in the graph."""
        if node == self.node:
            error = self._editor.faces.face(node).error
            self.trouble.setText(error)
            self.trouble.setVisible(bool(error))

    def _pin(self, pinned: bool) -> None:
        self.pinned = pinned

    def _add_button(self, column: QVBoxLayout) -> None:
        found = BUTTONS.get(self._editor.project.document.state(self.node).type)
        if found is None:
            return
        title, action, tip = found
        button = QPushButton(title, self)
        button.setToolTip(tip)
        button.clicked.connect(lambda: self.asked.emit(action))
        row = QHBoxLayout()
        row.setContentsMargins(8, 2, 8, 8)
        row.addWidget(dim_label(""), 1)
        row.addWidget(button)
        self.button = button
        column.addLayout(row)


class _Stack(QStackedWidget):
    """As high as the page that is looked at."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.currentChanged.connect(self.fit)

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """That of the page."""
        current = self.currentWidget()
        return super().sizeHint() if current is None else current.sizeHint()

    def minimumSizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """That of the page."""
        current = self.currentWidget()
        return super().minimumSizeHint() if current is None else current.minimumSizeHint()

    def fit(self) -> None:
        """Gives the height of the pages that are not looked at back."""
        policy = QSizePolicy.Policy
        for index in range(self.count()):
            page = self.widget(index)
            if page is not None:
                shown = page is self.currentWidget()
                page.setSizePolicy(policy.Preferred, policy.Preferred if shown else policy.Ignored)
        self.updateGeometry()
