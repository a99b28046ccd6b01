"""The jobs that are waiting, under way and over. The worker gets one at a time.

The queue is the window's: when the worker dies, what waited goes on waiting and what ran is offered
again. A job that waits takes the document as it is when its turn comes, so that a render which was
queued behind a fit uses that fit.
"""

import itertools
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal

from codef_nodes.graph.commands import RecordField
from codef_nodes.graph.document import Change
from codef_nodes.worker.protocol import WorkerError
from engine.errors import CodefError
from gui.core.editor import Editor
from gui.core.workers import Request, WorkerLink
from gui.jobs.job import (
    CANCELLED,
    DONE,
    ENDING,
    FAILED,
    INTERRUPTED,
    PAUSED,
    RUNNING,
    WAITING,
    Job,
)
from gui.jobs.outcome import fits_above, take_fit, take_progress, take_render
from gui.project.moving import brought

_NAME = "jobqueue"


def queue_of(editor: Editor) -> "JobQueue":
    """The one queue of an editor; made when it is first asked for."""
    found = editor.findChild(JobQueue, _NAME)
    return found if isinstance(found, JobQueue) else JobQueue(editor)


class JobQueue(QObject):
    """Renders and fits in order.

    Attributes:
        jobs: All of them, oldest first.
    """

    added = Signal(object)
    """A ``Job`` came."""
    changed = Signal(object)
    """A ``Job`` is further, or in another state."""
    removed = Signal(object)
    """A ``Job`` was taken off the list."""
    recorded = Signal(str, object, object)
    """A fit is in use from now on: its node, the record of the one before (or None), its record."""
    finished = Signal(object)
    """A ``Job`` is over, whatever became of it."""

    def __init__(self, editor: Editor) -> None:
        super().__init__(editor)
        self.setObjectName(_NAME)
        self.jobs: list[Job] = []
        self._editor = editor
        self._numbers = itertools.count(1)
        self._request: Request | None = None
        self._running: Job | None = None
        self._alias: dict[str, str] = {}
        self._orphaned = False
        self._before: dict[str, str] = {}
        editor.workers_started.connect(self._hear_workers)
        editor.project.replaced.connect(self._another_document)
        editor.project.changed.connect(self._renamed)
        if editor.workers is not None:
            self._hear_workers()

    # Asking.

    def render(
        self,
        nodes: Sequence[str] = (),
        frames: Sequence[int] | None = None,
        *,
        keep_going: bool = False,
        skip_existing: bool = False,
    ) -> Job:
        """Queues a render.

        Args:
            nodes: What to render; none: every enabled node that writes.
            frames: Which frames; None: all that each node offers.
            keep_going: Go on when a frame fails.
            skip_existing: Leave frames alone whose file is there.
        """
        args = {
            "nodes": list(nodes) or None,
            "frames": None if frames is None else list(frames),
            "continue": keep_going,
            "skip_existing": skip_existing,
        }
        return self._add(Job(next(self._numbers), "render", tuple(nodes), args))

    def fit(self, node: str, *, resume: bool = True) -> Job:
        """Queues a fit; one that waits or runs already is given instead of a second.

        Args:
            node: What to fit.
            resume: Go on from a checkpoint where there is one.
        """
        there = self.fit_of(node)
        if there is not None and not there.over:
            return there
        job = Job(next(self._numbers), "fit", (node,), {"node": node, "resume": resume})
        if resume and there is not None and there.state in (CANCELLED, INTERRUPTED):
            job.head_start = there.fraction
        return self._add(job)

    def fit_of(self, node: str) -> Job | None:
        """The newest fit of a node of this document, whatever became of it."""
        fits = (job for job in reversed(self.jobs) if job.kind == "fit" and not job.foreign)
        return next((job for job in fits if job.nodes == (node,)), None)

    @property
    def running(self) -> Job | None:
        """The job that the worker has."""
        return self._running

    # Steering.

    def cancel(self, job: Job) -> None:
        """Gives a job up. Of a fit a checkpoint stays, from which the next one goes on."""
        if job is self._running and self._request is not None:
            self._enter(job, ENDING, "cancelling")
            self._request.cancel()
        elif job.state == WAITING:
            self._close(job, CANCELLED)
        else:
            return
        job.say("cancelled")

    def pause(self, job: Job) -> None:
        """Holds a job back; it takes no processor and no time of its budget."""
        if job is self._running and job.state == RUNNING and self._request is not None:
            self._request.pause()
            job.say("paused")
            self._enter(job, PAUSED)

    def resume(self, job: Job) -> None:
        """Lets a job go on."""
        if job is self._running and job.state == PAUSED and self._request is not None:
            self._request.resume()
            job.say("goes on")
            self._enter(job, RUNNING)

    def stop(self, job: Job) -> None:
        """Lets a fit end now and keeps what it has."""
        if job is self._running and job.kind == "fit" and self._request is not None:
            self._request.stop()
            job.say("stopped; what was reached is kept")
            self._enter(job, ENDING, "finishing")

    def retry(self, job: Job) -> None:
        """Starts a job again that is over, at the end of the queue.

        A job of another document stays over: a node of this one may have the same name.
        """
        if not job.over or job.foreign:
            return
        job.renew()
        job.say("started again")
        self.jobs.remove(job)
        self.removed.emit(job)
        self._add(job)

    def remove(self, job: Job) -> None:
        """Takes a job that is over off the list; one that was interrupted takes its draft along."""
        if job.over and job in self.jobs:
            if job.state == INTERRUPTED:
                self._drop_drafts(job)
            self.jobs.remove(job)
            self.removed.emit(job)

    def clear_finished(self) -> None:
        """Takes everything that is over off the list, but what may want to be started again."""
        for job in [job for job in self.jobs if job.state in (DONE, CANCELLED)]:
            self.remove(job)

    # Running.

    def _add(self, job: Job) -> Job:
        self.jobs.append(job)
        self.added.emit(job)
        self._pump()
        return job

    def _pump(self) -> None:
        """Gives the worker the next job."""
        link = self._link()
        if self._running is not None or link is None or link.state not in ("starting", "ready"):
            return
        job = next((job for job in self.jobs if job.state == WAITING), None)
        if job is None:
            return
        self._running = job
        self._alias, self._orphaned, self._before = {}, False, {}
        job.say("started")
        for node in job.nodes:
            self._before[node] = self._editor.faces.face(node).fit
            self._editor.faces.start(node, fitting=job.kind == "fit")
        self._enter(job, RUNNING)
        self._request = link.request(
            job.kind,
            {**job.args, "written": job.written} if job.written else job.args,
            partial(self._done, job),
            partial(self._failed, job),
            partial(self._told, job),
        )

    def _told(self, job: Job, event: str, data: dict[str, Any]) -> None:
        if job is not self._running:
            return
        if event == "progress":
            self._progress(job, data)
        elif event == "note":
            job.say(str(data.get("text", "")))
            self.changed.emit(job)
        elif event == "wrote":
            job.written.append(str(data.get("mark", "")))

    def _progress(self, job: Job, data: dict[str, Any]) -> None:
        take_progress(job, data, self._editor.project.document)
        if not self._orphaned:
            for node in job.nodes:
                self._editor.faces.progress(node, job.fraction, job.label)
        self.changed.emit(job)

    def _heard(self, event: str, data: dict[str, Any]) -> None:
        """Events that change what is shown, after the view worker was told."""
        node = data.get("node")
        if self._request is None or data.get("id") != self._request.id or self._orphaned:
            return
        if not isinstance(node, str):
            return
        node = self._alias.get(node, node)
        if node not in self._editor.project.document:
            return
        if event == "draft":
            self._draft(node, data)
        elif event == "records" and isinstance(data.get("record"), dict):
            project = self._editor.project
            try:
                record = brought(project.document, node, data["record"], project.path)
            except CodefError as error:
                project.problem.emit(str(error))
                return
            before = project.document.state(node).field
            project.do_between_gestures(RecordField(node, record))
            self.recorded.emit(node, before, record)
            self._editor.say(f"{node}: the fit {record.get('path', '')} is in use")

    def _draft(self, node: str, data: dict[str, Any]) -> None:
        self._editor.viewing.revisions.bump(node)
        job = self._running
        if job is not None and node in (
            *job.nodes,
            *fits_above(self._editor.project.document, job),
        ):
            job.draft = str(data.get("field", ""))
            self.changed.emit(job)

    def _done(self, job: Job, answer: dict[str, Any]) -> None:
        job.result = answer
        job.fraction = 1.0
        if job.kind == "fit":
            job.folder = self._fit_folder(job, str(answer.get("folder") or ""))
            state = take_fit(job, answer)
            if job.warning:
                self._editor.say(f"{job.nodes[0]}: {job.warning}")
        else:
            state, file = take_render(job, answer)
            job.folder = str(Path(file).parent) if file else job.folder
        self._close(job, state)

    def _fit_folder(self, job: Job, told: str) -> str:
        """Where a fit is; it may have followed a first save out of the cache."""
        project = self._editor.project
        if self._orphaned or job.nodes[0] not in project.document:
            return told
        record = project.document.state(job.nodes[0]).field or {}
        kept = project.folder / str(record.get("path") or told)
        return str(kept) if kept.is_dir() else told

    def _failed(self, job: Job, error: WorkerError) -> None:
        link = self._link()
        if link is not None and not link.alive and not error.cancelled:
            job.error = "the worker process died; start the job again, it goes on " + (
                "from its last checkpoint" if job.kind == "fit" else "after the last whole frame"
            )
            job.say(job.error)
            self._close(job, INTERRUPTED)
            return
        if error.cancelled:
            self._drop_drafts(job)
            self._close(job, CANCELLED)
            return
        job.error = str(error)
        job.say(job.error)
        self._drop_drafts(job)
        self._close(job, FAILED, node=error.node)

    def _close(self, job: Job, state: str, node: str | None = None) -> None:
        mine = job is self._running
        if mine:
            self._running = self._request = None
        job.seconds_left = None
        if state in (CANCELLED, INTERRUPTED):
            job.label = ""
        if mine:
            self._faces(job, state, node)
        self._enter(job, state)
        self.finished.emit(job)
        self._pump()

    def _faces(self, job: Job, state: str, node: str | None) -> None:
        faces, document = self._editor.faces, self._editor.project.document
        for name in job.nodes:
            if name not in document or self._orphaned:
                continue
            error = job.error if state == FAILED and node in (None, name) else ""
            fit = None
            if job.kind == "fit":
                # What is cancelled leaves the node with whatever fit it has.
                fit = "fitted" if state == DONE else "failed" if state == FAILED else None
                fit = fit or self._before.get(name) or "none"
            faces.finish(name, error=error, fit=fit)

    def _enter(self, job: Job, state: str, label: str | None = None) -> None:
        job.enter(state)
        if label is not None:
            job.label = label
        self.changed.emit(job)

    def _drop_drafts(self, job: Job) -> None:
        workers = self._editor.workers
        if workers is None:
            return
        for node in {*job.nodes, *self._alias, *fits_above(self._editor.project.document, job)}:
            workers.drop_draft(node)
            self._editor.viewing.revisions.bump(node)

    # The world around.

    def _link(self) -> WorkerLink | None:
        return None if self._editor.workers is None else self._editor.workers.jobs

    def _hear_workers(self) -> None:
        link = self._link()
        if link is not None:
            # After ``Workers``, which connects first and tells the view worker about drafts.
            link.event.connect(self._heard)
            link.state_changed.connect(lambda _: self._pump())
            self._pump()

    def _renamed(self, changes: tuple[Change, ...]) -> None:
        """Jobs go on meaning the same nodes."""
        for change in changes:
            if change.kind != "node" or not change.detail or change.node is None:
                continue
            old, new = change.detail, change.node
            for job in self.jobs:
                if job.over or old not in job.nodes:
                    continue
                job.rename(old, new)
                self.changed.emit(job)
            # The worker goes on saying the name that the node had at the start.
            self._alias = {was: new if now == old else now for was, now in self._alias.items()}
            self._alias.setdefault(old, new)

    def _another_document(self) -> None:
        self._orphaned = True
        for job in list(self.jobs):
            job.foreign = True
            if not job.over:
                self.cancel(job)
            self.changed.emit(job)
