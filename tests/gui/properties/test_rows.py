"""One gesture is one step of undo; a wrong value changes nothing."""

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QComboBox, QWidget

from codef_nodes.graph.commands import AddNode
from codef_nodes.graph.jsonvalue import JSON
from gui.core.editor import Editor
from gui.properties.bin import PropertiesBin
from gui.properties.colour import ColourEditor
from gui.properties.files import FileEditor, LinesEditor
from gui.properties.numeric import NumberEditor, NumbersEditor
from gui.properties.page import KnobPage
from gui.properties.row import KnobRow
from gui.properties.table import TableEditor
from gui.properties.textual import BoolEditor, ChoiceEditor, SuggestionEditor, TextEditor

SHIFT = Qt.KeyboardModifier.ShiftModifier
CONTROL = Qt.KeyboardModifier.ControlModifier
LEFT = Qt.MouseButton.LeftButton


class Bench:
    """A bin with one panel."""

    def __init__(self, editor: Editor, kind: str, page: int = 0) -> None:
        self.project = editor.project
        self.project.do(AddNode(kind, "N"))
        self.bin = PropertiesBin(editor)
        self.bin.resize(440, 800)
        self.bin.show()
        self.bin.open("N")
        panel = self.bin.panels[0]
        panel.tabs.setCurrentIndex(page)
        shown = panel.page()
        assert isinstance(shown, KnobPage)
        self.page = shown
        QApplication.processEvents()
        self.start = len(self.project.history.entries)

    def row(self, knob: str) -> KnobRow:
        return self.page.rows[knob]

    def value(self, knob: str) -> JSON:
        return self.project.document.knob_value("N", knob)

    @property
    def steps(self) -> int:
        return len(self.project.history.entries) - self.start

    def type(self, field: QWidget, text: str, key: Qt.Key = Qt.Key.Key_Return) -> None:
        field.setFocus()
        field.selectAll()  # type: ignore[attr-defined]
        QTest.keyClicks(field, text)
        QTest.keyClick(field, key)


@pytest.fixture
def fit(editor: Editor) -> Iterator[Bench]:
    yield Bench(editor, "FitCoDeF")


@pytest.fixture
def grade(editor: Editor) -> Iterator[Bench]:
    yield Bench(editor, "ImageOperation")


def number(row: KnobRow) -> NumberEditor:
    assert isinstance(row.editor, NumberEditor)
    return row.editor


