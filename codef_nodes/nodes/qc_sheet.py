"""QCSheet: a field judged for dailies."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from codef_nodes.graph.context import Context
from codef_nodes.graph.jsonvalue import JSON
from codef_nodes.graph.knob import Knob
from codef_nodes.graph.node import Node
from codef_nodes.graph.port import Port
from codef_nodes.graph.registry import register
from codef_nodes.work.memo import Memo
from engine.errors import UsageError
from engine.fields.field import Field

if TYPE_CHECKING:
    from codef_nodes.work.qc.contents import Contents

SHEETS = Memo(2)
"""What was gathered, so that looking and writing do it once."""


@register
class QCSheet(Node):
    """A sheet that says how good a fit is, and where a little work pays most."""

    type: ClassVar[str] = "QCSheet"
    title: ClassVar[str] = "QC sheet"
    category: ClassVar[str] = "Output"
    aliases: ClassVar[tuple[str, ...]] = ("Quality", "Report", "Dailies", "Jitter")
    help: ClassVar[str] = (
        "Judges a fit: a checker through five frames, the jitter of the stabilised plate, "
        "confidence and PSNR of every frame, the five worst ones, and where the next pin or "
        "painted frame pays most; look at it, or render it to a page."
    )
    inputs: ClassVar[tuple[Port, ...]] = (
        Port(
            "source",
            "image",
            "The frames to judge the fit on; without it the clip that the fit was made of.",
            optional=True,
        ),
        Port("fit", "field", "The fit."),
    )
    writes: ClassVar[bool] = True
    per_frame: ClassVar[bool] = False
    knobs: ClassVar[tuple[Knob, ...]] = (
        Knob(
            "file",
            "file_out",
            "",
            "The page to write, such as qc.html (qc.png is written beside it), or qc.png alone.",
        ),
        Knob(
            "segment",
            "int",
            0,
            "Which segment to judge of a long shot that was split, counted from 0.",
            minimum=0,
            maximum=9999,
        ),
    )

    def frames(self, ctx: Context) -> tuple[int, ...] | None:
        """None: it is one sheet for the whole shot."""
        return None

    def reads(self, ctx: Context, port: str) -> Sequence[int | None]:
        """The fit; of the source the frames that were fitted."""
        if port == "fit":
            return (None,)
        fitted = ctx.input_frames("fit") or ()
        there = ctx.input_frames("source")
        return (None,) if there is None else tuple(f for f in fitted if f in set(there))

    def compute(self, ctx: Context) -> Any:
        """The sheet as a picture."""
        from codef_nodes.work.qc.run import sheet_picture

        return sheet_picture(_contents(ctx), ctx.working_space)

    def render(self, ctx: Context) -> dict[str, JSON]:
        """Writes the page and the picture."""
        from codef_nodes.work.qc.run import checked, write

        if not ctx.knob("file"):
            raise UsageError(
                f"{ctx.node_name} has no file to write; choose one in its knob file",
                node=ctx.node_name,
            )
        path = checked(ctx.path(ctx.knob("file")))
        contents = _contents(ctx)
        return {"written": write(contents, path), "frames": [], "failed": [], **contents.answer()}


def _contents(ctx: Context) -> "Contents":
    from codef_nodes.work.canonicals import segment_field
    from codef_nodes.work.qc.contents import gather
    from codef_nodes.work.source import source_of
    from engine.io.picture import Picture

    field: Field = segment_field(ctx.input("fit"), ctx.knob("segment"))
    clip = None if ctx.has("source") else source_of(field, None)
    there = set(field.frames) if clip is not None else set(ctx.input_frames("source") or ())
    missing = [frame for frame in field.frames if frame not in there]
    if missing:
        raise UsageError(
            f"the source of {ctx.node_name} has no frame {missing[0]} of the fit; wire the clip "
            "that the fit was made of",
            node=ctx.node_name,
        )

    def plate(frame: int) -> Picture:
        picture: Picture = ctx.input("source", frame) if clip is None else clip.read(frame)
        return picture

    def make() -> "Contents":
        return gather(field, plate, ctx.node_name, ctx.working_space, ctx.task)

    keys: tuple[str, ...] = (ctx.input_key("fit"), ctx.working_space, ctx.node_name)
    if clip is None:
        keys += tuple(ctx.input_key("source", frame) for frame in field.frames)
    return SHEETS.get((field,), keys, make)
