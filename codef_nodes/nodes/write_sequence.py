"""WriteSequence: frames to files."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from codef_nodes import __version__
from codef_nodes.graph.context import Context
from codef_nodes.graph.jsonvalue import JSON
from codef_nodes.graph.knob import Knob
from codef_nodes.graph.node import Node
from codef_nodes.graph.port import Port
from codef_nodes.graph.registry import register
from engine.errors import UsageError

if TYPE_CHECKING:
    from engine.io.picture import Picture

COMPRESSIONS = (
    "zips",
    "zip",
    "none",
    "rle",
    "piz",
    "pxr24",
    "b44",
    "b44a",
    "dwaa",
    "dwab",
    "htj2k256",
    "htj2k32",
    "zstd",
)
DEPTHS = ("source", "8", "10", "12", "16", "32")


@register
class WriteSequence(Node):
    """Writes each frame; every file appears whole or not at all."""

    type: ClassVar[str] = "WriteSequence"
    title: ClassVar[str] = "Write sequence"
    category: ClassVar[str] = "Output"
    aliases: ClassVar[tuple[str, ...]] = ("Write", "Save", "Export", "Render")
    help: ClassVar[str] = (
        "Writes frames to files; pixels that nothing changed keep the very code values of the "
        "source when format and depth allow it."
    )
    inputs: ClassVar[tuple[Port, ...]] = (Port("image", "image", "What to write."),)
    cacheable: ClassVar[bool] = False
    writes: ClassVar[bool] = True
    knobs: ClassVar[tuple[Knob, ...]] = (
        Knob(
            "file",
            "file_out",
            "",
            "Files to write, such as result/shot.%04d.exr; the ending decides the format: exr, "
            "png, tif, jpg or dpx.",
        ),
        Knob("frames", "frames", "", "Frames to write, such as 1001-1100; empty writes all."),
        Knob(
            "colour_space",
            "colour_space",
            "",
            "Colour space of the files; empty writes EXR in the working space and others in the "
            "space of the source.",
            page="Format",
        ),
        Knob(
            "depth",
            "choice",
            "source",
            "Bits of a sample; source keeps those of the source, and EXR then is half or float.",
            choices=DEPTHS,
            page="Format",
        ),
        Knob(
            "compression",
            "choice",
            "zips",
            "Compression of EXR files; dwaa and dwab lose a little, htj2k and zstd need a reader "
            "with a new OpenEXR.",
            choices=COMPRESSIONS,
            page="Format",
        ),
        Knob(
            "compression_level",
            "float",
            45.0,
            "How strongly dwaa and dwab compress; higher is smaller and loses more.",
            minimum=0,
            maximum=500,
            page="Format",
        ),
        Knob(
            "quality",
            "int",
            95,
            "Quality of JPEG files.",
            minimum=1,
            maximum=100,
            page="Format",
        ),
        Knob(
            "start_at",
            "int",
            None,
            "Number of the first file; empty keeps the numbers of the frames.",
            page="Numbers",
        ),
        Knob("offset", "int", 0, "Added to the number of every file.", page="Numbers"),
        Knob(
            "skip_existing",
            "bool",
            False,
            "Leave frames alone whose file is there already.",
            page="Numbers",
        ),
        Knob(
            "preview",
            "file_out",
            "",
            "A movie (.mp4) to write beside the files, to look at; empty writes none.",
            page="Preview",
        ),
    )

    def frames(self, ctx: Context) -> tuple[int, ...] | None:
        """Frames of the input within the range."""
        there = ctx.input_frames("image")
        if not ctx.knob("frames") or there is None:
            return there
        from engine.io.frames import parse_frames

        return parse_frames(ctx.knob("frames"))

    def compute(self, ctx: Context) -> Any:
        """The picture as it is written; a viewer can look at it."""
        return ctx.input("image")

    def render(self, ctx: Context) -> dict[str, JSON]:
        """Writes the frames."""
        from codef_nodes.work.writing import write_frames, write_preview
        from engine.io.frames import parse_frames
        from engine.io.sequence import has_pattern

        frames = ctx.render_frames or (None,)
        plan = _plan(ctx)
        if len(frames) > 1 and ctx.knob("frames") and not has_pattern(plan.pattern.name):
            # One file has its own frame, whatever range the others render.
            frames = parse_frames(ctx.knob("frames"))
        share = 0.95 if plan.preview is not None else 1.0
        done = write_frames(
            plan,
            frames,
            lambda frame: _signed(ctx, frame),
            ctx.task.part(0.0, share),
            ctx.node_name,
        )
        if plan.preview is not None:
            movie = write_preview(plan, ctx.own_frames() or (), ctx.task.part(share, 1.0))
            done.paths += [] if movie is None else [str(movie)]
        return done.summary()


def _signed(ctx: Context, frame: int | None) -> "Picture":
    """The picture with what tells later whether its file is still up to date."""
    picture: Picture = ctx.input("image", frame)
    key = ctx.input_key("image", frame)
    notes = {"codef/version": __version__, "codef/key": key}
    return replace(picture, metadata={**picture.metadata, **notes})


def _plan(ctx: Context) -> Any:
    from codef_nodes.work.writing import Plan, mark_of
    from engine.io.write import WriteOptions

    if not ctx.knob("file"):
        raise UsageError(
            f"{ctx.node_name} has no file; say where to write in its knob file", node=ctx.node_name
        )

    def there(frame: int | None, path: Path) -> bool:
        written = ctx.options.written
        return bool(written) and mark_of(ctx.own_key(frame), path) in written

    compression = ctx.knob("compression")
    if compression in ("dwaa", "dwab"):
        compression = f"{compression}:{ctx.knob('compression_level'):g}"
    depth = ctx.knob("depth")
    preview = ctx.knob("preview")
    return Plan(
        pattern=Path(ctx.path(ctx.knob("file"))),
        options=WriteOptions(
            colour_space=ctx.knob("colour_space") or None,
            bits=None if depth == "source" else int(depth),
            compression=compression,
            quality=ctx.knob("quality"),
            working=ctx.working_space,
        ),
        shift=_shift(ctx),
        keep_going=ctx.options.keep_going,
        skip_existing=ctx.options.skip_existing or ctx.knob("skip_existing"),
        there=there,
        wrote=lambda frame, path: ctx.options.wrote(mark_of(ctx.own_key(frame), path)),
        preview=ctx.path(preview) if preview else None,
        fps=float(ctx.settings["fps"]),
    )


def _shift(ctx: Context) -> int:
    """What is added to a frame's number; the same whatever part of the range is rendered."""
    start = ctx.knob("start_at")
    own = ctx.own_frames()
    offset: int = ctx.knob("offset")
    if start is None or not own:
        return offset
    return int(start - own[0] + offset)
