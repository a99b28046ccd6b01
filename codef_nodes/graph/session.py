"""A session: one open document and the work on it. The worker process will be cut off here.

Everything that a command line, the desktop program or a host asks goes through ``Session`` with
plain values (paths, names, numbers, JSON) and comes back as plain values, progress as a callback.
Today it runs in the caller's process. Later the same methods become the verbs of the worker's
protocol: this class moves into the worker, and a twin with the same methods sends messages.
Pictures never pass here.
"""

import os
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from codef_nodes.graph import registry as registry_module
from codef_nodes.graph.assets import UNSAVED, FirstSave, FitAssets
from codef_nodes.graph.batch import render_nodes, writers
from codef_nodes.graph.cache import Cache, cache_folder
from codef_nodes.graph.commands import Command, RecordField, SetKnob
from codef_nodes.graph.context import RenderOptions
from codef_nodes.graph.document import Document
from codef_nodes.graph.evaluate import Evaluator
from codef_nodes.graph.history import History
from codef_nodes.graph.jsonvalue import JSON
from codef_nodes.graph.presets import preset_for
from codef_nodes.graph.registry import Registry
from codef_nodes.graph.serialise import load, save
from codef_nodes.graph.trust import Ask, ask_about
from engine.errors import CodefError, UsageError
from engine.progress import Progress, Task

Listener = Callable[[Progress], None]


