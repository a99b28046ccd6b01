"""The worker's document equals the window's after any session, and requests keep what they had."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codef_nodes.graph import commands as c
from codef_nodes.graph.cache import Cache, RamCache
from codef_nodes.graph.document import Document
from codef_nodes.graph.edits import ABSENT, Put, RenameKey, Splice
from codef_nodes.graph.history import History
from codef_nodes.graph.serialise import as_text
from codef_nodes.worker.edits import edit_from_json, edit_to_json, edits_from_json, edits_to_json
from codef_nodes.worker.mirror import Mirror
from codef_nodes.worker.protocol import ProtocolError, decode, encode
from engine.errors import DocumentError, UsageError
from tests.codef_nodes.graph.small_nodes import REGISTRY, build, set_knob
from tests.codef_nodes.graph.test_history import gestures, grouped


def mirror_of(document, path=None, **options):
    """A mirror with a small cache that has opened a document."""
    told = []
    options = {"allow_fit": False, "registry": REGISTRY} | options
    mirror = Mirror(
        Cache(RamCache(64 << 20)),
        Path("cache"),
        recorded=lambda node, record: told.append((node, record)),
        **options,
    )
    mirror.open(decode(encode({"tree": document.tree()}))["tree"], path, {}, False)
    return mirror, told


def over_the_line(edits):
    """Edits as they come out at the other end."""
    return edits_from_json(decode(encode({"edits": edits_to_json(edits)}))["edits"])


steps = st.one_of(st.tuples(grouped, gestures), st.sampled_from(["undo", "redo"]))


@given(st.lists(steps, max_size=25))
def test_mirror_equals_the_document_after_any_session(script):
    document = Document(REGISTRY)
    history = History(document)
    mirror, _ = mirror_of(document)
    edits = []
    document.mirror(edits.extend)
    kept = [(mirror.document, as_text(mirror.document))]
    for step in script:
        try:
            if step == "undo":
                history.undo()
            elif step == "redo":
                history.redo()
            else:
                history.do(*step)
        except UsageError:
            edits.clear()
            continue
        mirror.edit(over_the_line(edits))
        edits.clear()
        assert json.dumps(mirror.document.tree()) == json.dumps(document.tree())
        kept.append((mirror.document, as_text(mirror.document)))
    for snapshot, text in kept:
        assert as_text(snapshot) == text, "an edit reached into an older document"


@pytest.mark.parametrize(
    "edit",
    [
        Put(("nodes", "A", "knobs", "gain"), ABSENT, 2.5),
        Put(("nodes", "A", "knobs", "gain"), None, ABSENT),
        Put(("settings", "first"), 3, None),
        Splice(("nodes", "P", "knobs", "strokes", 3, "points"), 2, [], [[1.0, 2.0, 0.5]]),
        RenameKey(("nodes",), "A", "B"),
    ],
)
def test_every_kind_of_edit_survives_the_line(edit):
    assert edit_from_json(decode(encode(edit_to_json(edit)))) == edit


@pytest.mark.parametrize(
    "content",
    [
        None,
        {},
        {"put": []},
        {"put": ["a", True]},
        {"put": "nodes"},
        {"splice": ["a"], "index": -1, "removed": [], "added": []},
        {"splice": ["a"], "index": 0, "removed": None, "added": []},
        {"rename": ["nodes"], "before": "A"},
    ],
)
def test_what_is_no_edit_is_refused(content):
    with pytest.raises(ProtocolError):
        edit_from_json(content)


@pytest.mark.parametrize(
    "edit",
    [
        Put(("nodes", "Grade", "knobs", "gain"), 9.0, 2.0),
        Put(("nodes", "Nobody", "knobs", "gain"), ABSENT, 2.0),
        Put(("nodes", "Grade", "type", "x"), ABSENT, 2.0),
        Splice(("nodes", "Grade", "knobs"), 0, [], [1]),
        RenameKey(("nodes",), "Nobody", "B"),
    ],
)
def test_edits_for_another_document_change_nothing_and_say_what_to_do(edit):
    document = build(("Ramp", "Clip", {}, {}), ("Gain", "Grade", {"gain": 3.0}, {"image": "Clip"}))
    mirror, _ = mirror_of(document)
    good = Put(("nodes", "Clip", "label"), ABSENT, "x")
    with pytest.raises(DocumentError, match="open it again"):
        mirror.edit([good, edit])
    assert mirror.document.tree() == document.tree()


def test_an_edit_names_what_it_makes_stale_and_nothing_else():
    document = build(
        ("Ramp", "Clip", {}, {}),
        ("Gain", "A", {}, {"image": "Clip"}),
        ("Gain", "B", {}, {"image": "A"}),
        ("Gain", "Other", {}, {"image": "Clip"}),
    )
    mirror, _ = mirror_of(document)
    edits = []
    document.mirror(edits.extend)

    def stale(command):
        edits.clear()
        command.run(document)
        return mirror.edit(over_the_line(edits))

    assert stale(c.SetKnob("A", "gain", 2.0)) == {"A", "B"}
    assert stale(c.Move({"A": (4.0, 4.0)})) == set()
    assert stale(c.SetLabel("A", "note")) == set()
    assert stale(c.SetDisabled("B", True)) == {"B"}
    # What was below before the wire was cut has changed too.
    assert stale(c.Disconnect("A", "image")) == {"A", "B"}
    assert stale(c.Rename("A", "C")) == {"A", "B", "C"}
    assert stale(c.SetSetting("fps", 25.0)) == {"Clip", "C", "B", "Other"}


def test_a_request_goes_on_with_the_document_that_it_found():
    document = build(("Ramp", "Clip", {}, {}), ("Gain", "Grade", {"gain": 2.0}, {"image": "Clip"}))
    mirror, _ = mirror_of(document)
    before = mirror.evaluator
    edits = []
    document.mirror(edits.extend)
    set_knob(document, "Grade", "gain", 5.0)
    mirror.edit(over_the_line(edits))
    assert before.value("Grade", 3).pixels[0, 0, 0] == 6.0
    assert mirror.evaluator.value("Grade", 3).pixels[0, 0, 0] == 15.0


def test_safe_documents_are_not_evaluated():
    mirror, _ = mirror_of(build(("Ramp", "Clip", {}, {})))
    mirror.open(mirror.document.tree(), None, {}, True)
    with pytest.raises(UsageError, match="opened safely"):
        _ = mirror.evaluator


def test_a_draft_stands_for_the_fit_until_it_is_dropped(tmp_path):
    document = build(
        ("Ramp", "Clip", {}, {}),
        ("MeanFit", "Fit", {}, {"image": "Clip"}),
        ("Still", "View", {}, {"field": "Fit"}),
    )
    mirror, told = mirror_of(document, tmp_path / "shot.codef", allow_fit=True)
    final = mirror.evaluator.value("View").pixels[0, 0, 0]
    assert [node for node, _ in told] == ["Fit"]
    draft = tmp_path / "draft"
    REGISTRY.node_class("MeanFit")().save_asset(mirror.evaluator.value("Fit") + 10, draft)
    assert mirror.use_drafts({"Fit": str(draft)}) == {"Fit", "View"}
    assert mirror.evaluator.value("View").pixels[0, 0, 0] == final + 10
    assert "field" not in mirror.document.tree()["nodes"]["Fit"], "the draft is no record"
    mirror.use_drafts({})
    assert mirror.evaluator.value("View").pixels[0, 0, 0] == final


def test_documents_of_older_versions_are_brought_up_to_date():
    tree = {
        "codef": {"schema": 1},
        "nodes": {"G": {"type": "Gain", "version": 1, "knobs": {"factor": 150.0}, "inputs": {}}},
    }
    mirror, _ = mirror_of(Document(REGISTRY))
    mirror.open(tree, None, {}, False)
    assert mirror.document.knob_value("G", "gain") == 1.5


def test_a_stroke_that_changes_is_looked_at_again_and_the_others_are_not():
    document = Document()
    strokes = [{"points": [[n, 1]], "opacity": 1.0} for n in range(5)]
    History(document).do(c.AddNode("Paint", "Paint", knobs={"strokes": strokes}))
    mirror, _ = mirror_of(document, registry=document.registry)
    before = mirror.document.knob_value("Paint", "strokes")
    place = ("nodes", "Paint", "knobs", "strokes")
    mirror.edit(over_the_line([Put((*place, 3, "opacity"), 1.0, 0.5)]))
    mirror.edit(over_the_line([Splice((*place, 1, "points"), 1, [], [[9, 9]])]))
    after = mirror.document.knob_value("Paint", "strokes")
    assert [n for n in range(5) if after[n] is not before[n]] == [1, 3]
    assert after[3]["opacity"] == 0.5 and after[1]["points"] == [[1, 1], [9, 9]]
    assert before == strokes, "who had the list before keeps it"
