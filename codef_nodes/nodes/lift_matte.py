"""LiftMatte: a mask of one picture as the matte of every frame."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from codef_nodes.graph.context import Context
from codef_nodes.graph.knob import Knob
from codef_nodes.graph.node import Node
from codef_nodes.graph.port import Port
from codef_nodes.graph.registry import register
from codef_nodes.nodes.canonical_view import layer_index
from codef_nodes.work.memo import Memo
from engine.fields.field import Field

if TYPE_CHECKING:
    from engine.lift.mattes import Mask

MASKS = Memo(4)
"""Placed masks: found once and used by every frame."""


@register
class LiftMatte(Node):
    """A mask that follows the subject."""

    type: ClassVar[str] = "LiftMatte"
    title: ClassVar[str] = "Lift matte"
    category: ClassVar[str] = "Fit"
    aliases: ClassVar[tuple[str, ...]] = ("Track mask", "Roto", "Carry mask", "Matte")
    help: ClassVar[str] = (
        "Carries a mask through the shot: paint, draw or segment it once, on the still or on one "
        "frame, and get a matte for every frame; write it with WriteSequence."
    )
    inputs: ClassVar[tuple[Port, ...]] = (
        Port(
            "mask",
            "image",
            "The mask: strokes painted over the still or over a frame, or any picture of that size "
            "(white is followed).",
        ),
        Port("field", "field", "The fit."),
    )
    knobs: ClassVar[tuple[Knob, ...]] = (
        Knob(
            "frame",
            "int",
            None,
            "The frame that the mask was painted on; empty: it lies on the still.",
        ),
        Knob(
            "layer",
            "int",
            0,
            "Which layer the mask follows, counted from 0 at the front.",
            minimum=0,
            maximum=255,
        ),
        Knob(
            "channel",
            "text",
            "auto",
            "What is the mask: auto takes the strokes where there are any, else alpha where it "
            "says something, else the grey; or the name of a channel.",
            choices=("auto", "alpha", "luminance", "red", "green", "blue"),
        ),
        Knob("invert", "bool", False, "Black is followed instead of white."),
        Knob(
            "mix",
            "float",
            1.0,
            "Share of the matte: 0 gives nothing, 1 all of it.",
            minimum=0,
            maximum=1,
        ),
    )

    def frames(self, ctx: Context) -> tuple[int, ...] | None:
        """Frames of the fit."""
        return ctx.input_frames("field")

    def reads(self, ctx: Context, port: str) -> Sequence[int | None]:
        """The fit; of the mask its one picture."""
        if port == "field":
            return (ctx.frame_or_none,)
        return (_mask_frame(ctx),)

    def compute(self, ctx: Context) -> Any:
        """The matte as RGBA, the same figure in every channel."""
        from codef_nodes.work.masks import MaskLook
        from codef_nodes.work.mattes import mask_of, matte_picture, placed_on

        whole: Field = ctx.input("field")
        picture = ctx.input("mask", _mask_frame(ctx))
        look = MaskLook(ctx.knob("channel"), ctx.knob("invert"))
        frame = ctx.knob("frame")
        chosen = layer_index(whole, ctx.knob("layer"), ctx.node_name)
        field, k = placed_on(whole, chosen, picture, frame)

        def make() -> "Mask":
            return mask_of(field, k, picture, look, frame)

        mask = MASKS.get((field, picture), (k, look, frame), make)
        return matte_picture(field, k, field.index(ctx.frame), mask, ctx.knob("mix"))


def _mask_frame(ctx: Context) -> int | None:
    """The frame that the mask is read at: that it was painted on, where its input has frames."""
    offered = ctx.input_frames("mask")
    if offered is None:
        return None
    frame: int | None = ctx.knob("frame")
    return offered[0] if frame is None else frame
