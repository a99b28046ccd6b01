"""The guided tour: bubbles that point at the panes. Two minutes, and it can be left at any time."""

from dataclasses import dataclass

from PySide6.QtCore import QEvent, QObject, QPoint, QRect, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QMainWindow,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from gui import theme
from gui.shell.docks import PaneDock

_WIDTH = 340
_AWAY = 14


@dataclass(frozen=True)
class Stop:
    """One bubble: the pane that it points at (empty: the whole window), heading, text."""

    pane: str
    title: str
    text: str


STOPS = (
    Stop(
        "",
        "A still you can paint on",
        "Codef Nodes turns a whole shot into one still, the canonical image. What you paint on it "
        "goes back into every frame. This tour takes two minutes; Esc leaves it.",
    ),
    Stop(
        "graph",
        "The node graph",
        "It reads from top to bottom: the plate, the fit, the still, your edit, and Propagate, "
        "which carries the edit into the frames. Tab makes a node, 1 looks at the selected one.",
    ),
    Stop(
        "fit",
        "Fit once",
        "The fit finds the still and how each frame bends it. Press Fit; a draft that you can "
        "paint on is there within seconds and gets better while you work.",
    ),
    Stop(
        "canonical",
        "The canonical viewer",
        "The still of the whole shot. Its grid and its coverage show which parts many frames see. "
        "Move the cursor here: a cross in the frame viewer shows the same place.",
    ),
    Stop(
        "paint",
        "Paint",
        "Press N over a viewer for the brush, Shift+drag for its size, N again to erase, C to "
        "clone or reveal. Strokes stay a list that you can edit, hide and reorder.",
    ),
    Stop(
        "frame",
        "The frame viewer",
        "The result at the current frame follows every stroke. W wipes it against the plate. "
        "R G B A show channels; gain and gamma turn red when they are not at rest.",
    ),
    Stop(
        "timeline",
        "Play it",
        "J K L and the arrows play and step. The thin bar shows the frames that are ready: in "
        "memory, on disk, and those of an older state. It never lies.",
    ),
    Stop(
        "properties",
        "Properties",
        "Double-click a node to open its knobs. Drag a label to scrub, Ctrl+click it to reset; "
        "every knob says in one sentence what it does when you rest the cursor on it.",
    ),
    Stop(
        "jobs",
        "Render",
        "F5 renders every Write node, F7 the selected ones, while you go on painting. F1 lists all "
        "keys. That is all: have fun.",
    ),
)


class Tour(QObject):
    """Leads through ``STOPS``."""

    ended = Signal()

    def __init__(self, window: QMainWindow, docks: dict[str, PaneDock]) -> None:
        super().__init__(window)
        self._window, self._docks = window, docks
        self._at = 0
        self._shown: list[PaneDock] = []
        self.overlay: _Overlay | None = None
        # Docks take their places a moment after they are raised.
        self._settle = QTimer(self, singleShot=True, interval=60)
        self._settle.timeout.connect(self._point)

    @property
    def running(self) -> bool:
        """Whether a bubble is shown."""
        return self.overlay is not None

    @property
    def at(self) -> int:
        """Number of the bubble, from 0."""
        return self._at

    def start(self) -> None:
        """Shows the first bubble."""
        self.end()
        self._at = 0
        self.overlay = _Overlay(self._window, self)
        self._window.installEventFilter(self)
        self._show()

    def next(self) -> None:
        """The next bubble; after the last the tour is over."""
        if self._at + 1 < len(STOPS):
            self._at += 1
            self._show()
        else:
            self.end()

    def back(self) -> None:
        """The bubble before."""
        if self._at > 0:
            self._at -= 1
            self._show()

    def end(self) -> None:
        """Leaves the tour; panes that it had to open are closed again."""
        if self.overlay is None:
            return
        self._window.removeEventFilter(self)
        overlay, self.overlay = self.overlay, None
        overlay.hide()
        overlay.deleteLater()
        for dock in self._shown:
            dock.hide()
        self._shown = []
        self.ended.emit()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """Follows the window's size."""
        if event.type() == QEvent.Type.Resize:
            self._settle.start()
        return False

    def _show(self) -> None:
        dock = self._docks.get(STOPS[self._at].pane)
        if dock is not None:
            if dock.isHidden():
                dock.show()
                self._shown.append(dock)
            dock.raise_()
        self._point()
        self._settle.start()

    def _point(self) -> None:
        if self.overlay is None:
            return
        stop = STOPS[self._at]
        dock = self._docks.get(stop.pane)
        target = QRect()
        if dock is not None and not dock.isFloating() and dock.isVisible():
            target = QRect(dock.mapTo(self._window, QPoint(0, 0)), dock.size())
        self.overlay.point(stop, self._at, target)


