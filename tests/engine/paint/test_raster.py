"""Strokes to pixels: coverage, opacity, blends, erase, clone, and equality with the reference."""

import threading

import numpy as np
import pytest

from engine.errors import Cancelled
from engine.paint.raster import paint_over, render_strokes, stroke_box
from engine.paint.stroke import BLENDS, stroke_from
from engine.progress import Task


def picture(height=60, width=80, seed=1):
    random = np.random.default_rng(seed)
    pixels = random.uniform(-0.2, 3.0, (height, width, 4)).astype(np.float32)
    pixels[..., 3] = random.uniform(0, 1, (height, width))
    pixels[..., 3][random.uniform(size=(height, width)) < 0.4] = 1
    pixels[..., :3] *= pixels[..., 3:]
    return pixels


def brush(**keys):
    base = {"points": [[20, 30, 1], [55.3, 22.7, 1]], "size": 16, "colour": [2.0, 0.5, -0.1]}
    return {**base, **keys}


def test_paint_over_the_picture_is_the_picture_where_nothing_is_painted():
    under = picture()
    overlay = render_strokes([brush()], under)
    painted = paint_over(overlay, under)
    clean = overlay[..., 3] == 0
    assert clean.any() and not clean.all()
    np.testing.assert_array_equal(painted[clean], under[clean])
    np.testing.assert_allclose(painted[27, 38], [2.0, 0.5, -0.1, 1.0], atol=1e-5)


def test_a_hard_dot_has_the_area_and_the_centre_of_its_circle():
    under = np.zeros((60, 60, 4), np.float32)
    dot = brush(points=[[30.3, 28.6, 1]], size=21, hardness=1)
    alpha = render_strokes([dot], under)[..., 3].astype(np.float64)
    assert alpha.sum() == pytest.approx(np.pi * 10.5**2, rel=0.01)
    y, x = np.mgrid[:60, :60] + 0.5
    assert (alpha * x).sum() / alpha.sum() == pytest.approx(30.3, abs=0.02)
    assert (alpha * y).sum() / alpha.sum() == pytest.approx(28.6, abs=0.02)
    assert ((alpha > 0) & (alpha < 1)).sum() > 30


def test_softness_falls_from_the_hard_core_to_the_edge():
    under = np.zeros((81, 81, 4), np.float32)
    dot = brush(points=[[40.5, 40.5, 1]], size=60, hardness=0.5)
    row = render_strokes([dot], under)[40, 40:, 3]
    assert row[:15].min() == 1 and row[31:].max() == 0
    assert (np.diff(row[15:30]) < 0).all()
    assert row[22] == pytest.approx(0.556, abs=0.02)


def test_a_brush_thinner_than_a_pixel_stays_visible_and_faint():
    under = np.zeros((20, 20, 4), np.float32)
    for hardness in (0.0, 0.5, 1.0):
        thin = brush(points=[[3, 10, 1], [17, 10, 1]], size=0.3, hardness=hardness)
        alpha = render_strokes([thin], under)[..., 3]
        assert 0.05 < alpha.max() < 0.5


def test_opacity_does_not_build_up_within_a_stroke_but_does_between_strokes():
    under = picture()
    back_and_forth = brush(points=[[20, 30, 1], [60, 30, 1], [20, 30, 1], [60, 30, 1]], opacity=0.5)
    one = render_strokes([back_and_forth], under)
    assert one[..., 3].max() == pytest.approx(0.5)
    two = render_strokes([back_and_forth, back_and_forth], under)
    assert two[..., 3].max() == pytest.approx(0.75)


def test_pressure_scales_size_or_opacity():
    under = np.zeros((60, 80, 4), np.float32)
    light = brush(points=[[40, 30, 0.5]], hardness=1, size=30)
    alpha = render_strokes([light], under)[..., 3]
    assert alpha.sum() == pytest.approx(np.pi * 7.5**2, rel=0.02)
    light = {**light, "pressure_size": False, "pressure_opacity": True}
    alpha = render_strokes([light], under)[..., 3]
    assert alpha.max() == pytest.approx(0.5)
    assert alpha.sum() == pytest.approx(0.5 * np.pi * 15**2, rel=0.02)


def test_pressure_scales_hardness():
    under = np.zeros((60, 80, 4), np.float32)
    light = brush(points=[[40.5, 30.5, 0.5]], hardness=0.8, size=30, pressure_size=False)
    hard = render_strokes([light], under)[..., 3]
    soft = render_strokes([{**light, "pressure_hardness": True}], under)[..., 3]
    plain = render_strokes([{**light, "hardness": 0.4}], under)[..., 3]
    np.testing.assert_array_equal(soft, plain)
    assert soft.sum() < 0.8 * hard.sum()
    full = {**light, "pressure_hardness": True, "points": [[40.5, 30.5, 1.0]]}
    np.testing.assert_array_equal(render_strokes([full], under)[..., 3], hard)


