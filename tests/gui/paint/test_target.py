"""Which Paint node a stroke goes to, and where a new one is put."""

import pytest

from codef_nodes.graph.commands import AddNode, Connect, Group
from engine.errors import UsageError
from gui.core.editor import Editor
from gui.core.project import Project
from gui.core.streams import space_of
from gui.paint.target import (
    CANONICAL,
    canonical_target,
    canvas_scale,
    frame_target,
    give_field,
)
from tests.gui.paint.graphs import shot


@pytest.fixture
def project(editor: Editor) -> Project:
    return editor.project


def make(project: Project, **arguments: object) -> str:
    target = canonical_target(project.document, **arguments)  # type: ignore[arg-type]
    assert target.commands and target.note.startswith("Made ")
    assert project.do(Group(target.commands))
    return target.node


def test_the_only_paint_node_is_the_target(project: Project) -> None:
    shot(project, paint=1)
    target = canonical_target(project.document, [], None)
    assert (target.node, target.commands, target.note) == ("Paint1", [], "")


def test_the_selected_paint_node_comes_first_and_the_shown_path_next(project: Project) -> None:
    shot(project, paint=2)
    document = project.document
    assert canonical_target(document, ["Paint2", "Paint1"], "Paint2").node == "Paint1"
    assert canonical_target(document, [], "Paint2").node == "Paint2"
    assert canonical_target(document, [], "Paint1").node == "Paint1"
    assert canonical_target(document, ["Plate"], "Still").node == "Paint1", "the nearest below"
    with pytest.raises(UsageError, match="2 Paint nodes"):
        canonical_target(document, [], None)


def test_a_missing_paint_node_is_put_between_the_still_and_the_propagate(project: Project) -> None:
    shot(project)
    name = make(project, shown="Still")
    document = project.document
    assert document.wires(name, "image") == ("Still",)
    assert document.wires("Carry", "edit") == (name,)
    assert project.undo()
    assert document.wires("Carry", "edit") == ("Still",) and name not in document


def test_a_fit_that_is_shown_without_an_edit_gets_still_and_paint(project: Project) -> None:
    shot(project, still=False)
    name = make(project, shown="Fit", layer=2)
    document = project.document
    (still,) = document.wires(name, "image")
    assert document.knob_value(still, "layer") == 2
    assert document.wires(still, "field") == ("Fit",)
    assert document.wires("Carry", "edit") == (name,)


def test_where_nothing_carries_the_paint_a_propagate_is_made_too(project: Project) -> None:
    shot(project, carry=False)
    made = canonical_target(project.document, [], "Still")
    assert "Propagate1" in made.note
    name = make(project, shown="Still")
    document = project.document
    assert document.wires("Propagate1", "edit") == (name,)
    assert document.wires("Propagate1", "field") == ("Fit",)
    assert project.undo()
    assert name not in document and "Propagate1" not in document, "one step"


def test_paint_that_no_frame_shows_says_so(project: Project) -> None:
    shot(project, paint=1, carry=False)
    target = canonical_target(project.document, ["Paint1"])
    assert target.node == "Paint1" and "Propagate" in target.note and not target.commands


def test_the_first_stroke_on_a_bare_fit_is_seen_in_both_viewers(editor: Editor) -> None:
    shot(editor.project, still=False, carry=False)
    name = make(editor.project, shown="Fit")
    assert editor.viewing.node("canonical") == name
    assert editor.viewing.node("frame") == "Propagate1"


def test_paint_on_frames_is_no_canonical_target(project: Project) -> None:
    shot(project, paint=1)
    project.do(Group([AddNode("Paint", "Touch"), Connect("Carry", "Touch", "image")]))
    assert canonical_target(project.document, ["Touch"], None).node == "Paint1"
    assert frame_target(project.document, [], "Touch").node == "Touch"


def test_strokes_that_stay_on_frames_get_a_node_after_the_propagate(project: Project) -> None:
    shot(project, paint=1)
    project.do(Group([AddNode("WriteSequence", "Out"), Connect("Carry", "Out", "image")]))
    target = frame_target(project.document, [], "Carry")
    project.do(Group(target.commands))
    assert project.document.wires(target.node, "image") == ("Carry",)
    assert project.document.wires("Out", "image") == (target.node,)


def test_paint_on_a_plate_leaves_its_fit_alone(project: Project) -> None:
    shot(project)
    target = frame_target(project.document, [], "Plate")
    project.do(Group(target.commands))
    assert project.document.wires("Fit", "clip") == ("Plate",)
    assert project.document.wires(target.node, "image") == ("Plate",)


def test_nothing_to_paint_on_says_what_to_do(project: Project) -> None:
    with pytest.raises(UsageError, match="add a FitCoDeF"):
        canonical_target(project.document, [], None)
    with pytest.raises(UsageError, match="shows no node"):
        frame_target(project.document, [], None)


def test_a_finer_canvas_counts_in_the_scale(project: Project) -> None:
    from codef_nodes.graph.commands import SetKnob

    shot(project, paint=1)
    assert canvas_scale(project.document, "Paint1") == 1
    project.do(SetKnob("Still", "scale", 2.0))
    assert canvas_scale(project.document, "Paint1") == 2
    assert canvas_scale(project.document, "Carry") == 1
    assert CANONICAL == "canonical"


def test_a_paint_node_that_reveals_is_still_one_of_the_canonical(project: Project) -> None:
    shot(project, paint=1)
    target = canonical_target(project.document, [], "Paint1")
    give_field(project.document, target, "Fit")
    assert "Wired Fit" in target.note
    project.do(Group(target.commands))
    assert project.document.wires("Paint1", "field") == ("Fit",)
    assert space_of(project.document, "Paint1") == CANONICAL
    again = canonical_target(project.document, [], "Paint1")
    give_field(project.document, again, "Fit")
    assert again.commands == [] and again.node == "Paint1"
