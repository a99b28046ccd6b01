"""From the pen to the pixels of both viewers through a real view worker, on a fitted clip."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QHBoxLayout, QWidget

from codef_nodes.__main__ import main
from codef_nodes.graph.commands import AddNode, Connect, Group
from codef_nodes.graph.document import Document
from codef_nodes.graph.serialise import save
from gui.core.editor import Editor
from gui.paint.bar import PaintBar
from gui.paint.painting import Painting, painting_of
from gui.viewer.canvas import Canvas
from gui.viewer.pane import ViewerPane
from tests.codef_nodes.cli.tinyclip import make_clip
from tests.gui.helpers import wait_for

LEFT = Qt.MouseButton.LeftButton
NONE = Qt.KeyboardModifier.NoModifier
FRAME = 1004
RED = (3.0, 0.05, 0.05)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fitted clip and a document that carries an edit of its canonical."""
    made = tmp_path_factory.mktemp("livepaint")
    make_clip(made / "clip")
    fit = ["fit", str(made / "clip"), "--steps", "1", "-o", str(made / "F"), "-q"]
    assert main(fit) == 0
    document = Document()
    Group(
        [
            AddNode("LoadSequence", "Clip", knobs={"file": "clip"}),
            AddNode("LoadField", "Fit", knobs={"folder": "F"}),
            AddNode("CanonicalView", "Still"),
            AddNode("Propagate", "Carry"),
            Connect("Fit", "Still", "field"),
            Connect("Clip", "Carry", "source"),
            Connect("Fit", "Carry", "field"),
            Connect("Still", "Carry", "edit"),
        ]
    ).run(document)
    save(document, made / "shot.codef")
    return made


class Desk:
    """Both viewers over a running editor."""

    def __init__(self, editor: Editor) -> None:
        self.editor = editor
        self.window = QWidget()
        self.window.resize(900, 420)
        row = QHBoxLayout(self.window)
        self.still = ViewerPane(editor, "canonical")
        self.frame = ViewerPane(editor, "frame")
        self.bar = PaintBar(editor)
        for each in (self.bar, self.still, self.frame):
            row.addWidget(each)
        self.window.show()
        self.said: list[str] = []
        editor.status.connect(self.said.append)
        editor.project.problem.connect(self.said.append)

    @property
    def painting(self) -> Painting:
        return painting_of(self.editor)

    def settled(self) -> bool:
        """Both viewers show linear pixels of what they should show now."""
        for pane in (self.still, self.frame):
            frame = pane.canvas.frame()
            want = pane.showing.wants(self.editor.clock.frame)
            if frame is None or frame.pixels is None or not want:
                return False
            if frame.tag != (want[0].key, want[0].frame, want[0].signature):
                return False
        return True

    def wait(self) -> None:
        wait_for(self.settled, 40, "for both viewers")

    def strokes(self, node: str = "Paint1") -> list[dict[str, Any]]:
        document = self.editor.project.document
        return document.knob_value(node, "strokes") if node in document else []


@pytest.fixture
def working_editor(kept_editor: Editor) -> Editor:
    """One for all tests here: what a worker loads at first takes longer than most of them."""
    return kept_editor


@pytest.fixture
def desk(application: QApplication, folder: Path, working_editor: Editor) -> Iterator[Desk]:
    made = Desk(working_editor)
    working_editor.project.open(folder / "shot.codef")
    made.wait()
    working_editor.clock.set_frame(FRAME)
    made.wait()
    yield made
    made.window.close()


def pixels(canvas: Canvas) -> np.ndarray[Any, np.dtype[np.float32]]:
    frame = canvas.frame()
    assert frame is not None and frame.pixels is not None
    return np.array(frame.pixels.all())


def at(canvas: Canvas, x: float, y: float) -> QPoint:
    return canvas.point(x, y).toPoint()


def draw(canvas: Canvas, *places: tuple[float, float]) -> None:
    """Presses and moves; the button stays down."""
    QTest.mousePress(canvas, LEFT, NONE, at(canvas, *places[0]))
    for place in places[1:]:
        QTest.mouseMove(canvas, at(canvas, *place))


def lift(canvas: Canvas, x: float, y: float) -> None:
    QTest.mouseRelease(canvas, LEFT, NONE, at(canvas, x, y))


def is_red(canvas: Canvas, x: float, y: float) -> bool:
    frame = canvas.frame()
    value = frame.at(x, y) if frame is not None else None
    return value is not None and value[0] > 1.5 and value[1] < 0.3


def reds(canvas: Canvas) -> int:
    shown = pixels(canvas)
    return int(((shown[..., 0] > 1.5) & (shown[..., 1] < 0.3)).sum())


