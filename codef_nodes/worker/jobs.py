"""Renders and fits, one after the other, on the document as it was when they were asked for."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from codef_nodes.graph.batch import render_nodes, writers
from codef_nodes.graph.context import RenderOptions
from codef_nodes.graph.evaluate import Evaluator
from codef_nodes.graph.jsonvalue import plain
from codef_nodes.worker.args import Args
from codef_nodes.worker.drafts import Drafts
from codef_nodes.worker.verbs import Emit, Reply, verb
from codef_nodes.worker.work import WorkTask
from engine.errors import UsageError
from engine.progress import Progress, Task

if TYPE_CHECKING:
    from codef_nodes.worker.server import Worker

TOLD = (
    "seconds",
    "steps",
    "recipe",
    "psnr_edit_path",
    "psnr",
    "reference",
    "reference_reason",
    "frames",
    "width",
    "height",
    "layers",
    "resumed_at",
    "advice",
    "conflict",
    "groups",
    "cuts",
    "psnr_curve",
)
"""What of a fit's report a window shows."""


@verb("render", role="jobs", queue="job", stale=False)
def render(worker: "Worker", args: Args, task: WorkTask, emit: Emit) -> Reply:
    """Renders nodes (default: all enabled writes), and first what has to be fitted for them.

    The event ``wrote`` gives the mark of each file. A render that was cut off goes on when it is
    asked for again with those marks as ``written``.
    """
    evaluator = worker.evaluator
    nodes = args.names("nodes")
    if nodes is None:
        nodes = writers(evaluator.document)
    if not nodes:
        raise UsageError("no node to render was named; select a write and render again")
    options = RenderOptions(
        keep_going=args.flag("continue"),
        skip_existing=args.flag("skip_existing"),
        written=frozenset(args.names("written") or ()),
        wrote=lambda mark: emit("wrote", {"mark": mark}),
    )
    with Drafted(worker, evaluator, task, emit) as watched:
        frames = args.integers("frames")
        return {"summaries": render_nodes(evaluator, nodes, frames, options, watched)}


@verb("fit", role="jobs", queue="job", stale=False)
def fit(worker: "Worker", args: Args, task: WorkTask, emit: Emit) -> Reply:
    """Fits a node again, as the next version beside the document.

    The verb ``stop`` ends it early with what there is; ``cancel`` leaves a checkpoint, from which
    the next fit with ``resume`` (the default) goes on.
    """
    evaluator, node = worker.evaluator, args.text("node")
    if not evaluator.document.node_class(node).asset:
        raise UsageError(f"{node} has nothing to fit; choose a node that fits", node=node)
    with Drafted(worker, evaluator, task, emit, resume=args.flag("resume", True)) as watched:
        folder = evaluator.refit(node, watched)
    record = plain(dict(evaluator.document.state(node).field or {}))
    return {"record": record, "folder": str(folder), "report": report_of(folder)}


def report_of(folder: Path) -> dict[str, Any]:
    """The figures of a finished fit that a window shows."""
    try:
        content = json.loads((folder / "field.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    report = content.get("report") if isinstance(content, dict) else None
    return {name: report[name] for name in TOLD if name in report} if report else {}


class Drafted:
    """A job's task, whose fits hand over drafts."""

    def __init__(
        self,
        worker: "Worker",
        evaluator: Evaluator,
        task: WorkTask,
        emit: Emit,
        resume: bool = True,
    ) -> None:
        self._resume = resume
        self._task, self._evaluator, self._emit = task, evaluator, emit
        self._kept, self._told = evaluator.notes, 0
        self._count: dict[str, float] = {}
        self._drafts = Drafts(worker, evaluator.document, emit)

    def __enter__(self) -> Task:
        self._evaluator.on_draft, self._evaluator.resume = self._drafts, self._resume
        # A job tells its sentences itself and at once, also those that an earlier one told.
        self._evaluator.notes = []
        return Task(self._hear, self._task.gate)

    def __exit__(self, *_: object) -> None:
        self._tell_notes()
        self._evaluator.on_draft, self._evaluator.resume = None, True
        self._evaluator.notes = self._kept
        self._drafts.close()

    def _tell_notes(self) -> None:
        notes = self._evaluator.notes
        for text in notes[self._told :]:
            self._told += 1
            self._emit("note", {"text": text})

    def _hear(self, progress: Progress) -> None:
        self._tell_notes()
        if "psnr" in progress.figures:
            self._drafts.psnr = progress.figures["psnr"]
        # Only the newest report is sent: the frame's number stays with those of the nodes above.
        figures = progress.figures
        now: dict[str, float] = {
            name: figures[name] for name in ("frame", "frames") if name in figures
        }
        passing = progress.label in self._evaluator.document
        self._count = now or (self._count if passing else {})
        self._task.report(progress.fraction, progress.label, **{**self._count, **figures})
