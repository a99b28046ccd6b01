"""The pin tool with a real worker: drags in both viewers, keys, undo, and the list."""

import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from codef_nodes.graph.commands import AddNode, Connect, Group
from engine.fields.folder import save_field
from gui.core.editor import Editor
from gui.pins.list import PinsEditor
from gui.pins.pinning import Pinning, pinning_of
from gui.pins.tool import PinTool
from gui.viewer.canvas import Canvas
from tests.engine.warp.moving import moving_field
from tests.gui.helpers import wait_for
from tests.gui.paint.conftest import pixel, shown_canvas

if TYPE_CHECKING:
    from engine.fields.field import Field

LEFT, NONE = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
Canvases = dict[str, Canvas]


@pytest.fixture(scope="module")
def field(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, "Field"]:
    made = moving_field()
    folder = tmp_path_factory.mktemp("pintool") / "fit"
    save_field(made, folder)
    return folder, made


@pytest.fixture
def canvases(
    working_editor: Editor, application: QApplication, field: tuple[Path, "Field"]
) -> Iterator[Canvases]:
    """Both canvases at two screen pixels for each picture pixel, over a stored fit."""
    editor = working_editor
    assert editor.project.do(
        Group(
            [
                AddNode("LoadField", "Fit", knobs={"folder": str(field[0])}),
                AddNode("CanonicalView", "Still"),
                Connect("Fit", "Still", "field"),
                AddNode("STMap", "Map"),
                Connect("Fit", "Map", "field"),
            ]
        )
    )
    editor.viewing.show("Map", "frame")
    editor.viewing.show("Still", "canonical")
    editor.clock.set_frame(12)
    made: Canvases = {}
    for slot in ("frame", "canonical"):
        canvas = shown_canvas(96, 64)
        PinTool(editor, canvas, slot)
        made[slot] = canvas
    application.processEvents()
    yield made
    for canvas in made.values():
        canvas.close()


def drag(
    canvas: Canvas,
    start: tuple[float, float],
    end: tuple[float, float],
    ready: Callable[[], bool] = lambda: True,
) -> None:
    """Presses, waits until the tool knows what it has, moves and lets go."""
    begun, ended = pixel(canvas, start), pixel(canvas, end)
    QTest.mousePress(canvas, LEFT, NONE, begun)
    wait_for(ready)
    QTest.mouseMove(canvas, (begun + ended) / 2)
    QTest.mouseMove(canvas, ended)
    QTest.mouseRelease(canvas, LEFT, NONE, ended)


def taken(editor: Editor) -> Pinning:
    pinning = pinning_of(editor)
    pinning.take(True)
    return pinning


def test_a_drag_in_the_frame_pins_what_was_pressed_where_it_was_dropped(
    working_editor: Editor, canvases: Canvases, field: tuple[Path, "Field"]
) -> None:
    pinning = taken(working_editor)
    drag(canvases["frame"], (45, 30), (50, 34), lambda: bool(pinning.pins()))
    wait_for(lambda: bool(pinning.pins()))
    (pin,) = pinning.pins()
    place = pin["frames"]["12"]
    assert math.dist(place, (50, 34)) < 0.6 and pin["layer"] == "square"
    known = field[1].layers[0].deformation.at(2, [[45.0, 30.0]])[0]
    assert math.dist(pin["canonical"], known) < 0.6
    assert working_editor.project.history.undo_title == "Pin Fit"
    working_editor.project.undo()
    assert "Pins1" not in working_editor.project.document


def test_a_quick_drag_is_not_lost_while_the_worker_thinks(
    working_editor: Editor, canvases: Canvases
) -> None:
    pinning = taken(working_editor)
    drag(canvases["frame"], (45, 30), (50, 34))
    wait_for(lambda: bool(pinning.pins()))
    assert math.dist(pinning.pins()[0]["frames"]["12"], (50, 34)) < 0.6


