"""Both viewers of a fit whose motion is known: the linked cursor, overlays, layers."""

import numpy as np
import pytest
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QHBoxLayout, QWidget

from codef_nodes.graph.commands import AddNode, Connect, SetKnob
from engine.fields.folder import save_field
from gui.core.editor import Editor
from gui.viewer.overlaylayer import LEGENDS, heat_colours, heat_image
from gui.viewer.pane import ViewerPane
from tests.engine.warp.moving import back_matrix, front_matrix, moving_field, through
from tests.gui.helpers import wait_for
from tests.gui.viewer.conftest import codes_of, write_png


class Pair:
    """Canonical and frame viewer side by side."""

    def __init__(self, editor: Editor) -> None:
        self.editor = editor
        self.window = QWidget()
        row = QHBoxLayout(self.window)
        self.canonical = ViewerPane(editor, "canonical")
        self.frame = ViewerPane(editor, "frame")
        row.addWidget(self.canonical)
        row.addWidget(self.frame)
        self.window.resize(1000, 420)
        self.window.show()
        QTest.qWaitForWindowExposed(self.window)


@pytest.fixture
def working_editor(kept_editor: Editor) -> Editor:
    """One for all tests here: what a worker loads at first takes longer than most of them."""
    return kept_editor


@pytest.fixture
def pair(working_editor: Editor, tmp_path):
    save_field(moving_field(), tmp_path / "field")
    for frame in (10, 11, 12, 13):
        grey = np.full((64, 96, 3), 10 * frame, np.uint8)
        write_png(tmp_path / f"plate.{frame:04d}.png", grey)
    do = working_editor.project.do
    do(AddNode("LoadSequence", "Plate", knobs={"file": str(tmp_path / "plate.%04d.png")}))
    do(AddNode("LoadField", "Fit", knobs={"folder": str(tmp_path / "field")}))
    do(AddNode("CanonicalView", "Still", (0, 100), {"layer": 1}))
    do(AddNode("Paint", "Paint", (0, 200)))
    do(AddNode("Propagate", "Carry", (0, 300)))
    for source, node, port in (
        ("Fit", "Still", "field"),
        ("Still", "Paint", "image"),
        ("Fit", "Carry", "field"),
        ("Plate", "Carry", "source"),
        ("Paint", "Carry", "edit"),
    ):
        do(Connect(source, node, port))
    made = Pair(working_editor)
    viewing = working_editor.viewing
    wait_for(lambda: viewing.infos["frame"] and viewing.layer_names, 60, "for the first answers")
    working_editor.clock.set_frame(12)
    wait_for(lambda: picture(made.canonical) is not None and picture(made.frame) is not None, 30)
    return made


def picture(pane):
    frame = pane.canvas.frame("a")
    busy = pane.canvas.updating or pane.canvas.message
    return None if frame is None or frame.pixels is None or busy else frame


def test_a_cursor_in_the_frame_shows_its_place_on_the_canonical(pair):
    pair.editor.viewing.set_layer(1)
    pair.frame.canvas.hovered.emit(80.5, 50.5)
    wait_for(lambda: pair.canonical.canvas.linked is not None)
    x, y, seen = pair.canonical.canvas.linked
    assert (x, y) == pytest.approx(tuple(through(back_matrix(2), [[80.5, 50.5]])[0]), abs=0.05)
    assert seen
    pair.frame.canvas.left.emit()
    assert pair.canonical.canvas.linked is None


def test_a_place_of_another_layer_is_marked_as_not_seen(pair):
    pair.editor.viewing.set_layer(1)
    pair.frame.canvas.hovered.emit(40.5, 30.5)  # on the square, which is layer 0
    wait_for(lambda: pair.canonical.canvas.linked is not None)
    assert not pair.canonical.canvas.linked[2]
    pair.editor.viewing.set_layer(0)
    pair.frame.canvas.hovered.emit(40.5, 30.5)
    wait_for(lambda: pair.canonical.canvas.linked[2])
    wanted = tuple(through(front_matrix(2), [[40.5, 30.5]])[0])
    assert pair.canonical.canvas.linked[:2] == pytest.approx(wanted, abs=0.05)


