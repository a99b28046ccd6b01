"""Both viewers of a shot of several segments: the still follows the timeline, or stays."""

import numpy as np
import pytest

from codef_nodes.graph.commands import AddNode, Connect
from gui.core.editor import Editor
from tests.engine.linked.conftest import Shot
from tests.engine.linked.conftest import shot as shot  # the fixture
from tests.gui.helpers import wait_for
from tests.gui.viewer.conftest import write_png
from tests.gui.viewer.test_linked import Pair, picture

PLACE = (48.5, 36.5)


@pytest.fixture
def working_editor(kept_editor: Editor) -> Editor:
    """One for all tests here: what a worker loads at first takes longer than most of them."""
    return kept_editor


@pytest.fixture
def pair(working_editor: Editor, shot: Shot, tmp_path) -> Pair:
    for frame in shot.field.frames:
        codes = shot.plate(frame).native.codes
        write_png(tmp_path / f"plate.{frame:04d}.png", np.ascontiguousarray(codes[..., ::-1]))
    do = working_editor.project.do
    do(AddNode("LoadSequence", "Plate", knobs={"file": str(tmp_path / "plate.%04d.png")}))
    do(AddNode("LoadField", "Fit", knobs={"folder": str(shot.folder)}))
    do(AddNode("Propagate", "Carry", (0, 300)))
    do(Connect("Fit", "Carry", "field"))
    do(Connect("Plate", "Carry", "source"))
    made = Pair(working_editor)
    wait_for(lambda: len(working_editor.viewing.stills.segments) == 3, 60, "for the segments")
    return made


def go(pair: Pair, frame: int) -> None:
    pair.editor.clock.set_frame(frame)
    wait_for(lambda: picture(pair.canonical) is not None and picture(pair.frame) is not None, 30)


def shows(pair: Pair, shot: Shot, segment: int) -> bool:
    """Whether the canonical viewer has the canvas of a segment's still."""
    window = shot.field.seen_from(segment).layers[0].canonical.data
    wanted = tuple(float(v) for v in (window.x0, window.y0, window.x1, window.y1))
    return pair.editor.viewing.stills.shown == segment and pair.canonical.canvas.data == wanted


def pointed(pair: Pair, shot: Shot, frame: int, segment: int) -> None:
    """The cursor in the frame is shown at its place on the still."""
    pair.frame.canvas.hovered.emit(*PLACE)
    view = shot.field.seen_from(segment)
    place = np.array([PLACE], np.float32)
    wanted = tuple(view.layers[0].deformation.at(view.index(frame), place)[0].tolist())
    wait_for(lambda: (pair.canonical.canvas.linked or ())[:2] == pytest.approx(wanted, abs=0.05))
    pair.frame.canvas.left.emit()


def test_the_still_and_the_cursor_follow_the_timeline(pair: Pair, shot: Shot) -> None:
    wait_for(lambda: pair.canonical.toolbar.stills.isVisibleTo(pair.canonical))
    for frame, segment in ((103, 0), (122, 2), (112, 1)):
        go(pair, frame)
        wait_for(lambda n=segment: shows(pair, shot, n))
        pointed(pair, shot, frame, segment)
        assert pair.canonical.toolbar.stills.text().startswith(f"still {segment} ")


def test_a_chosen_still_stays_until_the_timeline_is_followed_again(pair: Pair, shot: Shot) -> None:
    actions = pair.canonical.toolbar.stills.menu().actions()
    next(each for each in actions if each.text().startswith("Still 1 ")).trigger()
    go(pair, 122)
    wait_for(lambda: shows(pair, shot, 1))
    pointed(pair, shot, 122, 1)
    actions = pair.canonical.toolbar.stills.menu().actions()
    next(each for each in actions if each.text() == "Follow the timeline").trigger()
    wait_for(lambda: shows(pair, shot, 2))
