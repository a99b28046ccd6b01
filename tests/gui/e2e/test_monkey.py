"""Hundreds of random keys, clicks, strokes and drags over the window while real workers run."""

import random
import sys
import traceback
from pathlib import Path
from types import TracebackType

import pytest
from PySide6.QtCore import QPoint, Qt, QTimer
from PySide6.QtWidgets import QAbstractButton, QApplication, QDialog, QMenu

from codef_nodes.graph.serialise import as_text
from gui.manual.hands import CTRL, NONE, SHIFT, Hands
from tests.gui.e2e.shots import fitted_shot

PANES = ("graph", "canonical", "frame", "properties", "fit", "strokes", "jobs", "timeline", "paint")
SPECIAL = (
    Qt.Key.Key_Escape,
    Qt.Key.Key_Delete,
    Qt.Key.Key_Tab,
    Qt.Key.Key_Return,
    Qt.Key.Key_Space,
    Qt.Key.Key_PageUp,
    Qt.Key.Key_PageDown,
    Qt.Key.Key_Left,
    Qt.Key.Key_F12,
)
ACTIONS = 300


class Monkey:
    """Does something at random, the same for the same seed.

    Args:
        hands: Its hands.
        seed: What it will do.
    """

    def __init__(self, hands: Hands, seed: int) -> None:
        self.hands, self.random = hands, random.Random(seed)

    def act(self) -> None:
        choose = self.random.choice
        pane = self.hands.window.docks[choose(PANES)].pane
        does = choose(("key", "key", "special", "draw", "draw", "click", "drag", "undo", "redo"))
        if does == "key":
            held = choose((NONE, NONE, NONE, SHIFT, CTRL))
            letter = choose("ABCDEFGHIJKLMNPRTUVWXYZ1234567890.[]")
            if held == NONE or letter not in "QSONTP":  # files, dialogs and the end of the program
                self.hands.key(pane, Qt.Key(ord(letter)), held)
        elif does == "special":
            self.hands.key(pane, choose(SPECIAL))
        elif does == "draw":
            self._draw()
        elif does == "click":
            buttons = [each for each in pane.findChildren(QAbstractButton) if _can_press(each)]
            if buttons:
                self.hands.press(choose(buttons))
        elif does == "drag":
            self._drag()
        elif does == "undo":
            self.hands.editor.project.undo()
        else:
            self.hands.editor.project.redo()

    def _draw(self) -> None:
        canvas = self.hands.canvas(self.random.choice(("canonical", "frame")))
        if canvas.format is not None:
            between = self.random.uniform
            places = [(between(-10, 170), between(-10, 100)) for _ in range(4)]
            self.hands.draw(canvas, places, lift=self.random.random() < 0.9)

    def _drag(self) -> None:
        view = self.hands.graph.view
        target, size = view.viewport(), view.viewport().size()
        nodes = list(self.hands.graph.scene.nodes.values())

        def place() -> QPoint:
            if nodes and self.random.random() < 0.6:
                return view.mapFromScene(self.random.choice(nodes).body().center())
            across, down = self.random.random(), self.random.random()
            return QPoint(int(across * size.width()), int(down * size.height()))

        self.hands.drag(target, place(), place())


def _can_press(button: QAbstractButton) -> bool:
    opens = getattr(button, "menu", lambda: None)() is not None
    # What browses for files opens dialogs of the system, which wait for a person.
    return (
        button.isVisible()
        and button.isEnabled()
        and not opens
        and "Browse" not in (button.toolTip())
    )


@pytest.mark.parametrize("seed", [1])
def test_nothing_breaks_and_everything_can_be_undone(
    hands: Hands, tmp_path: Path, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    faults: list[str] = []

    def hear(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        faults.append("".join(traceback.format_exception(kind, error, trace)[-3:]))

    monkeypatch.setattr(sys, "excepthook", hear)
    hands.window.files.read(fitted_shot(tmp_path, 8, (96, 54)))
    hands.wait(hands.settled, 60, "for both viewers")
    project = hands.editor.project
    start = as_text(project.document)
    guard = QTimer(interval=100)
    guard.timeout.connect(close_dialogs)
    guard.start()
    monkey = Monkey(hands, seed)
    for _ in range(ACTIONS):
        monkey.act()
    for slot in ("canonical", "frame"):
        hands.lift(hands.canvas(slot))
    guard.stop()
    close_dialogs()
    assert faults == []
    workers = hands.editor.workers
    assert workers is not None and all(not link.given_up for link in workers.links)
    project.end_gesture()
    while project.redo():
        pass
    end = as_text(project.document)
    while project.undo():
        pass
    assert as_text(project.document) == start
    while project.redo():
        pass
    assert as_text(project.document) == end


def close_dialogs() -> None:
    for widget in QApplication.topLevelWidgets():
        if isinstance(widget, QDialog | QMenu) and widget.isVisible():
            widget.close()