@pytest.mark.parametrize("scale", [1.0, 2.0])
def test_a_cursor_on_the_canonical_shows_its_place_in_the_frame_at_any_scale(pair, scale):
    pair.editor.viewing.set_layer(1)
    if scale != 1:
        pair.editor.project.do(SetKnob("Still", "scale", scale))
    x, y = through(back_matrix(2), [[80.5, 50.5]])[0] * scale
    pair.canonical.canvas.hovered.emit(x, y)
    wait_for(lambda: pair.frame.canvas.linked is not None)
    assert pair.frame.canvas.linked[:2] == pytest.approx((80.5, 50.5), abs=0.05)


def test_the_mark_goes_with_the_cursor_before_the_worker_answers(pair):
    """A process that gets no time to answer must not hold up the mark."""
    pair.editor.viewing.set_layer(1)
    pair.frame.canvas.hovered.emit(60.5, 50.5)
    wait_for(lambda: pair.canonical.canvas.linked is not None)
    link = pair.editor.workers.view
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(link, "request", lambda *_, **__: None)
        pair.frame.canvas.hovered.emit(64.5, 48.5)
        wanted = tuple(through(back_matrix(2), [[64.5, 48.5]])[0])
        assert pair.canonical.canvas.linked[:2] == pytest.approx(wanted, abs=0.05)
        # Far away nothing is foretold: the mark stays where it was known last.
        pair.frame.canvas.hovered.emit(5.5, 5.5)
        assert pair.canonical.canvas.linked[:2] == pytest.approx(wanted, abs=0.05)


def test_at_another_frame_the_same_cursor_is_elsewhere(pair):
    pair.editor.viewing.set_layer(1)
    pair.frame.canvas.hovered.emit(80.5, 50.5)
    wait_for(lambda: pair.canonical.canvas.linked is not None)
    pair.editor.clock.set_frame(10)
    wanted = tuple(through(back_matrix(0), [[80.5, 50.5]])[0])
    wait_for(lambda: pair.canonical.canvas.linked[:2] == pytest.approx(wanted, abs=0.05))


def test_of_many_moves_of_the_cursor_the_last_one_is_shown(pair):
    pair.editor.viewing.set_layer(1)
    asked = []
    link = pair.editor.workers.view
    request = link.request

    def counted(verb, *rest, **more):
        asked.append(verb)
        return request(verb, *rest, **more)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(link, "request", counted)
        for step in range(60):
            pair.frame.canvas.hovered.emit(60.5 + step * 0.5, 50.5)
            QTest.qWait(2)
        wanted = through(back_matrix(2), [[90.0, 50.5]])[0][0]
        wait_for(
            lambda: (
                pair.canonical.canvas.linked is not None
                and abs(pair.canonical.canvas.linked[0] - wanted) < 0.1
            )
        )
    assert 1 <= asked.count("map") < 30


def test_layers_are_switched_with_the_keys(pair):
    viewing = pair.editor.viewing
    assert viewing.layer_names == ["square", "back"]
    viewing.set_layer(0)
    assert viewing.shown("canonical").node == "Fit"
    wait_for(lambda: picture(pair.canonical) and picture(pair.canonical).node == "Fit")
    pair.canonical.run("viewer.layer_down")
    assert viewing.shown("canonical").node == "Paint"
    wait_for(lambda: picture(pair.canonical) and picture(pair.canonical).node == "Paint")


def test_a_frame_change_does_not_ask_for_the_still_again(pair):
    before = pair.canonical.canvas.frame("a")
    pair.editor.clock.set_frame(11)
    wait_for(lambda: picture(pair.frame) and picture(pair.frame).frame == 11)
    assert pair.canonical.canvas.frame("a") is before