def drag(widget: QWidget, way: int, modifiers: Qt.KeyboardModifier | None = None) -> None:
    """A drag to the right in ten moves."""
    held = modifiers or Qt.KeyboardModifier.NoModifier
    start = widget.rect().center()
    QTest.mousePress(widget, LEFT, held, start)
    for step in range(1, 11):
        send_move(widget, start + QPoint(way * step // 10, 0), held)
    QTest.mouseRelease(widget, LEFT, held, start + QPoint(way, 0))


def send_move(widget: QWidget, place: QPoint, held: Qt.KeyboardModifier) -> None:
    from PySide6.QtCore import QEvent
    from PySide6.QtGui import QMouseEvent

    at = QPointF(place)
    event = QMouseEvent(
        QEvent.Type.MouseMove, at, QPointF(widget.mapToGlobal(place)),
        Qt.MouseButton.NoButton, LEFT, held,
    )  # fmt: skip
    QApplication.sendEvent(widget, event)


def test_a_field_with_suggestions_stands_like_a_plain_one(editor: Editor) -> None:
    bench = Bench(editor, "FitCoDeF")
    plain, offering = bench.row("frames").editor, bench.row("split").editor
    assert isinstance(plain, TextEditor) and isinstance(offering, SuggestionEditor)
    assert plain.geometry().left() == offering.geometry().left()
    assert plain.field.width() == offering.menu.width()
    assert abs(plain.height() - offering.height()) <= 1
    starts = []
    for field in (plain.field, offering.field):
        caret = field.cursorRect().left()
        starts.append(field.mapTo(bench.page, QPoint(caret, 0)).x())
    assert abs(starts[0] - starts[1]) <= 1, "the text begins at the same column"


def test_a_typed_sum_is_one_step(fit: Bench) -> None:
    row = fit.row("seconds")
    fit.type(number(row).field, "value*2+5")
    assert fit.value("seconds") == 125.0 and fit.steps == 1
    assert row.label.font().bold() and number(row).field.text() == "125"
    fit.project.undo()
    assert number(row).field.text() == "60" and not row.label.font().bold()


def test_leaving_a_field_confirms_and_tab_goes_to_the_next(fit: Bench) -> None:
    fit.bin.activateWindow()
    field = number(fit.row("seconds")).field
    fit.type(field, "30", Qt.Key.Key_Tab)
    assert fit.value("seconds") == 30.0
    assert QApplication.focusWidget() is number(fit.row("steps")).field


def test_esc_reverts_what_was_typed(fit: Bench) -> None:
    field = number(fit.row("seconds")).field
    fit.type(field, "999", Qt.Key.Key_Escape)
    assert field.text() == "60" and fit.steps == 0


@pytest.mark.parametrize(
    ("knob", "text", "word"),
    [("seconds", "-5", "at least 0"), ("seconds", "soon", "no number"), ("seed", "1.5", "whole")],
)
def test_a_wrong_value_is_told_below_the_field_and_kept_out(
    fit: Bench, knob: str, text: str, word: str
) -> None:
    before = fit.project.document.tree()
    row = fit.row(knob)
    fit.type(number(row).field, text)
    assert row.error.isVisible() and word in row.error.text()
    assert fit.project.document.tree() == before and fit.steps == 0
    fit.type(number(row).field, "7")
    assert not row.error.isVisible() and fit.value(knob) == 7


@pytest.mark.parametrize(("knob", "wrong", "right"), [("seconds", "-5", "60"), ("frames", "x", "")])
def test_esc_clears_a_wrong_value_and_its_error(
    fit: Bench, knob: str, wrong: str, right: str
) -> None:
    row = fit.row(knob)
    field = row.editor.field  # type: ignore[attr-defined]
    fit.type(field, wrong)
    assert row.error.isVisible() and field.text() == wrong
    QTest.keyClick(field, Qt.Key.Key_Escape)
    assert not row.error.isVisible() and field.text() == right and fit.steps == 0


def test_an_empty_optional_field_means_none(fit: Bench) -> None:
    field = number(fit.row("steps")).field
    fit.type(field, "12")
    assert fit.value("steps") == 12
    field.selectAll()
    QTest.keyClick(field, Qt.Key.Key_Delete)
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert fit.value("steps") is None and field.text() == ""


def test_arrow_keys_change_the_digit_at_the_caret_as_one_step(fit: Bench) -> None:
    field = number(fit.row("seconds")).field
    field.setFocus()
    field.setCursorPosition(1)
    for _ in range(3):
        QTest.keyClick(field, Qt.Key.Key_Up)
    assert fit.value("seconds") == 90.0 and fit.steps == 1
    QTest.keyClick(field, Qt.Key.Key_Right)
    QTest.keyClick(field, Qt.Key.Key_Return)
    field.setCursorPosition(2)
    QTest.keyClick(field, Qt.Key.Key_Down)
    assert fit.value("seconds") == 89.0 and fit.steps == 2


def test_esc_takes_a_run_of_arrow_keys_back(fit: Bench) -> None:
    field = number(fit.row("seconds")).field
    field.setFocus()
    field.setCursorPosition(2)
    QTest.keyClick(field, Qt.Key.Key_Up)
    QTest.keyClick(field, Qt.Key.Key_Up)
    QTest.keyClick(field, Qt.Key.Key_Escape)
    assert fit.value("seconds") == 60.0 and fit.steps == 0 and field.text() == "60"


def test_arrow_keys_stop_at_the_limit(fit: Bench) -> None:
    field = number(fit.row("seed")).field
    field.setFocus()
    field.setCursorPosition(1)
    QTest.keyClick(field, Qt.Key.Key_Down)
    assert fit.value("seed") == 0 and field.text() == "0"


def test_dragging_the_label_scrubs_as_one_step_and_shift_is_fine(grade: Bench) -> None:
    row = grade.row("mix")
    drag(row.label, -60)
    coarse = 1 - grade.value("mix")
    assert coarse > 0 and grade.steps == 1
    grade.project.undo()
    drag(row.label, -60, SHIFT)
    assert 1 - grade.value("mix") == pytest.approx(coarse / 10, abs=0.002)


def test_esc_during_a_scrub_takes_it_back(grade: Bench) -> None:
    label = grade.row("mix").label
    none = Qt.KeyboardModifier.NoModifier
    QTest.mousePress(label, LEFT, none, label.rect().center())
    for way in (10, 20, 40):
        send_move(label, label.rect().center() - QPoint(way, 0), none)
    assert grade.value("mix") < 1
    QTest.keyClick(label, Qt.Key.Key_Escape)
    assert grade.value("mix") == 1 and grade.steps == 0
    send_move(label, label.rect().center() - QPoint(80, 0), none)
    QTest.mouseRelease(label, LEFT, none, label.rect().center())
    assert grade.value("mix") == 1 and grade.steps == 0


def test_two_scrubs_are_two_steps(grade: Bench) -> None:
    drag(grade.row("mix").label, -30)
    drag(grade.row("mix").label, -30)
    assert grade.steps == 2


def test_digits_then_a_scrub_then_the_slider_are_steps_of_their_own(grade: Bench) -> None:
    row = grade.row("mix")
    field, slider = number(row).field, number(row).slider
    assert slider is not None
    grade.type(field, "0.75")
    field.setFocus()
    field.setCursorPosition(3)
    QTest.keyClick(field, Qt.Key.Key_Down)
    digits = grade.value("mix")
    drag(row.label, -30)
    scrubbed = grade.value("mix")
    field.setFocus()
    field.setCursorPosition(3)
    QTest.keyClick(field, Qt.Key.Key_Down)
    again = grade.value("mix")
    drag(slider, -20)
    assert len({0.75, digits, scrubbed, again, grade.value("mix")}) == 5
    for expected in (again, scrubbed, digits, 0.75):
        grade.project.undo()
        assert grade.value("mix") == expected


def test_ctrl_click_on_the_label_resets(grade: Bench) -> None:
    row = grade.row("mix")
    grade.type(number(row).field, "0.25")
    QTest.mouseClick(row.label, LEFT, CONTROL)
    assert grade.value("mix") == 1.0 and not row.label.font().bold() and grade.steps == 2


def test_ctrl_click_in_the_field_resets_and_the_hint_is_true(grade: Bench) -> None:
    row = grade.row("mix")
    field = number(row).field
    assert "+=0.1 adds" in row.editor.toolTip() and "Ctrl+click" in row.editor.toolTip()
    grade.type(field, "0.25")
    grade.type(field, "+=0.1")
    assert grade.value("mix") == pytest.approx(0.35)
    grade.type(field, "+0.1")
    assert grade.value("mix") == pytest.approx(0.1)
    QTest.keyClicks(field, "7")
    QTest.mouseClick(field, LEFT, CONTROL)
    assert grade.value("mix") == 1.0 and field.text() == "1" and grade.steps == 4


def test_a_slider_drag_is_one_step(grade: Bench) -> None:
    slider = number(grade.row("mix")).slider
    assert slider is not None
    drag(slider, -60)
    assert 0 < grade.value("mix") < 1 and grade.steps == 1
    assert float(number(grade.row("mix")).field.text()) == pytest.approx(grade.value("mix"))


def test_the_wheel_changes_no_value(grade: Bench) -> None:
    before = grade.project.document.tree()
    widgets = [
        widget
        for row in grade.page.rows.values()
        for widget in [row.label, row.editor, *row.editor.findChildren(QWidget)]
    ]
    assert any(isinstance(widget, QComboBox) for widget in widgets)
    for widget in widgets:
        widget.setFocus()
        event = QWheelEvent(
            QPointF(5, 5), QPointF(5, 5), QPoint(0, -120), QPoint(0, -120),
            Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier,
            Qt.ScrollPhase.NoScrollPhase, False,
        )  # fmt: skip
        QApplication.sendEvent(widget, event)
    assert grade.project.document.tree() == before


def test_a_change_from_elsewhere_is_shown_but_not_over_what_is_typed(fit: Bench) -> None:
    from codef_nodes.graph.commands import SetKnob

    fit.bin.activateWindow()
    field = number(fit.row("seconds")).field
    field.setFocus()
    field.selectAll()
    QTest.keyClicks(field, "12")
    fit.project.do(SetKnob("N", "seed", 4))
    assert field.text() == "12" and number(fit.row("seed")).field.text() == "4"
    fit.project.do(SetKnob("N", "seconds", 90.0))
    assert field.text() == "90"


def test_switch_menu_text_and_frames(fit: Bench) -> None:
    switch = fit.row("alpha").editor
    assert isinstance(switch, BoolEditor)
    QTest.mouseClick(switch.box, LEFT, Qt.KeyboardModifier.NoModifier, QPoint(6, 8))
    assert fit.value("alpha") is False
    menu = fit.row("cuts").editor
    assert isinstance(menu, ChoiceEditor)
    menu.menu.setFocus()
    QTest.keyClick(menu.menu, Qt.Key.Key_Down)
    assert fit.value("cuts") == "stop"
    frames = fit.row("frames").editor
    assert isinstance(frames, TextEditor)
    fit.type(frames.field, "1001-1100x2, -8--5")
    assert fit.value("frames") == "1001-1100x2, -8--5"
    fit.type(frames.field, "soon")
    assert fit.row("frames").error.isVisible() and fit.steps == 3


def test_a_text_with_suggestions_takes_others_too(editor: Editor) -> None:
    bench = Bench(editor, "FitCoDeF", page=3)
    recipe = bench.row("recipe").editor
    assert isinstance(recipe, SuggestionEditor)
    recipe.fill()
    offered = [recipe.menu.itemText(k) for k in range(recipe.menu.count())]
    assert "talking_head" in offered
    recipe.menu.activated.emit(offered.index("final"))
    assert bench.value("recipe") == "final"
    bench.type(recipe.field, "mine.toml")
    assert bench.value("recipe") == "mine.toml" and bench.steps == 2


def test_a_colour_space_is_chosen_from_the_configuration(editor: Editor) -> None:
    bench = Bench(editor, "WriteSequence", page=1)
    space = bench.row("colour_space").editor
    assert isinstance(space, SuggestionEditor) and space.menu.count() == 0
    space.fill()
    index = space.menu.findText("ACEScg")
    assert index >= 0
    space.menu.activated.emit(index)
    assert bench.value("colour_space") == "ACEScg"


def test_a_table_takes_rows(editor: Editor) -> None:
    bench = Bench(editor, "FitCoDeF", page=3)
    table = bench.row("numbers").editor
    assert isinstance(table, TableEditor)
    table._add()
    table.table.item(0, 0).setText("temporal")
    assert bench.steps == 0
    table.table.item(0, 1).setText("2.5")
    assert bench.value("numbers") == {"temporal": 2.5} and bench.steps == 1
    table.table.selectRow(0)
    QTest.keyClick(table.table, Qt.Key.Key_Delete)
    assert bench.value("numbers") == {}


def test_files_are_one_on_each_line(editor: Editor) -> None:
    bench = Bench(editor, "MaskGroup")
    lines = bench.row("files").editor
    assert isinstance(lines, LinesEditor)
    lines.area.setFocus()
    QTest.keyClicks(lines.area, "roto/front")
    QTest.keyClick(lines.area, Qt.Key.Key_Return)
    QTest.keyClicks(lines.area, "roto/back.####.png")
    QTest.keyClick(lines.area, Qt.Key.Key_Return, CONTROL)
    assert bench.value("files") == ["roto/front", "roto/back.####.png"] and bench.steps == 1


def test_a_file_name_is_typed(editor: Editor) -> None:
    bench = Bench(editor, "LoadSequence")
    file = bench.row("file").editor
    assert isinstance(file, FileEditor)
    bench.type(file.field, "plates/shot.####.exr")
    assert bench.value("file") == "plates/shot.####.exr"


def test_a_point_is_two_fields_and_scrubs_both(editor: Editor) -> None:
    from codef_nodes.graph.commands import SetKnob

    bench = Bench(editor, "ImageOperation")
    bench.project.do(SetKnob("N", "operation", "overlay"))
    page = bench.bin.panels[0].page()
    assert isinstance(page, KnobPage)
    row = page.rows["overlay_translate"]
    assert isinstance(row.editor, NumbersEditor)
    bench.type(row.editor.fields[1], "12+0.5")
    assert bench.value("overlay_translate") == [0.0, 12.5]
    drag(row.label, 50)
    x, y = bench.value("overlay_translate")
    assert x > 0 and y - x == pytest.approx(12.5, rel=0.2)


def test_a_colour_scrubs_all_parts_and_types_one(grade: Bench) -> None:
    row = grade.row("grade_gain")
    assert isinstance(row.editor, ColourEditor)
    grade.type(row.editor.fields[2], "0.5")
    assert grade.value("grade_gain") == [1.0, 1.0, 0.5]
    drag(row.label, 40)
    red, green, blue = grade.value("grade_gain")
    assert red == green > 1.0 and blue == pytest.approx(red - 0.5) and grade.steps == 2


def test_a_value_is_copied_and_pasted_as_text(grade: Bench) -> None:
    gain, offset = grade.row("grade_gain"), grade.row("grade_offset")
    grade.type(gain.editor.fields[0], "2")  # type: ignore[attr-defined]
    gain.copy()
    assert QApplication.clipboard().text() == "[2.0, 1.0, 1.0]"
    menu = offset.menu()
    next(each for each in menu.actions() if each.text() == "Paste value").trigger()
    assert grade.value("grade_offset") == [2.0, 1.0, 1.0] and grade.steps == 2
    QApplication.clipboard().setText("blue")
    offset.paste()
    assert offset.error.isVisible() and grade.steps == 2


def test_the_tooltip_says_what_a_knob_takes(fit: Bench) -> None:
    tip = fit.row("seconds").label.toolTip()
    assert "A number of at least 0, in s; default 60." in tip and "Ctrl+click" in tip


def test_the_error_of_a_node_is_shown_in_its_panel(editor: Editor) -> None:
    bench = Bench(editor, "LoadSequence")
    panel = bench.bin.panels[0]
    assert not panel.trouble.isVisible()
    editor.faces.update("N", error="plates/a.exr is not there; choose another file")
    assert panel.trouble.isVisible() and "not there" in panel.trouble.text()
    editor.faces.update("N", error="")
    assert not panel.trouble.isVisible()
