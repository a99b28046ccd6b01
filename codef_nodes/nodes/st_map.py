"""STMap: the deformation as pictures that other programs can warp with."""

from collections.abc import Sequence
from typing import Any, ClassVar

from codef_nodes.graph.context import Context
from codef_nodes.graph.knob import Knob
from codef_nodes.graph.node import Node
from codef_nodes.graph.port import Port
from codef_nodes.graph.registry import register
from codef_nodes.nodes.canonical_view import SEGMENT, layer_index
from engine.errors import UsageError
from engine.fields.field import Field

DIRECTIONS = ("to-canonical", "to-frame", "frame-to-frame")


@register
class STMap(Node):
    """The map between frames and the canonical image, or from frame to frame."""

    type: ClassVar[str] = "STMap"
    title: ClassVar[str] = "ST map"
    category: ClassVar[str] = "Fit"
    aliases: ClassVar[tuple[str, ...]] = ("UV map", "Map UV", "iDistort", "Warp map")
    help: ClassVar[str] = (
        "Gives the deformation as an ST map for other programs: red is x / width, green is y / "
        "height from the bottom of the picture that is sampled, alpha is 1 where the map holds."
    )
    inputs: ClassVar[tuple[Port, ...]] = (Port("field", "field", "The fit."),)
    knobs: ClassVar[tuple[Knob, ...]] = (
        Knob(
            "direction",
            "choice",
            "to-canonical",
            "What is sampled: the canonical image, over the frame (to-canonical); the frame, over "
            "the canvas (to-frame); or another frame, over this one (frame-to-frame).",
            choices=DIRECTIONS,
        ),
        Knob(
            "sampled_frame",
            "int",
            None,
            "With frame-to-frame: number of the frame that is sampled; empty takes the fit's "
            "reference frame.",
        ),
        Knob(
            "layer",
            "int",
            0,
            "Which layer to follow, counted from 0 at the front.",
            minimum=0,
            maximum=255,
        ),
        SEGMENT,
        Knob(
            "every_layer",
            "bool",
            True,
            "With frame-to-frame: each pixel follows the layer that owns it, whatever the knob "
            "layer says.",
        ),
        Knob(
            "display",
            "choice",
            "format",
            "What 0 to 1 spans of the picture being sampled: its format, or the whole canvas for "
            "hosts that clip outside 0 to 1.",
            choices=("format", "canvas"),
        ),
    )

    def frames(self, ctx: Context) -> tuple[int, ...] | None:
        """Frames of the fit."""
        return ctx.input_frames("field")

    def reads(self, ctx: Context, port: str) -> Sequence[int | None]:
        """The fit."""
        return (ctx.frame_or_none,)

    def compute(self, ctx: Context) -> Any:
        """The map: numbers, no colours; write it with the colour space raw and 32 bits."""
        from codef_nodes.work.canonicals import view_of
        from engine.warp.between import st_between_picture
        from engine.warp.stmap import st_picture

        field: Field = view_of(ctx.input("field"), ctx.knob("segment"))
        index, direction = field.index(ctx.frame), ctx.knob("direction")
        layer = layer_index(field, ctx.knob("layer"), ctx.node_name)
        if direction != "frame-to-frame":
            return st_picture(field, layer, index, direction, display=ctx.knob("display"))
        sampled = ctx.knob("sampled_frame")
        there = field.reference if sampled is None else sampled
        if there not in field.frames:
            raise UsageError(
                f"{ctx.node_name}: the fit has no frame {there} (it holds {field.frames[0]}-"
                f"{field.frames[-1]}); choose another in the knob sampled_frame",
                node=ctx.node_name,
            )
        alone = None if ctx.knob("every_layer") else layer
        return st_between_picture(field, field.index(there), index, alone)
