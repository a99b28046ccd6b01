"""The keys of the graph, with the cursor over it."""

import json
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import (
    QContextMenuEvent,
    QDragEnterEvent,
    QDropEvent,
    QGuiApplication,
    QHelpEvent,
    QWheelEvent,
)
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QMenu, QToolTip

from codef_nodes.graph.commands import SetKnob
from codef_nodes.graph.edits import ABSENT, Put
from codef_nodes.graph.serialise import as_text, from_tree
from gui.graph.catalogue import title_of
from gui.graph.drawing import reason_first
from gui.graph.metrics import NODE_WIDTH
from tests.gui.graph.desk import ALT, CTRL, MIDDLE, SHIFT, Desk

Key = Qt.Key


def test_tab_creates_below_the_selected_node_and_wires_it_in(stream: Desk) -> None:
    before, count = stream.text, len(stream.editor.project.history.entries)
    stream.editor.selection.set(["Grade"])
    opened: list[str] = []
    stream.pane.open_requested.connect(opened.append)
    stream.key(Key.Key_Tab)
    assert stream.pane.search.isVisible()
    QTest.keyClicks(stream.pane.search.field, "pai")
    assert stream.pane.search.shown_types()[0] == "Paint"
    QTest.keyClick(stream.pane.search.field, Key.Key_Return)
    assert not stream.pane.search.isVisible()
    assert stream.document.wires("Paint1", "image") == ("Grade",)
    assert stream.document.wires("Out", "image") == ("Paint1",), "it goes into the stream"
    grade, paint, out = (stream.document.state(n).position for n in ("Grade", "Paint1", "Out"))
    assert grade[1] < paint[1] < out[1] and grade[0] == paint[0]
    assert stream.editor.selection.names == ["Paint1"] and opened == ["Paint1"]
    assert len(stream.editor.project.history.entries) == count + 1
    stream.editor.project.undo()
    assert stream.text == before


def test_a_node_that_is_made_below_the_window_is_brought_into_sight(stream: Desk) -> None:
    stream.editor.selection.set(["Grade"])
    for _ in range(9):
        stream.key(Key.Key_P)
        made = stream.editor.selection.current
        assert made is not None
        assert stream.view.viewport().rect().contains(stream.node(made)), made


def test_shift_enter_branches_off(stream: Desk) -> None:
    stream.editor.selection.set(["Grade"])
    stream.key(Key.Key_Tab)
    QTest.keyClicks(stream.pane.search.field, "paint")
    QTest.keyClick(stream.pane.search.field, Key.Key_Return, SHIFT)
    assert stream.document.wires("Paint1", "image") == ("Grade",)
    assert stream.document.wires("Out", "image") == ("Grade",)


def test_search_finds_what_artists_call_things_and_puts_recent_ones_first(stream: Desk) -> None:
    search = stream.pane.search
    stream.key(Key.Key_Tab)
    QTest.keyClicks(search.field, "read")
    assert search.shown_types()[0] == "LoadSequence"
    search.field.setText("load s")
    assert search.shown_types()[0] == "LoadSequence"
    search.field.setText("zzzz")
    assert search.shown_types() == []
    QTest.keyClick(search.field, Key.Key_Return)
    assert search.isVisible(), "nothing to create"
    QTest.keyClick(search.field, Key.Key_Escape)
    assert not search.isVisible() and stream.view.hasFocus()
    stream.editor.selection.clear()
    stream.key(Key.Key_P)
    stream.key(Key.Key_Tab)
    assert search.shown_types()[0] == "Paint"
    QTest.keyClick(search.field, Key.Key_Down)
    assert search.list.currentRow() == 1
    QTest.keyClick(search.field, Key.Key_Up)
    QTest.keyClick(search.field, Key.Key_Up)
    assert search.list.currentRow() == search.list.count() - 1