AIRBRUSH = {"build_up": True, "flow": 0.15, "size": 20, "hardness": 0.3}


def test_paint_gathers_where_a_stroke_that_builds_up_crosses_itself():
    under = picture()
    once = brush(points=[[10, 30, 1], [70, 30, 1]], **AIRBRUSH, opacity=0.8)
    twice = {**once, "points": [[10, 30, 1], [70, 30, 1], [10, 30, 1]]}
    often = {**once, "points": [[10, 30, 1], [70, 30, 1]] * 12}
    one, two, many = (render_strokes([each], under)[30, 40, 3] for each in (once, twice, often))
    assert 0.3 < one < 0.75 and one + 0.05 < two < 0.8
    assert many == pytest.approx(0.8, abs=0.01), "opacity is the most that a stroke reaches"
    flat = render_strokes([{**once, "build_up": False}], under)[30, 40, 3]
    assert flat == pytest.approx(0.8)


def test_build_up_depends_on_neither_spacing_nor_how_often_the_pen_reports():
    under = picture()
    base = brush(points=[[10, 30, 1], [70, 34, 1]], **AIRBRUSH)
    wanted = render_strokes([base], under)[..., 3]
    dense = {**base, "points": [[10 + 0.7 * n, 30 + 0.7 * n / 15, 1] for n in range(86)]}
    finer = {**base, "spacing": 0.04}
    middle = np.s_[10:50, 24:56]
    for other in (dense, finer):
        found = render_strokes([other], under)[..., 3]
        np.testing.assert_allclose(found[middle], wanted[middle], atol=0.03)
    assert 0.2 < wanted[31, 40] < 0.95


def test_a_light_hand_that_builds_up_draws_a_line_and_no_dots():
    under = np.zeros((40, 160, 4), np.float32)
    thin = brush(points=[[10, 20, 0.15], [150, 20, 0.15]], **{**AIRBRUSH, "size": 40})
    along = render_strokes([thin], under)[19, 20:140, 3]
    assert along.min() > 0.1 and along.max() - along.min() < 0.1


@pytest.mark.parametrize("blend", BLENDS)
def test_blend_mixes_the_paint_with_the_picture(blend):
    under = picture()
    under[..., :3] = under[..., :3] / np.maximum(under[..., 3:], 1e-3)
    under[..., 3] = 1
    colour = np.array([0.8, 0.3, 2.0], np.float32)
    stroke = brush(points=[[40, 30, 1]], hardness=1, size=20, opacity=0.6, blend=blend)
    stroke["colour"] = colour.tolist()
    painted = paint_over(render_strokes([stroke], under), under)[30, 40, :3]
    below = under[30, 40, :3]
    screen = np.where(
        (below <= 1) & (colour <= 1), below + colour - below * colour, np.maximum(below, colour)
    )
    mixed = {
        "over": colour,
        "multiply": below * colour,
        "screen": screen,
        "add": below + colour,
        "min": np.minimum(below, colour),
        "max": np.maximum(below, colour),
        "difference": np.abs(below - colour),
    }[blend]
    np.testing.assert_allclose(painted, 0.6 * mixed + 0.4 * below, atol=1e-5)


def test_erase_removes_paint_and_never_the_picture():
    under = picture()
    rubber = brush(kind="erase", points=[[38, 26, 1]], hardness=1, size=10)
    overlay = render_strokes([brush(), rubber], under)
    assert overlay[26, 38, 3] == 0
    assert overlay[30, 22, 3] > 0.9
    np.testing.assert_array_equal(paint_over(overlay, under)[26, 38], under[26, 38])
    np.testing.assert_array_equal(render_strokes([rubber], under), 0)


def test_clone_copies_the_picture_with_its_alpha_by_whole_and_half_pixels():
    under = picture()
    clone = brush(kind="clone", points=[[40, 30, 1]], size=10, hardness=1, offset=[-20, 5])
    overlay = render_strokes([clone], under)
    np.testing.assert_allclose(overlay[30, 40], under[35, 20], atol=1e-6)
    clone["offset"] = [-20.5, 5]
    overlay = render_strokes([clone], under)
    np.testing.assert_allclose(overlay[30, 40], (under[35, 19] + under[35, 20]) / 2, atol=1e-5)


