"""The bar at the viewer's left edge: the tools and the colour."""

from PySide6.QtCore import QPoint, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QButtonGroup, QFrame, QToolButton, QVBoxLayout, QWidget

from gui import theme
from gui.core.editor import Editor
from gui.masks.attach import attach as attach_masks
from gui.masks.attach import mask_button
from gui.paint.attach import attach
from gui.paint.brush import TOOLS
from gui.paint.inhand import tool_button
from gui.paint.painting import painting_of
from gui.pins.attach import attach as attach_pins
from gui.pins.attach import pin_button
from gui.properties.picker import ColourPicker
from gui.tracks.attach import attach as attach_tracks
from gui.tracks.attach import track_button

ACTIONS = {
    "select": "paint.select",
    "brush": "paint.brush",
    "clone": "paint.clone",
    "heal": "paint.heal",
    "blur": "paint.blur",
    "dodge": "paint.dodge",
}
"""The action whose key takes a tool first."""

_SIZE = 30


class PaintBar(QWidget):
    """One button for each tool, in families; a click on the tool in hand puts it away.

    Args:
        editor: The editor.
        parent: The owner.
    """

    def __init__(self, editor: Editor, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._editor = editor
        self.painting = painting_of(editor)
        self.buttons: dict[str, QToolButton] = {}
        self._group = QButtonGroup(self)
        self._group.setExclusive(False)
        column = QVBoxLayout(self)
        column.setContentsMargins(3, 4, 3, 4)
        column.setSpacing(1)
        family = TOOLS[0].family
        for tool in TOOLS:
            if tool.family != family:
                family = tool.family
                column.addWidget(_line())
            button = tool_button(tool.kind, _SIZE, self)
            button.clicked.connect(lambda on, kind=tool.kind: self._take(kind, on))
            self.buttons[tool.kind] = button
            self._group.addButton(button)
            column.addWidget(button)
        column.addWidget(_line())
        self.pins = pin_button(editor, _SIZE, self)
        column.addWidget(self.pins)
        self.masks = mask_button(editor, _SIZE, self)
        column.addWidget(self.masks)
        self.tracks = track_button(editor, _SIZE, self)
        column.addWidget(self.tracks)
        column.addWidget(_line())
        self.colour = ColourButton(editor, self)
        column.addWidget(self.colour, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addStretch(1)
        self.setFixedWidth(_SIZE + 6)
        self.painting.tool_changed.connect(self._refresh)
        editor.actions.changed.connect(self._tips)
        self._tips()
        self._refresh()
        attach(editor)
        attach_pins(editor)
        attach_masks(editor)
        attach_tracks(editor)

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """As narrow as a button."""
        return QSize(_SIZE + 6, super().sizeHint().height())

    def _take(self, kind: str, on: bool) -> None:
        self.painting.take(kind if on else "")

    def _refresh(self) -> None:
        for kind, button in self.buttons.items():
            button.setChecked(kind == self.painting.kind)

    def _tips(self) -> None:
        for tool in TOOLS:
            first = next(each.kind for each in TOOLS if each.family == tool.family)
            key = self._editor.actions.key_text(ACTIONS[first])
            again = "" if tool.kind == first else ", again"
            head = f"<b>{tool.title}</b>" + (f"  ({key}{again})" if key else "")
            self.buttons[tool.kind].setToolTip(f"{head}<br>{tool.help}")


class ColourButton(QWidget):
    """The brush's colour as the viewer shows it; a click opens the picker."""

    opened = Signal()

    def __init__(self, editor: Editor, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._painting = painting_of(editor)
        self.picker: ColourPicker | None = None
        self.setFixedSize(26, 26)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self._painting.colour_changed.connect(self._changed)
        self._changed()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """The colour within a light and a dark edge."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        swatch(painter, QRectF(self.rect()), self._painting.screen_colour())
        if max(self._painting.colour) > 1:
            bright(painter, QRectF(self.rect()))

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Opens the picker."""
        if event.button() == Qt.MouseButton.LeftButton:
            self.open()

    def open(self) -> ColourPicker:
        """Opens the picker beside the button."""
        painting = self._painting
        picker = ColourPicker(painting.view_colours(), self)
        picker.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        before = painting.colour
        for signal in (picker.changing, picker.committed):
            signal.connect(lambda colour: painting.set_colour(tuple(colour[:3])))
        picker.aborted.connect(lambda: painting.set_colour(before))
        picker.destroyed.connect(self._closed)
        picker.start(list(painting.colour))
        picker.move(self.mapToGlobal(QPoint(self.width() + 6, 0)))
        picker.show()
        self.picker = picker
        self.opened.emit()
        return picker

    def _closed(self) -> None:
        self.picker = None

    def _changed(self) -> None:
        red, green, blue = self._painting.colour
        self.setToolTip(
            f"Colour of the brush, scene-linear {red:.4g}, {green:.4g}, {blue:.4g}.<br>"
            "Click to pick one as the viewer shows it."
        )
        self.update()


def swatch(painter: QPainter, box: QRectF, colour: QColor) -> None:
    """A colour within a light and a dark edge."""
    painter.setPen(theme.colour(theme.LINE))
    painter.setBrush(theme.colour(theme.EDGE))
    painter.drawRoundedRect(box.adjusted(0.5, 0.5, -0.5, -0.5), theme.RADIUS, theme.RADIUS)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour)
    painter.drawRoundedRect(box.adjusted(2, 2, -2, -2), 2, 2)


def bright(painter: QPainter, box: QRectF) -> None:
    """A corner that says: brighter than 1, the screen cannot show how much."""
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(theme.colour(theme.ACCENT))
    corner = box.adjusted(2, 2, -2, -2).topRight()
    size = min(box.width() * 0.3, 8.0)
    painter.drawPolygon([corner, corner - _x(size), corner + _y(size)])


def _x(size: float) -> QPointF:
    return QPointF(size, 0)


def _y(size: float) -> QPointF:
    return QPointF(0, size)


def _line() -> QFrame:
    line = QFrame()
    line.setFixedHeight(1)
    line.setStyleSheet(f"background: {theme.RAISED}; margin: 0 3px;")
    return line
