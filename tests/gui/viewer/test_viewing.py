import numpy as np
import pytest

from codef_nodes.graph.commands import AddNode, Connect, RemoveNode, Rename, SetKnob, SetSetting
from codef_nodes.graph.serialise import from_tree
from gui.core.editor import Editor
from gui.core.framecache import CachedFrame, FrameCache, ViewKey
from gui.core.streams import plate_of, space_of


@pytest.fixture
def carried(editor: Editor) -> Editor:
    """Plate -> Fit -> Still -> Paint -> Carry -> Write."""
    for kind, name, y in (
        ("LoadSequence", "Plate", 0),
        ("FitCoDeF", "Fit", 100),
        ("CanonicalView", "Still", 200),
        ("Paint", "Paint", 300),
        ("Propagate", "Carry", 400),
        ("WriteSequence", "Write", 500),
    ):
        editor.project.do(AddNode(kind, name, (0, y)))
    for source, node, port in (
        ("Plate", "Fit", "clip"),
        ("Fit", "Still", "field"),
        ("Still", "Paint", "image"),
        ("Plate", "Carry", "source"),
        ("Fit", "Carry", "field"),
        ("Paint", "Carry", "edit"),
        ("Carry", "Write", "image"),
    ):
        assert editor.project.do(Connect(source, node, port))
    return editor


def nodes(editor, slot):
    return editor.viewing.node(slot), editor.viewing.node(slot, "b")


def test_an_empty_document_shows_nothing(editor):
    assert nodes(editor, "frame") == (None, None)
    assert nodes(editor, "canonical") == (None, None)


def test_the_frame_viewer_shows_the_last_writer_against_the_plate(carried):
    assert nodes(carried, "frame") == ("Carry", "Plate")
    assert carried.viewing.shown("frame").fit == "Fit"


def test_the_canonical_viewer_shows_the_edit_against_the_still(carried):
    assert nodes(carried, "canonical") == ("Paint", "Still")


def test_without_an_edit_the_canonical_is_the_fits_own(carried):
    carried.project.do(RemoveNode("Still"))
    carried.project.do(RemoveNode("Paint"))
    shown = carried.viewing.shown("canonical")
    assert (shown.node, shown.layer) == ("Fit", "0")


def test_paint_that_nothing_carries_yet_is_seen_on_the_canonical(carried):
    for name in ("Write", "Carry"):
        carried.project.do(RemoveNode(name))
    assert carried.viewing.node("canonical") == "Paint"
    carried.project.do(SetKnob("Still", "layer", 1))
    assert carried.viewing.node("canonical") == "Fit", "another layer has no edit"


def test_a_merge_of_layers_is_no_edit_of_a_layer(carried):
    carried.project.do(AddNode("CanonicalView", "Back", (200, 200), {"layer": 1}))
    carried.project.do(Connect("Fit", "Back", "field"))
    carried.project.do(AddNode("Merge", "Whole", (200, 300)))
    carried.project.do(Connect("Back", "Whole", "b"))
    carried.project.do(Connect("Paint", "Whole", "a"))
    carried.viewing.set_layer_names(["front", "back"])
    carried.viewing.set_layer(1)
    assert carried.viewing.node("canonical") == "Fit"


def test_layers_go_with_their_fit_and_late_answers_bring_none_back(carried):
    carried.viewing.set_layer_names(["front", "back"])
    carried.project.new()
    carried.viewing.set_layer_names(["front", "back"])
    assert carried.viewing.layer_names == []
    carried.project.do(AddNode("LoadField", "Fit"))
    carried.viewing.set_layer_names(["front", "back"])
    carried.project.do(RemoveNode("Fit"))
    assert carried.viewing.layer_names == []


def test_a_document_opens_on_the_layer_that_is_edited(carried):
    carried.project.do(SetKnob("Still", "layer", 1))
    assert carried.viewing.node("canonical") == "Fit"
    carried.viewing.set_layer_names(["front", "back"])
    assert (carried.viewing.layer, carried.viewing.node("canonical")) == (1, "Paint")
    carried.viewing.set_layer(0)
    carried.viewing.set_layer_names(["front", "back", "sky"])
    assert carried.viewing.layer == 0, "what the artist chose stays"


def test_a_writer_of_canonicals_is_no_frame(carried):
    carried.project.do(AddNode("WriteSequence", "WriteStill", (0, 900)))
    carried.project.do(Connect("Paint", "WriteStill", "image"))
    assert nodes(carried, "frame")[0] == "Carry"


