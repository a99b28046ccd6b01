"""A stroke drawn event by event: the same as the whole stroke, and nothing outside its boxes."""

import threading

import numpy as np
import pytest

from engine.paint.live import StrokeSession
from engine.paint.raster import paint_over, render_strokes
from engine.paint.stroke import KINDS, Stroke
from engine.paint.tiles import TILE, LazyPaint, TiledPicture

HEIGHT, WIDTH = 150, 230
POINTS = [
    [20, 30, 1],
    [60.3, 42.7, 0.9],
    [60.3, 42.7, 0.8],
    [110, 90, 1],
    [40, 120, 0.5],
    [225, 140, 1],
]
OPTIONS = {
    "brush": [
        {},
        {"blend": "multiply"},
        {"pressure_opacity": True, "pressure_hardness": True, "hardness": 0.9},
        {"build_up": True, "flow": 0.3},
    ],
    "erase": [{}],
    "clone": [{"offset": [-14.5, 9]}, {"offset": [30, -12.25], "source": "painted"}],
    "reveal": [{"frame": 4}, {"frame_offset": 3, "offset": [2.5, 0]}],
    "heal": [{"offset": [40, 3], "size": 18}],
    "dodge": [{"stops": 1.5}],
    "burn": [{"range": "highlights"}],
    "blur": [{"radius": 3.2}],
    "smear": [{}, {"opacity": 0.4, "spacing": 0.27}],
}
CASES = [(kind, more) for kind in KINDS for more in OPTIONS[kind]]


def picture(channels=4, seed=3):
    random = np.random.default_rng(seed)
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    pixels = np.stack([0.4 + 0.3 * np.sin(x / (9 + c)) * np.cos(y / 13) for c in range(4)], -1)
    pixels += random.uniform(0, 0.1, pixels.shape)
    pixels[..., 3] = 1
    pixels[60:80, 90:120] = 0
    pixels[20, 30] = np.nan
    return np.ascontiguousarray(pixels[..., :channels], np.float32)


def shows(stroke: Stroke) -> TiledPicture:
    """Another picture for each frame."""
    other = picture(seed=(stroke.frame or 0) + 10)
    other[~np.isfinite(other)] = 0
    return TiledPicture((0, 0, WIDTH, HEIGHT), lambda t: other[t[1] : t[3], t[0] : t[2]])


def header(kind, more):
    return {"kind": kind, "size": 26, "opacity": 0.8, "colour": [1.5, 0.2, 0.1], **more}


def below():
    return [
        {"points": [[30, 40, 1], [120, 60, 1]], "size": 30, "colour": [0, 1, 0], "opacity": 0.7},
        {"points": [[200, 20, 1], [100, 140, 1]], "size": 12, "colour": [0, 0, 2]},
    ]


@pytest.mark.parametrize("channels", [3, 4])
@pytest.mark.parametrize(("kind", "more"), CASES)
def test_a_stroke_drawn_event_by_event_is_the_whole_stroke_bit_for_bit(kind, more, channels):
    under = picture(channels)
    base = render_strokes(below(), under)
    kept = base.copy()
    session = StrokeSession(header(kind, more), under, base, reveal=shows)
    for start, stop in ((0, 1), (1, 2), (2, 4), (4, 5), (5, 6)):
        session.extend(POINTS[start:stop])
    session.finish()
    whole = {**header(kind, more), "points": POINTS}
    wanted = render_strokes([*below(), whole], under, reveal=shows)
    assert (wanted != base).any()
    np.testing.assert_array_equal(session.paint(session.bounds), wanted)
    np.testing.assert_array_equal(base, kept)
    shown = session.picture((10, 20, 200, 90))
    np.testing.assert_array_equal(shown, paint_over(wanted, under)[20:90, 10:200])