class Session:
    """One document, open.

    Args:
        cache: Results; default: the standard budgets in the standard folder.
        cache_dir: Folder of the disk cache (``--cache``), where ``cache`` is not given.
        allow_fit: A render may fit what was never fitted.
        allow_external: External commands may run.
        started: ``time.monotonic()`` at the start of the command.
        registry: The node classes; default: those of ``codef_nodes.nodes``.

    Attributes:
        document: The document; read it freely.
        history: Changes it.
        path: Its file, or None while it is unsaved.
    """

    def __init__(
        self,
        *,
        cache: Cache | None = None,
        cache_dir: str | Path | None = None,
        allow_fit: bool = True,
        allow_external: bool = False,
        started: float | None = None,
        registry: Registry | None = None,
    ) -> None:
        self._cache_dir = cache_folder(cache_dir)
        self._cache = cache or Cache.standard(self._cache_dir)
        self._allow_fit, self._allow_external = allow_fit, allow_external
        self._started = time.monotonic() if started is None else started
        self._registry = registry or registry_module.DEFAULT
        self._work = threading.RLock()
        self._cancelled = threading.Event()
        self._notes: list[str] = []
        self._use(Document(self._registry), None)

    def open(self, path: str | Path) -> list[str]:
        """Opens a document and returns its notes; runs nothing.

        Raises:
            InputError: No such file.
            DocumentError: No valid document, or one of a newer version.
        """
        document = load(path, self._registry)
        with self._work:
            self._use(document, Path(path).absolute())
        return list(document.notes)

    def new(self, document: Document | None = None) -> None:
        """Starts with an empty document, or with one that was made elsewhere, unsaved."""
        with self._work:
            self._use(document or Document(self._registry), None)

    def save(self, path: str | Path | None = None) -> Path:
        """Writes the document; a new path becomes the session's.

        Raises:
            UsageError: The document has no path yet.
            WriteError: Read-only, disk full.
        """
        target = self.path if path is None else Path(path).absolute()
        if target is None:
            raise UsageError("the document has no file yet; say where to save it")
        with self._work:
            before = self._evaluator.assets.folder
            first = FirstSave(self.document, before, target) if self.path is None else None
            records = {node: self.document.state(node).field for node in self.document.nodes}
            if target != self.path:
                self._point_records(before, target.parent, {} if first is None else first.records)
            try:
                save(self.document, target)
            except CodefError:
                for node, record in records.items():
                    if record != self.document.state(node).field:
                        self._record(RecordField(node, record))
                if first is not None:
                    first.abort()
                raise
            if target != self.path:
                self._use(self.document, target, self.history)
            self.history.mark_saved()
            if first is not None:
                first.finish()
        return target

    def do(self, command: Command, gesture: str | None = None) -> bool:
        """Runs a command; returns whether anything changed. Waits for a render to end."""
        with self._work:
            return self.history.do(command, gesture)

    def set(self, node: str, knob: str, value: JSON) -> bool:
        """Sets a knob to a value.

        Raises:
            UsageError: No such node or knob, or a value that the knob refuses.
        """
        return self.do(SetKnob(node, knob, value))

    def set_text(self, assignment: str) -> bool:
        """Sets a knob as ``--set NODE.KNOB=VALUE`` says.

        Raises:
            UsageError: As ``set``, or not of that form.
        """
        place, equals, text = assignment.partition("=")
        node, dot, knob = place.strip().partition(".")
        if not (equals and dot and node and knob):
            raise UsageError(f"{assignment!r} is not of the form NODE.KNOB=VALUE")
        return self.set(node, knob, self.document.knob(node, knob).parse(text, node))

    def apply_preset(self, node: str, preset: str) -> bool:
        """Sets the knobs of a node as a preset says, in one step of undo.

        Raises:
            UsageError: No such node, or no such preset for it.
        """
        return self.do(preset_for(self.document, node, preset).command(node))

    def render(
        self,
        node: str | None = None,
        frames: Sequence[int] | None = None,
        listener: Listener | None = None,
        *,
        options: RenderOptions | None = None,
        save_records: bool = True,
    ) -> list[JSON]:
        """Renders a node, or every enabled node that writes; one summary each.

        Args:
            node: Name of the node.
            frames: Frame numbers; None: all that the node offers.
            listener: Gets the progress, in this thread.
            options: About failures and files that are there.
            save_records: Note the fits that were made in the document's file, and nothing else.

        Raises:
            CodefError: With the node's name.
            Cancelled: ``cancel`` was called.
        """
        with self._work:
            self._cancelled.clear()
            unchanged = not self.history.modified
            nodes = [node] if node is not None else self.writers()
            self.document.state(nodes[0])
            task = Task(listener, self._cancelled)
            try:
                return render_nodes(self._evaluator, nodes, frames, options, task)
            finally:
                if save_records and self._save_records() and unchanged:
                    self.history.mark_saved()

    def refit(self, node: str, listener: Listener | None = None) -> str:
        """Fits a node again as the next version; returns its folder."""
        with self._work:
            self._cancelled.clear()
            try:
                return str(self._evaluator.refit(node, Task(listener, self._cancelled)))
            finally:
                self._save_records()

    def ask_about_commands(self, node: str | None, ask: Ask) -> None:
        """Asks about the programs that a render would run and that are new on this machine.

        Args:
            node: What is rendered; None: all that write.
            ask: Puts the question; called before anything is rendered.
        """
        with self._work:
            nodes = [node] if node is not None else self.writers()
            self._evaluator.trust = ask_about(self.document, nodes, ask, self._notes.append)

    def cancel(self) -> None:
        """Stops the render that runs, from any thread."""
        self._cancelled.set()

    def writers(self) -> list[str]:
        """Names of the enabled nodes that write.

        Raises:
            UsageError: There are none.
        """
        return writers(self.document)

    def frames(self, node: str) -> list[int] | None:
        """Frames that a render of everything takes; None for a still."""
        with self._work:
            return list(self._evaluator.render_frames(node)) or None

    def nodes(self) -> list[JSON]:
        """Every node: name, type, label, disabled, knobs that are not default, wires, fit."""
        return [
            {
                "name": name,
                "type": state.type,
                "known": self.document.registry.node_class(state.type).type == state.type,
                "label": state.label,
                "disabled": state.disabled,
                "knobs": dict(state.knobs),
                "inputs": dict(state.inputs),
                "fit": self._fit_state(name),
            }
            for name, state in self.document.nodes.items()
        ]

    def status(self) -> JSON:
        """The document's path, whether it is modified, notes, and what was computed so far."""
        return {
            "path": None if self.path is None else str(self.path),
            "modified": self.history.modified,
            "notes": self.notes,
            "computes": dict(self._evaluator.computes),
            "cache": {
                "folder": str(self._cache_dir),
                "ram_bytes": self._cache.ram.bytes,
                "ram_budget": self._cache.ram.budget,
            },
        }

    @property
    def evaluator(self) -> Evaluator:
        """The evaluator, for in-process callers that want values (tests, the demo)."""
        return self._evaluator

    @property
    def notes(self) -> list[str]:
        """Sentences for the person, each once."""
        return list(
            dict.fromkeys(
                [
                    *self.document.notes,
                    *self._evaluator.notes,
                    *self._cache.notes,
                    *self._notes,
                ]
            )
        )

    def _fit_state(self, node: str) -> str | None:
        if not self.document.node_class(node).asset:
            return None
        return self._evaluator.fit_state(node)

    def _use(self, document: Document, path: Path | None, history: History | None = None) -> None:
        self.document, self.path = document, path
        self.history = history or History(document)
        if path is None:
            folder, stem, fits = Path.cwd(), UNSAVED, self._cache_dir / "assets"
        else:
            folder, stem, fits = path.parent, path.stem, path.parent
        assets = FitAssets(document, fits, stem, self._record)
        self._evaluator = Evaluator(
            document,
            self._cache,
            folder=folder,
            stem=stem,
            allow_fit=self._allow_fit,
            allow_external=self._allow_external,
            assets=assets,
            started=self._started,
        )

    def _record(self, command: RecordField) -> None:
        self.history.do(command)

    def _point_records(
        self, before: Path, after: Path, brought: Mapping[str, dict[str, JSON]]
    ) -> None:
        """Lets the records name the same folders from another folder, or those brought there."""
        for node, state in self.document.nodes.items():
            if node in brought:
                self._record(RecordField(node, brought[node]))
                continue
            if before == after or state.field is None or not state.field.get("path"):
                continue
            folder = before / str(state.field["path"])
            try:
                path = Path(os.path.relpath(folder, after))
            except ValueError:  # another drive
                path = folder
            self._record(RecordField(node, {**state.field, "path": path.as_posix()}))

    def _save_records(self) -> bool:
        """Writes the records of new fits, and nothing else, into the file; returns if it did.

        So that the next process knows the fit even when its inputs have changed; knobs set for
        one render only (``--set``) stay out of the file.
        """
        nodes, self._evaluator.assets.recorded = self._evaluator.assets.recorded, []
        if not nodes or self.path is None:
            return False
        try:
            stored = load(self.path, self._registry)
            for node in dict.fromkeys(nodes):
                if node not in stored or stored.state(node).type != self.document.state(node).type:
                    continue
                RecordField(node, self.document.state(node).field).run(stored)
            save(stored, self.path)
        except CodefError as error:
            # The fit itself is safe beside the document and is found again by its key.
            self._notes.append(f"the fit could not be noted in the document: {error}")
            return False
        return True
