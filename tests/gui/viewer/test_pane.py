import os
import signal

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QCursor
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu, QToolButton

from codef_nodes.graph.commands import AddNode, Connect, SetKnob
from codef_nodes.graph.serialise import from_tree
from gui.core.editor import Editor
from gui.viewer.pane import ViewerPane
from gui.viewer.views import View
from tests.gui.helpers import wait_for
from tests.gui.viewer.conftest import HEIGHT, WIDTH, codes_of, frame_codes, load_clip

needs_stop = pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="holds a process back")


def pane_of(editor, slot="frame"):
    pane = ViewerPane(editor, slot)
    pane.resize(700, 420)
    pane.show()
    QTest.qWaitForWindowExposed(pane)
    return pane


def shown(pane, side="a"):
    """The codes that the viewer shows and the picture is not old, else None."""
    frame = pane.canvas.frame(side)
    if frame is None or frame.pixels is None or pane.canvas.updating or pane.canvas.message:
        return None
    codes = frame.cached.codes
    return np.stack([codes >> 16 & 255, codes >> 8 & 255, codes & 255], -1).astype(np.uint8)


@pytest.fixture
def working_editor(kept_editor: Editor) -> Editor:
    """One for all tests here: what a worker loads at first takes longer than most of them."""
    return kept_editor


@pytest.fixture
def viewer(working_editor: Editor, clip):
    """A viewer of the graded clip, at frame 1002."""
    load_clip(working_editor, clip)
    pane = pane_of(working_editor)
    wait_for(lambda: working_editor.viewing.infos["frame"], 60, "for the first answer")
    working_editor.clock.set_frame(1002)
    wait_for(lambda: at(pane) == 1002, 60, "for the first picture")
    return pane


def at(pane):
    """The frame that is shown in full, else None."""
    return None if shown(pane) is None else pane.canvas.frame("a").frame


def key(pane, text, *held):
    """A key with the cursor over the canvas."""
    QCursor.setPos(pane.canvas.mapToGlobal(QPoint(200, 200)))
    modifiers = Qt.KeyboardModifier.NoModifier
    for each in held:
        modifiers |= each
    QTest.keyClick(pane.canvas, text, modifiers)


def test_an_unknown_node_below_a_write_says_what_is_wrong(working_editor):
    tree = working_editor.project.document.tree()
    tree["nodes"] = {
        "Look": {"type": "FilmLook", "version": 4, "knobs": {}, "inputs": {}, "position": [0, 0]},
        "Write": {"type": "WriteSequence", "knobs": {}, "inputs": {"image": "Look"},
                  "position": [0, 90]},
    }  # fmt: skip
    working_editor.project.use(from_tree(tree), None)
    pane = pane_of(working_editor)
    wait_for(lambda: "is unknown here" in pane.canvas.message, 30)
    assert "Look" in pane.canvas.message and pane.canvas.failed


def test_an_unedited_png_is_on_the_screen_code_by_code(viewer):
    viewer.editor.viewing.show("Plate", "frame")
    wait_for(lambda: shown(viewer) is not None and viewer.canvas.frame("a").node == "Plate")
    assert np.array_equal(shown(viewer), frame_codes(1002))
    viewer.toggle_overlays()
    viewer.canvas.zoom_to(1)
    left, top = (round(v) for v in viewer.canvas.to_screen(0, 0))
    grabbed = codes_of(viewer.canvas.grab().toImage())[top : top + HEIGHT, left : left + WIDTH]
    assert np.array_equal(grabbed[1:-1, 1:-1], frame_codes(1002)[1:-1, 1:-1])


def test_an_edit_and_another_frame_are_shown(viewer):
    before = shown(viewer)
    viewer.editor.project.do(SetKnob("Grade", "grade_multiply", [1.0, 1.0, 1.0]))
    wait_for(lambda: shown(viewer) is not None and not np.array_equal(shown(viewer), before))
    assert np.array_equal(shown(viewer), frame_codes(1002))
    viewer.editor.clock.set_frame(1004)
    wait_for(lambda: shown(viewer) is not None and viewer.canvas.frame("a").frame == 1004)
    assert np.array_equal(shown(viewer), frame_codes(1004))


def test_of_many_frames_only_the_last_one_stays(viewer):
    for frame in (1001, 1003, 1005, 1006):
        viewer.editor.clock.set_frame(frame)
        QTest.qWait(1)
    wait_for(lambda: shown(viewer) is not None and viewer.canvas.frame("a").frame == 1006)
    QTest.qWait(150)
    assert viewer.canvas.frame("a").frame == 1006


