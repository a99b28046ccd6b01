"""Track: points of one picture through the shot, as a file for other programs."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from codef_nodes.graph.context import Context
from codef_nodes.graph.jsonvalue import JSON
from codef_nodes.graph.knob import Knob
from codef_nodes.graph.node import Node
from codef_nodes.graph.port import Port
from codef_nodes.graph.registry import register
from codef_nodes.nodes.frames import frames_of_both
from codef_nodes.work.memo import Memo
from engine.errors import UsageError
from engine.fields.field import Field

if TYPE_CHECKING:
    from codef_nodes.work.tracking import TrackJob
    from engine.lift.tracks import Track as PointTrack

TRACKS = Memo(3)
"""Tracks that were followed: looking and writing do it once."""
FORMATS = ("auto", "json", "nuke", "corner-pin", "after-effects", "after-effects-pin", "text")


@register
class Track(Node):
    """Points followed through the shot."""

    type: ClassVar[str] = "Track"
    category: ClassVar[str] = "Output"
    aliases: ClassVar[tuple[str, ...]] = ("Tracker", "Keypoints", "Corner pin", "Export tracks")
    help: ClassVar[str] = (
        "Follows points through the shot, placed by hand, of a file, or found on the still by a "
        "detector, shows them over the frames, and renders them to a file: a Nuke Tracker or "
        "CornerPin2D, After Effects keyframes, text or JSON."
    )
    inputs: ClassVar[tuple[Port, ...]] = (
        Port(
            "source",
            "image",
            "The frames to show the points on; without it the clip that the fit was made of.",
            optional=True,
        ),
        Port("field", "field", "The fit."),
    )
    writes: ClassVar[bool] = True
    knobs: ClassVar[tuple[Knob, ...]] = (
        Knob(
            "placed",
            "points",
            [],
            "Points to follow, placed with the track tool of the frame viewer.",
            label="Points",
        ),
        Knob(
            "points",
            "file_in",
            "",
            "More points to follow, as JSON: a list of frame, x and y, y down; without any point "
            "the detector finds some.",
            label="Points file",
        ),
        Knob(
            "detector",
            "choice",
            "sift",
            "Finds points on the still when there is no file: sift is surer, orb is quicker.",
            choices=("sift", "orb"),
        ),
        Knob(
            "model",
            "file_in",
            "",
            "A detector of keypoints of your own instead, as an .onnx file, here or in the models "
            "folder.",
        ),
        Knob("count", "int", 64, "The most points to find.", minimum=1, maximum=10000),
        Knob(
            "layer",
            "int",
            0,
            "On which layer points are found, counted from 0 at the front.",
            minimum=0,
            maximum=255,
        ),
        Knob(
            "segment",
            "int",
            0,
            "On which segment's still points are found in a long shot that was split, counted "
            "from 0.",
            minimum=0,
            maximum=9999,
        ),
        Knob(
            "look",
            "bool",
            True,
            "Looks for the points in the frames of the fit too, which helps where limbs cross; "
            "off, or when the frames are not there, the fit alone is followed.",
        ),
        Knob(
            "file",
            "file_out",
            "",
            "The file to write: .nk for Nuke, .json, or .txt.",
        ),
        Knob(
            "format",
            "choice",
            "auto",
            "What is written; auto goes by the ending: .nk is a Tracker node, .txt are lines "
            "'frame x y'. A corner pin takes four points: bottom left, then round.",
            choices=FORMATS,
        ),
        Knob(
            "hidden",
            "bool",
            False,
            "Writes keys also where a frame does not show the point; else Nuke interpolates there.",
        ),
    )

    def frames(self, ctx: Context) -> tuple[int, ...] | None:
        """Frames that both the source and the fit have."""
        return frames_of_both(ctx)

    def reads(self, ctx: Context, port: str) -> Sequence[int | None]:
        """The frame itself."""
        return (ctx.frame_or_none,)

    def identity(self, ctx: Context) -> list[JSON]:
        """The points file, else the detector's."""
        return _file(ctx)

    def compute(self, ctx: Context) -> Any:
        """The frame with its points."""
        from codef_nodes.nodes.propagate import plate_at
        from codef_nodes.work.marking import marked

        field: Field = ctx.input("field")
        plate = plate_at(ctx, field, ctx.frame)
        return marked(plate, _tracks(ctx, field), field.index(ctx.frame))

    def render(self, ctx: Context) -> dict[str, JSON]:
        """Writes the file."""
        from codef_nodes.work.tracking import tracks_as
        from engine.io.atomic import clean_parts, replace_atomically

        if not ctx.knob("file"):
            raise UsageError(
                f"{ctx.node_name} has no file to write; choose one in its knob file",
                node=ctx.node_name,
            )
        path: Path = ctx.path(ctx.knob("file"))
        field: Field = ctx.input("field")
        text = tracks_as(field, _tracks(ctx, field), _job(ctx), str(path))
        clean_parts(path.parent)
        with replace_atomically(path) as part:
            part.write_text(text, encoding="utf-8")
        return {"written": [str(path)], "frames": [], "failed": []}


def _file(ctx: Context) -> list[JSON]:
    from codef_nodes.work.identity import file_identity
    from codef_nodes.work.models import own_model

    if ctx.knob("points"):
        return file_identity(ctx.path(ctx.knob("points")))
    model = "" if ctx.knob("placed") else ctx.knob("model")
    return file_identity(own_model(ctx.path(model))) if model else []


def _job(ctx: Context) -> "TrackJob":
    from codef_nodes.work.tracking import TrackJob

    placed, points, form, model = (
        ctx.knob(name) for name in ("placed", "points", "format", "model")
    )
    own = placed or points
    return TrackJob(
        placed=tuple(placed),
        points=str(ctx.path(points)) if points else None,
        keypoints=None if own else (str(ctx.path(model)) if model else ctx.knob("detector")),
        count=ctx.knob("count"),
        layer=ctx.knob("layer"),
        form=None if form == "auto" else form,
        hidden=ctx.knob("hidden"),
        look=ctx.knob("look"),
        segment=ctx.knob("segment"),
    )


def _tracks(ctx: Context, field: Field) -> "list[PointTrack]":
    from codef_nodes.work.tracking import find_tracks, plate_for

    job = _job(ctx)
    # How it is written has no part in what is followed.
    key = (str(_file(ctx)), str(replace(job, form=None, hidden=False)))
    return TRACKS.get(
        (field,), key, lambda: find_tracks(field, job, ctx.task, plate_for(field, job))
    )
