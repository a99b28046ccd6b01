"""The bar, the options, the colours and the list as widgets, and the keys."""

from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QCursor
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from codef_nodes.graph.commands import EditStrokes
from codef_nodes.graph.serialise import as_text
from gui import theme
from gui.core.editor import Editor
from gui.paint.bar import PaintBar
from gui.paint.brush import TOOLS
from gui.paint.colours import ColourPanel
from gui.paint.model import COLOUR, LOCKED, NAME, VISIBLE
from gui.paint.options import PaintOptions
from gui.paint.painting import Painting
from gui.paint.strokes import StrokeList
from gui.project.autosave import Autosave
from gui.project.recovery import crashed_windows
from gui.viewer.canvas import Canvas
from gui.viewer.pane import ViewerPane
from tests.gui.paint.graphs import shot, strokes
from tests.gui.paint.test_tool import at, drag

LEFT = Qt.MouseButton.LeftButton
NONE = Qt.KeyboardModifier.NoModifier


def stored(editor: Editor) -> list[dict[str, Any]]:
    return editor.project.document.knob_value("Paint1", "strokes")


def test_each_tool_has_a_button_and_a_second_click_puts_it_away(
    editor: Editor, painting: Painting
) -> None:
    bar = PaintBar(editor)
    bar.show()
    for tool in TOOLS:
        bar.buttons[tool.kind].click()
        assert painting.kind == tool.kind
        pressed = [kind for kind, button in bar.buttons.items() if button.isChecked()]
        assert pressed == [tool.kind]
        assert tool.title in bar.buttons[tool.kind].toolTip()
    bar.buttons["burn"].click()
    assert painting.kind == "" and not bar.buttons["burn"].isChecked()


def test_keys_take_tools_under_the_cursor_and_hide_the_viewers_only_then(
    editor: Editor, application: QApplication, painting: Painting
) -> None:
    shot(editor.project, paint=1)
    pane = ViewerPane(editor, "canonical")
    bar = PaintBar(editor)
    pane.resize(400, 300)
    pane.show()
    QCursor.setPos(pane.canvas.mapToGlobal(QPoint(100, 100)))
    application.processEvents()

    def press(key: Qt.Key, held: Qt.KeyboardModifier = NONE) -> None:
        QTest.keyClick(pane.canvas, key, held)

    assert pane.canvas.show_marks
    press(Qt.Key.Key_Q)
    assert not pane.canvas.show_marks, "without a tool Q is the viewer's"
    seen = []
    for key in "NNNCCCXXXEEEH":
        press(getattr(Qt.Key, f"Key_{key}"))
        seen.append(painting.kind)
    assert seen == [
        "brush", "erase", "brush", "clone", "reveal", "clone", "blur", "smear", "blur",
        "dodge", "burn", "dodge", "heal",
    ]  # fmt: skip
    size = painting.brush.size
    press(Qt.Key.Key_BracketRight)
    assert painting.brush.size > size
    press(Qt.Key.Key_BracketLeft)
    assert painting.brush.size == pytest.approx(size)
    press(Qt.Key.Key_BracketLeft, Qt.KeyboardModifier.ShiftModifier)
    assert painting.brush.hardness == pytest.approx(0.4)
    press(Qt.Key.Key_Q)
    assert painting.kind == "select"
    press(Qt.Key.Key_Q)
    assert painting.kind == "" and not pane.canvas.show_marks
    assert bar.isEnabled()
    pane.close()


def test_the_eyedropper_takes_the_pixel_under_the_cursor(
    editor: Editor, canvas: Canvas, painting: Painting
) -> None:
    painting.take("brush")
    QTest.mouseMove(canvas, at(canvas, 50, 50))
    tool = painting.tools["canonical"]
    from gui.paint.eyedropper import pick

    assert pick(editor, painting, tool)
    assert painting.colour == pytest.approx((0.18, 0.18, 0.18), abs=1e-5)


