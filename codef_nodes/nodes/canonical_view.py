"""CanonicalView: the still picture of a layer."""

from typing import Any, ClassVar

from codef_nodes.graph.context import Context
from codef_nodes.graph.knob import Knob
from codef_nodes.graph.node import Node
from codef_nodes.graph.port import Port
from codef_nodes.graph.registry import register
from engine.errors import UsageError
from engine.fields.field import Field

#: Smallest scale of a canvas; below it the fit's own is taken.
LEAST = 0.05
#: The still of a long shot that a node shows.
SEGMENT = Knob(
    "segment",
    "int",
    0,
    "Which segment's still to show of a long shot that was split, counted from 0; work on one goes "
    "on in the others.",
    minimum=0,
    maximum=9999,
)


def layer_index(field: Field, layer: int, node: str) -> int:
    """A layer that the field has.

    Raises:
        UsageError: It has no such layer.
    """
    if not 0 <= layer < len(field.layers):
        names = ", ".join(f"{k} ({each.name})" for k, each in enumerate(field.layers))
        raise UsageError(f"{node}: the field has no layer {layer}; it has {names}", node=node)
    return layer


@register
class CanonicalView(Node):
    """The canonical image, to look at and to paint on."""

    type: ClassVar[str] = "CanonicalView"
    title: ClassVar[str] = "Canonical view"
    category: ClassVar[str] = "Fit"
    aliases: ClassVar[tuple[str, ...]] = ("Canonical", "Still", "Atlas")
    help: ClassVar[str] = (
        "Shows the still picture of one layer of a fit: work on it as on any picture and "
        "Propagate carries the work into every frame."
    )
    inputs: ClassVar[tuple[Port, ...]] = (Port("field", "field", "The fit."),)
    per_frame: ClassVar[bool] = False
    knobs: ClassVar[tuple[Knob, ...]] = (
        Knob(
            "layer",
            "int",
            0,
            "Which layer to show, counted from 0 at the front.",
            minimum=0,
            maximum=255,
        ),
        SEGMENT,
        Knob(
            "scale",
            "float",
            0.0,
            "Canonical pixels per frame pixel: 2 gives twice the width to paint finer. 0: as many "
            "as the fit has, more than 1 where frames saw the layer closer.",
            minimum=0,
            maximum=8,
        ),
        Knob(
            "canvas",
            "choice",
            "all",
            "Show all that was ever seen (the canvas may be larger than the frame), or only the "
            "frame's own window.",
            choices=("all", "frame"),
        ),
    )

    def frames(self, ctx: Context) -> tuple[int, ...] | None:
        """None: it is one picture for the whole shot."""
        return None

    def compute(self, ctx: Context) -> Any:
        """The canonical picture."""
        from dataclasses import replace

        from codef_nodes.work.canonicals import view_of
        from engine.edit.canonical import canonical_picture
        from engine.io.picture import within

        field: Field = view_of(ctx.input("field"), ctx.knob("segment"))
        layer = layer_index(field, ctx.knob("layer"), ctx.node_name)
        # Below what a canvas can be it is as good as 0: nobody asks for a hundredth.
        scale = ctx.knob("scale") if ctx.knob("scale") >= LEAST else None
        picture = canonical_picture(field, layer, scale=scale)
        if ctx.knob("canvas") == "all":
            return picture
        window = picture.display
        return replace(picture, pixels=within(picture.pixels, picture.data, window), data=window)