def test_a_wire_let_go_over_nothing_asks_for_what_fits(desk: Desk) -> None:
    desk.add("LoadSequence", "Plate", 0, 0)
    desk.add("FitCoDeF", "Fit", 0, 150, clip="Plate")
    desk.add("CanonicalView", "Still", 300, 150)
    desk.look()
    desk.drag(desk.output("Fit"), desk.output("Fit") + QPoint(-100, 120))
    types = desk.pane.search.shown_types()
    assert {"CanonicalView", "Propagate", "Dot"} <= set(types)
    assert not {"Merge", "WriteSequence", "LoadSequence"} & set(types)
    QTest.keyClicks(desk.pane.search.field, "canon")
    QTest.keyClick(desk.pane.search.field, Key.Key_Return)
    assert desk.document.wires("CanonicalView1", "field") == ("Fit",)
    desk.drag(desk.input("Still", "field"), desk.input("Still", "field") + QPoint(150, -90))
    types = desk.pane.search.shown_types()
    assert {"FitCoDeF", "LoadField"} <= set(types) and "Paint" not in types
    QTest.keyClicks(desk.pane.search.field, "load f")
    QTest.keyClick(desk.pane.search.field, Key.Key_Return)
    assert desk.document.wires("Still", "field") == ("LoadField1",)


def test_an_operation_is_created_by_its_name(stream: Desk) -> None:
    stream.editor.selection.set(["Grade"])
    stream.key(Key.Key_Tab)
    QTest.keyClicks(stream.pane.search.field, "blur")
    assert stream.pane.search.shown()[0].title == "Blur"
    QTest.keyClick(stream.pane.search.field, Key.Key_Return)
    made = stream.editor.selection.current
    assert made == "Blur1"
    assert stream.document.state(made).type == "ImageOperation"
    assert stream.document.knob_value(made, "operation") == "blur"
    assert stream.document.wires(made, "image") == ("Grade",)
    stream.editor.selection.clear()
    stream.key(Key.Key_G)
    made = stream.editor.selection.current
    assert made == "Grade1" and stream.document.knob_value(made, "operation") == "grade"
    stream.key(Key.Key_B)
    assert stream.document.wires("Blur2", "image") == ("Grade1",)


def test_dot_p_and_w_create(stream: Desk) -> None:
    stream.editor.selection.set(["Grade"])
    stream.key(Key.Key_Period)
    assert stream.document.wires("Dot1", "input") == ("Grade",)
    stream.key(Key.Key_P)
    assert stream.document.wires("Paint1", "image") == ("Dot1",)
    stream.key(Key.Key_W)
    assert stream.document.wires("WriteSequence1", "image") == ("Paint1",)


def test_a_carrier_below_an_edit_gets_its_field_too(desk: Desk) -> None:
    desk.add("LoadField", "Fit", 0, 0)
    desk.add("CanonicalView", "Still", 0, 100, field="Fit")
    desk.add("Paint", "Paint", 0, 200, image="Still")
    desk.editor.selection.set(["Paint"])
    assert desk.pane.create_node("Propagate") == "Propagate1"
    assert desk.document.wires("Propagate1", "edit") == ("Paint",)
    assert desk.document.wires("Propagate1", "field") == ("Fit",)


def test_r_browses_and_makes_a_node_of_what_is_chosen(desk: Desk, tmp_path: Path) -> None:
    shots = tmp_path / "shots"
    shots.mkdir()
    for name in ("a.1001.png", "a.1002.png", "b.0001.png"):
        (shots / name).touch()
    desk.key(Key.Key_R)
    (browser,) = (d for d in desk.pane.findChildren(QFileDialog) if d.isVisible())
    browser.reject()
    assert not desk.document.nodes, "given up, nothing is made"
    desk.key(Key.Key_R)
    (browser,) = (d for d in desk.pane.findChildren(QFileDialog) if d.isVisible())
    browser.filesSelected.emit([str(shots / "a.1002.png"), str(shots / "b.0001.png")])
    browser.close()
    assert {s.type for s in desk.document.nodes.values()} == {"LoadSequence"}
    assert sorted(desk.document.nodes) == ["a", "b"]
    desk.editor.selection.set(["a"])
    desk.key(Key.Key_R)
    (browser,) = (d for d in desk.pane.findChildren(QFileDialog) if d.isVisible())
    assert Path(browser.directory().absolutePath()) == shots, "where the selected clip is"
    browser.reject()


