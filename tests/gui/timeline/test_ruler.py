from collections import deque
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from gui import theme
from gui.timeline.bar import TimelineBar, frame_typed, measured, missing_of
from gui.timeline.ruler import Marks, Ruler, runs

LEFT, NONE = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier


@pytest.fixture
def bar(editor):
    made = TimelineBar(editor)
    made.resize(900, 70)
    made.show()
    editor.clock.set_range(1001, 1100)
    QTest.qWaitForWindowExposed(made)
    return made


@given(st.integers(-2000, 2000), st.integers(0, 3000), st.integers(60, 2000))
def test_every_frame_is_found_where_it_is_drawn(application, first, more, width):
    ruler = Ruler()
    ruler.resize(width, 36)
    ruler.set_range(first, first + more, first, first + more)
    for frame in (first, first + more // 2, first + more):
        assert ruler.frame_at(ruler.x_of(frame)) == frame
    assert ruler.frame_at(-50) == first
    assert ruler.frame_at(width + 50) == first + more
    ruler.deleteLater()


@given(st.sets(st.integers(-50, 50)))
def test_runs_hold_each_frame_once(frames):
    found = runs(frames)
    assert [f for first, last in found for f in range(first, last + 1)] == sorted(frames)
    assert all(b[0] > a[1] + 1 for a, b in pairwise(found))


@pytest.mark.parametrize(
    ("text", "frame"),
    [
        ("1050", 1050),
        ("+20", 1030),
        ("-20", 990),
        ("=-20", -20),
        (" + 5 ", 1015),
        ("--3", 1013),
        ("", None),
        ("abc", None),
        ("1e3", None),
    ],
)
def test_a_frame_is_typed_as_a_number_or_from_here(text, frame):
    assert frame_typed(text, 1010) == frame


def test_the_missing_frames_come_from_the_workers_words():
    assert missing_of({"frames": "1001-1096, missing 1044 1061-1063"}) == {1044, 1061, 1062, 1063}
    assert missing_of({"frames": "1001-1096"}) == set()
    assert missing_of({"frames": None}) == set()


def test_the_measured_rate_falls_while_no_frame_comes():
    times = deque([0.0, 0.1, 0.2, 0.3])
    assert measured(times, 0.3) == pytest.approx(10)
    assert measured(times, 2.3) == pytest.approx(0.5)
    assert measured(deque([1.0]), 5.0) == 0


def test_dragging_on_the_ruler_scrubs_and_stops_playback(bar):
    clock = bar.editor.clock
    clock.play()
    QTest.mousePress(bar.ruler, LEFT, NONE, QPoint(int(bar.ruler.x_of(1010)), 8))
    assert (clock.frame, clock.playing) == (1010, 0)
    QTest.mouseMove(bar.ruler, QPoint(int(bar.ruler.x_of(1050)), 8))
    assert clock.frame == 1050
    QTest.mouseRelease(bar.ruler, LEFT, NONE, QPoint(int(bar.ruler.x_of(1050)), 8))
    QTest.mouseMove(bar.ruler, QPoint(int(bar.ruler.x_of(1020)), 8))
    assert clock.frame == 1050


def test_the_triangles_are_in_and_out(bar):
    clock, ruler = bar.editor.clock, bar.ruler
    y = ruler.height() - 10
    start = QPoint(int(ruler.x_of(1000.5)) - 4, y)
    QTest.mousePress(ruler, LEFT, NONE, start)
    QTest.mouseMove(ruler, QPoint(int(ruler.x_of(1020)), y))
    QTest.mouseRelease(ruler, LEFT, NONE, QPoint(int(ruler.x_of(1020)), y))
    assert (clock.in_point, clock.out_point, clock.frame) == (1020, 1100, 1001 + clock.frame - 1001)
    assert bar.in_edit.text() == "1020"


def test_the_frame_field_takes_sums_and_alt_g_goes_there(bar):
    clock = bar.editor.clock
    clock.set_frame(1040)
    bar.go_to()
    assert bar.frame_edit.selectedText() == "1040"
    QTest.keyClicks(bar.frame_edit, "+20")
    QTest.keyClick(bar.frame_edit, Qt.Key.Key_Return)
    assert clock.frame == 1060
    bar.go_to()
    QTest.keyClicks(bar.frame_edit, "nonsense")
    QTest.keyClick(bar.frame_edit, Qt.Key.Key_Return)
    assert clock.frame == 1060
    assert bar.frame_edit.text() == "1060"


def test_in_out_and_rate_are_typed(bar):
    clock = bar.editor.clock
    for edit, text in ((bar.in_edit, "1010"), (bar.out_edit, "1090"), (bar.fps_edit, "29.97")):
        edit.setFocus()
        edit.selectAll()
        QTest.keyClicks(edit, text)
        QTest.keyClick(edit, Qt.Key.Key_Return)
    assert (clock.in_point, clock.out_point, clock.fps) == (1010, 1090, 29.97)


def test_the_transport_drives_the_clock(bar):
    clock = bar.editor.clock
    clock.set_frame(1040)
    QTest.mouseClick(bar.buttons["play.next"], LEFT)
    assert clock.frame == 1041
    QTest.mouseClick(bar.buttons["play.last"], LEFT)
    assert clock.frame == 1100
    QTest.mouseClick(bar.buttons["play.backward"], LEFT)
    assert clock.playing == -1
    QTest.mouseClick(bar.buttons["play.backward"], LEFT)
    assert clock.playing == 0
    QTest.mouseClick(bar.loop, LEFT)
    assert clock.loop == "bounce"
    QTest.mouseClick(bar.every, LEFT)
    assert clock.every_frame


def test_the_bar_has_a_colour_for_each_place(bar):
    cached = {"ram": {1010, 1011}, "disk": {1030}, "stale": {1050}}
    bar.ruler.set_marks(Marks(cached, {1070}, 1090))
    image = bar.ruler.grab().toImage()
    y = bar.ruler.height() - 3

    def colour(frame):
        return image.pixelColor(int(bar.ruler.x_of(frame)), y).name()

    assert colour(1010) == theme.CACHED["ram"]
    assert colour(1030) == theme.CACHED["disk"]
    assert colour(1050) == theme.CACHED["stale"]
    assert colour(1060) == theme.LINE
