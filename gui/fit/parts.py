"""Small parts of the fit pane."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QGridLayout, QLabel, QPushButton, QSizePolicy, QWidget

from gui import theme
from gui.icons import icon

TROUBLE, WARNING, GROUPS = "Trouble", "Warning", "Groups"
"""The rows of these names are shown in the colours of errors and warnings."""

_COLOURS = {TROUBLE: theme.ERROR, WARNING: theme.WARNING, GROUPS: theme.WARNING}


class FigureList(QWidget):
    """Names and values, one below the other; values wrap and can be copied."""

    def __init__(self) -> None:
        super().__init__()
        policy = QSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        # A form layout gives wrapped texts the height of another width and cuts the last one off.
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(theme.MARGIN)
        self._grid.setVerticalSpacing(3)
        self._grid.setColumnStretch(1, 1)
        self._labels: list[tuple[QLabel, QLabel]] = []
        self.rows: list[tuple[str, str]] = []

    def show_rows(self, rows: Sequence[tuple[str, str]]) -> None:
        """Shows these; widgets are kept, so that nothing flickers."""
        if list(rows) == self.rows:
            return
        self.rows = list(rows)
        while len(self._labels) < len(rows):
            name, text = dim(""), QLabel()
            text.setWordWrap(True)
            text.setTextFormat(Qt.TextFormat.PlainText)
            text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            row = len(self._labels)
            self._grid.addWidget(name, row, 0, Qt.AlignmentFlag.AlignTop)
            self._grid.addWidget(text, row, 1)
            self._labels.append((name, text))
        for number, (name, text) in enumerate(self._labels):
            shown = number < len(rows)
            name.setVisible(shown)
            text.setVisible(shown)
            if shown:
                name.setText(rows[number][0])
                text.setText(rows[number][1])
                colour = _COLOURS.get(rows[number][0])
                text.setStyleSheet(f"color: {colour};" if colour else "")


def button(text: str, name: str, tip: str, does: Callable[[], object]) -> QPushButton:
    """A button with an icon that never takes the focus."""
    made = QPushButton(icon(name), text) if name else QPushButton(text)
    made.setIconSize(QSize(theme.ICON - 2, theme.ICON - 2))
    made.setToolTip(tip)
    made.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    if not text:
        made.setFixedWidth(30)
        made.setStyleSheet("padding-left: 4px; padding-right: 4px;")
    made.clicked.connect(lambda _=False: does())
    return made


def dim(text: str) -> QLabel:
    """A label of less weight."""
    made = QLabel(text)
    made.setStyleSheet(f"color: {theme.DIM};")
    return made
