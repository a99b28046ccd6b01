"""Wires by hand: dragged, dropped, picked up, cut, inserted, healed; one step of undo each."""

from PySide6.QtCore import QPoint, Qt

from tests.gui.graph.desk import ALT, CTRL, LEFT, RIGHT, SHIFT, Desk


def steps(desk: Desk) -> int:
    return len(desk.editor.project.history.entries)


def test_a_wire_dragged_from_an_output_lands_anywhere_on_the_body(stream: Desk) -> None:
    before, count = stream.text, steps(stream)
    stream.drag(stream.output("Plate"), stream.node("Blur") + QPoint(20, 3))
    assert stream.document.wires("Blur", "image") == ("Plate",)
    assert ("Blur", "image", 0) in stream.scene.wires
    assert steps(stream) == count + 1
    stream.editor.project.undo()
    assert stream.text == before and ("Blur", "image", 0) not in stream.scene.wires


def test_a_wire_dragged_from_an_input_finds_its_source(stream: Desk) -> None:
    stream.drag(stream.input("Blur", "image"), stream.node("Grade"))
    assert stream.document.wires("Blur", "image") == ("Grade",)


def test_the_arrow_under_the_cursor_wins_over_the_best_input(desk: Desk) -> None:
    desk.add("LoadSequence", "Plate", 0, 0)
    desk.add("Merge", "Over", 0, 200)
    desk.look()
    desk.drag(desk.output("Plate"), desk.input("Over", "a"))
    assert desk.document.wires("Over", "a") == ("Plate",)
    assert desk.document.wires("Over", "b") == ()


def test_good_targets_light_up_and_bad_ones_say_why(desk: Desk) -> None:
    desk.add("LoadSequence", "Plate", 0, 0)
    desk.add("FitCoDeF", "Fit", 0, 150, clip="Plate")
    desk.add("CanonicalView", "Still", 0, 300)
    desk.add("Paint", "Paint", 250, 300)
    desk.look()
    before = desk.text
    desk.press(desk.output("Fit"))
    desk.move(desk.output("Fit") + QPoint(20, 20))
    assert desk.scene.nodes["Still"].drop == "good"
    assert desk.scene.nodes["Paint"].drop == "good", "it takes a field to reveal through"
    assert desk.scene.nodes["Plate"].drop == "bad"
    desk.move(desk.node("Plate"))
    assert desk.view.hint.isVisible() and "cycle" in desk.view.hint.text()
    desk.release(desk.node("Plate"))
    assert not desk.view.hint.isVisible() and desk.scene.nodes["Still"].drop == ""
    assert desk.text == before and "cycle" in desk.problems[-1]


def test_a_wire_of_the_wrong_type_is_refused(desk: Desk) -> None:
    desk.add("LoadSequence", "Plate", 0, 0)
    desk.add("CanonicalView", "Still", 0, 200)
    desk.look()
    desk.drag(desk.output("Plate"), desk.node("Still"))
    assert desk.document.wires("Still", "field") == ()
    assert "no input for image" in desk.problems[-1]


def test_the_head_of_a_wire_moves_to_another_reader(stream: Desk) -> None:
    count = steps(stream)
    stream.drag(stream.wire("Out", "image", at=0.8), stream.node("Blur"))
    assert stream.document.wires("Out", "image") == ()
    assert stream.document.wires("Blur", "image") == ("Grade",)
    assert steps(stream) == count + 1


def test_the_tail_of_a_wire_moves_to_another_source(stream: Desk) -> None:
    stream.drag(stream.wire("Out", "image", at=0.25), stream.node("Blur"))
    assert stream.document.wires("Out", "image") == ("Blur",)


def test_a_wire_pulled_off_into_nothing_is_gone(stream: Desk) -> None:
    stream.drag(stream.wire("Out", "image", at=0.8), QPoint(40, 40))
    assert stream.document.wires("Out", "image") == ()


def test_esc_leaves_a_picked_up_wire_as_it_was(stream: Desk) -> None:
    before = stream.text
    stream.press(stream.wire("Out", "image", at=0.8))
    stream.move(QPoint(40, 40))
    assert not stream.scene.wires["Out", "image", 0].isVisible()
    stream.key(Qt.Key.Key_Escape)
    assert stream.scene.wires["Out", "image", 0].isVisible()
    stream.release(QPoint(40, 40))
    assert stream.text == before


