"""A stroke through the real worker: regions as it is drawn, the whole picture when it is done."""

import numpy as np
import pytest

from codef_nodes.__main__ import main
from codef_nodes.graph.edits import ABSENT, Put
from codef_nodes.worker.edits import edits_to_json
from codef_nodes.worker.protocol import WorkerError
from tests.codef_nodes.cli.tinyclip import HEIGHT, WIDTH, make_clip
from tests.codef_nodes.worker.paintkit import BRUSH, FIRST, FRAME, POINTS, Shot, node
from tests.codef_nodes.worker.paintkit import client as client  # the fixture


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("paintlive")
    make_clip(folder / "clip")
    fit = ["fit", str(folder / "clip"), "--steps", "1", "-o", str(folder / "F"), "-q"]
    assert main(fit) == 0
    return folder


KINDS = [
    {},
    {"kind": "erase"},
    {"kind": "clone", "offset": [9.5, -3]},
    {"kind": "reveal", "frame": 1001},
    {"kind": "heal", "offset": [14, 2]},
    {"kind": "dodge"},
    {"kind": "blur", "radius": 1.5},
    {"kind": "smear"},
]


@pytest.mark.parametrize("more", KINDS, ids=lambda more: more.get("kind", "brush"))
def test_both_viewers_end_with_what_the_evaluator_renders(client, folder, more):
    shot = Shot(client, folder, [FIRST])
    before = shot.view("View", FRAME)[0]
    stroke = {**BRUSH, **more}
    begun, shown, seen = shot.stroke(stroke)
    assert begun["follows"] and begun["note"] == ""
    shot.commit(stroke)
    wanted, frame = shot.view("Paint", FRAME)[0], shot.view("View", FRAME)[0]
    assert np.abs(frame - before).max() > 0.01
    np.testing.assert_array_equal(shown, wanted)
    np.testing.assert_allclose(seen, frame, atol=1e-5)


@pytest.mark.parametrize("more", KINDS, ids=lambda more: more.get("kind", "brush"))
def test_strokes_that_follow_each_other_begin_on_what_was_drawn(client, folder, more):
    shot = Shot(client, folder, [{**FIRST, "size": 7.0 + KINDS.index(more)}])
    before = shot.ask("status")["computes"]
    strokes = [BRUSH, {**BRUSH, **more, "size": 17.0}, {**BRUSH, "colour": [0.0, 0.4, 2.0]}]
    for stroke in strokes:
        _, shown, seen = shot.stroke(stroke, fresh=stroke is strokes[0])
        shot.commit(stroke)
    after = shot.ask("status")["computes"]
    assert after["Out"] - before.get("Out", 0) == 1  # the frame before the first stroke
    wanted, frame = shot.view("Paint", FRAME)[0], shot.view("View", FRAME)[0]
    np.testing.assert_array_equal(shown, wanted)
    np.testing.assert_allclose(seen, frame, atol=1e-5)


def test_many_strokes_in_a_row_are_right_in_the_end(client, folder):
    shot = Shot(client, folder, [])
    for n in range(11):
        stroke = {**BRUSH, "size": 5.0 + n, "colour": [n / 5, 0.5, 1 - n / 10], "opacity": 0.4}
        _, shown, seen = shot.stroke(stroke, fresh=n == 0)
        shot.commit(stroke)
    np.testing.assert_array_equal(shown, shot.view("Paint", FRAME)[0])
    np.testing.assert_allclose(seen, shot.view("View", FRAME)[0], atol=2e-5)


def test_a_change_between_two_strokes_is_seen_by_the_second(client, folder):
    shot = Shot(client, folder, [FIRST])
    shot.stroke(BRUSH)
    shot.commit(BRUSH)
    mix = Put(("nodes", "Out", "knobs", "mix"), ABSENT, 0.5)
    shot.ask("edit", edits=edits_to_json([mix]))
    more = {**BRUSH, "size": 20.0}
    _, _, seen = shot.stroke(more)
    shot.commit(more)
    np.testing.assert_allclose(seen, shot.view("View", FRAME)[0], atol=1e-5)


@pytest.mark.parametrize("scale", [2, 4])
def test_small_pictures_are_the_small_pictures_of_the_view_verb(client, folder, scale):
    shot = Shot(client, folder, [FIRST])
    _, shown, seen = shot.stroke(BRUSH, scale=scale)
    shot.commit(BRUSH)
    np.testing.assert_allclose(shown, shot.view("Paint", FRAME, scale)[0], atol=1e-6)
    np.testing.assert_allclose(seen, shot.view("View", FRAME, scale)[0], atol=1e-5)


def test_a_stroke_on_a_finer_canonical_with_a_grade_below_it_is_followed(client, folder):
    shot = Shot(
        client,
        folder,
        [FIRST],
        scale=2.0,
        Grade=node("ImageOperation", {"image": "Still"}, grade_multiply=[1.5, 1.0, 0.5]),
        Paint=node("Paint", {"image": "Grade"}, strokes=[FIRST], opacity=0.7),
    )
    begun, shown, seen = shot.stroke(BRUSH)
    assert begun["follows"]
    shot.commit(BRUSH)
    np.testing.assert_allclose(shown, shot.view("Paint", FRAME)[0], atol=1e-6)
    np.testing.assert_allclose(seen, shot.view("View", FRAME)[0], atol=5e-3)


