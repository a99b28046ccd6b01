"""Pins as documents, files and commands name them."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from codef_nodes.work.hinting import split
from engine.fields.field import Field
from engine.pins.apply import layer_of, pinned, report
from engine.pins.imported import pins_of_corners, pins_of_tracks
from engine.pins.pin import RADIUS, Pin, pins_from


def pins_of_files(
    field: Field,
    tracks: Sequence[str],
    corner_pins: Sequence[str],
    *,
    radius: float = RADIUS,
    hard: bool = True,
    folder: Path | None = None,
) -> list[Pin]:
    """The pins that files of tracks and corner pins mean.

    Args:
        field: The fit.
        tracks: Files, each perhaps ``GROUP=FILE``; see ``engine.io.pointfiles.read_tracks``.
        corner_pins: As well; see ``engine.io.pointfiles.read_corner_pins``.
        radius: That each gets.
        hard: Whether they are met exactly.
        folder: What relative paths count from; None for the current folder.

    Raises:
        InputError: A file is absent or cannot be read.
        UsageError: A file holds something else, names no layer, or no frame of the fit.
    """
    from engine.io.pointfiles import read_corner_pins, read_tracks

    height, first = field.display.height, field.frames[0]
    found: list[Pin] = []
    for spec in tracks:
        group, path = split(spec, folder)
        for each in read_tracks(path, height, first):
            layer = group or each.group
            if layer is not None:
                layer_of(field, layer, f"the track {each.name} of {path}")
            found += pins_of_tracks(field, each, layer, str(path), radius=radius, hard=hard)
    for spec in corner_pins:
        group, path = split(spec, folder)
        names = {layer.name for layer in field.layers}
        for each in read_corner_pins(path, height, first):
            layer = group or (each.name if each.name in names else None)
            if layer is not None:
                layer_of(field, layer, f"the corner pin {each.name} of {path}")
            found += pins_of_corners(field, each, layer, str(path), radius=radius, hard=hard)
    return found


def with_pins(field: Field, pins: Sequence[Any], files: Sequence[Pin] = ()) -> Field:
    """The field with pins of a document and of files.

    Raises:
        UsageError: One is no pin, or names a layer that is not there.
    """
    return pinned(field, [*pins_from(pins), *files])


def complaints(field: Field) -> list[str]:
    """A sentence for each pin and frame that is not met."""
    return [each.sentence for each in report(field) if each.sentence is not None]