def test_a_node_dropped_on_a_wire_goes_into_it_and_alt_prevents_it(stream: Desk) -> None:
    before, count = stream.text, steps(stream)
    middle = stream.wire("Out", "image")
    stream.drag(stream.node("Blur"), middle, drop=ALT)
    assert stream.document.wires("Out", "image") == ("Grade",)
    stream.editor.project.undo()
    assert stream.text == before
    stream.press(stream.node("Blur"))
    stream.move(stream.node("Blur") - QPoint(30, 0))
    stream.move(middle)
    assert stream.scene.wires["Out", "image", 0].lit
    stream.release(middle)
    assert stream.document.wires("Out", "image") == ("Blur",)
    assert stream.document.wires("Blur", "image") == ("Grade",)
    assert steps(stream) == count + 1, "the move and the insertion are one step"
    stream.editor.project.undo()
    assert stream.text == before


def test_a_wired_node_that_crosses_a_wire_is_not_rewired(stream: Desk) -> None:
    stream.drag(stream.output("Plate"), stream.node("Blur"))
    stream.drag(stream.node("Blur"), stream.wire("Out", "image"))
    assert stream.document.wires("Out", "image") == ("Grade",)


def test_delete_heals_and_undo_brings_back_the_same_document(stream: Desk) -> None:
    before = stream.text
    stream.click(stream.node("Grade"))
    stream.key(Qt.Key.Key_Delete)
    assert "Grade" not in stream.document and "Grade" not in stream.scene.nodes
    assert stream.document.wires("Out", "image") == ("Plate",)
    assert stream.scene.wires["Out", "image", 0].source == "Plate"
    stream.editor.project.undo()
    assert stream.text == before and "Grade" in stream.scene.nodes
    assert stream.scene.wires["Out", "image", 0].source == "Grade"


def test_ctrl_click_on_a_wire_makes_a_dot_that_can_be_dragged_on(stream: Desk) -> None:
    before, count = stream.text, steps(stream)
    stream.click(stream.wire("Out", "image"), CTRL)
    assert stream.document.wires("Out", "image") == ("Dot1",)
    stream.editor.project.undo()
    at = stream.wire("Out", "image")
    stream.drag(at, at + QPoint(80, 0), CTRL)
    assert stream.document.wires("Dot1", "input") == ("Grade",)
    assert steps(stream) == count + 1, "making and dragging the dot are one step"
    stream.editor.project.undo()
    assert stream.text == before


def test_a_stroke_cuts_all_wires_that_it_crosses(stream: Desk) -> None:
    stream.drag(stream.output("Plate"), stream.node("Blur"))
    before = stream.text
    one, other = stream.wire("Grade", "image", at=0.6), stream.wire("Blur", "image", at=0.6)
    stream.drag(one - QPoint(40, 2), other + QPoint(40, 2), CTRL, RIGHT)
    assert stream.document.wires("Grade", "image") == () == stream.document.wires("Blur", "image")
    assert stream.document.wires("Out", "image") == ("Grade",)
    stream.editor.project.undo()
    assert stream.text == before


def test_x_arms_the_cut(stream: Desk) -> None:
    stream.key(Qt.Key.Key_X)
    at = stream.wire("Out", "image")
    stream.drag(at - QPoint(60, 0), at + QPoint(60, 0))
    assert stream.document.wires("Out", "image") == ()
    stream.drag(at - QPoint(200, 0), at + QPoint(60, 0))
    assert stream.document.wires("Grade", "image") == ("Plate",), "it is armed for one stroke"


