"""Relink: a fit on another version of its plate."""

from collections.abc import Sequence
from typing import Any, ClassVar

from codef_nodes.graph.context import Context
from codef_nodes.graph.knob import Knob
from codef_nodes.graph.node import Node
from codef_nodes.graph.port import Port
from codef_nodes.graph.registry import register
from engine.errors import CodefError, InputError


@register
class Relink(Node):
    """A fit for a regraded, denoised or resized plate."""

    type: ClassVar[str] = "Relink"
    category: ClassVar[str] = "Fit"
    aliases: ClassVar[tuple[str, ...]] = ("Conform", "Regrade", "Other plate", "Resize fit")
    help: ClassVar[str] = (
        "Uses a fit with another version of its plate (regraded, denoised, resized, with handles) "
        "and no new fit: compares both first, and makes the stills in the plate's colours."
    )
    inputs: ClassVar[tuple[Port, ...]] = (
        Port(
            "plate",
            "image",
            "The other version of the clip that was fitted; until it is wired the fit passes as "
            "it is.",
            optional=True,
        ),
        Port("field", "field", "The fit."),
    )
    output: ClassVar[str | None] = "field"
    per_frame: ClassVar[bool] = False
    knobs: ClassVar[tuple[Knob, ...]] = (
        Knob(
            "stills",
            "choice",
            "plate",
            "Where the colours of the stills come from: made again of this plate, or kept as the "
            "fit has them.",
            choices=("plate", "keep"),
        ),
        Knob(
            "check",
            "choice",
            "stop",
            "What to do when the plate shows something else or lies elsewhere: stop, or go on and "
            "say so.",
            choices=("stop", "warn"),
        ),
        Knob(
            "offset",
            "int",
            0,
            "Added to the frame numbers of the fit, when the plate counts otherwise.",
        ),
    )

    def main_input(self) -> str | None:
        """Disabled, the fit passes through."""
        return "field"

    def frames(self, ctx: Context) -> tuple[int, ...] | None:
        """Frames of the fit, as the plate counts."""
        there = ctx.input_frames("field")
        if not ctx.has("plate"):
            return there
        return None if there is None else tuple(f + ctx.knob("offset") for f in there)

    def reads(self, ctx: Context, port: str) -> Sequence[int | None]:
        """The fit, and the plate where the fit has frames."""
        if port == "field":
            return (None,)
        if not ctx.has(port):
            return (None,)
        there = set(ctx.input_frames("plate") or ())
        return tuple(frame for frame in ctx.own_frames() or () if frame in there) or (None,)

    def compute(self, ctx: Context) -> Any:
        """The ``Field`` for the plate."""
        from codef_nodes.work.relinking import known_frames, relink_field

        if not ctx.has("plate"):
            ctx.note(f"{ctx.node_name} has no plate yet and passes the fit as it is; wire one")
            return ctx.input("field")
        there = ctx.input_frames("plate")
        if there is None:
            raise InputError(
                f"{ctx.node_name} needs the whole clip as its plate and is wired to a single "
                "picture; load the sequence",
                node=ctx.node_name,
            )
        field = ctx.input("field")
        try:
            report, found = relink_field(
                field,
                lambda frame: ctx.input("plate", frame),
                there,
                known_frames(field),
                ctx.task,
                offset=ctx.knob("offset"),
                stills=ctx.knob("stills") == "plate",
                force=ctx.knob("check") == "warn",
            )
        except CodefError as error:
            error.node = error.node or ctx.node_name
            raise
        for sentence in report.sentences():
            ctx.note(f"{ctx.node_name}: {sentence}")
        return found
