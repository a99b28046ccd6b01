"""The base of all node classes: a description as data and a few functions of a context."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from codef_nodes.graph.context import Context
from codef_nodes.graph.jsonvalue import JSON
from codef_nodes.graph.knob import Knob
from codef_nodes.graph.port import Port
from engine.errors import UsageError

Upgrade = Callable[[dict[str, JSON]], dict[str, JSON]]
"""Takes a node's block as a document holds it and returns the block of the next version."""


class Node(ABC):
    """One node type. Instances hold no state: everything comes from the context.

    Attributes:
        type: The name in documents and on the command line, such as ``"LoadSequence"``.
        version: Counts up when old results or old knobs no longer fit; part of every key.
        title: What menus show; empty: the type.
        category: Menu it belongs to.
        aliases: Other words that a search should find ("Read").
        help: One full sentence, more if needed.
        inputs: The inputs in the order they are drawn.
        output: Type of the result (as ``Port.type``), or None for a node that gives none.
        knobs: The knobs in the order they are drawn.
        per_frame: The result depends on the frame. False: one result for all frames (a fit).
        cacheable: The result is worth keeping in memory.
        disk: The result is worth keeping on disk too (needs a codec, see ``graph/codec.py``).
        asset: The result is a finished fit: kept beside the document, never evicted.
        writes: ``render`` writes files; ``codef render`` runs such nodes by default.
        canvas: Its pictures lie on the canonical canvas although they change with the frame.
        passes: The node only hands its main input on (a dot): it is never computed.
        upgrades: From version N: a function that turns the block of a node of version N into one
            of version N + 1, dict to dict. Never deleted.
    """

    type: ClassVar[str]
    version: ClassVar[int] = 1
    title: ClassVar[str] = ""
    category: ClassVar[str] = ""
    aliases: ClassVar[tuple[str, ...]] = ()
    help: ClassVar[str] = ""
    inputs: ClassVar[tuple[Port, ...]] = ()
    output: ClassVar[str | None] = "image"
    knobs: ClassVar[tuple[Knob, ...]] = ()
    per_frame: ClassVar[bool] = True
    cacheable: ClassVar[bool] = True
    disk: ClassVar[bool] = False
    asset: ClassVar[bool] = False
    writes: ClassVar[bool] = False
    canvas: ClassVar[bool] = False
    passes: ClassVar[bool] = False
    upgrades: ClassVar[Mapping[int, Upgrade]] = {}

    @abstractmethod
    def compute(self, ctx: Context) -> Any:
        """The result at ``ctx.frame`` (or for all frames, when static).

        It may be shared by many readers: never change what ``ctx.input`` gave, never keep ``ctx``.
        Call ``ctx.task.check()`` at least every half second.
        """

    def frames(self, ctx: Context) -> tuple[int, ...] | None:
        """Frame numbers that this node offers, ascending; None: the same at any frame.

        Default: those of the first connected input, else None.
        """
        for port in self.inputs:
            if ctx.has(port.name):
                return ctx.input_frames(port.name)
        return None

    def static(self, ctx: Context) -> bool:
        """Whether one result serves every frame.

        Default: the class is not per-frame, or ``frames`` is None (an operation on a still).
        The evaluation asks the inputs of a per-frame node as well: what reads a result that varies
        is never static. A static result has no ``ctx.frame``. Override where knobs vary over
        frames (strokes with a lifetime on a still).
        """
        return not self.per_frame or self.node_frames(ctx) is None

    def holds(self, ctx: Context, port: str) -> bool:
        """Whether what is read of an input does not depend on the node's own frame.

        A node that is ``static`` stays so when such an input varies. Default: no.
        """
        return False

    def node_frames(self, ctx: Context) -> tuple[int, ...] | None:
        """``frames`` remembered by the evaluation; do not override."""
        return ctx.own_frames()

    def reads(self, ctx: Context, port: str) -> Sequence[int | None]:
        """Frames of an input that ``compute`` reads; they become part of the key.

        Default: the current frame for a per-frame node, every frame of the input for one that is
        not (None where the input is static). Override for neighbours (optical flow) or to leave
        out an input that the knobs switch off (an empty tuple).
        """
        if self.per_frame:
            return (ctx.frame_or_none,)
        frames = ctx.input_frames(port)
        return (None,) if frames is None else frames

    def identity(self, ctx: Context) -> list[JSON]:
        """Extra key material, such as the identity (path, size, time) of the file at
        ``ctx.frame``; for a static node, of everything it reads from disk."""
        return []

    @classmethod
    def external_command(cls, knob: Callable[[str], JSON]) -> tuple[str, ...]:
        """The other program that the node runs, as an argument list; empty: none.

        Args:
            knob: Gives the value of a knob.
        """
        return ()

    def main_input(self) -> str | None:
        """The input that passes through when the node is disabled.

        Default: the first input of the output's type.
        """
        for port in self.inputs:
            if port.type == self.output and not port.variadic:
                return port.name
        for port in self.inputs:
            if port.type == self.output:
                return port.name
        return None

    def render(self, ctx: Context) -> dict[str, JSON]:
        """Does the node's work for ``ctx.render_frames`` and returns a JSON-able summary.

        For nodes that write: ``{"written": [paths], "frames": [numbers], "failed": [{"frame",
        "message"}], ...}``; ``ctx.options`` says what to do about failures and existing files.
        Called once per render; there is no ``ctx.frame``. Default: computes each frame.
        """
        frames: Sequence[int | None] = ctx.render_frames or (None,)
        for done, frame in enumerate(frames):
            ctx.task.report(done / len(frames), ctx.node_name, frame=done + 1, frames=len(frames))
            ctx.own_value(frame)
        return {"frames": [frame for frame in frames if frame is not None], "failed": []}

    def save_asset(self, value: Any, folder: Path) -> None:
        """Writes a finished fit to ``folder``, which does not exist yet (assets only).

        Its ``field.json`` must hold ``"identity": ctx.key`` (``FitRequest.identity``) so that the
        fit is found again.
        """
        raise UsageError(f"{type(self).__name__} has no finished fits to save")

    def asset_saved(self, ctx: Context) -> None:
        """Called when a finished fit is safe on the disk (assets only): tidy up what was kept for
        the case that the fit is stopped. Default: nothing is."""
        return None

    def load_asset(self, folder: Path) -> Any:
        """Reads a finished fit (assets only)."""
        raise UsageError(f"{type(self).__name__} has no finished fits to load")

    @classmethod
    def knob(cls, name: str) -> Knob | None:
        """The knob of that name."""
        return next((knob for knob in cls.knobs if knob.name == name), None)

    @classmethod
    def port(cls, name: str) -> Port | None:
        """The input of that name."""
        return next((port for port in cls.inputs if port.name == name), None)
