"""The queue with real workers: order, figures, records, cancel, pause, death of the worker."""

import os
import signal
from pathlib import Path

import pytest

from gui.core.editor import Editor
from gui.jobs.job import CANCELLED, DONE, FAILED, INTERRUPTED, PAUSED, RUNNING, WAITING
from gui.jobs.queue import JobQueue, queue_of
from gui.jobs.row import JobRow
from tests.codef_nodes.worker.jobkit import COUNT, make_clip, shot_graph
from tests.gui.helpers import wait_for

ENDLESS = 5000


@pytest.fixture
def working_editor(kept_editor: Editor) -> Editor:
    """One for all tests here: what a worker loads at first takes longer than most of them."""
    return kept_editor


@pytest.fixture
def shot(working_editor: Editor, tmp_path: Path) -> Editor:
    """An editor with the small shot open."""
    make_clip(tmp_path / "clip")
    open_shot(working_editor, tmp_path)
    return working_editor


def open_shot(editor: Editor, folder: Path, **knobs: object) -> None:
    editor.project.use(shot_graph(folder, **knobs), folder / "shot.codef")


@pytest.fixture
def queue(shot: Editor) -> JobQueue:
    return queue_of(shot)


def test_there_is_one_queue_for_all_panes(shot, queue):
    assert queue_of(shot) is queue


def test_a_fit_and_the_render_behind_it(shot, queue, tmp_path):
    fit = queue.fit("Fit")
    render = queue.render()
    assert queue.fit("Fit") is fit
    assert (fit.state, render.state) == (RUNNING, WAITING)
    assert shot.faces.face("Fit").fit == "fitting"
    wait_for(lambda: render.over, 60)
    assert (fit.state, render.state) == (DONE, DONE), (fit.error, render.error)
    assert shot.project.document.state("Fit").field["path"] == "shot_Fit_fit_v001"
    assert shot.project.history.undo_title == "Fit Fit"
    assert Path(fit.folder) == tmp_path / "shot_Fit_fit_v001"
    assert Path(render.folder) == tmp_path / "out" and render.label == f"{COUNT} files written"
    # The render used the fit that was made before it.
    assert len(list(tmp_path.glob("shot_Fit_fit_v*"))) == 1
    assert fit.curve and fit.curve[0][1] > 10 and fit.draft
    assert shot.faces.face("Fit").fit == "fitted" and shot.faces.face("Fit").progress is None
    assert any("fitted:" in line for line in fit.log)


def test_what_waits_is_cancelled_at_once_and_what_runs_soon(shot, queue, tmp_path):
    open_shot(shot, tmp_path, steps=ENDLESS)
    fit, render = queue.fit("Fit"), queue.render()
    queue.cancel(render)
    assert render.state == CANCELLED
    wait_for(lambda: fit.figures.get("step", 0) > 1, 40)
    queue.cancel(fit)
    wait_for(lambda: fit.over, 10)
    assert fit.state == CANCELLED and not list(tmp_path.glob("shot_Fit_fit*"))
    assert shot.faces.face("Fit").progress is None and shot.faces.face("Fit").fit != "fitting"


def test_pause_resume_and_stop(shot, queue, tmp_path):
    open_shot(shot, tmp_path, steps=ENDLESS)
    fit = queue.fit("Fit")
    wait_for(lambda: fit.figures.get("step", 0) > 1, 40)
    queue.pause(fit)
    spent = fit.elapsed
    assert fit.state == PAUSED
    wait_for(lambda: True)
    assert fit.elapsed == spent
    queue.resume(fit)
    assert fit.state == RUNNING
    step = fit.figures["step"]
    wait_for(lambda: fit.figures["step"] > step + 3, 40)
    queue.stop(fit)
    wait_for(lambda: fit.over, 40)
    assert fit.state == DONE and fit.result["report"]["steps"] < ENDLESS


def test_a_failure_is_told_on_the_job_and_on_the_node(shot, queue, tmp_path):
    for file in (tmp_path / "clip").iterdir():
        file.unlink()
    fit = queue.fit("Fit")
    wait_for(lambda: fit.over, 40)
    assert fit.state == FAILED and fit.error
    assert shot.faces.face("Fit").fit == "failed"
    make_clip(tmp_path / "again")
    for file in (tmp_path / "again").iterdir():
        file.rename(tmp_path / "clip" / file.name)
    queue.retry(fit)
    assert queue.jobs == [fit] and not fit.error
    wait_for(lambda: fit.over, 40)
    assert fit.state == DONE, fit.error


def test_the_death_of_the_worker_loses_nothing_but_the_last_seconds(shot, queue, tmp_path):
    open_shot(shot, tmp_path, steps=ENDLESS)
    fit, render = queue.fit("Fit"), queue.render(["Write"], [1001])
    wait_for(lambda: fit.draft and fit.figures.get("step", 0) > 1, 40)
    draft = Path(fit.draft)
    os.kill(shot.workers.jobs.pid, signal.SIGKILL)
    wait_for(lambda: fit.over, 10)
    assert fit.state == INTERRUPTED and "start the job again" in fit.error
    assert draft.is_dir()  # what is painted on stays
    queue.cancel(render)
    wait_for(lambda: shot.workers.jobs.state == "ready", 20)
    queue.retry(fit)
    wait_for(lambda: fit.figures.get("step", 0) > 1, 40)
    queue.stop(fit)
    wait_for(lambda: fit.over, 40)
    assert fit.state == DONE, fit.error