def test_a_stroke_with_a_lifetime_makes_the_still_follow_the_frames(pair):
    pair.editor.viewing.set_layer(1)
    stroke = {"points": [[40, 30], [60, 30]], "size": 20, "colour": [1, 0, 0], "lifetime": [13, 13]}
    pair.editor.project.do(SetKnob("Paint", "strokes", [stroke]))
    wait_for(lambda: picture(pair.canonical) and picture(pair.canonical).frame == 12)
    without = picture(pair.canonical).at(50, 30)
    pair.editor.clock.set_frame(13)
    wait_for(lambda: picture(pair.canonical) and picture(pair.canonical).frame == 13)
    assert not np.allclose(picture(pair.canonical).at(50, 30), without)


@pytest.mark.parametrize(
    ("slot", "kind"),
    [
        *(("canonical", kind) for kind in ("grid", "outlines", "coverage", "confidence")),
        # What is sure stays clear, and in a frame of this field all is.
        *(("frame", kind) for kind in ("grid", "outlines", "coverage")),
    ],
)
def test_overlays_are_drawn_over_the_picture(pair, kind, slot):
    pair.editor.viewing.set_layer(1)
    pane = getattr(pair, slot)
    wait_for(lambda: picture(pane) is not None)
    height = pane.canvas.height()
    pane.toolbar.overlay_actions[kind].setChecked(True)
    wait_for(lambda: not pane.overlays._waiting() and not pane.overlays.problems)
    drawn = codes_of(pane.canvas.grab().toImage())
    overlays, pane.canvas.overlays = pane.canvas.overlays, []
    assert (codes_of(pane.canvas.grab().toImage()) != drawn).any()
    pane.canvas.overlays = overlays
    assert [entry.name for entry in pane.legend.entries] == [LEGENDS[kind]]
    wait_for(lambda: pane.canvas.height() == height - pane.legend.height() < height)
    pane.toggle_overlays()
    assert pane.legend.entries == []
    wait_for(lambda: pane.canvas.height() == height)


def test_an_overlay_without_a_fit_says_so(pair):
    pair.editor.viewing.show("Plate", "frame")
    pair.frame.toolbar.overlay_actions["grid"].setChecked(True)
    wait_for(lambda: pair.frame.overlays.problems.get("grid"))
    assert "no fit" in pair.frame.overlays.problems["grid"]
    assert [(entry.failed, "no fit" in entry.after) for entry in pair.frame.legend.entries] == [
        (True, True)
    ]


def test_heat_maps_leave_what_is_good_clear_and_mark_what_is_bad():
    for kind in ("coverage", "confidence"):
        colours = heat_colours(kind).astype(int)
        assert colours[0, 3] > 120
        assert colours[255, 3] == 0
        assert np.all(np.diff(colours[:, 3]) <= 0)
        assert np.all(colours[:, :3] <= colours[:, 3:])  # premultiplied
    folds = heat_colours("folds")
    assert folds[0, 3] == 0
    assert folds[255, 3] > 120
    image = heat_image(np.array([[0.0, 1.0, np.nan]], np.float32), "coverage")
    assert [image.pixelColor(x, 0).alpha() > 100 for x in range(3)] == [True, False, True]


def test_the_name_of_the_node_does_not_move_the_picture(pair):
    before = pair.canonical.canvas.geometry()
    pair.canonical.toolbar.set_names("A" * 60, "B" * 60, chosen=True)
    QTest.qWait(1)
    assert pair.canonical.canvas.geometry() == before


def test_where_the_canonical_was_never_seen_a_badge_warns(pair):
    frame = picture(pair.canonical)
    pixels = frame.pixels.all().copy()
    if pixels.shape[2] != 4:
        pytest.skip("this canonical has no alpha")
    x, y = frame.data[0] + 5.5, frame.data[1] + 5.5
    patch = np.zeros((11, 11, 4), np.float32)
    pair.canonical.canvas.update_region((x - 5, y - 5, x + 6, y + 6), patch)
    pair.canonical.canvas.hovered.emit(x, y)
    assert pair.canonical.canvas.badge == "not seen in any frame"
    pair.canonical.canvas.hovered.emit(x + 30, y + 30)
    assert pair.canonical.canvas.badge == ""
