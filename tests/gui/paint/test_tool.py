"""The tools on a real canvas, with real mouse, key and tablet events."""

from typing import Any

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QInputDevice, QPointingDevice, QTabletEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from codef_nodes.graph.commands import EditStrokes, SetDisabled, SetKnob
from engine.paint.stroke import stroke_from
from gui.core.editor import Editor
from gui.paint.painting import Painting
from gui.viewer.canvas import Canvas
from tests.gui.paint.conftest import canvas_for
from tests.gui.paint.graphs import shot, strokes

LEFT = Qt.MouseButton.LeftButton
NONE = Qt.KeyboardModifier.NoModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier
CTRL = Qt.KeyboardModifier.ControlModifier


def at(canvas: Canvas, x: float, y: float) -> QPoint:
    """A place of the picture on the canvas."""
    return canvas.point(x, y).toPoint()


def drag(
    canvas: Canvas,
    *places: tuple[float, float],
    held: Qt.KeyboardModifier = NONE,
    release: bool = True,
) -> None:
    """Presses, moves through places of the picture, releases."""
    QTest.mousePress(canvas, LEFT, held, at(canvas, *places[0]))
    for place in places[1:]:
        QTest.mouseMove(canvas, at(canvas, *place))
    if release:
        QTest.mouseRelease(canvas, LEFT, held, at(canvas, *places[-1]))


def stored(editor: Editor, node: str = "Paint1") -> list[dict[str, Any]]:
    return editor.project.document.knob_value(node, "strokes")


def near(point: list[float], x: float, y: float) -> bool:
    return abs(point[0] - x) <= 0.6 and abs(point[1] - y) <= 0.6


def test_a_brush_stroke_is_one_step_in_canonical_pixels(
    editor: Editor, canvas: Canvas, painting: Painting
) -> None:
    painting.take("brush")
    painting.set_colour((2.5, 0.1, -0.02))
    painting.set(size=12.0, hardness=0.8)
    before = len(editor.project.history.entries)
    drag(canvas, (40, 30), (60, 40), (90, 40))
    assert len(editor.project.history.entries) == before + 1
    (stroke,) = stored(editor)
    assert near(stroke["points"][0], 40, 30) and near(stroke["points"][-1], 90, 40)
    assert stroke["colour"] == [2.5, 0.1, -0.02]
    assert (stroke["size"], stroke["hardness"], stroke["lifetime"]) == (12.0, 0.8, "all")
    assert stroke_from(stroke).kind == "brush"
    assert painting.recent.colours[0] == (2.5, 0.1, -0.02)
    editor.project.undo()
    assert stored(editor) == []


def test_strokes_on_a_finer_canvas_are_measured_in_canonical_pixels(
    editor: Editor, canvas: Canvas, painting: Painting
) -> None:
    editor.project.do(SetKnob("Still", "scale", 2.0))
    painting.take("brush")
    drag(canvas, (40, 30), (80, 60))
    assert near(stored(editor)[0]["points"][-1], 40, 30)


def test_esc_during_a_stroke_leaves_no_trace(
    editor: Editor, canvas: Canvas, painting: Painting
) -> None:
    painting.take("brush")
    before = len(editor.project.history.entries)
    drag(canvas, (40, 30), (60, 40), release=False)
    QTest.keyClick(canvas, Qt.Key.Key_Escape)
    QTest.mouseRelease(canvas, LEFT, NONE, at(canvas, 60, 40))
    assert stored(editor) == [] and len(editor.project.history.entries) == before


def test_a_missing_paint_node_is_made_in_the_stroke_s_own_step(
    editor: Editor, application: QApplication, painting: Painting, said: list[str]
) -> None:
    shot(editor.project)
    canvas = canvas_for(editor, "canonical")
    painting.take("brush")
    before = len(editor.project.history.entries)
    drag(canvas, (40, 30), (60, 40), release=False)
    assert "Paint1" in editor.project.document
    QTest.keyClick(canvas, Qt.Key.Key_Escape)
    assert "Paint1" not in editor.project.document
    QTest.mouseRelease(canvas, LEFT, NONE, at(canvas, 60, 40))
    drag(canvas, (40, 30), (60, 40))
    assert len(editor.project.history.entries) == before + 1
    assert len(stored(editor)) == 1
    assert editor.project.document.wires("Carry", "edit") == ("Paint1",)
    assert any("Made Paint1 between Still and Carry" in text for text in said)
    assert editor.viewing.node("canonical") == "Paint1"
    editor.project.undo()
    assert "Paint1" not in editor.project.document
    assert editor.project.document.wires("Carry", "edit") == ("Still",)


