"""Keys of shapes, marks and pins on the timeline, and the way from one to the next."""

import pytest
from PySide6.QtTest import QTest

from codef_nodes.graph.commands import AddNode, Group, SetKnob
from gui.core.editor import Editor
from gui.timeline.bar import TimelineBar
from gui.timeline.keyframes import key_frames, neighbour
from gui.timeline.ruler import _KEY
from tests.gui.helpers import wait_for

CORNERS = [[1, 1], [30, 1], [30, 40]]


@pytest.fixture
def bar(editor: Editor) -> TimelineBar:
    made = TimelineBar(editor)
    made.resize(900, 70)
    made.show()
    editor.clock.set_range(1001, 1040)
    editor.clock.set_frame(1010)
    QTest.qWaitForWindowExposed(made)
    shapes = {
        "a": {"keys": {"1005": {"points": CORNERS}, "1020": {"points": CORNERS}}},
        "b": {"keys": {"1030": {"points": CORNERS}}},
    }
    pins = [{"name": "pin 1", "canonical": [1, 2], "frames": {"1015": [3, 4]}}]
    assert editor.project.do(
        Group(
            [
                AddNode("DrawMask", "Shapes"),
                SetKnob("Shapes", "shapes", shapes),
                AddNode("RoughMask", "Rough"),
                SetKnob("Rough", "marks", {"1002": {"rectangle": [1, 2, 30, 40]}, "odd": {}}),
                AddNode("Pins", "Pins"),
                SetKnob("Pins", "pins", pins),
            ]
        )
    )
    return made


def test_the_selected_nodes_tell_their_keys(editor: Editor, bar: TimelineBar) -> None:
    document = editor.project.document
    assert key_frames(document, ["Shapes"]) == {1005, 1020, 1030}
    assert key_frames(document, ["Rough", "Pins"]) == {1002, 1015}
    editor.selection.set(["Shapes"])
    wait_for(lambda: bar.ruler.marks.keys == {1005, 1020, 1030})
    editor.selection.clear()
    wait_for(lambda: not bar.ruler.marks.keys)


def test_a_key_is_seen_on_the_ruler(editor: Editor, bar: TimelineBar) -> None:
    editor.selection.set(["Shapes"])
    wait_for(lambda: bool(bar.ruler.marks.keys))
    image = bar.ruler.grab().toImage()
    x = round(bar.ruler.x_of(1020))
    colours = {image.pixelColor(x, y).name() for y in range(image.height())}
    assert _KEY in colours


def test_keys_lead_to_the_next_one(editor: Editor, bar: TimelineBar) -> None:
    editor.selection.set(["Shapes"])
    editor.actions.run("play.next_key")
    assert editor.clock.frame == 1020
    editor.actions.run("play.previous_key")
    assert editor.clock.frame == 1005
    editor.actions.run("play.previous_key")
    assert editor.clock.frame == 1005
    assert neighbour({3, 9}, 9, 1) is None
