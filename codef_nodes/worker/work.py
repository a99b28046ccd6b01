"""One request that is being worked on: its task, and how it is stopped, paused and told about."""

from collections.abc import Callable
from typing import Any

from codef_nodes.worker.args import Args
from codef_nodes.worker.verbs import Verb
from engine.progress import Gate, Progress, Task


class WorkTask(Task):
    """The task of one request.

    Args:
        listener: Hears the reports of progress.
        gate: Cancels and pauses.

    Attributes:
        gate: Cancels and pauses. ``task.cancelled`` is the same object.
        stopped: Set by the verb ``stop``: come to an end early and keep what is there. Who can do
            that looks at it; the others go on.
    """

    def __init__(self, listener: Callable[[Progress], None], gate: Gate) -> None:
        super().__init__(listener, gate)
        self.gate = gate
        self.stopped = gate.stopped


class Work:
    """A request from its arrival to its answer.

    Args:
        number: Its id.
        verb: What is asked.
        args: The arguments.
        tell: Sends an event of this request.

    Attributes:
        overtaken: It was cancelled because something newer came.
        shared: Files of the pictures that it shared.
        state: ``waiting`` or ``running``.
    """

    def __init__(
        self, number: int, verb: Verb, args: Args, tell: Callable[[str, dict[str, Any]], None]
    ) -> None:
        self.number, self.verb, self.args = number, verb, args
        self.tell = tell
        self.task = WorkTask(self._hear, Gate())
        self.overtaken = False
        self.shared: list[str] = []
        self.state = "waiting"
        self.progress = Progress(0.0, "")
        self._told = self.progress

    @property
    def slot(self) -> str | None:
        """The slot in which newer requests take the place of older ones, if there is one."""
        slot = self.args.get("slot")
        return slot if self.verb.queue in ("slot", "place") and isinstance(slot, str) else None

    @property
    def keep(self) -> bool:
        """Whether a newer view leaves this one alone."""
        return self.args.get("keep") is True

    @property
    def node(self) -> str | None:
        """The node that is asked about."""
        node = self.args.get("node")
        return node if isinstance(node, str) else None

    def cancel(self, overtaken: bool = False) -> None:
        """Stops the work; it is told by the answer."""
        self.overtaken = self.overtaken or overtaken
        self.task.gate.set()

    def describe(self) -> dict[str, Any]:
        """For the verb ``status``."""
        paused = self.state == "running" and self.task.gate.paused
        return {
            "id": self.number,
            "verb": self.verb.name,
            "node": self.node,
            "state": "paused" if paused else self.state,
            "fraction": self.progress.fraction,
            "label": self.progress.label,
            "seconds_left": self.progress.seconds_left,
        }

    def tell_progress(self) -> None:
        """Sends the newest report, if it was not sent."""
        progress = self.progress
        if progress is self._told:
            return
        self._told = progress
        self.tell(
            "progress",
            {
                "fraction": progress.fraction,
                "label": progress.label,
                "seconds_left": progress.seconds_left,
                "figures": {name: float(value) for name, value in progress.figures.items()},
            },
        )

    def _hear(self, progress: Progress) -> None:
        # Kept, not sent: a deep graph reports hundreds of times for one quick picture.
        self.progress = progress
