"""Esc stops what the viewers wait for; they say so, and go on when something is another."""

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt

from codef_nodes.graph.commands import AddNode, Connect, Group, SetKnob
from gui.core.workers import WorkerLink
from gui.manual.hands import Hands
from tests.codef_nodes.worker.jobkit import make_clip

pytestmark = pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="holds a process back")

ESC = 0.200
GAIN = iter(np.linspace(0.9, 0.3, 50))


@pytest.fixture
def hands(kept_hands: Hands, tmp_path: Path) -> Hands:
    """A graded clip is shown in the frame viewer."""
    make_clip(tmp_path / "clip", 6, (160, 90))
    kept_hands.editor.project.do(
        Group(
            [
                AddNode("LoadSequence", "Clip", (0, 0), {"file": str(tmp_path / "clip")}),
                AddNode("ImageOperation", "Grade", (0, 100)),
                Connect("Clip", "Grade", "image"),
            ]
        )
    )
    kept_hands.editor.viewing.show("Grade", "frame")
    kept_hands.wait(lambda: kept_hands.settled("frame"), 60, "for the first picture")
    kept_hands.editor.clock.set_frame(kept_hands.editor.clock.first + 2)
    kept_hands.wait(lambda: kept_hands.settled("frame"), 60, "for the third frame")
    return kept_hands


@pytest.fixture
def slow(hands: Hands) -> Iterator[Hands]:
    """A picture is asked for that takes long: the process that makes it is held back."""
    workers = hands.editor.workers
    assert workers is not None and workers.view.pid is not None
    pid = workers.view.pid
    os.kill(pid, signal.SIGSTOP)
    try:
        grade(hands)
        hands.wait(lambda: hands.canvas("frame").updating, 20, "for the viewer to ask")
        yield hands
    finally:
        os.kill(pid, signal.SIGCONT)


def grade(hands: Hands) -> None:
    assert hands.editor.project.do(SetKnob("Grade", "mix", float(next(GAIN))))


def go_on(hands: Hands) -> None:
    """The process works again, and has answered all that it was asked."""
    workers = hands.editor.workers
    assert workers is not None and workers.view.pid is not None
    os.kill(workers.view.pid, signal.SIGCONT)
    for _ in range(3):  # what comes of the first answers is asked meanwhile
        answered(workers.view, hands)


def answered(link: WorkerLink, hands: Hands) -> None:
    told: list[object] = []
    link.request("status", {}, told.append)
    hands.wait(lambda: told, 20, "for the worker")


def stop(hands: Hands) -> None:
    began = time.monotonic()
    hands.key(hands.canvas("frame"), Qt.Key.Key_Escape)
    assert hands.canvas("frame").halted == "stopped: U updates"
    assert time.monotonic() - began < ESC
    assert not hands.canvas("frame").updating


def test_the_viewer_keeps_its_older_picture_and_says_so(slow: Hands) -> None:
    canvas = slow.canvas("frame")
    before = canvas.frame()
    stop(slow)
    go_on(slow)
    assert canvas.frame() is before and not slow.settled("frame")
    assert canvas.halted, "nobody asks by himself"


def test_the_words_are_drawn_over_the_picture(slow: Hands) -> None:
    canvas = slow.canvas("frame")
    stop(slow)
    with_words = canvas.grab().toImage()
    canvas.set_halted("")
    without = canvas.grab().toImage()
    width = canvas.width()
    changed = [
        (x, y)
        for x in range(width)
        for y in range(40)
        if with_words.pixel(x, y) != without.pixel(x, y)
    ]
    assert len(changed) > 200 and min(x for x, _ in changed) > width - 160


@pytest.mark.parametrize("how", ["U", "time", "edit", "undo", "play"])
def test_it_goes_on_when_something_is_another(slow: Hands, how: str) -> None:
    canvas, clock = slow.canvas("frame"), slow.editor.clock
    stop(slow)
    go_on(slow)
    if how == "U":
        slow.key(canvas, Qt.Key.Key_U)
    elif how == "time":
        slow.key(canvas, Qt.Key.Key_Right)
    elif how == "edit":
        grade(slow)
    elif how == "undo":
        slow.key(canvas, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    else:
        slow.key(canvas, Qt.Key.Key_L)
        slow.wait(lambda: slow.settled("frame"), 30, "for a frame that is played")
        slow.key(canvas, Qt.Key.Key_Escape)
        assert not clock.playing, "Esc ends playback first"
    slow.wait(lambda: slow.settled("frame"), 30, "for the newer picture")
    assert not canvas.halted


def test_back_on_the_stopped_frame_it_is_asked_for(slow: Hands) -> None:
    canvas = slow.canvas("frame")
    stop(slow)
    go_on(slow)
    frame = slow.editor.clock.frame
    slow.key(canvas, Qt.Key.Key_Right)
    slow.key(canvas, Qt.Key.Key_Left)
    assert slow.editor.clock.frame == frame
    slow.wait(lambda: slow.settled("frame"), 30, "for the newer picture")
    assert not canvas.halted


def test_with_nothing_under_way_esc_stops_nothing(hands: Hands) -> None:
    canvas = hands.canvas("frame")
    hands.key(canvas, Qt.Key.Key_Escape)
    assert not canvas.halted
    grade(hands)
    hands.wait(lambda: hands.settled("frame"), 30, "for the newer picture")


def test_a_paused_viewer_says_so_as_well(hands: Hands) -> None:
    canvas = hands.canvas("frame")
    hands.key(canvas, Qt.Key.Key_P)
    grade(hands)
    hands.wait(lambda: canvas.halted == "paused: P goes on", 10)
    hands.key(canvas, Qt.Key.Key_P)
    hands.wait(lambda: hands.settled("frame"), 30, "for the newer picture")
    assert not canvas.halted
