"""What a pass over the graph knows of its surroundings: the document, the evaluator, the person."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from codef_nodes.graph.jsonvalue import JSON
from codef_nodes.graph.node import Node
from codef_nodes.graph.registry import UnknownNode
from engine.errors import DocumentError

if TYPE_CHECKING:
    from codef_nodes.graph.assets import FitAssets
    from codef_nodes.graph.evaluate import Evaluator


class Surroundings:
    """What a context asks that no graph has to be walked for.

    Args:
        evaluator: Whose call it is.
    """

    def __init__(self, evaluator: "Evaluator") -> None:
        self._evaluator = evaluator
        self._document = evaluator.document
        self._settings = self._document.settings
        self._nodes: dict[str, Node] = {}
        self._knobs, self._knob_hashes = evaluator.known_knobs()

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
