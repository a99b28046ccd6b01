"""From a node to a document: which files, where the document lies, what is rendered first."""

from __future__ import annotations

import os
import re
from typing import Any

import nuke

from .host import no_undo, slashed
from .plugin import CodefError
from .reads import Clip, clip_of


def chosen_node() -> nuke.Node:
    """The one selected node.

    Raises:
        CodefError: None is selected, or several.
    """
    nodes = nuke.selectedNodes()
    if len(nodes) != 1:
        raise CodefError("select the one node to send: a Read, or any node that makes pictures")
    return nodes[0]


def script_folder() -> str | None:
    """The folder of the script, None while it was never saved."""
    name = str(nuke.root()["name"].value())
    return os.path.dirname(os.path.abspath(name)) if name else None


def document_for(node: nuke.Node) -> str | None:
    """Where the document of a node lies: beside the script; asked for while that is unsaved."""
    stem = _stem(node)
    folder = script_folder()
    if folder is not None:
        return slashed(os.path.join(folder, "codef", stem + ".codef"))
    if not nuke.GUI:
        raise CodefError("save the script first, so that there is a place for the document")
    asked = nuke.getFilename("Where shall the Codef document be?", "*.codef", stem + ".codef")
    if not asked:
        return None
    return asked if asked.endswith(".codef") else asked + ".codef"


def clip_for(node: nuke.Node, document: str) -> Clip:
    """The clip of a node; pictures that only Nuke can make are rendered to EXR, with progress."""
    return clip_of(node) or rendered(node, document)


def rendered(node: nuke.Node, document: str) -> Clip:
    """Renders a node to EXR files beside the document: the numbers that the script works with.

    Raises:
        CodefError: There is nothing to render, it failed, or the person cancelled.
    """
    root = nuke.root()
    first = max(int(node.firstFrame()), int(root.firstFrame()))
    last = min(int(node.lastFrame()), int(root.lastFrame()))
    if last <= first:
        raise CodefError(
            f"{node.name()} has no frames from {root.firstFrame()} to {root.lastFrame()}, the "
            "range of the project settings; set that range"
        )
    stem = os.path.splitext(os.path.basename(document))[0]
    folder = os.path.join(os.path.splitext(document)[0] + "_files", "plate")
    if not os.path.isdir(folder):
        os.makedirs(folder)
    file = slashed(os.path.join(folder, stem + ".%04d.exr"))
    # The Write is nobody's: it comes and goes without a step of undo.
    with no_undo():
        write = nuke.nodes.Write()
        try:
            write.setInput(0, node)
            write["file"].setValue(file)
            write["file_type"].setValue("exr")
            write["channels"].setValue("rgba")
            write["raw"].setValue(True)
            write["datatype"].setValue("32 bit float")
            nuke.execute(write, first, last)
        except RuntimeError as error:
            cancelled = "cancel" in str(error).lower()
            raise CodefError(
                f"{node.name()} could not be rendered: {error}", 5 if cancelled else 1
            ) from error
        finally:
            nuke.delete(write)
    settings: dict[str, Any] = {"frames": f"{first}-{last}", "raw": True}
    return Clip(file, first, last, settings)


def _stem(node: nuke.Node) -> str:
    """A name for the document: that of the files without their number, else the node's."""
    name = node.name()
    file = nuke.filename(node) if node.Class() == "Read" else None
    if file:
        base = os.path.splitext(os.path.basename(file))[0]
        name = re.sub(r"[._]?(%0?\d*d|#+|\d+)$", "", base) or name
    return re.sub(r"[^\w-]+", "_", name)
