"""One pass over the graph: what ``Evaluator`` does for one call."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from codef_nodes.graph.asking import Asking
from codef_nodes.graph.cache import MISS
from codef_nodes.graph.context import RenderOptions
from codef_nodes.graph.deep import Place, sources_first
from codef_nodes.graph.flags import KEEP, flag
from codef_nodes.graph.jsonvalue import JSON
from codef_nodes.graph.naming import naming
from engine.errors import Cancelled, CodefError, InputError, UsageError
from engine.progress import Task

if TYPE_CHECKING:
    from codef_nodes.graph.evaluate import Evaluator


class Pass(Asking):
    """Computes results, and makes the fits that they need.

    Args:
        evaluator: Whose call it is.
    """

    def __init__(self, evaluator: "Evaluator") -> None:
        super().__init__(evaluator)
        self._hold: dict[str, Any] = {}
        evaluator.refuse_cycles()

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

        disk = not cls.asset and (cls.disk or bool(flag(self._document, node, KEEP)))
        keep = cls.cacheable or disk
        return self._evaluator.cache.once(key, compute, task.check, keep=keep, disk=disk)

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
            off = self._document.state(name).disabled or not self._document.node_class(name).asset
            if not off and self.assets.state(name) == "stale":
                self._evaluator.note(
                    f"{name}: what it reads has changed since the fit; the old fit stays in use "
                    "until you refit it"
                )

    # Inside.

    def _fit_sources(self, node: str, task: Task) -> None:
        while pending := self._own_key(node, None)[1]:
            todo = [name for name in self._document.upstream(node) if name in pending]
            self.fit(todo[0], task)

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
