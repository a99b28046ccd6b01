"""A drawn shape follows its subject through the shot: keys from the fit, one step of undo."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from codef_nodes.graph.commands import AddNode, Connect, SetKnob
from engine.fields.folder import save_field
from gui.core.editor import Editor
from gui.masks.masking import Masking, masking_of
from tests.engine.warp.moving import front_matrix, moving_field, through
from tests.gui.helpers import wait_for
from tests.gui.viewer.conftest import write_png

CORNERS = [[29.0, 24.0], [45.0, 24.0], [45.0, 40.0], [29.0, 40.0]]


@pytest.fixture
def working_editor(kept_editor: Editor) -> Editor:
    """One for all tests here: its worker has loaded what it needs."""
    return kept_editor


@pytest.fixture
def masking(working_editor: Editor, tmp_path: Path) -> Masking:
    save_field(moving_field(), tmp_path / "field")
    for frame in (10, 11, 12, 13):
        write_png(tmp_path / f"plate.{frame:04d}.png", np.full((64, 96, 3), 99, np.uint8))
    do = working_editor.project.do
    do(AddNode("LoadSequence", "Plate", knobs={"file": str(tmp_path / "plate.%04d.png")}))
    do(AddNode("LoadField", "Fit", knobs={"folder": str(tmp_path / "field")}))
    do(AddNode("Propagate", "Carry", (0, 300)))
    do(AddNode("DrawMask", "Roto", (100, 100), {"shapes": shapes()}))
    for source, node, port in (
        ("Plate", "Carry", "source"),
        ("Fit", "Carry", "field"),
        ("Plate", "Roto", "source"),
    ):
        do(Connect(source, node, port))
    working_editor.viewing.show("Carry", "frame")
    working_editor.selection.set(["Roto"])
    working_editor.clock.set_frame(11)
    found = masking_of(working_editor)
    found.take(True)
    found.select("door")
    return found


def shapes() -> dict[str, Any]:
    return {"door": {"feather": 3.0, "keys": {"11": {"points": CORNERS}}}}


def stored(editor: Editor) -> Any:
    return editor.project.document.state("Roto").knobs["shapes"]


def test_it_gets_keys_in_all_frames_as_one_step(working_editor: Editor, masking: Masking) -> None:
    assert masking.follow()
    wait_for(lambda: len(stored(working_editor)["door"]["keys"]) == 4, 60, "for the keys")
    last = stored(working_editor)["door"]["keys"]["13"]
    wanted = through(np.linalg.inv(front_matrix(3)) @ front_matrix(1), CORNERS)
    assert np.array(last["points"])[:, :2] == pytest.approx(wanted, abs=0.05)
    assert last["feather"] == 3
    working_editor.project.undo()
    assert stored(working_editor) == shapes()


def test_what_was_changed_meanwhile_is_kept(working_editor: Editor, masking: Masking) -> None:
    said: list[str] = []
    working_editor.status.connect(said.append)
    assert masking.follow(5)
    mine = {"door": {"keys": {"12": {"points": CORNERS[::-1]}}}}
    working_editor.project.do(SetKnob("Roto", "shapes", mine))
    wait_for(lambda: any("changed while" in each for each in said), 60, "for the answer")
    assert stored(working_editor) == mine
    working_editor.status.disconnect(said.append)


def test_without_a_fit_it_says_what_to_do(working_editor: Editor, masking: Masking) -> None:
    said: list[str] = []
    working_editor.status.connect(said.append)
    working_editor.viewing.show("Plate", "frame")
    assert not masking.follow()
    assert "FitCoDeF" in said[-1]
    working_editor.status.disconnect(said.append)
