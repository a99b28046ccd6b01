"""Pins over a fit: the same fit with a corrected map."""

from collections.abc import Sequence
from dataclasses import replace

from engine.errors import UsageError
from engine.fields.field import Field
from engine.linked.field import LinkedField, check_segment, through
from engine.pins.deformation import PinnedDeformation
from engine.pins.pin import Pin
from engine.pins.segments import PinnedSegments
from engine.pins.solve import Absorbed, LayerPins, Pinning


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
        UsageError: A pin names a layer or segment that is not there.
    """
    if isinstance(field, LinkedField):
        return pinned_shot(field, [pin for pin in pins if pin.enabled])
    by_layer: dict[int, list[Pinning]] = {}
    for pin in pins:
        if pin.segment:
            raise UsageError(
                f"{pin.name} lies on the still of segment {pin.segment}, but one still serves all "
                "frames of this fit; place it again or remove it"
            )
        k = layer_of(field, pin.layer, pin.name)
        if pin.enabled:
            by_layer.setdefault(k, []).append(Pinning(pin, field, k))
    if not by_layer:
        return field
    layers = list(field.layers)
    for k, mine in by_layer.items():
        old = layers[k]
        warps = LayerPins(field.frames, mine)
        deformation = PinnedDeformation(old.deformation, warps, field.data)
        layers[k] = replace(old, deformation=deformation)
    return replace(field, layers=layers)


def pinned_shot(field: LinkedField, pins: Sequence[Pin]) -> Field:
    """A shot of several segments with pins, each on the still of its segment.

    Args:
        field: The shot.
        pins: The pins that count.

    Raises:
        UsageError: A pin names a segment or layer that is not there.
    """
    by_layer: dict[str, list[Pinning]] = {}
    for pin in pins:
        check_segment(field.segments, pin.segment)
        view = field.seen_from(pin.segment)
        k = layer_of(view, pin.layer, pin.name)
        by_layer.setdefault(view.layers[k].name, []).append(Pinning(pin, view, k))
    if not by_layer:
        return field
    warps = {name: LayerPins(field.frames, mine) for name, mine in by_layer.items()}
    return through(field, PinnedSegments(field.segments, warps))


def report(field: Field) -> list[Absorbed]:
    """How the pins of a field that ``pinned`` made fare, layer by layer."""
    found: list[Absorbed] = []
    if isinstance(field, LinkedField):
        warps = field.segments.warps if isinstance(field.segments, PinnedSegments) else {}
        return [each for pins in warps.values() for each in pins.report()]
    for layer in field.layers:
        deformation = layer.deformation
        if isinstance(deformation, PinnedDeformation) and isinstance(deformation.warps, LayerPins):
            found += deformation.warps.report()
    return found