def test_nodes_made_in_one_place_do_not_lie_on_each_other(desk: Desk, tmp_path: Path) -> None:
    for name in ("one", "two", "three"):
        (tmp_path / name).mkdir()
        desk.pane.view.files_dropped.emit([tmp_path / name], desk.view.viewport().rect().center())
    places = [state.position for state in desk.document.nodes.values()]
    assert len(places) == 3
    gaps = [abs(a[0] - b[0]) for a in places for b in places if a is not b]
    assert min(gaps) >= NODE_WIDTH, places


def test_p_below_a_fit_paints_on_its_still(desk: Desk) -> None:
    desk.add("LoadField", "Fit", 0, 0)
    desk.editor.selection.set(["Fit"])
    before = desk.text
    assert desk.pane.create_node("Paint") == "Paint1"
    assert desk.document.wires("Paint1", "image") == ("CanonicalView1",)
    assert desk.document.wires("CanonicalView1", "field") == ("Fit",)
    heights = [desk.document.state(n).position[1] for n in ("Fit", "CanonicalView1", "Paint1")]
    assert heights == sorted(set(heights))
    desk.editor.project.undo()
    assert desk.text == before, "one step"
    desk.editor.selection.set(["Fit"])
    assert desk.pane.create_node("Propagate") == "Propagate1"
    assert desk.document.wires("Propagate1", "field") == ("Fit",), "what reads fits is left alone"


def test_d_crosses_out_and_back(stream: Desk) -> None:
    stream.editor.selection.set(["Grade", "Blur"])
    stream.key(Key.Key_D)
    assert all(stream.document.state(name).disabled for name in ("Grade", "Blur"))
    assert stream.scene.nodes["Grade"].face.disabled
    stream.key(Key.Key_D)
    assert not stream.document.state("Grade").disabled
    assert len([e for e in stream.editor.project.history.entries if "able" in e.title]) == 2


def test_wiring_keys(desk: Desk) -> None:
    desk.add("LoadSequence", "Back", 0, 0)
    desk.add("LoadSequence", "Front", 200, 0)
    desk.add("Merge", "Over", 100, 150)
    desk.look()
    for name in ("Back", "Front", "Over"):
        desk.click(desk.node(name), SHIFT)
    desk.key(Key.Key_Y)
    assert (desk.document.wires("Over", "b"), desk.document.wires("Over", "a")) == (
        ("Back",),
        ("Front",),
    )
    desk.click(desk.node("Over"))
    desk.key(Key.Key_X, SHIFT)
    assert desk.document.wires("Over", "a") == ("Back",)
    desk.key(Key.Key_D, CTRL)
    assert not desk.document.state("Over").inputs and not desk.scene.wires
    desk.editor.selection.set(["Front", "Over"])
    desk.key(Key.Key_Y, ALT)
    assert desk.document.wires("Over", "a") == ("Front",)
    desk.editor.selection.set(["Over", "Back"])
    desk.key(Key.Key_Y, SHIFT)
    assert desk.document.wires("Over", "b") == ("Back",)


def test_extract_takes_out_without_deleting(stream: Desk) -> None:
    before = stream.text
    stream.click(stream.node("Grade"))
    stream.key(Key.Key_X, CTRL | SHIFT)
    assert stream.document.wires("Out", "image") == ("Plate",)
    assert "Grade" in stream.document and stream.document.wires("Grade", "image") == ()
    stream.editor.project.undo()
    assert stream.text == before


def test_copy_and_paste_as_text(stream: Desk) -> None:
    stream.editor.selection.set(["Plate", "Grade"])
    stream.key(Key.Key_C, CTRL)
    text = QGuiApplication.clipboard().text()
    assert set(json.loads(text)["nodes"]) == {"Plate", "Grade"}
    stream.key(Key.Key_V, CTRL)
    assert stream.document.wires("Grade1", "image") == ("Plate1",)
    assert stream.editor.selection.names == ["Grade1", "Plate1"]
    stream.editor.selection.set(["Blur"])
    stream.key(Key.Key_X, CTRL)
    assert "Blur" not in stream.document
    stream.editor.selection.set(["Out"])
    stream.editor.selection.set(["Grade"])
    stream.key(Key.Key_V, CTRL)
    assert stream.document.wires("Blur", "image") == ("Grade",), "below the one that is selected"
    stream.editor.selection.set(["Grade"])
    stream.key(Key.Key_C, ALT)
    assert stream.editor.selection.names == ["Grade2"]
    assert QGuiApplication.clipboard().text() != text


