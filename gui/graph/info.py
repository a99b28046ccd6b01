"""What there is to know about a node's result, asked from the worker and shown beside the node."""

from collections.abc import Mapping
from html import escape
from typing import Any

from PySide6.QtCore import QEvent, QObject, QPoint, Qt, QTimer
from PySide6.QtWidgets import QApplication, QLabel, QWidget

from gui import theme
from gui.core.editor import Editor
from gui.core.workers import Request, WorkerError


class InfoCard(QLabel):
    """A card over the graph; the next key or press anywhere takes it away.

    Args:
        editor: Whose worker is asked.
        parent: The view that it lies over.
    """

    def __init__(self, editor: Editor, parent: QWidget) -> None:
        super().__init__(parent)
        self._editor, self._view = editor, parent
        self._request: Request | None = None
        self._name = ""
        self.setTextFormat(Qt.TextFormat.RichText)
        self.setStyleSheet(
            f"background: #111111; color: {theme.TEXT}; border: 1px solid {theme.EDGE};"
            "border-radius: 4px; padding: 8px 10px;"
        )
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.hide()

    def ask(self, name: str, at: QPoint) -> None:
        """Asks about a node and opens beside it."""
        self.close_card()
        self._name = name
        link = None if self._editor.workers is None else self._editor.workers.view
        if link is None:
            self._say(at, table(name, {}, "the picture process is not running"))
        else:
            self._say(at, table(name, {}, "…"))
            self._request = link.request(
                "info",
                {"node": name, "frame": self._editor.clock.frame},
                done=lambda told: self._answer(name, at, told),
                failed=lambda error: self._fail(name, at, error),
                owner=self,
            )
        # The key that opened it is still on its way.
        QTimer.singleShot(0, self, self._watch)

    def close_card(self) -> None:
        """Takes the card away; an answer that is still to come is not wanted any more."""
        if self._request is not None:
            self._request.cancel()
            self._request = None
        application = QApplication.instance()
        if application is not None:
            application.removeEventFilter(self)
        self._name = ""
        self.hide()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """The next key, press or turn of the wheel closes the card, and does its own work."""
        if event.type() in (
            QEvent.Type.KeyPress,
            QEvent.Type.MouseButtonPress,
            QEvent.Type.Wheel,
            QEvent.Type.ShortcutOverride,
        ):
            self.close_card()
        return False

    def _watch(self) -> None:
        application = QApplication.instance()
        if application is not None and self.isVisible():
            application.installEventFilter(self)

    def _answer(self, name: str, at: QPoint, told: Mapping[str, Any]) -> None:
        if name == self._name:
            self._request = None
            self._say(at, table(name, told))

    def _fail(self, name: str, at: QPoint, error: WorkerError) -> None:
        if name == self._name:
            self._request = None
            self._say(at, table(name, {}, error.message, bad=True))

    def _say(self, at: QPoint, text: str) -> None:
        self.setText(text)
        self.setWordWrap(False)
        self.adjustSize()
        room = self._view.rect().bottomRight() - self.rect().bottomRight() - QPoint(4, 4)
        self.move(max(4, min(at.x(), room.x())), max(4, min(at.y(), room.y())))
        self.show()
        self.raise_()


def table(name: str, told: Mapping[str, Any], note: str = "", *, bad: bool = False) -> str:
    """The card as rich text.

    Args:
        name: The node.
        told: The worker's ``info``; empty: nothing yet.
        note: A sentence under the name.
        bad: The sentence is an error.
    """
    cells = "".join(
        f"<tr><td style='color: {theme.DIM}; padding-right: 12px'>{what}</td>"
        f"<td>{escape(value)}</td></tr>"
        for what, value in rows(told)
    )
    shown = ""
    if note:
        colour = theme.ERROR if bad else theme.DIM
        shown = f"<div style='color: {colour}'>{escape(note)}</div>"
    return f"<b>{escape(name)}</b>{shown}<table cellspacing='2'>{cells}</table>"


def rows(told: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What is known, for people: label and value; y counts from the bottom."""
    found: list[tuple[str, str]] = []
    if told.get("frames"):
        seconds = told.get("seconds")
        length = f"  ({seconds:.2f} s at {told.get('fps'):g} fps)" if seconds else ""
        found.append(("frames", f"{told['frames']}{length}"))
    size, data = told.get("format"), told.get("data")
    if size:
        found.append(("format", f"{size[0]} x {size[1]}"))
        if data and data != [0, 0, *size]:
            left, top, right, bottom = data
            found.append(("data", f"{left} {size[1] - bottom} to {right} {size[1] - top}"))
    for key, label in (("channels", "channels"), ("layers", "layers")):
        if told.get(key):
            found.append((label, ", ".join(map(str, told[key]))))
    for key, label in (("colour", "colour"), ("space", "space"), ("fit", "fit")):
        if told.get(key):
            found.append((label, str(told[key])))
    if told.get("bytes"):
        found.append(("memory", f"{told['bytes'] / 2**20:.1f} MiB a frame"))
    return found
