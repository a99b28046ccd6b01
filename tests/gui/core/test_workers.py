"""The window's side of the two worker processes: signals on the UI thread, documents in step."""

import gc
import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QObject

from codef_nodes.graph import commands as c
from codef_nodes.graph.cache import Cache, RamCache
from codef_nodes.graph.document import Document
from codef_nodes.graph.evaluate import Evaluator
from codef_nodes.worker.protocol import WorkerError
from gui.core.project import Project
from gui.core.workers import Workers
from tests.codef_nodes.worker.harness import clip_document, slow_document
from tests.gui.helpers import wait_for

ROOT = Path(__file__).resolve().parents[3]
SOON = 20.0


class Asked:
    """The answer to a request, once it is there."""

    def __init__(self, link, verb, **args):
        self.answer = self.error = self.thread = None
        self.request = link.request(verb, args, self._done, self._failed)

    def _done(self, answer):
        self.answer, self.thread = answer, threading.current_thread()

    def _failed(self, error):
        self.error, self.thread = error, threading.current_thread()

    @property
    def over(self):
        return self.answer is not None or self.error is not None

    def wait(self):
        wait_for(lambda: self.over, SOON, "for an answer")
        return self.answer


@pytest.fixture(scope="module")
def running(application, tmp_path_factory):
    """A project and its two workers, which serve all tests that do not end them."""
    project = Project()
    workers = Workers(project, tmp_path_factory.mktemp("cache"))
    yield project, workers
    workers.close()
    workers.deleteLater()


@pytest.fixture
def project(application, tmp_path):
    """A project with a tiny graded clip, without workers."""
    project = Project()
    project.use(clip_document(tmp_path), tmp_path / "shot.codef")
    return project


@pytest.fixture
def shot(running, tmp_path):
    """A project with a tiny graded clip, and its workers."""
    project, workers = running
    project.use(clip_document(tmp_path), tmp_path / "shot.codef")
    return project, workers


def truth(project, node="Grade", frame=1002):
    """What the evaluator makes of the project's document."""
    return (
        Evaluator(project.document, Cache(RamCache(64 << 20)), folder=project.folder)
        .value(node, frame)
        .pixels
    )


def seen(workers, node="Grade", frame=1002):
    """A picture by way of the worker."""
    answer = Asked(workers.view, "view", node=node, frame=frame, slot="frame").wait()
    assert answer is not None
    return workers.view.open_picture(answer["picture"])


def test_a_request_made_at_once_is_answered_on_the_ui_thread(shot):
    project, workers = shot
    asked = Asked(workers.view, "view", node="Grade", frame=1002, slot="frame")
    assert not asked.over, "the window waited"
    picture = workers.view.open_picture(asked.wait()["picture"])
    assert asked.thread is threading.main_thread()
    assert np.array_equal(picture, truth(project))
    assert workers.view.state == "ready" and workers.view.pid != os.getpid()
    assert Asked(workers.jobs, "status").wait()["path"] == str(project.path)


def test_a_widget_that_is_gone_hears_no_answer(shot, application):
    _project, workers = shot
    heard = []
    gone, there = QObject(), QObject()
    workers.view.request("status", {}, lambda _: heard.append("gone"), owner=gone)
    workers.view.request("status", {}, lambda _: heard.append("there"), owner=there)
    gone.deleteLater()
    QCoreApplication.sendPostedEvents(gone, QEvent.Type.DeferredDelete)
    wait_for(lambda: heard, SOON)
    assert heard == ["there"]


def test_a_refusal_arrives_as_an_error_on_the_ui_thread(shot):
    _, workers = shot
    asked = Asked(workers.view, "view", node="Nobody", frame=1, slot="frame")
    asked.wait()
    assert isinstance(asked.error, WorkerError) and asked.error.code == 2
    assert "Nobody" in str(asked.error) and asked.thread is threading.main_thread()


def test_what_a_callback_asks_sees_every_step_of_the_document(shot):
    project, workers = shot
    assert np.array_equal(seen(workers), truth(project))
    dark = c.SetKnob("Grade", "grade_gain", [0.1, 0.2, 0.3])
    for step in (lambda: project.do(dark), project.undo, project.redo):
        step()
        assert np.array_equal(seen(workers), truth(project))
    project.do(c.Rename("Grade", "Look"))
    assert np.array_equal(seen(workers, "Look"), truth(project, "Look"))


def test_another_document_is_opened_in_both(shot, tmp_path):
    project, workers = shot
    seen(workers)
    project.use(Document(), None)
    for link in workers.links:
        assert Asked(link, "status").wait()["path"] is None
    asked = Asked(workers.view, "view", node="Grade", frame=1002, slot="frame")
    asked.wait()
    assert "no node" in str(asked.error)


def test_a_document_saved_elsewhere_is_told(shot, tmp_path):
    project, workers = shot
    other = tmp_path / "deeper" / "shot_v002.codef"
    other.parent.mkdir()
    project.save(other)
    assert Asked(workers.jobs, "status").wait()["path"] == str(other)
    assert np.array_equal(seen(workers), truth(project)), "the clip was lost on the way"


