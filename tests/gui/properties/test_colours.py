"""Colours are picked as seen and held scene-linear."""

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from codef_nodes.graph.commands import AddNode
from engine.colour.ocio import DEFAULT_WORKING
from gui.core.editor import Editor
from gui.properties.bin import PropertiesBin
from gui.properties.colour import ColourEditor
from gui.properties.page import KnobPage
from gui.properties.viewspace import BRIGHTEST, ViewColours, view_colours
from gui.viewer.views import View, default_view
from tests.gui.helpers import wait_for
from tests.gui.properties.test_rows import send_move

LEFT = Qt.MouseButton.LeftButton
ACES = View("sRGB - Display", "ACES 2.0 - SDR 100 nits (Rec.709)")


@pytest.mark.parametrize("view", [default_view(), ACES, View("sRGB - Display", "Raw")])
@pytest.mark.parametrize("colour", [(0.18, 0.18, 0.18), (0.02, 0.3, 0.1), (0.0, 0.0, 0.0)])
def test_a_picked_colour_looks_as_it_was_picked(
    view: View, colour: tuple[float, float, float]
) -> None:
    space = ViewColours(DEFAULT_WORKING, view)
    shown = space.shown(colour)
    assert space.picked(shown) == pytest.approx(colour, abs=2e-3)


def test_the_plain_view_of_middle_grey_is_its_srgb_code() -> None:
    shown = ViewColours(DEFAULT_WORKING, default_view()).shown((0.18, 0.18, 0.18))
    assert shown == pytest.approx((0.4613, 0.4613, 0.4613), abs=1e-3)


def test_the_white_of_a_filmic_view_is_no_blinding_light() -> None:
    assert max(ViewColours(DEFAULT_WORKING, ACES).picked((1.0, 1.0, 1.0))) <= BRIGHTEST


def test_the_preferred_view_counts(editor: Editor) -> None:
    editor.preferences.set("display", ACES.display)
    editor.preferences.set("view", ACES.view)
    assert view_colours(editor).view == ACES


def test_a_drag_in_the_picker_is_one_step_and_stored_linear(editor: Editor) -> None:
    editor.project.do(AddNode("ImageOperation", "N"))
    steps = len(editor.project.history.entries)
    panels = PropertiesBin(editor)
    panels.resize(420, 700)
    panels.show()
    panels.open("N")
    page = panels.panels[0].page()
    assert isinstance(page, KnobPage)
    colour = page.rows["grade_gain"].editor
    assert isinstance(colour, ColourEditor)
    QTest.mouseClick(colour.swatch, LEFT)
    picker = colour._picker
    assert picker is not None and picker.isVisible()
    square, side = picker.square, picker.square.width()
    none = Qt.KeyboardModifier.NoModifier
    QTest.mousePress(square, LEFT, none, QPoint(side // 4, side // 4))
    for step in range(5):
        send_move(square, QPoint(side // 4 + step, side // 2), none)
    send_move(square, QPoint(0, side // 2), none)
    QTest.mouseRelease(square, LEFT, none, QPoint(0, side // 2))
    assert len(editor.project.history.entries) == steps + 1
    grey = editor.project.document.knob_value("N", "grade_gain")
    # Half way down a grey column: code value 0.5, which is 0.214 in linear light.
    assert grey == pytest.approx([0.214] * 3, abs=0.01)
    shown = colour._space().shown(grey)
    assert shown == pytest.approx((0.5, 0.5, 0.5), abs=0.01)
    editor.project.undo()
    assert [float(field.text()) for field in picker.fields] == [1.0, 1.0, 1.0]
    QTest.keyClick(picker, Qt.Key.Key_Escape)
    wait_for(lambda: colour._picker is None)
