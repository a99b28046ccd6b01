"""Undo stores the smallest exact difference and always comes back to the same document."""

import copy
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codef_nodes.graph import commands as c
from codef_nodes.graph.document import Document
from codef_nodes.graph.edits import Put, Splice, difference, inverse
from codef_nodes.graph.history import History
from codef_nodes.graph.serialise import as_text, from_tree
from engine.errors import UsageError
from tests.codef_nodes.graph.small_nodes import REGISTRY, build

NAMES = ["A", "B", "C", "D", "E"]
names = st.sampled_from(NAMES)
strokes = st.fixed_dictionaries(
    {"value": st.integers(-3, 3), "points": st.lists(st.integers(0, 9), max_size=4)}
)
commands = st.one_of(
    st.builds(
        c.AddNode, st.sampled_from(["Ramp", "Gain", "Sum", "Strokes", "Choose", "Motion"]), names
    ),
    st.builds(c.RemoveNode, names),
    st.builds(c.SetKnob, names, st.just("gain"), st.floats(0, 3)),
    st.builds(c.SetKnob, names, st.just("strokes"), st.lists(strokes, max_size=3)),
    st.builds(c.SetKnob, names, st.just("which"), st.sampled_from("ab")),
    st.builds(c.Connect, names, names, st.sampled_from(["image", "images", "a", "b"])),
    st.builds(c.Disconnect, names, st.sampled_from(["image", "images", "a"]), st.none()),
    st.builds(c.Disconnect, names, st.just("images"), st.integers(0, 2)),
    st.builds(c.InsertOnWire, names, names, st.sampled_from(["image", "images"])),
    st.builds(c.Rename, names, names),
    st.builds(c.Move, st.dictionaries(names, st.tuples(st.floats(-9, 9), st.floats(-9, 9)))),
    st.builds(c.SetDisabled, names, st.booleans()),
    st.builds(c.SetLabel, names, st.sampled_from(["", "x", "ü"])),
    st.builds(c.SetSetting, st.just("fps"), st.sampled_from([24.0, 25.0])),
    st.builds(c.SetSetting, st.just("first"), st.sampled_from([None, 1, 5])),
    st.builds(
        c.EditStrokes,
        names,
        st.one_of(st.none(), st.integers(0, 3)),
        st.integers(0, 2),
        st.lists(strokes, max_size=2),
    ),
    st.builds(c.RecordField, names, st.sampled_from([None, {"path": "p", "key": "k"}])),
)
grouped = st.one_of(commands, st.builds(c.Group, st.lists(commands, max_size=3)))
gestures = st.one_of(st.none(), st.sampled_from(["drag", "paint"]))


@given(st.lists(st.tuples(grouped, gestures), max_size=25))
def test_undo_all_then_redo_all_gives_identical_documents(script):
    document = Document(REGISTRY)
    history = History(document)
    texts = [as_text(document)]
    for command, gesture in script:
        before = as_text(document)
        try:
            changed = history.do(command, gesture)
        except UsageError:
            assert as_text(document) == before, "a refused command changed something"
            continue
        assert changed == (as_text(document) != before)
        texts[len(history.entries) :] = [as_text(document)]
        from_tree(document.tree(), REGISTRY)  # every state is a valid document
    last = as_text(document)
    seen = [last]
    while history.undo():
        seen.append(as_text(document))
    assert seen[::-1] == texts
    again = [as_text(document)]
    while history.redo():
        again.append(as_text(document))
    assert again == texts and as_text(document) == last


json_values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-3, 3), st.text(string.ascii_lowercase)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.sampled_from("abc"), inner, max_size=3)
    ),
    max_leaves=12,
)


@given(json_values, json_values)
def test_difference_leads_there_and_its_inverse_back(before, after):
    tree = {"x": before}
    kept, edits = repr(tree), difference(("x",), before, after)
    place = copy.deepcopy(tree)
    for edit in edits:
        edit.apply(place)
    assert repr(place["x"]) == repr(after) or place["x"] == after
    for edit in inverse(edits):
        edit.apply(place)
    assert place == tree and repr(tree) == kept


def test_one_stroke_of_many_costs_only_itself():
    many = [{"points": [i, i], "value": 1} for i in range(500)]
    document = build(("Ramp", "Clip", {}, {}), ("Strokes", "Paint", {"strokes": many}, {}))
    history = History(document)
    history.do(c.EditStrokes("Paint", add=[{"value": 7}]))
    history.do(c.EditStrokes("Paint", 3, 1, [{"points": [3, 3, 9], "value": 1}]))
    history.do(c.EditStrokes("Paint", 0, 1))
    path = ("nodes", "Paint", "knobs", "strokes")
    assert [entry.edits for entry in history.entries] == [
        [Splice(path, 500, [], [{"value": 7}])],
        [Splice((*path, 3, "points"), 2, [], [9])],
        [Splice(path, 0, [{"points": [0, 0], "value": 1}], [])],
    ]
    with pytest.raises(UsageError, match="has 500 strokes"):
        history.do(c.EditStrokes("Paint", 500, 1))


