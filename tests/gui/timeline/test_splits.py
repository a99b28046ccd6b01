"""Where a long shot is split: flags on the timeline that are dragged, and a menu."""

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from codef_nodes.graph.commands import SetKnob
from gui.core.editor import Editor
from gui.core.stills import Segment
from gui.timeline.bar import TimelineBar
from tests.gui.helpers import wait_for
from tests.gui.paint.graphs import shot

LEFT, NONE = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
FITTED = [
    Segment(1001, 1044, (1001, 1039), 1020),
    Segment(1035, 1075, (1040, 1069), 1055),
    Segment(1065, 1100, (1070, 1100), 1080),
]


@pytest.fixture
def bar(editor: Editor) -> TimelineBar:
    shot(editor.project)
    made = TimelineBar(editor)
    made.resize(900, 70)
    made.show()
    editor.clock.set_range(1001, 1100)
    QTest.qWaitForWindowExposed(made)
    editor.viewing.stills.use(FITTED)
    wait_for(lambda: made.ruler.marks.splits)
    return made


def split(bar: TimelineBar) -> object:
    return bar.editor.project.document.knob_value("Fit", "split")


def test_the_splits_of_the_fit_are_shown_and_dragging_one_is_one_step_of_undo(
    bar: TimelineBar,
) -> None:
    ruler = bar.ruler
    assert ruler.marks.splits == (1040, 1070) and split(bar) == "auto"
    here = QPoint(round(ruler.x_of(1039.5)) + 3, ruler.height() - 18)
    QTest.mousePress(ruler, LEFT, NONE, here)
    for frame in (1042, 1046, 1050):
        QTest.mouseMove(ruler, QPoint(round(ruler.x_of(frame - 0.5)) + 1, here.y()))
        assert split(bar) == "auto", "the document follows when the button is let go"
    QTest.mouseRelease(ruler, LEFT, NONE, QPoint(round(ruler.x_of(1049.5)) + 1, here.y()))
    assert split(bar) == "1050, 1070"
    wait_for(lambda: ruler.marks.splits == (1050, 1070))
    assert bar.editor.clock.frame not in (1042, 1046, 1050), "it scrubs nothing"
    bar.editor.project.undo()
    assert split(bar) == "auto"
    wait_for(lambda: ruler.marks.splits == (1040, 1070))


def test_a_press_beside_the_flags_scrubs(bar: TimelineBar) -> None:
    place = QPoint(round(bar.ruler.x_of(1050)), bar.ruler.height() - 18)
    QTest.mouseClick(bar.ruler, LEFT, NONE, place)
    assert bar.editor.clock.frame == 1050 and split(bar) == "auto"


def test_the_menu_splits_joins_and_leaves_it_to_the_fit(bar: TimelineBar) -> None:
    def choose(frame: int, words: str) -> None:
        menu = bar.splits.menu(frame)
        assert menu is not None
        next(action for action in menu.actions() if words in action.text()).trigger()

    choose(1055, "Split the shot before frame 1055")
    assert split(bar) == "1040, 1055, 1070"
    choose(1055, "Join the shot at frame 1055")
    choose(1040, "Join")
    choose(1070, "Join")
    assert split(bar) == "none" and bar.splits.frames() == ()
    choose(1080, "Let the fit")
    assert split(bar) == "auto"


def test_what_the_knob_says_is_shown_before_it_is_fitted(bar: TimelineBar) -> None:
    bar.editor.project.do(SetKnob("Fit", "split", "1030,1060"))
    wait_for(lambda: bar.ruler.marks.splits == (1030, 1060))
