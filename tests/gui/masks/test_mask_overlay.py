"""Masks in their colours over the plate: which, when, and with what legend."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication

from codef_nodes.graph.commands import AddNode, Connect, Group, SetKnob
from codef_nodes.graph.document import Document
from codef_nodes.work.groupentries import PALETTE
from gui.core.editor import Editor
from gui.masks.edits import mask_source
from gui.masks.masking import masking_of
from gui.masks.overlay import MaskOverlay
from gui.viewer.canvas import Canvas
from tests.codef_nodes.cli.tinyclip import write_png
from tests.gui.helpers import wait_for
from tests.gui.paint.conftest import grey_frame

WIDTH, HEIGHT = 96, 64


def square(left: float, top: float, right: float, bottom: float) -> dict[str, Any]:
    corners = [[left, top], [right, top], [right, bottom], [left, bottom]]
    return {"shape 1": {"keys": {"1": {"points": corners}}}}


@pytest.fixture
def canvas(working_editor: Editor, application: QApplication, tmp_path: Path) -> Iterator[Canvas]:
    """A viewer of a clip with two drawn masks, the front one named and coloured."""
    (tmp_path / "clip").mkdir()
    for frame in (1, 2):
        write_png(
            tmp_path / "clip" / f"a.{frame:04d}.png", np.full((HEIGHT, WIDTH, 3), 90, np.uint8)
        )
    editor = working_editor
    masks = {"One": square(8, 8, 40, 40), "Two": square(30, 20, 80, 56)}
    commands = [
        AddNode("LoadSequence", "Clip"),
        SetKnob("Clip", "file", str(tmp_path / "clip")),
        AddNode("MaskGroup", "Groups"),
        SetKnob("Groups", "groups", {"One": {"name": "car", "colour": "#20ff40"}}),
    ]
    for name, shapes in masks.items():
        commands += [
            AddNode("DrawMask", name),
            SetKnob(name, "shapes", shapes),
            Connect("Clip", name, "source"),
            Connect(name, "Groups", "masks"),
        ]
    assert editor.project.do(Group(commands))
    editor.viewing.show("Clip", "frame")
    editor.clock.set_range(1, 2)
    editor.clock.set_frame(1)
    made = Canvas()
    made.resize(WIDTH * 4, HEIGHT * 4)
    made.set_frame(grey_frame(WIDTH, HEIGHT))
    made.show()
    made.fit()
    application.processEvents()
    yield made
    made.close()


def colour(canvas: Canvas, x: float, y: float) -> tuple[int, int, int]:
    image: QImage = canvas.grab().toImage()
    place = canvas.to_screen(x, y)
    found = image.pixelColor(round(place[0]), round(place[1]))
    return found.red(), found.green(), found.blue()


def test_groups_lie_over_the_plate_in_their_colours(working_editor: Editor, canvas: Canvas) -> None:
    overlay = MaskOverlay(working_editor, canvas, "frame")
    plain = colour(canvas, 70, 50)
    overlay.toggle()
    wait_for(lambda: bool(overlay.groups), 30)
    assert [(g["name"], g["colour"]) for g in overlay.groups] == [
        ("car", "#20ff40"),
        ("Two", PALETTE[1]),
    ]
    assert overlay.groups[0]["share"] == pytest.approx(32 * 32 / (WIDTH * HEIGHT), abs=0.01)
    red, green, blue = colour(canvas, 35, 30)  # both are there: the front one is seen
    assert green > max(red, blue) + 30
    red, green, blue = colour(canvas, 70, 50)
    assert blue > red + 20
    assert [entry.name for entry in overlay.legend()] == ["car", "Two"]
    assert overlay.legend()[0].after == f"{100 * overlay.groups[0]['share']:.1f} %"
    overlay.toggle()
    assert overlay.legend() == []
    assert colour(canvas, 70, 50) == plain


def test_a_new_colour_is_shown_and_makes_no_mask_again(
    working_editor: Editor, canvas: Canvas
) -> None:
    overlay = MaskOverlay(working_editor, canvas, "frame")
    overlay.toggle(True)
    wait_for(lambda: bool(overlay.groups), 30)
    table = {"One": {"name": "car", "colour": "#ff2020"}}
    assert working_editor.project.do(SetKnob("Groups", "groups", table))
    wait_for(lambda: overlay.groups[0]["colour"] == "#ff2020", 30)
    red, green, _ = colour(canvas, 20, 30)
    assert red > green + 30


def test_the_mask_tool_shows_the_mask_it_draws(working_editor: Editor, canvas: Canvas) -> None:
    overlay = MaskOverlay(working_editor, canvas, "frame")
    masking = masking_of(working_editor)
    working_editor.selection.set(["Two"])
    masking.take(True)
    wait_for(lambda: [g["name"] for g in overlay.groups] == ["Two"], 30)
    masking.take(False)
    assert not overlay.shown


def test_what_belongs_to_a_viewer_is_found_by_the_wires() -> None:
    document = Document()
    Group(
        [
            AddNode("LoadSequence", "Clip"),
            AddNode("RoughMask", "Rough"),
            Connect("Clip", "Rough", "source"),
            AddNode("MaskGroup", "Groups"),
            AddNode("FitCoDeF", "Fit"),
            Connect("Clip", "Fit", "clip"),
        ]
    ).run(document)
    assert mask_source(document, "Clip", None, [], None) == "Rough"
    Connect("Rough", "Groups", "masks").run(document)
    assert mask_source(document, "Clip", None, [], None) == "Groups"
    assert mask_source(document, "Clip", None, ["Rough"], None) == "Rough"
    assert mask_source(document, "Clip", "Fit", [], None) == "Groups"
    Connect("Groups", "Fit", "groups").run(document)
    assert mask_source(document, "Fit", "Fit", [], None) == "Groups"
    assert mask_source(document, "Clip", "Fit", [], "Rough") == "Rough"
    assert mask_source(document, None, None, [], None) is None
