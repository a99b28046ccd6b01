"""Evaluation: lazy pull with content-hash keys, cancel, progress, and errors that name the node."""

import contextlib
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from codef_nodes.graph.assets import FitAssets
from codef_nodes.graph.cache import Cache
from codef_nodes.graph.context import RenderOptions
from codef_nodes.graph.document import Document
from codef_nodes.graph.jsonvalue import JSON
from codef_nodes.graph.pull import Pass
from codef_nodes.graph.trust import Trust
from engine.errors import CodefError, MissingFrameError, UsageError
from engine.progress import Progress, Task

OnDraft = Callable[[str, Any, float | None, float], None]
KnownKnobs = tuple[int, dict[tuple[str, str], JSON], dict[str, str]]
"""Revision of a document, values by node and knob, hashes of all knobs by node."""

#: Share of a render's progress that its fits take.
FITS = 0.75


class Evaluator:
    """Gives the results of a document's nodes.

    The document must not be changed by another thread during a call (``Session`` sees to that);
    several threads may ask at once.

    Args:
        document: The graph.
        cache: Where results are kept; may be shared by several evaluators.
        folder: Folder that relative paths count from; fits are saved in it.
        stem: The document's name without its ending: first part of the fits' names.
        allow_fit: A render may fit what was never fitted.
        allow_external: External commands may run.
        task: Progress and cancel, where a call is not given its own.
        assets: The finished fits; default: those beside the document.
        started: ``time.monotonic()`` at the start of the command.

    Attributes:
        computes: How often each node (by name) really computed.
        type_computes: The same by type of node.
        notes: Sentences for the person, each once.
        on_draft: Hears of what a fit has reached while it goes on: node, value that is good until
            it returns, decibels (or None) and seconds.
        resume: Long work goes on from its checkpoint where there is one.
    """

    def __init__(
        self,
        document: Document,
        cache: Cache | None = None,
        *,
        folder: str | Path = ".",
        stem: str = "untitled",
        allow_fit: bool = True,
        allow_external: bool = False,
        task: Task | None = None,
        assets: FitAssets | None = None,
        started: float | None = None,
    ) -> None:
        self.document = document
        self.cache = Cache() if cache is None else cache
        self.folder = Path(folder).absolute()
        self.allow_fit, self.allow_external = allow_fit, allow_external
        self.task = task or Task()
        self.assets = assets or FitAssets(document, self.folder, stem)
        self.started = time.monotonic() if started is None else started
        self.trust: Trust | None = None
        self.on_draft: OnDraft | None = None
        self.resume = True
        self.computes: Counter[str] = Counter()
        self.type_computes: Counter[str] = Counter()
        self.notes: list[str] = []
        self._lock = threading.Lock()
        self._acyclic: int | None = None
        self._known_knobs: KnownKnobs = (-1, {}, {})
        self.assets.use_keys(lambda node: self._pass().own_key(node))

    def may_run(self, command: Sequence[str]) -> bool:
        """Whether another program may be run: all are allowed, or this one was."""
        return self.allow_external or (self.trust is not None and self.trust.allows(command))

    def value(self, node: str, frame: int | None = None, task: Task | None = None) -> Any:
        """The result of a node at a frame (None for a static one).

        Raises:
            CodefError: Any error of the engine, with the node's name.
            Cancelled: The task was cancelled.
        """
        task = _forward(task or self.task)
        evaluation = self._pass()
        evaluation.fit_pending(node, (frame,), task.part(0.0, 0.9))
        return evaluation.value_of(node, frame, task)

    def frames(self, node: str) -> tuple[int, ...] | None:
        """Frames that a node offers; None: the same at any frame."""
        return self._pass().frames_of(node)

    def key(self, node: str, frame: int | None = None) -> str:
        """Key of a result, as the world is now."""
        return self._pass().key_of(node, frame)

    def keys(self, node: str, frames: Sequence[int]) -> dict[int, str]:
        """Keys of a result at several frames; those that cannot be told are left out."""
        evaluation = self._pass()
        found = {}
        for frame in frames:
            with contextlib.suppress(CodefError):
                found[frame] = evaluation.key_of(node, frame)
        return found

    def unfitted(self, node: str, frame: int | None = None) -> frozenset[str]:
        """Names of the fits that a result needs and that were never made."""
        return self._pass().unfitted(node, frame)

    def troubles(self, nodes: Sequence[str]) -> dict[str, CodefError]:
        """What keeps nodes from having a result, as far as can be told without computing it."""
        evaluation = self._pass()
        found = {}
        for node in nodes:
            try:
                frames = evaluation.frames_of(node)
                evaluation.key_of(node, frames[0] if frames else None)
            except CodefError as error:
                found[node] = error
        return found

    def where(self, node: str, frame: int | None = None) -> str | None:
        """``"ram"``, ``"disk"`` or None: where a result is kept. Computes nothing."""
        return self.cache.where(self.key(node, frame))

    def render(
        self,
        node: str,
        frames: Sequence[int] | None = None,
        *,
        options: RenderOptions | None = None,
        task: Task | None = None,
    ) -> dict[str, JSON]:
        """Renders a node: writes what it writes, else computes its frames.

        Args:
            node: Any node.
            frames: Frame numbers; None: all that the node offers between the project's first
                and last frame.
            options: About failures and files that are there.
            task: Progress and cancel.

        Returns:
            What ``Node.render`` says, with ``"node"``.
        """
        task = _forward(task or self.task)
        evaluation = self._pass()
        wanted = self.render_frames(node) if frames is None else tuple(frames)
        options = options or RenderOptions()
        fitted = self._fit_for(evaluation, node, wanted, options, task.part(0.0, FITS))
        part = task.part(FITS, 1.0) if fitted else task
        evaluation.note_stale(node)
        return evaluation.render(node, wanted, options, part)

    def prepare(
        self,
        node: str,
        frames: Sequence[int] | None,
        options: RenderOptions | None,
        task: Task,
    ) -> bool:
        """Makes the fits that a render of a node would make; returns whether there were any.

        Args:
            node: Any node.
            frames: As for ``render``.
            options: As for ``render``.
            task: Progress and cancel.
        """
        wanted = self.render_frames(node) if frames is None else tuple(frames)
        options = options or RenderOptions()
        return self._fit_for(self._pass(), node, wanted, options, _forward(task))

    @staticmethod
    def _fit_for(
        evaluation: Pass, node: str, wanted: Sequence[int], options: RenderOptions, task: Task
    ) -> bool:
        if options.skip_existing:  # perhaps nothing is to be done at all
            return False
        try:
            return evaluation.fit_pending(node, tuple(wanted[:1]) or (None,), task)
        except MissingFrameError:
            if options.keep_going:  # it concerns this frame only
                return False
            raise

    def render_frames(self, node: str) -> tuple[int, ...]:
        """Frames that a render of everything takes; empty for a static node."""
        offered = self.frames(node)
        if offered is None:
            return ()
        first, last = self.document.settings["first"], self.document.settings["last"]
        kept = tuple(
            f for f in offered if (first is None or f >= first) and (last is None or f <= last)
        )
        if offered and not kept:
            raise UsageError(
                f"{node} offers frames {offered[0]}-{offered[-1]}, none of them between the "
                f"project's first and last frame ({first}-{last})",
                node=node,
            )
        return kept

    def refit(self, node: str, task: Task | None = None) -> Path:
        """Fits a node again with its inputs as they are now, as the next version.

        Raises:
            UsageError: The node does not fit anything.
        """
        return self._pass().fit(node, _forward(task or self.task), again=True)

    def fit_state(self, node: str) -> str:
        """See ``FitAssets.state``."""
        return self.assets.state(node)

    def count(self, node: str, type_name: str) -> None:
        """Counts one compute."""
        with self._lock:
            self.computes[node] += 1
            self.type_computes[type_name] += 1

    def note(self, sentence: str) -> None:
        """Adds a sentence for the person, once."""
        with self._lock:
            if sentence not in self.notes:
                self.notes.append(sentence)

    def known_knobs(self) -> tuple[dict[tuple[str, str], JSON], dict[str, str]]:
        """Values and hashes of knobs that were checked since the document last changed.

        A list of a thousand strokes takes a tenth of a second to check and to hash; it is done
        once, not for each question about the graph.
        """
        revision = self.document.revision
        if self._known_knobs[0] != revision:
            self._known_knobs = (revision, {}, {})
        return self._known_knobs[1:]

    def refuse_cycles(self) -> None:
        """Raises ``UsageError`` for a cyclic graph; looks once per change of the document."""
        revision = self.document.revision
        if self._acyclic != revision:
            self.document.check_cycles()
            self._acyclic = revision

    def _pass(self) -> Pass:
        return Pass(self)


def _forward(task: Task) -> Task:
    """A task that passes reports on and never lets the fraction go back."""
    best = 0.0

    def listener(progress: Progress) -> None:
        nonlocal best
        best = max(best, progress.fraction)
        task.report(best, progress.label, **progress.figures)

    return Task(listener, task.cancelled)


Listener = Callable[[Progress], None]
