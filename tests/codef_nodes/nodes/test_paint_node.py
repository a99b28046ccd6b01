"""The Paint node: what reveals show, what is drawn again, and when it stays a still."""

import json

import numpy as np
import pytest

from codef_nodes.__main__ import main
from codef_nodes.graph.cache import Cache
from codef_nodes.graph.commands import EditStrokes
from codef_nodes.graph.evaluate import Evaluator
from codef_nodes.graph.serialise import from_tree
from codef_nodes.work.painting import Paintings
from engine.errors import UsageError
from engine.progress import silent
from tests.codef_nodes.cli.tinyclip import FRAMES, make_clip, read_png, write_png

SHOWN = 1006


def node(kind, wires=None, **knobs):
    return {"type": kind, "version": 1, "knobs": knobs, "inputs": wires or {}}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A pan, its fit, and the same pan with a mark in one frame."""
    folder = tmp_path_factory.mktemp("paintnode")
    make_clip(folder / "clip")
    make_clip(folder / "marked")
    codes = read_png(folder / "marked" / f"shot.{SHOWN}.png")
    codes[20:28, 30:38] = (0, 0, 255)
    write_png(folder / "marked" / f"shot.{SHOWN}.png", codes)
    assert main(["fit", str(folder / "clip"), "-o", str(folder / "F"), "--steps", "40", "-q"]) == 0
    return folder


def reveal(**more):
    return {"kind": "reveal", "points": [[30, 24, 1]], "size": 90, "hardness": 1.0, **more}


def graph(folder, strokes, **more):
    nodes = {
        "Clip": node("LoadSequence", file="clip"),
        "Marked": node("LoadSequence", file="marked"),
        "Fit": node("LoadField", folder="F"),
        "Still": node("CanonicalView", {"field": "Fit"}),
        "Paint": node(
            "Paint", {"image": "Still", "reveal": "Marked", "field": "Fit"}, strokes=strokes
        ),
        "Out": node("Propagate", {"source": "Clip", "field": "Fit", "edit": ["Paint"]}),
        **more,
    }
    tree = {"codef": {"schema": 1}, "settings": {}, "nodes": nodes}
    return Evaluator(from_tree(json.loads(json.dumps(tree))), Cache(), folder=folder)


def mark(picture):
    """Centre of what is red, in pixels of the display window."""
    rgb = picture.rgb
    red = (rgb[..., 0] > 0.7) & (rgb[..., 1] < 0.1)
    rows, columns = np.nonzero(red)
    assert len(rows) > 30
    return columns.mean() + 0.5 + picture.data.x0, rows.mean() + 0.5 + picture.data.y0


def test_a_reveal_through_the_field_moves_with_the_shot(folder):
    evaluator = graph(folder, [reveal(frame=SHOWN)])
    assert evaluator.key("Paint", 1002) == evaluator.key("Paint", 1007)  # still a still
    x, y = mark(evaluator.value("Out", SHOWN))
    assert (x, y) == pytest.approx((34, 24), abs=0.7)
    # The clip pans by (-2, -1) a frame.
    assert mark(evaluator.value("Out", SHOWN - 3)) == pytest.approx((x + 6, y + 3), abs=0.7)


def test_a_reveal_with_an_offset_shows_another_frame_in_each(folder):
    evaluator = graph(folder, [reveal(frame_offset=2)])
    assert evaluator.key("Paint", 1002) != evaluator.key("Paint", 1003)
    mark(evaluator.value("Out", SHOWN - 2))
    clean = evaluator.value("Out", SHOWN).rgb
    assert not ((clean[..., 0] > 0.7) & (clean[..., 1] < 0.1)).any()
    last = evaluator.value("Paint", FRAMES[-1])  # where the clip ends its last frame stands in
    assert last.overlay[..., 3].any()


def test_a_reveal_on_a_frame_shows_the_other_frame_in_place_or_through_the_field(folder):
    stroke = reveal(frame_offset=4, size=200)
    plain = node("Paint", {"image": "Clip", "reveal": "Marked"}, strokes=[stroke])
    through = node("Paint", {"image": "Clip", "reveal": "Marked", "field": "Fit"}, strokes=[stroke])
    evaluator = graph(folder, [], Plain=plain, Through=through)
    here = SHOWN - 4
    assert mark(evaluator.value("Plain", here)) == pytest.approx((34, 24), abs=0.1)
    assert mark(evaluator.value("Through", here)) == pytest.approx((42, 28), abs=0.7)


def test_without_a_clip_the_one_of_the_fit_is_revealed(folder):
    lone = node("Paint", {"image": "Still", "field": "Fit"}, strokes=[reveal(frame=1003)])
    evaluator = graph(folder, [], Lone=lone)
    painted, still = evaluator.value("Lone", 1001), evaluator.value("Still", 1001)
    shown = painted.overlay[..., 3] > 0.99
    assert shown.sum() > 500
    assert np.abs(painted.rgb - still.rgb)[shown].mean() < 0.02


@pytest.mark.parametrize(("asked", "there"), [(900, FRAMES[0]), (1500, FRAMES[-1])])
def test_where_the_clip_ends_its_last_frame_stands_in_for_a_named_one(folder, asked, there):
    reader = {"image": "Still", "field": "Fit"}
    asking = node("Paint", reader, strokes=[reveal(frame=asked)])
    plain = node("Paint", reader, strokes=[reveal(frame=there)])
    evaluator = graph(folder, [], Asking=asking, Plain=plain)
    found, wanted = (evaluator.value(name, 1001).pixels for name in ("Asking", "Plain"))
    np.testing.assert_array_equal(found, wanted)


def test_a_reveal_on_a_canonical_without_a_fit_says_what_to_wire(folder):
    lone = node("Paint", {"image": "Still", "reveal": "Clip"}, strokes=[reveal(frame=1003)])
    with pytest.raises(UsageError, match="wire the fit"):
        graph(folder, [], Lone=lone).value("Lone", 1001)
    bare = node("Paint", {"image": "Still"}, strokes=[reveal(frame=1003)])
    with pytest.raises(UsageError, match="wire a clip") as caught:
        graph(folder, [], Bare=bare).value("Bare", 1001)
    assert caught.value.node == "Bare"


def test_inputs_for_reveals_change_no_key_while_nothing_is_revealed(folder):
    brush = {"points": [[20, 20, 1]], "size": 8}
    wired = graph(folder, [brush])
    bare = graph(folder, [], Paint=node("Paint", {"image": "Still"}, strokes=[brush]))
    assert np.array_equal(wired.value("Paint", 1001).pixels, bare.value("Paint", 1001).pixels)
    wired.value("Paint", 1005)
    assert wired.computes["Paint"] == 1 and wired.computes["Marked"] == 0


def test_appending_and_undoing_a_stroke_draw_only_that_stroke(folder):
    held = Paintings()
    strokes = [{"points": [[5 + 6 * n, 10, 1], [6 + 6 * n, 30, 1]], "size": 4} for n in range(8)]
    evaluator = graph(folder, strokes)
    picture = evaluator.value("Still")

    def drawn(listed):
        made = held.paint(picture, listed, None, {}, silent())
        return made.strokes_drawn

    assert drawn(strokes[:7]) == 7
    assert drawn(strokes) == 1
    assert drawn(strokes[:7]) <= 2
    assert drawn(strokes[:7]) == 0


def test_a_command_that_adds_a_stroke_gives_what_a_new_evaluator_gives(folder):
    strokes = [{"points": [[10, 10, 1], [30, 30, 1]], "size": 7, "colour": [0, 1, 0]}]
    more = {"kind": "smear", "points": [[12, 12, 1], [40, 14, 1]], "size": 9}
    evaluator = graph(folder, strokes)
    evaluator.value("Paint", 1001)
    EditStrokes("Paint", add=[more]).run(evaluator.document)
    after = evaluator.value("Paint", 1001)
    assert np.array_equal(after.pixels, graph(folder, [*strokes, more]).value("Paint", 1001).pixels)
