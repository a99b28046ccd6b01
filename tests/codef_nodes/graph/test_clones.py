"""Clones share their knobs, their label and whether they are disabled, and nothing else."""

import json

import pytest

from codef_nodes.graph import commands as c
from codef_nodes.graph.clipboard import as_clipboard_text, from_clipboard_text
from codef_nodes.graph.clones import family, with_clones
from codef_nodes.graph.document import Document
from codef_nodes.graph.history import History
from codef_nodes.graph.pasting import Declone, Paste
from codef_nodes.graph.serialise import as_text, from_tree


@pytest.fixture
def document() -> Document:
    made = Document()
    c.AddNode("ImageOperation", "Grade1", knobs={"operation": "grade", "exposure_stops": 2}).run(
        made
    )
    c.AddNode("Paint", "Paint1").run(made)
    return made


def clone(document: Document, *names: str) -> list[str]:
    text = as_clipboard_text(document, names, clones=True)
    paste = Paste(from_clipboard_text(text), (10.0, 0.0))
    paste.run(document)
    return list(paste.names.values())


def test_a_knob_a_label_and_disabling_reach_every_clone(document: Document) -> None:
    (two,) = clone(document, "Grade1")
    (three,) = clone(document, two)
    assert with_clones(document, two) == [two, "Grade1", three]
    c.SetKnob(three, "exposure_stops", 4).run(document)
    c.SetLabel("Grade1", "warmer").run(document)
    c.SetDisabled(two).run(document)
    for name in ("Grade1", two, three):
        state = document.state(name)
        assert document.knob_value(name, "exposure_stops") == 4
        assert (state.label, state.disabled) == ("warmer", True)
    c.SetKnob(three, "exposure_stops", 0).run(document)
    assert all(
        "exposure_stops" not in document.state(name).knobs for name in ("Grade1", two, three)
    )


def test_places_wires_and_names_stay_each_ones_own(document: Document) -> None:
    (two,) = clone(document, "Grade1")
    c.Connect("Paint1", two, "image").run(document)
    c.Rename(two, "Other").run(document)
    c.Move({"Other": (500.0, 0.0)}).run(document)
    assert document.state("Grade1").inputs == {} and document.state("Grade1").position == (0, 0)
    c.SetKnob("Other", "exposure_stops", 3).run(document)
    assert document.knob_value("Grade1", "exposure_stops") == 3


def test_strokes_are_shared_one_splice_each(document: Document) -> None:
    (two,) = clone(document, "Paint1")
    stroke = {"tool": "brush", "points": [[0, 0], [5, 5]], "name": "a"}
    for _ in range(2):
        edits = c.EditStrokes("Paint1", add=[stroke]).run(document)
        assert len(edits) == 2
    assert document.knob_value(two, "strokes") == document.knob_value("Paint1", "strokes")
    assert len(document.knob_value(two, "strokes")) == 2


def test_a_drag_over_clones_stays_one_edit_per_clone(document: Document) -> None:
    clone(document, "Grade1")
    before, history = as_text(document), History(document)
    for step in range(50):
        history.do(c.SetKnob("Grade1", "exposure_stops", step / 10), "drag")
    assert len(history.entries) == 1 and len(history.entries[0].edits) == 2
    after = as_text(document)
    history.undo()
    assert as_text(document) == before
    history.redo()
    assert as_text(document) == after


def test_declone_makes_a_node_of_its_own(document: Document) -> None:
    (two,) = clone(document, "Grade1")
    Declone([two]).run(document)
    c.SetKnob(two, "exposure_stops", 9).run(document)
    assert document.knob_value("Grade1", "exposure_stops") == 2
    assert with_clones(document, "Grade1") == ["Grade1"]


def test_a_plain_copy_of_a_clone_is_no_clone_of_it(document: Document) -> None:
    (two,) = clone(document, "Grade1")
    text = as_clipboard_text(document, ["Grade1", two])
    paste = Paste(from_clipboard_text(text))
    paste.run(document)
    copies = sorted(paste.names.values())
    assert sorted(with_clones(document, copies[0])) == copies  # of each other, as they were
    assert sorted(with_clones(document, "Grade1")) == ["Grade1", two]


def test_a_clone_of_what_has_changed_or_is_elsewhere_becomes_a_copy(document: Document) -> None:
    text = as_clipboard_text(document, ["Grade1"], clones=True)
    c.SetKnob("Grade1", "exposure_stops", 7).run(document)
    paste = Paste(from_clipboard_text(text))
    paste.run(document)
    assert with_clones(document, paste.names["Grade1"]) == [paste.names["Grade1"]]
    other = Document()
    Paste(from_clipboard_text(text)).run(other)
    assert family(other, "Grade1") is None and other.knob_value("Grade1", "exposure_stops") == 2


def test_two_nodes_are_cloned_into_two_families(document: Document) -> None:
    names = clone(document, "Grade1", "Paint1")
    families = {family(document, name) for name in ("Grade1", "Paint1", *names)}
    assert len(families) == 2 and None not in families


def test_clones_survive_the_file_and_those_that_differ_become_nodes_of_their_own(
    document: Document,
) -> None:
    (two,) = clone(document, "Grade1")
    again = from_tree(json.loads(as_text(document)))
    assert with_clones(again, two) == [two, "Grade1"] and not again.notes
    tree = document.tree()
    tree["nodes"][two]["knobs"]["exposure_stops"] = 5
    loose = from_tree(tree)
    assert with_clones(loose, two) == [two] and loose.knob_value(two, "exposure_stops") == 5
    assert [two in note and "clone" in note for note in loose.notes] == [True]
