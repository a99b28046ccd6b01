"""What mask gestures make of a document: commands, and nothing of Qt."""

from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from codef_nodes.graph.commands import AddNode, Command, Connect, Group, SetKnob
from codef_nodes.graph.document import Document
from codef_nodes.graph.types import gives
from gui.core.places import ASIDE, BELOW, free_place
from gui.core.streams import fit_of, main_path

ROUGH, DRAWN = "RoughMask", "DrawMask"
GROUPS, FIT = "MaskGroup", "FitCoDeF"
MOTION = "MotionMask"
MASKS = (ROUGH, DRAWN, MOTION, "IdMatte", GROUPS)
KNOBS = {ROUGH: "marks", DRAWN: "shapes"}

Place = tuple[float, float]


@dataclass(frozen=True)
class Home:
    """Where the gestures of a viewer go.

    Attributes:
        node: The mask node; it may have to be made first.
        type: ``RoughMask`` or ``DrawMask``.
        commands: Make it, where it is not there.
    """

    node: str
    type: str
    commands: tuple[Command, ...] = ()


def home_of(
    document: Document, shown: str | None, selected: Sequence[str], wanted: str
) -> Home | None:
    """The node that takes a gesture; None where the viewer shows no picture.

    A selected mask node of the kind, else one that the picture comes through, else one beside it,
    else a new one that reads what is shown.

    Args:
        document: The document.
        shown: The node that the viewer shows.
        selected: The selected nodes, the last click last.
        wanted: ``RoughMask`` or ``DrawMask``.
    """
    for name in reversed(selected):
        if name in document and document.state(name).type == wanted:
            return Home(name, wanted)
    if shown is None or shown not in document:
        return None
    for name in main_path(document, shown):
        if document.state(name).type == wanted:
            return Home(name, wanted)
    source = shown
    for name in main_path(document, shown):
        if document.state(name).type not in (*KNOBS, "Viewer", "Dot"):
            source = name
            break
    if document.node_class(source).output != "image":
        return None
    for reader, _, _ in document.readers(source):
        if document.state(reader).type == wanted:
            return Home(reader, wanted)
    name = document.free_name(wanted)
    make = (AddNode(wanted, name, free_place(document, source)), Connect(source, name, "source"))
    return Home(name, wanted, make)


def grouping(document: Document, mask: str) -> tuple[Command | None, str, str] | None:
    """Makes a mask a group of the fit that reads its clip.

    Args:
        document: The document.
        mask: The mask node.

    Returns:
        The command (None: it is one already), the MaskGroup and the fit; None without a fit.
    """
    clips = document.wires(mask, "source")
    fit = next((f for clip in clips for f in _fits_below(document, clip)), None)
    if fit is None:
        return None
    groups = groups_of(document, fit)
    if groups is not None:
        there = mask in document.wires(groups, "masks")
        command = None if there else Connect(mask, groups, "masks")
        return command, groups, fit
    name, make = _with_groups(document, mask, fit, free_place(document, mask))
    return Group(make, f"Group {mask}"), name, fit


def fit_below(document: Document, shown: str | None, mask: str) -> str | None:
    """What a worker is asked for the fit that a mask can follow; None where there is no fit.

    What the viewer shows where that belongs to a fit, else the nearest fit of the mask's clip.
    """
    if shown is not None and shown in document and fit_of(document, shown) is not None:
        return shown
    clips = document.wires(mask, "source") if mask in document else ()
    return next((fit for clip in clips for fit in _fits_below(document, clip)), None)


def grouping_of_motion(document: Document, fit: str) -> tuple[Command, str] | None:
    """Makes what moves apart from the camera a group of a fit; what its groups hold stays theirs.

    Args:
        document: The document.
        fit: The fit.

    Returns:
        The command and the MotionMask that it makes; None where the fit reads no clip or its groups
        hold one already.
    """
    clip, groups = document.wires(fit, "clip"), groups_of(document, fit)
    masks = () if groups is None else document.wires(groups, "masks")
    if not clip or any(document.state(each).type == MOTION for each in masks):
        return None
    mask, place = document.free_name(MOTION), free_place(document, clip[0])
    make: list[Command] = [
        AddNode(MOTION, mask, place),
        Connect(clip[0], mask, "source"),
        *(Connect(each, mask, "known") for each in masks),
    ]
    files = [] if groups is None else document.knob_value(groups, "files")
    for number, file in enumerate(files, 1):
        name, beside = f"{mask}_known{number}", (place[0] + number * ASIDE, place[1] - BELOW)
        make.append(AddNode("LoadSequence", name, beside, {"file": file, "raw": True}))
        make.append(Connect(name, mask, "known"))
    if groups is not None:
        make.append(Connect(mask, groups, "masks"))
    else:
        make += _with_groups(document, mask, fit, (place[0], place[1] + BELOW))[1]
    return Group(make, "Group what moves"), mask


def groups_of(document: Document, fit: str) -> str | None:
    """The MaskGroup of a fit."""
    wired = document.wires(fit, "groups")
    return wired[0] if wired and document.state(wired[0]).type == GROUPS else None


def _with_groups(
    document: Document, mask: str, fit: str, place: Place
) -> tuple[str, list[Command]]:
    """A new MaskGroup of one mask: its name, and what makes it."""
    name = document.free_name(GROUPS)
    make = [
        AddNode(GROUPS, name, place),
        Connect(mask, name, "masks"),
        Connect(name, fit, "groups"),
    ]
    return name, [*make]


