"""The stroke list's model over a real document: every change one step, every row in place."""

import random
from typing import Any

import pytest
from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtTest import QAbstractItemModelTester

from codef_nodes.graph.commands import EditStrokes, Rename, SetKnob
from gui.core.editor import Editor
from gui.core.project import Project
from gui.paint.model import COLUMNS, LIFETIME, NAME, OPACITY, VALUE, VISIBLE, StrokeModel
from tests.gui.paint.graphs import shot, strokes


@pytest.fixture
def project(editor: Editor) -> Project:
    shot(editor.project, paint=1)
    editor.project.do(EditStrokes("Paint1", None, 0, strokes(5)))
    return editor.project


@pytest.fixture
def model(project: Project) -> StrokeModel:
    made = StrokeModel(project)
    QAbstractItemModelTester(
        made, QAbstractItemModelTester.FailureReportingMode.Warning, made
    )  # what it finds is a warning of Qt, which fails the test
    made.show_node("Paint1")
    return made


def stored(project: Project) -> list[dict[str, Any]]:
    return project.document.knob_value("Paint1", "strokes")


def names(model: StrokeModel) -> list[str]:
    return [model.index(row, NAME).data() for row in range(model.rowCount())]


def test_rows_are_the_strokes_topmost_first(model: StrokeModel) -> None:
    assert names(model) == ["s4", "s3", "s2", "s1", "s0"]
    assert model.index(0, OPACITY).data() == "100"
    assert model.index(0, LIFETIME).data() == "all"
    assert model.index(0, VISIBLE).data(VALUE) is True


def test_a_value_typed_into_a_cell_is_one_step(project: Project, model: StrokeModel) -> None:
    before = len(project.history.entries)
    assert model.setData(model.index(0, OPACITY), "50 %")
    assert model.setData(model.index(0, LIFETIME), "1010-1020")
    assert model.setData(model.index(1, NAME), "eyes")
    assert len(project.history.entries) == before + 3
    assert stored(project)[4]["opacity"] == 0.5
    assert stored(project)[4]["lifetime"] == [1010, 1020]
    project.undo()
    assert names(model)[1] == "s3"


def test_a_bad_lifetime_is_refused_in_one_sentence(project: Project, model: StrokeModel) -> None:
    told: list[str] = []
    model.refused.connect(told.append)
    assert not model.setData(model.index(0, LIFETIME), "soon")
    assert len(told) == 1 and "soon" in told[0]
    assert "lifetime" not in stored(project)[4]


def test_a_drag_over_several_strokes_is_one_step(project: Project, model: StrokeModel) -> None:
    before = len(project.history.entries)
    for value in (0.9, 0.6, 0.3):
        model.set_values([1, 3], {"opacity": value}, "opacity")
    project.end_gesture()
    assert len(project.history.entries) == before + 1
    assert [stroke.get("opacity") for stroke in stored(project)] == [None, 0.3, None, 0.3, None]
    project.undo()
    assert all("opacity" not in stroke for stroke in stored(project))


def test_locked_strokes_only_hide_and_unlock(project: Project, model: StrokeModel) -> None:
    model.set_values([2], {"locked": True})
    assert not model.set_values([2], {"opacity": 0.1})
    assert not model.flags(model.index(2, NAME)) & Qt.ItemFlag.ItemIsEditable
    assert model.set_values([2], {"visible": False})
    assert not model.remove([2])
    assert model.set_values([2], {"locked": False})
    assert "locked" not in stored(project)[2]
    assert model.remove([2])