def test_both_viewers_follow_the_brush_and_end_with_the_rendered_picture(desk: Desk) -> None:
    still, frame = desk.still.canvas, desk.frame.canvas
    desk.painting.take("brush")
    desk.painting.set_colour(RED)
    desk.painting.set(size=12.0, hardness=0.9)
    before = pixels(frame)
    draw(still, (20, 20), (30, 22), (40, 24))
    wait_for(lambda: is_red(still, 35, 23), 30, "for the canonical to follow")
    wait_for(lambda: (pixels(frame) != before).any(), 30, "for the frame to follow")
    assert desk.strokes() == [], "the document hears of the stroke when it is done"
    assert "Paint1" in desk.editor.project.document
    drawn = {}
    still.updated.connect(lambda _: drawn.update(still=pixels(still)))
    frame.updated.connect(lambda _: drawn.update(frame=pixels(frame)))
    QTest.mouseMove(still, at(still, 50, 26))
    wait_for(lambda: is_red(still, 48, 26), 30, "for the rest of the stroke")
    # It follows in its own time; were the pen up before, the rendered picture could overtake it.
    wait_for(lambda: reds(frame) > 0.9 * reds(still), 30, "for the frame to catch up")
    lift(still, 50, 26)
    assert len(desk.strokes()) == 1
    assert len(desk.editor.project.history.entries) == 1, "the node and the stroke are one step"
    wait_for(lambda: is_red(still, 48, 26), 30)
    desk.wait()
    assert desk.editor.viewing.node("canonical") == "Paint1"
    np.testing.assert_allclose(pixels(still), drawn["still"], atol=1e-4)
    assert np.abs(pixels(frame) - drawn["frame"]).max() < 0.02
    desk.editor.project.undo()
    desk.wait()
    assert not is_red(still, 35, 23)


def test_a_stroke_wholly_outside_the_canonical_says_so(desk: Desk) -> None:
    still = desk.still.canvas
    desk.painting.take("brush")
    desk.painting.set(size=4.0)
    data = still.data or still.format
    assert data is not None
    draw(still, (20, 20), (24, 20))
    lift(still, 24, 20)
    desk.wait()
    assert not any("outside" in text for text in desk.said)
    draw(still, (data[2] + 8, 20), (data[2] + 8, 24))
    lift(still, data[2] + 8, 24)
    wait_for(lambda: any("wholly outside the canonical" in text for text in desk.said), 20)


def test_esc_gives_the_pixels_back(desk: Desk) -> None:
    still, frame = desk.still.canvas, desk.frame.canvas
    desk.painting.take("brush")
    desk.painting.set_colour(RED)
    before = pixels(still), pixels(frame)
    draw(still, (20, 20), (40, 24))
    wait_for(lambda: is_red(still, 30, 22), 30)
    QTest.keyClick(still, Qt.Key.Key_Escape)
    lift(still, 40, 24)
    wait_for(lambda: not is_red(still, 30, 22), 30)
    desk.wait()
    np.testing.assert_array_equal(pixels(still), before[0])
    np.testing.assert_array_equal(pixels(frame), before[1])
    assert desk.editor.project.history.entries == ()


