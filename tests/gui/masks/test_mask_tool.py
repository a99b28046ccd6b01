"""The mask tool: rectangles, scribbles and shapes by hand, with undo."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from codef_nodes.graph.commands import AddNode, Connect, Group
from engine.masks.rough import rough_from_json
from engine.masks.shapes import shape_from_json
from gui.core.editor import Editor
from gui.masks.edits import home_of
from gui.masks.masking import Masking, masking_of
from gui.masks.tool import MaskTool
from gui.paint.painting import painting_of
from gui.viewer.canvas import Canvas
from tests.gui.paint.conftest import pixel, shown_canvas

LEFT, NONE = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def canvas(editor: Editor, application: QApplication) -> Iterator[Canvas]:
    """The frame viewer's canvas at two screen pixels for each picture pixel, over a clip."""
    assert editor.project.do(
        Group(
            [
                AddNode("LoadSequence", "Clip"),
                AddNode("Dot", "Bend"),
                Connect("Clip", "Bend", "input"),
            ]
        )
    )
    editor.viewing.show("Clip", "frame")
    editor.clock.set_frame(7)
    made = shown_canvas()
    MaskTool(editor, made, "frame")
    application.processEvents()
    yield made
    made.close()


@pytest.fixture
def masking(editor: Editor, canvas: Canvas) -> Masking:
    found = masking_of(editor)
    found.take(True)
    return found


def drag(canvas: Canvas, *places: tuple[float, float], held: Any = NONE) -> None:
    spots = [pixel(canvas, place) for place in places]
    QTest.mousePress(canvas, LEFT, held, spots[0])
    for spot in spots[1:]:
        QTest.mouseMove(canvas, spot)
    QTest.mouseRelease(canvas, LEFT, held, spots[-1])


def click(canvas: Canvas, place: tuple[float, float]) -> None:
    QTest.mouseClick(canvas, LEFT, NONE, pixel(canvas, place))


def marks(editor: Editor) -> Any:
    return editor.project.document.state("RoughMask1").knobs.get("marks")


def test_the_first_drag_is_a_rectangle_and_makes_the_node(
    editor: Editor, canvas: Canvas, masking: Masking
) -> None:
    drag(canvas, (60, 30), (100, 60), (120, 90))
    said = rough_from_json(marks(editor)["7"])
    assert said.rectangle == pytest.approx((60, 30, 120, 90), abs=0.6)
    assert "Clip" in list(editor.project.document.sources("RoughMask1"))
    assert editor.project.history.undo_title == "Rectangle around the object"
    editor.project.undo()
    assert "RoughMask1" not in editor.project.document


def test_then_drags_scribble_and_shift_marks_the_background(
    editor: Editor, canvas: Canvas, masking: Masking
) -> None:
    drag(canvas, (60, 30), (120, 90))
    drag(canvas, (70, 60), (90, 60), (110, 62))
    drag(canvas, (20, 20), (40, 25), held=SHIFT)
    said = rough_from_json(marks(editor)["7"])
    assert [line.inside for line in said.scribbles] == [True, False]
    assert said.scribbles[0].points[0] == pytest.approx((70, 60), abs=0.6)
    assert said.scribbles[0].radius == pytest.approx(2.5, abs=0.1)
    editor.project.undo()
    assert len(rough_from_json(marks(editor)["7"]).scribbles) == 1


def test_marks_belong_to_their_frame_and_can_be_cleared(
    editor: Editor, canvas: Canvas, masking: Masking
) -> None:
    drag(canvas, (60, 30), (120, 90))
    editor.clock.set_frame(12)
    drag(canvas, (70, 60), (110, 62))
    assert sorted(marks(editor)) == ["12", "7"]
    masking.next_rectangle()
    drag(canvas, (50, 20), (90, 80))
    assert "rectangle" in marks(editor)["12"]
    assert masking.clear_frame()
    assert sorted(marks(editor)) == ["7"]


def test_a_click_is_no_rectangle_and_esc_takes_a_drag_back(
    editor: Editor, canvas: Canvas, masking: Masking
) -> None:
    click(canvas, (60, 60))
    assert "RoughMask1" not in editor.project.document
    QTest.mousePress(canvas, LEFT, NONE, pixel(canvas, (60, 30)))
    QTest.mouseMove(canvas, pixel(canvas, (90, 60)))
    QTest.keyClick(canvas, Qt.Key.Key_Escape)
    QTest.mouseRelease(canvas, LEFT, NONE, pixel(canvas, (90, 60)))
    assert "RoughMask1" not in editor.project.document


def test_clicks_and_a_drag_draw_a_shape_that_closes_on_its_first_point(
    editor: Editor, canvas: Canvas, masking: Masking
) -> None:
    masking.use("DrawMask")
    click(canvas, (40, 30))
    drag(canvas, (120, 30), (130, 40))
    click(canvas, (100, 90))
    assert "DrawMask1" not in editor.project.document
    click(canvas, (40, 30))
    shapes: Any = editor.project.document.state("DrawMask1").knobs["shapes"]
    shape = shape_from_json(shapes["shape 1"])
    points = shape.keys[7].points
    for point, place in zip(points, ((40, 30), (120, 30), (100, 90)), strict=True):
        assert point[:2] == pytest.approx(place, abs=0.6)
    assert points[1, 4:] == pytest.approx([10, 10], abs=0.6)
    assert points[1, 2:4] == pytest.approx([-10, -10], abs=0.6)
    assert masking.selected == "shape 1"


