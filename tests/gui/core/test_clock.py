"""Time: steps, ranges, playback that keeps its rate or shows every frame."""

import pytest
from PySide6.QtWidgets import QApplication

from gui.core.clock import Clock
from tests.gui.helpers import wait_for


@pytest.fixture
def clock(application: QApplication) -> Clock:
    made = Clock()
    made.set_range(1001, 1010)
    return made


def test_the_range_brings_the_frame_inside(clock: Clock) -> None:
    assert clock.frame == 1001
    clock.set_frame(1010)
    clock.set_range(1001, 1005)
    assert clock.frame == 1005
    clock.set_range(20, 3)
    assert (clock.first, clock.last, clock.frame) == (20, 20, 20)


def test_steps_go_round_within_in_and_out(clock: Clock) -> None:
    clock.set_in(1003)
    clock.set_out(1005)
    clock.set_frame(1005)
    clock.step(1)
    assert clock.frame == 1003
    clock.step(-1)
    assert clock.frame == 1005
    clock.step(-10)
    assert 1003 <= clock.frame <= 1005
    clock.set_in(1009)
    assert (clock.in_point, clock.out_point) == (1009, 1010)
    clock.clear_points()
    assert not clock.has_points


def test_playing_every_frame_shows_each_once_and_waits_for_the_gates(clock: Clock) -> None:
    shown: list[int] = []
    open_gate = False
    asked: list[None] = []

    def gate() -> bool:
        asked.append(None)
        return open_gate

    clock.frame_changed.connect(shown.append)
    clock.gates.append(gate)
    clock.set_every_frame(True)
    clock.set_fps(1000)
    clock.set_loop("once")
    clock.play()
    wait_for(lambda: len(asked) > 5)
    assert shown == []
    open_gate = True
    wait_for(lambda: clock.playing == 0)
    assert shown == list(range(1002, 1011))


def test_real_time_drops_frames_and_loops(clock: Clock) -> None:
    clock.set_fps(2000)
    shown: list[int] = []
    clock.frame_changed.connect(shown.append)
    clock.play()
    wait_for(lambda: len(shown) > 30)
    clock.stop()
    assert {1001 <= frame <= 1010 for frame in shown} == {True}


def test_bounce_turns_round_and_once_stops(clock: Clock) -> None:
    clock.set_every_frame(True)
    clock.set_fps(1000)
    clock.set_loop("bounce")
    directions: list[int] = []
    clock.playing_changed.connect(directions.append)
    clock.play()
    wait_for(lambda: directions[-2:] == [-1, 1])
    clock.set_loop("once")
    wait_for(lambda: clock.playing == 0)
    assert clock.frame == 1010
    clock.play()  # from the start again
    assert clock.frame == 1001
    clock.play()  # the same direction once more stops
    assert clock.playing == 0
