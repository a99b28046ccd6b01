"""A new fit that moves the still asks about the strokes, with real fits in a real worker."""

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMainWindow

from codef_nodes.graph.commands import AddNode, EditStrokes, InsertOnWire, SetKnob
from codef_nodes.graph.serialise import as_text
from gui.core.editor import Editor
from gui.jobs.job import DONE
from gui.jobs.queue import queue_of
from gui.shell.banner import Banner
from gui.shell.carryover import CarryOver
from tests.codef_nodes.worker.jobkit import make_clip, shot_graph
from tests.gui.helpers import wait_for

OLD = {"points": [[40.0, 30.0, 1.0], [52.0, 36.0, 1.0]], "size": 6.0}
NEW = {"points": [[20.0, 50.0, 1.0]], "size": 9.0}


@pytest.fixture
def working_editor(kept_editor: Editor) -> Editor:
    """One for all tests here: what a worker loads at first takes longer than most of them."""
    return kept_editor


class Shot:
    """A fitted shot with a stroke, and the banner over it."""

    def __init__(self, editor: Editor, folder: Path) -> None:
        self.editor, self.project = editor, editor.project
        make_clip(folder / "clip")
        # Frame 1004 is the reference; the clip pans by two pixels across and one down.
        self.project.use(shot_graph(folder, steps=3, reference=1004), folder / "shot.codef")
        self.window = QMainWindow()
        self.banner = Banner(self.window)
        self.window.addToolBar(self.banner)
        self.window.show()
        CarryOver(editor, self.banner, editor)
        self.fit()
        self.project.do(EditStrokes("Paint", add=[OLD]))

    def fit(self, while_fitting=lambda job: None) -> None:
        job = queue_of(self.editor).fit("Fit")
        while_fitting(job)
        wait_for(lambda: job.over, 60)
        assert job.state == DONE, job.error

    @property
    def strokes(self) -> list:
        return self.project.document.knob_value("Paint", "strokes")

    def press(self, text: str) -> None:
        (button,) = [each for each in self.banner.buttons if each.text() == text]
        QTest.mouseClick(button, Qt.MouseButton.LeftButton)


@pytest.fixture
def shot(working_editor: Editor, tmp_path: Path) -> Shot:
    return Shot(working_editor, tmp_path)


def test_strokes_are_carried_over_in_one_step_but_not_those_on_the_draft(shot):
    shot.project.do(SetKnob("Fit", "reference", 1007))
    shot.project.do(SetKnob("Fit", "steps", 100000))

    def paint_on_the_draft(job):
        wait_for(lambda: job.draft, 60, "for a draft of the new fit")
        shot.project.do(EditStrokes("Paint", add=[NEW]))
        queue_of(shot.editor).stop(job)

    shot.fit(paint_on_the_draft)
    wait_for(lambda: shot.banner.isVisible(), 30, "for the question")
    text = shot.banner.text.text()
    assert "a stroke lies up to 7 pixels beside" in text  # three frames: 6 across, 3 down
    before = as_text(shot.project.document)
    shot.press("Carry over")
    assert not shot.banner.isVisible()
    old, new = shot.strokes
    ends = np.array([old["points"][0], old["points"][-1]])[:, :2]
    was = np.array(OLD["points"])[:, :2]
    np.testing.assert_allclose(ends - was, [(-6, -3), (-6, -3)], atol=0.3)
    assert new["points"] == NEW["points"]
    assert shot.project.history.undo_title == "Carry strokes over"
    shot.project.undo()
    assert as_text(shot.project.document) == before


def test_who_leaves_them_has_them_where_they_were_and_a_deleted_one_stays_deleted(shot):
    shot.project.do(SetKnob("Fit", "reference", 1007))
    shot.fit()
    wait_for(lambda: shot.banner.isVisible(), 30, "for the question")
    before = as_text(shot.project.document)
    shot.press("Leave")
    assert not shot.banner.isVisible() and as_text(shot.project.document) == before
    shot.project.do(SetKnob("Fit", "reference", 1002))
    shot.fit()
    wait_for(lambda: shot.banner.isVisible(), 30, "for the question")
    shot.project.do(EditStrokes("Paint", 0, 1, []))
    shot.press("Carry over")
    assert shot.strokes == []


def test_a_fit_that_leaves_the_still_where_it_is_asks_nothing(shot):
    told = []
    shot.project.do(SetKnob("Fit", "steps", 4))
    view = shot.editor.workers.view
    asked, request = [], view.request

    def heard(verb, args=None, done=None, *rest, **more):
        if verb == "strokes.carry":
            asked.append(args)
            found = done

            def done(answer):
                found(answer)
                told.append(answer)

        return request(verb, args, done, *rest, **more)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(view, "request", heard)
        shot.fit()
        wait_for(lambda: told, 30, "for the comparison")
    assert asked[0]["strokes"] == [OLD] and not shot.banner.isVisible()


PIN = {"name": "nose", "canonical": [30.0, 40.0], "frames": {"1003": [31.0, 41.0]}, "radius": 20.0}


def test_pins_are_carried_with_the_strokes_and_one_alone_is_named(shot):
    do = shot.project.do
    do(AddNode("Pins", "Pins", knobs={"pins": [PIN]}))
    do(InsertOnWire("Pins", "Still", "field"))
    do(SetKnob("Fit", "reference", 1007))
    shot.fit()
    wait_for(lambda: "pin" in shot.banner.text.text(), 30, "for the question")
    wait_for(lambda: "a stroke and a pin lie up to 7" in shot.banner.text.text(), 30)
    shot.press("Carry over")
    (pin,) = shot.project.document.knob_value("Pins", "pins")
    np.testing.assert_allclose(pin["canonical"], (24, 37), atol=0.3)
    assert {**pin, "canonical": PIN["canonical"]} == PIN
    assert shot.strokes != [OLD]
    shot.project.undo()
    assert shot.project.document.knob_value("Pins", "pins") == [PIN]
    assert shot.strokes == [OLD]
