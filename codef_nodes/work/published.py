"""The published data layout as a graph: what ``codef import-sequence`` does."""

import os
from pathlib import Path
from typing import Any

from engine.errors import UsageError


def import_sequence(folder: str, output: str, *, config: str | None = None) -> dict[str, Any]:
    """Writes a document that loads, fits, edits and writes a published clip.

    Args:
        folder: ``all_sequences/NAME``.
        output: The document.
        config: A published ``base.yaml``, or None.

    Returns:
        ``{"document", "clip", "groups", "flow", "knobs", "unknown", "ignored", "notes"}``.

    Raises:
        InputError: No such folder, or it is no published clip.
        DocumentError: The configuration is none.
        UsageError: The document's name does not end in ``.codef``.
    """
    from codef_nodes.graph.commands import AddNode, Connect
    from codef_nodes.graph.document import Document
    from codef_nodes.graph.serialise import save
    from codef_nodes.work.source import remembered_clip
    from engine.io.atomic import make_folder
    from engine.publishedconfig import map_config
    from engine.publishedlayout import MASK_THRESHOLD, read_config, read_layout

    target = Path(output)
    if target.suffix.lower() != ".codef":
        raise UsageError(f"{target}: a document's name ends in .codef", file=target)
    layout = read_layout(folder)
    clip = remembered_clip(str(layout.frames))
    knobs: dict[str, Any] = {}
    unknown: list[str] = []
    ignored: list[tuple[str, str]] = []
    notes = list(layout.notes)
    if config is not None:
        options = read_config(config)
        knobs, unknown, ignored = map_config(options)
        index = knobs.pop("reference_index", None)
        if index is not None:
            knobs["reference"] = clip.frames[min(int(index), len(clip.frames) - 1)]
        notes += [f"{config}: {option} has no effect here: {why}" for option, why in ignored]

    def near(path: Path) -> str:
        return _relative(path, target.absolute().parent)

    document = Document()
    name = layout.name

    def add(kind: str, node: str, x: float, y: float, **values: Any) -> None:
        AddNode(kind, node, (x, y), values).run(document)

    def wire(giver: str, reader: str, port: str) -> None:
        Connect(giver, reader, port).run(document)

    add("LoadSequence", "Clip", 0, 0, file=near(layout.frames))
    add("FitCoDeF", "Fit", 0, 240, **knobs)
    wire("Clip", "Fit", "clip")
    if layout.flow is not None:
        files = {"forward": near(layout.flow), "numbering": "index", "method": "file"}
        if layout.confidence is not None:
            files["confidence"] = near(layout.confidence)
        add("OpticalFlow", "Flow", -160, 120, **files)
        wire("Clip", "Flow", "image")
        wire("Flow", "Fit", "flow")
    if layout.masks:
        add(
            "MaskGroup",
            "Groups",
            160,
            120,
            files=[near(mask) for mask in layout.masks],
            threshold=MASK_THRESHOLD / 255,
            channel="luminance",
        )
        wire("Groups", "Fit", "groups")
    add("Propagate", "Propagate", 0, 480)
    add("WriteSequence", "Write", 0, 600, file=f"{name}_result/{name}.%04d.png")
    wire("Clip", "Propagate", "source")
    wire("Fit", "Propagate", "field")
    for layer in range(max(len(layout.masks), 1)):
        view = f"Canonical{layer + 1}"
        add("CanonicalView", view, 160.0 * (layer + 1), 360, layer=layer)
        wire("Fit", view, "field")
        wire(view, "Propagate", "edit")
    wire("Propagate", "Write", "image")
    for edited in layout.edited:
        notes.append(
            f"{edited} holds edited canonical pictures of the published code; fit here, then paint "
            "on the new canonical image"
        )
    make_folder(target.absolute().parent)
    save(document, target)
    return {
        "document": output,
        "clip": str(layout.frames),
        "frames": len(clip.frames),
        "groups": [str(mask) for mask in layout.masks],
        "flow": None if layout.flow is None else str(layout.flow),
        "knobs": knobs,
        "unknown": unknown,
        "ignored": [option for option, _ in ignored],
        "notes": notes,
    }


def _relative(path: Path, folder: Path) -> str:
    """A path as documents keep it: relative to them where the drive allows it."""
    try:
        return Path(os.path.relpath(path.absolute(), folder)).as_posix()
    except ValueError:
        return path.absolute().as_posix()
