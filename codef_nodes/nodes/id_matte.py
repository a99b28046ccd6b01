"""IdMatte: objects of a rendered picture by their names."""

from pathlib import Path
from typing import Any, ClassVar

from codef_nodes.graph.context import Context
from codef_nodes.graph.knob import Knob
from codef_nodes.graph.node import Node
from codef_nodes.graph.port import Port
from codef_nodes.graph.registry import register
from engine.errors import MaskError, UsageError


@register
class IdMatte(Node):
    """Cryptomatte."""

    type: ClassVar[str] = "IdMatte"
    title: ClassVar[str] = "Id matte"
    category: ClassVar[str] = "Fit"
    aliases: ClassVar[tuple[str, ...]] = ("Cryptomatte", "Object id", "Material id")
    help: ClassVar[str] = (
        "Makes a mask of objects or materials of a rendered EXR by their Cryptomatte names; "
        "wire it to MaskGroup, or write it with WriteSequence."
    )
    inputs: ClassVar[tuple[Port, ...]] = (
        Port("source", "image", "The rendered EXR clip that carries Cryptomatte channels."),
    )
    knobs: ClassVar[tuple[Knob, ...]] = (
        Knob(
            "names",
            "arguments",
            [],
            "Names in the mask, as the manifest has them; * stands for anything, <1a2b3c4d> is an "
            "id.",
        ),
        Knob(
            "layer",
            "text",
            "",
            "The Cryptomatte layer, such as CryptoObject; empty: the one that has the names.",
        ),
        Knob("invert", "bool", False, "White on everything else instead."),
    )

    def compute(self, ctx: Context) -> Any:
        """Coverage of the names in the frame, the same in every channel."""
        import numpy as np

        from codef_nodes.work.roughmasks import grey_over
        from engine.masks.cryptomatte import layer_with, layers

        picture = ctx.input("source")
        names = [name.strip() for name in ctx.knob("names") if name.strip()]
        if not names:
            raise UsageError(
                f"{ctx.node_name} has no names; name an object of the Cryptomatte",
                node=ctx.node_name,
            )
        file = picture.metadata.get("codef/file")
        parts = [part for part in (picture.native, *picture.extra) if part is not None]
        found = layers(parts, None if file is None else Path(str(file)).parent)
        wanted = ctx.knob("layer").strip()
        layer = layer_with(found, names, wanted)
        if layer is None:
            there = ", ".join(one.name for one in found) or "none"
            raise MaskError(
                f"{ctx.node_name} finds no Cryptomatte layer {wanted or 'at all'} in its picture "
                f"(there is {there}); wire it to the rendered EXR",
                file=file,
                frame=ctx.frame_or_none,
                node=ctx.node_name,
            )
        matte = layer.matte(names)
        return grey_over(picture, np.asarray(1 - matte if ctx.knob("invert") else matte))
