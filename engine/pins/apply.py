"""Pins over a fit: the same fit with a corrected map."""

from collections.abc import Sequence
from dataclasses import replace

from engine.errors import UsageError
from engine.fields.field import Field
from engine.pins.deformation import PinnedDeformation
from engine.pins.pin import Pin
from engine.pins.solve import Absorbed, LayerPins


def layer_of(field: Field, name: str | None, what: str) -> int:
    """The layer that a name means; None means the front one.

    Args:
        field: The field.
        name: Name of a layer.
        what: What is told to belong to it, for the message.

    Raises:
        UsageError: There is no such layer.
    """
    if name is None:
        return 0
    names = [layer.name for layer in field.layers]
    if name not in names:
        raise UsageError(
            f"{what} belongs to the layer {name!r}, but the fit has {', '.join(names)}; choose one "
            "of these"
        )
    return names.index(name)


def pinned(field: Field, pins: Sequence[Pin]) -> Field:
    """The field with pins; nothing is fitted, and each frame is corrected when it is asked for.

    Masks, stills and light stay as they are. Pins over pins add up: a pinned field may be pinned.

    Args:
        field: The fit.
        pins: The pins.

    Raises:
        UsageError: A pin names a layer that is not there.
    """
    by_layer: dict[int, list[Pin]] = {}
    for pin in pins:
        k = layer_of(field, pin.layer, pin.name)
        if pin.enabled:
            by_layer.setdefault(k, []).append(pin)
    if not by_layer:
        return field
    layers = list(field.layers)
    for k, mine in by_layer.items():
        old = layers[k]
        layers[k] = replace(
            old,
            deformation=PinnedDeformation(old.deformation, LayerPins(field, k, mine), field.data),
        )
    return replace(field, layers=layers)


def report(field: Field) -> list[Absorbed]:
    """How the pins of a field that ``pinned`` made fare, layer by layer."""
    found: list[Absorbed] = []
    for layer in field.layers:
        deformation = layer.deformation
        if isinstance(deformation, PinnedDeformation) and isinstance(deformation.warps, LayerPins):
            found += deformation.warps.report()
    return found
