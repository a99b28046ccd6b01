"""A line beside the cursor while a wire is dragged."""

from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QLabel, QWidget

from gui import theme


class Hint(QLabel):
    """Says what would happen, in green, or why not, in red."""

    def __init__(self, view: QWidget) -> None:
        super().__init__(view)
        self._view = view
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.hide()

    def say(self, text: str, at: QPoint, *, good: bool) -> None:
        """Shows a line beside a place of the view; an empty one hides it."""
        if not text:
            self.hide()
            return
        self.setStyleSheet(
            f"background: {'#111111' if good else '#3d1714'}; padding: 3px 7px;"
            f"color: {theme.TEXT if good else theme.ERROR};"
            f"border: 1px solid {theme.GOOD if good else theme.ERROR}; border-radius: 3px;"
        )
        self.setText(text)
        self.adjustSize()
        room = self._view.rect().bottomRight() - self.rect().bottomRight() - QPoint(4, 4)
        place = at + QPoint(16, 18)
        self.move(max(4, min(place.x(), room.x())), max(4, min(place.y(), room.y())))
        self.show()
        self.raise_()
