"""The entries of the menu."""

from __future__ import annotations

import os
from typing import Any

import nuke

from . import link as links
from .bake import Painted
from .host import log, one_undo, shown
from .link import Link, link_to
from .plugin import CodefError, open_window
from .sending import chosen_node, clip_for, document_for

_BUTTONS = (
    ("fit", "Fit"),
    ("stop", "Stop and keep"),
    ("cancel", "Cancel"),
    ("open_in_program", "Open in Codef Nodes"),
    ("update", "Update"),
    ("bake", "Bake to nodes"),
)


@shown
def send() -> None:
    """Sends the selected node: a document is made, and fitted or opened in the program."""
    node = chosen_node()
    document = document_for(node)
    if document is None:
        return
    if os.path.exists(document):
        if not nuke.GUI or nuke.ask(f"{document}\nis there already. Link to it as it is?"):
            found = link_to(document)
            _control(found, node)
            found.open(found.update)
        return
    wishes = _wishes()
    if wishes is None:
        return
    clip = clip_for(node, document)
    made = link_to(document)
    _control(made, node)
    then = made.fit if wishes["then"] == "fit" else (lambda: open_window(made.document))
    made.create(clip, wishes["masks"], wishes["fit"], then)


@shown
def fit() -> None:
    """Fits the shot again."""
    _link().fit()


@shown
def stop() -> None:
    """Ends the fit early and keeps what it has."""
    _link().stop()


@shown
def cancel() -> None:
    """Ends what is under way."""
    _link().cancel()


@shown
def open_in_program() -> None:
    """Opens the document in the program's own window; what is saved there comes back by itself."""
    found = _link()
    open_window(found.document)
    if not found.worker.alive:
        found.open(lambda: None)


@shown
def update() -> None:
    """Reads everything anew."""
    _link().update()


@shown
def bake() -> None:
    """Builds nodes that composite the edit without the program."""
    found = _link()
    found.bake(_plate(found), _painted(found))


@shown
def close_all() -> None:
    """Ends the workers: the script is being closed."""
    links.close_links()


def _wishes() -> dict[str, Any] | None:
    """What the person wants of a new document; None: nothing after all."""
    if not nuke.GUI:
        return {"masks": [], "fit": {}, "then": "fit"}
    masks, seconds, then = "mask sequences, front to back, with ;", "seconds for the fit", "then"
    panel = nuke.Panel("Send to Codef Nodes")
    panel.addFilenameSearch(masks, "")
    panel.addSingleLineInput(seconds, "60")
    panel.addEnumerationPulldown(then, "fit open")
    if not panel.show():
        return None
    try:
        budget = float(panel.value(seconds))
    except ValueError:
        raise CodefError("the seconds for the fit are no number") from None
    files = [name.strip() for name in str(panel.value(masks) or "").split(";")]
    return {
        "masks": [name for name in files if name],
        "fit": {"seconds": budget},
        "then": str(panel.value(then)),
    }


def _link() -> Link:
    """The link that is meant: of the node with the button, of what is selected, or the only one.

    Raises:
        CodefError: It is not clear which.
    """
    for node in _near():
        document = links.document_of(node)
        if document is not None:
            return link_to(document)
    every = {links.document_of(node) for node in nuke.allNodes("NoOp")}
    documents = [each for each in every if each is not None]
    if len(documents) == 1:
        return link_to(documents[0])
    if not documents:
        raise CodefError("send a node to Codef Nodes first")
    raise CodefError("this script has several shots of Codef Nodes; select a node of the one")


def _near() -> list[nuke.Node]:
    try:
        this = [nuke.thisNode()]
    except ValueError:  # no node's callback is running
        this = []
    return [node for node in this if node is not None] + list(nuke.selectedNodes())


def _plate(found: Link) -> nuke.Node:
    """The node that was sent, or what is selected in place of it.

    Raises:
        CodefError: There is neither.
    """
    control = links.find_node(found.document, "shot")
    name = "" if control is None else str(control["codef_plate"].value())
    node = nuke.toNode(name) if name else None
    if node is not None:
        return node
    for chosen in nuke.selectedNodes():
        if links.document_of(chosen) is None:
            return chosen
    raise CodefError(
        "the node that was sent is not there any more; select the plate and bake again"
    )


def _painted(found: Link) -> dict[int, Painted]:
    """Selected nodes that paint on a canonical image that we showed, by layer."""
    painted: dict[int, Painted] = {}
    for node in nuke.selectedNodes():
        above: nuke.Node | None = node
        while above is not None and links.document_of(above) is None:
            above = above.input(0)
        if above is None or above.name() == node.name():
            continue
        kind, _, layer = links.key_of(above).partition(":")
        if kind == "canonical" and links.document_of(above) == found.document:
            painted[int(layer)] = Painted(node)
    return painted


def _control(found: Link, plate: nuke.Node) -> nuke.Node:
    """The node that stands for the document in the script."""
    known = links.find_node(found.document, "shot")
    if known is not None:
        known["codef_plate"].setValue(plate.fullName())
        return known
    with one_undo("Send to Codef Nodes"):
        node = nuke.nodes.NoOp()
        stem = os.path.splitext(os.path.basename(found.document))[0]
        node.setName("Codef_" + stem)
        node["tile_color"].setValue(0x7F5F3FFF)
        node.addKnob(nuke.Tab_Knob("codef", "Codef Nodes"))
        links.mark(node, found.document, "shot")
        for name, label in (("codef_plate", "plate"), ("codef_status", "status")):
            node.addKnob(nuke.String_Knob(name, label))
        node["codef_plate"].setValue(plate.fullName())
        for name, label in _BUTTONS:
            command = f"import {__name__}; {__name__}.{name}()"
            node.addKnob(nuke.PyScript_Knob("codef_" + name, label, command))
        node.setXYpos(int(plate.xpos()) + 140, int(plate.ypos()))
    log(f"linked {plate.name()} to {found.document}")
    return node
