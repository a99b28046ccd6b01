"""The window: panes, layouts, menus, closing."""

from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAction, QCursor
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMessageBox, QPushButton

from codef_nodes.graph.commands import AddNode, SetKnob
from gui.jobs.job import FAILED
from gui.jobs.queue import queue_of
from gui.shell.panes import PANES
from gui.shell.window import MainWindow
from tests.gui.helpers import wait_for

Key, Held = Qt.Key, Qt.KeyboardModifier


def answer(window: MainWindow, text: str) -> None:
    """Clicks a button of the question that is open."""
    boxes = [b for b in window.findChildren(QMessageBox) if b.isVisible()]
    assert len(boxes) == 1, [b.text() for b in boxes]
    button = next(b for b in boxes[0].findChildren(QPushButton) if b.text() == text)
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)


def over(window: MainWindow, name: str) -> None:
    pane = window.docks[name].pane
    QCursor.setPos(pane.mapToGlobal(pane.rect().center()))


def test_every_pane_is_the_real_one(window: MainWindow) -> None:
    for pane in PANES:
        made = window.docks[pane.name].pane
        assert type(made).__name__ == pane.cls, f"{pane.name} is {made}"


def test_graph_layout_shows_graph_and_both_viewers(window: MainWindow) -> None:
    assert window.layouts.current == "Graph"
    for name in ("graph", "canonical", "frame", "timeline", "properties"):
        assert not window.docks[name].visibleRegion().isEmpty(), name


def test_layouts_are_kept_as_the_artist_left_them(window: MainWindow) -> None:
    window.docks["timeline"].hide()
    QTest.keyClick(window, Key.Key_F2, Held.ControlModifier)
    assert window.layouts.current == "Paint"
    assert not window.docks["timeline"].isHidden()
    assert not window.docks["strokes"].visibleRegion().isEmpty()
    QTest.keyClick(window, Key.Key_T, Held.ControlModifier)
    assert window.layouts.current == "Graph"
    assert window.docks["timeline"].isHidden()
    window.layouts.reset()
    assert not window.docks["timeline"].isHidden()


def test_the_layout_comes_back_in_the_next_window(window: MainWindow) -> None:
    window.layouts.switch("Paint")
    window.layouts.remember()
    other = MainWindow(window.editor)
    other.start()
    assert other.layouts.current == "Paint"
    other.close()


def test_space_maximises_the_pane_under_the_cursor_and_goes_back(window: MainWindow) -> None:
    over(window, "graph")
    before = window.docks["graph"].size()
    QTest.keyClick(window, Key.Key_Space)
    QTest.qWait(20)
    assert window.layouts.maximised
    assert [n for n, d in window.docks.items() if not d.isHidden()] == ["graph"]
    assert window.docks["graph"].width() > before.width()
    QTest.keyClick(window, Key.Key_Space)
    QTest.qWait(20)
    assert window.docks["graph"].size() == before
    assert not window.docks["canonical"].isHidden()


def test_a_maximised_pane_is_not_remembered_as_the_layout(window: MainWindow) -> None:
    over(window, "graph")
    QTest.keyClick(window, Key.Key_Space)
    window.layouts.remember()
    assert not window.docks["canonical"].isHidden()


def test_the_edit_menu_tells_what_it_takes_back(window: MainWindow) -> None:
    undo, redo = window.menus.undo, window.menus.redo
    assert not undo.isEnabled() and undo.text() == "Undo"
    project = window.editor.project
    project.do(AddNode("Merge", name="A"))
    project.do(SetKnob("A", "mix", 0.5))
    assert undo.text() == "Undo Set A.mix" and undo.isEnabled()
    QTest.keyClick(window, Key.Key_Z, Held.ControlModifier)
    assert undo.text() == "Undo Add A" and redo.text() == "Redo Set A.mix"
    QTest.keyClick(window, Key.Key_Y, Held.ControlModifier)
    assert project.document.knob_value("A", "mix") == 0.5
    undo.trigger()
    undo.trigger()
    QTest.keyClick(window, Key.Key_Z, Held.ControlModifier | Held.ShiftModifier)
    assert list(project.document.nodes) == ["A"]


def test_every_menu_entry_does_something(window: MainWindow) -> None:
    actions = window.editor.actions
    for action in window.findChildren(QAction):
        name = action.objectName()
        if name and any(name == known.id for known in actions.table):
            assert actions.has_handler(name), f"nothing handles {name}"


