"""Undo everything, redo everything: identical documents, and a scene that shows them."""

import random

import pytest
from PySide6.QtCore import QPoint

from codef_nodes.graph.clones import alike, with_clones
from codef_nodes.graph.commands import SetKnob
from codef_nodes.graph.document import Document
from codef_nodes.graph.serialise import as_text, from_tree
from gui.graph.backdrops import BackdropItem
from gui.graph.items import DotItem
from tests.gui.graph.desk import CTRL, NONE, SHIFT, Desk

ACTIONS = 500
KINDS = ("LoadSequence", "ImageOperation", "Merge", "Paint", "FitCoDeF", "CanonicalView",
         "Propagate", "WriteSequence", "Dot", "Switch", "Viewer")  # fmt: skip
DIRECT = ("connect", "connect_backward", "connect_a", "swap", "disconnect", "extract", "disable",
          "delete", "tidy", "snap", "copy", "paste", "duplicate", "backdrop", "cut",
          "clone", "copy_clones", "declone", "stamp", "hide_wires", "view_1",
          "view_b_3")  # fmt: skip


def same_as_document(desk: Desk) -> None:
    """The scene holds exactly what the document says."""
    document, scene = desk.document, desk.scene
    assert set(scene.nodes) == set(document.nodes)
    wires = {
        (name, port, index): source
        for name, state in document.nodes.items()
        for port in state.inputs
        for index, source in enumerate(document.wires(name, port))
    }
    assert {key: wire.source for key, wire in scene.wires.items()} == wires
    for name, state in document.nodes.items():
        item = scene.nodes[name]
        assert (item.x(), item.y()) == state.position
        assert isinstance(item, BackdropItem) == (state.type == "Backdrop")
        assert isinstance(item, DotItem) == (state.type == "Dot")
        assert item.face == scene._face(name), name
    for key, source in wires.items():
        line, giver, reader = scene.wires[key].line(), scene.nodes[source], scene.nodes[key[0]]
        spot = reader.face.spot(key[1], key[2])
        assert line.p1() == giver.output() and line.p2() == reader.input(spot)
    assert len(scene.items()) == len(scene.nodes) + len(scene.wires)


def drag_somewhere(desk: Desk, chance: random.Random) -> None:
    """Presses on a node, an output or a wire, and lets go over whatever is there."""
    desk.view.frame()
    name = chance.choice(list(desk.scene.nodes))
    item = desk.scene.nodes[name]
    start = desk.node(name)
    if not isinstance(item, BackdropItem | DotItem) and item.face.gives and chance.random() < 0.5:
        start = desk.output(name)
    elif desk.scene.wires and chance.random() < 0.4:
        start = desk.wire(*chance.choice(list(desk.scene.wires)), at=chance.choice((0.3, 0.8)))
    end = desk.node(chance.choice(list(desk.scene.nodes)))
    if chance.random() < 0.3:
        end = QPoint(chance.randrange(850), chance.randrange(650))
    held = chance.choice((NONE, NONE, CTRL, SHIFT))
    desk.drag(start, end, held)
    desk.pane.search.close_search()


def set_something(desk: Desk, chance: random.Random) -> None:
    """Drags a number of a node, of its clones with it, in one step of undo."""
    name = chance.choice(list(desk.document.nodes))
    knobs = [knob for knob in desk.document.node_class(name).knobs if knob.kind == "float"]
    if knobs:
        knob = chance.choice(knobs)
        low, high = knob.minimum or 0.0, knob.maximum or 1.0
        for _ in range(3):
            desk.editor.project.do(SetKnob(name, knob.name, chance.uniform(low, high)), "drag")


def clones_agree(document: Document) -> None:
    """Whoever is a clone holds what its clones hold."""
    for name in document.nodes:
        for other in with_clones(document, name):
            assert alike(document.state(name).block(), document.state(other).block())


@pytest.mark.parametrize("seed", [1])
def test_500_random_actions_undone_and_redone_give_identical_documents(
    desk: Desk, seed: int
) -> None:
    chance = random.Random(seed)
    editor, project, document = desk.editor, desk.editor.project, desk.document
    texts = [desk.text]
    for number in range(ACTIONS):
        names = list(document.nodes)
        if names and chance.random() < 0.8:
            editor.selection.set(chance.sample(names, min(len(names), chance.choice((1, 1, 2, 3)))))
        if len(names) < 12 or (len(names) < 40 and chance.random() < 0.3):
            desk.pane.create_node(chance.choice(KINDS))
        elif chance.random() < 0.25:
            drag_somewhere(desk, chance)
        elif chance.random() < 0.15:
            set_something(desk, chance)
        else:
            action = "delete" if len(names) > 40 else chance.choice(DIRECT)
            editor.actions.run(f"graph.{action}", desk.pane)
        project.end_gesture()
        texts[len(project.history.entries) :] = [desk.text]
        if number % 25 == 0:
            same_as_document(desk)
            clones_agree(document)
            assert not any("clone" in note for note in from_tree(document.tree()).notes)
    last, seen = desk.text, [desk.text]
    while project.undo():
        seen.append(desk.text)
    assert seen[::-1] == texts and len(seen) > ACTIONS // 3
    same_as_document(desk)
    assert not desk.scene.nodes
    again = [desk.text]
    while project.redo():
        again.append(desk.text)
    assert again == texts and as_text(document) == last
    same_as_document(desk)