def test_an_error_is_told_in_red_and_goes_away_again(viewer, clip):
    viewer.editor.project.do(SetKnob("Plate", "file", str(clip / "gone.%04d.png")))
    wait_for(lambda: viewer.canvas.failed)
    assert "gone" in viewer.canvas.message
    assert not viewer.canvas.updating
    viewer.editor.project.undo()
    wait_for(lambda: shown(viewer) is not None)
    assert not viewer.canvas.failed


def test_a_frame_that_cannot_be_read_is_black_each_time_it_is_reached(viewer, clip):
    (clip / "shot.1003.png").write_bytes(b"no picture")
    viewer.showing.force()
    for _ in range(2):
        viewer.editor.clock.set_frame(1002)
        wait_for(lambda: at(viewer) == 1002)
        viewer.editor.clock.set_frame(1003)
        wait_for(lambda: viewer.canvas.failed)
        assert viewer.canvas.frame("a") is None


def test_the_keys_of_the_viewer_act_under_the_cursor(viewer):
    key(viewer, Qt.Key.Key_R)
    assert viewer.look.channels == "r"
    key(viewer, Qt.Key.Key_R)
    assert viewer.look.channels == "rgb"
    key(viewer, Qt.Key.Key_Y)
    assert viewer.look.channels == "y"
    wait_for(lambda: shown(viewer) is not None and np.ptp(shown(viewer), axis=2).max() == 0)
    key(viewer, Qt.Key.Key_1, Qt.KeyboardModifier.ControlModifier)
    assert viewer.canvas.viewport.zoom == 1
    key(viewer, Qt.Key.Key_F)
    assert viewer.canvas.viewport.zoom > 2
    key(viewer, Qt.Key.Key_Q)
    assert not viewer.canvas.show_marks
    key(viewer, Qt.Key.Key_P)
    assert viewer.showing.paused


def test_digits_over_a_viewer_turn_to_its_inputs(viewer):
    viewing = viewer.editor.viewing
    assert viewing.assign(1, "Plate") and viewing.assign(2, "Grade")
    said = []
    viewer.editor.status.connect(said.append)
    key(viewer, Qt.Key.Key_1)
    assert viewing.node("frame") == "Plate" and not said
    key(viewer, Qt.Key.Key_2)
    assert viewing.node("frame") == "Grade"
    key(viewer, Qt.Key.Key_0)
    assert viewing.node("frame") == "Grade" and "nothing is on input 10" in said[-1]


def test_gain_and_gamma_are_red_when_not_default_and_change_only_the_screen(viewer):
    before = viewer.canvas.frame("a").pixels.all().copy()
    plain = shown(viewer)
    bar = viewer.toolbar
    bar.gain.edit.setFocus()
    bar.gain.edit.setText("4")
    QTest.keyClick(bar.gain.edit, Qt.Key.Key_Return)
    assert viewer.look.gain == 4
    wait_for(lambda: shown(viewer) is not None and not np.array_equal(shown(viewer), plain))
    assert "ff7a6b" in bar.gain.label.styleSheet()
    after = viewer.canvas.frame("a").pixels.all()
    assert np.array_equal(after, before)
    assert viewer.editor.viewing.node("frame") == "Grade"  # Return was no key of the viewer
    viewer.reset_look()
    assert "ff7a6b" not in bar.gain.label.styleSheet()
    wait_for(lambda: shown(viewer) is not None and np.array_equal(shown(viewer), plain))


def test_another_view_is_another_picture(viewer):
    before = shown(viewer)
    viewer.set_view(View("sRGB - Display", "ACES 2.0 - SDR 100 nits (Rec.709)"))
    wait_for(lambda: shown(viewer) is not None and not np.array_equal(shown(viewer), before))
    assert "ACES" in viewer.toolbar.view.text()


def test_difference_is_black_where_nothing_was_changed(viewer):
    viewer.editor.project.do(SetKnob("Grade", "grade_multiply", [1.0, 1.0, 0.5]))
    key(viewer, Qt.Key.Key_D, Qt.KeyboardModifier.ShiftModifier)
    wait_for(lambda: shown(viewer, "difference") is not None)
    codes = shown(viewer, "difference")
    assert codes[..., :2].max() <= 1
    assert codes[..., 2].max() > 100


