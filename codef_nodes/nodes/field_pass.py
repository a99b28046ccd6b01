"""FieldPass: what a fit knows about each frame, as pictures."""

from collections.abc import Sequence
from typing import Any, ClassVar

from codef_nodes.graph.context import Context
from codef_nodes.graph.knob import Knob
from codef_nodes.graph.node import Node
from codef_nodes.graph.port import Port
from codef_nodes.graph.registry import register
from codef_nodes.nodes.canonical_view import layer_index
from codef_nodes.nodes.frames import frames_of_both
from engine.fields.field import Field

PASSES = ("matte", "visibility", "confidence")


@register
class FieldPass(Node):
    """A matte, the visibility or the confidence of a fit, frame by frame."""

    type: ClassVar[str] = "FieldPass"
    title: ClassVar[str] = "Field pass"
    category: ClassVar[str] = "Fit"
    aliases: ClassVar[tuple[str, ...]] = ("AOV", "Matte", "Visibility", "Confidence", "Holdout")
    help: ClassVar[str] = (
        "Gives what a fit knows about each frame as a picture: the matte of a layer, where an edit "
        "of it can be seen, or how far the fit is to be believed."
    )
    inputs: ClassVar[tuple[Port, ...]] = (
        Port(
            "source",
            "image",
            "The frames that the confidence is measured on; without it the clip that the fit was "
            "made of.",
            optional=True,
        ),
        Port("field", "field", "The fit."),
    )
    knobs: ClassVar[tuple[Knob, ...]] = (
        Knob(
            "output",
            "choice",
            "matte",
            "The layer's soft matte; where an edit of the layer can be seen (visibility: without "
            "folds and holes); or how far all layers together are to be believed (confidence).",
            choices=PASSES,
        ),
        Knob(
            "layer",
            "int",
            0,
            "Which layer, counted from 0 at the front.",
            minimum=0,
            maximum=255,
        ),
    )

    def frames(self, ctx: Context) -> tuple[int, ...] | None:
        """Frames that both the source and the fit have."""
        return frames_of_both(ctx)

    def reads(self, ctx: Context, port: str) -> Sequence[int | None]:
        """The source only where it is measured."""
        if port == "source" and ctx.knob("output") != "confidence":
            return ()
        return (ctx.frame_or_none,)

    def compute(self, ctx: Context) -> Any:
        """The pass as RGBA, the same figure in every channel."""
        from codef_nodes.nodes.propagate import plate_at
        from engine.edit.outputs import grey_picture
        from engine.linked.field import view_at
        from engine.metrics.trust import trust, visibility

        whole: Field = ctx.input("field")
        index = whole.index(ctx.frame)
        field = view_at(whole, index)
        wanted = ctx.knob("output")
        layer = layer_index(field, ctx.knob("layer"), ctx.node_name)
        if wanted == "confidence":
            plate = plate_at(ctx, field, ctx.frame)
            values = trust(field, index, plate.pixels).confidence
        elif wanted == "visibility":
            values = visibility(field, layer, index)
        else:
            values = field.seen(index)[layer]
        return grey_picture(field, values, wanted)
