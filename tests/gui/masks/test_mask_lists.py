"""Marks, shapes and groups as lists in the panels of their nodes."""

from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from codef_nodes.graph.commands import AddNode, Connect, Group, SetKnob
from codef_nodes.work.groupentries import PALETTE
from gui.core.editor import Editor
from gui.masks.groups import GroupsEditor
from gui.masks.list import MarksEditor, ShapesEditor
from gui.properties.bin import PropertiesBin
from gui.properties.rowlist import RowList

MARKS = {
    "60": {
        "rectangle": [100, 50, 220, 180],
        "scribbles": [
            {"points": [[120, 70], [150, 90]], "inside": True, "radius": 4},
            {"points": [[20, 70], [50, 90]], "inside": False, "radius": 4},
        ],
    },
    "7": {"scribbles": [{"points": [[1, 2]], "inside": True, "radius": 4}]},
}
SHAPES = {
    "door": {"feather": 3, "keys": {"60": {"points": [[1, 1], [30, 1], [30, 40]]}}},
    "hole": {"keys": {"60": {"points": [[1, 1], [30, 1], [30, 40]], "feather": 1}}},
}


@pytest.fixture
def panels(editor: Editor, application: QApplication) -> PropertiesBin:
    names = ("Rough", "Shapes", "Groups")
    kinds = ("RoughMask", "DrawMask", "MaskGroup")
    assert editor.project.do(
        Group(
            [
                *(AddNode(kind, name) for kind, name in zip(kinds, names, strict=True)),
                Connect("Rough", "Groups", "masks"),
                Connect("Shapes", "Groups", "masks"),
                SetKnob("Rough", "marks", MARKS),
                SetKnob("Shapes", "shapes", SHAPES),
            ]
        )
    )
    made = PropertiesBin(editor)
    made.resize(420, 900)
    made.show()
    for name in names:
        made.open(name)
    application.processEvents()
    return made


def listed(panels: PropertiesBin, node: str, kind: type[RowList]) -> Any:
    panel = panels.panel(node)
    assert panel is not None
    found = panel.findChild(kind)
    assert found is not None
    return found


def texts(found: RowList) -> list[list[str]]:
    table = found.table
    cells = [
        [table.item(r, c) for c in range(table.columnCount())] for r in range(table.rowCount())
    ]
    return [["" if item is None else item.text() for item in row] for row in cells]


def test_marks_are_read_in_words_by_frame(panels: PropertiesBin) -> None:
    assert texts(listed(panels, "Rough", MarksEditor)) == [
        ["7", "line over the object", "0 x 0 at 1, 2"],
        ["60", "rectangle", "120 x 130 at 100, 50"],
        ["60", "line over the object", "30 x 20 at 120, 70"],
        ["60", "line outside", "30 x 20 at 20, 70"],
    ]


def test_del_takes_marks_back_and_undo_brings_them_again(
    editor: Editor, panels: PropertiesBin
) -> None:
    found = listed(panels, "Rough", MarksEditor)
    found.table.selectRow(0)
    QTest.keyClick(found.table, Qt.Key.Key_Delete)
    found.table.selectRow(0)
    QTest.mouseClick(found.remove, Qt.MouseButton.LeftButton)
    left: Any = editor.project.document.state("Rough").knobs["marks"]
    assert list(left) == ["60"]
    assert "rectangle" not in left["60"]
    assert [line["inside"] for line in left["60"]["scribbles"]] == [True, False]
    editor.project.undo()
    editor.project.undo()
    assert len(texts(found)) == 4


def test_a_shape_is_renamed_made_to_cut_and_feathered(
    editor: Editor, panels: PropertiesBin
) -> None:
    found = listed(panels, "Shapes", ShapesEditor)
    assert texts(found) == [["door", "60", "", "3"], ["hole", "60", "", "1"]]
    found.table.item(0, 0).setText("gate")
    found.table.item(1, 2).setCheckState(Qt.CheckState.Checked)
    found.table.item(1, 3).setText("7.5")
    shapes: Any = editor.project.document.state("Shapes").knobs["shapes"]
    assert list(shapes) == ["door", "hole"]
    assert shapes["door"]["name"] == "gate"
    assert shapes["hole"]["subtract"] is True
    assert shapes["hole"]["feather"] == 7.5
    assert "feather" not in shapes["hole"]["keys"]["60"]
    refused: list[str] = []
    found.refused.connect(refused.append)
    found.table.item(0, 0).setText("hole")
    found.table.item(0, 3).setText("wide")
    assert len(refused) == 2
    assert texts(found)[0] == ["gate", "60", "", "3"]


def groups(editor: Editor) -> Any:
    return editor.project.document.state("Groups").knobs.get("groups", {})


def test_groups_follow_the_wires_with_the_background_behind(
    editor: Editor, panels: PropertiesBin
) -> None:
    found = listed(panels, "Groups", GroupsEditor)
    assert [row[1] for row in texts(found)] == ["Rough", "Shapes", "background"]
    assert editor.project.do(
        Group([AddNode("DrawMask", "More"), Connect("More", "Groups", "masks")])
    )
    assert [row[1] for row in texts(found)] == ["Rough", "Shapes", "More", "background"]


def test_a_group_goes_to_the_front_in_one_step(editor: Editor, panels: PropertiesBin) -> None:
    found = listed(panels, "Groups", GroupsEditor)
    found.table.selectRow(1)
    QTest.mouseClick(found.forward, Qt.MouseButton.LeftButton)
    assert [row[1] for row in texts(found)] == ["Shapes", "Rough", "background"]
    assert not found.forward.isEnabled()
    editor.project.undo()
    assert groups(editor) == {}


def test_names_kinds_and_settings_are_typed(editor: Editor, panels: PropertiesBin) -> None:
    found = listed(panels, "Groups", GroupsEditor)
    found.table.item(0, 1).setText("car")
    found.table.item(0, 3).setText("10")
    found.table.item(1, 2).setCheckState(Qt.CheckState.Unchecked)
    found.table.item(2, 4).setText("8")
    assert groups(editor) == {
        "Rough": {"name": "car", "stiffness": 10.0},
        "Shapes": {"kind": "ignore"},
        "background": {"detail": 8},
    }
    refused: list[str] = []
    found.refused.connect(refused.append)
    found.table.item(0, 4).setText("5")
    assert "2, 4, 8, 16" in refused[0]
    assert groups(editor)["Rough"] == {"name": "car", "stiffness": 10.0}
    found.table.item(0, 3).setText("")
    found.table.item(0, 1).setText("Rough")
    assert "Rough" not in groups(editor)


def test_a_colour_is_chosen_from_the_menu(editor: Editor, panels: PropertiesBin) -> None:
    found = listed(panels, "Groups", GroupsEditor)
    menu = found.colour_menu(0)
    menu.actions()[3].trigger()
    assert groups(editor)["Rough"] == {"colour": PALETTE[3]}
    menu.actions()[-1].trigger()
    assert groups(editor) == {}
    menu.close()