def test_the_pixel_under_the_cursor_is_told_anew_with_the_comparison(viewer):
    viewer.editor.project.do(SetKnob("Grade", "grade_multiply", [0.8, 0.8, 0.8]))
    viewer.canvas.hovered.emit(7.5, 9.5)
    wait_for(lambda: shown(viewer) is not None)
    plain = tuple(viewer.info.facts.values)
    viewer.run("viewer.difference")
    wait_for(lambda: shown(viewer, "difference") is not None)
    assert tuple(viewer.info.facts.values) != plain
    viewer.run("viewer.difference")
    assert tuple(viewer.info.facts.values) == plain


def test_the_wipe_has_both_pictures_and_enter_swaps_them(viewer):
    key(viewer, Qt.Key.Key_W)
    wait_for(lambda: shown(viewer, "a") is not None and shown(viewer, "b") is not None)
    assert np.array_equal(shown(viewer, "b"), frame_codes(1002))
    key(viewer, Qt.Key.Key_Return)
    wait_for(lambda: np.array_equal(shown(viewer, "a"), frame_codes(1002)))
    assert viewer.editor.viewing.node("frame") == "Plate"


def test_downrez_asks_for_fewer_pixels_and_shows_them_in_the_same_place(viewer):
    viewer.set_scale(4)
    wait_for(lambda: shown(viewer) is not None and viewer.canvas.frame("a").scale == 4)
    assert shown(viewer).shape[1] == WIDTH // 4
    assert viewer.canvas.frame("a").target[2] == WIDTH
    assert "1/4" in viewer.toolbar.scale.text()


def test_when_zoomed_in_only_the_part_that_is_seen_is_asked_for(viewer):
    viewer.canvas.zoom_to(40)
    wait_for(lambda: viewer.canvas.region is not None)
    wait_for(lambda: shown(viewer) is not None and not viewer.canvas.frame("a").whole)
    x0, y0, x1, y1 = viewer.canvas.frame("a").data
    assert (x1 - x0) * (y1 - y0) < 0.6 * WIDTH * HEIGHT
    seen = viewer.canvas.visible_box()
    assert x0 <= seen[0]
    assert x1 >= seen[2]


def test_a_region_of_interest_limits_what_is_computed(viewer):
    viewer.canvas.set_roi((10.0, 20.0, 30.0, 40.0))
    wait_for(
        lambda: shown(viewer) is not None and viewer.canvas.frame("a").data == (10, 20, 30, 40)
    )
    key(viewer, Qt.Key.Key_W, Qt.KeyboardModifier.ShiftModifier)
    wait_for(lambda: shown(viewer) is not None and viewer.canvas.frame("a").whole)


def test_the_info_bar_counts_y_from_the_bottom_and_shows_linear_values(viewer):
    viewer.editor.viewing.show("Plate", "frame")
    wait_for(lambda: shown(viewer) is not None and viewer.canvas.frame("a").node == "Plate")
    viewer.canvas.hovered.emit(7.5, HEIGHT - 0.5)
    facts = viewer.info.facts
    assert (facts.x, facts.y) == (7, 0)
    code = frame_codes(1002)[HEIGHT - 1, 7] / 255
    linear = np.where(code <= 0.04045, code / 12.92, ((code + 0.055) / 1.055) ** 2.4)
    assert facts.values[:3] == pytest.approx(linear, abs=1e-5)


def test_the_sampled_box_is_the_same_from_here_and_from_the_worker(viewer):
    wait_for(lambda: viewer.editor.viewing.infos["frame"])
    viewer.canvas.set_sample((3.0, 4.0, 23.0, 14.0))
    here = viewer.info.facts.sampled
    assert (here.count, here.box) == (200, (3.0, HEIGHT - 14.0, 23.0, HEIGHT - 4.0))
    viewer.set_scale(2)  # the full pixels are no longer here
    wait_for(lambda: shown(viewer) is not None and viewer.canvas.frame("a").scale == 2)
    viewer.canvas.set_sample(None)
    viewer.canvas.set_sample((3.0, 4.0, 23.0, 14.0))
    wait_for(lambda: viewer.info.facts.sampled is not None)
    there = viewer.info.facts.sampled
    assert there is not here
    assert there.mean[:3] == pytest.approx(here.mean[:3], abs=1e-5)
    assert there.least[:3] == pytest.approx(here.least[:3], abs=1e-6)
    assert there.most[:3] == pytest.approx(here.most[:3], abs=1e-6)


