"""DrawMask: shapes drawn by hand as a mask."""

from typing import Any, ClassVar

from codef_nodes.graph.context import Context
from codef_nodes.graph.knob import Knob
from codef_nodes.graph.node import Node
from codef_nodes.graph.port import Port
from codef_nodes.graph.registry import register


@register
class DrawMask(Node):
    """Bezier curves and polygons with keyframes."""

    type: ClassVar[str] = "DrawMask"
    title: ClassVar[str] = "Draw mask"
    category: ClassVar[str] = "Fit"
    aliases: ClassVar[tuple[str, ...]] = ("Roto", "Shape", "Bezier", "Polygon", "Spline")
    help: ClassVar[str] = (
        "Draws a mask from closed shapes, Bezier or polygon, with feather and keyframes; wire it "
        "to MaskGroup, or write it with WriteSequence."
    )
    inputs: ClassVar[tuple[Port, ...]] = (
        Port("source", "image", "The clip that the shapes are drawn over; it gives the size."),
    )
    knobs: ClassVar[tuple[Knob, ...]] = (
        Knob(
            "shapes",
            "shapes",
            {},
            "The shapes by name, each with its outline in one or more frames; between them it "
            "moves evenly. They add up in order; one may subtract.",
        ),
        Knob("invert", "bool", False, "White outside the shapes instead of inside."),
    )

    def compute(self, ctx: Context) -> Any:
        """The coverage of the frame, the same in every channel."""
        import numpy as np

        from codef_nodes.work.roughmasks import grey_like
        from engine.masks.shapes import coverage, shape_from_json

        picture = ctx.input("source")
        shapes = [
            shape_from_json({"name": name, **said} if isinstance(said, dict) else said)
            for name, said in ctx.knob("shapes").items()
        ]
        display = picture.display
        frame = ctx.frame_or_none or 0
        cover = coverage(shapes, frame, display.height, display.width)
        return grey_like(picture, np.asarray(1 - cover if ctx.knob("invert") else cover))