def test_a_drag_in_the_still_says_what_the_frame_shows_there(
    working_editor: Editor, canvases: Canvases
) -> None:
    pinning = taken(working_editor)
    drag(canvases["canonical"], (36, 30), (39, 33), lambda: bool(pinning.pins()))
    wait_for(lambda: bool(pinning.pins()))
    assert math.dist(pinning.pins()[0]["canonical"], (39, 33)) < 0.6
    held = pinning.pins()[0]["frames"]["12"]
    drag(canvases["canonical"], (39, 33), (41, 33))
    assert math.dist(pinning.pins()[0]["canonical"], (41, 33)) < 0.6
    assert pinning.pins()[0]["frames"]["12"] == held


def test_in_another_frame_the_pin_is_where_the_fit_has_it_and_takes_a_key(
    working_editor: Editor, canvases: Canvases
) -> None:
    editor, pinning = working_editor, taken(working_editor)
    frame = canvases["frame"]
    drag(frame, (45, 30), (48, 32), lambda: bool(pinning.pins()))
    wait_for(lambda: bool(pinning.pins()))
    editor.clock.set_frame(13)
    places = pinning.tools["frame"].places
    wait_for(lambda: len(places.shown()) == 1)
    (shown,) = places.shown()
    assert not shown.keyed
    before = editor.project.history.undo_title
    drag(frame, shown.place, (shown.place[0] + 3, shown.place[1]))
    (pin,) = pinning.pins()
    assert sorted(pin["frames"]) == ["12", "13"] and before is not None
    assert pin["frames"]["13"][0] == pytest.approx(shown.place[0] + 3, abs=0.6)
    assert pinning.selected == pin["name"]
    assert pinning.remove_key() and sorted(pinning.pins()[0]["frames"]) == ["12"]
    assert pinning.toggle_hard() and pinning.pins()[0]["hard"] is False
    assert pinning.resize(1) and pinning.pins()[0]["radius"] == 80.0
    assert pinning.remove() and pinning.pins() == []


def test_esc_takes_a_drag_back_and_paint_puts_the_tool_away(
    working_editor: Editor, canvases: Canvases
) -> None:
    pinning = taken(working_editor)
    canvas = canvases["frame"]
    drag(canvas, (45, 30), (45, 30))
    wait_for(lambda: bool(pinning.pins()))
    before = pinning.pins()
    QTest.mousePress(canvas, LEFT, NONE, pixel(canvas, (45, 30)))
    QTest.mouseMove(canvas, pixel(canvas, (60, 40)))
    wait_for(lambda: pinning.pins() != before)
    QTest.keyClick(canvas, Qt.Key.Key_Escape)
    QTest.mouseRelease(canvas, LEFT, NONE, pixel(canvas, (60, 40)))
    assert pinning.pins() == before
    from gui.paint.painting import painting_of

    assert canvas.tool is pinning.tools["frame"]
    painting_of(working_editor).take("brush")
    assert not pinning.on and canvas.tool is None


def test_the_list_shows_and_changes_pins(application: QApplication) -> None:
    from codef_nodes.nodes.pins import Pins

    knob = Pins.knob("pins")
    assert knob is not None
    made = PinsEditor(knob)
    pins = [
        {"name": "eye", "canonical": [1, 2], "frames": {"7": [3, 4]}, "radius": 50.0},
        {"name": "ear", "canonical": [1, 2], "frames": {str(n): [3, 4] for n in range(9)}},
    ]
    heard: list[object] = []
    refused: list[str] = []
    made.committed.connect(heard.append)
    made.refused.connect(refused.append)
    made.show_value(pins)
    assert [made.table.item(1, column).text() for column in (0, 1, 2, 4)] == [
        "ear",
        "9 in 0-8",
        "64",
        "12",
    ]
    made.table.item(0, 2).setText("80")
    assert heard.pop()[0]["radius"] == 80.0
    made.show_value(pins)
    made.table.item(0, 2).setText("wide")
    assert not heard and "no radius" in refused[0]
    assert made.table.item(0, 2).text() == "50"
    made.table.item(1, 0).setText("eye")
    assert not heard and "each needs its own" in refused[1]
    made.table.item(0, 3).setCheckState(Qt.CheckState.Unchecked)
    assert heard.pop()[0]["hard"] is False
    made.show_value(pins)
    made.table.selectRow(0)
    made.remove.click()
    assert [pin["name"] for pin in heard.pop()] == ["ear"]