def test_the_title_tells_the_document_and_its_changes(window: MainWindow, tmp_path: Path) -> None:
    assert "untitled" in window.windowTitle() and not window.isWindowModified()
    window.editor.project.do(AddNode("Merge"))
    assert window.isWindowModified()
    window.editor.project.save(tmp_path / "shot_v001.codef")
    assert "shot_v001.codef" in window.windowTitle() and not window.isWindowModified()


def test_closing_asks_about_changes_and_cancel_stays(window: MainWindow) -> None:
    window.editor.project.do(AddNode("Merge"))
    window.close()
    assert window.isVisible()
    answer(window, "Cancel")
    assert window.isVisible()
    window.close()
    answer(window, "Discard")
    wait_for(lambda: not window.isVisible())


def test_closing_without_changes_asks_nothing(window: MainWindow) -> None:
    window.close()
    assert not window.isVisible()


def test_save_on_closing_saves(window: MainWindow, tmp_path: Path) -> None:
    path = tmp_path / "shot.codef"
    window.editor.project.save(path)
    before = path.read_bytes()
    window.editor.project.do(AddNode("Merge"))
    window.close()
    answer(window, "Save")
    wait_for(lambda: not window.isVisible())
    assert path.read_bytes() != before


def test_a_mistake_in_a_slot_is_told_once_and_the_window_lives(
    window: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    import sys

    from gui.shell.errors import LastNet

    net = LastNet(window)
    for _ in range(3):
        sys.excepthook(ValueError, ValueError("odd"), None)
    boxes = [b for b in window.findChildren(QMessageBox) if b.isVisible()]
    assert len(boxes) == 1 and "odd" in boxes[0].detailedText()
    boxes[0].accept()
    net.stop()
    assert window.isVisible()


def test_problems_are_one_line_in_the_status_bar(window: MainWindow) -> None:
    window.editor.project.do(SetKnob("Nobody", "x", 1))
    assert "Nobody" in window.statusBar().currentMessage()


def test_the_grey_is_neutral_and_text_is_readable(application: QApplication) -> None:
    from gui import theme

    greys = [theme.VIEWER, theme.WELL, theme.PANE, theme.WINDOW, theme.RAISED, theme.TEXT]
    for grey in [*greys, theme.HOVER, theme.PRESSED, theme.LINE, theme.DIM, theme.FAINT]:
        assert grey[1:3] == grey[3:5] == grey[5:7]
    for text in (theme.TEXT, theme.DIM, theme.ERROR, theme.WARNING, theme.GOOD, theme.INFO):
        for ground in (theme.VIEWER, theme.WELL, theme.PANE, theme.WINDOW):
            assert theme.contrast(text, ground) >= 4.5, (text, ground)
    assert theme.contrast("#ffffff", theme.ACCENT_DIM) >= 4.5
    assert theme.contrast(theme.TEXT, theme.RAISED) >= 4.5


def test_icons_draw_something_at_any_scale(application: QApplication) -> None:
    from PySide6.QtCore import QSize
    from PySide6.QtGui import QIcon

    from gui import icons

    assert len(icons.names()) > 40
    for name in icons.names():
        image = icons.icon(name).pixmap(QSize(32, 32), QIcon.Mode.Normal).toImage()
        seen = sum(image.pixelColor(x, y).alpha() > 60 for x in range(32) for y in range(32))
        assert 15 < seen < 900, name


def test_a_pane_can_be_floated_and_closed_by_its_title(window: MainWindow) -> None:
    dock = window.docks["frame"]
    dock.setFloating(True)
    assert dock.isFloating()
    dock.setFloating(False)
    dock.close()
    assert dock.isHidden()
    dock.toggleViewAction().trigger()
    assert not dock.isHidden()
    assert window.childAt(QPoint(5, 5)) is not None


def test_a_failed_render_is_told_wherever_one_looks(window: MainWindow) -> None:
    said: list[str] = []
    window.editor.status.connect(said.append)
    queue = queue_of(window.editor)
    job = queue.render(["Write"])
    QApplication.processEvents()
    jobs = window.docks["jobs"].pane
    assert not jobs.visibleRegion().isEmpty(), "its progress is seen"
    window.docks["properties"].raise_()
    QApplication.processEvents()
    assert jobs.visibleRegion().isEmpty()
    job.error = "Write has no file; say where to write in its knob file"
    job.enter(FAILED)
    queue.finished.emit(job)
    QApplication.processEvents()
    assert said[-1] == f"Render Write failed: {job.error}"
    assert not jobs.visibleRegion().isEmpty()
