"""One clear dialog for what went wrong; and the last net under the window's own mistakes."""

import logging
import sys
import traceback
from types import TracebackType

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtWidgets import QMessageBox, QPushButton, QWidget

_LOG = logging.getLogger("gui")


def show_error(parent: QWidget | None, title: str, text: str, detail: str = "") -> QMessageBox:
    """Shows one dialog and returns at once; a second one with the same text is not opened."""
    for other in parent.findChildren(QMessageBox) if parent is not None else []:
        if other.isVisible() and other.text() == title and other.informativeText() == text:
            return other
    box = QMessageBox(QMessageBox.Icon.Warning, "Codef Nodes", title, parent=parent)
    box.setInformativeText(text)
    if detail:
        box.setDetailedText(detail)
    box.setStandardButtons(QMessageBox.StandardButton.Ok)
    box.setObjectName("error")
    box.open()
    box.finished.connect(box.deleteLater)
    return box


class LastNet(QObject):
    """Catches what no slot caught: says it once, writes it to the log, keeps the window alive."""

    caught = Signal(str, str)

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        self._before = sys.excepthook
        self._shown = False
        self.caught.connect(self._show)
        sys.excepthook = self._hook
        window.destroyed.connect(self.stop)

    def stop(self) -> None:
        """Gives the hook back."""
        if sys.excepthook == self._hook:
            sys.excepthook = self._before

    def _hook(
        self, kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> None:
        if issubclass(kind, KeyboardInterrupt):
            self._before(kind, error, trace)
            return
        detail = "".join(traceback.format_exception(kind, error, trace))
        _LOG.error("a mistake in the window:\n%s", detail)
        self.caught.emit(f"{kind.__name__}: {error}", detail)

    def _show(self, text: str, detail: str) -> None:
        if self._shown:  # one at a time: a mistake in a paint event comes sixty times a second
            return
        self._shown = True
        box = show_error(
            self._window,
            "Something went wrong in the window",
            "Your document is safe and can be saved. Please send the details to the developers.",
            f"{text}\n\n{detail}",
        )
        box.finished.connect(lambda _: QTimer.singleShot(1000, self._ready))

    def _ready(self) -> None:
        self._shown = False


def ask(
    parent: QWidget | None, title: str, text: str, choices: tuple[str, ...], default: int = 0
) -> QMessageBox:
    """Opens a question and returns at once; ``chosen(box)`` tells the answer once it is finished.

    The last choice is what Esc gives.
    """
    box = QMessageBox(QMessageBox.Icon.Question, "Codef Nodes", title, parent=parent)
    box.setInformativeText(text)
    buttons: list[QPushButton] = []
    for place, choice in enumerate(choices):
        last = place == len(choices) - 1
        role = QMessageBox.ButtonRole.RejectRole if last else QMessageBox.ButtonRole.AcceptRole
        buttons.append(box.addButton(choice, role))
    box.setDefaultButton(buttons[default])
    box.setEscapeButton(buttons[-1])
    box.setObjectName("question")
    return box


def chosen(box: QMessageBox) -> str:
    """The text of the button that was clicked."""
    button = box.clickedButton()
    return "" if button is None else button.text()
