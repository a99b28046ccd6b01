"""RoughMask: one rough mask of one frame carried through the shot."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

from codef_nodes.graph.context import Context
from codef_nodes.graph.jsonvalue import JSON
from codef_nodes.graph.knob import Knob
from codef_nodes.graph.node import Node
from codef_nodes.graph.port import Port
from codef_nodes.graph.registry import register
from codef_nodes.work.memo import Memo
from engine.errors import UsageError

if TYPE_CHECKING:
    from engine.io.picture import Picture
    from engine.masks.rough import Rough

SHOTS = Memo(2)
"""Shots that were looked at: a correction does not look at them again."""
SEGMENTED = Memo(2)
"""Rough masks that a network found."""


@register
class RoughMask(Node):
    """The mask of one object in every frame, from a word about one."""

    type: ClassVar[str] = "RoughMask"
    title: ClassVar[str] = "Rough mask"
    category: ClassVar[str] = "Fit"
    aliases: ClassVar[tuple[str, ...]] = ("Roto", "Segment", "GrabCut", "Scribble", "Rotobrush")
    help: ClassVar[str] = (
        "Finds an object from a rectangle, scribbles or a rough mask of one frame and gives its "
        "soft mask in every frame; more said about other frames corrects it there and around. Wire "
        "it to MaskGroup, or write it with WriteSequence."
    )
    inputs: ClassVar[tuple[Port, ...]] = (Port("source", "image", "The clip to look at."),)
    knobs: ClassVar[tuple[Knob, ...]] = (
        Knob(
            "frame",
            "int",
            None,
            "The frame that the rectangle or the mask file is about; empty: the first.",
        ),
        Knob(
            "rectangle",
            "text",
            "",
            "Left, top, right and bottom around the object, in pixels from the top left, such as "
            "90,205,475,445.",
        ),
        Knob(
            "mask",
            "file_in",
            "",
            "A rough mask of that frame instead, white on the object; or a .json of scribbles; or "
            "a segmentation network of your own as an .onnx file, here or in the models folder.",
        ),
        Knob("exact", "bool", False, "The mask file is right as it is, edge included."),
        Knob(
            "marks",
            "marks",
            {},
            "Scribbles and rectangles by frame number; the first frame starts unless a rectangle "
            "or a mask is given above, the others correct; scribbles on its own frame mend it.",
        ),
    )

    def frames(self, ctx: Context) -> tuple[int, ...] | None:
        """Those of the clip."""
        return ctx.input_frames("source")

    def reads(self, ctx: Context, port: str) -> Sequence[int | None]:
        """All of them: what is said about one frame counts in all."""
        return ctx.input_frames(port) or (None,)

    def identity(self, ctx: Context) -> list[JSON]:
        """The mask file."""
        from codef_nodes.work.identity import file_identity
        from codef_nodes.work.models import own_model

        mask = ctx.knob("mask")
        return [file_identity(own_model(ctx.path(mask)))] if mask else []

    def compute(self, ctx: Context) -> Any:
        """The mask of the frame, the same in every channel."""
        from codef_nodes.work.roughmasks import Looked, mask_picture

        frames = ctx.input_frames("source")
        if not frames:
            raise UsageError(
                f"{ctx.node_name} needs a moving clip and is wired to a still; wire it to the clip",
                node=ctx.node_name,
            )

        def read(frame: int) -> "Picture":
            picture: Picture = ctx.input("source", frame)
            return picture

        keys = tuple(ctx.input_key("source", frame) for frame in frames)
        looked = SHOTS.get((), keys, lambda: Looked(read, frames, ctx.task.part(0, 0.3)))
        found = looked.masks(_said(ctx, frames, read), read, ctx.task.part(0.3, 1))
        return mask_picture(found, ctx.frame)


def _said(
    ctx: Context, frames: tuple[int, ...], read: Callable[[int], "Picture"]
) -> dict[int, "Rough"]:
    from codef_nodes.work.identity import file_identity
    from codef_nodes.work.models import own_model
    from codef_nodes.work.roughmasks import is_model, read_rough, segmented
    from engine.masks.rough import rough_from_json

    said: dict[int, Rough] = {}
    first = frames[0] if ctx.knob("frame") is None else ctx.knob("frame")
    mask = ctx.knob("mask")
    if mask and is_model(mask):
        file = own_model(ctx.path(mask))
        key = (str(file_identity(file)), ctx.input_key("source", first))
        said[first] = SEGMENTED.get((), key, lambda: segmented(file, read(first)))
    elif mask:
        said[first] = read_rough(str(ctx.path(mask)), ctx.knob("exact"))
    elif ctx.knob("rectangle").strip():
        said[first] = read_rough(ctx.knob("rectangle"))
    for text, marks in ctx.knob("marks").items():
        try:
            frame = int(text)
        except ValueError as error:
            raise UsageError(
                f"{ctx.node_name} has marks for {text!r}, which is no frame number; take them away",
                node=ctx.node_name,
            ) from error
        drawn = rough_from_json(marks)
        if frame in said and drawn.rectangle is not None:
            raise UsageError(
                f"{ctx.node_name} has both a drawn rectangle and another one or a mask for frame "
                f"{frame}; keep one of them",
                node=ctx.node_name,
            )
        # Scribbles beside a rectangle or a mask mend what it says.
        said[frame] = replace(said[frame], scribbles=drawn.scribbles) if frame in said else drawn
    if not said:
        raise UsageError(
            f"{ctx.node_name} does not know what to look for; give it a rectangle, scribbles or a "
            "mask of one frame",
            node=ctx.node_name,
        )
    return said
