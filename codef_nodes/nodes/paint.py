"""Paint: brush strokes that stay editable."""

from collections.abc import Sequence
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
    aliases: ClassVar[tuple[str, ...]] = ("RotoPaint", "Brush", "Clone", "Erase")
    help: ClassVar[str] = (
        "Paints over a picture with brush, erase and clone; every stroke stays a line in a list "
        "that you can change, hide or limit to some frames."
    )
    inputs: ClassVar[tuple[Port, ...]] = (
        Port("image", "image", "The picture to paint on: a canonical image, or a frame."),
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

    def static(self, ctx: Context) -> bool:
        """A still with strokes that show in some frames only is no still."""
        if ctx.own_frames() is not None:
            return False
        return all(stroke.get("lifetime", "all") == "all" for stroke in ctx.knob("strokes"))

    def reads(self, ctx: Context, port: str) -> Sequence[int | None]:
        """The picture at the frame; a still has none."""
        return (None,) if ctx.input_frames(port) is None else (ctx.frame_or_none,)

    def compute(self, ctx: Context) -> Any:
        """The painted picture; its paint alone is in ``overlay``."""
        from dataclasses import replace

        from engine.errors import UsageError
        from engine.paint.raster import paint_over, render_strokes

        picture = ctx.input("image")
        strokes, opacity = ctx.knob("strokes"), ctx.knob("opacity")
        if not strokes or opacity == 0:
            return picture
        # Strokes are in canonical pixels; a finer canvas has more of its own for each.
        scale = float(picture.metadata.get("codef/scale", 1.0))
        try:
            own = render_strokes(
                [_scaled(stroke, scale) for stroke in strokes] if scale != 1 else strokes,
                picture.pixels,
                (picture.data.x0, picture.data.y0),
                ctx.frame_or_none,
                task=ctx.task,
            )
        except UsageError as error:
            error.node = error.node or ctx.node_name
            raise
        if opacity < 1:
            own = own * opacity
        painted = own.any(axis=2)
        changed = None
        if picture.native is not None:
            changed = painted if picture.changed is None else painted | picture.changed
        under = picture.pixels if picture.under is None else picture.under
        overlay = own
        if picture.overlay is not None:
            overlay = own + picture.overlay * (1 - own[..., 3:])
        return replace(
            picture,
            pixels=paint_over(own, picture.pixels),
            under=under,
            overlay=overlay,
            changed=changed,
        )


def _scaled(stroke: dict[str, Any], scale: float) -> dict[str, Any]:
    """A stroke in the pixels of a finer or coarser canvas."""
    scaled = dict(stroke)
    points = stroke.get("points")
    if isinstance(points, list):
        scaled["points"] = [
            [point[0] * scale, point[1] * scale, *point[2:]]
            if isinstance(point, list) and len(point) >= 2
            else point
            for point in points
        ]
    if isinstance(stroke.get("offset"), list):
        scaled["offset"] = [value * scale for value in stroke["offset"]]
    scaled["size"] = stroke.get("size", 20.0) * scale
    return scaled