def _fits_below(document: Document, clip: str) -> list[str]:
    """Fits that read a clip, through whatever is in between, nearest first."""
    waiting, seen, found = [clip], {clip}, []
    while waiting:
        for reader, port, _ in document.readers(waiting.pop(0)):
            if reader in seen:
                continue
            seen.add(reader)
            if document.state(reader).type == FIT and port == "clip":
                found.append(reader)
            elif gives(document, reader) == "image":
                waiting.append(reader)
    return found


def mask_source(
    document: Document,
    shown: str | None,
    fit: str | None,
    selected: Sequence[str],
    tool: str | None,
) -> str | None:
    """The node whose masks belong to what a viewer shows; None where there are none.

    That of the tool in hand, else a selected mask, else the groups of the fit, else those of a mask
    beside what is shown.

    Args:
        document: The document.
        shown: The node that the viewer shows.
        fit: The fit that it belongs to.
        selected: The selected nodes.
        tool: The node that the mask tool draws for; it may not be there yet.
    """
    if tool is not None and tool in document:
        return tool
    for name in reversed(selected):
        if name in document and document.state(name).type in MASKS:
            return name
    if fit is not None and fit in document and document.node_class(fit).port("groups"):
        wired = document.wires(fit, "groups")
        if wired:
            return wired[0]
    for name in main_path(document, shown) if shown is not None and shown in document else ():
        if document.state(name).type in MASKS:
            return name
        beside = [r for r, _, _ in document.readers(name) if document.state(r).type in MASKS]
        if beside:
            return next((r for b in beside for r in _groups_of(document, b)), beside[0])
    return None


def _groups_of(document: Document, mask: str) -> list[str]:
    """MaskGroups that a mask is wired to."""
    return [r for r, _, _ in document.readers(mask) if document.state(r).type == GROUPS]


def value_of(document: Document, home: Home) -> dict[str, Any]:
    """A copy of the marks or shapes of a node."""
    if home.node not in document:
        return {}
    stored = document.state(home.node).knobs.get(KNOBS[home.type], {})
    return deepcopy(dict(stored)) if isinstance(stored, Mapping) else {}


def setting(home: Home, value: Mapping[str, Any], name: str) -> Command:
    """Sets the marks or shapes of a home, making it first where it is not there.

    Args:
        home: Where.
        value: All of its marks or shapes.
        name: What undo calls it; empty for a step of a drag, which undo takes together.
    """
    command = SetKnob(home.node, KNOBS[home.type], dict(value))
    if not name and not home.commands:
        return command
    return Group([*home.commands, command], name or f"Draw {home.node}")


def starts(document: Document, home: Home) -> bool:
    """Whether nothing at all is said yet, so that a drag is a rectangle."""
    if home.node not in document:
        return True
    knobs = document.state(home.node).knobs
    return not (
        knobs.get("marks") or knobs.get("mask") or str(knobs.get("rectangle") or "").strip()
    )


def with_rectangle(
    marks: Mapping[str, Any], frame: int, start: Place, end: Place
) -> dict[str, Any]:
    """Marks with a rectangle in a frame instead of what it had."""
    box = [min(start[0], end[0]), min(start[1], end[1]), max(start[0], end[0])]
    box.append(max(start[1], end[1]))
    said = {**dict(marks.get(str(frame), {})), "rectangle": [round(v, 2) for v in box]}
    return {**marks, str(frame): said}


def with_scribble(
    marks: Mapping[str, Any], frame: int, points: Sequence[Place], inside: bool, radius: float
) -> dict[str, Any]:
    """Marks with another scribble in a frame."""
    said = dict(marks.get(str(frame), {}))
    line = {
        "points": [[round(x, 2), round(y, 2)] for x, y in points],
        "inside": inside,
        "radius": round(radius, 2),
    }
    said["scribbles"] = [*said.get("scribbles", []), line]
    return {**marks, str(frame): said}


def without_frame(marks: Mapping[str, Any], frame: int) -> dict[str, Any]:
    """Marks without those of a frame."""
    return {key: said for key, said in marks.items() if key != str(frame)}


def with_shape(
    shapes: Mapping[str, Any], frame: int, points: Sequence[Sequence[float]]
) -> tuple[dict[str, Any], str]:
    """Shapes with a new one, and its name."""
    number = next(n for n in range(1, len(shapes) + 2) if f"shape {n}" not in shapes)
    name = f"shape {number}"
    key = {"points": [[round(v, 2) for v in point] for point in points]}
    return {**shapes, name: {"feather": 0.0, "keys": {str(frame): key}}}, name


def with_key(
    shapes: Mapping[str, Any], name: str, frame: int, points: Sequence[Sequence[float]]
) -> dict[str, Any]:
    """Shapes with a keyframe of one of them."""
    shape = dict(shapes[name])
    key = {**dict(shape["keys"].get(str(frame), {}))}
    key["points"] = [[round(v, 2) for v in point] for point in points]
    shape["keys"] = {**shape["keys"], str(frame): key}
    return {**shapes, name: shape}


def rounded_keys(keys: Mapping[str, Any]) -> dict[str, Any]:
    """Keys of a shape as documents hold them: hundredths of a pixel."""
    return {
        frame: {**key, "points": [[round(v, 2) for v in point] for point in key["points"]]}
        for frame, key in keys.items()
    }


def without_key(shapes: Mapping[str, Any], name: str, frame: int) -> dict[str, Any] | None:
    """Shapes without the key of one of them in a frame; None where it has none or no other."""
    shape = dict(shapes[name])
    keys = {key: said for key, said in shape["keys"].items() if key != str(frame)}
    if not keys or len(keys) == len(shape["keys"]):
        return None
    return {**shapes, name: {**shape, "keys": keys}}