def test_scrubbing_an_option_sets_the_tool_in_hand_only(editor: Editor, painting: Painting) -> None:
    options = PaintOptions(editor)
    options.resize(1400, 30)
    options.show()
    painting.take("brush")
    box = options.boxes["opacity"]
    QTest.mousePress(box, LEFT, NONE, QPoint(box.width() - 4, 10))
    QTest.mouseMove(box, QPoint(box.width() // 2, 10))
    QTest.mouseRelease(box, LEFT, NONE, QPoint(box.width() // 2, 10))
    assert 0.2 < painting.brush.opacity < 0.8
    painting.take("erase")
    assert painting.brush.opacity == 1.0 and box.value == 1.0
    QTest.mouseClick(box, LEFT, NONE, QPoint(20, 10))
    QTest.keyClicks(box.focusWidget() or box._field, "0.25")
    QTest.keyClick(box._field, Qt.Key.Key_Return)
    assert painting.brush.opacity == 0.25
    QTest.mouseClick(box, LEFT, Qt.KeyboardModifier.ControlModifier, QPoint(20, 10))
    assert painting.brush.opacity == 1.0, "Ctrl+click gives the default"


def test_each_tool_shows_its_own_options(editor: Editor, painting: Painting) -> None:
    options = PaintOptions(editor)
    options.resize(1400, 30)
    options.show()
    expected = {
        "brush": {"blend"},
        "clone": {"source", "offset"},
        "reveal": {"time", "offset"},
        "blur": {"radius"},
        "dodge": {"stops", "range"},
        "erase": set(),
    }
    for kind, shown in expected.items():
        painting.take(kind)
        names = ("blend", "source", "offset", "time", "radius", "stops", "range")
        assert {name for name in names if options._control(name).isVisible()} == shown
    options.resize(903, 30)
    for tool in TOOLS:
        painting.take(tool.kind)
        assert options.height() <= theme.BAR + 2, "one line, also in a window of 1280 pixels"
    options.resize(420, 30)
    assert options.height() > 60, "a narrow bar breaks its line"


def test_typed_and_exposed_colours_may_be_brighter_than_white(
    editor: Editor, painting: Painting
) -> None:
    panel = ColourPanel(editor)
    panel.show()
    panel.fields[0].setFocus()
    panel.fields[0].selectAll()
    QTest.keyClicks(panel.fields[0], "4")
    QTest.keyClick(panel.fields[0], Qt.Key.Key_Return)
    assert painting.colour[0] == 4.0
    panel._expose(1.0)
    assert painting.colour[0] == 8.0
    swatches = panel.swatches
    QTest.mouseClick(swatches, LEFT, NONE, swatches.cell(2).center())
    assert painting.colour == (0.18, 0.18, 0.18)


def test_a_colour_picked_as_seen_is_stored_scene_linear(editor: Editor, painting: Painting) -> None:
    bar = PaintBar(editor)
    bar.show()
    picker = bar.colour.open()
    square = picker.square
    middle = QPoint(0, square.height() // 2)
    QTest.mouseClick(square, LEFT, NONE, middle)
    view = painting.view_colours()
    shown = view.shown(painting.colour)
    assert shown[0] == pytest.approx(0.5, abs=0.02), "half way up looks half as bright"
    assert painting.colour[0] == pytest.approx(0.214, abs=0.03), "and is 0.21 in the scene"
    picker.close()


class Listed:
    """A shown list over five strokes."""

    def __init__(self, editor: Editor) -> None:
        shot(editor.project, paint=1)
        editor.project.do(EditStrokes("Paint1", None, 0, strokes(5)))
        self.list = StrokeList(editor)
        self.list.resize(360, 500)
        self.list.show()

    def click(self, row: int, column: int) -> None:
        view = self.list.view
        place = view.visualRect(self.list.model.index(row, column)).center()
        QTest.mouseClick(view.viewport(), LEFT, NONE, place)


@pytest.fixture
def listed(editor: Editor) -> Listed:
    return Listed(editor)


def test_the_list_finds_its_node_and_a_click_selects_for_the_canvas(
    editor: Editor, listed: Listed, painting: Painting
) -> None:
    assert listed.list.model.node == "Paint1"
    listed.click(1, NAME)
    assert (painting.node, painting.selected) == ("Paint1", (3,))
    painting.select("Paint1", (0, 2))
    assert listed.list.chosen == [0, 2]
    assert "5 strokes, 2 selected" in listed.list.title.text()


def test_eye_and_lock_act_on_all_selected_rows_in_one_step(editor: Editor, listed: Listed) -> None:
    listed.list.choose([1, 3])
    before = len(editor.project.history.entries)
    listed.click(1, VISIBLE)
    assert [stroke.get("visible", True) for stroke in stored(editor)] == [
        True, False, True, False, True,
    ]  # fmt: skip
    listed.click(0, LOCKED)
    assert stored(editor)[4]["locked"] is True
    assert len(editor.project.history.entries) == before + 2


def test_buttons_and_del_reorder_copy_and_delete(editor: Editor, listed: Listed) -> None:
    listed.list.choose([0])
    up, down, copy, _trash = listed.list.buttons
    up.click()
    assert [s["name"] for s in stored(editor)] == ["s1", "s0", "s2", "s3", "s4"]
    down.click()
    assert [s["name"] for s in stored(editor)] == ["s0", "s1", "s2", "s3", "s4"]
    copy.click()
    assert listed.list.chosen == [1] and len(stored(editor)) == 6
    QTest.keyClick(listed.list.view, Qt.Key.Key_Delete)
    assert [s["name"] for s in stored(editor)] == ["s0", "s1", "s2", "s3", "s4"]


def test_a_scrub_in_the_panel_edits_all_selected_strokes_in_one_step(
    editor: Editor, listed: Listed
) -> None:
    listed.list.choose([0, 1])
    before = len(editor.project.history.entries)
    box = listed.list.panel.boxes["opacity"]
    QTest.mousePress(box, LEFT, NONE, QPoint(box.width() - 4, 10))
    for x in (120, 90, 60, 40):
        QTest.mouseMove(box, QPoint(x, 10))
    QTest.mouseRelease(box, LEFT, NONE, QPoint(40, 10))
    values = [stroke.get("opacity", 1.0) for stroke in stored(editor)]
    assert values[0] == values[1] < 0.9 and values[2:] == [1.0] * 3
    assert len(editor.project.history.entries) == before + 1
    editor.project.undo()
    assert box.value == 1.0


def test_the_panel_says_what_differs(editor: Editor, listed: Listed) -> None:
    editor.project.do(EditStrokes("Paint1", 0, 1, [{**strokes(1)[0], "size": 9.0}]))
    listed.list.choose([0, 1])
    assert listed.list.panel.boxes["size"].value is None
    assert listed.list.panel.boxes["opacity"].value == 1.0
    assert not listed.list.panel.boxes["radius"].isVisible()


def test_a_thousand_strokes_make_no_widgets(editor: Editor, listed: Listed) -> None:
    from PySide6.QtWidgets import QWidget

    before = len(listed.list.findChildren(QWidget))
    editor.project.do(EditStrokes("Paint1", None, 0, strokes(1000)))
    listed.list.grab()
    assert listed.list.model.rowCount() == 1005
    assert len(listed.list.findChildren(QWidget)) == before
    assert listed.list.model.data(listed.list.model.index(0, COLOUR)) is None


def test_a_stroke_in_progress_is_in_the_autosave_s_journal(
    editor: Editor, canvas: Canvas, painting: Painting, config: Path
) -> None:
    autosave = Autosave(editor.project)
    try:
        painting.journal = autosave.journal
        painting.take("brush")
        drag(canvas, (20, 20), (40, 20))
        drag(canvas, (20, 40), (40, 40), (60, 50), release=False)
        assert painting.journal is not None
        painting.journal.flush()
        assert autosave.snapshots.wait()
        autosave.snapshots.close(clean=False)
        autosave._lock.unlock()
        (crashed,) = crashed_windows()
        assert crashed.recovered is not None
        found = crashed.recovered.knob_value("Paint1", "strokes")
        assert [stroke["name"] for stroke in found] == ["Brush 1", "Brush 2"]
        assert len(found[1]["points"]) == 3
        painting.tools["canonical"].abort()
        assert "Brush 2" not in as_text(editor.project.document)
    finally:
        painting.journal = None
        autosave.close()


def test_esc_over_the_viewer_aborts_the_stroke_and_only_then_cancels_jobs(
    editor: Editor, application: QApplication, painting: Painting
) -> None:
    shot(editor.project, paint=1)
    pane = ViewerPane(editor, "canonical")
    bar = PaintBar(editor)
    cancelled: list[bool] = []
    editor.actions.register(None, "global", {"jobs.cancel": lambda: cancelled.append(True)})
    pane.resize(400, 300)
    pane.show()
    canvas = pane.canvas
    QCursor.setPos(canvas.mapToGlobal(QPoint(100, 100)))
    bar.buttons["brush"].click()
    QTest.mousePress(canvas, LEFT, NONE, QPoint(100, 100))
    QTest.mouseMove(canvas, QPoint(140, 120))
    assert painting.tools["canonical"].gesture is not None
    QTest.keyClick(canvas, Qt.Key.Key_Escape)
    assert painting.tools["canonical"].gesture is None
    QTest.mouseRelease(canvas, LEFT, NONE, QPoint(140, 120))
    assert stored(editor) == [] and cancelled == []
    QTest.keyClick(canvas, Qt.Key.Key_Escape)
    assert cancelled == [True]
    pane.close()


def test_another_document_ends_the_stroke(
    editor: Editor, canvas: Canvas, painting: Painting
) -> None:
    painting.take("brush")
    drag(canvas, (40, 30), (60, 40), release=False)
    editor.project.new()
    assert painting.tools["canonical"].gesture is None
    assert (painting.node, painting.selected) == (None, ())
    QTest.mouseRelease(canvas, LEFT, NONE, at(canvas, 60, 40))
    assert dict(editor.project.document.nodes) == {}


def test_painting_brings_no_heavy_library_into_the_window() -> None:
    import subprocess
    import sys

    code = (
        "import sys, gui.paint.bar, gui.paint.options, gui.paint.strokes\n"
        "heavy = {'torch', 'numba', 'cv2', 'av', 'OpenImageIO'} & set(sys.modules)\n"
        "sys.exit(', '.join(heavy) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr


def test_pressure_and_build_up_are_switches_of_the_tool_in_hand(
    editor: Editor, painting: Painting
) -> None:
    options = PaintOptions(editor)
    options.resize(1400, 30)
    options.show()
    painting.take("brush")
    assert not options.boxes["flow"].isVisible()
    QTest.mouseClick(options.switches["pressure_hardness"], LEFT)
    QTest.mouseClick(options.switches["build_up"], LEFT)
    assert options.boxes["flow"].isVisible() and options.height() <= theme.BAR + 2
    stroke = painting.header("brush", "canonical", 1001, (1001, 1010), 0)
    assert stroke["pressure_hardness"] is True
    assert stroke["build_up"] is True and stroke["flow"] == 0.2
    painting.take("smear")
    assert not options.switches["build_up"].isVisible(), "a smear has nothing to gather"
    painting.take("dodge")
    assert not options.switches["build_up"].isChecked(), "each tool remembers its own"
    stroke = painting.header("dodge", "canonical", 1001, (1001, 1010), 0)
    assert "build_up" not in stroke


def test_build_up_of_drawn_strokes_can_be_switched_on_later(editor: Editor, listed: Listed) -> None:
    panel = listed.list.panel
    listed.list.choose([0, 1])
    assert not panel.boxes["flow"].isVisible()
    before = len(editor.project.history.entries)
    QTest.mouseClick(panel.switches["build_up"], LEFT)
    assert panel.boxes["flow"].isVisible()
    assert [bool(stroke.get("build_up")) for stroke in stored(editor)] == [True] * 2 + [False] * 3
    assert len(editor.project.history.entries) == before + 1
    editor.project.undo()
    assert not panel.switches["build_up"].isChecked()
