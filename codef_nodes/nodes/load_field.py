"""LoadField: a finished fit from a folder."""

from pathlib import Path
from typing import Any, ClassVar

from codef_nodes.graph.context import Context
from codef_nodes.graph.jsonvalue import JSON
from codef_nodes.graph.knob import Knob
from codef_nodes.graph.node import Node
from codef_nodes.graph.registry import register
from engine.errors import UsageError


@register
class LoadField(Node):
    """Reads a field folder that `codef fit` wrote."""

    type: ClassVar[str] = "LoadField"
    title: ClassVar[str] = "Load field"
    category: ClassVar[str] = "Input"
    aliases: ClassVar[tuple[str, ...]] = ("Read fit", "Field")
    help: ClassVar[str] = (
        "Loads a finished fit from its folder, such as one that `codef fit` made on a farm."
    )
    output: ClassVar[str | None] = "field"
    per_frame: ClassVar[bool] = False
    knobs: ClassVar[tuple[Knob, ...]] = (
        Knob("folder", "file_in", "", "The field folder; it holds a file field.json."),
    )

    def frames(self, ctx: Context) -> tuple[int, ...] | None:
        """Frames that the field was fitted on."""
        from engine.fields.folder import field_frames

        return field_frames(_folder(ctx))

    def identity(self, ctx: Context) -> list[JSON]:
        """The files of the field."""
        from codef_nodes.work.source import files_identity

        return files_identity(_folder(ctx))

    def compute(self, ctx: Context) -> Any:
        """The ``Field``."""
        from codef_nodes.work.source import open_field

        return open_field(_folder(ctx))


def _folder(ctx: Context) -> Path:
    if not ctx.knob("folder"):
        raise UsageError(
            f"{ctx.node_name} has no folder; choose a field in its knob folder", node=ctx.node_name
        )
    return ctx.path(ctx.knob("folder"))
