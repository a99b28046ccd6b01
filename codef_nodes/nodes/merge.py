"""Merge: one picture over another."""

from typing import ClassVar

from codef_nodes.graph.context import Context
from codef_nodes.graph.knob import Knob
from codef_nodes.graph.node import Node
from codef_nodes.graph.port import Port
from codef_nodes.graph.registry import register
from codef_nodes.nodes.frames import first_moving

OPERATIONS = (
    "over",
    "under",
    "plus",
    "minus",
    "multiply",
    "screen",
    "difference",
    "min",
    "max",
    "mask",
    "stencil",
    "copy",
)
MASK_CHANNELS = ("auto", "alpha", "luminance", "red", "green", "blue")


@register
class Merge(Node):
    """Two pictures become one."""

    type: ClassVar[str] = "Merge"
    category: ClassVar[str] = "Composite"
    aliases: ClassVar[tuple[str, ...]] = ("Over", "Composite", "Blend")
    help: ClassVar[str] = (
        "Puts picture A over picture B, or combines them in another way; the result has the "
        "format of B."
    )
    inputs: ClassVar[tuple[Port, ...]] = (
        Port("b", "image", "The background; it passes through where A has no reach."),
        Port("a", "image", "The foreground, premultiplied by its alpha.", optional=True),
        Port("mask", "image", "Where A has an effect: white is wholly.", optional=True),
    )
    knobs: ClassVar[tuple[Knob, ...]] = (
        Knob(
            "operation",
            "choice",
            "over",
            "How A and B combine; mask and stencil keep or cut B by the alpha of A.",
            choices=OPERATIONS,
        ),
        Knob(
            "mix",
            "float",
            1.0,
            "How much of the effect is seen: at 0 only B.",
            minimum=0,
            maximum=1,
        ),
        Knob(
            "mask_channel",
            "choice",
            "auto",
            "Which channel of the mask counts; auto takes alpha where there is one.",
            choices=MASK_CHANNELS,
        ),
    )

    def frames(self, ctx: Context) -> tuple[int, ...] | None:
        """Those of B, or of A over a still B."""
        return first_moving(ctx, "b", "a", "mask")

    def compute(self, ctx: Context) -> object:
        """The merged picture."""
        from codef_nodes.work.merging import matte, merge, union

        b = ctx.input("b")
        mix = ctx.knob("mix")
        if not ctx.has("a") or mix == 0:
            return b
        a = ctx.input("a")
        mask = None
        if ctx.has("mask"):
            mask = matte(ctx.input("mask"), ctx.knob("mask_channel"), union(a.data, b.data))
        return merge(a, b, ctx.knob("operation"), mix, mask)
