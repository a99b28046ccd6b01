"""One job of the queue: what was asked, how far it is, what became of it. No widgets."""

import time
from dataclasses import dataclass, field
from typing import Any

WAITING, RUNNING, PAUSED, ENDING = "waiting", "running", "paused", "ending"
DONE, FAILED, CANCELLED, INTERRUPTED = "done", "failed", "cancelled", "interrupted"
ACTIVE = (RUNNING, PAUSED, ENDING)
OVER = (DONE, FAILED, CANCELLED, INTERRUPTED)
_MOST_LINES = 2000


@dataclass(eq=False)
class Job:
    """A render or a fit.

    Attributes:
        number: Counts the jobs of this session.
        kind: ``render`` or ``fit``.
        nodes: What is rendered or fitted.
        args: Of the request to the worker.
        state: One of the words above.
        fraction: Share that is done.
        label: What is being done.
        stage: The newest of these words that the log has.
        seconds_left: Estimate, or None.
        figures: Newest figures of the work, such as ``step`` and ``psnr``.
        log: Lines with the time of day.
        error: Why it failed, one sentence.
        result: The worker's answer.
        folder: Where the files are, to be revealed; empty: not known yet.
        curve: Of a fit, seconds and decibels as it went on.
        draft: Newest draft folder of a fit; empty: none.
        foreign: It is of a document that is not open any more.
        written: Marks of the files that a render has written, to go on from when it is cut off.
        head_start: Share that an earlier fit had done, from whose checkpoint this one may go on.
        warning: What is poor about a result that is no failure, one sentence.
    """

    number: int
    kind: str
    nodes: tuple[str, ...]
    args: dict[str, Any]
    state: str = WAITING
    fraction: float = 0.0
    label: str = ""
    stage: str = ""
    seconds_left: float | None = None
    figures: dict[str, float] = field(default_factory=dict)
    log: list[str] = field(default_factory=list)
    error: str = ""
    result: dict[str, Any] = field(default_factory=dict)
    folder: str = ""
    curve: list[tuple[float, float]] = field(default_factory=list)
    draft: str = ""
    foreign: bool = False
    written: list[str] = field(default_factory=list)
    head_start: float = 0.0
    warning: str = ""
    _resumed: bool | None = None
    _spent: float = 0.0
    _since: float | None = None

    @property
    def title(self) -> str:
        """What the pane calls it."""
        names = ", ".join(self.nodes) if self.nodes else "all writes"
        return f"{'Fit' if self.kind == 'fit' else 'Render'} {names}"

    @property
    def active(self) -> bool:
        """Whether the worker has it."""
        return self.state in ACTIVE

    @property
    def over(self) -> bool:
        """Whether nothing more comes of it unless it is started again."""
        return self.state in OVER

    @property
    def elapsed(self) -> float:
        """Seconds that it has worked; pauses do not count."""
        return self._spent + (0.0 if self._since is None else time.monotonic() - self._since)

    def enter(self, state: str) -> None:
        """Goes to another state; the clock runs while it works."""
        working = state in (RUNNING, ENDING)
        if working and self._since is None:
            self._since = time.monotonic()
        elif not working and self._since is not None:
            self._spent += time.monotonic() - self._since
            self._since = None
        self.state = state

    def rename(self, old: str, new: str) -> None:
        """A node of it has another name now; what the worker was asked stays as it was."""
        self.nodes = tuple(new if name == old else name for name in self.nodes)
        if self.state == WAITING and "nodes" in self.args:
            self.args["nodes"] = list(self.nodes) or None
        elif self.state == WAITING:
            self.args["node"] = self.nodes[0]

    def renew(self) -> None:
        """Forgets how it went, to be started again; the log goes on."""
        self.head_start, self._resumed = self.fraction, None
        if self.state == DONE:  # who renders again what is done wants all of it
            self.written = []
        self.fraction, self.seconds_left = 0.0, None
        self.label = self.stage = self.error = self.warning = ""
        self.figures, self.result, self.curve, self.draft = {}, {}, [], ""
        self._spent, self._since = 0.0, None
        self.state = WAITING

    def advance(self, fraction: float) -> None:
        """Is that far; a fit that goes on from a checkpoint starts where the one before ended."""
        if self._resumed is None and "step" in self.figures:
            self._resumed = self.figures["step"] > 1.5
        start = self.head_start if self._resumed else 0.0
        self.fraction = start + (1 - start) * fraction

    def say(self, text: str) -> None:
        """Adds a line to the log."""
        self.log.append(f"{time.strftime('%H:%M:%S')}  {text}")
        del self.log[:-_MOST_LINES]


def duration(seconds: float) -> str:
    """Seconds as people say them: ``45 s``, ``2:05 min``, ``1:02 h``."""
    whole = max(round(seconds), 0)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60}:{whole % 60:02d} min"
    return f"{whole // 3600}:{whole % 3600 // 60:02d} h"
