"""A line across the top of the window that says something lasting and offers what to do."""

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QToolBar, QWidget

from gui import theme


class Banner(QToolBar):
    """One sentence and a few buttons; hidden when there is nothing to say."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__("Notice", parent)
        self.setObjectName("banner")
        self.setMovable(False)
        self.toggleViewAction().setEnabled(False)
        self.setStyleSheet(
            f"#banner {{ background: {theme.ACCENT_DIM}; border: 0; padding: 2px; }}"
            f"#banner QLabel {{ color: #ffffff; }}"
        )
        self._row = QWidget()
        row = QHBoxLayout(self._row)
        row.setContentsMargins(theme.MARGIN, 2, theme.MARGIN, 2)
        row.setSpacing(theme.MARGIN)
        self.text = QLabel()
        row.addWidget(self.text, 1)
        self.addWidget(self._row)
        self.buttons: list[QPushButton] = []
        self.about = ""
        self.hide()

    def show_notice(
        self, about: str, text: str, choices: tuple[tuple[str, Callable[[], object]], ...] = ()
    ) -> None:
        """Shows a notice.

        Args:
            about: Its subject; ``clear`` with the same word takes it away.
            text: The sentence.
            choices: Titles of the buttons and what they do.
        """
        self.about = about
        self.text.setText(text)
        layout = self._row.layout()
        for button in self.buttons:
            button.hide()
            button.deleteLater()
        self.buttons = []
        for title, does in choices:
            button = QPushButton(title)
            button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            button.clicked.connect(lambda _=False, does=does: does())
            if layout is not None:
                layout.addWidget(button)
            self.buttons.append(button)
        self.show()

    def clear_notice(self, about: str) -> None:
        """Takes a notice away, if it is the one that is shown."""
        if self.about == about:
            self.about = ""
            self.hide()
