"""The cached bar with a real worker: it never says more than is there."""

import pytest
from PySide6.QtTest import QTest

from codef_nodes.graph.commands import SetKnob, SetSetting
from gui.core.editor import Editor
from gui.timeline.bar import TimelineBar
from gui.viewer.pane import ViewerPane
from tests.gui.helpers import wait_for
from tests.gui.viewer.conftest import clip as clip  # the fixture
from tests.gui.viewer.conftest import load_clip

ALL = set(range(1001, 1007))


@pytest.fixture
def working_editor(kept_editor: Editor) -> Editor:
    """One for all tests here: what a worker loads at first takes longer than most of them."""
    return kept_editor


@pytest.fixture
def played(working_editor: Editor, clip):
    """A viewer and a timeline after every frame was played once."""
    load_clip(working_editor, clip)
    pane, bar = ViewerPane(working_editor, "frame"), TimelineBar(working_editor)
    for widget in (pane, bar):
        widget.resize(700, 300)
        widget.show()
        QTest.qWaitForWindowExposed(widget)
    wait_for(lambda: working_editor.viewing.infos["frame"], 60, "for the first answer")
    clock = working_editor.clock
    clock.set_every_frame(True)
    clock.set_fps(100)
    clock.set_loop("once")
    clock.set_frame(1001)
    clock.play()
    wait_for(lambda: not clock.playing, 20)
    wait_for(lambda: bar.cached.frames()["ram"] == ALL)
    bar.pane = pane
    return bar


def settled(bar):
    """What the bar says once it has been told."""
    wait_for(lambda: bar.cached._said_of == bar.cached._state() and not bar.cached._asked)
    return bar.cached.frames()


def test_after_playback_all_is_in_memory(played):
    assert settled(played) == {"ram": ALL, "disk": set(), "stale": set()}


def test_an_edit_makes_all_stale_at_once_before_anybody_answers(played):
    played.editor.project.do(SetKnob("Grade", "grade_multiply", [0.9, 0.9, 0.9]))
    now = played.cached.frames()
    assert now["ram"] == set()
    assert now["disk"] == set()
    assert now["stale"] == ALL
    now = settled(played)
    wait_for(lambda: played.cached.frames()["ram"] <= {1006})
    assert now["ram"] <= {1006}  # the one that is shown has been made again
    assert now["stale"] >= ALL - {1006}


def test_an_edit_elsewhere_leaves_all_as_it_is(played):
    played.editor.project.do(SetSetting("name", "other"))
    assert played.cached.frames()["ram"] == ALL


def test_undo_is_believed_only_when_the_worker_says_so(played):
    played.editor.project.do(SetKnob("Grade", "grade_multiply", [0.9, 0.9, 0.9]))
    settled(played)
    played.editor.project.undo()
    assert played.cached.frames()["ram"] == set()
    wait_for(lambda: played.cached.frames()["ram"] == ALL)  # its results are still there by key


def test_another_look_or_scale_counts_the_window_s_frames_no_more(played):
    ready, _ = played.editor.viewing.cached_frames("frame")
    assert ready == ALL
    played.pane.set_scale(2)
    wait_for(lambda: played.editor.viewing.keys["frame"].scale == 2)
    assert played.editor.viewing.cached_frames("frame")[0] <= {1006}


def test_a_cleared_cache_is_empty_in_the_bar(played):
    played.editor.viewing.cache.clear()
    played.editor.viewing.cached_changed.emit()
    assert played.editor.viewing.cached_frames("frame") == (set(), set())


def test_missing_frames_are_marked(played, clip):
    (clip / "shot.1003.png").unlink()
    played.pane.showing.force()
    wait_for(lambda: played.ruler.marks.missing == {1003})