def test_the_viewer_node_comes_first(carried):
    carried.project.do(AddNode("Viewer", "Viewer1"))
    carried.project.do(Connect("Plate", "Viewer1", "image"))
    carried.project.do(Connect("Carry", "Viewer1", "compare"))
    assert nodes(carried, "frame") == ("Plate", "Carry")


def test_layers_choose_between_edits_and_the_fits_canonical(carried):
    viewing = carried.viewing
    viewing.set_layer_names(["tower", "city"])
    viewing.set_layer(1)
    assert (viewing.shown("canonical").node, viewing.shown("canonical").layer) == ("Fit", "1")
    carried.project.do(SetKnob("Still", "layer", 1))
    assert viewing.shown("canonical").node == "Paint"
    viewing.set_layer(0)
    assert (viewing.shown("canonical").node, viewing.shown("canonical").layer) == ("Fit", "0")
    carried.project.do(SetKnob("Carry", "layers", ["tower"]))
    assert viewing.shown("canonical").node == "Paint"
    viewing.set_layer(99)
    assert viewing.layer == 1


def test_a_digit_wires_a_viewer_node_in_one_step_of_undo(carried):
    viewing, before = carried.viewing, carried.project.document.tree()
    assert viewing.assign(1, "Plate")
    assert nodes(carried, "frame")[0] == "Plate"
    viewer = [n for n, s in carried.project.document.nodes.items() if s.type == "Viewer"]
    assert carried.project.document.wires(viewer[0], "image") == ("Plate",)
    assert viewing.assign(2, "Carry", "b")
    assert nodes(carried, "frame") == ("Plate", "Carry")
    carried.project.undo()
    carried.project.undo()
    assert carried.project.document.tree() == before
    assert nodes(carried, "frame")[0] == "Carry"


def test_a_digit_on_a_canonical_node_goes_to_the_canonical_viewer(carried):
    viewing = carried.viewing
    assert viewing.assign(3, "Still")
    assert carried.project.document.wires("Viewer1", "image_3") == ("Still",)
    assert nodes(carried, "canonical")[0] == "Still"
    assert nodes(carried, "frame")[0] == "Carry", "no picture of frames is on the viewer"
    assert viewing.is_override("canonical")
    assert viewing.show(None, "canonical")
    assert nodes(carried, "canonical")[0] == "Paint"
    assert viewing.recall(3)
    assert nodes(carried, "canonical")[0] == "Still"
    assert not viewing.recall(7)
    carried.project.undo()
    assert nodes(carried, "canonical")[0] == "Paint"


def test_a_fit_on_a_digit_is_looked_at_without_a_wire(carried):
    before = carried.project.document.tree()
    assert carried.viewing.assign(4, "Fit")
    assert nodes(carried, "canonical")[0] == "Fit"
    assert carried.project.document.tree() == before
    assert carried.viewing.numbers() == {"Fit": "4"}
    carried.project.do(Rename("Fit", "Solve"))
    assert carried.viewing.numbers() == {"Solve": "4"}


def test_of_two_pictures_on_the_viewer_the_digit_chooses(carried):
    viewing = carried.viewing
    assert viewing.assign(1, "Plate") and viewing.assign(2, "Carry")
    assert nodes(carried, "frame")[0] == "Carry"
    steps = len(carried.project.history.entries)
    assert viewing.recall(1)
    assert nodes(carried, "frame")[0] == "Plate"
    carried.project.use(from_tree(carried.project.document.tree()), None)
    assert nodes(carried, "frame")[0] == "Carry", "what was looked at when it was wired"
    carried.project.do(SetKnob("Viewer1", "input", 1))
    assert nodes(carried, "frame")[0] == "Plate"
    assert viewing.recall(2)
    assert nodes(carried, "frame")[0] == "Carry"
    carried.project.undo()
    carried.project.redo()
    assert nodes(carried, "frame")[0] == "Plate", "the knob was the last word"
    steps = len(carried.project.history.entries)
    assert viewing.assign(1, "Plate"), "what is wired already"
    assert len(carried.project.history.entries) == steps
    carried.project.do(RemoveNode("Plate"))
    assert nodes(carried, "frame")[0] == "Carry"


def test_nodes_without_a_picture_cannot_be_shown(carried):
    carried.project.do(AddNode("OpticalFlow", "Flow"))
    assert not carried.viewing.show("Flow")
    assert not carried.viewing.assign(1, "Flow")


def test_a_choice_follows_a_rename_and_is_dropped_with_its_node(carried):
    viewing = carried.viewing
    viewing.show("Plate", "frame")
    carried.project.do(Rename("Plate", "Scan"))
    assert nodes(carried, "frame")[0] == "Scan"
    carried.project.do(RemoveNode("Scan"))
    assert nodes(carried, "frame")[0] == "Carry"


