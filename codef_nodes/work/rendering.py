"""Rendering a document: what ``codef render`` does."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from codef_nodes.graph.cache import Cache
from codef_nodes.graph.context import RenderOptions
from codef_nodes.graph.memory import GIB
from codef_nodes.graph.session import Session
from codef_nodes.graph.trust import Ask
from engine.errors import PartialError
from engine.io.frames import format_frames, parse_frames
from engine.progress import Progress, Task

MOST_MEMORY = 3 * GIB
"""A render goes through the clip from end to end: more memory saves it nothing, and a render farm
runs several of them on one machine. (The editor, which goes back and forth, takes the standard.)"""


@dataclass(frozen=True)
class RenderJob:
    """What ``codef render`` was asked.

    Attributes:
        document: The file.
        node: Node to render, or None for all that write.
        frames: A range, or None for all.
        assignments: ``NODE.KNOB`` and text, for this render only.
        presets: Node and name of a preset, for this render only; before the assignments.
        keep_going: Go on when a frame fails.
        skip_existing: Leave frames alone whose file is there.
        allow_external: External commands may run.
        allow_fit: Fits may be made.
        cache: Cache folder, or None.
    """

    document: str
    node: str | None = None
    frames: str | None = None
    assignments: tuple[tuple[str, str], ...] = ()
    presets: tuple[tuple[str, str], ...] = ()
    keep_going: bool = False
    skip_existing: bool = False
    allow_external: bool = False
    allow_fit: bool = True
    cache: str | None = None


def render_document(
    job: RenderJob, task: Task, warn: Callable[[str], None], ask: Ask | None = None
) -> dict[str, Any]:
    """Renders.

    Args:
        job: What to render.
        task: Progress and cancel.
        warn: Hears warnings.
        ask: Asks the person about programs that the document wants to run; None: nobody is there.

    Returns:
        ``{"document", "nodes", "written", "frames", "failed", "computes"}``, and under
        ``"failure"`` the error that says which frames failed, if any did.

    Raises:
        CodefError: See ARCHITECTURE's exit codes.
    """
    frames = parse_frames(job.frames) if job.frames else None
    session = Session(
        cache=Cache.standard(job.cache, MOST_MEMORY),
        cache_dir=job.cache,
        allow_fit=job.allow_fit,
        allow_external=job.allow_external,
    )
    session.open(job.document)
    for node, preset in job.presets:
        session.apply_preset(node, preset)
    for place, text in job.assignments:
        session.set_text(f"{place}={text}")
    if not job.allow_external:
        session.ask_about_commands(job.node, ask or _nobody)
    told: set[str] = set()

    def tell() -> None:
        for note in session.notes:
            if note not in told:
                told.add(note)
                warn(note)

    def listen(progress: Progress) -> None:
        tell()
        task.report(progress.fraction, progress.label, **progress.figures)

    tell()
    finished = threading.Event()
    watcher = threading.Thread(target=_pass_on, args=(task, session, finished), daemon=True)
    watcher.start()
    try:
        summaries: list[Any] = session.render(
            job.node,
            frames,
            listen,
            options=RenderOptions(keep_going=job.keep_going, skip_existing=job.skip_existing),
        )
    finally:
        finished.set()
        watcher.join()
    tell()
    return _answer(job, session, summaries)


def _nobody(_question: str) -> bool:
    return False


def _pass_on(task: Task, session: Session, finished: threading.Event) -> None:
    """Brings a cancel to the session, whose own flag its evaluation looks at."""
    while not finished.wait(0.05):
        if task.cancelled.is_set():
            # Again and again: a render that is just beginning clears the flag.
            session.cancel()


def _answer(job: RenderJob, session: Session, summaries: list[Any]) -> dict[str, Any]:
    failed = [{"node": each["node"], **one} for each in summaries for one in each.get("failed", [])]
    answer: dict[str, Any] = {
        "document": job.document,
        "nodes": summaries,
        "written": [path for each in summaries for path in each.get("written", [])],
        "frames": sorted({frame for each in summaries for frame in each.get("frames", [])}),
        "failed": failed,
        "computes": session.status()["computes"],
    }
    if failed:
        numbers = [one["frame"] for one in failed if one["frame"] is not None]
        answer["failure"] = PartialError(
            f"{len(failed)} of {len(failed) + len(answer['frames'])} frames failed "
            f"({format_frames(numbers)}); the first: {failed[0]['message']}",
            frame=failed[0]["frame"],
            node=failed[0]["node"],
        )
    return answer