def test_dragging_a_point_in_another_frame_keys_it_in_one_step_of_undo(
    editor: Editor, canvas: Canvas, masking: Masking
) -> None:
    masking.use("DrawMask")
    for place in ((40, 30), (120, 30), (100, 90), (40, 30)):
        click(canvas, place)
    editor.clock.set_frame(17)
    drag(canvas, (120, 30), (125, 35), (130, 40), (140, 50))

    def shape() -> Any:
        stored: Any = editor.project.document.state("DrawMask1").knobs["shapes"]
        return shape_from_json(stored["shape 1"])

    assert sorted(shape().keys) == [7, 17]
    assert shape().at(17).points[1, :2] == pytest.approx([140, 50], abs=0.6)
    assert shape().at(12).points[1, :2] == pytest.approx([130, 40], abs=0.6)
    assert shape().at(7).points[1, :2] == pytest.approx([120, 30], abs=0.6)
    editor.project.undo()
    assert sorted(shape().keys) == [7]
    assert masking.remove()
    assert not editor.project.document.state("DrawMask1").knobs.get("shapes")


def test_the_key_goes_from_rough_masks_to_shapes_and_away(editor: Editor, canvas: Canvas) -> None:
    found = masking_of(editor)
    found.toggle()
    assert (found.on, found.type) == (True, "RoughMask")
    assert isinstance(canvas.tool, MaskTool)
    found.toggle()
    assert (found.on, found.type) == (True, "DrawMask")
    found.toggle()
    assert not found.on
    assert canvas.tool is None


def test_other_tools_put_it_away(editor: Editor, canvas: Canvas, masking: Masking) -> None:
    painting_of(editor).take("brush")
    assert not masking.on


def test_a_selected_node_takes_the_marks(editor: Editor, canvas: Canvas) -> None:
    editor.project.do(
        Group(
            [
                AddNode("RoughMask", "Hero"),
                Connect("Clip", "Hero", "source"),
                AddNode("RoughMask", "Prop"),
            ]
        )
    )
    document = editor.project.document
    found = home_of(document, "Clip", ["Prop"], "RoughMask")
    assert found is not None and found.node == "Prop"
    found = home_of(document, "Clip", [], "RoughMask")
    assert found is not None and (found.node, found.commands) == ("Hero", ())
    assert home_of(document, None, [], "RoughMask") is None


def test_what_is_drawn_is_seen(
    editor: Editor, canvas: Canvas, masking: Masking, tmp_path: Path
) -> None:
    before = canvas.grab().toImage()
    drag(canvas, (60, 30), (120, 90))
    drag(canvas, (70, 60), (110, 62))
    canvas.grab().save(str(tmp_path / "marks.png"))
    after = canvas.grab().toImage()
    place = pixel(canvas, (90, 61))
    assert after.pixelColor(place).green() > before.pixelColor(place).green() + 20
    masking.take(False)
    gone = canvas.grab().toImage()
    assert gone.pixelColor(place) == before.pixelColor(place)


def test_a_mask_that_makes_its_node_says_so_and_asks_to_show_it(
    editor: Editor, canvas: Canvas, masking: Masking
) -> None:
    made: list[str] = []
    said: list[str] = []
    editor.node_made.connect(made.append)
    editor.status.connect(said.append)
    drag(canvas, (60, 30), (100, 60), (120, 90))
    assert made == ["RoughMask1"]
    assert "RoughMask1" in said[-1]
    drag(canvas, (70, 60), (90, 60), (110, 62))
    assert made == ["RoughMask1"]


def test_a_mask_becomes_a_group_of_the_fit_of_its_clip(
    editor: Editor, canvas: Canvas, masking: Masking
) -> None:
    drag(canvas, (60, 30), (120, 90))
    assert not masking.group()  # nothing fits the clip yet
    assert editor.project.do(Group([AddNode("FitCoDeF", "Fit"), Connect("Bend", "Fit", "clip")]))
    assert masking.group()
    document = editor.project.document
    assert document.wires("Fit", "groups") == ("MaskGroup1",)
    assert document.wires("MaskGroup1", "masks") == ("RoughMask1",)
    editor.project.undo()
    assert "MaskGroup1" not in editor.project.document


def test_shapes_are_copied_for_nuke(
    editor: Editor, canvas: Canvas, masking: Masking, application: QApplication
) -> None:
    masking.use("DrawMask")
    for place in ((40, 30), (120, 30), (100, 90), (40, 30)):
        click(canvas, place)
    menu = masking.tools["frame"].menu()  # type: ignore[attr-defined]
    entry = next(each for each in menu.actions() if "Nuke" in each.text())
    entry.trigger()
    text = application.clipboard().text()
    compile(text, "roto.py", "exec")
    assert '"name": "shape 1"' in text and '"frame": 7' in text
    menu.close()
