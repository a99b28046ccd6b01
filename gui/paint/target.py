"""Which Paint node a stroke goes to, and making one where there is none. Qt-free."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from codef_nodes.graph.commands import AddNode, Command, Connect, InsertOnWire
from codef_nodes.graph.document import Document
from engine.errors import UsageError
from gui.core.streams import (
    CANONICAL,
    CARRY,
    FRAME,
    PAINT,
    STILL,
    canvas_scale,
    edits_of,
    fit_of,
    main_path,
    space_of,
    still_segment,
)
from gui.graph.metrics import STEP_X, STEP_Y

__all__ = [
    "CANONICAL",
    "FRAME",
    "PAINT",
    "Target",
    "canonical_target",
    "canvas_scale",
    "frame_target",
]


@dataclass
class Target:
    """Where a stroke goes.

    Attributes:
        node: The Paint node.
        commands: What makes it, empty when it is there.
        note: One sentence for the status line, about what was made or is missing; else empty.
    """

    node: str
    commands: list[Command] = field(default_factory=list)
    note: str = ""


def is_paint(document: Document, node: str, space: str) -> bool:
    """Whether a node is a Paint whose pixels belong to a space."""
    return (
        node in document
        and document.state(node).type == PAINT
        and space_of(document, node) == space
    )


def _path(document: Document, node: str) -> list[str]:
    """A canonical node and what its picture comes from down to the still, nearest first."""
    path = []
    for name in main_path(document, node):
        path.append(name)
        if document.state(name).type == STILL:
            break
    return path


def _carriers(document: Document, fit: str | None = None) -> list[str]:
    """The Propagate nodes, of one fit if it is given."""
    return [
        name
        for name, state in document.nodes.items()
        if state.type == CARRY and (fit is None or document.wires(name, "field") == (fit,))
    ]


def canonical_target(
    document: Document,
    selected: Sequence[str] = (),
    shown: str | None = None,
    layer: int = 0,
    segment: int = 0,
) -> Target:
    """The Paint node that a canonical stroke goes to.

    The selected one; else the last one on the path of what the canonical viewer shows; else the
    only one of the document. Where there is none it is made, between the canonical and the
    Propagate's edit input.

    Args:
        document: The document.
        selected: Names of the selected nodes, the one chosen last at the end.
        shown: What the canonical viewer shows: a picture, or the fit itself.
        layer: Number of the layer that it shows of a fit.
        segment: Number of the segment of a long shot whose still it shows of a fit.

    Raises:
        UsageError: There is no canonical to paint on.
    """
    for name in reversed(selected):
        if is_paint(document, name, CANONICAL):
            return _there(document, name)
    if shown is not None and shown in document and space_of(document, shown) == CANONICAL:
        if document.node_class(shown).output == "field":
            return _begun(document, shown, layer, segment)
        own = _path(document, shown)
        edits = [wire for carrier in _carriers(document) for _, wire in edits_of(document, carrier)]
        paths = [_path(document, wire) for wire in edits]
        # What the viewer shows, then what comes after it on the way to the frames.
        whole = next((path for path in paths if shown in path), own)
        for name in [*own, *[name for name in reversed(whole) if name not in own]]:
            if is_paint(document, name, CANONICAL):
                return _there(document, name)
        return _inserted(document, whole[0])
    painted = [name for name in document.nodes if is_paint(document, name, CANONICAL)]
    if len(painted) == 1:
        return _there(document, painted[0])
    if painted:
        raise UsageError(
            f"there are {len(painted)} Paint nodes on canonicals ({', '.join(painted[:4])}); "
            "select the one to paint on"
        )
    fits = [name for name in document.nodes if document.node_class(name).output == "field"]
    if len(fits) != 1:
        raise UsageError(
            "there is no canonical image to paint on; show one in the canonical viewer, or add a "
            "FitCoDeF to the clip"
        )
    return _begun(document, fits[0], layer, segment)


def layer_target(
    document: Document,
    selected: Sequence[str],
    carrier: str,
    layer: int,
    name: str,
    segment: int | None = None,
) -> Target:
    """The Paint node of one layer of what a Propagate carries, or how to make one.

    Args:
        document: The document.
        selected: Names of the selected nodes.
        carrier: The Propagate.
        layer: Number of the layer.
        name: Its name.
        segment: Of a long shot the segment whose still it is; None: one serves all frames.
    """
    for said, wire in edits_of(document, carrier):
        if said not in (str(layer), name) or segment not in (None, still_segment(document, wire)):
            continue
        path = _path(document, wire)
        paints = [each for each in path if is_paint(document, each, CANONICAL)]
        chosen = [each for each in reversed(selected) if each in paints]
        if paints:
            return Target((chosen or paints)[0])
        return _inserted(document, path[0])
    return _begun(document, document.wires(carrier, "field")[0], layer, segment or 0)


def frame_target(document: Document, selected: Sequence[str], shown: str | None) -> Target:
    """The Paint node for a stroke that stays on frames: on the path of the frame viewer.

    Raises:
        UsageError: The viewer shows nothing.
    """
    if shown is None or shown not in document:
        raise UsageError("the frame viewer shows no node; select one and press 1, then paint")
    own = list(main_path(document, shown))
    carry = [place for place, name in enumerate(own) if document.state(name).type == CARRY]
    for name in reversed(selected):
        if name in own and is_paint(document, name, FRAME):
            return Target(name)
    for name in own[: carry[0]] if carry else own:
        if is_paint(document, name, FRAME):
            return Target(name)
    base = shown
    name = document.free_name(PAINT)
    commands: list[Command] = [AddNode(PAINT, name, _below(document, base))]
    commands += _taken_over(document, base, name)
    return Target(name, commands, f"Made {name} after {base} for strokes that stay on frames.")


def _there(document: Document, name: str) -> Target:
    """A Paint node that is there; where no frame shows its strokes, it says so."""
    carried = any(name in document.upstream(carrier) for carrier in _carriers(document))
    note = "" if carried else f"No frame shows {name} yet: select it, press Tab, make a Propagate."
    return Target(name, note=note)


def give_field(document: Document, target: Target, fit: str | None) -> None:
    """A reveal needs the fit that carries other frames here: wires it where nothing is wired."""
    there = target.node in document
    if fit is None or (there and document.wires(target.node, "field")):
        return
    target.commands.append(Connect(fit, target.node, "field"))
    target.note = target.note or f"Wired {fit} to {target.node}: other frames can be revealed."


def _below(document: Document, node: str) -> tuple[float, float]:
    x, y = document.state(node).position
    return x, y + 60.0


def _taken_over(document: Document, base: str, name: str) -> list[Command]:
    """Wires a new node after another one: who read that reads the new one."""
    carried = any(document.state(each).type == CARRY for each in main_path(document, base))
    readers = document.readers(base) if carried else []
    if not readers:
        # A plate has readers that must not see paint: its fit would be stale.
        return [Connect(base, name, "image")]
    commands: list[Command] = []
    for reader, port, index in readers:
        commands.append(InsertOnWire(name, reader, port, index))
    return commands


def _inserted(document: Document, base: str) -> Target:
    """A new Paint node after the end of a canonical path, before the Propagate that reads it."""
    name = document.free_name(PAINT)
    commands: list[Command] = [AddNode(PAINT, name, _below(document, base))]
    wires = [
        (reader, port, index)
        for reader, port, index in document.readers(base)
        if document.state(reader).type == CARRY and port == "edit"
    ]
    if wires:
        commands += [InsertOnWire(name, *wire) for wire in wires]
        return Target(name, commands, f"Made {name} between {base} and {wires[0][0]}.")
    commands.append(Connect(base, name, "image"))
    return _joined(document, Target(name, commands), base)


def _begun(document: Document, fit: str, layer: int, segment: int) -> Target:
    """A still of a fit's layer and a Paint node after it, beside the wire to the Propagate."""
    still, name = document.free_name(STILL), document.free_name(PAINT)
    x, y = document.state(fit).position
    x += STEP_X
    while any(_near(state.position, (x, y + STEP_Y)) for state in document.nodes.values()):
        x += STEP_X
    said = {"layer": layer, "segment": segment}
    knobs = {knob: value for knob, value in said.items() if value}
    commands: list[Command] = [
        AddNode(STILL, still, (x, y + STEP_Y), knobs),
        Connect(fit, still, "field"),
        AddNode(PAINT, name, (x, y + 2 * STEP_Y)),
        Connect(still, name, "image"),
    ]
    return _joined(document, Target(name, commands), fit, still)


