"""Knobs refuse what they cannot hold, with node, knob, range and choices in one sentence."""

import pytest

from codef_nodes.graph.context import Context
from codef_nodes.graph.jsonvalue import Once
from codef_nodes.graph.knob import KINDS, Knob
from codef_nodes.graph.node import Node
from codef_nodes.graph.port import Port
from codef_nodes.graph.registry import Registry, UnknownNode, all_node_classes
from engine.errors import UsageError


def knob(kind, default, **more):
    return Knob("k", kind, default, "Helps.", **more)


@pytest.mark.parametrize(
    ("described", "given", "held"),
    [
        (knob("int", 0), 3.0, 3),
        (knob("float", 0.0), 3, 3.0),
        (knob("float", None), None, None),
        (knob("bool", False), True, True),
        (knob("choice", "a", choices=("a", "b")), "b", "b"),
        (knob("frames", ""), " 1-100x2, -8--5 7 ", "1-100x2, -8--5 7"),
        (knob("colour", [0, 0, 0]), (1, 2, 3, 4), [1.0, 2.0, 3.0, 4.0]),
        (knob("size", [0, 0]), [1920, 1080], [1920, 1080]),
        (knob("strokes", []), ({"points": ((1, 2),)},), [{"points": [[1, 2]]}]),
        (knob("table", {}), {"a": (1,)}, {"a": [1]}),
        (knob("arguments", []), ["a b", "c"], ["a b", "c"]),
    ],
)
def test_values_are_brought_to_their_normal_form(described, given, held):
    value = described.check(given)
    assert value == held and type(value) is type(held)


@pytest.mark.parametrize(
    ("described", "given", "says"),
    [
        (knob("int", 0, minimum=0, maximum=5), 6, "G.k must be a whole number from 0 to 5, not 6"),
        (knob("int", 0), 1.5, "whole number"),
        (knob("int", 0), True, "whole number"),
        (knob("float", 0.0, minimum=0), -1, "of at least 0"),
        (knob("float", 0.0, maximum=2), 3, "of at most 2"),
        (knob("float", 0.0), float("nan"), "a number"),
        (knob("float", 0.0), None, "a number"),
        (knob("bool", False), 1, "true or false"),
        (knob("choice", "a", choices=("a", "b")), "c", "one of a, b"),
        (knob("text", ""), 3, "text"),
        (knob("frames", ""), "1-", "frames such as"),
        (knob("colour", [0, 0, 0]), [1, 2], "3 or 4 numbers"),
        (knob("colour", [0, 0, 0], minimum=0), [1, 2, -1], "3 or 4 numbers of at least 0"),
        (knob("size", [0, 0]), [-1, 5], "2 whole numbers"),
        (knob("strokes", []), [[1]], "list of JSON objects"),
        (knob("strokes", []), [{"a": float("inf")}], "list of JSON objects"),
        (knob("files", []), "a.exr", "list of paths"),
        (knob("table", {}), {1: 2}, "a JSON object"),
    ],
)
def test_refusals_say_what_is_wanted(described, given, says):
    with pytest.raises(UsageError) as caught:
        described.check(given, "G")
    assert says in str(caught.value) and str(caught.value).startswith("G.k must be")
    assert caught.value.node == "G"


@pytest.mark.parametrize(
    ("described", "text", "held"),
    [
        (knob("int", 0), " 12 ", 12),
        (knob("float", 0.0), "1e-3", 0.001),
        (knob("float", None), "none", None),
        (knob("bool", False), "On", True),
        (knob("bool", True), "0", False),
        (knob("text", ""), " a=b ", " a=b "),
        (knob("choice", "a", choices=("a", "b")), " b", "b"),
        (knob("colour", [0, 0, 0]), "1, 0.5 0", [1.0, 0.5, 0.0]),
        (knob("point", [0, 0]), "[3, 4]", [3.0, 4.0]),
        (knob("files", []), "one file.exr", ["one file.exr"]),
        (knob("arguments", []), '["convert", "{in}"]', ["convert", "{in}"]),
        (knob("strokes", []), '[{"size": 3}]', [{"size": 3}]),
        (knob("table", {}), '{"a": 1}', {"a": 1}),
    ],
)
def test_text_of_the_command_line_is_parsed(described, text, held):
    assert described.parse(text) == held


