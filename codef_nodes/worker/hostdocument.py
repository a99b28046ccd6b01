"""The document that a host works on: made for a clip, and changed in its file."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from codef_nodes.graph.commands import (
    AddNode,
    Command,
    Connect,
    Disconnect,
    RecordField,
    SetKnob,
    SetSetting,
)
from codef_nodes.graph.document import Document
from codef_nodes.graph.jsonvalue import JSON
from codef_nodes.graph.serialise import load, save
from codef_nodes.worker.hostpaths import local_path
from engine.errors import UsageError

CLIP, FIT, CARRY, RESULT = "Clip", "Fit", "Carry", "Result"


@dataclass(frozen=True)
class ShotPlan:
    """What a host says of the clip that it sends.

    Attributes:
        path: The document to write.
        source: The clip.
        clip: Knobs of LoadSequence besides the file.
        masks: Mask sequences of the groups, front to back.
        names: Names of the groups.
        fit: Knobs of FitCoDeF.
        result: Files to write; None: ``NAME_files/result/NAME.%04d.exr`` beside the document.
        working_space: The host's; None: the standard one.
    """

    path: Path
    source: Path
    clip: Mapping[str, JSON] = field(default_factory=dict)
    masks: tuple[Path, ...] = ()
    names: tuple[str, ...] = ()
    fit: Mapping[str, JSON] = field(default_factory=dict)
    result: Path | None = None
    working_space: str | None = None


def files_folder(path: Path) -> Path:
    """Where the files that a host gets lie, unless it says another place."""
    return path.with_name(f"{path.stem}_files")


def shot_document(plan: ShotPlan) -> Document:
    """Clip, fit, a still and paint for each group, and what puts them back into the frames.

    Raises:
        UsageError: A knob that there is not, or a value that it refuses.
    """
    home = plan.path.parent
    result = plan.result or files_folder(plan.path) / "result" / f"{plan.path.stem}.%04d.exr"
    document = Document()
    if plan.working_space is not None:
        SetSetting("working_space", plan.working_space).run(document)

    def add(kind: str, name: str, x: float, y: float, **knobs: JSON) -> None:
        AddNode(kind, name, (x, y), knobs).run(document)

    def wire(giver: str, reader: str, port: str) -> None:
        Connect(giver, reader, port).run(document)

    add("LoadSequence", CLIP, 0, 0, file=near(plan.source, home), **plan.clip)
    add("FitCoDeF", FIT, 0, 240, **plan.fit)
    wire(CLIP, FIT, "clip")
    if plan.masks:
        files: list[JSON] = [near(mask, home) for mask in plan.masks]
        add("MaskGroup", "Groups", 160, 120, files=files, names=list(plan.names))
        wire("Groups", FIT, "groups")
    add("Propagate", CARRY, 0, 600)
    add("WriteSequence", RESULT, 0, 720, file=near(result, home))
    wire(CLIP, CARRY, "source")
    wire(FIT, CARRY, "field")
    layers: list[JSON] = []
    for layer in range(max(len(plan.masks), 1)):
        still, paint = f"Still{layer}", f"Paint{layer}"
        add("CanonicalView", still, 160.0 * (layer + 1), 360, layer=layer)
        add("Paint", paint, 160.0 * (layer + 1), 480)
        wire(FIT, still, "field")
        wire(still, paint, "image")
        wire(paint, CARRY, "edit")
        layers.append(str(layer))
    SetKnob(CARRY, "layers", layers).run(document)
    wire(CARRY, RESULT, "image")
    return document


def take_edit(document: Document, carry: str, layer: str, file: str | None) -> None:
    """Lets a picture stand for the paint of a layer, or the paint for it again.

    Args:
        document: Is changed.
        carry: The node that carries edits.
        layer: The layer's name or number.
        file: The edited canonical image as the document names it, or None.
    """
    wired = list(document.wires(carry, "edit"))
    told = list(document.knob_value(carry, "layers"))
    layers = [str(told[n]) if n < len(told) else "" for n in range(len(wired))]
    name = f"Edit_{''.join(c if c.isalnum() else '_' for c in layer)}"
    commands: list[Command] = []
    if file is not None:
        if name not in document:
            commands.append(AddNode("LoadSequence", name, (-200, 480), {"still": True}))
        commands.append(SetKnob(name, "file", file))
    commands.append(Disconnect(carry, "edit"))
    kept = [
        (node, at)
        for node, at in zip(wired, layers, strict=True)
        if node != name and (file is None or at != layer)
    ]
    if file is not None:
        kept.append((name, layer))
    else:
        paint = f"Paint{layer}"
        if paint in document and all(at != layer for _, at in kept):
            kept.append((paint, layer))
    commands += [Connect(node, carry, "edit") for node, _ in kept]
    commands.append(SetKnob(carry, "layers", [at for _, at in kept]))
    for command in commands:
        command.run(document)


def note_fit(path: Path, node: str, record: Mapping[str, JSON] | None) -> Document:
    """Notes a finished fit in the document's file, whatever else changed in it meanwhile.

    Returns:
        The document as the file now has it.
    """
    stored = load(path)
    if node in stored:
        RecordField(node, record).run(stored)
        save(stored, path)
    return stored


def only(document: Document, kind: str, asked: str | None) -> str:
    """The node of a type that is meant.

    Raises:
        UsageError: There is none, or several and none was named.
    """
    if asked is not None:
        if document.state(asked).type != kind:
            raise UsageError(f"{asked} is no {kind}; choose another node", node=asked)
        return asked
    found = [
        name for name, state in document.nodes.items() if state.type == kind and not state.disabled
    ]
    if len(found) != 1:
        said = "none" if not found else ", ".join(found)
        raise UsageError(f"say which {kind} is meant; the document has {said}")
    return found[0]


def contents(document: Document, folder: Path) -> dict[str, Any]:
    """What a host wants to know of a document: its clips, fits and outputs."""
    clips, fits, outputs = [], [], []
    for name, state in document.nodes.items():
        if state.type == "LoadSequence":
            clips.append({"node": name, "file": _whole(document, name, folder)})
        elif state.type == "FitCoDeF":
            record = state.field
            where = None if record is None else folder / str(record.get("path"))
            fits.append({"node": name, "field": None if where is None else str(where)})
        elif state.type == "WriteSequence" and not state.disabled:
            outputs.append({"node": name, "file": _whole(document, name, folder)})
    return {"clips": clips, "fits": fits, "outputs": outputs, "notes": list(document.notes)}


def near(path: Path, folder: Path) -> str:
    """A path as documents keep it: relative to them where the drive allows it."""
    try:
        return Path(os.path.relpath(path, folder)).as_posix()
    except ValueError:
        return path.as_posix()


def said_path(values: Mapping[str, Any], name: str) -> Path:
    """A path of a request, of this machine.

    Raises:
        UsageError: It is absent or of another system.
    """
    value = values.get(name)
    if not isinstance(value, str):
        raise UsageError(f"the request needs a path as {name!r}")
    return local_path(value)


def _whole(document: Document, node: str, folder: Path) -> str:
    value = document.knob_value(node, "file")
    return os.path.normpath(folder / str(value)) if value else ""
