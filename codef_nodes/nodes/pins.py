"""Pins: corrections of a fit by hand."""

from typing import Any, ClassVar

from codef_nodes.graph.context import Context
from codef_nodes.graph.jsonvalue import JSON
from codef_nodes.graph.knob import Knob
from codef_nodes.graph.node import Node
from codef_nodes.graph.port import Port
from codef_nodes.graph.registry import register


@register
class Pins(Node):
    """A fit with pinned points."""

    type: ClassVar[str] = "Pins"
    category: ClassVar[str] = "Fit"
    aliases: ClassVar[tuple[str, ...]] = ("Pin", "Correct", "Fix track", "Warp pins")
    help: ClassVar[str] = (
        "Corrects a fit by hand: a pin says that this point of the still is here in that frame. "
        "Only what lies within its radius moves, at once and without a new fit; between its frames "
        "the correction passes over smoothly, and beyond them it fades."
    )
    inputs: ClassVar[tuple[Port, ...]] = (Port("field", "field", "The fit to correct."),)
    output: ClassVar[str | None] = "field"
    per_frame: ClassVar[bool] = False
    knobs: ClassVar[tuple[Knob, ...]] = (
        Knob(
            "pins",
            "pins",
            [],
            "The pins: a point of the still, its place in some frames, radius, hard or soft; set "
            "them with the pin tool of a viewer.",
        ),
        Knob(
            "tracks",
            "files",
            [],
            "Tracks that act as pins in every frame they hold: Nuke Tracker nodes, After Effects "
            "or Mocha keyframes, lines 'frame x y', or tracks.json; GROUP=FILE names the group.",
            page="Import",
        ),
        Knob(
            "corner_pin",
            "files",
            [],
            "Corner pins whose four corners act as pins: CornerPin2D nodes in .nk files, After "
            "Effects or Mocha keyframes, or CSV; GROUP=FILE names the group.",
            page="Import",
        ),
        Knob(
            "radius",
            "float",
            64.0,
            "How far around an imported point the picture moves with it.",
            minimum=1,
            maximum=4096,
            unit="px",
            page="Import",
        ),
        Knob(
            "hard",
            "bool",
            True,
            "Imported points are met exactly; off, they pull half of the way and yield to pins "
            "beside them, which suits noisy tracks.",
            page="Import",
        ),
    )

    def frames(self, ctx: Context) -> tuple[int, ...] | None:
        """Frames of the fit."""
        return ctx.input_frames("field")

    def identity(self, ctx: Context) -> list[JSON]:
        """The imported files."""
        from codef_nodes.work.hinting import HintFiles

        files = HintFiles(tuple(ctx.knob("tracks")), tuple(ctx.knob("corner_pin")))
        return files.identity(ctx.folder) if files else []

    def compute(self, ctx: Context) -> Any:
        """The ``Field`` with pins; the fit's own where there are none."""
        from codef_nodes.work.pinning import complaints, pins_of_files, with_pins
        from engine.errors import UsageError

        field = ctx.input("field")
        try:
            files = pins_of_files(
                field,
                ctx.knob("tracks"),
                ctx.knob("corner_pin"),
                radius=ctx.knob("radius"),
                hard=ctx.knob("hard"),
                folder=ctx.folder,
            )
            found = with_pins(field, ctx.knob("pins"), files)
        except UsageError as error:
            error.node = error.node or ctx.node_name
            raise
        for sentence in complaints(found) if found is not field else ():
            ctx.task.check()
            ctx.note(f"{ctx.node_name}: {sentence}")
        return found