def test_shift_drag_resizes_and_draws_nothing(
    editor: Editor, canvas: Canvas, painting: Painting
) -> None:
    painting.take("brush")
    painting.set(size=20.0)
    drag(canvas, (50, 50), (60, 50), (70, 50), held=SHIFT)
    assert painting.brush.size == pytest.approx(60.0, abs=1.5)
    assert stored(editor) == []
    drag(canvas, (50, 50), (60, 50), held=SHIFT, release=False)
    QTest.keyClick(canvas, Qt.Key.Key_Escape)
    assert painting.brush.size == pytest.approx(60.0, abs=1.5), "Esc takes the drag back"


def test_shift_click_draws_a_straight_line_from_the_last_stroke(
    editor: Editor, canvas: Canvas, painting: Painting, said: list[str]
) -> None:
    painting.take("brush")
    QTest.mouseClick(canvas, LEFT, SHIFT, at(canvas, 90, 90))
    assert stored(editor) == [] and "Draw a stroke first" in said[-1]
    drag(canvas, (40, 30), (60, 40))
    QTest.mouseClick(canvas, LEFT, SHIFT, at(canvas, 90, 90))
    _, second = stored(editor)
    assert len(second["points"]) == 2
    assert near(second["points"][0], 60, 40) and near(second["points"][1], 90, 90)


def test_ctrl_drag_sets_where_a_clone_copies_from(
    editor: Editor, canvas: Canvas, painting: Painting, said: list[str]
) -> None:
    painting.take("clone")
    drag(canvas, (50, 50), (60, 50))
    assert stored(editor) == [] and "hold Ctrl" in said[-1]
    drag(canvas, (20, 20), (30, 25), (50, 60), held=CTRL)
    assert painting.brush.offset == pytest.approx((-30, -40), abs=1)
    drag(canvas, (70, 70), (80, 70))
    assert stored(editor)[0]["offset"] == pytest.approx([-30, -40], abs=1)


def test_ctrl_click_sets_a_source_that_the_next_press_aligns(
    editor: Editor, canvas: Canvas, painting: Painting
) -> None:
    painting.take("heal")
    QTest.mouseClick(canvas, LEFT, CTRL, at(canvas, 20, 20))
    drag(canvas, (70, 90), (80, 90))
    assert stored(editor)[0]["offset"] == pytest.approx([-50, -70], abs=1)
    drag(canvas, (30, 30), (40, 30))
    assert stored(editor)[1]["offset"] == pytest.approx([-50, -70], abs=1), "it stays aligned"


def test_ctrl_click_with_a_brush_is_the_viewer_s_sampler(
    editor: Editor, canvas: Canvas, painting: Painting
) -> None:
    painting.take("brush")
    QTest.mouseClick(canvas, LEFT, CTRL, at(canvas, 20, 20))
    assert stored(editor) == [] and canvas.sample == (20, 20, 21, 21)


def test_without_a_tool_the_canvas_is_for_looking(
    editor: Editor, canvas: Canvas, painting: Painting
) -> None:
    drag(canvas, (40, 30), (60, 40))
    assert stored(editor) == [] and canvas.tool is None
    painting.take("brush")
    assert canvas.tool is not None
    drag(canvas, (40, 30), (60, 40), held=Qt.KeyboardModifier.AltModifier)
    assert stored(editor) == [], "Alt pans"


def test_reveal_on_the_still_names_its_frame(
    editor: Editor, canvas: Canvas, painting: Painting
) -> None:
    editor.clock.set_frame(1010)
    painting.take("reveal")
    painting.set(time=-4)
    drag(canvas, (40, 30), (60, 40))
    assert stored(editor)[0]["frame"] == 1006
    stroke_from(stored(editor)[0])


def test_every_tool_draws_a_stroke_that_the_engine_takes(
    editor: Editor, canvas: Canvas, painting: Painting
) -> None:
    for kind in ("brush", "erase", "clone", "reveal", "heal", "blur", "smear", "dodge", "burn"):
        painting.take(kind)
        if kind in ("clone", "heal"):
            painting.set(offset=(5.0, 5.0))
        drag(canvas, (40, 30), (60, 40))
    kinds = [stroke_from(stroke).kind for stroke in stored(editor)]
    assert kinds == ["brush", "erase", "clone", "reveal", "heal", "blur", "smear", "dodge", "burn"]


def test_a_disabled_paint_node_says_so(
    editor: Editor, canvas: Canvas, painting: Painting, said: list[str]
) -> None:
    editor.project.do(SetDisabled("Paint1"))
    painting.take("brush")
    drag(canvas, (40, 30), (60, 40))
    assert stored(editor) == [] and "disabled" in said[-1]


