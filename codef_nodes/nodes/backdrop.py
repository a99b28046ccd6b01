"""Backdrop: a titled field behind nodes that belong together."""

from typing import Any, ClassVar

from codef_nodes.graph.context import Context
from codef_nodes.graph.knob import Knob
from codef_nodes.graph.node import Node
from codef_nodes.graph.registry import register
from engine.errors import UsageError

SIZE = (320, 220)


@register
class Backdrop(Node):
    """Only drawn: it has no inputs and gives nothing."""

    type: ClassVar[str] = "Backdrop"
    category: ClassVar[str] = "Graph"
    aliases: ClassVar[tuple[str, ...]] = ("Frame", "Box", "Sticky note", "Comment", "Section")
    help: ClassVar[str] = (
        "Stands behind nodes that belong together; its label is the title, and dragging the title "
        "moves what lies on it."
    )
    output: ClassVar[str | None] = None
    cacheable: ClassVar[bool] = False
    knobs: ClassVar[tuple[Knob, ...]] = (
        Knob("colour", "colour", [0.07, 0.09, 0.12], "Colour of the field.", minimum=0, maximum=1),
        Knob("size", "size", list(SIZE), "Width and height on the desk.", unit="px"),
        Knob("text", "text", "", "A note under the title."),
    )

    def compute(self, ctx: Context) -> Any:
        """Raises: there is nothing to compute."""
        raise UsageError(
            f"{ctx.node_name} is a backdrop and gives nothing; choose another node",
            node=ctx.node_name,
        )