def test_a_stroke_below_others_stays_below_them(client, folder):
    shot = Shot(client, folder, [FIRST])
    _, shown, seen = shot.stroke(BRUSH, index=0)
    shot.commit(BRUSH, index=0)
    np.testing.assert_allclose(shown, shot.view("Paint", FRAME)[0], atol=1e-6)
    np.testing.assert_allclose(seen, shot.view("View", FRAME)[0], atol=1e-5)


def test_an_aborted_stroke_gives_back_what_was_there(client, folder):
    shot = Shot(client, folder, [FIRST])
    before = shot.view("Paint", FRAME), shot.view("View", FRAME)
    view = {"region": None, "scale": 1}
    begun = shot.ask("paint.begin", node="Paint", frame=FRAME, stroke=BRUSH, view=view,
                     follow={"node": "View", "frame": FRAME, **view})  # fmt: skip
    for point in POINTS:
        shot.ask("paint.extend", session=begun["session"], points=[point])
    changed = shot.draw("paint.abort", session=begun["session"])
    for whole, told in zip(before, changed, strict=True):
        pixels, box = shot.picture(told["picture"])
        x, y = box[0] - whole[1][0], box[1] - whole[1][1]
        there = whole[0][y : y + pixels.shape[0], x : x + pixels.shape[1]]
        np.testing.assert_allclose(pixels, there, atol=1e-6)
    with pytest.raises(WorkerError, match="begin it again"):
        shot.ask("paint.extend", session=begun["session"], points=[[1, 1, 1]])


def test_only_what_the_viewer_looks_at_is_sent(client, folder):
    shot = Shot(client, folder, [])
    begun = shot.ask("paint.begin", node="Paint", frame=FRAME, stroke=BRUSH,
                     view={"region": [20, 15, 30, 25], "scale": 1})  # fmt: skip
    first, _ = shot.draw("paint.extend", session=begun["session"], points=[[5, 5, 1]])
    assert first["box"] is not None and first["picture"] is None
    second, answer = shot.draw("paint.extend", session=begun["session"], points=[[22, 18, 1]])
    box = second["picture"]["data"]
    assert box[0] >= 20 and box[1] >= 15 and box[2] <= 30 and box[3] <= 25
    assert answer["picture"] is None
    shot.ask("paint.end", session=begun["session"])


def test_a_longer_chain_is_not_followed_and_the_answer_says_why(client, folder):
    shot = Shot(
        client,
        folder,
        [],
        Soft=node("ImageOperation", {"image": "Out"}, operation="blur"),
        View=node("Viewer", {"image": "Soft"}),
    )
    view = {"region": None, "scale": 1}
    begun = shot.ask("paint.begin", node="Paint", frame=FRAME, stroke=BRUSH, view=view,
                     follow={"node": "View", "frame": FRAME, **view})  # fmt: skip
    assert not begun["follows"] and "after the stroke" in begun["note"]
    painted, answer = shot.draw("paint.extend", session=begun["session"], points=[[20, 20, 1]])
    assert painted["picture"] is not None and answer["picture"] is None


@pytest.mark.parametrize(
    "more",
    [
        {"Still": node("Stabilise", {"field": "Fit"})},
        {"Out": node("Propagate", {"field": "Fit", "edit": ["Paint"]}, output="edit")},
    ],
)
def test_a_stabilised_plate_and_an_edit_alone_are_not_followed(client, folder, more):
    shot = Shot(client, folder, [], **more)
    view = {"region": None, "scale": 1}
    begun = shot.ask("paint.begin", node="Paint", frame=FRAME, stroke=BRUSH, view=view,
                     follow={"node": "View", "frame": FRAME, **view})  # fmt: skip
    assert not begun["follows"] and "after the stroke" in begun["note"]
    painted, answer = shot.draw("paint.extend", session=begun["session"], points=[[20, 20, 1]])
    assert painted["picture"] is not None and answer["picture"] is None


def test_a_stroke_on_a_frame_is_seen_in_that_frame(client, folder):
    shot = Shot(client, folder, [], Paint=node("Paint", {"image": "Clip"}, strokes=[]))
    _, shown, seen = shot.stroke({**BRUSH, "kind": "dodge"}, follow="Paint")
    shot.commit({**BRUSH, "kind": "dodge"})
    wanted = shot.view("Paint", FRAME)[0]
    assert wanted.shape == (HEIGHT, WIDTH, 3)
    np.testing.assert_array_equal(shown, wanted)
    np.testing.assert_array_equal(seen, wanted)


@pytest.mark.parametrize(
    ("args", "word"),
    [
        ({"node": "Still"}, "Paint"),
        ({"node": "Paint", "stroke": {"kind": "airbrush"}}, "kind"),
        ({"node": "Paint", "stroke": BRUSH, "index": 9}, "place"),
        ({"node": "Paint"}, "stroke"),
    ],
)
def test_what_cannot_begin_says_what_to_do(client, folder, args, word):
    shot = Shot(client, folder, [])
    with pytest.raises(WorkerError, match=word):
        shot.ask("paint.begin", **{"stroke": BRUSH, **args} if args["node"] == "Still" else args)
