"""Where pins go in a graph, and what gestures make of them."""

import pytest

from codef_nodes.graph.commands import AddNode, Connect, Disconnect, Group
from engine.errors import UsageError
from gui.core.editor import Editor
from gui.core.streams import plate_of
from gui.pins.edits import (
    home_of,
    new_pin,
    pins_of,
    reaching,
    setting,
    with_key,
    without_key,
)
from tests.gui.paint.graphs import shot


def test_the_first_pin_makes_its_node_behind_the_fit_in_one_step(editor: Editor) -> None:
    project = editor.project
    shot(project, paint=1)
    document = project.document
    home = home_of(document, "Carry")
    assert home is not None and (home.node, home.fit) == ("Pins1", "Fit")
    pin = new_pin([], "all", (10.0, 20.0), 3, (11.0, 21.0))
    assert project.do(setting(home, [pin]))
    assert document.wires("Pins1", "field") == ("Fit",)
    assert document.wires("Carry", "field") == document.wires("Still", "field") == ("Pins1",)
    assert pins_of(document, "Pins1") == [pin]
    assert project.history.undo_title == "Pin Fit"
    places = [state.position for state in document.nodes.values()]
    here = document.state("Pins1").position
    assert sum(abs(x - here[0]) < 100 and abs(y - here[1]) < 40 for x, y in places) == 1
    project.undo()
    assert "Pins1" not in document and document.wires("Carry", "field") == ("Fit",)


def test_pins_go_to_the_node_that_the_picture_comes_through(editor: Editor) -> None:
    project = editor.project
    shot(project)
    project.do(
        Group(
            [
                AddNode("Pins", "Mine"),
                Connect("Fit", "Mine", "field"),
                Connect("Mine", "Carry", "field"),
            ]
        )
    )
    for shown in ("Carry", "Still"):
        home = home_of(project.document, shown)
        assert home is not None and home.node == "Mine" and not home.commands
    assert home_of(project.document, "Plate") is None
    assert home_of(project.document, None) is None


def test_keys_names_and_radii() -> None:
    pin = new_pin([{"name": "pin 1"}, {"name": "pin 3"}], "bear", (1.0, 2.0), 7, (3.00049, 4.0))
    assert pin["name"] == "pin 2" and pin["frames"] == {"7": [3.0, 4.0]}
    more = with_key(pin, 9, (5.0, 6.0))
    assert pin["frames"] == {"7": [3.0, 4.0]}  # the stored pin is never changed
    assert without_key(more, 7)["frames"] == {"9": [5.0, 6.0]}
    with pytest.raises(UsageError, match="has no other key"):
        without_key(pin, 7)
    assert reaching(pin, 10.0)["radius"] == 64.0
    assert reaching(pin, 50.0)["radius"] >= 100.0


def test_a_pinned_result_is_still_compared_with_its_plate(editor: Editor) -> None:
    project = editor.project
    shot(project)
    home = home_of(project.document, "Carry")
    assert home is not None
    project.do(setting(home, [new_pin([], "all", (1.0, 2.0), 3, (1.0, 2.0))]))
    project.do(Disconnect("Carry", "source"))
    assert plate_of(project.document, "Carry") == "Plate"