def test_clone_from_outside_the_picture_paints_nothing():
    overlay = render_strokes([brush(kind="clone", offset=[500, 0])], picture())
    assert not overlay.any()


def test_clone_reads_earlier_paint_only_when_asked():
    under = picture()
    under[...] = [0.1, 0.2, 0.3, 1]
    dab = brush(points=[[20, 30, 1]], hardness=1, size=12)
    clone = brush(kind="clone", points=[[50, 30, 1]], hardness=1, size=6, offset=[-30, 0])
    from_input = render_strokes([dab, clone], under)
    np.testing.assert_allclose(from_input[30, 50], [0.1, 0.2, 0.3, 1], atol=1e-6)
    from_painted = render_strokes([dab, {**clone, "source": "painted"}], under)
    np.testing.assert_allclose(from_painted[30, 50], [2.0, 0.5, -0.1, 1], atol=1e-5)


def test_origin_moves_the_canvas_and_cuts_strokes_at_its_edges():
    whole = render_strokes([brush()], picture())
    part = render_strokes([brush()], picture()[10:40, 15:50], origin=(15, 10))
    np.testing.assert_allclose(part, whole[10:40, 15:50], atol=1e-6)
    shifted = brush(points=[[x - 100, y - 50, p] for x, y, p in brush()["points"]])
    np.testing.assert_allclose(
        render_strokes([shifted], picture(), origin=(-100, -50)), whole, atol=1e-6
    )


def test_only_strokes_alive_in_the_frame_are_drawn():
    strokes = [brush(lifetime="5-6")]
    assert render_strokes(strokes, picture(), frame=5).any()
    assert not render_strokes(strokes, picture(), frame=7).any()
    assert render_strokes(strokes, picture()).any()


def test_adding_a_stroke_to_earlier_paint_equals_drawing_all():
    under = picture()
    strokes = [brush(), brush(points=[[30, 10, 1], [45, 50, 0.4]], blend="multiply", opacity=0.7)]
    so_far = render_strokes(strokes[:1], under)
    before = so_far.copy()
    more = render_strokes(strokes[1:], under, overlay=so_far)
    np.testing.assert_array_equal(more, render_strokes(strokes, under))
    x0, y0, x1, y1 = stroke_box(stroke_from(strokes[1]))
    outside = np.ones(under.shape[:2], bool)
    outside[max(y0, 0) : y1, max(x0, 0) : x1] = False
    np.testing.assert_array_equal(more[outside], before[outside])


def test_bad_pixels_do_not_spread_and_opaque_paint_hides_them():
    under = picture()
    under[25:32, 30:45] = np.nan
    strokes = [
        brush(hardness=1),
        brush(blend="multiply", opacity=0.5),
        brush(kind="clone", points=[[60, 50, 1]], offset=[-24, -22]),
    ]
    overlay = render_strokes(strokes, under)
    assert np.isfinite(overlay).all()
    assert np.isfinite(paint_over(overlay, under)[27, 38]).all()


def test_cancel_stops_between_strokes():
    stop = threading.Event()
    stop.set()
    with pytest.raises(Cancelled):
        render_strokes([brush()], picture(), task=Task(cancelled=stop))


@pytest.mark.parametrize("blend", BLENDS)
def test_compiled_brush_equals_the_reference(blend):
    random = np.random.default_rng(7)
    under = picture()
    strokes = []
    for kind in ("brush", "brush", "clone", "erase", "brush", "clone"):
        strokes.append(
            {
                "kind": kind,
                "points": (random.uniform(-5, 85, (4, 3)) * [1, 0.8, 1 / 90]).tolist(),
                "size": random.uniform(0.2, 30),
                "hardness": random.uniform(),
                "opacity": random.uniform(0.3, 1),
                "spacing": random.uniform(0.05, 0.6),
                "colour": random.uniform(-0.2, 3, 3).tolist(),
                "blend": blend,
                "offset": random.uniform(-20, 20, 2).tolist(),
                "source": "painted" if random.uniform() < 0.5 else "input",
                "pressure_opacity": bool(random.uniform() < 0.5),
                "pressure_hardness": bool(random.uniform() < 0.5),
                "build_up": bool(random.uniform() < 0.5),
                "flow": random.uniform(0.05, 1),
            }
        )
    fast = render_strokes(strokes, under)
    plain = render_strokes(strokes, under, reference=True)
    assert fast[..., 3].any()
    np.testing.assert_allclose(fast, plain, rtol=1e-4, atol=2e-5)
