"""Tracks and corner pins of other programs as pins.

A track says where a point is in many frames, and not which point of the still it is. That is read
off the fit in the frame of the track that lies nearest to the reference frame, where the still and
the frames look alike and the fit is surest; there the track moves nothing.
"""

import numpy as np

from engine.errors import UsageError
from engine.fields.field import Field
from engine.io.pointfiles import NamedPlaces
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
) -> Pin:
    """The pin that a track means.

    Args:
        field: The fit.
        track: The track.
        layer: Name of its layer; None: the one that owns its place where the still is read.
        source: The file, for messages.
        radius: Of the pin.
        hard: Of the pin.
        corner: Which of its places counts.

    Raises:
        UsageError: It has no frame in common with the fit.
    """
    common = sorted(set(track.places) & set(field.frames))
    if not common:
        held = sorted(track.places)
        raise UsageError(
            f"the track {track.name} of {source} holds frames {held[0]}-{held[-1]}, and the fit "
            f"{field.frames[0]}-{field.frames[-1]}; check its frame numbers"
        )
    still = min(common, key=lambda frame: abs(frame - field.reference))
    index = field.index(still)
    place = np.asarray(track.places[still][corner : corner + 1], np.float32)
    k = (
        int(owners(field, index, place)[0])
        if layer is None
        else layer_of(field, layer, f"the track {track.name} of {source}")
    )
    x, y = field.layers[k].deformation.at(index, place)[0].tolist()
    keys = {f: (float(p[corner, 0]), float(p[corner, 1])) for f, p in track.places.items()}
    return Pin(
        name=track.name,
        canonical=(x, y),
        keys={frame: keys[frame] for frame in common},
        layer=field.layers[k].name,
        radius=radius,
        hard=hard,
        fade=FADE,
    )


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
    found = []
    for corner in range(4):
        each = NamedPlaces(f"{pin.name} {corner + 1}", pin.group, pin.places)
        found.append(
            pins_of_tracks(field, each, layer, source, radius=radius, hard=hard, corner=corner)
        )
    return found
