"""Viewer: what the editor shows."""

from typing import ClassVar

from codef_nodes.graph.context import Context
from codef_nodes.graph.knob import Knob
from codef_nodes.graph.node import Node
from codef_nodes.graph.port import Port
from codef_nodes.graph.registry import register
from codef_nodes.nodes.frames import first_moving


@register
class Viewer(Node):
    """Shows a picture; changes nothing and writes nothing."""

    type: ClassVar[str] = "Viewer"
    category: ClassVar[str] = "Output"
    aliases: ClassVar[tuple[str, ...]] = ("Show", "Display")
    help: ClassVar[str] = (
        "Shows one of the pictures wired to it, chosen with the keys 1 to 0; gain, gamma and view "
        "change what is seen, never the files."
    )
    inputs: ClassVar[tuple[Port, ...]] = (
        Port("image", "image", "The picture to look at: the key 1."),
        *(
            Port(f"image_{n}", "image", f"Another picture to look at: the key {n % 10}.", True)
            for n in range(2, 11)
        ),
        Port("compare", "image", "A second picture for wipe and difference.", optional=True),
    )
    output: ClassVar[str | None] = None
    cacheable: ClassVar[bool] = False
    knobs: ClassVar[tuple[Knob, ...]] = (
        Knob(
            "input",
            "int",
            1,
            "Which of its pictures is looked at first; the keys 1 to 0 turn to the others.",
            minimum=1,
            maximum=10,
        ),
        Knob("gain", "float", 1.0, "Multiplies what is shown, to look into shadows.", minimum=0),
        Knob("gamma", "float", 1.0, "Bends what is shown, to look into the middle.", minimum=0.01),
        Knob(
            "display",
            "text",
            "",
            "The OCIO display to show on; empty takes the default of the colour configuration.",
        ),
        Knob(
            "view",
            "text",
            "",
            "The OCIO view of that display; empty takes the display's default.",
        ),
        Knob(
            "wipe",
            "choice",
            "off",
            "How the second picture is compared with the first.",
            choices=("off", "wipe", "difference"),
        ),
    )

    def frames(self, ctx: Context) -> tuple[int, ...] | None:
        """Those of the first picture that moves."""
        return first_moving(ctx, *(port.name for port in self.inputs))

    def compute(self, ctx: Context) -> object:
        """The picture of that input, else the first, as it comes."""
        number = ctx.knob("input")
        ports = [f"image_{number}", *(port.name for port in self.inputs)]
        wired = (port for port in ports if ctx.has(port))
        return ctx.input(next(wired, "image"))