def test_a_and_b_swap(carried):
    carried.viewing.swap("frame")
    assert nodes(carried, "frame") == ("Plate", "Carry")
    carried.viewing.swap("frame")
    assert nodes(carried, "frame") == ("Carry", "Plate")


def test_another_document_starts_again(carried):
    carried.viewing.show("Plate", "frame")
    carried.viewing.set_layer_names(["a", "b"])
    carried.project.new()
    assert nodes(carried, "frame") == (None, None)
    assert carried.viewing.layer_names == []


def test_spaces_and_plates(carried):
    document = carried.project.document
    assert {n: space_of(document, n) for n in ("Plate", "Still", "Paint", "Carry", "Fit")} == {
        "Plate": "frame",
        "Still": "canonical",
        "Paint": "canonical",
        "Carry": "frame",
        "Fit": "canonical",
    }
    carried.project.do(RemoveNode("Plate"))
    assert plate_of(carried.project.document, "Carry") is None


# Signatures and the cache.


def test_a_signature_changes_with_anything_above_and_with_nothing_else(carried):
    viewing, do = carried.viewing, carried.project.do
    of = {name: viewing.signature(name) for name in ("Plate", "Paint", "Carry")}
    do(SetKnob("Paint", "opacity", 0.5))
    assert viewing.signature("Plate") == of["Plate"]
    assert viewing.signature("Paint") != of["Paint"]
    assert viewing.signature("Carry") != of["Carry"]
    after = viewing.signature("Carry")
    do(SetSetting("fps", 30.0))
    assert viewing.signature("Carry") == after
    do(SetSetting("working_space", "ACEScg"))
    assert viewing.signature("Carry") != after
    after = viewing.signature("Carry")
    carried.project.undo()
    carried.project.undo()
    carried.project.undo()
    assert viewing.signature("Carry") not in (after, of["Carry"])  # never taken on trust


def test_taking_a_node_away_changes_the_signature(carried):
    before = carried.viewing.signature("Carry")
    carried.project.do(RemoveNode("Paint"))
    assert carried.viewing.signature("Carry") != before


def test_a_draft_makes_what_is_below_old(carried):
    heard = []
    carried.viewing.results_changed.connect(heard.append)
    before = carried.viewing.signature("Plate")
    carried.viewing.revisions.bump("Fit")
    assert set(heard) == {"frame", "canonical"}
    assert carried.viewing.signature("Plate") == before


def entry(size=10, signature=(1,)):
    codes = np.zeros((size, size), np.uint32)
    box = (0, 0, size, size)
    return CachedFrame(codes, box, box, 1, 1.0, "k", signature)


def test_a_frame_from_before_a_change_is_never_given_as_right():
    cache, key = FrameCache(10**6), ViewKey("N")
    cache.put(key, 5, entry(signature=(1,)))
    assert cache.get(key, 5, (1,)) is not None
    assert cache.get(key, 5, (2,)) is None
    assert cache.frames(key, (2,)) == (set(), {5})
    assert cache.frames(ViewKey("N", scale=2), (1,)) == (set(), set())


def test_the_cache_keeps_its_budget_and_drops_the_oldest():
    cache, key = FrameCache(1000), ViewKey("N")
    for frame in range(1, 5):
        cache.put(key, frame, entry())
        cache.get(key, 1, (1,))
    assert cache.bytes <= 1000
    assert cache.frames(key, (1,))[0] == {1, 4}
    cache.put(key, 9, entry(size=100))
    assert cache.frames(key, (1,))[0] == {1, 4}
    assert cache.size_of(key) == 400
    assert cache.room_for(400) == 2
    cache.clear()
    assert cache.bytes == 0


def test_a_dragged_knob_does_not_search_the_graph_again(carried, monkeypatch):
    searched, heard = [], []
    monkeypatch.setattr(carried.viewing, "_find", searched.append)
    carried.viewing.results_changed.connect(heard.append)
    carried.project.do(SetKnob("Paint", "opacity", 0.25))
    assert searched == []
    assert set(heard) == {"frame", "canonical"}


def test_in_a_long_graph_the_last_picture_is_found(editor):
    editor.project.do(AddNode("LoadSequence", "P0"))
    for number in range(1, 120):
        editor.project.do(AddNode("ImageOperation", f"P{number}", (0, 10 * number)))
        editor.project.do(Connect(f"P{number - 1}", f"P{number}", "image"))
    assert nodes(editor, "frame") == ("P119", "P0")