def test_a_drag_is_one_step_and_esc_forgets_it():
    document = build(("Gain", "Grade", {"gain": 1.5}, {}))
    history = History(document)
    for value in (2.0, 3.0, 4.0):
        history.do(c.SetKnob("Grade", "gain", value), gesture="drag 1")
    assert [entry.edits for entry in history.entries] == [
        [Put(("nodes", "Grade", "knobs", "gain"), 1.5, 4.0)]
    ]
    history.end_gesture()
    history.do(c.SetKnob("Grade", "gain", 5.0), gesture="drag 1")
    assert len(history.entries) == 2
    history.do(c.SetKnob("Grade", "gain", 6.0), gesture="drag 2")
    assert history.abort_gesture("drag 2") and not history.redo()
    assert document.knob_value("Grade", "gain") == 5.0
    history.undo(), history.undo()
    assert document.knob_value("Grade", "gain") == 1.5


def test_modified_follows_saves_undo_and_redo():
    document = build(("Gain", "Grade", {}, {}))
    history = History(document)
    assert not history.modified
    history.do(c.SetLabel("Grade", "a"))
    history.mark_saved()
    history.undo()
    assert history.modified
    history.redo()
    assert not history.modified
    history.undo()
    history.do(c.SetLabel("Grade", "b"))
    history.undo()
    assert history.modified


def test_removed_node_heals_the_wire_where_types_fit():
    document = build(
        ("Ramp", "Clip", {}, {}),
        ("Gain", "A", {}, {"image": "Clip"}),
        ("Sum", "S", {}, {"images": ["A", "Clip", "A"]}),
        ("Motion", "Flow", {}, {"image": "A"}),
        ("MeanFit", "Fit", {}, {"image": "A", "flow": "Flow"}),
    )
    c.RemoveNode("A").run(document)
    assert document.wires("S", "images") == ("Clip", "Clip", "Clip")
    assert document.wires("Flow", "image") == ("Clip",)
    c.RemoveNode("Flow").run(document)
    assert document.wires("Fit", "flow") == ()


def test_connect_refuses_types_cycles_and_unknown_inputs():
    document = build(
        ("Ramp", "Clip", {}, {}),
        ("Gain", "A", {}, {"image": "Clip"}),
        ("Gain", "B", {}, {"image": "A"}),
        ("Motion", "Flow", {}, {"image": "B"}),
    )
    with pytest.raises(UsageError, match=r"Flow gives flow, but A\.image takes image"):
        c.Connect("Flow", "A", "image").run(document)
    with pytest.raises(UsageError, match="cycle"):
        c.Connect("B", "A", "image").run(document)
    with pytest.raises(UsageError, match="no input 'mask'; it has image"):
        c.Connect("Clip", "A", "mask").run(document)
    with pytest.raises(UsageError, match="did you mean Clip"):
        c.Connect("Clap", "A", "image").run(document)


def test_insert_on_a_wire_wires_both_sides():
    document = build(
        ("Ramp", "Clip", {}, {}),
        ("Sum", "S", {}, {"images": ["Clip", "Clip"]}),
        ("Gain", "New", {}, {}),
    )
    history = History(document)
    history.do(c.InsertOnWire("New", "S", "images", 1))
    assert document.wires("S", "images") == ("Clip", "New")
    assert document.wires("New", "image") == ("Clip",)
    assert len(history.entries) == 1


@pytest.mark.parametrize("name", ["", "2x", "a b", "a.b", "clip"])
def test_names_that_cannot_be_typed_or_are_taken_are_refused(name):
    document = build(("Ramp", "Clip", {}, {}), ("Gain", "Grade", {}, {"image": "Clip"}))
    with pytest.raises(UsageError):
        c.Rename("Grade", name).run(document)
    assert c.Rename("Clip", "CLIP").run(document), "capitals of one's own name may change"
    assert document.wires("Grade", "image") == ("CLIP",)


def test_listeners_hear_what_changed_and_layout_is_told_apart():
    document = build(("Gain", "Grade", {}, {}))
    heard = []
    stop = document.subscribe(heard.append)
    c.SetKnob("Grade", "gain", 2.0).run(document)
    c.Move({"Grade": (1.0, 2.0)}).run(document)
    stop()
    c.SetLabel("Grade", "x").run(document)
    assert [(x.kind, x.node, x.detail, x.affects_results) for (x,) in heard] == [
        ("knob", "Grade", "gain", True),
        ("layout", "Grade", "", False),
    ]
