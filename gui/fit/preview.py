"""The canonical image of a fit, small, as it gets better."""

from typing import Any

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, QTimer
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from gui import theme
from gui.core.editor import Editor
from gui.core.framecache import ViewKey
from gui.viewer.canvasdrawing import label
from gui.viewer.display import Look
from gui.viewer.fetch import Fetcher, Want
from gui.viewer.viewframe import ViewFrame
from gui.viewer.views import default_view

_SLOT = "fit.preview"
_SCALES = (1, 2, 4, 8)
_AGAIN_MS = 60


class FitPreview(QWidget):
    """Shows the still of a fit's layer; asks the view worker, which has the newest draft.

    Args:
        editor: The editor.

    Attributes:
        frame: The picture that is shown, or None.
        message: What is said instead of a picture.
        badge: A few words over the picture.
        hint: What is said while there is neither a picture nor a message.
    """

    def __init__(self, editor: Editor) -> None:
        super().__init__()
        self._editor = editor
        self._node: str | None = None
        self._layer: str | None = None
        self._look: Look | None = None
        self._width = 0
        self.frame: ViewFrame | None = None
        self.message = ""
        self.badge = ""
        self.hint = ""
        self._fetcher = Fetcher(editor, self)
        self._fetcher.ready.connect(self._ready)
        self._fetcher.failed.connect(self._failed)
        self._fetcher.lost.connect(self.refresh)
        self._timer = QTimer(self, singleShot=True, interval=_AGAIN_MS)
        self._timer.timeout.connect(self._ask)
        self.setMinimumHeight(90)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def show_node(self, node: str | None, layer: str | None = None) -> None:
        """Shows another fit, or another layer."""
        if (node, layer) == (self._node, self._layer):
            return
        self._node, self._layer = node, layer
        self.frame, self.message, self._width = None, "", 0
        self._fetcher.cancel()
        self.update()
        self.refresh()

    def refresh(self, *_: object) -> None:
        """Asks for the picture again, soon."""
        self._timer.start()

    def set_badge(self, text: str) -> None:
        """Puts a few words over the picture."""
        if text != self.badge:
            self.badge = text
            self.update()

    def set_hint(self, text: str) -> None:
        """Says what to do while there is no picture."""
        if text != self.hint:
            self.hint = text
            self.update()

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """A wide picture."""
        return QSize(280, 160)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """A larger pane wants a finer picture."""
        if self._width and self._scale() != (self.frame.scale if self.frame else 0):
            self.refresh()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Draws the picture in the middle, or says why there is none."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), theme.colour(theme.VIEWER))
        if self.frame is not None:
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            painter.drawImage(self._target(self.frame), self.frame.image)
            if self.badge:
                place = QPointF(theme.GAP + 2, self.height() - 2 * theme.MARGIN - 8)
                label(painter, place, self.badge, theme.colour(theme.TEXT))
        elif self.message or self.hint:
            painter.setPen(theme.colour(theme.DIM))
            inside = self.rect().adjusted(12, 8, -12, -8)
            flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(inside, int(flags), self.message or self.hint)
        painter.end()

    def _target(self, frame: ViewFrame) -> QRectF:
        """Where the whole picture fits, pixel aspect honoured."""
        width = frame.image.width() * frame.cached.aspect
        height = frame.image.height()
        factor = min(self.width() / max(width, 1), self.height() / max(height, 1))
        target = QRectF(0, 0, width * factor, height * factor)
        target.moveCenter(QRectF(self.rect()).center())
        return target

    def _scale(self) -> int:
        """The coarsest scale that still has a pixel for each of the screen's."""
        if not self._width:
            return 4
        have = self.width() * self.devicePixelRatioF()
        return max((each for each in _SCALES if self._width / each >= have), default=1)

    def _ask(self) -> None:
        node = self._node
        if node is None or node not in self._editor.project.document or not self.isVisible():
            return
        key = ViewKey(node, self._layer, scale=self._scale(), look=self._seen_through())
        self._fetcher.ask(Want(_SLOT, key, None, self._editor.viewing.signature(node)))

    def _seen_through(self) -> Look:
        preferences = self._editor.preferences
        working = str(self._editor.project.document.settings["working_space"])
        if self._look is None or self._look.working != working:
            wanted = [str(preferences.get(name) or "") for name in ("display", "view")]
            self._look = Look(default_view(*wanted), working)
        return self._look

    def _ready(self, want: Want, frame: ViewFrame) -> None:
        if want.key.node != self._node:
            return
        self.frame, self.message = frame, ""
        first, self._width = not self._width, frame.data[2] - frame.data[0]
        self.update()
        if first and self._scale() != frame.scale:
            self.refresh()

    def _failed(self, want: Want, error: Any) -> None:
        if want.key.node != self._node:
            return
        # That there is no fit yet is no trouble here: the hint says what to do.
        fitted = self._editor.project.document.state(want.key.node).field is not None
        self.message = str(error) if fitted else ""
        self.frame = None
        self.update()

    def showEvent(self, event: object) -> None:  # noqa: N802 - Qt's name
        """A pane that comes into view asks for what it did not while it was hidden."""
        self.refresh()