@pytest.mark.parametrize(("kind", "more"), CASES)
def test_an_event_changes_nothing_outside_the_box_that_it_returns(kind, more):
    under = picture()
    session = StrokeSession(header(kind, more), under, render_strokes(below(), under), reveal=shows)
    for point in POINTS:
        before = session.paint(session.bounds).copy()
        box = session.extend([point])
        assert box is not None
        outside = np.ones((HEIGHT, WIDTH), bool)
        outside[box[1] : box[3], box[0] : box[2]] = False
        np.testing.assert_array_equal(session.paint(session.bounds)[outside], before[outside])


def test_opacity_does_not_build_up_over_the_events_of_a_stroke():
    session = StrokeSession(header("brush", {"opacity": 0.5}), picture())
    for x in (40, 90, 40, 90, 40):
        session.extend([[x, 40, 1]])
    assert session.paint(session.bounds)[..., 3].max() == pytest.approx(0.5)


def test_an_aborted_stroke_leaves_what_was_there():
    under = picture()
    base = render_strokes(below(), under)
    session = StrokeSession(header("smear", {}), under, base)
    for point in POINTS:
        session.extend([point])
    box = session.abort()
    assert box is not None and box == session.touched
    np.testing.assert_array_equal(session.paint(session.bounds), base)


def test_strokes_above_stay_above_while_one_below_is_drawn():
    under = picture()
    over = [{"points": [[60, 20, 1], [60, 130, 1]], "size": 20, "colour": [9, 9, 9]}]
    base, top = render_strokes(below(), under), render_strokes([*below(), *over], under)
    lower = header("brush", {})
    session = StrokeSession(
        lower, under, base, above=[Stroke(points=((60, 20, 1), (60, 130, 1)), size=20,
        colour=(9, 9, 9))], top=top,
    )  # fmt: skip
    for point in POINTS:
        session.extend([point])
    wanted = render_strokes([*below(), {**lower, "points": POINTS}, *over], under)
    np.testing.assert_array_equal(session.paint(session.bounds), wanted)


def test_a_finer_canvas_and_a_moved_corner_are_those_of_the_whole_stroke():
    under = picture()
    stroke = header("brush", {})
    session = StrokeSession(stroke, under, None, (-30, -10), scale=0.5)
    for point in POINTS:
        session.extend([point])
    half = {**stroke, "size": 13, "points": [[x / 2, y / 2, p] for x, y, p in POINTS]}
    wanted = render_strokes([half], under, (-30, -10))
    np.testing.assert_array_equal(session.paint(session.bounds), wanted)


def test_a_smear_that_leaves_the_canvas_and_comes_back_is_the_whole_smear():
    under = picture()
    points = [[60, 30, 1], [30, -20, 1], [40, -200, 1], [90, -210, 1], [95, -20, 1], [100, 60, 1]]
    session = StrokeSession(header("smear", {}), under)
    for point in points:
        session.extend([point])
    whole = render_strokes([{**header("smear", {}), "points": points}], under)
    np.testing.assert_array_equal(session.paint(session.bounds), whole)


def test_points_outside_the_canvas_change_nothing():
    session = StrokeSession(header("brush", {}), picture())
    assert session.extend([[-500, -500, 1]]) is None
    assert session.extend([]) is None
    assert session.finish() is None and session.abort() is None


def test_a_reader_beside_the_painter_takes_no_paint_away():
    """The frame that follows reads in a thread of its own."""
    bounds = (0, 0, 20 * TILE, TILE)
    for _ in range(5):
        paint = LazyPaint(bounds, np.zeros((TILE, 20 * TILE, 4), np.float32))
        gate = threading.Barrier(2)

        def read(paint=paint, gate=gate):
            gate.wait(5)
            for column in range(20):
                paint.part((column * TILE, 0, (column + 1) * TILE, TILE))

        reader = threading.Thread(target=read)
        reader.start()
        gate.wait(5)
        for column in range(20):
            paint.part((column * TILE, 0, (column + 1) * TILE, TILE))[...] = 1
        reader.join(10)
        assert paint.part(bounds).min() == 1
