"""Panels are views of the document."""

import gc

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from codef_nodes.graph.commands import AddNode, Group, RemoveNode, Rename, SetDisabled, SetKnob
from codef_nodes.graph.flags import KEEP, flag
from codef_nodes.graph.registry import all_node_classes
from gui.core.editor import Editor
from gui.properties.bin import PropertiesBin
from gui.properties.nodepage import NodePage
from gui.properties.page import KnobPage
from gui.properties.row import KnobRow
from tests.gui.helpers import wait_for

SHIPPED = 388
"""Pixels for panels beside a scroll bar, in a window of 1600."""


@pytest.fixture
def bin_(editor: Editor) -> PropertiesBin:
    for kind, name in (
        ("ImageOperation", "Grade1"),
        ("FitCoDeF", "Fit1"),
        ("CanonicalView", "Still"),
        ("WriteSequence", "Write1"),
        ("Paint", "Paint1"),
    ):
        editor.project.do(AddNode(kind, name))
    made = PropertiesBin(editor)
    made.resize(420, 900)
    made.show()
    QApplication.processEvents()
    return made


def settle() -> None:
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    QApplication.processEvents()


def names(bin_: PropertiesBin) -> list[str]:
    return [panel.node for panel in bin_.panels]


def test_the_panel_that_was_opened_last_is_on_top(bin_: PropertiesBin) -> None:
    for name in ("Grade1", "Fit1", "Grade1"):
        bin_.open(name)
    settle()
    assert names(bin_) == ["Grade1", "Fit1"]
    top, below = bin_.panels
    assert top.mapTo(bin_, top.rect().topLeft()).y() < below.mapTo(bin_, below.rect().topLeft()).y()


def test_the_oldest_panel_makes_room_and_a_pinned_one_does_not(
    editor: Editor, bin_: PropertiesBin
) -> None:
    editor.preferences.set("open_panels", 2)
    bin_.open("Grade1")
    QTest.mouseClick(bin_.panels[0].header.pin, Qt.MouseButton.LeftButton)
    for name in ("Fit1", "Still", "Write1"):
        bin_.open(name)
    assert names(bin_) == ["Write1", "Grade1"]
    bin_.clear()
    assert names(bin_) == ["Grade1"]


def test_the_number_of_panels_is_typed_in_the_bin(editor: Editor, bin_: PropertiesBin) -> None:
    bin_.most.setFocus()
    bin_.most.selectAll()
    QTest.keyClicks(bin_.most, "1")
    QTest.keyClick(bin_.most, Qt.Key.Key_Return)
    assert editor.preferences.get("open_panels") == 1
    bin_.open("Grade1")
    bin_.open("Fit1")
    assert names(bin_) == ["Fit1"]


def test_a_panel_goes_and_comes_back_with_its_node(editor: Editor, bin_: PropertiesBin) -> None:
    bin_.open("Grade1")
    bin_.open("Fit1")
    editor.project.do(RemoveNode("Fit1"))
    settle()
    assert names(bin_) == ["Grade1"]
    editor.project.undo()
    assert names(bin_) == ["Fit1", "Grade1"]
    editor.project.redo()
    settle()
    assert names(bin_) == ["Grade1"]


def test_a_panel_follows_a_rename_and_its_undo(editor: Editor, bin_: PropertiesBin) -> None:
    bin_.open("Grade1")
    bin_.panels[0].header.pin.click()
    editor.project.do(Rename("Grade1", "Warm"))
    settle()
    assert names(bin_) == ["Warm"] and bin_.panels[0].pinned
    editor.project.do(SetKnob("Warm", "mix", 0.5))
    page = bin_.panels[0].page()
    assert isinstance(page, KnobPage) and page.rows["mix"].value == 0.5
    editor.project.undo()
    editor.project.undo()
    settle()
    assert names(bin_) == ["Grade1"] and bin_.panels[0].header.name.text() == "Grade1"


def test_the_name_is_edited_in_the_head(editor: Editor, bin_: PropertiesBin) -> None:
    bin_.open("Fit1")
    field = bin_.panels[0].header.name
    field.selectAll()
    QTest.keyClicks(field, "Hero")
    QTest.keyClick(field, Qt.Key.Key_Return)
    settle()
    assert "Hero" in editor.project.document and names(bin_) == ["Hero"]
    field = bin_.panels[0].header.name
    problems: list[str] = []
    editor.project.problem.connect(problems.append)
    field.selectAll()
    QTest.keyClicks(field, "Grade1")
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert problems and field.text() == "Hero" and "Hero" in editor.project.document


