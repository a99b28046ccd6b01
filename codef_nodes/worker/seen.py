"""What was shown and what failed: for the bar of cached frames, and for the faces of nodes."""

import contextlib
import threading
from collections.abc import Callable
from dataclasses import dataclass

from codef_nodes.graph.evaluate import Evaluator
from engine.errors import CodefError


@dataclass(frozen=True)
class Failure:
    """Why a node had no result.

    Attributes:
        frame: The frame.
        key: The result that was wanted; another key is another story.
        message: The sentence.
    """

    frame: int | None
    key: str
    message: str


class Seen:
    """Remembers keys of pictures that were shown, and errors.

    Attributes:
        told: Called when a node failed anew, or is well again.
    """

    def __init__(self) -> None:
        self._keys: dict[str, dict[int | None, str]] = {}
        self._failures: dict[str, Failure] = {}
        self._lock = threading.Lock()
        self.told: list[Callable[[], None]] = []

    def shown(self, evaluator: Evaluator, node: str, frame: int | None, key: str) -> None:
        """A picture was shown: whatever failed above it is well again."""
        with self._lock:
            self._keys.setdefault(node, {})[frame] = key
            failed = list(self._failures)
        well = set(evaluator.document.upstream(node)).intersection(failed) if failed else set()
        if well:
            with self._lock:
                for name in well:
                    self._failures.pop(name, None)
            self._tell()

    def key(self, node: str, frame: int | None) -> str | None:
        """Key of the picture that was last shown of a node at a frame."""
        with self._lock:
            return self._keys.get(node, {}).get(frame)

    def failed(self, evaluator: Evaluator, error: CodefError, frame: int | None) -> None:
        """A node could not give its result."""
        node = error.node
        if node is None or node not in evaluator.document:
            return
        with contextlib.suppress(CodefError):
            failure = Failure(frame, evaluator.key(node, frame), error.message)
            with self._lock:
                new = self._failures.get(node) != failure
                self._failures[node] = failure
            if new:
                self._tell()

    def failure(self, evaluator: Evaluator, node: str) -> str | None:
        """Why a node failed last, if it would fail again."""
        with self._lock:
            failure = self._failures.get(node)
        if failure is None:
            return None
        with contextlib.suppress(CodefError):
            if evaluator.key(node, failure.frame) == failure.key:
                return failure.message
        with self._lock:
            if self._failures.get(node) is failure:
                del self._failures[node]
        return None

    def clear(self) -> None:
        """Another document."""
        with self._lock:
            self._keys.clear()
            self._failures.clear()

    def _tell(self) -> None:
        for listener in self.told:
            listener()