def test_select_clicks_moves_and_esc_takes_the_move_back(
    editor: Editor, canvas: Canvas, painting: Painting
) -> None:
    editor.project.do(EditStrokes("Paint1", None, 0, strokes(5)))
    painting.select("Paint1", ())
    painting.take("select")
    QTest.mouseClick(canvas, LEFT, NONE, at(canvas, 10, 20))
    assert painting.selected == (2,)
    QTest.mouseClick(canvas, LEFT, SHIFT, at(canvas, 10, 40))
    assert painting.selected == (2, 4)
    before = len(editor.project.history.entries)
    drag(canvas, (10, 20), (30, 30), (60, 70))
    assert len(editor.project.history.entries) == before + 1
    points = [stroke["points"][0] for stroke in stored(editor)]
    assert near(points[2], 50, 70) and near(points[4], 50, 90) and near(points[3], 0, 30)
    drag(canvas, (55, 70), (99, 99), release=False)
    QTest.keyClick(canvas, Qt.Key.Key_Escape)
    QTest.mouseRelease(canvas, LEFT, NONE, at(canvas, 99, 99))
    assert near(stored(editor)[2]["points"][0], 50, 70)
    QTest.mouseClick(canvas, LEFT, NONE, at(canvas, 180, 100))
    assert painting.selected == ()


# Pens.

PEN = QPointingDevice(
    "pen",
    1,
    QInputDevice.DeviceType.Stylus,
    QPointingDevice.PointerType.Pen,
    QInputDevice.Capability.Pressure,
    1,
    3,
)
ERASER = QPointingDevice(
    "eraser",
    2,
    QInputDevice.DeviceType.Stylus,
    QPointingDevice.PointerType.Eraser,
    QInputDevice.Capability.Pressure,
    1,
    3,
)


def pen(
    canvas: Canvas,
    kind: QEvent.Type,
    x: float,
    y: float,
    pressure: float,
    device: QPointingDevice = PEN,
    echo: bool = False,
) -> bool:
    """Sends a tablet event (and the mouse event that a system sends beside it)."""
    place = QPointF(at(canvas, x, y))
    down = LEFT if kind != QEvent.Type.TabletRelease else Qt.MouseButton.NoButton
    button = Qt.MouseButton.NoButton if kind == QEvent.Type.TabletMove else LEFT
    event = QTabletEvent(
        kind, device, place, place, pressure, 0, 0, 0.0, 0.0, 0, NONE, button, down
    )
    QApplication.sendEvent(canvas, event)
    if echo:
        spot = place.toPoint()
        if kind == QEvent.Type.TabletPress:
            QTest.mousePress(canvas, LEFT, NONE, spot)
        elif kind == QEvent.Type.TabletMove:
            QTest.mouseMove(canvas, spot)
        else:
            QTest.mouseRelease(canvas, LEFT, NONE, spot)
    return event.isAccepted()


@pytest.mark.parametrize("echo", [False, True])
def test_a_pen_stroke_has_its_pressures_and_no_double(
    editor: Editor, canvas: Canvas, painting: Painting, echo: bool
) -> None:
    painting.take("brush")
    press, move, release = (
        QEvent.Type.TabletPress,
        QEvent.Type.TabletMove,
        QEvent.Type.TabletRelease,
    )
    assert pen(canvas, press, 40, 30, 0.2, echo=echo)
    assert pen(canvas, move, 60, 30, 0.6, echo=echo)
    assert pen(canvas, move, 80, 30, 0.9, echo=echo)
    assert pen(canvas, release, 80, 30, 0.0, echo=echo)
    (stroke,) = stored(editor)
    assert [point[2] for point in stroke["points"]] == pytest.approx([0.2, 0.6, 0.9], abs=1e-3)


def test_the_pen_s_other_end_erases(editor: Editor, canvas: Canvas, painting: Painting) -> None:
    painting.take("brush")
    pen(canvas, QEvent.Type.TabletPress, 40, 30, 0.5, ERASER)
    pen(canvas, QEvent.Type.TabletMove, 60, 30, 0.5, ERASER)
    pen(canvas, QEvent.Type.TabletRelease, 60, 30, 0.0, ERASER)
    assert stored(editor)[0]["kind"] == "erase"
    assert painting.kind == "brush"


def test_a_pen_event_without_a_tool_is_left_to_become_a_mouse_event(canvas: Canvas) -> None:
    assert not pen(canvas, QEvent.Type.TabletPress, 40, 30, 0.5)
