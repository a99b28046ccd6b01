"""The track tool: points by hand in the frame viewer, with undo, and the list of its node."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from codef_nodes.graph.commands import AddNode, Connect, Group
from gui.core.editor import Editor
from gui.paint.painting import painting_of
from gui.pins.pinning import pinning_of
from gui.timeline.keyframes import key_frames
from gui.tracks.list import PointsEditor
from gui.tracks.tool import TrackTool
from gui.tracks.tracking import Tracking, tracking_of
from gui.viewer.canvas import Canvas
from tests.gui.paint.conftest import pixel, shown_canvas

LEFT, NONE = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier


@pytest.fixture
def canvas(editor: Editor, application: QApplication, tmp_path: Path) -> Iterator[Canvas]:
    """The frame viewer's canvas at two screen pixels for each picture pixel, over a result."""
    assert editor.project.do(
        Group(
            [
                AddNode("LoadSequence", "Plate"),
                AddNode("LoadField", "Fit", (0, 100), {"folder": str(tmp_path)}),
                AddNode("Propagate", "Carry", (0, 200)),
                Connect("Fit", "Carry", "field"),
                Connect("Plate", "Carry", "source"),
            ]
        )
    )
    editor.viewing.show("Carry", "frame")
    editor.clock.set_frame(7)
    made = shown_canvas()
    TrackTool(editor, made, "frame")
    application.processEvents()
    yield made
    made.close()


@pytest.fixture
def tracking(editor: Editor, canvas: Canvas) -> Tracking:
    found = tracking_of(editor)
    found.take(True)
    return found


def drag(canvas: Canvas, *places: tuple[float, float]) -> None:
    spots = [pixel(canvas, place) for place in places]
    QTest.mousePress(canvas, LEFT, NONE, spots[0])
    for spot in spots[1:]:
        QTest.mouseMove(canvas, spot)
    QTest.mouseRelease(canvas, LEFT, NONE, spots[-1])


def placed(editor: Editor) -> Any:
    return editor.project.document.state("Track1").knobs.get("placed")


def test_a_click_places_a_point_and_makes_the_node(
    editor: Editor, canvas: Canvas, tracking: Tracking
) -> None:
    drag(canvas, (60, 30))
    (point,) = placed(editor)
    assert (point["name"], point["frame"]) == ("track 1", 7)
    assert (point["x"], point["y"]) == pytest.approx((60, 30), abs=0.6)
    document = editor.project.document
    assert list(document.wires("Track1", "field")) == ["Fit"]
    assert list(document.wires("Track1", "source")) == ["Plate"]
    drag(canvas, (90, 50))
    assert [each["name"] for each in placed(editor)] == ["track 1", "track 2"]
    assert key_frames(document, ["Track1"]) == {7}
    editor.project.undo()
    assert len(placed(editor)) == 1
    editor.project.undo()
    assert "Track1" not in document


def test_a_point_is_dragged_in_one_step_and_a_click_moves_nothing(
    editor: Editor, canvas: Canvas, tracking: Tracking
) -> None:
    drag(canvas, (60, 30))
    drag(canvas, (61, 31), (70, 40), (81, 46))
    (point,) = placed(editor)
    assert (point["x"], point["y"]) == pytest.approx((80, 45), abs=1.1)
    before = placed(editor)
    drag(canvas, (point["x"] + 1, point["y"]))
    assert placed(editor) == before
    editor.project.undo()
    assert placed(editor)[0]["x"] == pytest.approx(60, abs=0.6)


def test_points_of_other_frames_are_left_alone_and_esc_gives_up(
    editor: Editor, canvas: Canvas, tracking: Tracking
) -> None:
    drag(canvas, (60, 30))
    editor.clock.set_frame(8)
    QTest.mousePress(canvas, LEFT, NONE, pixel(canvas, (60, 30)))
    assert tracking.tools["frame"].abort()
    QTest.mouseRelease(canvas, LEFT, NONE, pixel(canvas, (60, 30)))
    assert len(placed(editor)) == 1
    drag(canvas, (60, 30))
    assert [each["frame"] for each in placed(editor)] == [7, 8]


def test_del_deletes_and_another_tool_puts_it_away(
    editor: Editor, canvas: Canvas, tracking: Tracking
) -> None:
    drag(canvas, (60, 30))
    drag(canvas, (90, 50))
    assert tracking.remove()
    assert [each["name"] for each in placed(editor)] == ["track 1"]
    pinning_of(editor).take(True)
    assert not tracking.on
    tracking.take(True)
    assert not pinning_of(editor).on
    painting_of(editor).take("brush")
    assert not tracking.on


def test_without_a_fit_it_says_so(editor: Editor, canvas: Canvas, tracking: Tracking) -> None:
    said: list[str] = []
    editor.status.connect(said.append)
    editor.viewing.show("Plate", "frame")
    drag(canvas, (60, 30))
    assert "Track1" not in editor.project.document
    assert "fit" in said[-1]


def test_the_list_renames_and_deletes(
    editor: Editor, canvas: Canvas, tracking: Tracking, application: QApplication
) -> None:
    drag(canvas, (60, 30))
    drag(canvas, (90, 50))
    knob = editor.project.document.node_class("Track1").knob("placed")
    shown = PointsEditor(knob)
    shown.show_value(placed(editor))
    sent: list[Any] = []
    refused: list[str] = []
    shown.committed.connect(sent.append)
    shown.refused.connect(refused.append)
    shown.table.item(0, 0).setText("nose")
    assert [each["name"] for each in sent[-1]] == ["nose", "track 2"]
    shown.table.item(1, 0).setText("track 1")
    assert len(sent) == 1
    assert "own" in refused[-1]
    shown.table.selectRow(1)
    shown.remove.click()
    assert [each["name"] for each in sent[-1]] == ["track 1"]