def test_a_stroke_on_a_frame_becomes_a_canonical_stroke(desk: Desk) -> None:
    still, frame = desk.still.canvas, desk.frame.canvas
    desk.painting.take("brush")
    desk.painting.set_colour(RED)
    desk.painting.set(size=14.0, hardness=0.9)
    draw(frame, (30, 20), (40, 22), (50, 24))
    wait_for(lambda: is_red(frame, 40, 22), 30, "for the frame to show the stroke")
    lift(frame, 50, 24)
    wait_for(lambda: len(desk.strokes()) == 1, 30, "for the stroke to be taken over")
    (stroke,) = desk.strokes()
    assert stroke["lifetime"] == "all" and stroke["name"] == "Brush 1"
    assert len(desk.editor.project.history.entries) == 1
    desk.wait()
    assert is_red(frame, 40, 22), "it is where it was drawn"
    x, y, _ = stroke["points"][len(stroke["points"]) // 2]
    assert is_red(still, x, y)
    desk.editor.clock.set_frame(FRAME + 2)
    desk.wait()
    assert (pixels(frame)[..., 0] > 1.5).sum() > 50, "it shows in other frames too"


def test_two_quick_strokes_on_a_frame_keep_their_order(desk: Desk) -> None:
    frame = desk.frame.canvas
    desk.painting.take("brush")
    for number in range(3):
        desk.painting.set(size=10.0 + number)
        draw(frame, (30, 20), (50, 24))
        lift(frame, 50, 24)
    wait_for(lambda: len(desk.strokes()) == 3, 40)
    names = [stroke["name"] for stroke in desk.strokes()]
    assert names == ["Brush 1", "Brush 2", "Brush 3"]
    sizes = [stroke["size"] for stroke in desk.strokes()]
    assert sizes == sorted(sizes)


def test_strokes_may_stay_on_their_frame(desk: Desk) -> None:
    frame = desk.frame.canvas
    desk.painting.take("brush")
    desk.painting.set_colour(RED)
    desk.painting.set_frames_to_canonical(False)
    draw(frame, (30, 20), (50, 24))
    wait_for(lambda: "Paint1" in desk.editor.project.document, 10)
    lift(frame, 50, 24)
    (stroke,) = desk.strokes()
    assert stroke["lifetime"] == [FRAME, FRAME]
    assert desk.editor.project.document.wires("Paint1", "image") == ("Carry",)
    desk.wait()
    assert is_red(frame, 40, 22)


@pytest.mark.skipif(os.name != "posix", reason="kill -9")
@pytest.mark.parametrize("where", ["still", "frame"])
def test_a_worker_killed_during_a_stroke_takes_no_point(desk: Desk, where: str) -> None:
    canvas = getattr(desk, where).canvas
    desk.painting.take("brush")
    desk.painting.set_colour(RED)
    desk.painting.set(size=14.0, hardness=0.9)
    draw(canvas, (30, 20), (40, 22))
    wait_for(lambda: is_red(canvas, 35, 21), 30)
    workers = desk.editor.workers
    assert workers is not None and workers.view.pid is not None
    os.kill(workers.view.pid, signal.SIGKILL)
    wait_for(lambda: workers.view.state == "dead", 10)
    QTest.mouseMove(canvas, at(canvas, 50, 24))
    lift(canvas, 50, 24)
    wait_for(lambda: len(desk.strokes()) == 1, 40, "for the stroke to be in the document")
    (stroke,) = desk.strokes()
    assert len(stroke["points"]) >= 3
    assert any("restarted" in text or "started again" in text for text in desk.said)
    desk.wait()
    wait_for(lambda: is_red(canvas, 48, 23.6), 40, "for the worker to be back")


def test_reveal_wires_the_fit_and_shows_another_frame(desk: Desk) -> None:
    still = desk.still.canvas
    desk.painting.take("reveal")
    desk.painting.set(time=-2, size=20.0)
    before = pixels(still)
    draw(still, (30, 30), (50, 34))
    wait_for(lambda: (pixels(still) != before).any(), 30, "for another frame to shine through")
    lift(still, 50, 34)
    assert desk.strokes()[0]["frame"] == FRAME - 2
    assert desk.editor.project.document.wires("Paint1", "field") == ("Fit",)
    desk.wait()
    assert desk.said == [] or all("error" not in text.lower() for text in desk.said)


def test_a_selected_stroke_of_the_still_shows_its_line_in_the_frame(desk: Desk) -> None:
    painting = desk.painting
    painting.take("brush")
    draw(desk.still.canvas, (30, 30), (40, 34), (50, 38))
    QTest.mouseRelease(desk.still.canvas, LEFT, NONE, at(desk.still.canvas, 50, 38))
    wait_for(lambda: len(desk.strokes()) == 1)
    desk.wait()
    painting.take("select")
    painting.select("Paint1", (0,))
    tool = desk.frame.canvas.tool
    wait_for(lambda: tool.carried.lines, 20, "for the line")
    (line,) = tool.carried.lines
    points = [point[:2] for point in desk.strokes()[0]["points"]]
    told: list[dict[str, Any]] = []
    args = {"node": "Fit", "frame": FRAME, "layer": 0, "points": points, "to": "frame"}
    desk.editor.workers.view.request("map", args, told.append)
    wait_for(lambda: told)
    found = [(point.x(), point.y()) for point in line.points]
    assert found == pytest.approx(np.array(told[0]["points"]), abs=1e-3)
    assert all(line.visible) and not desk.still.canvas.tool.carried.lines
    without = desk.frame.canvas.grab().toImage()
    desk.editor.clock.set_frame(FRAME + 2)
    wait_for(lambda: tool.carried.lines and tool.carried.lines[0].points != line.points, 20)
    desk.wait()
    painting.select("Paint1", ())
    assert not tool.carried.lines
    desk.editor.clock.set_frame(FRAME)
    desk.wait()
    assert desk.frame.canvas.grab().toImage() != without, "it was drawn"


@pytest.mark.parametrize(
    ("kind", "values", "word"),
    [
        ("clone", {"offset": (900.0, 0.0)}, "copies from"),
        ("heal", {"offset": (0.0, -900.0)}, "copies from"),
        ("erase", {}, "no earlier paint"),
    ],
)
@pytest.mark.parametrize("where", ["still", "frame"])
def test_a_stroke_that_changes_nothing_says_why(
    desk: Desk, where: str, kind: str, values: dict[str, Any], word: str
) -> None:
    canvas = getattr(desk, where).canvas
    desk.painting.take(kind)
    desk.painting.set(size=10.0, **values)
    draw(canvas, (30, 20), (40, 22))
    lift(canvas, 40, 22)
    wait_for(lambda: any(word in text for text in desk.said), 20)
    assert len(desk.strokes()) == 1


def test_a_reveal_from_beyond_the_clip_takes_its_last_frame_and_says_so(desk: Desk) -> None:
    still = desk.still.canvas
    desk.painting.take("reveal")
    desk.painting.status.connect(desk.said.append)
    for number, (time, frame) in enumerate(((-50, 1001), (50, 1008))):
        desk.painting.set(time=time, size=20.0)
        draw(still, (30, 30), (50, 34))
        lift(still, 50, 34)
        assert desk.strokes()[number]["frame"] == frame
        assert any(f"frame {frame} shines through" in text for text in desk.said)
        desk.wait()
