"""Dots are seen through by the evaluation; backdrops are not in it."""

import pytest

from codef_nodes.graph.commands import AddNode, Connect, InsertOnWire
from codef_nodes.graph.registry import DEFAULT, Registry
from engine.errors import UsageError
from tests.codef_nodes.graph.small_nodes import REGISTRY, build, evaluator


@pytest.fixture
def registry() -> Registry:
    """The small test nodes and the dot."""
    if REGISTRY.node_class("Dot").type != "Dot":
        REGISTRY.register(DEFAULT.node_class("Dot"))
        REGISTRY.register(DEFAULT.node_class("Backdrop"))
    return REGISTRY


def test_a_dot_changes_no_result_and_no_key(registry: Registry) -> None:
    document = build(("Ramp", "Clip", {}, {}), ("Gain", "Grade", {"gain": 2.0}, {"image": "Clip"}))
    before = evaluator(document)
    key, value = before.key("Grade", 3), before.value("Grade", 3)
    AddNode("Dot", "Dot1").run(document)
    InsertOnWire("Dot1", "Grade", "image").run(document)
    after = evaluator(document)
    assert after.key("Grade", 3) == key
    assert (after.value("Grade", 3).pixels == value.pixels).all()
    assert after.frames("Dot1") == after.frames("Clip")
    assert (after.value("Dot1", 2).pixels == after.value("Clip", 2).pixels).all()
    assert "Dot1" not in after.computes


def test_a_fit_is_read_through_a_dot(registry: Registry) -> None:
    document = build(
        ("Ramp", "Clip", {}, {}),
        ("Dot", "Dot1", {}, {"input": "Clip"}),
        ("Motion", "Flow", {}, {"image": "Dot1"}),
    )
    assert evaluator(document).value("Flow", 2) is not None


def test_a_loose_dot_says_what_to_do(registry: Registry) -> None:
    document = build(("Dot", "Dot1", {}, {}), ("Gain", "Grade", {}, {"image": "Dot1"}))
    with pytest.raises(UsageError, match="Dot1 has nothing to pass on; wire its input"):
        evaluator(document).value("Grade", 1)


def test_a_backdrop_gives_nothing(registry: Registry) -> None:
    document = build(("Backdrop", "Note", {}, {}), ("Gain", "Grade", {}, {}))
    with pytest.raises(UsageError, match="gives nothing"):
        Connect("Note", "Grade", "image").run(document)
    with pytest.raises(UsageError, match="choose another node"):
        evaluator(document).value("Note", 1)
