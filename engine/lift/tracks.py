"""Tracks as other programs read them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.errors import UsageError
from engine.fields.field import Field
from engine.io.keyframetext import keyframe_pin_text, keyframe_text
from engine.io.nuketracker import corner_pin_text, tracker_text

FORMATS = ("json", "nuke", "corner-pin", "after-effects", "after-effects-pin", "text")
_ENDINGS = {"": "json", ".json": "json", ".nk": "nuke", ".txt": "text"}

Place = tuple[float, float]


@dataclass(frozen=True)
class Track:
    """A point through the frames of a field.

    Attributes:
        name: What it is called.
        points: ``{"frame", "x", "y", "visible", "confidence"}`` for every frame, as
            ``engine.warp.track.track`` gives them: y down.
    """

    name: str
    points: Sequence[Mapping[str, Any]]

    def places(self, *, hidden: bool = False) -> dict[int, Place]:
        """Places by frame.

        Args:
            hidden: Also those where the frame does not show the point.
        """
        return {
            int(p["frame"]): (float(p["x"]), float(p["y"]))
            for p in self.points
            if hidden or p["visible"]
        }


def format_of(ending: str, wanted: str | None = None) -> str:
    """The format of a file: what is wanted, else what its ending says.

    Raises:
        UsageError: Neither is known.
    """
    if wanted is not None:
        if wanted not in FORMATS:
            raise UsageError(f"there is no format {wanted!r}; there are {', '.join(FORMATS)}")
        return wanted
    try:
        return _ENDINGS[ending.lower()]
    except KeyError:
        raise UsageError(
            f"the ending {ending} says no format of tracks; use .json, .nk or .txt, or "
            f"name one of {', '.join(FORMATS)}"
        ) from None


def tracks_text(
    tracks: Sequence[Track], field: Field, form: str, *, fps: float, hidden: bool = False
) -> str:
    """Tracks in one of ``FORMATS`` but ``json``.

    A corner pin takes four tracks: bottom left, bottom right, top right, top left, as in Nuke.

    Args:
        tracks: At least one.
        field: The field, for its windows and frames.
        form: The format.
        fps: Frames per second, for After Effects.
        hidden: Keys also where the frame does not show the point; a corner pin always has them.

    Raises:
        UsageError: Nothing is visible, or not four tracks for each corner pin.
    """
    display, first = field.display, field.frames[0]
    size, height = (display.width, display.height), display.height
    if form in ("corner-pin", "after-effects-pin"):
        pins = _pins(tracks)
        if form == "after-effects-pin":
            return keyframe_pin_text(pins, size, first, fps, field.pixel_aspect)
        return "".join(
            corner_pin_text(f"CornerPin{n}", _upward(pin, height), field.reference)
            for n, pin in enumerate(pins, 1)
        )
    named = [(track.name, track.places(hidden=hidden)) for track in tracks]
    named = [(name, places) for name, places in named if places]
    if not named:
        raise UsageError(
            "no frame shows any of the points; choose points that are seen, or keep hidden places"
        )
    if form == "after-effects":
        return keyframe_text(named, size, first, fps, field.pixel_aspect)
    turned = [
        (name, {frame: (x, height - y) for frame, (x, y) in places.items()})
        for name, places in named
    ]
    if form == "nuke":
        return tracker_text(turned, field.reference, size)
    blocks = [
        f"{name}\n" + "".join(f"{f} {x:.9g} {y:.9g}\n" for f, (x, y) in sorted(places.items()))
        for name, places in turned
    ]
    return "\n".join(blocks)


def _pins(tracks: Sequence[Track]) -> list[dict[int, list[Place]]]:
    if not tracks or len(tracks) % 4:
        raise UsageError(
            f"a corner pin needs four points and there are {len(tracks)}; give bottom left, bottom "
            "right, top right and top left"
        )
    pins = []
    for n in range(0, len(tracks), 4):
        corners = [track.places(hidden=True) for track in tracks[n : n + 4]]
        pins.append({frame: [corner[frame] for corner in corners] for frame in corners[0]})
    return pins


def _upward(pin: Mapping[int, Sequence[Place]], height: int) -> dict[int, list[Place]]:
    return {frame: [(x, height - y) for x, y in corners] for frame, corners in pin.items()}
