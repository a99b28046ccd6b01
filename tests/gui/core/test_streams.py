"""Which space a picture is in: the stabilised plate lies on the canvas though it moves."""

from codef_nodes.graph.commands import AddNode, Connect
from codef_nodes.graph.document import Document
from gui.core.streams import CANONICAL, FRAME, canvas_scale, space_of, still_layer
from gui.core.streams import varies_over_frames as varies


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
