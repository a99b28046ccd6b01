"""The fit pane with a real fit: which node, buttons, live still, curve, figures."""

from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton

from codef_nodes.graph.commands import AddNode, Group, RemoveNode, SetKnob
from gui.core.editor import Editor
from gui.fit.curve import CurveView
from gui.fit.figures import megabytes, reason_rows
from gui.fit.panel import FitPanel
from gui.jobs.job import DONE, PAUSED, RUNNING, Job
from tests.codef_nodes.worker.jobkit import make_clip, shot_graph
from tests.gui.helpers import wait_for


@pytest.fixture
def working_editor(kept_editor: Editor) -> Editor:
    """One for all tests here: what a worker loads at first takes longer than most of them."""
    return kept_editor


@pytest.fixture
def panel(working_editor: Editor, tmp_path: Path) -> FitPanel:
    """The pane over a fit that goes on until it is stopped."""
    make_clip(tmp_path / "clip")
    working_editor.project.use(shot_graph(tmp_path, steps=5000), tmp_path / "shot.codef")
    made = FitPanel(working_editor)
    made.resize(300, 560)
    made.show()
    return made


def click(button: QPushButton) -> None:
    assert button.isVisible() and button.isEnabled()
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)


def test_a_fit_from_start_to_stop(panel, working_editor):
    assert panel.node == "Fit" and panel.start.text() == "Fit" and not panel.stop.isVisible()
    click(panel.start)
    job = panel.job
    wait_for(lambda: job.figures.get("step", 0) > 3 and panel.preview.frame is not None, 40)
    assert "draft" in panel.preview.badge
    assert panel.curve.points and dict(panel.figures.rows)["Quality"].endswith("dB")
    wait_for(lambda: "Memory" in dict(panel.figures.rows))
    click(panel.hold)
    assert job.state == PAUSED and panel.hold.text() == "Resume" and panel._word.text() == "Paused"
    click(panel.hold)
    assert job.state == RUNNING
    drafts = {job.draft}
    wait_for(lambda: drafts.add(job.draft) or len(drafts) > 1, 40, "for a second draft")
    click(panel.stop)
    wait_for(lambda: job.over, 40)
    assert job.state == DONE and panel.start.text() == "Fit again"
    rows = dict(panel.figures.rows)
    assert rows["In use"] == "shot_Fit_fit_v001" and "Reference" in rows and "Advice" in rows
    wait_for(lambda: panel.preview.frame is not None and not panel.preview.badge)
    # Undo takes the record back, and the pane says so.
    working_editor.project.undo()
    assert panel.start.text() == "Fit" and "In use" not in dict(panel.figures.rows)


def test_a_fit_whose_time_was_up_before_the_first_pass_warns(panel, working_editor):
    working_editor.project.do(Group([SetKnob("Fit", "steps", 0), SetKnob("Fit", "seconds", 0.01)]))
    said = []
    working_editor.status.connect(said.append)
    click(panel.start)
    job = panel.job
    wait_for(lambda: job.over, 60)
    assert job.state == DONE and job.result["report"]["steps"] == 0
    assert "more seconds" in job.warning and job.warning in job.log[-1]
    assert any("more seconds" in text for text in said)
    assert "matching alone" in dict(panel.figures.rows)["Warning"]


def test_a_bar_goes_on_where_the_fit_before_ended():
    job = Job(1, "fit", ("Fit",), {})
    job.advance(0.4)
    job.enter("cancelled")
    again = Job(2, "fit", ("Fit",), {}, head_start=job.fraction)
    again.advance(0.1)
    assert again.fraction == 0.1, "as long as it is not known to go on"
    again.figures["step"] = 12.0
    again.advance(0.5)
    assert again.fraction == pytest.approx(0.7)
    fresh = Job(3, "fit", ("Fit",), {}, head_start=0.4)
    fresh.figures["step"] = 1.0
    fresh.advance(0.5)
    assert fresh.fraction == 0.5, "the checkpoint did not fit: it began anew"


