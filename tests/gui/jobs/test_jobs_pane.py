"""The jobs pane and the render dialog, by real clicks and keys."""

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from codef_nodes.graph.commands import AddNode, SetDisabled
from gui.core.editor import Editor
from gui.jobs import pane as pane_module
from gui.jobs.dialog import RenderDialog, selected_writers
from gui.jobs.job import CANCELLED, DONE, RUNNING, WAITING, duration
from gui.jobs.pane import JobsPane
from gui.jobs.row import JobRow
from tests.codef_nodes.worker.jobkit import COUNT, make_clip, shot_graph
from tests.gui.helpers import wait_for


@pytest.fixture
def working_editor(kept_editor: Editor) -> Editor:
    """One for all tests here: what a worker loads at first takes longer than most of them."""
    return kept_editor


@pytest.fixture
def pane(working_editor: Editor, tmp_path: Path) -> JobsPane:
    """The pane over the small shot, with workers."""
    make_clip(tmp_path / "clip")
    working_editor.project.use(shot_graph(tmp_path, steps=2), tmp_path / "shot.codef")
    made = JobsPane(working_editor)
    made.resize(420, 400)
    made.show()
    return made


def press(row: JobRow, name: str) -> None:
    assert row.buttons[name].isVisibleTo(row)
    QTest.mouseClick(row.buttons[name], Qt.MouseButton.LeftButton)


def test_f5_asks_and_enter_renders_everything(pane, working_editor, tmp_path):
    working_editor.actions.run("jobs.render_all")
    dialog = pane.dialog
    assert isinstance(dialog, RenderDialog) and dialog.isVisible()
    QTest.keyClick(dialog, Qt.Key.Key_Return)
    (job,) = pane.rows
    wait_for(lambda: job.over, 60)
    assert job.state == DONE, job.error
    assert len(list((tmp_path / "out").iterdir())) == COUNT
    wait_for(lambda: pane.dialog is None)
    assert pane.rows[job].buttons["reveal"].isVisibleTo(pane)
    assert f"{COUNT} files written" in pane._log.toPlainText()


def test_f7_renders_what_is_selected_and_says_so_when_nothing_is(pane, working_editor):
    said: list[str] = []
    working_editor.status.connect(said.append)
    working_editor.actions.run("jobs.render_selected")
    assert pane.dialog is None and "Select a node" in said[-1]
    working_editor.project.do(AddNode("WriteSequence", "Other"))
    working_editor.project.do(AddNode("WriteSequence", "Off"))
    working_editor.project.do(SetDisabled("Off"))
    working_editor.selection.set(["Other", "Off", "Load", "Write"])
    assert selected_writers(working_editor) == ("Other", "Write")
    working_editor.actions.run("jobs.render_selected")
    assert pane.dialog is not None
    pane.dialog.reject()


def test_the_dialog_takes_ranges_refuses_others_and_remembers(pane, working_editor):
    dialog = RenderDialog(working_editor, ("Write",), pane)
    dialog.show()
    dialog.frames.clear()
    QTest.keyClicks(dialog.frames, "1001-x")
    assert dialog.custom.isChecked()
    dialog.accept()
    assert dialog.job is None and dialog.trouble.isVisible()
    dialog.frames.clear()
    QTest.keyClicks(dialog.frames, "1001-1005x2")
    dialog.skip.setChecked(True)
    dialog.accept()
    assert dialog.job is not None
    assert dialog.job.args["frames"] == [1001, 1003, 1005] and dialog.job.args["skip_existing"]
    again = RenderDialog(working_editor, ("Write",), pane)
    assert again.custom.isChecked() and again.skip.isChecked()
    assert again.frames.text() == "1001-1005x2"
    wait_for(lambda: dialog.job.over, 60)


def test_buttons_steer_the_jobs(pane, working_editor, tmp_path):
    working_editor.project.use(shot_graph(tmp_path, steps=5000), tmp_path / "shot.codef")
    fit, render = pane.queue.fit("Fit"), pane.queue.render()
    wait_for(lambda: fit.figures.get("step", 0) > 1, 40)
    assert (fit.state, render.state) == (RUNNING, WAITING)
    press(pane.rows[render], "cancel")
    assert render.state == CANCELLED
    press(pane.rows[fit], "pause")
    press(pane.rows[fit], "resume")
    assert pane.rows[fit].bar.isVisible() and "left" in pane.rows[fit]._time.text()
    press(pane.rows[fit], "stop")
    wait_for(lambda: fit.over, 40)
    assert fit.state == DONE
    QTest.mouseClick(pane.clear, Qt.MouseButton.LeftButton)
    assert not pane.rows and pane.selected is None and pane._empty.isVisibleTo(pane)


def test_a_click_chooses_the_log_and_reveal_opens_the_folder(pane, monkeypatch, tmp_path):
    first, second = pane.queue.render(), pane.queue.render()
    wait_for(lambda: second.over, 60)
    assert pane.selected is second
    QTest.mouseClick(pane.rows[first], Qt.MouseButton.LeftButton)
    assert pane.selected is first
    opened: list[str] = []
    monkeypatch.setattr(pane_module, "reveal", lambda path: bool(opened.append(path)) or True)
    press(pane.rows[first], "reveal")
    assert opened == [str(tmp_path / "out")]


def test_the_clock_of_the_rows_stops_when_nothing_is_under_way(pane):
    job = pane.queue.render()
    assert pane._tick.isActive()
    wait_for(lambda: job.over, 60)
    wait_for(lambda: not pane._tick.isActive(), 5)
    QApplication.processEvents()


def test_times_are_told_as_people_say_them():
    assert [duration(s) for s in (0, 59.4, 125, 3720)] == ["0 s", "59 s", "2:05 min", "1:02 h"]
