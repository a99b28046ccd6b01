"""Shows where a returned picture was put when its place had to be guessed."""

from typing import Any

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QLabel, QVBoxLayout, QWidget

from engine.errors import CodefError
from gui import theme
from gui.core.editor import Editor
from gui.roundtrip.trip import Arrival, trip_of
from gui.viewer.display import Look, show
from gui.viewer.views import default_view


class PlaceDialog(QDialog):
    """Asks whether a guessed place is right.

    Args:
        editor: The editor.
        arrival: What came back.
        parent: The window.
    """

    def __init__(self, editor: Editor, arrival: Arrival, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._editor, self._arrival = editor, arrival
        self.setWindowTitle("Is this the right place?")
        self.setWindowModality(Qt.WindowModality.WindowModal)
        answer = arrival.answer
        words = QLabel(
            f"{arrival.file.name} has another size than the export and says nowhere where it "
            f"belongs. It was put where it looks alike ({answer.get('how')}). Below is the "
            "canonical image with its change: is it right?"
        )
        words.setWordWrap(True)
        words.setTextFormat(Qt.TextFormat.PlainText)
        self.picture = _Shown(_image(editor, answer))
        advice = QLabel("Saved at the exported size, its place needs no guess.")
        advice.setStyleSheet(f"color: {theme.DIM};")
        buttons = QDialogButtonBox()
        self.use = buttons.addButton("Use it", QDialogButtonBox.ButtonRole.AcceptRole)
        self.leave = buttons.addButton("Leave it", QDialogButtonBox.ButtonRole.RejectRole)
        self.leave.setDefault(True)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.setContentsMargins(*(2 * theme.MARGIN,) * 4)
        column.setSpacing(theme.MARGIN + 4)
        column.addWidget(words)
        column.addWidget(self.picture, 1)
        column.addWidget(advice)
        column.addWidget(buttons)
        self.resize(640, 520)

    def accept(self) -> None:
        """Takes the edit."""
        trip_of(self._editor).accept(self._arrival)
        super().accept()


class _Shown(QWidget):
    """A picture as large as fits."""

    def __init__(self, image: QImage) -> None:
        super().__init__()
        self.image = image

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        return QSize(600, 380)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        painter = QPainter(self)
        painter.fillRect(self.rect(), theme.colour(theme.VIEWER))
        if not self.image.isNull():
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            size = self.image.size().scaled(self.size(), Qt.AspectRatioMode.KeepAspectRatio)
            target = QRectF(0, 0, size.width(), size.height())
            target.moveCenter(QRectF(self.rect()).center())
            painter.drawImage(target, self.image)
        painter.end()


def _image(editor: Editor, answer: dict[str, Any]) -> QImage:
    """The worker's picture for the screen; empty when it is gone."""
    workers = editor.workers
    if workers is None:
        return QImage()
    try:
        pixels = workers.jobs.open_picture(answer["picture"])
    except CodefError:
        return QImage()
    wanted = [str(editor.preferences.get(name) or "") for name in ("display", "view")]
    working = str(editor.project.document.settings["working_space"])
    codes = show(pixels, Look(default_view(*wanted), working))
    height, width = codes.shape
    buffer: Any = codes.data
    return QImage(buffer, width, height, width * 4, QImage.Format.Format_RGB32).copy()
