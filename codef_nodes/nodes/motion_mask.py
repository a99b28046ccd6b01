"""MotionMask: the mask of what moves apart from the camera."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

from codef_nodes.graph.context import Context
from codef_nodes.graph.node import Node
from codef_nodes.graph.port import Port
from codef_nodes.graph.registry import register
from codef_nodes.work.memo import Memo
from engine.errors import MaskError, UsageError

if TYPE_CHECKING:
    from codef_nodes.work.proposing import Moving
    from engine.arrays import U8
    from engine.io.picture import Picture

FOUND = Memo(2)
"""What was found in clips: their frames are asked for one by one."""


@register
class MotionMask(Node):
    """A group that the clip's motion suggests, as a soft mask of every frame."""

    type: ClassVar[str] = "MotionMask"
    title: ClassVar[str] = "Motion mask"
    category: ClassVar[str] = "Fit"
    aliases: ClassVar[tuple[str, ...]] = ("Segment", "Group", "Matte", "Moving")
    help: ClassVar[str] = (
        "Finds what moves apart from the camera, so that one still cannot hold it and what is "
        "behind it, and gives its soft mask in every frame. Wire it to MaskGroup; where it is "
        "rough, RoughMask or DrawMask do it by hand."
    )
    inputs: ClassVar[tuple[Port, ...]] = (
        Port("source", "image", "The clip to look at."),
        Port(
            "known",
            "image",
            "Masks of groups that are there already: what they show is not looked for again.",
            optional=True,
            variadic=True,
        ),
    )

    def frames(self, ctx: Context) -> tuple[int, ...] | None:
        """Those of the clip."""
        return ctx.input_frames("source")

    def reads(self, ctx: Context, port: str) -> Sequence[int | None]:
        """All of them: motion is seen over the shot."""
        return ctx.input_frames("source") or (None,)

    def compute(self, ctx: Context) -> Any:
        """The mask of the frame, the same in every channel."""
        import numpy as np

        from codef_nodes.work.roughmasks import grey_over

        frames = ctx.input_frames("source")
        if not frames or len(frames) < 3:
            raise UsageError(
                f"{ctx.node_name} needs a clip of three frames or more to see motion; wire it to "
                "the whole clip",
                node=ctx.node_name,
            )
        ports = ("source", "known")
        keys = tuple(key for f in frames for port in ports for key in ctx.input_keys(port, f))
        found: Moving | None = FOUND.get((), keys, lambda: _found(ctx, frames))
        if found is None:
            raise MaskError(
                f"{ctx.node_name} finds nothing that moves far enough apart from the camera; mask "
                "it by hand with RoughMask, or take it out of the groups",
                node=ctx.node_name,
            )
        grey = np.asarray(found.masks.mask(ctx.frame) / np.float32(255), np.float32)
        shown = grey_over(ctx.input("source", ctx.frame), grey)
        told = {"codef/sentence": found.proposal.sentence(frames)}
        return replace(shown, metadata={**shown.metadata, **told})


def _found(ctx: Context, frames: Sequence[int]) -> "Moving | None":
    """What moves in the clip."""
    import numpy as np

    from codef_nodes.work.masks import MaskLook
    from codef_nodes.work.proposing import look_for_motion

    def read(frame: int) -> "Picture":
        picture: Picture = ctx.input("source", frame)
        return picture

    def known(frame: int) -> "U8":
        masks: list[U8] = [MaskLook().of(each) for each in ctx.inputs("known", frame)]
        return np.asarray(np.max(masks, axis=0), np.uint8)

    return look_for_motion(read, frames, ctx.task, known if ctx.has("known") else None)