def _near(one: tuple[float, float], other: tuple[float, float]) -> bool:
    return abs(one[0] - other[0]) < STEP_X and abs(one[1] - other[1]) < STEP_Y


def _joined(document: Document, target: Target, base: str, still: str = "") -> Target:
    """Wires a new Paint node to the Propagate of its fit, and says what was made."""
    made = f"{still} and {target.node}" if still else target.node
    fit = fit_of(document, base)
    carriers = _carriers(document, fit) if fit is not None else []
    if carriers:
        target.commands.append(Connect(target.node, carriers[0], "edit"))
        target.note = f"Made {made} between {base} and {carriers[0]}."
        return target
    last = target.node
    if fit is not None:
        carrier = document.free_name(CARRY)
        place = document.state(fit).position[0], _end(target)[1] + STEP_Y
        target.commands += [
            AddNode(CARRY, carrier, place),
            Connect(fit, carrier, "field"),
            Connect(last, carrier, "edit"),
        ]
        target.note = f"Made {made} after {base}, and {carrier}, which carries it into the frames."
    else:
        target.note = f"Made {made} after {base}; wire it to a Propagate to see it in the frames."
    return target


def _end(target: Target) -> tuple[float, float]:
    """Where the Paint node of a target will stand."""
    return next(
        command.position
        for command in target.commands
        if isinstance(command, AddNode) and command.name == target.node
    )