def test_who_gives_an_interrupted_fit_up_gives_its_draft_up(shot, queue, tmp_path):
    open_shot(shot, tmp_path, steps=ENDLESS)
    fit = queue.fit("Fit")
    wait_for(lambda: fit.draft, 40)
    os.kill(shot.workers.jobs.pid, signal.SIGKILL)
    wait_for(lambda: fit.over, 10)

    def drafts() -> dict[str, str]:
        told: list[dict[str, dict[str, str]]] = []
        shot.workers.view.request("status", {}, told.append)
        wait_for(lambda: told)
        return told[0]["drafts"]

    assert drafts() == {"Fit": fit.draft}
    queue.clear_finished()
    assert fit in queue.jobs  # it may want to be started again
    queue.remove(fit)
    assert drafts() == {} and not queue.jobs


def test_what_waits_when_the_worker_dies_starts_by_itself(shot, queue, tmp_path):
    open_shot(shot, tmp_path, steps=2)
    wait_for(lambda: shot.workers.jobs.state == "ready", 20)
    os.kill(shot.workers.jobs.pid, signal.SIGKILL)
    wait_for(lambda: shot.workers.jobs.state == "dead", 10)
    fit = queue.fit("Fit")
    assert fit.state == WAITING
    wait_for(lambda: fit.over, 40)
    assert fit.state == DONE, fit.error


def test_a_node_that_is_renamed_meanwhile_gets_its_fit(shot, queue, tmp_path):
    from codef_nodes.graph.commands import Rename

    open_shot(shot, tmp_path, steps=ENDLESS)
    fit = queue.fit("Fit")
    wait_for(lambda: fit.figures.get("step", 0) > 1, 40)
    shot.project.do(Rename("Fit", "Other"))
    assert fit.nodes == ("Other",)
    queue.stop(fit)
    wait_for(lambda: fit.over, 40)
    assert shot.project.document.state("Other").field["path"] == "shot_Fit_fit_v001"
    wait_for(lambda: shot.faces.face("Other").fit == "fitted", 10)


def test_another_document_ends_the_jobs_of_the_one_before(shot, queue, tmp_path):
    open_shot(shot, tmp_path, steps=ENDLESS)
    fit = queue.fit("Fit")
    wait_for(lambda: fit.figures.get("step", 0) > 1, 40)
    shot.project.new()
    wait_for(lambda: fit.over, 10)
    assert fit.state == CANCELLED
    assert not shot.project.modified


def test_a_job_of_another_document_cannot_be_started_again(shot, queue, tmp_path):
    fit = queue.fit("Fit")
    row = JobRow(fit, lambda job, what: queue.retry(job))
    wait_for(lambda: fit.over, 40)
    row.update_job()
    assert row.buttons["retry"].isEnabled()
    open_shot(shot, tmp_path)
    row.update_job()
    assert not row.buttons["retry"].isEnabled()
    assert "another document" in row.buttons["retry"].toolTip()
    queue.retry(fit)
    assert fit.state == DONE and queue.running is None
    # The panel of the node with the same name has a fit of its own.
    assert queue.fit_of("Fit") is None
    again = queue.fit("Fit")
    assert again is not fit
    queue.cancel(again)
    wait_for(lambda: again.over, 10)


def test_a_fit_that_ends_after_the_first_save_lies_beside_the_document(shot, queue, tmp_path):
    shot.project.use(shot_graph(tmp_path, steps=ENDLESS), None)
    fit = queue.fit("Fit")
    wait_for(lambda: fit.figures.get("step", 0) > 1, 40)
    shot.project.save(tmp_path / "late.codef")
    queue.stop(fit)
    wait_for(lambda: fit.over, 40)
    assert fit.state == DONE, fit.error
    assert shot.project.document.state("Fit").field["path"] == "late_Fit_fit_v001"
    assert (tmp_path / "late_Fit_fit_v001" / "field.json").is_file()
    assert Path(fit.folder) == tmp_path / "late_Fit_fit_v001"


def test_a_resumed_fit_says_so_each_time_and_goes_on_with_its_passes(shot, queue, tmp_path):
    open_shot(shot, tmp_path, steps=ENDLESS)
    for _ in range(2):
        reached = queue.jobs[-1].figures["step"] if queue.jobs else 0
        fit = queue.fit("Fit")
        wait_for(lambda fit=fit: fit.over or fit.figures.get("step", 0) > 2, 40)
        if reached:
            assert fit.figures["step"] > reached
            assert any("goes on from where it was stopped" in line for line in fit.log)
        queue.cancel(fit)
        wait_for(lambda fit=fit: fit.over, 10)
    third = queue.fit("Fit")
    wait_for(lambda: third.figures.get("step", 0) > 2, 40)
    assert sum("goes on from where it was stopped" in line for line in third.log) == 1
    queue.cancel(third)
    wait_for(lambda: third.over, 10)


def test_a_render_counts_its_frames_and_a_fit_that_is_done_does_nothing_any_more(shot, queue):
    labels: list[str] = []
    queue.changed.connect(lambda job: labels.append(job.label) if job.kind == "render" else None)
    fit, render = queue.fit("Fit"), queue.render(["Write"])
    wait_for(lambda: render.over, 60)
    assert fit.state == DONE and "measuring" not in fit.label
    counted = [at for at, label in enumerate(labels) if label.startswith("frame ")]
    assert counted and all(labels[at].endswith(f" of {COUNT}") for at in counted)
    assert not any(label in shot.project.document for label in labels[counted[0] :])
    assert not any("frame 1 of" in line for line in render.log)
