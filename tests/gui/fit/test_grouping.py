"""A real fit of something that crosses its ground: it is said where one still fails, one click
makes a group of it, and one undo takes that back."""

from pathlib import Path

import cv2
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from codef_nodes.graph.commands import AddNode, Connect, Group
from gui.core.editor import Editor
from gui.fit.panel import FitPanel
from gui.masks.edits import grouping_of_motion
from tests.codef_nodes.worker.jobkit import shot_graph
from tests.engine.fit.test_propose import clip
from tests.gui.helpers import wait_for


@pytest.fixture
def panel(working_editor: Editor, tmp_path: Path) -> FitPanel:
    """The pane over a fit of a disc that crosses its ground."""
    (tmp_path / "clip").mkdir()
    for n, frame in enumerate(clip(6.0)[0]):
        cv2.imwrite(str(tmp_path / "clip" / f"f.{n + 1:04d}.png"), frame[..., ::-1])
    working_editor.project.use(shot_graph(tmp_path, steps=8), tmp_path / "shot.codef")
    made = FitPanel(working_editor)
    made.resize(360, 900)
    made.show()
    return made


def test_a_click_makes_a_group_of_what_one_still_cannot_hold(panel, working_editor):
    document = working_editor.project.document
    assert not panel.offer.isVisible()
    QTest.mouseClick(panel.start, Qt.MouseButton.LeftButton)
    wait_for(lambda: panel.job.over, 60)
    said = dict(panel.figures.rows)["Groups"].replace("\u00a0", " ")
    assert said.startswith("One still cannot explain") and "from the bottom left" in said
    wait_for(lambda: working_editor.faces.face("Fit").note, 20, "for the face of the node")
    assert working_editor.faces.face("Fit").note[1:] == said[1:-1]
    before = dict(document.nodes)
    QTest.mouseClick(panel.offer.button, Qt.MouseButton.LeftButton)
    document = working_editor.project.document
    (groups,) = document.wires("Fit", "groups")
    (mask,) = document.wires(groups, "masks")
    assert (document.state(groups).type, document.state(mask).type) == ("MaskGroup", "MotionMask")
    assert document.wires(mask, "source") == document.wires("Fit", "clip")
    assert not panel.offer.isVisible()
    working_editor.project.undo()
    assert list(working_editor.project.document.nodes) == list(before)
    assert panel.offer.isVisible()


def test_what_is_a_group_already_stays_one(panel, working_editor):
    project = working_editor.project
    make = [
        AddNode("RoughMask", "Rough"),
        AddNode("MaskGroup", "Groups", knobs={"files": ["swan"]}),
        Connect(project.document.wires("Fit", "clip")[0], "Rough", "source"),
        Connect("Rough", "Groups", "masks"),
        Connect("Groups", "Fit", "groups"),
    ]
    project.do(Group(make, "masks"))
    command, mask = grouping_of_motion(project.document, "Fit")
    project.do(command)
    document = project.document
    assert document.wires("Groups", "masks") == ("Rough", mask)
    rough, loaded = document.wires(mask, "known")
    assert rough == "Rough" and document.state(loaded).knobs == {"file": "swan", "raw": True}
    assert grouping_of_motion(document, "Fit") is None
    project.undo()
    assert mask not in project.document