@pytest.mark.parametrize(
    ("places", "to", "after"),
    [
        ([0], 5, "12340"),
        ([4], 0, "40123"),
        ([1, 3], 0, "13024"),
        ([1, 3], 5, "02413"),
        ([0, 4], 2, "10423"),
        ([2], 2, "01234"),
        ([2], 3, "01234"),
    ],
)
def test_strokes_move_together_in_one_step(
    project: Project, model: StrokeModel, places: list[int], to: int, after: str
) -> None:
    before = len(project.history.entries)
    moved = model.move(places, to)
    assert "".join(stroke["name"][1] for stroke in stored(project)) == after
    if moved:
        assert len(project.history.entries) == before + 1
        assert [stored(project)[place]["name"] for place in moved] == [f"s{p}" for p in places]
    assert names(model) == [f"s{n}" for n in reversed(after)]


def test_rows_dropped_between_others_move(project: Project, model: StrokeModel) -> None:
    data = model.mimeData([model.index(0, 0), model.index(0, NAME)])
    model.dropMimeData(data, Qt.DropAction.MoveAction, 5, 0, QModelIndex())
    assert names(model) == ["s3", "s2", "s1", "s0", "s4"]
    project.undo()
    assert names(model) == ["s4", "s3", "s2", "s1", "s0"]


def test_copies_lie_above_their_strokes(project: Project, model: StrokeModel) -> None:
    assert model.duplicate([0, 2]) == [1, 4]
    assert [stroke["name"] for stroke in stored(project)] == [
        "s0", "s0 copy", "s1", "s2", "s2 copy", "s3", "s4",
    ]  # fmt: skip
    project.undo()
    assert model.rowCount() == 5


def test_scattered_strokes_are_deleted_in_one_step(project: Project, model: StrokeModel) -> None:
    before = len(project.history.entries)
    assert model.remove([0, 2, 3])
    assert names(model) == ["s4", "s1"]
    assert len(project.history.entries) == before + 1
    project.undo()
    assert names(model) == ["s4", "s3", "s2", "s1", "s0"]


def test_the_list_follows_its_node_through_rename_removal_and_a_new_list(
    project: Project, model: StrokeModel
) -> None:
    project.do(Rename("Paint1", "Cleanup"))
    assert model.node == "Cleanup" and model.rowCount() == 5
    project.do(SetKnob("Cleanup", "strokes", strokes(2)))
    assert names(model) == ["s1", "s0"]
    project.undo()
    project.undo()
    assert model.node == "Paint1" and model.rowCount() == 5
    project.new()
    assert model.node is None and model.rowCount() == 0


def test_any_run_of_edits_leaves_the_rows_equal_to_the_document(
    project: Project, model: StrokeModel
) -> None:
    chance = random.Random(4)
    for step in range(250):
        count = model.rowCount()
        places = chance.sample(range(count), min(count, chance.randint(1, 3)))
        match chance.randrange(8):
            case 0:
                model.remove(places)
            case 1:
                model.duplicate(places)
            case 2:
                model.move(places, chance.randint(0, count))
            case 3:
                model.set_values(places, {"opacity": chance.random()}, chance.choice([None, "o"]))
            case 4:
                at = chance.randint(0, count)
                project.do(EditStrokes("Paint1", at, 0, strokes(2, name=f"n{step}")))
            case 5:
                project.undo()
            case 6:
                project.redo()
            case _:
                model.set_values(places, {"visible": chance.random() < 0.5})
        assert names(model) == [stroke.get("name") for stroke in reversed(stored(project))]
        assert [dict(stroke) for stroke in model.strokes] == stored(project)
    assert model.columnCount() == len(COLUMNS)


def test_a_thousand_strokes_are_rows_not_work(project: Project, model: StrokeModel) -> None:
    """An edit of one of many strokes tells about one row."""
    project.do(EditStrokes("Paint1", None, 0, strokes(1000)))
    told: list[tuple[int, int]] = []
    resets: list[int] = []
    model.dataChanged.connect(lambda a, b: told.append((a.row(), b.row())))
    model.modelReset.connect(lambda: resets.append(1))
    model.set_values([500], {"opacity": 0.5})
    project.do(EditStrokes("Paint1", None, 0, strokes(1)))
    assert told == [(model.place(500) - 1, model.place(500) - 1)]
    assert resets == []
