"""The card about a node's result, told by a real worker."""

from pathlib import Path

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QCursor
from PySide6.QtTest import QTest

from codef_nodes.graph.commands import SetKnob
from gui.core.editor import Editor
from gui.graph.info import rows
from tests.codef_nodes.cli.tinyclip import make_clip
from tests.gui.graph.desk import Desk
from tests.gui.helpers import wait_for


def test_i_tells_about_the_result_and_the_next_key_takes_it_away(
    working_editor: Editor, tmp_path: Path
) -> None:
    make_clip(tmp_path / "clip")
    desk = Desk(working_editor)
    desk.add("LoadSequence", "Plate", 0, 0)
    working_editor.project.do(SetKnob("Plate", "file", str(tmp_path / "clip")))
    desk.look()
    working_editor.selection.set(["Plate"])
    card = desk.pane.info_card
    desk.key(Qt.Key.Key_I)
    assert card.isVisible()
    wait_for(lambda: "1001-1008" in card.text(), 30, "for the worker")
    assert "64 x 48" in card.text() and "Plate" in card.text()
    QCursor.setPos(desk.view.viewport().mapToGlobal(QPoint(30, 30)))
    QTest.keyClick(desk.view, Qt.Key.Key_Escape)
    assert not card.isVisible()


def test_without_a_worker_the_card_says_so(desk: Desk) -> None:
    desk.add("LoadSequence", "Plate", 0, 0)
    desk.editor.selection.set(["Plate"])
    assert desk.pane.show_info()
    assert "not running" in desk.pane.info_card.text()
    desk.pane.info_card.close_card()


def test_windows_count_from_the_bottom() -> None:
    told = {"format": [100, 50], "data": [-4, -2, 104, 60], "bytes": 2**20, "frames": "1-10",
            "seconds": 0.4, "fps": 25.0}  # fmt: skip
    assert rows(told) == [
        ("frames", "1-10  (0.40 s at 25 fps)"),
        ("format", "100 x 50"),
        ("data", "-4 -10 to 104 52"),
        ("memory", "1.0 MiB a frame"),
    ]
    assert rows({"format": [100, 50], "data": [0, 0, 100, 50]}) == [("format", "100 x 50")]
