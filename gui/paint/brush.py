"""The paint tools and what each is set to. Qt-free."""

from dataclasses import dataclass, replace
from typing import Any

from engine.errors import UsageError
from engine.io.frames import parse_frames
from engine.paint.stroke import LIMITS

Clip = tuple[int, int]
"""First and last frame."""


@dataclass(frozen=True)
class Tool:
    """One tool of the bar.

    Attributes:
        kind: Kind of the stroke it draws (``engine.paint.stroke``); ``select`` draws none.
        title: What menus and tool tips say.
        family: Key of its family; pressing it again takes the family's next tool.
        help: One sentence for the tool tip.
        sourced: It copies from somewhere else: Ctrl+drag sets from where.
        coloured: It lays a colour.
    """

    kind: str
    title: str
    family: str
    help: str
    sourced: bool = False
    coloured: bool = False

    @property
    def builds_up(self) -> bool:
        """Whether its strokes can gather where they go over themselves."""
        return self.kind not in ("select", "smear", "heal")


TOOLS: tuple[Tool, ...] = (
    Tool("select", "Select", "Q", "Click a stroke to select it, drag to move what is selected."),
    Tool("brush", "Brush", "N", "Lays colour over the picture.", coloured=True),
    Tool("erase", "Erase", "N", "Takes earlier paint of the same node away, never the picture."),
    Tool(
        "clone",
        "Clone",
        "C",
        "Copies from another place of the same picture; Ctrl+drag from there to here.",
        sourced=True,
    ),
    Tool(
        "reveal",
        "Reveal",
        "C",
        "Brings pixels of the source clip through, from another frame if you like.",
        sourced=True,
    ),
    Tool(
        "heal",
        "Heal",
        "H",
        "Copies texture from another place and keeps the colour of this one.",
        sourced=True,
    ),
    Tool("blur", "Blur", "X", "Softens the picture under the brush."),
    Tool("smear", "Smear", "X", "Drags the picture along with the brush."),
    Tool("dodge", "Dodge", "E", "Makes the picture brighter."),
    Tool("burn", "Burn", "E", "Makes the picture darker."),
)
BY_KIND: dict[str, Tool] = {tool.kind: tool for tool in TOOLS}
FAMILIES: tuple[str, ...] = tuple(dict.fromkeys(tool.family for tool in TOOLS))

LIFETIMES = ("all", "single", "start to frame", "frame to end", "range")
"""As Nuke's menu has them."""

STEP = 1.1
"""One press of ``[`` or ``]`` makes the brush this much smaller or larger."""


def next_tool(key: str, current: str) -> str:
    """The tool that a family's key takes: its first, or the next one when it is in hand.

    Args:
        key: Key of the family.
        current: Kind of the tool in hand.
    """
    kinds = [tool.kind for tool in TOOLS if tool.family == key]
    if current in kinds:
        return kinds[(kinds.index(current) + 1) % len(kinds)]
    return kinds[0]


@dataclass(frozen=True)
class Brush:
    """What a tool is set to; each tool remembers its own.

    Attributes:
        size: Diameter at full pressure, canonical (or frame) pixels.
        hardness: Share of the radius that is fully covered.
        opacity: Of the whole stroke.
        spacing: Distance of the stamps as a share of the size.
        blend: How the colour meets the picture.
        pressure_size: Whether the pen's pressure scales the size.
        pressure_opacity: Whether it scales the opacity.
        pressure_hardness: Whether it scales the hardness.
        build_up: Whether paint gathers within a stroke.
        flow: How fast it gathers then.
        source: For clone and heal: ``input`` or ``painted``.
        offset: Source minus target in pixels, y down; None while no source was set.
        time: Reveal: frames from the one looked at.
        radius: Blur: standard deviation in pixels.
        stops: Dodge and burn: change of exposure at full opacity.
        range: Dodge and burn: which tones.
    """

    size: float = 40.0
    hardness: float = 0.5
    opacity: float = 1.0
    spacing: float = 0.1
    blend: str = "over"
    pressure_size: bool = True
    pressure_opacity: bool = False
    pressure_hardness: bool = False
    build_up: bool = False
    flow: float = 0.2
    source: str = "input"
    offset: tuple[float, float] | None = None
    time: int = 0
    radius: float = 4.0
    stops: float = 1.0
    range: str = "all"

    def resized(self, size: float) -> "Brush":
        """The same with another size, within the limits."""
        low, high = LIMITS["size"]
        return replace(self, size=round(min(max(size, max(low, 0.5)), high), 3))

    def stepped(self, steps: int) -> "Brush":
        """After so many presses of ``]`` (or ``[`` when negative); small ones move by a pixel."""
        size = self.size
        for _ in range(abs(steps)):
            size = max(size * STEP, size + 1) if steps > 0 else min(size / STEP, size - 1)
        return self.resized(max(size, 1.0) if steps < 0 else size)