def test_a_paused_viewer_asks_for_nothing(viewer):
    viewer.toggle_pause()
    before = shown(viewer)
    viewer.editor.project.do(SetKnob("Grade", "grade_multiply", [0.1, 0.1, 0.1]))
    QTest.qWait(200)
    assert np.array_equal(viewer.canvas.frame("a").cached.codes >> 16 & 255, before[..., 0])
    viewer.toggle_pause()
    wait_for(lambda: shown(viewer) is not None and not np.array_equal(shown(viewer), before))


@pytest.fixture
def held_back(viewer):
    """The process that makes the pictures stands still until the function is called."""
    pid = viewer.editor.workers.view.pid
    os.kill(pid, signal.SIGSTOP)
    yield lambda: os.kill(pid, signal.SIGCONT)
    os.kill(pid, signal.SIGCONT)


def asked(viewer, frame):
    viewer.editor.clock.set_frame(frame)
    wait_for(lambda: [want.frame for want in viewer.showing.fetcher.pending.values()] == [frame])


@needs_stop
def test_what_only_the_worker_has_given_up_is_asked_for_again(viewer, held_back):
    asked(viewer, 1004)
    viewer.editor.workers.view.request("cancel", {"all": True})
    held_back()
    wait_for(lambda: at(viewer) == 1004)


@needs_stop
def test_the_same_frame_asked_for_twice_waits_for_the_second_answer(viewer, held_back):
    for frame in (1004, 1005, 1004):
        asked(viewer, frame)
    held_back()
    wait_for(lambda: at(viewer) == 1004)


def test_while_a_stroke_is_drawn_no_older_picture_takes_its_place(viewer):
    class Drawing:
        gesture: object = object()

        def paint(self, painter):
            """Nothing."""

    viewer.canvas.tool = tool = Drawing()
    before = viewer.canvas.frame("a")
    viewer.editor.project.do(SetKnob("Grade", "grade_multiply", [0.1, 0.1, 0.1]))
    QTest.qWait(400)
    assert viewer.canvas.frame("a") is before
    assert not viewer.canvas.updating, "the stroke is up to date"
    tool.gesture = None
    wait_for(lambda: viewer.canvas.frame("a") is not before)


def test_the_worker_dies_and_the_picture_comes_back(viewer):
    os.kill(viewer.editor.workers.view.pid, signal.SIGTERM)
    wait_for(lambda: viewer.canvas.failed, 20)
    wait_for(lambda: shown(viewer) is not None, 60)
    viewer.editor.project.do(SetKnob("Grade", "grade_multiply", [1.0, 1.0, 1.0]))
    wait_for(lambda: np.array_equal(shown(viewer), frame_codes(1002)), 30)


def test_every_frame_is_played_from_memory_and_the_gate_lets_none_out(viewer):
    clock, played = viewer.editor.clock, []
    clock.set_every_frame(True)
    clock.set_fps(100)
    clock.set_loop("once")
    clock.set_frame(1001)
    viewer.editor.viewing.frame_shown.connect(lambda slot, frame: played.append(frame))
    clock.play()
    wait_for(lambda: not clock.playing, 20, "for the end of playback")
    assert played[-5:] == [1002, 1003, 1004, 1005, 1006]
    ready, old = viewer.editor.viewing.cached_frames("frame")
    assert ready == set(range(1001, 1007))
    assert not old


def test_a_missing_frame_does_not_stop_playback(viewer, clip):
    (clip / "shot.1003.png").unlink()
    viewer.showing.force()
    clock = viewer.editor.clock
    clock.set_every_frame(True)
    clock.set_fps(100)
    clock.set_loop("once")
    clock.set_frame(1001)
    clock.play()
    wait_for(lambda: not clock.playing, 20, "for the end of playback")
    assert clock.frame == 1006


def test_an_empty_document_and_one_opened_safely_say_so(working_editor, clip):
    pane = pane_of(working_editor)
    wait_for(lambda: "Nothing to show" in pane.canvas.message)
    assert not pane.canvas.failed
    load_clip(working_editor, clip)
    working_editor.project.use(working_editor.project.document, None, safe=True)
    wait_for(lambda: "safely" in pane.canvas.message)
    working_editor.clock.set_frame(1001)
    working_editor.project.trust()
    wait_for(lambda: shown(pane) is not None, 30)