def test_garbage_in_the_clipboard_is_told_and_changes_nothing(stream: Desk) -> None:
    before = stream.text
    for text in ("", "set cut_paste_input [stack 0]", '{"codef": {"schema": 7}, "nodes": {}}'):
        QGuiApplication.clipboard().setText(text)
        stream.problems.clear()
        stream.key(Key.Key_V, CTRL)
        assert stream.text == before and "clipboard" in stream.problems[0]


def test_rename_in_place(stream: Desk) -> None:
    stream.click(stream.node("Grade"))
    stream.key(Key.Key_N)
    field = stream.pane.rename_field
    assert field.isVisible() and field.text() == "Grade"
    QTest.keyClicks(field, "Warm")
    QTest.keyClick(field, Key.Key_Return)
    assert "Warm" in stream.document and stream.document.wires("Out", "image") == ("Warm",)
    assert stream.scene.wires["Out", "image", 0].source == "Warm"
    assert stream.editor.selection.names == ["Warm"] and not field.isVisible()
    stream.key(Key.Key_F2)
    QTest.keyClicks(field, "No blanks")
    QTest.keyClick(field, Key.Key_Return)
    assert "Warm" in stream.document and "no name for a node" in stream.problems[-1]
    stream.key(Key.Key_N)
    QTest.keyClicks(field, "Other")
    QTest.keyClick(field, Key.Key_Escape)
    assert "Warm" in stream.document


def test_find_selects_what_fits(stream: Desk) -> None:
    stream.key(Key.Key_Slash)
    bar = stream.pane.find_bar
    assert bar.isVisible()
    QTest.keyClicks(bar.field, "blur")
    assert stream.editor.selection.names == ["Blur"]
    bar.field.setText("image op")
    first = stream.editor.selection.names
    QTest.keyClick(bar.field, Key.Key_Return)
    assert {*first, *stream.editor.selection.names} == {"Blur", "Grade"}
    QTest.keyClick(bar.field, Key.Key_Escape)
    assert not bar.isVisible()
    stream.key(Key.Key_Slash)
    assert bar.isVisible() and bar.field.hasFocus()
    stream.click(stream.node("Grade"))
    assert not bar.isVisible() and stream.editor.selection.names == ["Grade"]


def test_digits_put_a_node_on_the_viewer(stream: Desk) -> None:
    stream.editor.selection.set(["Grade"])
    stream.key(Key.Key_1)
    assert stream.document.wires("Viewer1", "image") == ("Grade",)
    assert stream.scene.nodes["Grade"].face.keys == "1"
    assert stream.editor.viewing.shown("frame").node == "Grade"
    stream.editor.selection.set(["Plate"])
    stream.key(Key.Key_2, SHIFT)
    assert stream.document.wires("Viewer1", "compare") == ("Plate",)
    stream.key(Key.Key_2)
    assert stream.document.wires("Viewer1", "image_2") == ("Plate",)
    assert stream.document.wires("Viewer1", "image") == ("Grade",)
    assert stream.editor.viewing.shown("frame").node == "Plate"
    stream.editor.selection.clear()
    stream.key(Key.Key_1)
    assert stream.editor.viewing.shown("frame").node == "Grade"
    steps = len(stream.editor.project.history.entries)
    stream.key(Key.Key_2)
    assert stream.editor.viewing.shown("frame").node == "Plate"
    assert len(stream.editor.project.history.entries) == steps, "looking is no step of undo"
    assert sum(s.type == "Viewer" for s in stream.document.nodes.values()) == 1