def test_cancel_leaves_the_node_as_it_was(panel, working_editor):
    click(panel.start)
    job = panel.job
    wait_for(lambda: job.draft, 40)
    click(panel.cancel)
    wait_for(lambda: job.over, 20)
    assert panel.start.isVisible() and panel._word.text() == "Not fitted"
    wait_for(lambda: panel.preview.frame is None, 10, "for the draft to go")
    assert "Press Fit" in panel.preview.hint


def test_the_selected_fit_or_the_one_above_is_shown(panel, working_editor):
    working_editor.project.do(AddNode("FitCoDeF", "Second"))
    assert panel.node == "Fit"
    working_editor.selection.set(["Second"])
    assert panel.node == "Second" and panel._nodes.isVisible()
    working_editor.selection.set(["Write"])
    assert panel.node == "Fit"
    working_editor.project.do(RemoveNode("Fit"))
    assert panel.node == "Second"
    working_editor.project.do(RemoveNode("Second"))
    assert panel.node is None and panel._none.isVisible() and not panel._scroll.isVisible()


def test_recipe_and_time_are_the_knobs_of_the_node(panel, working_editor, tmp_path):
    project = working_editor.project
    project.use(shot_graph(tmp_path, steps=None), tmp_path / "shot.codef")
    assert panel.knobs.seconds.isVisible() and panel.knobs.seconds.value == 60.0
    panel.knobs.seconds.setFocus()
    panel.knobs.seconds.selectAll()
    QTest.keyClicks(panel.knobs.seconds, "5*3")
    QTest.keyClick(panel.knobs.seconds, Qt.Key.Key_Return)
    assert project.document.knob_value("Fit", "seconds") == 15.0
    panel.knobs.recipe.setCurrentText("preview")
    panel.knobs.recipe.activated.emit(panel.knobs.recipe.currentIndex())
    assert project.document.knob_value("Fit", "recipe") == "preview"
    project.undo()
    project.undo()
    assert (
        project.document.knob_value("Fit", "seconds") == 60.0 and panel.knobs.seconds.value == 60.0
    )


def test_figures_of_a_fit_of_an_earlier_session_are_asked_for(panel, working_editor, tmp_path):
    click(panel.start)
    wait_for(lambda: panel.job.draft, 40)
    click(panel.stop)
    wait_for(lambda: panel.job.over, 40)
    again = FitPanel(working_editor)
    again._queue.remove(panel.job)
    again.show()
    wait_for(lambda: "Quality" in dict(again.figures.rows), 10)
    assert again.curve.points


def test_another_document_with_the_same_names_shows_no_still_of_the_last(
    panel, working_editor, tmp_path
):
    click(panel.start)
    wait_for(lambda: panel.preview.frame is not None, 40)
    click(panel.cancel)
    working_editor.project.use(shot_graph(tmp_path), tmp_path / "other.codef", safe=True)
    assert panel.node == "Fit" and panel.preview.frame is None


def test_the_curve_shows_the_value_under_the_cursor(application):
    curve = CurveView()
    curve.resize(300, 100)
    curve.set_points([(0.0, 20.0), (5.0, 30.0), (10.0, float("nan")), (20.0, 33.3)])
    assert curve.points == [(0.0, 20.0), (5.0, 30.0), (20.0, 33.3)]
    first, last, low, high = curve.bounds()
    assert (first, last) == (0.0, 20.0) and low <= 20 and high > 33.3
    curve.show()
    before = curve.grab().toImage()
    QTest.mouseMove(curve, QPoint(120, 40))
    assert curve.grab().toImage() != before
    curve.set_points([])
    curve.grab()


def test_words_about_figures():
    assert [megabytes(v) for v in (10, 2048, 5 << 20, 3 << 30)] == [
        "10 B",
        "2 KB",
        "5 MB",
        "3.0 GB",
    ]
    assert reason_rows({"cuts": [1005]}) == [("Cuts at", "1005; only one shot was fitted")]
