"""Stabilise: the plate in canonical space."""

from collections.abc import Sequence
from typing import Any, ClassVar

from codef_nodes.graph.context import Context
from codef_nodes.graph.knob import Knob
from codef_nodes.graph.node import Node
from codef_nodes.graph.port import Port
from codef_nodes.graph.registry import register
from codef_nodes.nodes.canonical_view import SEGMENT, layer_index
from codef_nodes.nodes.frames import frames_of_both
from engine.fields.field import Field


@register
class Stabilise(Node):
    """The frames unwarped to the canonical image, so that the subject stands still."""

    type: ClassVar[str] = "Stabilise"
    category: ClassVar[str] = "Fit"
    aliases: ClassVar[tuple[str, ...]] = ("Unwarp", "Stabilize", "Canonical sequence")
    help: ClassVar[str] = (
        "Unwarps every frame to the canonical image, so that the subject stands still: paint, heal "
        "or insert what moves there, and Propagate puts each frame's change back into its frame."
    )
    inputs: ClassVar[tuple[Port, ...]] = (
        Port(
            "source",
            "image",
            "The frames to unwarp; without it the clip that the fit was made of.",
            optional=True,
        ),
        Port("field", "field", "The fit."),
    )
    canvas: ClassVar[bool] = True
    knobs: ClassVar[tuple[Knob, ...]] = (
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
            "scale",
            "float",
            1.0,
            "Canvas pixels per frame pixel: 2 gives twice the width to paint finer.",
            minimum=0.05,
            maximum=8,
        ),
    )

    def frames(self, ctx: Context) -> tuple[int, ...] | None:
        """Frames that both the source and the fit have."""
        return frames_of_both(ctx)

    def reads(self, ctx: Context, port: str) -> Sequence[int | None]:
        """The frame itself."""
        return (ctx.frame_or_none,)

    def compute(self, ctx: Context) -> Any:
        """The frame on the canvas; alpha is what it shows of the layer."""
        from codef_nodes.nodes.propagate import plate_at
        from codef_nodes.work.canonicals import view_of
        from engine.edit.stabilise import stabilise_frame

        field: Field = view_of(ctx.input("field"), ctx.knob("segment"))
        layer = layer_index(field, ctx.knob("layer"), ctx.node_name)
        plate = plate_at(ctx, field, ctx.frame)
        return stabilise_frame(field, layer, field.index(ctx.frame), plate, scale=ctx.knob("scale"))
