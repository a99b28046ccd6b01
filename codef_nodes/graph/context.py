"""What a node sees of the world while it is evaluated."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from codef_nodes.graph.jsonvalue import JSON
from engine.errors import UsageError
from engine.progress import Task

if TYPE_CHECKING:
    from codef_nodes.graph.assets import FitAssets


@dataclass(frozen=True)
class RenderOptions:
    """How a render treats trouble and files that are already there.

    Attributes:
        keep_going: ``--continue``: a frame that fails is reported and the others are written.
        skip_existing: ``--skip-existing``: frames whose file is there are not written again.
        written: Marks of files that this render wrote before it was cut off: they are left alone
            as long as they are, and would be, the same.
        wrote: Hears the mark of each file that is written.
    """

    keep_going: bool = False
    skip_existing: bool = False
    written: frozenset[str] = frozenset()
    wrote: Callable[[str], None] = lambda _mark: None


class Evaluation(Protocol):
    """What a context asks of the evaluator; node classes use the context instead."""

    @property
    def folder(self) -> Path:
        """The document's folder."""
        ...

    @property
    def settings(self) -> Mapping[str, JSON]:
        """The project's settings."""
        ...

    @property
    def assets(self) -> "FitAssets":
        """The finished fits."""
        ...

    @property
    def allow_fit(self) -> bool:
        """Whether a render may fit."""
        ...

    def may_run(self, command: Sequence[str]) -> bool:
        """Whether another program may be run."""
        ...

    @property
    def started(self) -> float:
        """``time.monotonic()`` at the start of the command."""
        ...

    @property
    def scratch(self) -> Path | None:
        """The cache folder."""
        ...

    def draft_of(self, node: str) -> Callable[[Any, float | None, float], None] | None:
        """Takes what a node's fit has reached; None: nobody wants it."""
        ...

    @property
    def resume(self) -> bool:
        """Whether long work goes on from its checkpoint."""
        ...

    def note(self, sentence: str) -> None:
        """A sentence for the person."""
        ...

    def knob_value(self, node: str, knob: str) -> JSON:
        """The value of a knob."""
        ...

    def wires(self, node: str, port: str) -> tuple[str, ...]:
        """Names of the nodes wired to an input, in order."""
        ...

    def frames_of(self, node: str) -> tuple[int, ...] | None:
        """Frames that a node offers."""
        ...

    def own_key(self, node: str, frame: int | None = None) -> str:
        """Key of a node's result as its inputs are now; for a fit, whatever fit is in use."""
        ...

    def key_of(self, node: str, frame: int | None) -> str:
        """Key of a node's result."""
        ...

    def value_of(self, node: str, frame: int | None, task: Task) -> Any:
        """A node's result."""
        ...