def test_what_the_digits_wired_is_there_after_opening(stream: Desk) -> None:
    for name, digit in (("Grade", Key.Key_1), ("Plate", Key.Key_0)):
        stream.editor.selection.set([name])
        stream.key(digit)
    viewer = stream.scene.nodes["Viewer1"]
    bodies = [item.body() for name, item in stream.scene.nodes.items() if name != "Viewer1"]
    assert not any(viewer.body().intersects(body) for body in bodies)
    shown = {spot.port for spot in viewer.face.spots}
    assert shown == {"image", "image_10", "compare"}, "inputs that nobody uses are not drawn"
    stream.editor.project.use(from_tree(json.loads(stream.text)), None)
    assert stream.scene.nodes["Plate"].face.keys == "0"
    assert stream.editor.viewing.shown("frame").node == "Plate", "looked at last"
    stream.key(Key.Key_1)
    assert stream.editor.viewing.shown("frame").node == "Grade"
    stream.key(Key.Key_5)
    assert stream.editor.viewing.shown("frame").node == "Grade", "nothing is on input 5"


def test_tidy_is_one_step_and_comes_out_the_same(stream: Desk) -> None:
    count = len(stream.editor.project.history.entries)
    stream.editor.selection.clear()
    stream.key(Key.Key_L)
    assert len(stream.editor.project.history.entries) == count + 1
    once = stream.text
    stream.key(Key.Key_L)
    assert stream.text == once
    ys = [stream.document.state(name).position[1] for name in ("Plate", "Grade", "Out")]
    xs = {stream.document.state(name).position[0] for name in ("Plate", "Grade", "Out")}
    assert ys == sorted(ys) and len(xs) == 1


def test_wheel_zooms_at_the_cursor_and_middle_drag_pans(stream: Desk) -> None:
    at = stream.node("Blur")
    before = stream.view.zoom
    for _ in range(4):
        event = QWheelEvent(
            QPointF(at),
            QPointF(stream.view.viewport().mapToGlobal(at)),
            QPoint(),
            QPoint(0, -120),
            Qt.MouseButton.NoButton,
            Qt.KeyboardModifier.NoModifier,
            Qt.ScrollPhase.NoScrollPhase,
            False,
        )
        QApplication.sendEvent(stream.view.viewport(), event)
    assert stream.view.zoom < before
    assert (stream.node("Blur") - at).manhattanLength() <= 3
    stream.drag(QPoint(400, 300), QPoint(460, 340), button=MIDDLE)
    assert (stream.node("Blur") - at - QPoint(60, 40)).manhattanLength() <= 4
    stream.drag(QPoint(400, 300), QPoint(340, 260), ALT)
    assert (stream.node("Blur") - at).manhattanLength() <= 5
    stream.key(Key.Key_F)
    assert all(stream.view.viewport().rect().contains(stream.node(n)) for n in stream.scene.nodes)


def test_a_backdrop_goes_around_the_selection_and_carries_it(stream: Desk) -> None:
    stream.editor.selection.set(["Plate", "Grade"])
    stream.key(Key.Key_B, SHIFT)
    assert stream.editor.selection.names == ["Backdrop1"]
    stream.look()
    before = {n: stream.document.state(n).position for n in stream.document.nodes}
    count = len(stream.editor.project.history.entries)
    stream.drag(stream.node("Backdrop1"), stream.node("Backdrop1") + QPoint(-60, 30))
    moved = {n for n in before if stream.document.state(n).position != before[n]}
    assert moved == {"Backdrop1", "Plate", "Grade"}
    assert len(stream.editor.project.history.entries) == count + 1
    item = stream.scene.nodes["Backdrop1"]
    corner = stream.view.mapFromScene(item.body().bottomRight()) - QPoint(5, 5)
    size = stream.document.knob_value("Backdrop1", "size")
    stream.drag(corner, corner + QPoint(50, 40))
    assert stream.document.knob_value("Backdrop1", "size")[0] > size[0]
    stream.key(Key.Key_Escape)
    stream.editor.selection.set(["Backdrop1"])
    stream.key(Key.Key_Delete)
    assert "Plate" in stream.document and "Backdrop1" not in stream.scene.nodes


