"""Paint strokes as data: what a document keeps, checked and made ready to draw."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from engine.errors import UsageError
from engine.paint.lifetime import alive_in, check_lifetime

KINDS = ("brush", "erase", "clone", "reveal", "heal", "dodge", "burn", "blur", "smear")
BLENDS = ("over", "multiply", "screen", "add", "min", "max", "difference")
SOURCES = ("input", "painted")
RANGES = ("all", "shadows", "midtones", "highlights")

#: Limits of the numbers, as (smallest, largest).
LIMITS: dict[str, tuple[float, float]] = {
    "size": (0.01, 20_000.0),
    "hardness": (0.0, 1.0),
    "opacity": (0.0, 1.0),
    "spacing": (0.005, 10.0),
    "radius": (0.1, 250.0),
    "stops": (0.0, 8.0),
    "flow": (0.0, 1.0),
}
SWITCHES = ("visible", "pressure_size", "pressure_opacity", "pressure_hardness", "build_up")


@dataclass(frozen=True)
class Stroke:
    """One stroke of a brush.

    Convention: points are canonical pixel coordinates, x right, y down, pixel centres at +0.5
    (an editor that shows y upwards converts). Colours are scene-linear, not premultiplied, and
    may lie above 1 or below 0.

    Attributes:
        points: (x, y, pressure) with pressure from 0 to 1.
        kind: ``brush``; ``erase`` (removes earlier paint of the same list, never the picture);
            ``clone`` (copies the picture from ``offset`` away); ``heal`` (as clone, with the
            source's gradients and the colours of what surrounds the stroke); ``reveal`` (shows
            another frame); ``dodge`` and ``burn`` (brighten and darken by ``stops``); ``blur``
            (by ``radius``); ``smear`` (carries pixels along the stroke).
        size: Diameter of the brush in pixels at full pressure.
        hardness: Share of the radius that is fully covered; 1 is a sharp, anti-aliased edge.
        opacity: Of the whole stroke; where a stroke crosses itself nothing builds up unless
            ``build_up`` says so. Of a smear: how long the carried pixels last (0.5: about a brush
            size; 1: for ever).
        spacing: Distance between stamps as a share of ``size``; a smear has its own.
        colour: Scene-linear (r, g, b).
        blend: How the colour meets the picture below.
        visible: Hidden strokes stay in the list.
        lifetime: ``"all"``, a frame range such as ``"1001-1010,1020"``, or (first, last).
        name: For the stroke list.
        offset: For ``clone``, ``heal`` and ``reveal``: source minus target, (dx, dy) in pixels, y
            down.
        source: For ``clone`` and ``heal``: ``input`` (the picture below all strokes) or
            ``painted`` (with the earlier strokes).
        frame: For ``reveal``: number of the frame that is shown, or None: ``frame_offset`` counts.
        frame_offset: For ``reveal`` without ``frame``: frames after the one that is painted on.
        radius: For ``blur``: standard deviation of the Gaussian in pixels.
        stops: For ``dodge`` and ``burn``: change of exposure at full opacity.
        range: For ``dodge`` and ``burn``: which tones: one of ``RANGES``.
        pressure_size: Whether pressure scales the diameter.
        pressure_opacity: Whether pressure scales the opacity.
        pressure_hardness: Whether pressure scales the hardness.
        build_up: Whether paint gathers where the stroke goes over itself, up to ``opacity``, as
            from an airbrush; not of a smear.
        flow: With ``build_up``: share of what is not covered yet that the brush covers while it
            moves by a tenth of its size.
        extra: Keys of newer versions, kept as they are.
    """

    points: tuple[tuple[float, float, float], ...]
    kind: str = "brush"
    size: float = 20.0
    hardness: float = 0.5
    opacity: float = 1.0
    spacing: float = 0.1
    colour: tuple[float, float, float] = (1.0, 1.0, 1.0)
    blend: str = "over"
    visible: bool = True
    lifetime: str | tuple[int, int] = "all"
    name: str = ""
    offset: tuple[float, float] = (0.0, 0.0)
    source: str = "input"
    frame: int | None = None
    frame_offset: int = 0
    radius: float = 4.0
    stops: float = 1.0
    range: str = "all"
    pressure_size: bool = True
    pressure_opacity: bool = False
    pressure_hardness: bool = False
    build_up: bool = False
    flow: float = 0.2
    extra: dict[str, Any] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """The JSON-able form; ``stroke_from`` reads it back equal."""
        lifetime = self.lifetime if isinstance(self.lifetime, str) else list(self.lifetime)
        return {
            **self.extra,
            "kind": self.kind,
            "points": [list(point) for point in self.points],
            "size": self.size,
            "hardness": self.hardness,
            "opacity": self.opacity,
            "spacing": self.spacing,
            "colour": list(self.colour),
            "blend": self.blend,
            "visible": self.visible,
            "lifetime": lifetime,
            "name": self.name,
            "offset": list(self.offset),
            "source": self.source,
            "frame": self.frame,
            "frame_offset": self.frame_offset,
            "radius": self.radius,
            "stops": self.stops,
            "range": self.range,
            "pressure_size": self.pressure_size,
            "pressure_opacity": self.pressure_opacity,
            "pressure_hardness": self.pressure_hardness,
            "build_up": self.build_up,
            "flow": self.flow,
        }

    def alive(self, frame: int | None) -> bool:
        """Whether the stroke shows at a frame; with None only ``visible`` counts."""
        return self.visible and (frame is None or alive_in(self.lifetime, frame))

    def scaled(self, scale: float) -> "Stroke":
        """The stroke in the pixels of a finer or coarser canvas."""
        if scale == 1:
            return self
        return replace(
            self,
            points=tuple((x * scale, y * scale, pressure) for x, y, pressure in self.points),
            size=self.size * scale,
            radius=self.radius * scale,
            offset=(self.offset[0] * scale, self.offset[1] * scale),
        )

    def revealed(self, frame: int | None) -> int | None:
        """The frame that a ``reveal`` shows when ``frame`` is painted on.

        None: it counts from the frame that is painted on, and there is none.
        """
        if self.frame is not None:
            return self.frame
        return None if frame is None else frame + self.frame_offset


CHOICES = {"kind": KINDS, "blend": BLENDS, "source": SOURCES, "range": RANGES}
KEYS = frozenset(Stroke.__dataclass_fields__) - {"extra"}


def _label(data: Mapping[str, Any], where: str) -> str:
    name = data.get("name")
    return f"stroke {name!r}" if isinstance(name, str) and name else where


def _number(value: Any, key: str, label: str) -> float:
    plain = isinstance(value, int | float) and not isinstance(value, bool)
    if not plain or not math.isfinite(value):
        raise UsageError(f"{label}: {key} must be a number, not {value!r}")
    return float(value)


def _numbers(value: Any, count: int, key: str, label: str) -> tuple[float, ...]:
    if not isinstance(value, Sequence) or isinstance(value, str) or len(value) != count:
        raise UsageError(f"{label}: {key} must be {count} numbers, not {value!r}")
    return tuple(_number(item, key, label) for item in value)


def _frame(value: Any, key: str, label: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise UsageError(f"{label}: {key} must be a whole number, not {value!r}")
    return value


def points_from(value: Any, label: str = "stroke") -> tuple[tuple[float, float, float], ...]:
    """Reads the points of a stroke, or some of them.

    Raises:
        UsageError: There is none, or one is no [x, y] or [x, y, pressure].
    """
    if not isinstance(value, Sequence) or isinstance(value, str) or not value:
        raise UsageError(f"{label}: points must be a list of [x, y, pressure] with at least one")
    points = []
    for point in value:
        pressed = isinstance(point, Sequence) and not isinstance(point, str) and len(point) == 2
        x, y, pressure = _numbers([*point, 1.0] if pressed else point, 3, "a point", label)
        points.append((x, y, min(max(pressure, 0.0), 1.0)))
    return tuple(points)


def stroke_from(data: Mapping[str, Any], where: str = "stroke") -> Stroke:
    """Reads one stroke of a document.

    Args:
        data: The JSON object; absent keys take the defaults, unknown ones are kept in ``extra``.
            A point may leave out its pressure (1).
        where: How to name the stroke in an error when it has no name of its own.

    Returns:
        The stroke.

    Raises:
        UsageError: Names the stroke and the key that is wrong.
    """
    if not isinstance(data, Mapping):
        raise UsageError(f"{where}: a stroke must be an object with points, not {data!r}")
    label = _label(data, where)
    values: dict[str, Any] = {"points": points_from(data.get("points"), label)}
    for key, (low, high) in LIMITS.items():
        if key in data:
            values[key] = _number(data[key], key, label)
            if not low <= values[key] <= high:
                raise UsageError(f"{label}: {key} must be from {low:g} to {high:g}")
    for key, choices in CHOICES.items():
        if key in data:
            if data[key] not in choices:
                raise UsageError(
                    f"{label}: {key} must be one of {', '.join(choices)}, not {data[key]!r}"
                )
            values[key] = data[key]
    for key in SWITCHES:
        if key in data:
            if not isinstance(data[key], bool):
                raise UsageError(f"{label}: {key} must be true or false, not {data[key]!r}")
            values[key] = data[key]
    if "name" in data:
        if not isinstance(data["name"], str):
            raise UsageError(f"{label}: name must be text, not {data['name']!r}")
        values["name"] = data["name"]
    if "colour" in data:
        values["colour"] = _numbers(data["colour"], 3, "colour", label)
    if "offset" in data:
        values["offset"] = _numbers(data["offset"], 2, "offset", label)
    if "frame_offset" in data:
        values["frame_offset"] = _frame(data["frame_offset"], "frame_offset", label)
    if data.get("frame") is not None:
        values["frame"] = _frame(data["frame"], "frame", label)
    if "lifetime" in data:
        values["lifetime"] = check_lifetime(data["lifetime"], label)
    extra = {key: value for key, value in data.items() if key not in KEYS}
    return Stroke(**values, extra=extra)


def standing_in(number: int, relative: bool, offered: Sequence[int]) -> int:
    """The frame that a reveal shows: where the clip ends, its last frame stands in.

    Args:
        number: The frame that is asked for.
        relative: It counts from the frame that is painted on: any nearest frame will do.
        offered: Those that there are, in rising order.
    """
    if not offered or (not relative and offered[0] <= number <= offered[-1]):
        return number
    return min(offered, key=lambda each: abs(each - number))


def strokes_from(data: Sequence[Mapping[str, Any] | Stroke]) -> list[Stroke]:
    """Reads a list of strokes, bottom first; strokes that are already read pass through.

    Args:
        data: JSON objects or strokes.

    Returns:
        The strokes in the same order.
    """
    if not isinstance(data, list | tuple):
        raise UsageError("strokes must be a list of stroke objects")
    return [
        item if isinstance(item, Stroke) else stroke_from(item, f"stroke {i + 1}")
        for i, item in enumerate(data)
    ]