class Context:
    """One node at one frame. Made by the evaluator; never kept by a node.

    Attributes:
        node_name: Name of the node in the document.
        task: Progress and cancel of this node's own work.
        render_frames: Frames that ``Node.render`` is asked for (empty elsewhere).
        options: How ``Node.render`` treats trouble.
    """

    def __init__(
        self,
        evaluation: Evaluation,
        node_name: str,
        frame: int | None,
        task: Task,
        *,
        render_frames: tuple[int, ...] = (),
        options: RenderOptions | None = None,
    ) -> None:
        self._evaluation = evaluation
        self._frame = frame
        self.node_name = node_name
        self.task = task
        self.render_frames = render_frames
        self.options = options or RenderOptions()

    @property
    def frame(self) -> int:
        """The current frame number, as the files count.

        Raises:
            UsageError: The result is static: it has no frame (see ``Node.static``).
        """
        if self._frame is None:
            raise UsageError(
                f"{self.node_name} needs a frame and was asked for none; give --frames",
                node=self.node_name,
            )
        return self._frame

    @property
    def frame_or_none(self) -> int | None:
        """The current frame, or None for a static result."""
        return self._frame

    @property
    def key(self) -> str:
        """Key of this very result; a fit keeps it as ``FitRequest.identity``."""
        return self._evaluation.own_key(self.node_name, self._frame)

    def knob(self, name: str) -> Any:
        """Value of one of the node's knobs; treat it as read-only."""
        return self._evaluation.knob_value(self.node_name, name)

    def has(self, port: str) -> bool:
        """Whether something is wired to an input."""
        return bool(self._evaluation.wires(self.node_name, port))

    def wired(self, port: str) -> tuple[str, ...]:
        """Names of the nodes wired to an input, in order."""
        return self._evaluation.wires(self.node_name, port)

    def wire_frames(self, port: str) -> list[tuple[int, ...] | None]:
        """Frames that each wire of an input offers, in order; None: the same at any frame."""
        return [self._evaluation.frames_of(name) for name in self.wired(port)]

    def input(self, port: str, frame: int | None = None) -> Any:
        """What an input gives at a frame (None: the current one).

        Raises:
            UsageError: Nothing is wired to it.
        """
        at = self._frame if frame is None else frame
        return self._evaluation.value_of(self._wired(port), at, self.task.part(0.0, 0.0))

    def inputs(self, port: str, frame: int | None = None) -> list[Any]:
        """What each wire of a variadic input gives, in order; may be empty."""
        at = self._frame if frame is None else frame
        names = self._evaluation.wires(self.node_name, port)
        return [self._evaluation.value_of(name, at, self.task.part(0.0, 0.0)) for name in names]

    def input_frames(self, port: str) -> tuple[int, ...] | None:
        """Frames that an input offers; None: the same at any frame."""
        return self._evaluation.frames_of(self._wired(port))

    def input_key(self, port: str, frame: int | None = None) -> str:
        """Key of what an input gives at a frame (None: the current one)."""
        return self._evaluation.key_of(self._wired(port), self._frame if frame is None else frame)

    def input_keys(self, port: str, frame: int | None = None) -> tuple[str, ...]:
        """Keys of what each wire of a variadic input gives, in order; may be empty."""
        at = self._frame if frame is None else frame
        return tuple(self._evaluation.key_of(name, at) for name in self.wired(port))

    def own_key(self, frame: int | None) -> str:
        """Key of what this node gives at a frame."""
        return self._evaluation.key_of(self.node_name, frame)

    def own_frames(self) -> tuple[int, ...] | None:
        """Frames that this node offers."""
        return self._evaluation.frames_of(self.node_name)

    def own_value(self, frame: int | None) -> Any:
        """This node's own result, for the default ``render``."""
        return self._evaluation.value_of(self.node_name, frame, self.task.part(0.0, 0.0))

    @property
    def settings(self) -> Mapping[str, JSON]:
        """Project settings: ``working_space``, ``fps``, ``first``, ``last``, ``name``.

        The working space is part of every key; a node whose result depends on another setting
        puts it into ``identity``.
        """
        return self._evaluation.settings

    @property
    def working_space(self) -> str:
        """OCIO name of the project's working space."""
        return str(self.settings["working_space"])

    @property
    def folder(self) -> Path:
        """The document's folder (the current one while it is unsaved)."""
        return self._evaluation.folder

    def path(self, text: str) -> Path:
        """A path that a knob holds; relative ones count from the document's folder."""
        path = Path(text).expanduser()
        return path if path.is_absolute() else self.folder / path

    @property
    def allow_fit(self) -> bool:
        """Whether a render may fit (``--no-fit`` forbids it)."""
        return self._evaluation.allow_fit

    def may_run(self, command: Sequence[str]) -> bool:
        """Whether another program may be run: allowed for this render, or on this machine."""
        return self._evaluation.may_run(command)

    @property
    def assets(self) -> "FitAssets":
        """The finished fits of the document."""
        return self._evaluation.assets

    @property
    def started(self) -> float:
        """``time.monotonic()`` at the start of the command: budgets count from here."""
        return self._evaluation.started

    @property
    def scratch(self) -> Path | None:
        """The cache folder, for what long work keeps in case it is stopped; None without one."""
        return self._evaluation.scratch

    @property
    def draft(self) -> Callable[[Any, float | None, float], None] | None:
        """Takes what this fit has reached so far, its decibels and seconds; None: nobody wants it.

        The value must be good until the call returns.
        """
        return self._evaluation.draft_of(self.node_name)

    @property
    def resume(self) -> bool:
        """Whether long work goes on from its checkpoint, where it left one."""
        return self._evaluation.resume

    def note(self, sentence: str) -> None:
        """Tells the person something, once."""
        self._evaluation.note(sentence)

    def _wired(self, port: str) -> str:
        names = self._evaluation.wires(self.node_name, port)
        if not names:
            raise UsageError(
                f"{self.node_name} has nothing wired to its input {port!r}; connect it",
                node=self.node_name,
            )
        return names[0]
