"""A pin as data: one point of a canonical image, and where the artist says that frames show it.

Convention: canonical points in canonical pixels, frame points in pixels of the display window, both
x right, y down, pixel centres at +0.5; frames by their number.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from engine.errors import UsageError

Point = tuple[float, float]

RADIUS = 64.0
"""Pixels around a pin that move with it, unless the pin says otherwise."""
FADE = 12
"""Frames before the first and after the last key in which a pin lets go."""
PULL = 0.5
"""Share of the way that a soft pin goes when it is alone."""


@dataclass(frozen=True)
class Pin:
    """One pin.

    Attributes:
        name: What lists and messages call it.
        canonical: The point of the still.
        keys: Frame points by frame number, at least one.
        layer: Name of the layer; None: the front one.
        radius: Frame pixels around the pinned place beyond which nothing moves.
        hard: The place is met exactly; a soft pin pulls ``PULL`` of the way and yields to others.
        fade: Frames before the first and after the last key over which it lets go; None: it holds
            to both ends of the shot.
        enabled: It counts.
        segment: Number of the segment of a long shot on whose still the point is.
    """

    name: str
    canonical: Point
    keys: Mapping[int, Point] = field(default_factory=dict)
    layer: str | None = None
    radius: float = RADIUS
    hard: bool = True
    fade: int | None = FADE
    enabled: bool = True
    segment: int = 0

    def as_dict(self) -> dict[str, Any]:
        """The pin as documents hold it; a shot with one still has no segments to name."""
        told: dict[str, Any] = {"segment": self.segment} if self.segment else {}
        return {
            "name": self.name,
            "canonical": [float(v) for v in self.canonical],
            "frames": {
                str(frame): [float(v) for v in self.keys[frame]] for frame in sorted(self.keys)
            },
            "layer": self.layer,
            "radius": float(self.radius),
            "hard": self.hard,
            "fade": self.fade,
            "enabled": self.enabled,
            **told,
        }

    def keyed(self, frame: int, place: Point) -> "Pin":
        """The pin with a place in one more frame, or another place there."""
        return replace(self, keys={**self.keys, frame: place})


def pin_from(item: Any, number: int = 1) -> Pin:
    """A pin as documents hold it; unknown members are ignored.

    Args:
        item: A JSON object.
        number: Which one of a list it is, for messages.

    Raises:
        UsageError: It is none.
    """
    try:
        name = str(item.get("name") or f"pin {number}")
        keys = {int(frame): _point(place) for frame, place in item["frames"].items()}
        layer, fade = item.get("layer"), item.get("fade", FADE)
        pin = Pin(
            name=name,
            canonical=_point(item["canonical"]),
            keys=keys,
            layer=None if layer is None else str(layer),
            radius=float(item.get("radius", RADIUS)),
            hard=bool(item.get("hard", True)),
            fade=None if fade is None else int(fade),
            enabled=bool(item.get("enabled", True)),
            segment=int(item.get("segment", 0)),
        )
    except (AttributeError, KeyError, TypeError, ValueError, OverflowError) as error:
        raise UsageError(
            f"pin {number} must look like "
            '{"canonical": [x, y], "frames": {"1042": [x, y]}, "radius": 64}'
            f", and this one does not ({type(error).__name__}: {error}); correct it"
        ) from error
    if not keys:
        raise UsageError(f"{name} has no place in any frame; drag it to one or remove it")
    if not math.isfinite(pin.radius) or pin.radius <= 0:
        raise UsageError(f"{name} has a radius of {pin.radius:g} px; give it more than 0")
    if pin.fade is not None and pin.fade < 0:
        raise UsageError(f"{name} lets go over {pin.fade} frames; give 0 or more")
    return pin


def pins_from(items: Sequence[Any]) -> list[Pin]:
    """Every pin of a list.

    Raises:
        UsageError: One is none.
    """
    return [pin_from(item, number) for number, item in enumerate(items, 1)]


def _point(value: Any) -> Point:
    x, y = (float(part) for part in value)
    if not (math.isfinite(x) and math.isfinite(y)):
        raise ValueError("a place is not finite")
    return x, y