def test_without_a_fit_the_canonical_viewer_says_what_to_do(working_editor, clip):
    load_clip(working_editor, clip)
    working_editor.project.do(AddNode("FitCoDeF", "Fit"))
    working_editor.project.do(Connect("Plate", "Fit", "clip"))
    pane = pane_of(working_editor, "canonical")
    wait_for(lambda: "Fit is not fitted yet" in pane.canvas.message, 30)
    wait_for(lambda: not pane.canvas.failed, 10, "for the state of the fit: it is to come")
    working_editor.faces.start("Fit", fitting=True)
    wait_for(lambda: "being fitted" in pane.canvas.message, 5)
    assert not pane.canvas.failed, "that is no failure"
    working_editor.faces.finish("Fit", fit="failed")
    wait_for(lambda: pane.canvas.failed, 5)


def test_a_chosen_node_is_marked_and_the_mark_goes_back_to_the_graph(viewer):
    viewer.editor.viewing.show("Plate", "frame")
    assert "href" in viewer.toolbar.name.text()
    viewer.toolbar.name.linkActivated.emit("graph")
    assert viewer.editor.viewing.node("frame") == "Grade"
    assert "href" not in viewer.toolbar.name.text()


def test_nothing_of_the_last_document_stays(viewer):
    canvas, editor = viewer.canvas, viewer.editor
    assert canvas.format is not None and editor.clock.first == 1001
    editor.project.new()
    wait_for(lambda: canvas.format is None, 10)
    assert canvas.data is None and canvas.frame() is None
    assert f"{WIDTH}x{HEIGHT}" not in viewer.info.facts.right
    assert (editor.clock.first, editor.clock.last) == (1, 100)


def test_a_document_with_the_same_names_shows_nothing_of_the_last_one(viewer, clip):
    """Opened safely, or with a clip that is not there: no picture stands under the message."""
    canvas, editor = viewer.canvas, viewer.editor
    assert canvas.frame() is not None
    tree = editor.project.document.tree()
    editor.project.use(from_tree(tree), None, safe=True)
    wait_for(lambda: "safely" in canvas.message, 10)
    assert canvas.frame() is None and canvas.format is None
    editor.project.trust()
    wait_for(lambda: canvas.frame() is not None, 30)
    for file in clip.iterdir():
        file.unlink()
    editor.project.use(from_tree(tree), None)
    wait_for(lambda: canvas.failed, 30)
    assert canvas.frame() is None


def test_an_undone_clip_comes_back_with_its_windows(viewer):
    canvas, project = viewer.canvas, viewer.editor.project
    steps = 0
    while project.undo():
        steps += 1
    wait_for(lambda: canvas.format is None, 10)
    for _ in range(steps):
        project.redo()
    wait_for(lambda: canvas.format is not None and canvas.frame() is not None, 20)
    wait_for(lambda: viewer.editor.viewing.infos[viewer.slot].get("format"), 20)


def test_what_has_no_room_in_the_bar_is_behind_the_chevron(working_editor, clip):
    load_clip(working_editor, clip)
    pane = pane_of(working_editor, "canonical")
    bar = pane.toolbar
    pane.resize(900, 400)
    QApplication.processEvents()
    assert bar.overlays.isVisible() and bar.more().isEmpty()
    pane.resize(400, 400)
    QApplication.processEvents()
    assert not bar.overlays.isVisible() and not bar.roi.isVisible()
    chevron = bar.findChild(QToolButton, "qt_toolbar_ext_button")
    QTest.mouseClick(chevron, Qt.MouseButton.LeftButton)
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    told = [action.text() for action in menu.actions()]
    assert bar.roi.toolTip() in told and "Warp grid" in told
    menu.close()


def test_a_closed_viewer_leaves_nothing_under_way(viewer):
    viewer.editor.clock.set_frame(1005)
    viewer.hide()
    QTest.qWait(50)
    assert not viewer.showing.fetcher.pending
    viewer.show()
    wait_for(lambda: viewer.canvas.frame("a").frame == 1005)
    assert QPointF(viewer.canvas.point(0, 0)) == viewer.canvas.point(0, 0)


def test_a_viewer_that_is_gone_holds_nothing_up(editor: Editor):
    from PySide6.QtCore import QCoreApplication, QEvent

    from gui.timeline.bar import TimelineBar

    pane, bar = pane_of(editor), TimelineBar(editor)
    assert len(editor.clock.gates) == 1
    for widget in (pane, bar):
        widget.close()
        widget.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    assert editor.clock.gates == []
    assert editor.viewing.canvases == {}
    editor.project.do(AddNode("LoadSequence", "Plate"))
    editor.viewing.revisions.bump()
    editor.viewing.set_info("frame", {"first": 1, "last": 5})
    editor.clock.set_every_frame(True)
    editor.clock.play()
    wait_for(lambda: editor.clock.frame > 1)