def test_an_edit_joins_the_others_and_a_wire_of_them_can_be_replaced(desk: Desk) -> None:
    desk.add("LoadField", "Field", 0, 0)
    desk.add("Paint", "One", 200, 0)
    desk.add("Paint", "Two", 400, 0)
    desk.add("CanonicalView", "Still", 600, 0, field="Field")
    desk.add("Paint", "Three", 600, 120, image="Still")
    desk.add("Propagate", "Carry", 200, 300, field="Field", edit=["One", "Two"])
    desk.look()
    desk.drag(desk.output("Three"), desk.node("Carry") + QPoint(0, 8))
    assert desk.document.wires("Carry", "edit") == ("One", "Two", "Three")
    desk.editor.project.undo()
    desk.drag(desk.output("Three"), desk.input("Carry", "edit", 0))
    assert desk.document.wires("Carry", "edit") == ("Three", "Two")


def test_selecting_by_click_shift_and_marquee(stream: Desk) -> None:
    stream.click(stream.node("Grade"), button=LEFT)
    stream.click(stream.node("Plate"), SHIFT)
    assert stream.editor.selection.names == ["Grade", "Plate"]
    stream.click(stream.node("Grade"), SHIFT)
    assert stream.editor.selection.names == ["Plate"]
    corner, far = stream.node("Plate") - QPoint(90, 40), stream.node("Grade") + QPoint(90, 40)
    stream.drag(corner, far)
    assert set(stream.editor.selection.names) == {"Plate", "Grade"}
    stream.drag(stream.node("Blur") + QPoint(90, 60), stream.node("Blur"), SHIFT)
    assert set(stream.editor.selection.names) == {"Plate", "Grade", "Blur"}
    stream.click(QPoint(20, 20))
    assert stream.editor.selection.names == []


def test_many_nodes_move_in_one_step(stream: Desk) -> None:
    before, count = stream.text, steps(stream)
    stream.editor.selection.set(["Plate", "Grade", "Out"])
    stream.drag(stream.node("Grade"), stream.node("Grade") + QPoint(0, 60))
    moved = [stream.document.state(name).position[1] for name in ("Plate", "Grade", "Out")]
    assert moved[1] - moved[0] == 150 == moved[2] - moved[1] and moved[0] > 0
    assert steps(stream) == count + 1
    stream.editor.project.undo()
    assert stream.text == before and stream.scene.nodes["Plate"].y() == 0


def test_esc_during_a_move_puts_everything_back(stream: Desk) -> None:
    before = stream.text
    stream.press(stream.node("Grade"))
    stream.move(stream.node("Grade") + QPoint(100, 50))
    assert stream.scene.nodes["Grade"].x() > 50
    stream.key(Qt.Key.Key_Escape)
    assert (stream.scene.nodes["Grade"].x(), stream.text) == (0, before)
    stream.release(QPoint(10, 10))
    assert stream.text == before


def test_a_wire_catches_a_node_whose_body_lies_on_it(stream: Desk) -> None:
    stream.drag(stream.node("Blur"), stream.wire("Out", "image") + QPoint(18, 4))
    assert stream.document.wires("Out", "image") == ("Blur",)


def test_esc_ends_a_gesture_before_it_cancels_a_job(stream: Desk) -> None:
    cancelled: list[str] = []
    stream.editor.actions.register(None, "global", {"jobs.cancel": lambda: cancelled.append("job")})
    before = stream.text
    stream.press(stream.node("Grade"))
    stream.move(stream.node("Grade") + QPoint(80, 40))
    stream.key(Qt.Key.Key_Escape)
    assert stream.view.gesture is None and not cancelled
    stream.release(QPoint(300, 300))
    stream.key(Qt.Key.Key_X)
    stream.key(Qt.Key.Key_Escape)
    assert not stream.view.cutting and not cancelled and stream.text == before
    stream.key(Qt.Key.Key_Escape)
    assert cancelled == ["job"]


def test_ctrl_click_selects_a_node_with_all_that_it_reads_and_a_drag_moves_them(
    stream: Desk,
) -> None:
    stream.click(stream.node("Grade"), CTRL)
    assert stream.editor.selection.names == ["Plate", "Grade"]
    before = {name: stream.document.state(name).position for name in ("Plate", "Grade", "Out")}
    stream.drag(stream.node("Grade"), stream.node("Grade") + QPoint(60, 30), CTRL)
    after = {name: stream.document.state(name).position for name in before}
    assert after["Out"] == before["Out"]
    assert all(after[name][0] > before[name][0] for name in ("Plate", "Grade"))
