"""Tracks and corner pins of other programs as pins.

A track says where a point is in many frames, and not which point of the still it is. That is read
off the fit in the frame of the track that lies nearest to the reference frame, where the still and
the frames look alike and the fit is surest; there the track moves nothing.
"""

import numpy as np

from engine.errors import UsageError
from engine.fields.field import Field
from engine.io.pointfiles import NamedPlaces
from engine.linked.field import segment_at, view_at
from engine.pins.apply import layer_of
from engine.pins.pin import FADE, Pin
from engine.warp.track import owners


def pins_of_tracks(
    field: Field,
    track: NamedPlaces,
    layer: str | None,
    source: str,
    *,
    radius: float,
    hard: bool,
    corner: int = 0,
) -> list[Pin]:
    """The pin that a track means; of a shot of several segments one in each that it goes through.

    Args:
        field: The fit.
        track: The track.
        layer: Name of its layer; None: the one that owns its place where the still is read.
        source: The file, for messages.
        radius: Of the pin.
        hard: Of the pin.
        corner: Which of its places counts.

    Raises:
        UsageError: It has no frame in common with the fit, or names no layer of it.
    """
    by_segment: dict[int, list[int]] = {}
    for frame in sorted(set(track.places) & set(field.frames)):
        number = segment_at(field, field.index(frame))
        by_segment.setdefault(number, []).append(frame)
    if not by_segment:
        held = sorted(track.places)
        raise UsageError(
            f"the track {track.name} of {source} holds frames {held[0]}-{held[-1]}, and the fit "
            f"{field.frames[0]}-{field.frames[-1]}; check its frame numbers"
        )
    found = []
    for segment, frames in by_segment.items():
        view = view_at(field, field.index(frames[0]))
        still = min(frames, key=lambda frame: abs(frame - view.reference))
        index = field.index(still)
        place = np.asarray(track.places[still][corner : corner + 1], np.float32)
        k = (
            int(owners(view, index, place)[0])
            if layer is None
            else layer_of(view, layer, f"the track {track.name} of {source}")
        )
        x, y = view.layers[k].deformation.at(index, place)[0].tolist()
        places = {f: track.places[f][corner] for f in frames}
        found.append(
            Pin(
                name=track.name,
                canonical=(x, y),
                keys={f: (float(p[0]), float(p[1])) for f, p in places.items()},
                layer=view.layers[k].name,
                radius=radius,
                hard=hard,
                # Where one of them ends, the next begins.
                fade=FADE if len(by_segment) == 1 else 0,
                segment=segment,
            )
        )
    return found


def pins_of_corners(
    field: Field,
    pin: NamedPlaces,
    layer: str | None,
    source: str,
    *,
    radius: float,
    hard: bool,
) -> list[Pin]:
    """The four pins that a corner pin means; see ``pins_of_tracks``."""
    found: list[Pin] = []
    for corner in range(4):
        each = NamedPlaces(f"{pin.name} {corner + 1}", pin.group, pin.places)
        found += pins_of_tracks(field, each, layer, source, radius=radius, hard=hard, corner=corner)
    return found
