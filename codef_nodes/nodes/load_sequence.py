"""LoadSequence: a clip from files."""

from typing import TYPE_CHECKING, Any, ClassVar

from codef_nodes.graph.context import Context
from codef_nodes.graph.jsonvalue import JSON
from codef_nodes.graph.knob import Knob
from codef_nodes.graph.node import Node
from codef_nodes.graph.registry import register
from engine.errors import UsageError

if TYPE_CHECKING:
    from engine.io.clip import Clip


@register
class LoadSequence(Node):
    """Reads frames, one at a time."""

    type: ClassVar[str] = "LoadSequence"
    title: ClassVar[str] = "Load sequence"
    category: ClassVar[str] = "Input"
    aliases: ClassVar[tuple[str, ...]] = ("Read", "Load", "Clip", "Footage", "Plate")
    help: ClassVar[str] = (
        "Loads a clip from a folder of frames, a file pattern or a movie; frames keep the numbers "
        "that their files have, and a single picture is a still."
    )
    knobs: ClassVar[tuple[Knob, ...]] = (
        Knob(
            "file",
            "file_in",
            "",
            "The clip: a folder, a pattern such as shot.%04d.exr or shot.####.exr, a movie, or one "
            "frame of a sequence.",
        ),
        Knob("frames", "frames", "", "Frames to use, such as 1001-1100x2; empty takes all."),
        Knob(
            "missing",
            "choice",
            "error",
            "What stands in for a missing frame; a fit never learns from a frame that was made up.",
            choices=("error", "hold", "nearest", "black"),
        ),
        Knob(
            "colour_space",
            "colour_space",
            "",
            "Colour space of the files; empty goes by the kind of file and what its header says.",
            page="Colour",
        ),
        Knob(
            "raw",
            "bool",
            False,
            "Take the numbers as they are, without any colour transform: for masks and vectors.",
            page="Colour",
        ),
        Knob(
            "still",
            "bool",
            False,
            "Take this one file as a still, not the sequence that its number seems to belong to.",
        ),
        Knob(
            "first",
            "int",
            0,
            "Number of the first frame of a movie or of files without numbers.",
        ),
    )

    def frames(self, ctx: Context) -> tuple[int, ...] | None:
        """From the first to the last file, gaps included: a gap is told when it is read.

        A single picture is a still: the same at any frame.
        """
        from engine.io.frames import parse_frames

        if ctx.knob("frames"):
            return parse_frames(ctx.knob("frames"))
        clip = _clip(ctx)
        there = clip.frames
        if len(there) == 1 and clip.kind == "sequence":
            return None
        return tuple(range(there[0], there[-1] + 1))

    def identity(self, ctx: Context) -> list[JSON]:
        """The file that is read."""
        from engine.io.clip import source_frame

        clip = _clip(ctx)
        frame = _frame(ctx, clip)
        if ctx.knob("missing") == "error" and not clip.has(frame):
            # Told when it is read: a fit that skips missing frames has a key all the same.
            return [clip.colour_space, "missing"]
        found = source_frame(clip, frame, ctx.knob("missing"))
        return [clip.colour_space, None if found is None else clip.identity(found)]

    def compute(self, ctx: Context) -> Any:
        """The picture of the frame."""
        from codef_nodes.work.source import note_of, noted
        from engine.io.clip import read_frame

        clip = _clip(ctx)
        picture = read_frame(clip, _frame(ctx, clip), ctx.knob("missing"))
        note = {**note_of(clip, ctx.knob("first")), "missing": ctx.knob("missing")}
        return noted(picture, note)


def _frame(ctx: Context, clip: "Clip") -> int:
    return clip.frames[0] if ctx.frame_or_none is None else ctx.frame


def _clip(ctx: Context) -> "Clip":
    from codef_nodes.work.source import remembered_clip

    if not ctx.knob("file"):
        raise UsageError(
            f"{ctx.node_name} has no file; choose a clip in its knob file", node=ctx.node_name
        )
    return remembered_clip(
        str(ctx.path(ctx.knob("file"))),
        first=ctx.knob("first"),
        colour_space="raw" if ctx.knob("raw") else ctx.knob("colour_space"),
        working=ctx.working_space,
        still=ctx.knob("still"),
    )