@pytest.mark.parametrize(
    ("described", "text"),
    [
        (knob("int", 0), "many"),
        (knob("int", 0), ""),
        (knob("float", 0.0), "NaN"),
        (knob("bool", False), "maybe"),
        (knob("colour", [0, 0, 0]), "red"),
        (knob("strokes", []), "{"),
        (knob("table", {}), "[1]"),
    ],
)
def test_text_that_is_no_value_is_refused(described, text):
    with pytest.raises(UsageError, match=r"G\.k must be"):
        described.parse(text, "G")


def test_checked_values_share_nothing_with_what_was_given():
    given = [{"points": [[1, 2]]}]
    held = knob("strokes", []).check(given)
    given[0]["points"][0][0] = 9
    assert held == [{"points": [[1, 2]]}]


def test_every_kind_says_what_it_wants():
    for kind in KINDS:
        assert knob(kind, None, choices=("a",)).wants()


def make(**attributes):
    def compute(self, ctx: Context):
        return None

    fine = {"type": "Fine", "help": "Helps.", "compute": compute}
    return type("Fine", (Node,), fine | attributes)


@pytest.mark.parametrize(
    "wrong",
    [
        {"type": "not camel"},
        {"help": ""},
        {"output": "picture"},
        {"inputs": (Port("a", "image", ""),)},
        {"inputs": (Port("a", "number", "Helps."),)},
        {"inputs": (Port("A b", "image", "Helps."),)},
        {"knobs": (knob("int", 0), knob("int", 0))},
        {"knobs": (knob("colours", 0),)},
        {"knobs": (knob("int", 9, maximum=5),)},
        {"knobs": (knob("choice", "a"),)},
        {"asset": True},
    ],
)
def test_wrong_descriptions_are_refused_when_registered(wrong):
    registry = Registry()
    with pytest.raises(UsageError):
        registry.register(make(**wrong))
    assert registry.node_class("Fine") is UnknownNode


def test_a_type_is_registered_once():
    registry = Registry()
    registry.register(make())
    with pytest.raises(UsageError, match="two node classes"):
        registry.register(make())


def test_the_nodes_package_is_loaded_on_the_first_question():
    types = [cls.type for cls in all_node_classes()]
    assert "LoadSequence" in types and len(set(types)) == len(types)


def test_of_a_thousand_strokes_only_the_new_one_is_looked_at():
    described, strokes = knob("strokes", []), [{"points": ((n, 2),)} for n in range(1000)]
    before = described.settled(strokes)
    assert before == described.check(strokes)
    after = described.settled([*strokes[:500], {"points": [[7, 7]]}, *strokes[501:]])
    assert [n for n in range(1000) if after[n] is not before[n]] == [500]
    keys = described.keyed(before), described.keyed(after)
    assert [n for n in range(1000) if keys[0][n] != keys[1][n]] == [500]
    assert described.keyed(described.check(strokes)) == keys[0], "equal strokes have equal keys"


@pytest.mark.parametrize("bad", [["stroke"], [{"size": float("nan")}], {"a": 1}])
def test_a_document_is_refused_the_strokes_that_a_person_is(bad):
    described = knob("strokes", [])
    with pytest.raises(UsageError) as told:
        described.check(bad, "Paint")
    with pytest.raises(UsageError) as settled:
        described.settled(bad, "Paint")
    assert settled.value.message == told.value.message


def test_what_is_found_once_belongs_to_the_object_itself_and_is_bounded():
    asked = []
    once = Once(lambda item: asked.append(item) or len(asked), most=2)
    first = {"a": 1}
    assert [once(first), once(first), once({"a": 1})] == [1, 1, 2]
    for n in range(5):
        once({"n": n})
    assert len(once._known) <= 2
    assert once(first) == len(asked)
