"""Paint: brush strokes that stay editable."""

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

from codef_nodes.graph.context import Context
from codef_nodes.graph.knob import Knob
from codef_nodes.graph.node import Node
from codef_nodes.graph.port import Port
from codef_nodes.graph.registry import register


@register
class Paint(Node):
    """Strokes over a picture, as data."""

    type: ClassVar[str] = "Paint"
    category: ClassVar[str] = "Edit"
    aliases: ClassVar[tuple[str, ...]] = (
        "RotoPaint",
        "Brush",
        "Clone",
        "Erase",
        "Reveal",
        "Heal",
        "Dodge",
        "Burn",
        "Smear",
    )
    help: ClassVar[str] = (
        "Paints over a picture: brush, erase, clone, reveal, heal, dodge, burn, blur and smear; "
        "every stroke stays a line in a list that you can change, hide or limit to some frames."
    )
    inputs: ClassVar[tuple[Port, ...]] = (
        Port("image", "image", "The picture to paint on: a canonical image, or a frame."),
        Port(
            "reveal",
            "image",
            "The clip that reveal strokes show; without it, the clip that the fit was made of.",
            optional=True,
        ),
        Port(
            "field",
            "field",
            "The fit that carries revealed frames to the picture that is painted on.",
            optional=True,
        ),
    )
    knobs: ClassVar[tuple[Knob, ...]] = (
        Knob(
            "strokes",
            "strokes",
            [],
            "The strokes, bottom first: points, brush, colour, blend, lifetime.",
        ),
        Knob(
            "opacity",
            "float",
            1.0,
            "Opacity of all strokes together: 0 shows the picture without paint.",
            minimum=0,
            maximum=1,
        ),
    )

    def frames(self, ctx: Context) -> tuple[int, ...] | None:
        """Those of the picture."""
        return ctx.input_frames("image") if ctx.has("image") else None

    def static(self, ctx: Context) -> bool:
        """A still with strokes that show, or reveal, something else in some frames is no still."""
        if ctx.own_frames() is not None:
            return False
        strokes = ctx.knob("strokes")
        if any(stroke.get("lifetime", "all") != "all" for stroke in strokes):
            return False
        return all(stroke.get("frame") is not None for stroke in _reveals(strokes))

    def holds(self, ctx: Context, port: str) -> bool:
        """What is revealed is named by the strokes, see ``static``."""
        return port == "reveal"

    def reads(self, ctx: Context, port: str) -> Sequence[int | None]:
        """The picture at the frame (a still has none), and the frames that strokes reveal."""
        from engine.paint.stroke import standing_in

        if port == "image":
            return (None,) if ctx.input_frames(port) is None else (ctx.frame_or_none,)
        wanted = revealed(ctx)
        if not wanted:
            return ()
        if port == "field":
            return (None,)
        offered = ctx.input_frames(port)
        if offered is None:
            return (None,)
        frames = [
            standing_in(number, relative, offered)
            for number, relative in wanted.items()
            if number is not None
        ]
        return tuple(dict.fromkeys(frames))

    def compute(self, ctx: Context) -> Any:
        """The painted picture; its paint alone is in ``overlay``."""
        from dataclasses import replace

        from codef_nodes.work.painting import PAINTINGS, shown_frames
        from engine.errors import UsageError
        from engine.paint.raster import paint_over

        picture = ctx.input("image")
        strokes, opacity = ctx.knob("strokes"), ctx.knob("opacity")
        if not strokes or opacity == 0:
            return picture
        try:
            shown = shown_frames(ctx, picture, revealed(ctx))
            made = PAINTINGS.paint(picture, strokes, ctx.frame_or_none, shown, ctx.task)
        except UsageError as error:
            error.node = error.node or ctx.node_name
            raise
        own = made.overlay if opacity == 1 else made.overlay * opacity
        changed = None
        if picture.native is not None:
            painted = own.any(axis=2)
            changed = painted if picture.changed is None else painted | picture.changed
        under = picture.pixels if picture.under is None else picture.under
        overlay = own
        if picture.overlay is not None:
            overlay = own + picture.overlay * (1 - own[..., 3:])
        return replace(
            picture,
            pixels=made.painted if opacity == 1 else paint_over(own, picture.pixels),
            under=under,
            overlay=overlay,
            changed=changed,
        )


def _reveals(strokes: Sequence[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    return (
        stroke
        for stroke in strokes
        if stroke.get("kind") == "reveal" and stroke.get("visible", True) is True
    )


def revealed(ctx: Context) -> dict[int | None, bool]:
    """Frames that strokes reveal here, and whether each counts from the frame painted on."""
    from engine.paint.stroke import stroke_from

    at = ctx.frame_or_none
    read = [stroke_from(stroke) for stroke in _reveals(ctx.knob("strokes"))]
    return {s.revealed(at): s.frame is None for s in read if s.alive(at) and s.opacity > 0}