def test_double_click_and_enter_open_a_node(stream: Desk) -> None:
    opened: list[str] = []
    stream.pane.open_requested.connect(opened.append)
    at = stream.node("Grade")
    stream.click(at)
    QTest.mouseDClick(stream.view.viewport(), Qt.MouseButton.LeftButton, pos=at)
    stream.key(Key.Key_Return)
    assert opened == ["Grade", "Grade"]


@pytest.mark.parametrize("inside", [True, False])
def test_dropped_frames_become_one_clip_each(desk: Desk, tmp_path: Path, inside: bool) -> None:
    desk.editor.project.save(tmp_path / "shot.codef")
    folder = tmp_path if inside else tmp_path.parent / "elsewhere"
    paths = [folder / f"plate.{n:04d}.exr" for n in range(8, 12)] + [folder / "masks"]
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    action, button = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton
    none = Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(QPoint(300, 200), action, data, button, none)
    QApplication.sendEvent(desk.view.viewport(), enter)
    assert enter.isAccepted()
    drop = QDropEvent(QPointF(300, 200), action, data, button, none)
    QApplication.sendEvent(desk.view.viewport(), drop)
    files = {n: desk.document.knob_value(n, "file") for n in desk.document.nodes}
    start = "" if inside else f"{folder.as_posix()}/"
    assert files == {"plate": f"{start}plate.0008.exr", "masks": f"{start}masks"}
    assert len(desk.editor.project.history.entries) == 1


@pytest.mark.parametrize(
    ("message", "told"),
    [
        (
            "cannot read shots/plate.1001.exr (No such file or directory); check the path",
            "No such file or directory: plate.1001.exr; check the path",
        ),
        (
            "/mnt/my show/plates: the folder does not exist; check the path.",
            "the folder does not exist: plates; check the path.",
        ),
        (r"C:\shots\a.exr: damaged.", "damaged: a.exr"),
        (
            "the finished fit /a/b/shot_Fit_fit_v001 of Fit is missing; refit",
            "the finished fit shot_Fit_fit_v001 of Fit is missing; refit",
        ),
        ("needs red and/or green; wire it", "needs red and/or green; wire it"),
    ],
)
def test_under_a_node_the_reason_comes_first(message: str, told: str) -> None:
    assert reason_first(message) == told


def test_errors_are_red_under_the_node_with_the_whole_message_on_hover(stream: Desk) -> None:
    message = "Plate: cannot read shots/plate.1001.exr (No such file or directory); check the path"
    stream.editor.faces.update("Plate", error=message)
    image = stream.view.grab().toImage()
    body = stream.scene.nodes["Plate"].body()
    edge = stream.view.mapFromScene(QPointF(body.center().x(), body.bottom() + 9))
    reds = [image.pixelColor(edge.x() + dx, edge.y()) for dx in range(-30, 30)]
    assert all(colour.red() > 1.5 * colour.blue() for colour in reds)
    at = stream.node("Plate")
    event = QHelpEvent(QEvent.Type.ToolTip, at, stream.view.viewport().mapToGlobal(at))
    QApplication.sendEvent(stream.view.viewport(), event)
    assert "No such file or directory); check the path" in QToolTip.text()
    QToolTip.hideText()


def test_unknown_nodes_are_shown_kept_and_can_be_moved(desk: Desk) -> None:
    tree = desk.document.tree()
    tree["nodes"] = {
        "A": {"type": "LoadSequence", "knobs": {}, "inputs": {}, "position": [0, 0]},
        "X": {"type": "FilmLook", "version": 4, "knobs": {"grain": [1, 2]}, "later": 1,
              "inputs": {"in": "A", "more": ["A"]}, "position": [0, 120]},
    }  # fmt: skip
    desk.editor.project.use(from_tree(tree), None)
    desk.look()
    assert desk.scene.nodes["X"].face.unknown and ("X", "in", 0) in desk.scene.wires
    desk.drag(desk.node("X"), desk.node("X") + QPoint(70, 10))
    assert desk.document.state("X").position != (0, 120)
    desk.key(Key.Key_D)
    block = desk.document.state("X").block()
    assert block["knobs"] == {"grain": [1, 2]} and block["later"] == 1
    desk.pane.grab()
    desk.editor.project.undo()
    desk.editor.project.undo()
    assert desk.text == as_text(from_tree(tree))


