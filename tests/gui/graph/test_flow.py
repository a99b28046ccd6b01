"""Streams that run to the right: everything that runs down does so across too."""

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest

from gui.core.editor import Editor
from gui.graph.flow import DOWN, RIGHT
from gui.graph.items import NodeItem
from gui.graph.metrics import NODE_HEIGHT, NODE_WIDTH
from tests.gui.graph.desk import Desk

Key = Qt.Key


@pytest.fixture
def across(editor: Editor) -> Desk:
    """Plate -> Grade -> Out from left to right."""
    editor.preferences.set("graph_flow", "right")
    desk = Desk(editor)
    desk.add("LoadSequence", "Plate", 0, 0)
    desk.add("ImageOperation", "Grade", 190, 0, image="Plate")
    desk.add("WriteSequence", "Out", 380, 0, image="Grade")
    desk.look()
    return desk


def item(desk: Desk, name: str) -> NodeItem:
    found = desk.scene.nodes[name]
    assert isinstance(found, NodeItem)
    return found


def test_wires_leave_on_the_right_and_arrive_on_the_left(across: Desk) -> None:
    line = across.scene.wires["Grade", "image", 0].line()
    assert line.p1() == QPointF(NODE_WIDTH, NODE_HEIGHT / 2)
    assert line.p2() == QPointF(190, NODE_HEIGHT / 2), "a stream of single inputs is straight"
    mask = item(across, "Grade").face.spot("mask")
    assert mask is not None and mask.y == NODE_HEIGHT, "masks come from beside the stream"


def test_a_new_node_goes_to_the_right_and_pushes_what_follows(across: Desk) -> None:
    across.editor.selection.set(["Grade"])
    across.key(Key.Key_P)
    grade, paint, out = (across.document.state(n).position for n in ("Grade", "Paint1", "Out"))
    assert grade[0] < paint[0] < out[0] and grade[1] == paint[1] == out[1]
    assert across.document.wires("Out", "image") == ("Paint1",)


def test_a_wire_is_dragged_from_the_right_side_onto_a_body(across: Desk) -> None:
    across.add("ImageOperation", "Blur", 190, 160)
    across.look()
    plate, blur = item(across, "Plate"), item(across, "Blur")
    start = across.view.mapFromScene(plate.output() + QPointF(3, 0))
    across.drag(start, across.node("Blur"))
    assert across.document.wires("Blur", "image") == ("Plate",)
    spot = blur.face.spot("image")
    assert spot is not None
    head = across.view.mapFromScene(blur.input(spot) - QPointF(5, 0))
    across.drag(head, head + QPoint(-40, 150))
    assert across.document.wires("Blur", "image") == ()


def test_a_wire_let_go_over_nothing_creates_to_the_right_of_its_end(across: Desk) -> None:
    start = across.view.mapFromScene(item(across, "Plate").output() + QPointF(3, 0))
    end = start + QPoint(60, 170)
    across.drag(start, end)
    QTest.keyClicks(across.pane.search.field, "blur")
    QTest.keyClick(across.pane.search.field, Key.Key_Return)
    made = item(across, across.editor.selection.names[0])
    assert abs(made.x() - across.view.mapToScene(end).x()) < 2
    assert abs(made.body().center().y() - across.view.mapToScene(end).y()) < 2


def test_tidy_lays_a_stream_out_to_the_right_and_twice_changes_nothing(across: Desk) -> None:
    across.add("Merge", "Over", 10, 300, b="Grade", a="Plate")
    across.editor.selection.clear()
    across.key(Key.Key_L)
    places = {name: state.position for name, state in across.document.nodes.items()}
    assert places["Plate"][0] < places["Grade"][0] < places["Out"][0] == places["Over"][0]
    assert abs(places["Out"][1] - places["Over"][1]) >= NODE_HEIGHT
    text = across.text
    across.key(Key.Key_L)
    assert across.text == text


def test_a_dragged_node_snaps_into_line_with_its_neighbours(across: Desk) -> None:
    start = across.node("Grade")
    zoom = across.view.zoom
    across.drag(start, start + QPoint(round(15 * zoom), round(4 * zoom)))
    x, y = across.document.state("Grade").position
    assert x > 200 and y == 0


def test_the_preference_turns_a_graph_that_is_open(stream: Desk) -> None:
    stream.editor.preferences.set("graph_flow", "right")
    assert item(stream, "Grade").output() == item(stream, "Grade").body().center() + QPointF(
        NODE_WIDTH / 2, 0
    )
    stream.editor.preferences.set("graph_flow", "down")
    assert item(stream, "Grade").output().y() == item(stream, "Grade").body().bottom()


@pytest.mark.parametrize("flow", [DOWN, RIGHT])
def test_a_place_turned_and_back_is_the_same(flow: object) -> None:
    assert flow.turned(flow.downward((37.0, -12.0))) == pytest.approx((37.0, -12.0))  # type: ignore[attr-defined]
