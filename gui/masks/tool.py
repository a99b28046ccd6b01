"""The mask tool on the canvas of the frame viewer."""

import itertools
import math
from typing import Any

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QGuiApplication, QKeyEvent, QPainter
from PySide6.QtWidgets import QMenu

from engine.errors import UsageError
from gui.core.editor import Editor
from gui.masks.edits import (
    DRAWN,
    ROUGH,
    Place,
    starts,
    with_key,
    with_rectangle,
    with_scribble,
    with_shape,
)
from gui.masks.marks import draw_rectangle, draw_scribble, draw_shape
from gui.masks.masking import Masking, masking_of
from gui.paint.events import PointerEvent
from gui.paint.inhand import CanvasTool
from gui.viewer.canvas import Canvas

NEAR = 9.0
"""Screen pixels within which a press takes a point."""
WIDTH = 5.0
"""Half width of a scribble on the screen: what is drawn closer is thinner."""
_gestures = itertools.count()


class MaskTool(CanvasTool):
    """Draws marks and shapes on a canvas, whose ``tool`` it is while it is in hand.

    Args:
        editor: The editor.
        canvas: The viewer's canvas.
        slot: The viewer's slot.
    """

    def __init__(self, editor: Editor, canvas: Canvas, slot: str) -> None:
        self.masking: Masking = masking_of(editor)
        super().__init__(self.masking, editor, canvas, slot)
        self._line: list[Place] = []
        self._inside = True
        self._box = False
        #: Points of the shape that is being drawn: x, y and both handles.
        self._drawing: list[list[float]] = []
        self._pulling = False
        #: Shape, point and part (0 point, 2 and 4 handles) that a drag moves.
        self._grip: tuple[str, int, int] | None = None
        self._held: list[list[float]] = []
        self._gesture = ""
        self._turned()

    # What the canvas calls.

    def press(self, event: PointerEvent) -> bool:
        """Begins a mark or a point, or takes one; the right button opens the menu."""
        held, place = event.modifiers(), event.position()
        if held & (Qt.KeyboardModifier.AltModifier | Qt.KeyboardModifier.ControlModifier):
            return False
        if event.button() == Qt.MouseButton.RightButton:
            self.menu().popup(self.canvas.mapToGlobal(place.toPoint()))
            return True
        if event.button() != Qt.MouseButton.LeftButton:
            return False
        home = self.masking.home()
        if home is None:
            self._editor.say("Masks are drawn over a clip: show one in the frame viewer.")
            return True
        at = self.spots.at(place)
        if self.masking.type == ROUGH:
            self._line = [at]
            self._inside = not held & Qt.KeyboardModifier.ShiftModifier
            self._box = self.masking.rectangle or (
                self._inside and starts(self._editor.project.document, home)
            )
        else:
            self._press_shape(place, at)
        self.canvas.update()
        return True

    def move(self, event: PointerEvent) -> bool:
        """Draws on."""
        at = self.spots.at(event.position())
        if self._line:
            far = math.dist(at, self._line[-1]) * self.spots.step
            if self._box:
                self._line = [self._line[0], at]
            elif far >= 2:
                self._line.append(at)
        elif self._pulling and self._drawing:
            point = self._drawing[-1]
            x, y = at[0] - point[0], at[1] - point[1]
            if math.hypot(x, y) * self.spots.step > 3:
                point[2:] = [-x, -y, x, y]
        elif self._grip is not None:
            self._drag(at)
        else:
            return False
        self.canvas.update()
        return True

    def release(self, event: PointerEvent) -> bool:
        """Ends a mark or a drag: one step of undo."""
        if event.button() != Qt.MouseButton.LeftButton:
            return False
        was = bool(self._line) or self._pulling or self._grip is not None
        if self._line:
            self._finish_mark()
        self._pulling = False
        if self._grip is not None:
            self._grip = None
            self._editor.project.end_gesture()
        self.canvas.update()
        return was

    def key(self, event: QKeyEvent) -> bool:
        """Esc gives up what is being drawn, Enter closes a shape."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and len(self._drawing) >= 3:
            self._close()
            return True
        return event.key() == Qt.Key.Key_Escape and self.abort()

    def abort(self) -> bool:
        """Esc: what is being drawn has not happened; returns whether there was something."""
        was = bool(self._line or self._drawing) or self._grip is not None
        if self._grip is not None:
            self._editor.project.abort_gesture(self._gesture)
        self._line, self._drawing, self._grip = [], [], None
        self._pulling = self.masking.rectangle = False
        self.canvas.update()
        return was

    def paint(self, painter: QPainter) -> None:
        """Draws the marks or the shapes of this frame over the picture."""
        if not self.masking.on:
            return
        if self.masking.type == ROUGH:
            self._paint_marks(painter)
        else:
            for name in self.masking.value():
                self._paint_shape(painter, name)
            self._outline(painter, self._drawing, closed=False, selected=True, keyed=True)

    def menu(self) -> QMenu:
        """What a right click offers."""
        menu = QMenu(self.canvas)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        masking = self.masking
        for kind, title in ((ROUGH, "Rough mask"), (DRAWN, "Shapes")):
            entry = menu.addAction(title)
            entry.setCheckable(True)
            entry.setChecked(masking.type == kind)
            entry.triggered.connect(lambda _=False, kind=kind: masking.use(kind))
        menu.addSeparator()
        if masking.type == ROUGH:
            menu.addAction("Draw a rectangle").triggered.connect(masking.next_rectangle)
            clear = menu.addAction("Clear the marks of this frame")
            clear.setEnabled(str(self._editor.clock.frame) in masking.value())
            clear.triggered.connect(masking.clear_frame)
        else:
            remove = menu.addAction("Delete the shape\tDel")
            remove.setEnabled(masking.selected in masking.value())
            remove.triggered.connect(masking.remove)
            unkey = menu.addAction("Delete its key of this frame")
            keys = dict(masking.value().get(masking.selected or "", {})).get("keys", {})
            unkey.setEnabled(str(self._editor.clock.frame) in keys and len(keys) > 1)
            unkey.triggered.connect(masking.remove_key)
            follow = menu.addMenu("Track it through the shot")
            follow.setEnabled(masking.selected in masking.value())
            for every, title in ((1, "A key in every frame"), (5, "A key in every 5th frame")):
                entry = follow.addAction(title)
                entry.triggered.connect(lambda _=False, every=every: masking.follow(every))
            copy = menu.addAction("Copy the shapes for Nuke's Script Editor")
            copy.setEnabled(bool(masking.value()))
            copy.triggered.connect(self._copy_for_nuke)
        menu.addSeparator()
        group = menu.addAction("Use as a group of the fit")
        group.setEnabled(bool(masking.value()))
        group.triggered.connect(masking.group)
        return menu

    # Rough marks.

    def _finish_mark(self) -> None:
        line, frame = self._line, self._editor.clock.frame
        self._line = []
        marks = self.masking.value()
        if self._box:
            if math.dist(line[0], line[-1]) * self.spots.step < 4:
                return  # a click is no rectangle
            self.masking.rectangle = False
            marks = with_rectangle(marks, frame, line[0], line[-1])
            self.masking.put(marks, "Rectangle around the object")
            return
        radius = WIDTH / max(self.spots.step, 1e-6)
        marks = with_scribble(marks, frame, line, self._inside, radius)
        self.masking.put(marks, "Mark inside" if self._inside else "Mark outside")

    def _paint_marks(self, painter: QPainter) -> None:
        said = self.masking.value().get(str(self._editor.clock.frame), {})
        if "rectangle" in said:
            left, top, right, bottom = said["rectangle"]
            draw_rectangle(painter, self.spots.on(left, top), self.spots.on(right, bottom))
        for line in said.get("scribbles", []):
            points = self.spots.line((float(x), float(y)) for x, y in line["points"])
            radius = float(line.get("radius", 4.0)) * self.spots.step
            draw_scribble(painter, points, bool(line.get("inside", True)), radius)
        if not self._line:
            return
        points = self.spots.line(self._line)
        if self._box:
            draw_rectangle(painter, points[0], points[-1])
        else:
            draw_scribble(painter, points, self._inside, WIDTH)

    # Shapes.

    def _press_shape(self, place: QPointF, at: Place) -> None:
        if self._drawing:
            first = self.spots.on(self._drawing[0][0], self._drawing[0][1])
            if len(self._drawing) >= 3 and _apart(first, place) <= NEAR:
                self._close()
                return
        else:
            hit = self._hit(place)
            if hit is not None:
                self.masking.select(hit[0])
                self._grip = hit
                self._held = self._points(hit[0])
                self._gesture = f"shape:{next(_gestures)}"
                return
        self._drawing.append([at[0], at[1], 0.0, 0.0, 0.0, 0.0])
        self._pulling = True

    def _close(self) -> None:
        points, self._drawing = self._drawing, []
        self._pulling = False
        shapes, name = with_shape(self.masking.value(), self._editor.clock.frame, points)
        if self.masking.put(shapes, f"Draw {name}"):
            self.masking.select(name)

    def _hit(self, place: QPointF) -> tuple[str, int, int] | None:
        best: tuple[float, tuple[str, int, int]] | None = None
        for name in self.masking.value():
            parts = (0, 2, 4) if name == self.masking.selected else (0,)
            for index, point in enumerate(self._points(name)):
                for part in parts:
                    there = _part(point, part)
                    if part and there == (point[0], point[1]):
                        continue
                    far = _apart(self.spots.on(*there), place)
                    if far <= NEAR and (best is None or far < best[0]):
                        best = far, (name, index, part)
        return None if best is None else best[1]

    def _drag(self, at: Place) -> None:
        if self._grip is None:
            return
        name, index, part = self._grip
        points = [list(point) for point in self._held]
        point = points[index]
        if part == 0:
            point[0], point[1] = at
        else:
            x, y = at[0] - point[0], at[1] - point[1]
            point[part], point[part + 1] = x, y
            other = 6 - part
            long = math.hypot(point[other], point[other + 1])
            turn = math.hypot(x, y)
            if long > 0 and turn > 0:
                point[other], point[other + 1] = -x / turn * long, -y / turn * long
        shapes = with_key(self.masking.value(), name, self._editor.clock.frame, points)
        self.masking.put(shapes, "", self._gesture)

    def _points(self, name: str) -> list[list[float]]:
        """A shape's points in the current frame; empty when it cannot be read."""
        from engine.masks.shapes import shape_from_json

        try:
            shape = shape_from_json(self.masking.value()[name])
        except UsageError:
            return []
        found: list[list[float]] = shape.at(self._editor.clock.frame).points.tolist()
        return found

    def _paint_shape(self, painter: QPainter, name: str) -> None:
        keys: Any = self.masking.value()[name]
        keyed = isinstance(keys, dict) and str(self._editor.clock.frame) in keys.get("keys", {})
        selected = name == self.masking.selected
        self._outline(painter, self._points(name), closed=True, selected=selected, keyed=keyed)

    def _outline(
        self,
        painter: QPainter,
        points: list[list[float]],
        *,
        closed: bool,
        selected: bool,
        keyed: bool,
    ) -> None:
        spots = [
            tuple(self.spots.on(*_part(point, part)) for part in (0, 2, 4)) for point in points
        ]
        outline = [(at, before, after) for at, before, after in spots]
        draw_shape(painter, outline, closed=closed, selected=selected, keyed=keyed)

    def _copy_for_nuke(self) -> None:
        """A script on the clipboard that makes a Roto node of the shapes."""
        from engine.io.nukeroto import roto_script
        from engine.masks.shapes import shape_from_json

        picture, home = self.canvas.format, self.masking.home()
        if picture is None or home is None:
            return
        try:
            shapes = [
                shape_from_json({"name": name, **dict(said)})
                for name, said in self.masking.value().items()
            ]
        except UsageError as error:
            self._editor.say(error.message)
            return
        height = round(picture[3] - picture[1])
        QGuiApplication.clipboard().setText(roto_script(shapes, height, home.node))
        self._editor.say("Copied: paste it into Nuke's Script Editor and run it for a Roto node.")


def _apart(first: QPointF, second: QPointF) -> float:
    return math.hypot(first.x() - second.x(), first.y() - second.y())


def _part(point: list[float], part: int) -> Place:
    """A point (0), or the end of its handle before (2) or after (4)."""
    if part == 0:
        return point[0], point[1]
    return point[0] + point[part], point[1] + point[part + 1]