class _Overlay(QWidget):
    """Darkens the window except for the pane, with the bubble beside it."""

    def __init__(self, window: QMainWindow, tour: Tour) -> None:
        super().__init__(window)
        self._tour, self._window = tour, window
        self._target = QRect()
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setProperty("ownKeys", True)
        self.bubble = QWidget(self)
        self.bubble.setObjectName("bubble")
        self.bubble.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.bubble.setStyleSheet(
            f"#bubble {{ background: {theme.PANE}; border: 1px solid {theme.ACCENT};"
            f" border-radius: 6px; }}"
        )
        self.bubble.setFixedWidth(_WIDTH)
        column = QVBoxLayout(self.bubble)
        column.setContentsMargins(16, 14, 16, 12)
        column.setSpacing(8)
        self.title = QLabel()
        self.title.setFont(theme.font(12, bold=True))
        self.text = QLabel()
        self.text.setWordWrap(True)
        self.count = QLabel()
        self.count.setStyleSheet(f"color: {theme.DIM};")
        self.skip, self.back, self.next = (
            QPushButton("Skip"),
            QPushButton("Back"),
            QPushButton("Next"),
        )
        for button, does in (
            (self.skip, tour.end),
            (self.back, tour.back),
            (self.next, tour.next),
        ):
            button.clicked.connect(does)
            button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.next.setStyleSheet(f"border-color: {theme.ACCENT};")
        row = QHBoxLayout()
        row.setSpacing(6)
        row.addWidget(self.count)
        row.addStretch(1)
        for button in (self.skip, self.back, self.next):
            row.addWidget(button)
        column.addWidget(self.title)
        column.addWidget(self.text)
        column.addLayout(row)

    def point(self, stop: Stop, at: int, target: QRect) -> None:
        """Shows a bubble beside a rectangle of the window."""
        self._target = target
        self.setGeometry(0, 0, self._window.width(), self._window.height())
        self.title.setText(stop.title)
        self.text.setText(stop.text)
        self.count.setText(f"{at + 1} of {len(STOPS)}")
        self.back.setEnabled(at > 0)
        last = at + 1 == len(STOPS)
        self.next.setText("Done" if last else "Next")
        self.skip.setVisible(not last)
        layout = self.bubble.layout()
        if layout is not None:
            self.bubble.setFixedHeight(layout.heightForWidth(_WIDTH))
        self.bubble.move(self._place())
        self.show()
        self.raise_()
        self.setFocus()
        self.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Arrows, Return and Esc."""
        key = event.key()
        if key == Qt.Key.Key_Escape:
            self._tour.end()
        elif key in (Qt.Key.Key_Right, Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self._tour.next()
        elif key in (Qt.Key.Key_Left, Qt.Key.Key_Backspace):
            self._tour.back()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Shade, frame round the pane, arrow of the bubble."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        shade = QPainterPath()
        shade.addRect(QRectF(self.rect()))
        hole = QRectF(self._target)
        if not hole.isEmpty():
            shade.addRect(hole)  # odd-even: the pane stays bright
        painter.fillPath(shade, QColor(0, 0, 0, 140))
        if not hole.isEmpty():
            painter.setPen(QPen(QColor(theme.ACCENT), 2))
            painter.drawRect(hole.adjusted(1, 1, -1, -1))
        painter.end()

    def _place(self) -> QPoint:
        """Beside the pane where there is room, else inside it; the middle without a pane."""
        size, whole, target = self.bubble.size(), self.rect(), self._target
        centred = whole.center() - QPoint(size.width() // 2, size.height() // 2)
        if target.isEmpty():
            return centred
        x = target.center().x() - size.width() // 2
        y = target.center().y() - size.height() // 2
        places = (
            QPoint(target.right() + _AWAY, y),
            QPoint(target.left() - _AWAY - size.width(), y),
            QPoint(x, target.top() - _AWAY - size.height()),
            QPoint(x, target.bottom() + _AWAY),
        )
        room = whole.adjusted(8, 8, -8, -8)
        for place in places:
            inside = QRect(self._kept(place, room), size)
            if not inside.intersects(target):
                return inside.topLeft()
        return self._kept(QPoint(x, y), room)

    def _kept(self, place: QPoint, room: QRect) -> QPoint:
        size = self.bubble.size()
        return QPoint(
            min(max(place.x(), room.left()), room.right() - size.width()),
            min(max(place.y(), room.top()), room.bottom() - size.height()),
        )
