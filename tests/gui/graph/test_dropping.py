"""Folders that are dropped on the graph while a worker can look into them."""

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPointF

from gui.core.editor import Editor
from gui.graph.drops import clip_name
from gui.graph.metrics import STEP_X
from tests.gui.graph.desk import Desk
from tests.gui.helpers import wait_for
from tests.gui.viewer.conftest import write_png


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("shot.%04d.exr", "shot"),
        ("mask_####.png", "mask"),
        ("plates", "plates"),
        ("0001.png", ""),
        ("take2.mov", "take"),
    ],
)
def test_a_node_is_called_as_its_clip(name: str, wanted: str) -> None:
    assert clip_name(Path(name)) == wanted


def test_what_is_dropped_where_no_room_is_left_is_brought_into_sight(
    editor: Editor, tmp_path: Path
) -> None:
    desk = Desk(editor)
    for number in range(12):
        desk.add("LoadSequence", f"Here{number}", number * STEP_X, 0)
    desk.look()
    desk.view.centerOn(desk.scene.extent(["Here0"]).center())
    spot = desk.scene.extent(["Here0"]).center()
    desk.pane.dropping.load([tmp_path / "plate.%04d.exr"], spot)
    seen = desk.view.mapToScene(desk.view.viewport().rect()).boundingRect()
    assert seen.contains(desk.scene.extent(["plate"]))


def test_a_folder_with_two_sequences_becomes_two_nodes_in_one_step(
    working_editor: Editor, tmp_path: Path
) -> None:
    folder = tmp_path / "mixed v1.2"
    folder.mkdir()
    for name in ("plate.1001", "plate.1002", "mask.1001", "mask.1002"):
        write_png(folder / f"{name}.png", np.full((8, 12, 3), 50, np.uint8))
    desk = Desk(working_editor)
    before = desk.text
    opened: list[str] = []
    desk.pane.open_requested.connect(opened.append)
    desk.pane.dropping.load([folder], QPointF(0, 0))
    wait_for(lambda: len(desk.document.nodes) == 2, 30)
    files = {name: desk.document.knob_value(name, "file") for name in desk.document.nodes}
    assert files == {name: (folder / f"{name}.%04d.png").as_posix() for name in ("plate", "mask")}
    assert set(working_editor.selection.names) == set(files) and len(opened) == 1
    working_editor.project.undo()
    assert desk.text == before
