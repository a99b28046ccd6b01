"""Frames of which something was said by hand: keys of drawn shapes, marks of rough masks,
pins, points to follow."""

from collections.abc import Iterable
from typing import Any

from codef_nodes.graph.document import Document

_HOLDS = {"DrawMask": "shapes", "RoughMask": "marks", "Pins": "pins", "Track": "placed"}


def key_frames(document: Document, names: Iterable[str]) -> set[int]:
    """The keyed frames of nodes; of nodes that hold no keys, none."""
    found: set[int] = set()
    for name in names:
        if name not in document:
            continue
        state = document.state(name)
        held = state.knobs.get(_HOLDS.get(state.type, ""))
        if state.type == "DrawMask" and isinstance(held, dict):
            for shape in held.values():
                found |= _frames(shape.get("keys") if isinstance(shape, dict) else None)
        elif state.type == "RoughMask":
            found |= _frames(held)
        elif state.type == "Pins" and isinstance(held, list):
            for pin in held:
                found |= _frames(pin.get("frames") if isinstance(pin, dict) else None)
        elif state.type == "Track" and isinstance(held, list):
            found |= _frames({str(point.get("frame")): 0 for point in held if point})
    return found


def neighbour(keys: Iterable[int], frame: int, way: int) -> int | None:
    """The next key after (1) or before (-1) a frame; None where there is none."""
    beyond = [key for key in keys if (key - frame) * way > 0]
    return min(beyond, key=lambda key: abs(key - frame)) if beyond else None


def _frames(table: Any) -> set[int]:
    """Keys of a table that are frame numbers."""
    found = set()
    for text in table if isinstance(table, dict) else ():
        try:
            found.add(int(text))
        except ValueError:
            continue  # the node itself says what is wrong with it
    return found
