"""One pass over the graph: what ``Evaluator`` does for one call."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from codef_nodes.graph.cache import MISS
from codef_nodes.graph.context import Context, RenderOptions
from codef_nodes.graph.deep import Depth, Place, sources_first
from codef_nodes.graph.jsonvalue import JSON
from codef_nodes.graph.keys import hash_of, result_key
from codef_nodes.graph.naming import naming
from codef_nodes.graph.node import Node
from codef_nodes.graph.registry import UnknownNode
from codef_nodes.graph.types import compatible, gives
from engine.errors import Cancelled, CodefError, DocumentError, InputError, UsageError
from engine.progress import Task

if TYPE_CHECKING:
    from codef_nodes.graph.assets import FitAssets
    from codef_nodes.graph.evaluate import Evaluator


class Pass:
    """Evaluates with the frames, file identities and keys found once and remembered.

    Args:
        evaluator: Whose call it is.
    """

    def __init__(self, evaluator: "Evaluator") -> None:
        self._evaluator = evaluator
        self._document = evaluator.document
        self._nodes: dict[str, Node] = {}
        self._frames: dict[str, tuple[int, ...] | None] = {}
        self._knobs, self._knob_hashes = evaluator.known_knobs()
        self._static: dict[str, bool] = {}
        self._keys: dict[Place, tuple[str, frozenset[str]]] = {}
        self._own_keys: dict[Place, tuple[str, frozenset[str]]] = {}
        self._hold: dict[str, Any] = {}
        self._fitting: list[str] = []
        self._depth = Depth()
        self._settings = self._document.settings
        evaluator.refuse_cycles()

    # What a context asks.

    @property
    def folder(self) -> Path:
        """The document's folder."""
        return self._evaluator.folder

    @property
    def settings(self) -> Mapping[str, JSON]:
        """The project's settings."""
        return self._settings

    @property
    def assets(self) -> "FitAssets":
        """The finished fits."""
        return self._evaluator.assets

    @property
    def allow_fit(self) -> bool:
        """Whether a render may fit."""
        return self._evaluator.allow_fit

    def may_run(self, command: Sequence[str]) -> bool:
        """Whether another program may be run."""
        return self._evaluator.may_run(command)

    @property
    def started(self) -> float:
        """When the command started."""
        return self._evaluator.started

    @property
    def scratch(self) -> Path | None:
        """The cache folder, or None without a cache on disk."""
        disk = self._evaluator.cache.disk
        return None if disk is None else disk.folder.parent

    def draft_of(self, node: str) -> Callable[[Any, float | None, float], None] | None:
        """Takes what a node's fit has reached; None: nobody wants it."""
        hear = self._evaluator.on_draft
        return None if hear is None else partial(hear, node)

    @property
    def resume(self) -> bool:
        """Whether long work goes on from its checkpoint."""
        return self._evaluator.resume

    def note(self, sentence: str) -> None:
        """A sentence for the person."""
        self._evaluator.note(sentence)

    def knob_value(self, node: str, knob: str) -> JSON:
        """The value of a knob."""
        place = node, knob
        if place not in self._knobs:
            self._knobs[place] = self._document.knob_value(node, knob)
        return self._knobs[place]

    def wires(self, node: str, port: str) -> tuple[str, ...]:
        """Names of the nodes wired to an input, in order."""
        return self._document.wires(node, port)

    def frames_of(self, node: str) -> tuple[int, ...] | None:
        """Frames that a node offers."""
        if node not in self._frames:
            with self._depth.deeper(lambda: self._climb(node, self.frames_of)):
                passes = self._passes_to(node)
                if passes is not None:
                    frames = self.frames_of(passes)
                else:
                    with naming(node):
                        frames = self._node(node).frames(self._context(node, None, Task()))
                self._frames[node] = frames
        return self._frames[node]

    def key_of(self, node: str, frame: int | None) -> str:
        """Key of a node's result."""
        return self._key(node, frame)[0]

    def unfitted(self, node: str, frame: int | None) -> frozenset[str]:
        """Names of the fits that a result needs and that were never made."""
        return self._key(node, frame)[1]

    def value_of(self, node: str, frame: int | None, task: Task) -> Any:
        """A node's result."""
        task.check()
        passes = self._passes_to(node)
        while passes is not None:
            node = passes
            passes = self._passes_to(node)
        key, pending = self._key(node, frame)
        if pending:
            self.fit_pending(node, (frame,), task)
            key, _ = self._key(node, frame)
        held = self._hold.get(key, MISS)
        if held is not MISS:
            return held
        cls = self._document.node_class(node)
        at = self._at(node, frame)

        def compute() -> Any:
            if cls.asset:
                return self._load_fit(node)
            held: list[str] = []
            with self._depth.deeper(lambda: self._climb_values(node, at, task, held)):
                try:
                    return self._compute(node, at, task)
                finally:
                    for name in held:
                        self._hold.pop(name, None)

        return self._evaluator.cache.once(
            key, compute, task.check, keep=cls.cacheable, disk=cls.disk and not cls.asset
        )

    # What an evaluator asks.

    def own_key(self, node: str, frame: int | None = None) -> str:
        """Key of a node's result as its inputs are now; for a fit, whatever fit is in use."""
        return self._own_key(node, frame)[0]

    def render(
        self, node: str, frames: tuple[int, ...], options: RenderOptions, task: Task
    ) -> dict[str, JSON]:
        """Does a node's work for the frames."""
        if self._document.state(node).disabled:
            raise UsageError(f"{node} is disabled; enable it to render it", node=node)
        self._check_inputs(node)
        task.report(0.0, node)
        context = self._context(node, None, task, frames, options)
        with naming(node):
            summary = self._node(node).render(context)
        return {"node": node, **summary}

    def fit_pending(self, node: str, frames: Sequence[int | None], task: Task) -> bool:
        """Fits what a node needs and what was never fitted; returns whether there was any.

        Raises:
            InputError: Fits are forbidden (``--no-fit``).
        """
        fitted = False
        for frame in frames:
            # A fit may itself read the result of another one: sources first.
            while pending := self._key(node, frame)[1]:
                todo = [name for name in self._document.upstream(node) if name in pending]
                if not self.allow_fit:
                    raise InputError(
                        f"{todo[0]} was never fitted and --no-fit forbids it; render without "
                        "--no-fit, or fit it first",
                        node=todo[0],
                    )
                self.fit(todo[0], task)
                fitted = True
        return fitted

    def fit(self, node: str, task: Task, *, again: bool = False) -> Path:
        """Fits a node and publishes the result as the next version.

        Args:
            node: The node.
            task: Progress and cancel.
            again: Also if a fit with these very inputs is there.
        """
        if not self._document.node_class(node).asset:
            raise UsageError(f"{node} has nothing to fit", node=node)
        self._fit_sources(node, task)
        key = self.own_key(node)

        def compute() -> Path:
            found = None if again else self.assets.current(node, key)
            if found is not None:  # another thread or process was quicker
                return found.folder
            try:
                value = self._compute(node, None, task)
            except Cancelled:
                raise
            except CodefError as error:
                self.assets.failed(node, error)
                raise
            save = self._node(node).save_asset

            def write(partial: Path) -> None:
                try:
                    save(value, partial)
                except CodefError as error:  # OSError is for publish to explain
                    error.node = error.node or node
                    raise

            folder = self.assets.publish(node, key, write)
            self._node(node).asset_saved(self._context(node, None, task))
            return folder

        folder: Path = self._evaluator.cache.once(
            f"fit:{node}:{key}", compute, task.check, keep=False
        )
        self._keys.clear()
        self._own_keys.clear()
        return folder

    def note_stale(self, node: str) -> None:
        """Says which fits above a node are stale."""
        for name in self._document.upstream(node):
            if self._document.node_class(name).asset and self.assets.state(name) == "stale":
                self._evaluator.note(
                    f"{name}: what it reads has changed since the fit; the old fit stays in use "
                    "until you refit it"
                )

    # Inside.

    def _fit_sources(self, node: str, task: Task) -> None:
        while pending := self._own_key(node, None)[1]:
            todo = [name for name in self._document.upstream(node) if name in pending]
            self.fit(todo[0], task)

    def _node(self, name: str) -> Node:
        if name not in self._nodes:
            cls = self._document.node_class(name)
            if cls is UnknownNode:
                state = self._document.state(name)
                raise DocumentError(
                    f"{name} is of type {state.type!r}, version {state.version}, which is unknown "
                    "here; install what provides it, or replace the node",
                    node=name,
                )
            self._nodes[name] = cls()
        return self._nodes[name]

    def _context(
        self,
        node: str,
        frame: int | None,
        task: Task,
        render_frames: tuple[int, ...] = (),
        options: RenderOptions | None = None,
    ) -> Context:
        return Context(self, node, frame, task, render_frames=render_frames, options=options)

    def _passes_to(self, node: str) -> str | None:
        """For a disabled node or a dot, the node that stands for it; else None."""
        disabled = self._document.state(node).disabled
        if not disabled and not self._document.node_class(node).passes:
            return None
        port = self._document.main_input(node)
        sources = self.wires(node, port) if port is not None else ()
        if not sources:
            if not disabled:
                raise UsageError(f"{node} has nothing to pass on; wire its input", node=node)
            raise UsageError(
                f"{node} is disabled and has nothing to pass on; enable it or wire its main input",
                node=node,
            )
        return sources[0]

    def _at(self, node: str, frame: int | None) -> int | None:
        """The frame as far as it matters to the node."""
        return None if frame is None or self._is_static(node) else frame

    def _is_static(self, node: str) -> bool:
        """Whether one result serves every frame: the node says so and so do all that it reads."""
        if node not in self._static:
            with self._depth.deeper(lambda: self._climb(node, self._is_static)):
                passes = self._passes_to(node)
                if passes is not None:
                    static = self._is_static(passes)
                else:
                    described = self._node(node)
                    with naming(node):
                        static = described.static(self._context(node, None, Task()))
                    if static and described.per_frame:
                        context = self._context(node, None, Task())
                        sources = [
                            source
                            for port in described.inputs
                            if not described.holds(context, port.name)
                            for source in self.wires(node, port.name)
                        ]
                        static = all(self._is_static(source) for source in sources)
            self._static[node] = static
        return self._static[node]

    def _key(self, node: str, frame: int | None) -> tuple[str, frozenset[str]]:
        """Key, and the names of the fits that are needed before it is final."""
        place = node, frame
        known = self._keys.get(place)
        if known is not None:
            return known
        with self._depth.deeper(lambda: self._climb(node, lambda name: self._key(name, frame))):
            passes = self._passes_to(node)
            if passes is not None:
                made = self._key(passes, frame)
            else:
                at = self._at(node, frame)
                if at != frame:
                    made = self._key(node, at)
                elif self._document.node_class(node).asset:
                    made = self._asset_key(node)
                else:
                    made = self._own_key(node, at)
        self._keys[place] = made
        return made

    def _asset_key(self, node: str) -> tuple[str, frozenset[str]]:
        record = self._document.state(node).field
        if record is not None and record.get("path"):
            fit = self.assets.current(node, None)
            pending: frozenset[str] = frozenset()
        else:
            own, pending = self._own_key(node, None)
            fit = None if pending else self.assets.current(node, own)
            if fit is None:
                return hash_of(["unfitted", own]), pending | {node}
        if fit is None:
            raise DocumentError(f"the record of {node}'s fit is broken; refit it", node=node)
        return self.assets.fingerprint(node, fit), frozenset()

    def _own_key(self, node: str, at: int | None) -> tuple[str, frozenset[str]]:
        place = node, at
        known = self._own_keys.get(place)
        if known is not None:
            return known
        self._check_inputs(node)
        described = self._node(node)
        context = self._context(node, at, Task())
        pending: frozenset[str] = frozenset()
        reads: list[tuple[str, list[list[str]]]] = []
        with naming(node):
            for port in described.inputs:
                wires = self.wires(node, port.name)
                frames = list(described.reads(context, port.name)) if wires else []
                keys: list[list[str]] = []
                for source in wires:
                    found = [self._key(source, frame) for frame in frames]
                    keys.append([key for key, _ in found])
                    pending = pending.union(*(more for _, more in found))
                reads.append((port.name, keys))
            identity = described.identity(context)
            key = result_key(
                described.type,
                described.version,
                self._knob_hash(node),
                str(self._settings["working_space"]),
                reads,
                identity,
                at,
            )
        self._own_keys[place] = key, pending
        return key, pending

    def _knob_hash(self, node: str) -> str:
        """All knobs of a node, defaults included, as one hash."""
        if node not in self._knob_hashes:
            knobs = self._node(node).knobs
            self._knob_hashes[node] = hash_of(
                {knob.name: knob.keyed(self.knob_value(node, knob.name)) for knob in knobs}
            )
        return self._knob_hashes[node]

    def _check_inputs(self, node: str) -> None:
        for port in self._node(node).inputs:
            wires = self.wires(node, port.name)
            if not wires and not port.optional:
                raise UsageError(
                    f"{node} needs something wired to its input {port.name!r} ({port.type}); "
                    "connect it",
                    node=node,
                )
            for source in wires:
                given = gives(self._document, source)
                if not compatible(given, port.type):
                    raise UsageError(
                        f"{source} gives {given or 'nothing'}, but {node}.{port.name} "
                        f"takes {port.type}; wire something else to it",
                        node=node,
                    )

    def _compute(self, node: str, at: int | None, task: Task) -> Any:
        described = self._node(node)
        task.report(0.0, node)
        self._evaluator.count(node, described.type)
        with naming(node):
            return described.compute(self._context(node, at, task.part(0.0, 1.0, node)))

    def _load_fit(self, node: str) -> Any:
        record = self._document.state(node).field
        recorded = record is not None and bool(record.get("path"))
        fit = self.assets.current(node, None if recorded else self.own_key(node))
        if fit is None:
            raise InputError(f"{node} has no finished fit; fit it", node=node)
        folder = self.assets.require(node, fit)
        with naming(node):
            value = self._node(node).load_asset(folder)
        if not fit.recorded:
            self.assets.adopt(node, fit)
        return value

    # Deep graphs.

    def _climb(self, node: str, find: Callable[[str], object]) -> None:
        """Finds something about all nodes above, sources first; errors wait until asked for."""
        for name in self._document.upstream(node):
            if name != node:
                try:
                    find(name)
                except CodefError:
                    continue

    def _climb_values(self, node: str, at: int | None, task: Task, held: list[str]) -> None:
        """Computes what a node reads at one frame, sources first, and holds it for the node.

        What is in between is dropped as soon as all that read it are there. ``held`` gets the
        keys that the caller drops when the node itself is there.
        """
        order, readers = sources_first(
            (node, at),
            lambda place: self._single_reads(*place),
            lambda place: self.key_of(*place),
            lambda key: self._evaluator.cache.where(key) is not None,
        )
        done: list[str] = []
        try:
            for name, frame in order:
                key = self.key_of(name, frame)
                done.append(key)
                self._hold[key] = self.value_of(name, frame, task.part(0.0, 0.0))
                for source in self._single_reads(name, frame):
                    child = self.key_of(*source)
                    readers[child] -= 1
                    if readers[child] == 0:
                        self._hold.pop(child, None)
        except BaseException:
            for key in done:
                self._hold.pop(key, None)
            raise
        held += done

    def _single_reads(self, node: str, at: int | None) -> list[Place]:
        """What a node reads at one frame only; clips that are read whole are left to stream."""
        passes = self._passes_to(node)
        if passes is not None:
            return [(passes, at)]
        places: list[Place] = []
        described = self._node(node)
        if described.asset:
            return []
        context = self._context(node, self._at(node, at), Task())
        for port in described.inputs:
            wires = self.wires(node, port.name)
            frames = list(described.reads(context, port.name)) if wires else []
            if len(frames) == 1:
                places += [(source, self._at_or_pass(source, frames[0])) for source in wires]
        return places

    def _at_or_pass(self, node: str, frame: int | None) -> int | None:
        passes = self._document.state(node).disabled or self._document.node_class(node).passes
        return frame if passes else self._at(node, frame)
