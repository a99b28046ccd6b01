"""Dot: a bend in a wire."""

from typing import Any, ClassVar

from codef_nodes.graph.context import Context
from codef_nodes.graph.node import Node
from codef_nodes.graph.port import ANY, Port
from codef_nodes.graph.registry import register


@register
class Dot(Node):
    """Passes on what comes to it, of whatever type; the evaluation looks right through it."""

    type: ClassVar[str] = "Dot"
    category: ClassVar[str] = "Graph"
    aliases: ClassVar[tuple[str, ...]] = ("Reroute", "Bend", "Elbow")
    help: ClassVar[str] = (
        "Bends a wire, or brings several to one place: it passes on whatever comes to it."
    )
    inputs: ClassVar[tuple[Port, ...]] = (Port("input", ANY, "What to pass on."),)
    output: ClassVar[str | None] = ANY
    cacheable: ClassVar[bool] = False
    passes: ClassVar[bool] = True

    def compute(self, ctx: Context) -> Any:
        """What comes to it."""
        return ctx.input("input")
