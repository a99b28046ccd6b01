"""Which space a picture is in: the stabilised plate lies on the canvas though it moves."""

from codef_nodes.graph.commands import AddNode, Connect
from codef_nodes.graph.document import Document
from gui.core.choosing import Wish, canonical_shown
from gui.core.streams import (
    CANONICAL,
    FRAME,
    canvas_scale,
    space_of,
    still_layer,
    still_segment,
)
from gui.core.streams import varies_over_frames as varies
from gui.paint.target import canonical_target, layer_target


def test_the_stabilised_plate_is_a_canonical_picture_of_every_frame() -> None:
    document = Document()
    AddNode("LoadSequence", "Plate").run(document)
    AddNode("FitCoDeF", "Fit").run(document)
    AddNode("Stabilise", "Stable", (0.0, 0.0), {"layer": 1, "scale": 2.0}).run(document)
    AddNode("Paint", "Heal").run(document)
    AddNode("CanonicalView", "Still").run(document)
    AddNode("FieldPass", "Matte").run(document)
    for source, reader, port in (
        ("Plate", "Fit", "clip"),
        ("Plate", "Stable", "source"),
        ("Fit", "Stable", "field"),
        ("Stable", "Heal", "image"),
        ("Fit", "Still", "field"),
        ("Plate", "Matte", "source"),
        ("Fit", "Matte", "field"),
    ):
        Connect(source, reader, port).run(document)
    assert [space_of(document, name) for name in ("Stable", "Heal")] == [CANONICAL] * 2
    assert [space_of(document, name) for name in ("Plate", "Matte")] == [FRAME] * 2
    assert (still_layer(document, "Heal"), canvas_scale(document, "Heal")) == ("1", 2.0)
    assert varies(document, "Heal") and not varies(document, "Still")


def test_the_edit_of_a_long_shot_is_that_of_the_still_that_is_shown() -> None:
    document = Document()
    AddNode("LoadSequence", "Plate").run(document)
    AddNode("FitCoDeF", "Fit").run(document)
    AddNode("Propagate", "Carry").run(document)
    wires = [("Plate", "Fit", "clip"), ("Plate", "Carry", "source"), ("Fit", "Carry", "field")]
    for segment in (0, 2):
        AddNode("CanonicalView", f"Still{segment}", (0, 0), {"segment": segment}).run(document)
        AddNode("Paint", f"Paint{segment}").run(document)
        wires += [
            ("Fit", f"Still{segment}", "field"),
            (f"Still{segment}", f"Paint{segment}", "image"),
            (f"Paint{segment}", "Carry", "edit"),
        ]
    for wire in wires:
        Connect(*wire).run(document)
    shown = [canonical_shown(document, Wish(), "Carry", 0, ["all"], s) for s in (0, 1, 2, None)]
    assert [each.node for each in shown] == ["Paint0", "Fit", "Paint2", "Paint0"]
    assert [each.layer for each in shown] == [None, "0", None, None]
    assert still_segment(document, "Paint2") == 2
    target = canonical_target(document, [], "Fit", 0, 1)
    made = {command.name: command for command in target.commands if isinstance(command, AddNode)}
    assert any(command.knobs == {"segment": 1} for command in made.values())
    assert layer_target(document, [], "Carry", 0, "all", 2).node == "Paint2"
