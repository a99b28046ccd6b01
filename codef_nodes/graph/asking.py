"""What is known of results without computing them: frames, keys, fits that are needed first."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from codef_nodes.graph.context import Context, RenderOptions
from codef_nodes.graph.deep import Depth, Place
from codef_nodes.graph.keys import hash_of, result_key
from codef_nodes.graph.naming import naming
from codef_nodes.graph.surroundings import Surroundings
from codef_nodes.graph.types import compatible, gives
from engine.errors import CodefError, DocumentError, UsageError
from engine.progress import Task

if TYPE_CHECKING:
    from codef_nodes.graph.evaluate import Evaluator


class Asking(Surroundings, ABC):
    """Finds frames, file identities and keys once and remembers them.

    Args:
        evaluator: Whose call it is.
    """

    def __init__(self, evaluator: "Evaluator") -> None:
        super().__init__(evaluator)
        self._frames: dict[str, tuple[int, ...] | None] = {}
        self._static: dict[str, bool] = {}
        self._keys: dict[Place, tuple[str, frozenset[str]]] = {}
        self._own_keys: dict[Place, tuple[str, frozenset[str]]] = {}
        self._depth = Depth()

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

    def own_key(self, node: str, frame: int | None = None) -> str:
        """Key of a node's result as its inputs are now; for a fit, whatever fit is in use."""
        return self._own_key(node, frame)[0]

    @abstractmethod
    def value_of(self, node: str, frame: int | None, task: Task) -> Any:
        """A node's result."""

    # Inside.

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
        disabled, cls = self._document.state(node).disabled, self._document.node_class(node)
        if not disabled and not cls.passes:
            return None
        if cls.asset:
            self._last_fit_stands(node)
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

    def _last_fit_stands(self, node: str) -> None:
        """A disabled fit gives what it was fitted to last, and says so."""
        if self.assets.current(node, None) is None:
            raise UsageError(f"{node} is disabled and was never fitted; enable it", node=node)
        self.note(f"{node} is disabled: its last fit is used, whatever has changed since")

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

    def _climb(self, node: str, find: Callable[[str], object]) -> None:
        """Finds something about all nodes above, sources first; errors wait until asked for."""
        for name in self._document.upstream(node):
            if name != node:
                try:
                    find(name)
                except CodefError:
                    continue