def test_a_damaged_backdrop_is_drawn_all_the_same(desk: Desk) -> None:
    desk.add("Backdrop", "Note", 0, 0)
    path = ("nodes", "Note", "knobs", "size")
    desk.document.apply_edits([Put(path, ABSENT, "wide")])
    desk.scene.rebuild()
    desk.pane.grab()
    assert desk.scene.nodes["Note"].body().width() > 0
    desk.editor.project.do(SetKnob("Note", "size", [200, 100]))


def test_hidden_wires_come_back_while_their_node_is_selected(stream: Desk) -> None:
    before = stream.text
    stream.editor.selection.set(["Out"])
    stream.key(Key.Key_H, ALT)
    wire = stream.scene.wires["Out", "image", 0]
    assert wire.isVisible()
    stream.editor.selection.clear()
    assert not wire.isVisible() and stream.scene.wires["Grade", "image", 0].isVisible()
    assert as_text(from_tree(stream.document.tree())) == stream.text
    stream.editor.project.undo()
    assert wire.isVisible() and stream.text == before


def test_a_document_that_opens_during_a_drag_ends_the_drag(stream: Desk, tmp_path: Path) -> None:
    path = stream.editor.project.save(tmp_path / "a.codef")
    for start in (stream.output("Plate"), stream.node("Blur"), QPoint(30, 30)):
        stream.press(start)
        stream.move(start + QPoint(60, 60))
        stream.editor.project.open(path)
        stream.move(start + QPoint(80, 60))
        stream.release(start + QPoint(80, 60))
        stream.look()
    assert not stream.editor.project.modified


def test_undo_during_a_drag_ends_the_drag(stream: Desk) -> None:
    stream.press(stream.output("Plate"))
    stream.move(stream.node("Blur"))
    stream.editor.project.undo()
    assert "Blur" not in stream.scene.nodes and stream.view.gesture is None
    stream.release(QPoint(300, 300))
    assert stream.scene.nodes["Plate"].drop == ""


def test_a_dot_shows_what_comes_to_it_in_the_viewer(stream: Desk) -> None:
    stream.add("Dot", "Dot1", 0, 220, input="Grade")
    stream.editor.selection.set(["Dot1"])
    stream.key(Key.Key_3)
    assert stream.document.wires("Viewer1", "image_3") == ("Grade",)


def test_the_right_button_offers_what_can_be_done(stream: Desk) -> None:
    at = stream.node("Grade")
    event = QContextMenuEvent(
        QContextMenuEvent.Reason.Mouse, at, stream.view.viewport().mapToGlobal(at)
    )
    QApplication.sendEvent(stream.view.viewport(), event)
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    titles = {action.text(): action for action in menu.actions()}
    assert {"Rename", "Disable", "Delete"} <= set(titles)
    titles["Disable"].trigger()
    menu.close()
    assert stream.document.state("Grade").disabled


def test_the_right_button_on_the_desk_lists_every_node(desk: Desk) -> None:
    at = QPoint(400, 300)
    event = QContextMenuEvent(
        QContextMenuEvent.Reason.Mouse, at, desk.view.viewport().mapToGlobal(at)
    )
    QApplication.sendEvent(desk.view.viewport(), event)
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    groups = {action.text(): action.menu() for action in menu.actions() if action.menu()}
    listed = {action.text(): action for group in groups.values() for action in group.actions()}
    for cls in desk.document.registry.all_node_classes():
        assert title_of(cls) in listed or cls.type == "ImageOperation", cls.type
    assert {"Blur", "Grade", "Saturation"} <= {action.text() for action in groups["Edit"].actions()}
    listed["Blur"].trigger()
    menu.close()
    assert desk.document.knob_value("Blur1", "operation") == "blur"
    assert desk.node("Blur1") == at
