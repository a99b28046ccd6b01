"""The pin tool on the canvas of one viewer: a drag says where a point belongs."""

import itertools
import math
from typing import Any

from PySide6.QtCore import QPointF, Qt, QTimer
from PySide6.QtGui import QKeyEvent, QPainter

from gui.core.editor import Editor
from gui.core.streams import CANONICAL, FRAME
from gui.paint.events import PointerEvent
from gui.paint.inhand import CanvasTool
from gui.pins.edits import Place, new_pin, reaching, rounded, with_key
from gui.pins.marks import draw_pin, draw_way
from gui.pins.menu import open_menu
from gui.pins.pinning import Pinning, pinning_of
from gui.pins.places import PinPlaces, Shown
from gui.viewer.canvas import Canvas

NEAR = 11.0
"""Screen pixels within which a press takes a pin."""
_EVERY = 40
"""Milliseconds between two steps of a drag that the picture follows."""
_gestures = itertools.count()


class PinTool(CanvasTool):
    """Sets and drags pins on a canvas, whose ``tool`` it is while it is in hand.

    Args:
        editor: The editor.
        canvas: The viewer's canvas.
        slot: The viewer's slot, ``canonical`` or ``frame``.
    """

    def __init__(self, editor: Editor, canvas: Canvas, slot: str) -> None:
        self.pinning: Pinning = pinning_of(editor)
        super().__init__(self.pinning, editor, canvas, slot)
        self.places = PinPlaces(editor, self.pinning, slot, self)
        self._start: Place | None = None
        self._now: Place | None = None
        self._pin: dict[str, Any] | None = None
        self._gesture = ""
        self._asked = 0
        self._released = False
        self._hover: str | None = None
        self._pace = QTimer(self, singleShot=True, interval=_EVERY)
        self._pace.timeout.connect(self._write)
        self.places.changed.connect(canvas.update)
        editor.clock.frame_changed.connect(self._frame_changed)
        self._turned()

    # What the canvas calls.

    def press(self, event: PointerEvent) -> bool:
        """Takes a pin, or begins one; the right button opens the pin's menu."""
        held, place = event.modifiers(), event.position()
        if held & (Qt.KeyboardModifier.AltModifier | Qt.KeyboardModifier.ControlModifier):
            return False
        hit = self.hit(place)
        if event.button() == Qt.MouseButton.RightButton and hit is not None:
            self.pinning.select(str(hit.pin["name"]))
            open_menu(self.pinning, self.canvas, self.canvas.mapToGlobal(place.toPoint()))
            return True
        if event.button() != Qt.MouseButton.LeftButton:
            return False
        self._editor.project.end_gesture()
        self._gesture = f"pin:{next(_gestures)}"
        self._released = False
        self._start = self._now = self.spots.at(place)
        if hit is not None:
            self._pin = hit.pin
            # The pin keeps its distance from the pointer: a click alone moves nothing.
            self._start = self._now = hit.place
            self._grip = (
                (hit.place[0] - self.spots.at(place)[0]),
                (hit.place[1] - self.spots.at(place)[1]),
            )
            self.pinning.select(str(hit.pin["name"]))
        else:
            self._pin, self._grip = None, (0.0, 0.0)
            self._begin(self._start)
        self.canvas.update()
        return True

    def move(self, event: PointerEvent) -> bool:
        """Drags."""
        if self._start is None:
            hit = self.hit(event.position())
            name = None if hit is None else str(hit.pin["name"])
            if name != self._hover:
                self._hover = name
                self.canvas.setCursor(
                    Qt.CursorShape.CrossCursor if hit is None else Qt.CursorShape.SizeAllCursor
                )
                self.canvas.update()
            return False
        x, y = self.spots.at(event.position())
        self._now = x + self._grip[0], y + self._grip[1]
        if self._pin is not None and not self._pace.isActive():
            self._pace.start()
        self.canvas.update()
        return True

    def release(self, event: PointerEvent) -> bool:
        """Ends the drag: one step of undo."""
        if self._start is None or event.button() != Qt.MouseButton.LeftButton:
            return False
        self._pace.stop()
        self._released = True
        if self._pin is not None:
            self._finish()
        return True

    def key(self, event: QKeyEvent) -> bool:
        """Esc ends a drag; the other keys come through the table of actions."""
        return event.key() == Qt.Key.Key_Escape and self.abort()

    def paint(self, painter: QPainter) -> None:
        """Draws the pins over the picture."""
        if not self.pinning.on:
            return
        if self._start is not None and self._now is not None and self._start != self._now:
            draw_way(painter, self.spots.on(*self._start), self.spots.on(*self._now))
        dragged = None if self._pin is None else self._pin["name"]
        drawn = False
        for shown in self.places.shown():
            name = shown.pin.get("name")
            moving = name == dragged and self._start is not None and self._now is not None
            drawn = drawn or moving
            place = self._now if moving and self._now is not None else shown.place
            self._draw(painter, shown, place, keyed=shown.keyed or moving)
        if not drawn and self._start is not None and self._now is not None:
            draw_pin(painter, self.spots.on(*self._now), keyed=True, hard=True, selected=True)

    # Gestures.

    def hit(self, place: QPointF) -> Shown | None:
        """The pin at a place of the canvas; the nearest."""
        best: tuple[float, Shown] | None = None
        for shown in self.places.shown():
            if self.slot == CANONICAL and not shown.visible:
                continue
            there = self.spots.on(*shown.place)
            far = math.hypot(there.x() - place.x(), there.y() - place.y())
            if far <= NEAR and (best is None or far < best[0]):
                best = far, shown
        return None if best is None else best[1]

    def abort(self) -> bool:
        """Esc: the drag has not happened; returns whether there was one."""
        if self._start is None:
            return False
        self._pace.stop()
        self._asked += 1
        self._editor.project.abort_gesture(self._gesture)
        self._end()
        return True

    def _begin(self, start: Place) -> None:
        """A new pin: asks what the fit has at the place, and goes on when that is known."""
        home, workers, frame = self.pinning.home(), self._editor.workers, self._editor.clock.frame
        if home is None or workers is None:
            self._editor.say("Pins correct a fit: show a picture that comes through one.")
            self._end()
            return
        self._asked += 1
        asked = self._asked
        to = CANONICAL if self.slot == FRAME else FRAME
        node = home.fit if home.commands else home.node
        layer = None if self.slot == FRAME else self._editor.viewing.layer

        def done(answer: dict[str, Any]) -> None:
            if asked != self._asked or self._start is None:
                return
            there = float(answer["points"][0][0]), float(answer["points"][0][1])
            name = answer["names"][answer["layers"][0]]
            canonical, place = (there, start) if self.slot == FRAME else (start, there)
            segment = int(answer["segment"])
            self._pin = new_pin(self.pinning.pins(), name, canonical, frame, place, segment)
            self.pinning.select(self._pin["name"])
            if self._released:
                self._finish()
            else:
                self._write()

        def failed(error: Exception) -> None:
            if asked == self._asked:
                self._editor.say(str(error))
                self._end()

        args = {
            "node": node,
            "frame": frame,
            "layer": layer,
            "points": [list(start)],
            "to": to,
            "segment": self._segment(),
        }
        workers.view.request("map", args, done, failed)

    def _segment(self) -> int | None:
        """The segment of a long shot on whose still a new pin is: that of the frame, or shown."""
        stills = self._editor.viewing.stills
        return stills.at(self._editor.clock.frame) if self.slot == FRAME else stills.asked

    def _write(self) -> None:
        """The document follows the drag."""
        if self._pin is None or self._start is None or self._now is None:
            return
        moved = math.hypot(self._now[0] - self._start[0], self._now[1] - self._start[1])
        there = any(pin.get("name") == self._pin["name"] for pin in self.pinning.pins())
        if there and not moved and not self._pace.isActive() and not self._released:
            return
        if self.slot == FRAME:
            pin = with_key(self._pin, self._editor.clock.frame, self._now)
        else:
            pin = {**self._pin, "canonical": rounded(self._now)}
        self.pinning.put(reaching(pin, moved), self._gesture)

    def _finish(self) -> None:
        if self._now != self._start or not any(
            self._pin is not None and pin.get("name") == self._pin["name"]
            for pin in self.pinning.pins()
        ):
            self._write()
        self._editor.project.end_gesture()
        self._end()

    def _end(self) -> None:
        self._start = self._now = self._pin = None
        self.canvas.update()

    def _frame_changed(self, *_: object) -> None:
        if self._start is not None:
            self.abort()

    def _draw(self, painter: QPainter, shown: Shown, place: Place, *, keyed: bool) -> None:
        pin = shown.pin
        selected = pin.get("name") == self.pinning.selected
        radius = float(pin.get("radius", 64.0)) * self.spots.step if self.slot == FRAME else 0.0
        draw_pin(
            painter,
            self.spots.on(*place),
            keyed=keyed,
            hard=bool(pin.get("hard", True)),
            selected=selected,
            visible=shown.visible and bool(pin.get("enabled", True)),
            radius=radius if selected else 0.0,
            aspect=self.canvas.viewport.aspect,
            label=str(pin.get("name")) if selected or pin.get("name") == self._hover else "",
        )
