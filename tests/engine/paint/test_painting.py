"""A list of strokes drawn from the list before: the same pixels, for the price of what changed."""

import numpy as np
import pytest

from engine.paint.painting import paint
from engine.paint.raster import paint_over, render_strokes
from engine.paint.tiles import TiledPicture

HEIGHT, WIDTH = 240, 320


def picture(seed=4):
    random = np.random.default_rng(seed)
    pixels = random.uniform(0, 1, (HEIGHT, WIDTH, 4)).astype(np.float32)
    pixels[..., 3] = 1
    return pixels


def strokes(count, seed=0, kinds=("brush", "erase", "clone", "dodge", "burn")):
    random = np.random.default_rng(seed)
    made = []
    for n in range(count):
        steps = np.cumsum(random.uniform(-12, 12, (4, 2)), axis=0)
        points = random.uniform(0, 1, 2) * [WIDTH, HEIGHT] + steps
        made.append(
            {
                "kind": kinds[n % len(kinds)],
                "points": [[x, y, 1.0] for x, y in points.tolist()],
                "size": 20.0,
                "radius": 2.0,
                "offset": [25, -10],
                "source": "painted" if n % 2 else "input",
                "colour": random.uniform(0, 2, 3).tolist(),
                "opacity": 0.7,
            }
        )
    return made


def check(painting, listed, under, **keys):
    wanted = render_strokes(listed, under, **keys)
    np.testing.assert_array_equal(painting.overlay, wanted)
    np.testing.assert_array_equal(painting.painted, paint_over(wanted, under))


def test_appending_a_stroke_draws_one_stroke_and_keeps_the_old_painting():
    under, listed = picture(), strokes(60)
    first = paint(listed[:-1], under)
    assert first.strokes_drawn == 59
    kept = first.overlay.copy()
    more = paint(listed, under, before=first)
    assert more.strokes_drawn == 1
    check(more, listed, under)
    np.testing.assert_array_equal(first.overlay, kept)


def test_taking_the_last_stroke_back_draws_only_those_that_touch_its_box():
    under, listed = picture(), strokes(60)
    all_drawn = paint(listed, under)
    back = paint(listed[:-1], under, before=all_drawn)
    assert 0 < back.strokes_drawn < 20
    check(back, listed[:-1], under)
    again = paint(listed, under, before=back)
    check(again, listed, under)


@pytest.mark.parametrize("place", [0, 17, 39])
def test_a_stroke_changed_in_the_middle_of_the_list_gives_what_drawing_all_gives(place):
    kinds = ("brush", "heal", "erase", "clone", "blur", "smear", "dodge")
    under, listed = picture(), strokes(40, kinds=kinds)
    before = paint(listed, under)
    changed = [*listed]
    changed[place] = {**changed[place], "opacity": 0.2, "size": 31.0}
    check(paint(changed, under, before=before), changed, under)
    hidden = [*listed]
    hidden[place] = {**hidden[place], "visible": False}
    check(paint(hidden, under, before=before), hidden, under)
    moved = [*listed[:place], *listed[place + 1 :], listed[place]]
    check(paint(moved, under, before=before), moved, under)


def test_a_stroke_that_is_changed_in_place_is_seen():
    under, listed = picture(), strokes(3)
    before = paint(listed, under)
    listed[1]["points"][2][0] += 9.0
    check(paint(listed, under, before=before), listed, under)


def test_the_same_list_draws_nothing_and_an_empty_one_clears():
    under, listed = picture(), strokes(5)
    before = paint(listed, under)
    same = paint(listed, under, before=before)
    assert same.strokes_drawn == 0 and same.overlay is before.overlay
    empty = paint([], under, before=before)
    assert not empty.overlay.any()
    np.testing.assert_array_equal(empty.painted, under)


def test_another_picture_or_scale_starts_over():
    under, listed = picture(), strokes(5)
    before = paint(listed, under)
    other = paint(listed, picture(9), before=before)
    assert other.strokes_drawn == 5
    double = paint(listed, under, scale=0.5, before=before)
    assert double.strokes_drawn == 5


def test_lifetimes_decide_what_is_drawn_at_a_frame():
    under, listed = picture(), strokes(6)
    listed[2]["lifetime"] = [5, 6]
    at_five = paint(listed, under, frame=5)
    at_seven = paint(listed, under, frame=7, before=at_five)
    assert at_seven.strokes_drawn < 6
    check(at_seven, listed, under, frame=7)


def test_a_reveal_is_drawn_again_when_what_it_shows_is_another_picture():
    under = picture()
    listed = [*strokes(3), {**strokes(1)[0], "kind": "reveal", "frame": 8, "offset": [0, 0]}]
    looks = {"a": picture(11), "b": picture(12)}

    def shows(name):
        look = looks[name]
        tiled = TiledPicture((0, 0, WIDTH, HEIGHT), lambda t: look[t[1] : t[3], t[0] : t[2]])
        return lambda stroke: tiled

    first = paint(listed, under, reveal=shows("a"), shown={8: "a"})
    second = paint(listed, under, reveal=shows("b"), shown={8: "b"}, before=first)
    check(first, listed, under, reveal=shows("a"))
    check(second, listed, under, reveal=shows("b"))
    third = paint(listed, under, reveal=shows("b"), shown={8: "b"}, before=second)
    assert third.strokes_drawn == 0