STARTS: dict[str, Brush] = {
    tool.kind: Brush(hardness=0.2, opacity=0.3)
    if tool.kind in ("dodge", "burn")
    else Brush(hardness=0.3, opacity=0.5)
    if tool.kind in ("blur", "smear")
    else Brush()
    for tool in TOOLS
}
"""What each tool starts with: those that build up start gently."""


def lifetime_of(choice: str, frame: int, clip: Clip, text: str = "") -> str | list[int]:
    """The lifetime that a choice of the menu means.

    Args:
        choice: One of ``LIFETIMES``.
        frame: The frame looked at.
        clip: First and last frame of the project.
        text: The frames of ``range``.

    Raises:
        UsageError: The range is none.
    """
    if choice == "all":
        return "all"
    if choice == "single":
        return [frame, frame]
    if choice == "start to frame":
        return [min(clip[0], frame), frame]
    if choice == "frame to end":
        return [frame, max(clip[1], frame)]
    if not text.strip():
        raise UsageError("the lifetime has no frames yet; type a range such as 1001-1010")
    parse_frames(text)
    return text.strip()


def lifetime_text(lifetime: Any) -> str:
    """A lifetime as the list shows it: ``all``, ``1001`` or ``1001-1010``."""
    if isinstance(lifetime, list | tuple) and len(lifetime) == 2:
        first, last = lifetime
        return f"{first}" if first == last else f"{first}-{last}"
    return str(lifetime)


def lifetime_typed(text: str) -> str | list[int]:
    """What an artist typed as a lifetime: ``all`` or nothing, one frame, a range.

    Raises:
        UsageError: It is no frame range.
    """
    word = text.strip()
    if word.lower() in ("", "all"):
        return "all"
    frames = parse_frames(word)
    if len(frames) == frames[-1] - frames[0] + 1:
        return [frames[0], frames[-1]]
    return word


def header(
    kind: str,
    brush: Brush,
    colour: tuple[float, float, float],
    lifetime: str | list[int],
    name: str,
    reveal: int | None = None,
) -> dict[str, Any]:
    """A stroke as documents hold it, without its points.

    Args:
        kind: Kind of the tool.
        brush: Its settings.
        colour: Scene-linear.
        lifetime: From ``lifetime_of``.
        name: For the list.
        reveal: On a still: the frame that a reveal shows; on frames it counts from each.
    """
    tool = BY_KIND[kind]
    stroke: dict[str, Any] = {
        "kind": kind,
        "name": name,
        "size": brush.size,
        "hardness": brush.hardness,
        "opacity": brush.opacity,
        "spacing": brush.spacing,
        "pressure_size": brush.pressure_size,
        "pressure_opacity": brush.pressure_opacity,
        "pressure_hardness": brush.pressure_hardness,
        "lifetime": lifetime,
    }
    if brush.build_up and tool.builds_up:
        stroke |= {"build_up": True, "flow": brush.flow}
    if tool.coloured:
        stroke |= {"colour": [float(value) for value in colour], "blend": brush.blend}
    if tool.sourced:
        dx, dy = brush.offset or (0.0, 0.0)
        stroke["offset"] = [float(dx), float(dy)]
    if kind in ("clone", "heal"):
        stroke["source"] = brush.source
    elif kind == "reveal" and reveal is not None:
        stroke["frame"] = reveal
    elif kind == "reveal":
        stroke["frame_offset"] = brush.time
    elif kind == "blur":
        stroke["radius"] = brush.radius
    elif kind in ("dodge", "burn"):
        stroke |= {"stops": brush.stops, "range": brush.range}
    return stroke
