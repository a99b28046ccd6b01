"""What the panel of a clip says about its files."""

import numpy as np
from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtTest import QTest

from codef_nodes.graph.commands import AddNode, SetKnob
from gui.properties.bin import PropertiesBin
from gui.properties.clipfacts import told
from tests.gui.helpers import wait_for
from tests.gui.viewer.conftest import write_png


def test_the_panel_of_a_clip_tells_range_gaps_and_size(working_editor, tmp_path):
    for frame in (1001, 1002, 1005):
        write_png(tmp_path / f"a.{frame}.png", np.full((8, 12, 3), 50, np.uint8))
    write_png(tmp_path / "b.0007.png", np.full((6, 10, 3), 50, np.uint8))
    do = working_editor.project.do
    do(AddNode("LoadSequence", "Plate", knobs={"file": str(tmp_path / "a.%04d.png")}))
    bin_ = PropertiesBin(working_editor)
    bin_.resize(420, 500)
    bin_.show()
    bin_.open("Plate")
    facts = bin_.panel("Plate").clip
    wait_for(facts.isVisible, 30)
    assert "1001-1005 · 3 frames" in facts.text()
    assert "2 frames missing: 1003-1004" in facts.text() and "12 x 8" in facts.text()
    do(SetKnob("Plate", "file", str(tmp_path / "b.0007.png")))
    wait_for(lambda: "10 x 6" in facts.text())
    assert "missing" not in facts.text()
    do(SetKnob("Plate", "file", str(tmp_path / "nothing.%04d.png")))
    wait_for(lambda: not facts.isVisible(), what="for facts of files that are not there to go")


def test_a_panel_that_is_closed_before_the_facts_come_hears_none(working_editor, tmp_path):
    write_png(tmp_path / "a.1001.png", np.full((8, 12, 3), 50, np.uint8))
    file = {"file": str(tmp_path / "a.%04d.png")}
    working_editor.project.do(AddNode("LoadSequence", "Plate", knobs=file))
    bin_ = PropertiesBin(working_editor)
    bin_.show()
    bin_.open("Plate")
    QTest.qWait(1)  # the question is out
    working_editor.project.new()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    told_last = []
    working_editor.workers.view.request("status", {}, told_last.append)
    wait_for(lambda: told_last, 30)
    QTest.qWait(200)


def test_many_gaps_are_counted_and_a_still_is_called_one():
    text = told({"frames": "1-99, missing 2", "count": 50, "missing": list(range(2, 99, 2))})
    assert "49 frames missing: 2-24x2 …" in text
    assert "one still" in told({"still": True, "count": 1, "size": [4, 4], "warnings": ["<odd>"]})
    assert "&lt;odd&gt;" in told({"still": True, "warnings": ["<odd>"]})
