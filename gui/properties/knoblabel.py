"""The name of a knob: drag it to scrub, Ctrl+click to reset, bold when changed."""

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QLabel, QWidget

_START = 3


class KnobLabel(QLabel):
    """A label that is a handle.

    Signals:
        scrub_started: The drag begins.
        scrubbed: Way since the start of the drag in pixels, with Shift counted a tenth.
        scrub_ended: The drag is over.
        scrub_aborted: Esc during the drag.
        reset: Ctrl+click.
        menu_asked: Right click, at a place of the screen.

    Args:
        text: The knob's title.
        scrubs: The knob is a number, so that dragging means something.
        parent: The widget that owns it.
    """

    scrub_started = Signal()
    scrubbed = Signal(float)
    scrub_ended = Signal()
    scrub_aborted = Signal()
    reset = Signal()
    menu_asked = Signal(QPoint)

    def __init__(self, text: str, scrubs: bool, parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        self._scrubs = scrubs
        self._pressed: float | None = None
        self._way = 0.0
        self._last = 0.0
        self._dragging = False
        self.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        if scrubs:
            self.setCursor(Qt.CursorShape.SizeHorCursor)

    def set_changed(self, changed: bool) -> None:
        """Bold where the value is not the default."""
        font = self.font()
        if font.bold() != changed:
            font.setBold(changed)
            self.setFont(font)

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Starts a scrub, or resets."""
        if event.button() != Qt.MouseButton.LeftButton:
            event.ignore()
        elif event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.reset.emit()
        elif self._scrubs:
            self._pressed = self._last = event.globalPosition().x()
            self._way, self._dragging = 0.0, False

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Scrubs."""
        if self._pressed is None:
            return
        x = event.globalPosition().x()
        if not self._dragging:
            if abs(x - self._pressed) < _START:
                return
            self._dragging = True
            self.grabKeyboard()
            self.scrub_started.emit()
        fine = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        self._way += (x - self._last) * (0.1 if fine else 1.0)
        self._last = x
        self.scrubbed.emit(self._way)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Ends the scrub."""
        if self._stop():
            self.scrub_ended.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Esc takes the scrub back."""
        if self._dragging and event.key() == Qt.Key.Key_Escape:
            self._stop()
            self.scrub_aborted.emit()
        else:
            event.ignore()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:  # noqa: N802 - Qt's name
        """Asks for the menu."""
        self.menu_asked.emit(event.globalPos())

    def _stop(self) -> bool:
        was = self._dragging
        if was:
            self.releaseKeyboard()
        self._pressed, self._dragging = None, False
        return was
