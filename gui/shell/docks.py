"""A dock: a pane with a thin title that can be dragged, floated and closed."""

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import (
    QDockWidget,
    QHBoxLayout,
    QLabel,
    QMainWindow,
    QSizePolicy,
    QToolButton,
    QWidget,
)

from gui import theme
from gui.icons import icon

_HEIGHT = 20


class TitleBar(QWidget):
    """Name of the pane, and buttons that float and close it."""

    def __init__(self, dock: "PaneDock", title: str) -> None:
        super().__init__(dock)
        self._dock = dock
        self.setFixedHeight(_HEIGHT)
        self.setObjectName("paneTitle")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setStyleSheet(f"#paneTitle {{ background: {theme.WINDOW}; }}")
        row = QHBoxLayout(self)
        row.setContentsMargins(theme.MARGIN, 0, 2, 0)
        row.setSpacing(0)
        self._label = QLabel(title)
        self._label.setFont(theme.font(theme.SMALL))
        self._label.setStyleSheet(f"color: {theme.DIM};")
        row.addWidget(self._label)
        row.addStretch(1)
        for name, tip, does in (
            ("maximise", "Float this pane in a window of its own", self._float),
            ("close", "Close this pane; the Window menu brings it back", dock.close),
        ):
            button = QToolButton()
            button.setIcon(icon(name, theme.DIM))
            button.setIconSize(QSize(10, 10))
            button.setFixedSize(18, 18)
            button.setToolTip(tip)
            button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            button.clicked.connect(does)
            row.addWidget(button)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Floats the pane, or docks it again."""
        self._float()

    def _float(self) -> None:
        self._dock.setFloating(not self._dock.isFloating())


class PaneDock(QDockWidget):
    """A dock of the main window. Beside others in tabs it has no title of its own."""

    def __init__(
        self, name: str, title: str, pane: QWidget, smallest: tuple[int, int], window: QMainWindow
    ) -> None:
        super().__init__(title, window)
        self.setObjectName(name)
        self.name = name
        self.pane = pane
        self._bar = False
        pane.setMinimumSize(*smallest)
        self.setWidget(pane)
        self.setAllowedAreas(Qt.DockWidgetArea.AllDockWidgetAreas)
        self._title = TitleBar(self, title)
        self._none = QWidget(self)
        self._none.setFixedHeight(0)
        self._none.hide()
        self.setTitleBarWidget(self._title)

    def show_title(self, shown: bool) -> None:
        """Shows or hides the title: a tab says the name already, and a bar needs none."""
        shown = shown and not (self._bar and not self.isFloating())
        wanted = self._title if shown else self._none
        if self.titleBarWidget() is not wanted:
            other = self._none if shown else self._title
            self.setTitleBarWidget(wanted)
            wanted.setVisible(True)
            other.hide()

    def keep_bar(self, bar: str) -> None:
        """A bar has no title and keeps the height (``row``) or width (``column``) it asks for."""
        self._bar = bool(bar)
        if not bar:
            return
        self.show_title(False)
        fixed, grows = QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Expanding
        if bar == "column":
            self.pane.setSizePolicy(fixed, grows)
            self.pane.setMaximumWidth(max(self.pane.sizeHint().width(), 1))
        else:
            self.pane.setSizePolicy(grows, fixed)