def test_another_document_closes_all_panels(editor: Editor, bin_: PropertiesBin) -> None:
    bin_.open("Fit1")
    editor.project.new()
    settle()
    assert names(bin_) == [] and bin_.panel("Fit1") is None


def test_disable_is_one_click_in_the_head_and_on_the_node_page(
    editor: Editor, bin_: PropertiesBin
) -> None:
    bin_.open("Grade1")
    panel = bin_.panels[0]
    QTest.mouseClick(panel.header.disable, Qt.MouseButton.LeftButton)
    assert editor.project.document.state("Grade1").disabled
    assert panel.header.name.font().strikeOut()
    panel.tabs.setCurrentIndex(panel.tabs.count() - 1)
    page = panel.page()
    assert isinstance(page, NodePage) and page.disabled.isChecked()
    editor.project.undo()
    assert not page.disabled.isChecked() and not panel.header.disable.isChecked()


def test_keep_on_disk_is_one_click_on_the_node_page(editor: Editor, bin_: PropertiesBin) -> None:
    bin_.open("Grade1")
    panel = bin_.panels[0]
    panel.tabs.setCurrentIndex(panel.tabs.count() - 1)
    page = panel.page()
    assert isinstance(page, NodePage)
    QTest.mouseClick(page.kept, Qt.MouseButton.LeftButton, pos=QPoint(8, page.kept.height() // 2))
    assert flag(editor.project.document, "Grade1", KEEP) and page.kept.isChecked()
    editor.project.undo()
    assert not page.kept.isChecked()


def test_the_note_of_the_node_page_is_shown_in_the_head(
    editor: Editor, bin_: PropertiesBin
) -> None:
    bin_.open("Grade1")
    panel = bin_.panels[0]
    panel.tabs.setCurrentIndex(1)
    page = panel.page()
    assert isinstance(page, NodePage)
    page.note.setFocus()
    QTest.keyClicks(page.note, "check with Ann")
    QTest.keyClick(page.note, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert editor.project.document.state("Grade1").label == "check with Ann"
    assert panel.header.label.text() == "check with Ann"
    assert len(editor.project.history.entries) == 6


def test_a_preset_is_one_step_of_undo(editor: Editor, bin_: PropertiesBin) -> None:
    bin_.open("Grade1")
    panel = bin_.panels[0]
    before = editor.project.document.tree()
    steps = len(editor.project.history.entries)
    menu = panel.header.preset_menu()
    chosen = next(action for action in menu.actions() if action.text() == "Day for night")
    chosen.trigger()
    assert len(editor.project.history.entries) == steps + 1
    assert editor.project.document.knob_value("Grade1", "grade_multiply") == [0.16, 0.22, 0.36]
    page = panel.page()
    assert isinstance(page, KnobPage) and page.rows["grade_multiply"].label.font().bold()
    editor.project.undo()
    assert editor.project.document.tree() == before


def test_revert_is_one_step_and_keeps_strokes(editor: Editor, bin_: PropertiesBin) -> None:
    stroke = {"points": [[1.0, 2.0]]}
    editor.project.do(
        Group([SetKnob("Paint1", "strokes", [stroke]), SetKnob("Paint1", "opacity", 0.5)])
    )
    bin_.open("Paint1")
    steps = len(editor.project.history.entries)
    QTest.mouseClick(bin_.panels[0].header.revert, Qt.MouseButton.LeftButton)
    assert len(editor.project.history.entries) == steps + 1
    assert dict(editor.project.document.state("Paint1").knobs) == {"strokes": [stroke]}


def test_an_operation_shows_its_own_knobs_only(editor: Editor, bin_: PropertiesBin) -> None:
    bin_.open("Grade1")
    page = bin_.panels[0].page()
    assert isinstance(page, KnobPage) and "grade_gain" in page.rows and "blur_size" not in page.rows
    menu = page.rows["operation"].editor
    menu.committed.emit("blur")
    settle()
    page = bin_.panels[0].page()
    assert isinstance(page, KnobPage) and "blur_size" in page.rows and "grade_gain" not in page.rows
    editor.project.undo()
    settle()
    page = bin_.panels[0].page()
    assert isinstance(page, KnobPage) and "grade_gain" in page.rows


def test_only_changed_knobs_of_all_pages(editor: Editor, bin_: PropertiesBin) -> None:
    editor.project.do(Group([SetKnob("Fit1", "seconds", 5.0), SetKnob("Fit1", "recipe", "final")]))
    bin_.open("Fit1")
    bin_.only_changed.click()
    page = bin_.panels[0].page()
    assert isinstance(page, KnobPage) and list(page.rows) == ["seconds", "recipe"]
    editor.project.undo()
    settle()
    page = bin_.panels[0].page()
    assert isinstance(page, KnobPage) and not page.rows


@pytest.mark.parametrize(
    ("node", "action"),
    [("Fit1", "fit.start"), ("Write1", "jobs.render_node"), ("Still", "roundtrip.export")],
)
def test_a_button_selects_its_node_and_asks(
    editor: Editor, bin_: PropertiesBin, node: str, action: str
) -> None:
    asked: list[tuple[str, str]] = []
    bin_.asked.connect(lambda *told: asked.append(told))
    bin_.open(node)
    QTest.mouseClick(bin_.panels[0].button, Qt.MouseButton.LeftButton)
    assert asked == [(action, node)] and editor.selection.current == node


def test_an_action_that_somebody_handles_is_run(editor: Editor, bin_: PropertiesBin) -> None:
    framed: list[str | None] = []
    editor.actions.register(
        bin_, "graph", {"graph.frame": lambda: framed.append(editor.selection.current)}
    )
    bin_.open("Fit1")
    QTest.mouseClick(bin_.panels[0].header.centre, Qt.MouseButton.LeftButton)
    assert framed == ["Fit1"]


def test_all_tabs_of_every_node_fit_into_the_bin_as_it_is_shipped(
    editor: Editor, bin_: PropertiesBin
) -> None:
    for cls in all_node_classes():
        kind = cls.type
        editor.project.do(AddNode(kind, kind))
        bin_.open(kind)
        panel = bin_.panel(kind)
        assert panel is not None
        assert panel.tabs.sizeHint().width() <= SHIPPED, kind


def test_pages_are_made_when_they_are_turned_to(bin_: PropertiesBin) -> None:
    bin_.open("Fit1")
    panel = bin_.panels[0]
    made = [isinstance(panel.stack.widget(k), KnobPage) for k in range(panel.stack.count())]
    assert made == [True, False, False, False, False]
    panel.tabs.setCurrentIndex(2)
    page = panel.page()
    assert isinstance(page, KnobPage) and list(page.rows) == ["undistort", "redistort"]


def test_a_folded_panel_is_its_head(bin_: PropertiesBin) -> None:
    bin_.open("Fit1")
    panel = bin_.panels[0]
    QApplication.processEvents()
    tall = panel.height()
    QTest.mouseClick(panel.header.fold, Qt.MouseButton.LeftButton)
    wait_for(lambda: panel.height() < tall / 2)
    assert not panel.tabs.isVisible()


def test_an_unknown_node_has_a_panel_that_says_so(editor: Editor, bin_: PropertiesBin) -> None:
    from codef_nodes.graph.serialise import from_tree

    tree = editor.project.document.tree()
    tree["nodes"]["Odd1"] = {"type": "Alien", "version": 3, "knobs": {"a": 1}, "inputs": {}}
    editor.project.use(from_tree(tree), None)
    bin_.open("Odd1")
    page = bin_.panels[0].page()
    assert isinstance(page, NodePage) and "does not know" in page.facts.text()
    editor.project.do(SetDisabled("Odd1"))
    assert page.disabled.isChecked()


def test_panels_that_were_closed_leave_nothing_behind(editor: Editor, bin_: PropertiesBin) -> None:
    def round_trip() -> None:
        for name in ("Grade1", "Fit1", "Write1"):
            bin_.open(name)
            panel = bin_.panels[0]
            for page in range(panel.tabs.count()):
                panel.tabs.setCurrentIndex(page)
        editor.project.do(RemoveNode("Fit1"))
        editor.project.undo()
        bin_.close_all()
        settle()
        gc.collect()

    round_trip()
    widgets = len(QApplication.allWidgets())
    rows = sum(isinstance(each, KnobRow) for each in gc.get_objects())
    for _ in range(10):
        round_trip()
    assert len(QApplication.allWidgets()) <= widgets
    assert sum(isinstance(each, KnobRow) for each in gc.get_objects()) <= rows
