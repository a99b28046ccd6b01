"""The small pictures on clip nodes."""

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtGui import QColor

from codef_nodes.graph.commands import AddNode, Rename, SetKnob
from gui.core.editor import Editor
from gui.graph.items import NodeItem
from gui.graph.stamps import stamp_of
from tests.gui.graph.desk import Desk
from tests.gui.helpers import wait_for
from tests.gui.viewer.conftest import write_png

GREENS = (40, 120, 240)


@pytest.fixture
def working_editor(kept_editor: Editor) -> Editor:
    """One for all tests here."""
    return kept_editor


def make(folder: Path, red: int) -> Path:
    """Three frames of one colour each, twice as wide as high."""
    folder.mkdir()
    for number, green in enumerate(GREENS):
        codes = np.full((160, 320, 3), (red, green, 30), np.uint8)
        write_png(folder / f"shot.{1001 + number}.png", codes)
    return folder


def node(desk: Desk, name: str) -> NodeItem:
    item = desk.scene.nodes[name]
    assert isinstance(item, NodeItem)
    return item


def colour(desk: Desk, name: str) -> tuple[int, int, int] | None:
    """The middle of a node's stamp."""
    stamp = node(desk, name).stamp
    if stamp is None:
        return None
    found = QColor(stamp.toImage().pixel(stamp.rect().center()))
    return found.red(), found.green(), found.blue()


def test_a_clip_shows_its_middle_frame_and_follows_its_file(
    working_editor: Editor, tmp_path: Path
) -> None:
    first, second = make(tmp_path / "first", 200), make(tmp_path / "second", 90)
    desk = Desk(working_editor)
    do = working_editor.project.do
    do(AddNode("LoadSequence", "Plate", (0, 0), {"file": str(first)}))
    do(AddNode("ImageOperation", "Grade", (0, 150)))
    wait_for(lambda: colour(desk, "Plate") == (200, 120, 30), 60, "for the stamp")
    assert node(desk, "Grade").stamp is None
    seen, body = node(desk, "Plate").seen(), node(desk, "Plate").body()
    assert seen.top() < body.top() and seen.bottom() == body.bottom()
    desk.look()
    picture = desk.view.mapFromScene(body.center().x(), seen.top() + 6)
    desk.click(picture)
    assert working_editor.selection.names == ["Plate"]
    do(Rename("Plate", "Scan"))
    wait_for(lambda: colour(desk, "Scan") == (200, 120, 30), 30, "for the stamp of the new name")
    do(SetKnob("Scan", "file", str(second)))
    wait_for(lambda: colour(desk, "Scan") == (90, 120, 30), 30, "for the stamp of the other clip")
    working_editor.project.undo()
    wait_for(lambda: colour(desk, "Scan") == (200, 120, 30), 30, "for the first one again")


def test_who_wants_none_gets_none_and_a_missing_clip_stops_no_other(
    working_editor: Editor, tmp_path: Path
) -> None:
    clip = make(tmp_path / "clip", 150)
    desk = Desk(working_editor)
    do = working_editor.project.do
    do(AddNode("LoadSequence", "Absent", (0, 0), {"file": str(tmp_path / "nowhere")}))
    do(AddNode("LoadSequence", "Plate", (200, 0), {"file": str(clip)}))
    wait_for(lambda: colour(desk, "Plate") == (150, 120, 30), 60, "for the stamp")
    assert node(desk, "Absent").stamp is None
    working_editor.preferences.set("stamps", False)
    assert node(desk, "Plate").stamp is None
    working_editor.preferences.set("stamps", True)
    wait_for(lambda: colour(desk, "Plate") == (150, 120, 30), 30, "for the stamp")


def test_wide_pixels_make_a_wide_stamp() -> None:
    codes = np.full((100, 100), 0xFF204060, np.uint32)
    square, wide = stamp_of(codes, 1.0), stamp_of(codes, 2.0)
    assert square.width() == square.height() == wide.height() == 92
    assert wide.width() == 184
    assert QColor(wide.pixel(90, 40)).name() == "#204060"