def test_a_killed_worker_is_shown_started_again_and_knows_the_document(shot):
    project, workers = shot
    seen(workers)
    states = []
    workers.view.state_changed.connect(states.append)
    project.do(c.SetKnob("Grade", "grade_gain", [0.1, 0.2, 0.3]))
    kept, first = seen(workers), workers.view.pid
    waiting = Asked(workers.view, "view", node="Grade", frame=1005, slot="frame")
    os.kill(first, signal.SIGKILL)
    wait_for(lambda: states == ["dead", "starting", "ready"], SOON)
    assert waiting.over, "a request was left without an answer"
    assert workers.view.pid != first
    assert np.array_equal(seen(workers), truth(project))
    assert np.array_equal(kept, truth(project)), "what was on the screen went away"


def test_a_worker_that_lost_step_gets_the_document_anew(shot):
    project, workers = shot
    Asked(workers.view, "open", tree=Document().tree()).wait()
    project.do(c.SetKnob("Grade", "grade_gain", [0.1, 0.2, 0.3]))
    Asked(workers.view, "ping").wait()
    assert np.array_equal(seen(workers), truth(project))


def test_a_picture_is_read_only_and_forgotten_with_its_last_view(shot):
    _, workers = shot
    picture = seen(workers)
    assert not picture.flags.writeable
    with pytest.raises(ValueError, match="read-only"):
        picture[0, 0, 0] = 1
    part = picture[4:8, :, :1]
    del picture
    gc.collect()
    assert Asked(workers.view, "status").wait()["pictures"]["count"] == 1
    assert part.shape == (4, 64, 1)
    del part
    gc.collect()
    assert Asked(workers.view, "status").wait()["pictures"]["count"] == 0


def test_a_picture_that_is_gone_is_an_error(shot):
    _, workers = shot
    answer = Asked(workers.view, "view", node="Grade", frame=1002, slot="frame").wait()
    Path(answer["picture"]["file"]).unlink()
    with pytest.raises(WorkerError, match="is gone"):
        workers.view.open_picture(answer["picture"])


def test_a_safe_document_is_not_evaluated_until_it_is_trusted(shot, tmp_path):
    project, workers = shot
    project.use(project.document, project.path, safe=True)
    asked = Asked(workers.view, "view", node="Grade", frame=1002, slot="frame")
    asked.wait()
    assert "opened safely" in str(asked.error)
    project.trust()
    assert np.array_equal(seen(workers), truth(project))


def test_drafts_of_the_jobs_reach_the_view_and_leave_with_the_record(shot, tmp_path):
    _, workers = shot
    workers.jobs.event.emit("draft", {"node": "Fit", "field": str(tmp_path / "d1")})
    drafts = Asked(workers.view, "status").wait()["drafts"]
    assert drafts == {"Fit": str(tmp_path / "d1")}
    workers.jobs.event.emit("records", {"node": "Fit", "record": {"path": "x", "key": "k"}})
    assert Asked(workers.view, "status").wait()["drafts"] == {}


def test_events_come_as_a_signal_with_the_number_of_their_request(shot, tmp_path):
    project, workers = shot
    heard = []
    workers.view.event.connect(lambda name, data: heard.append((name, data)))
    wait_for(lambda: any(name == "faces" for name, _ in heard), SOON)
    project.use(slow_document(tmp_path / "slow"), None)
    asked = Asked(workers.view, "view", node="Flow", frame=1, slot="frame")
    wait_for(lambda: any(name == "progress" for name, _ in heard), SOON)
    told = next(data for name, data in heard if name == "progress")
    assert told["id"] == asked.request.id and 0 <= told["fraction"] < 1 and told["label"]
    assert not asked.over
    asked.request.cancel()
    asked.wait()
    assert asked.error.cancelled


def test_close_ends_both_processes_and_fails_what_waits(project, tmp_path):
    workers = Workers(project, tmp_path / "cache")
    seen(workers)
    Asked(workers.jobs, "ping").wait()
    pids, folders = [link.pid for link in workers.links], [link.run_dir for link in workers.links]
    workers.close()
    assert not any(folder.exists() for folder in folders)
    assert not any(Path(f"/proc/{pid}").exists() for pid in pids)
    late = Asked(workers.view, "ping")
    assert late.request.id == 0 and workers.view.state == "dead"
    workers.deleteLater()


def test_a_worker_that_cannot_live_is_given_up_with_one_sentence(project, tmp_path, monkeypatch):
    monkeypatch.setattr("gui.core.workers._RESTART_MS", 1)
    monkeypatch.setattr(
        "codef_nodes.worker.spawn.command", lambda *_: [sys.executable, "-c", "raise SystemExit(3)"]
    )
    problems = []
    project.problem.connect(problems.append)
    workers = Workers(project, tmp_path / "cache")
    wait_for(lambda: all(link.given_up for link in workers.links), SOON)
    told = [text for text in problems if "keeps dying" in text]
    assert len(told) == 2 and "save the document" in told[0]
    assert workers.view.state == "dead"
    workers.close()
    workers.deleteLater()


def test_workers_closed_at_once_leave_nothing(project, tmp_path):
    workers = Workers(project, tmp_path / "cache")
    workers.close()
    workers.deleteLater()


def test_the_window_gets_its_workers_without_heavy_modules():
    program = "import json, sys\nimport gui.core.workers\nprint(json.dumps(sorted(sys.modules)))\n"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    heavy = {"torch", "numba", "cv2", "av", "OpenImageIO", "PyOpenColorIO"}
    assert set(json.loads(done.stdout)) & heavy == set()
