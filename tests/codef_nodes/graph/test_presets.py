"""Node presets are data that the nodes themselves accept."""

import json

import pytest

from codef_nodes.graph.commands import AddNode
from codef_nodes.graph.presets import node_presets, preset_for, read_preset
from codef_nodes.graph.session import Session
from engine.errors import UsageError


def preset(**changes: object) -> str:
    whole = {
        "codef_preset": 1,
        "type": "ImageOperation",
        "title": "Grey",
        "help": "Takes the colour away.",
        "knobs": {"operation": "saturation", "saturation_saturation": 0.0},
    }
    return json.dumps({**whole, **changes})


def test_every_installed_preset_suits_its_node() -> None:
    found = node_presets()
    assert {each.type for each in found} >= {"ImageOperation", "FitCoDeF"}
    assert all(each.help.endswith(".") and each.title for each in found)
    for each in found:
        session = Session()
        session.do(AddNode(each.type, "Node"))
        session.apply_preset("Node", each.name)
        for knob, value in each.knobs.items():
            assert session.document.knob_value("Node", knob) == value


def test_a_preset_is_one_step_of_undo() -> None:
    session = Session()
    session.do(AddNode("ImageOperation", "Look"))
    session.set("Look", "mix", 0.5)
    before = dict(session.document.state("Look").knobs)
    assert session.apply_preset("Look", "golden_hour")
    assert session.document.knob_value("Look", "mix") == 0.5
    session.history.undo()
    assert dict(session.document.state("Look").knobs) == before


@pytest.mark.parametrize(
    "text",
    [
        "nonsense",
        "[]",
        preset(codef_preset=2),
        preset(type="Nope"),
        preset(knobs={"nope": 1}),
        preset(knobs={"mix": 7}),
    ],
)
def test_a_broken_preset_is_refused_by_name(text: str) -> None:
    with pytest.raises(UsageError, match="grey"):
        read_preset("grey", text)


def test_a_preset_of_another_node_is_refused_with_those_that_there_are() -> None:
    session = Session()
    session.do(AddNode("FitCoDeF", "Fit"))
    with pytest.raises(UsageError, match="preview_fit"):
        preset_for(session.document, "Fit", "golden_hour")
