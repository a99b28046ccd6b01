"""EditedCanonical: what a paint program changed on the canonical image."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from codef_nodes.graph.context import Context
from codef_nodes.graph.jsonvalue import JSON
from codef_nodes.graph.knob import Knob
from codef_nodes.graph.node import Node
from codef_nodes.graph.port import Port
from codef_nodes.graph.registry import register
from codef_nodes.work.memo import Memo
from engine.errors import EditError, UsageError

if TYPE_CHECKING:
    from engine.edit.returned import Returned

RETURNED = Memo()
"""What files changed, found once for all frames."""


@register
class EditedCanonical(Node):
    """The change in a returned picture, as a layer over the canonical image."""

    type: ClassVar[str] = "EditedCanonical"
    title: ClassVar[str] = "Edited canonical"
    category: ClassVar[str] = "Edit"
    aliases: ClassVar[tuple[str, ...]] = ("Photoshop", "Krita", "Round trip", "Import edit")
    help: ClassVar[str] = (
        "Puts over the canonical image what another paint program changed in its exported copy; "
        "save the file again there and the layer follows."
    )
    inputs: ClassVar[tuple[Port, ...]] = (
        Port("image", "image", "The canonical image; strokes may be below or above."),
        # Not called field: with it the node would count as one that draws frames.
        Port("fit", "field", "The fit that the canonical image was exported from."),
    )
    knobs: ClassVar[tuple[Knob, ...]] = (
        Knob(
            "file",
            "file_in",
            "",
            "The picture that the paint program saved: PNG, TIFF or EXR, best under the name and "
            "at the size of the export.",
        ),
        Knob(
            "guess",
            "bool",
            False,
            "Accept a picture whose place on the canvas was found by its likeness alone; look at "
            "it before you do.",
        ),
        Knob(
            "opacity",
            "float",
            1.0,
            "How much of the change shows: at 0 only the canonical image.",
            minimum=0,
            maximum=1,
        ),
    )

    def frames(self, ctx: Context) -> tuple[int, ...] | None:
        """Those of the image."""
        return ctx.input_frames("image") if ctx.has("image") else None

    def reads(self, ctx: Context, port: str) -> Sequence[int | None]:
        """The image at the frame (a still has none), and the fit."""
        if port == "fit" or ctx.input_frames(port) is None:
            return (None,)
        return (ctx.frame_or_none,)

    def identity(self, ctx: Context) -> list[JSON]:
        """The file, and the sidecar that says where it lies."""
        from codef_nodes.work.identity import file_identity
        from engine.edit.canonical import sidecar_path

        path = _path(ctx)
        return [] if path is None else [file_identity(path), file_identity(sidecar_path(path))]

    def compute(self, ctx: Context) -> Any:
        """The image with the change over it; the change alone is in ``overlay``."""
        from dataclasses import replace

        from engine.paint.raster import paint_over

        picture = ctx.input("image")
        opacity = ctx.knob("opacity")
        if opacity == 0:
            return picture
        own = _returned(
            ctx, picture.metadata.get("codef/layer"), picture.metadata.get("codef/field")
        ).over(picture.data, float(picture.metadata.get("codef/scale", 1.0)))
        if opacity < 1:
            own = own * opacity
        painted = own.any(axis=2)
        changed = None
        if picture.native is not None:
            changed = painted if picture.changed is None else painted | picture.changed
        overlay = own
        if picture.overlay is not None:
            overlay = own + picture.overlay * (1 - own[..., 3:])
        return replace(
            picture,
            pixels=paint_over(own, picture.pixels),
            under=picture.pixels if picture.under is None else picture.under,
            overlay=overlay,
            changed=changed,
        )


def _path(ctx: Context) -> Path | None:
    return ctx.path(ctx.knob("file")) if ctx.knob("file") else None


def _returned(ctx: Context, layer: Any, still: Any) -> "Returned":
    from codef_nodes.work.identity import file_identity, must_exist
    from engine.edit.edits import layer_index
    from engine.edit.returned import returned_edit
    from engine.io.read import read_picture
    from engine.linked.field import seen_by

    path = _path(ctx)
    if path is None:
        raise UsageError(
            f"{ctx.node_name} has no file; choose the picture that the paint program saved",
            node=ctx.node_name,
        )
    must_exist(path, "the edited canonical image")
    field = seen_by(ctx.input("fit"), still)
    k = layer_index(field, str(layer)) if layer is not None else 0

    def make() -> "Returned":
        picture = read_picture(path, working=ctx.working_space)
        return returned_edit(field, k, picture, path, ctx.working_space)

    said = (k, ctx.working_space, tuple(str(each) for each in file_identity(path)))
    found: Returned = RETURNED.get((field,), said, make)
    if found.guessed and not ctx.knob("guess"):
        raise EditError(
            f"{path} has another size than the export, and where it belongs could only be guessed "
            f"({found.how}); look at it and switch guess on, or save it at the exported size",
            file=path,
            node=ctx.node_name,
        )
    return found
