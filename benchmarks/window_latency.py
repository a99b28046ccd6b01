"""From a mouse event to pixels on the screen, in the real window: part of ``edit_latency``."""

import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QEvent, QEventLoop, QObject, QPointF, Qt, QTimer
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication, QWidget

from gui.app import make_application
from gui.core.preferences import Preferences
from gui.manual.album import Album
from gui.manual.hands import Hands
from gui.paint.painting import painting_of
from gui.viewer.canvas import Canvas

_LEFT, _NONE = Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton
_ALL = QEventLoop.ProcessEventsFlag.WaitForMoreEvents
_LONGEST = 2000  # ms: then a viewer has nothing to show of that event
Point = list[float]


class _Painted(QObject):
    """Notes when a canvas has drawn pixels that a stroke changed."""

    def __init__(self, canvas: Canvas) -> None:
        super().__init__(canvas)
        self.done = self._changed = False
        canvas.updated.connect(self._update)
        canvas.installEventFilter(self)

    def forget(self) -> None:
        """From now on counts what is new."""
        self.done = self._changed = False

    def _update(self, _: object) -> None:
        self._changed = True

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """The picture is drawn when ``processEvents`` returns after this."""
        if event.type() == QEvent.Type.Paint and self._changed:
            self.done = True
        return False


class Desk:
    """One window for all rows.

    Args:
        folder: Of preferences and documents.
    """

    def __init__(self, folder: Path) -> None:
        os.environ["CODEF_CONFIG"] = str(folder / "config")
        os.environ["CODEF_CACHE"] = str(folder / "cache")
        self._application = make_application(Preferences())
        self._folder = folder
        self._album = Album(folder / "pictures")
        self._late = QTimer(singleShot=True, interval=_LONGEST)
        self._painted = {s: _Painted(self.hands.canvas(s)) for s in ("canonical", "frame")}

    @property
    def hands(self) -> Hands:
        """The scripted artist."""
        return self._album.hands

    def close(self) -> None:
        """Ends the window and its processes."""
        self._album.close()

    def stroke(
        self,
        tree: dict[str, Any],
        frame: int,
        points: list[Point],
        size: float,
        show: Callable[[list[float], list[float]], dict[str, Any]],
    ) -> dict[str, Any]:
        """Draws a stroke of the brush; returns what ``show`` makes of the seconds.

        Args:
            tree: The document.
            frame: The frame that follows.
            points: In canonical pixels.
            size: Of the brush.
            show: Gets the seconds of the canonical image and of the frame.
        """
        document = self._folder / "shot.codef"
        document.write_text(json.dumps(tree), "utf-8")
        hands = self.hands
        hands.window.files.read(document)
        hands.editor.clock.set_frame(frame)
        self._album.layout("Paint")
        hands.wait(hands.settled, 120, "for both viewers")
        painting = painting_of(hands.editor)
        painting.take("brush")
        painting.set(size=size, hardness=0.4, opacity=0.7)
        canvas = hands.canvas("canonical")
        times: dict[str, list[float]] = {"canonical": [], "frame": []}
        self._send(canvas, QEvent.Type.MouseButtonPress, points[0])
        for point in points:
            for painted in self._painted.values():
                painted.forget()
            start = time.perf_counter()
            self._send(canvas, QEvent.Type.MouseMove, point)
            waiting = set(times)
            self._late.start()
            while waiting and self._late.isActive():
                # Sleeps between events, as the window does.
                self._application.processEvents(_ALL)
                for slot in [slot for slot in waiting if self._painted[slot].done]:
                    waiting.discard(slot)
                    times[slot].append(time.perf_counter() - start)
        for slot, seconds in times.items():
            if len(seconds) < len(points) / 2:
                raise SystemExit(f"the viewer {slot} does not follow; {'; '.join(hands.said[-3:])}")
        hands.key(canvas, Qt.Key.Key_Escape)
        self._send(canvas, QEvent.Type.MouseButtonRelease, points[-1])
        painting.take("")
        return show(times["canonical"], times["frame"])

    def _send(self, widget: QWidget, kind: QEvent.Type, point: Point) -> None:
        at = self.hands.canvas("canonical").point(point[0], point[1])
        button = _NONE if kind == QEvent.Type.MouseMove else _LEFT
        held = _NONE if kind == QEvent.Type.MouseButtonRelease else _LEFT
        place = QPointF(widget.mapToGlobal(at))
        event = QMouseEvent(kind, at, place, button, held, Qt.KeyboardModifier.NoModifier)
        QApplication.sendEvent(widget, event)
