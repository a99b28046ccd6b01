"""Switch: one of several pictures."""

from collections.abc import Sequence
from typing import Any, ClassVar

from codef_nodes.graph.context import Context
from codef_nodes.graph.knob import Knob
from codef_nodes.graph.node import Node
from codef_nodes.graph.port import Port
from codef_nodes.graph.registry import register

COUNT = 8


@register
class Switch(Node):
    """Passes one input on; the others are not even looked at."""

    type: ClassVar[str] = "Switch"
    category: ClassVar[str] = "Composite"
    aliases: ClassVar[tuple[str, ...]] = ("Select", "Choose")
    help: ClassVar[str] = (
        "Passes one of its inputs on; what the others hang on is neither rendered nor fitted."
    )
    # Ports of their own instead of one variadic port: only so are the others left out of the key.
    inputs: ClassVar[tuple[Port, ...]] = tuple(
        Port(f"input_{n}", "image", f"The picture that which = {n} chooses.", optional=True)
        for n in range(COUNT)
    )
    cacheable: ClassVar[bool] = False
    knobs: ClassVar[tuple[Knob, ...]] = (
        Knob(
            "which",
            "int",
            0,
            "Number of the input to pass on, counted from 0.",
            minimum=0,
            maximum=COUNT - 1,
        ),
    )

    def frames(self, ctx: Context) -> tuple[int, ...] | None:
        """Those of the chosen input."""
        return ctx.input_frames(f"input_{ctx.knob('which')}")

    def reads(self, ctx: Context, port: str) -> Sequence[int | None]:
        """The chosen input only."""
        return (ctx.frame_or_none,) if port == f"input_{ctx.knob('which')}" else ()

    def compute(self, ctx: Context) -> Any:
        """The chosen picture."""
        return ctx.input(f"input_{ctx.knob('which')}")
