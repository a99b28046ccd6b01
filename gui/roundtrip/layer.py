"""How a returned edit comes into the graph. No widgets."""

import os
from pathlib import Path

from codef_nodes.graph.commands import AddNode, Command, Connect, Group, InsertOnWire
from codef_nodes.graph.document import Document

TYPE = "EditedCanonical"
_BELOW = 70.0


def knob_path(path: Path, folder: Path) -> str:
    """A path as the knob holds it: relative to the document where that is possible."""
    try:
        relative = Path(os.path.relpath(path, folder))
    except ValueError:  # another drive
        return path.as_posix()
    return path.as_posix() if ".." in relative.parts[:3] else relative.as_posix()


def layers_of(document: Document, folder: Path) -> dict[str, Path]:
    """The nodes that hold returned edits, and their files."""
    found = {}
    for name, state in document.nodes.items():
        file = document.knob_value(name, "file") if state.type == TYPE else ""
        if file:
            found[name] = Path(os.path.abspath(folder / Path(str(file)).expanduser()))
    return found


def view_of(document: Document, fit: str, layer: int) -> str | None:
    """The canonical view of a layer of a fit, or None."""
    for name, state in document.nodes.items():
        if (
            state.type == "CanonicalView"
            and not state.disabled
            and document.wires(name, "field") == (fit,)
            and document.knob_value(name, "layer") == layer
        ):
            return name
    return None


def add_layer(
    document: Document, fit: str, layer: int, file: str, guess: bool
) -> tuple[Command, str]:
    """The command that puts a returned edit over the canonical image, and the new node's name.

    It goes right above the canonical view, below whatever the artist paints over it, so that all
    that read the view now read the edit. Where there is no view yet, one is made; where nothing
    reads it, the edit goes to a Propagate of that fit that has none.

    Args:
        document: The document.
        fit: The node of the fit.
        layer: Number of the layer.
        file: What the knob is to say.
        guess: The artist has accepted a guessed place.
    """
    commands: list[Command] = []
    view = view_of(document, fit, layer)
    readers = [] if view is None else document.readers(view)
    if view is None:
        x, y = _position(document, fit)
        view = document.free_name("CanonicalView")
        commands.append(
            AddNode("CanonicalView", view, (x, y + _BELOW), {"layer": layer} if layer else {})
        )
        commands.append(Connect(fit, view, "field"))
        place = (x, y + 2 * _BELOW)
    else:
        x, y = _position(document, view)
        place = (x, y + _BELOW)
    name = document.free_name(TYPE)
    knobs: dict[str, object] = {"file": file}
    if guess:
        knobs["guess"] = True
    commands.append(AddNode(TYPE, name, place, knobs))
    commands.append(Connect(view, name, "image"))
    commands.append(Connect(fit, name, "fit"))
    for reader, port, index in readers:
        commands.append(InsertOnWire(name, reader, port, index))
    if not readers:
        waiting = _waiting(document, fit)
        if waiting is not None:
            commands.append(Connect(name, waiting, "edit"))
    return Group(commands, f"Import {Path(file).name}"), name


def _waiting(document: Document, fit: str) -> str | None:
    for name, state in document.nodes.items():
        if (
            state.type == "Propagate"
            and document.wires(name, "field") == (fit,)
            and not document.wires(name, "edit")
        ):
            return name
    return None


def _position(document: Document, name: str) -> tuple[float, float]:
    x, y = document.state(name).position
    return float(x), float(y)
