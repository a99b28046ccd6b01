"""Reveal, heal, dodge, burn, blur and smear: values, and equality with the reference."""

import numpy as np
import pytest

from engine.errors import UsageError
from engine.paint.blurring import gaussian
from engine.paint.poisson import membrane
from engine.paint.raster import paint_over, render_strokes
from engine.paint.reference import gaussian as plain_gaussian
from engine.paint.reference import membrane as solved
from engine.paint.tiles import TiledPicture

HEIGHT, WIDTH = 70, 90


def flat(*colour):
    pixels = np.ones((HEIGHT, WIDTH, 4), np.float32)
    pixels[..., :3] = colour
    return pixels


def noisy(seed=1):
    random = np.random.default_rng(seed)
    pixels = random.uniform(-0.1, 2.0, (HEIGHT, WIDTH, 4)).astype(np.float32)
    pixels[..., 3] = np.where(random.uniform(size=(HEIGHT, WIDTH)) < 0.3, 0.5, 1)
    pixels[..., :3] *= pixels[..., 3:]
    return pixels


def dab(kind, **keys):
    return {"kind": kind, "points": [[45, 35, 1]], "size": 20, "hardness": 1, **keys}


def painted(strokes, under, **keys):
    return paint_over(render_strokes(strokes, under, **keys), under)


def test_dodge_and_burn_change_the_exposure_by_their_stops_and_opacity():
    under = flat(0.1, 0.4, -0.05)
    brighter = painted([dab("dodge", stops=2)], under)[35, 45]
    np.testing.assert_allclose(brighter, [0.4, 1.6, -0.05, 1], atol=1e-6)
    darker = painted([dab("burn", stops=1, opacity=0.5)], under)[35, 45]
    np.testing.assert_allclose(darker, [0.075, 0.3, -0.05, 1], atol=1e-6)


def test_a_range_keeps_the_other_tones():
    dark, bright = flat(0.02, 0.02, 0.02), flat(0.9, 0.9, 0.9)
    for tones, first, second in (("shadows", dark, bright), ("highlights", bright, dark)):
        gains = [
            painted([dab("dodge", range=tones)], under)[35, 45, 0] / under[0, 0, 0]
            for under in (first, second)
        ]
        assert gains[0] > 1.7 and gains[1] < 1.05
    middle = painted([dab("dodge", range="midtones")], flat(0.25, 0.25, 0.25))[35, 45, 0]
    assert middle == pytest.approx(0.5, rel=1e-3)


def test_dodge_paints_nothing_where_the_picture_is_empty():
    under = flat(0.5, 0.5, 0.5)
    under[:, 45:] = 0
    overlay = render_strokes([dab("dodge")], under)
    assert overlay[35, 40, 3] == 1 and not overlay[:, 46:].any()


def test_blur_keeps_a_plain_colour_and_spreads_a_line_by_its_radius():
    under = flat(0.3, 0.6, 0.1)
    np.testing.assert_allclose(painted([dab("blur")], under), under, atol=1e-6)
    under = flat(0, 0, 0)
    under[:, 45, :3] = 1
    row = painted([dab("blur", radius=2.0, size=40)], under)[35, :, 0].astype(np.float64)
    x = np.arange(WIDTH) - 45
    assert row.sum() == pytest.approx(1, abs=1e-4)
    assert np.sqrt((row * x * x).sum()) == pytest.approx(2.0, rel=0.03)


def test_smear_carries_the_colour_where_it_began_and_loses_it_with_less_opacity():
    under = flat(0.1, 0.1, 0.1)
    under[:, :30, 0] = 2.0
    stroke = dab("smear", points=[[15, 35, 1], [70, 35, 1]], size=16)
    np.testing.assert_allclose(painted([stroke], under)[35, 20:72, 0], 2.0, rtol=1e-5)
    faint = painted([{**stroke, "opacity": 0.3, "hardness": 0.4}], under)[35, :, 0]
    near, middle, far = (float(faint[x : x + 8].mean()) for x in (32, 48, 62))
    assert near > 1.5 and 1.0 > middle > far + 0.05
    np.testing.assert_array_equal(painted([stroke], under)[5], under[5])


def test_smear_does_not_depend_on_how_densely_the_pen_reports():
    under = noisy()
    under[:, :30] = 0.8
    x = np.linspace(15, 70, 111)
    dense = [[float(v), float(35 + (v - 15) / 11), 1.0] for v in x]
    few, many, spaced = (
        painted([dab("smear", points=points, hardness=0.5, opacity=0.6, spacing=spacing)], under)
        for points, spacing in ((dense[::110], 0.1), (dense, 0.1), (dense[::110], 0.3))
    )
    assert np.abs(few - under).max() > 0.3
    np.testing.assert_allclose(many, few, atol=1e-3)
    np.testing.assert_array_equal(spaced, few)


def test_heal_takes_the_detail_of_the_source_and_the_colour_of_the_surroundings():
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    grain = 0.03 * np.sin(x * 1.3) * np.cos(y * 1.7)
    shade = np.where(x > 52, 0.8, 0.2)  # the source lies in the bright half
    from engine.colour.encoding import decode

    clean = flat(0, 0, 0)
    clean[..., :3] = decode((shade + grain).astype(np.float32))[..., None]
    dirty = clean.copy()
    dirty[31:38, 22:29, :3] = 0
    stroke = dab("heal", points=[[25, 34, 1]], size=14, offset=[45, 0])
    healed = painted([stroke], dirty)
    spot = healed[31:38, 22:29, 0]
    from engine.colour.encoding import encode

    wanted = 0.2 + grain[31:38, 67:74]
    np.testing.assert_allclose(encode(spot), wanted, atol=0.02)
    # A clone of the same place would be as bright as its source.
    cloned = painted([{**stroke, "kind": "clone"}], dirty)[31:38, 22:29, 0]
    assert cloned.mean() > 5 * spot.mean()


def test_heal_beside_a_hole_and_a_bad_pixel_stays_finite():
    under = noisy()
    under[30:40, 50:60] = 0
    under[35, 40] = np.nan
    overlay = render_strokes([dab("heal", offset=[-25, 3]), dab("blur"), dab("smear")], under)
    assert np.isfinite(overlay).all() and overlay.any()


def test_reveal_shows_another_picture_under_the_brush():
    under, other = flat(0.1, 0.1, 0.1), noisy(5)
    asked = []

    def shows(stroke):
        asked.append(stroke.revealed(10))
        return TiledPicture((0, 0, WIDTH, HEIGHT), lambda t: other[t[1] : t[3], t[0] : t[2]])

    overlay = render_strokes([dab("reveal", frame_offset=-4)], under, frame=10, reveal=shows)
    assert asked == [6]
    np.testing.assert_allclose(overlay[35, 45], other[35, 45], atol=1e-6)
    moved = render_strokes([dab("reveal", offset=[3, -2])], under, reveal=shows)
    np.testing.assert_allclose(moved[35, 45], other[33, 48], atol=1e-6)


def test_reveal_without_anything_to_show_says_what_to_wire():
    with pytest.raises(UsageError, match="reveal"):
        render_strokes([dab("reveal")], flat(0, 0, 0))


def test_the_membrane_solves_the_equations():
    random = np.random.default_rng(2)
    y, x = np.mgrid[:36, :48]
    inside = ((y - 18) ** 2 / 14**2 + (x - 24) ** 2 / 19**2 < 1) & (
        random.uniform(size=y.shape) < 0.97
    )
    known = ~inside & (x > 8)
    values = (np.sin(x / 7) + y * 0.05)[..., None] * np.array([1, 0.5, 2])
    values = np.where(known[..., None], values, 0).astype(np.float32)
    fast, exact = membrane(values, inside, known), solved(values, inside, known)
    assert np.ptp(exact[inside]) > 3
    np.testing.assert_allclose(fast[inside], exact[inside], atol=0.05)
    np.testing.assert_array_equal(fast[known], values[known])


def test_the_blur_equals_its_reference():
    pixels = noisy()
    for sigma in (0.4, 3.7):
        np.testing.assert_allclose(
            gaussian(pixels, sigma), plain_gaussian(pixels, sigma), atol=2e-6
        )


@pytest.mark.parametrize("seed", range(3))
def test_compiled_tools_equal_the_reference(seed):
    random = np.random.default_rng(seed)
    under = noisy(seed)
    strokes = []
    for kind in ("dodge", "brush", "smear", "burn", "blur", "heal", "smear", "dodge", "clone"):
        strokes.append(
            {
                "kind": kind,
                "points": (random.uniform(-5, 95, (4, 3)) * [1, 0.8, 1 / 90]).tolist(),
                "size": random.uniform(2, 24),
                "hardness": random.uniform(),
                "opacity": random.uniform(0.3, 1),
                "spacing": random.uniform(0.05, 0.4),
                "stops": random.uniform(0, 3),
                "radius": random.uniform(0.5, 5),
                "range": ("all", "shadows", "midtones", "highlights")[len(strokes) % 4],
                "offset": random.uniform(-20, 20, 2).tolist(),
                "source": "painted" if random.uniform() < 0.5 else "input",
            }
        )
    heals = any(stroke["kind"] == "heal" for stroke in strokes)
    fast = render_strokes(strokes, under)
    plain = render_strokes(strokes, under, reference=True)
    # Relaxation stops short of the exact membrane, and what comes later builds on it.
    tolerance = 0.02 if heals else 1e-4
    np.testing.assert_allclose(fast, plain, atol=tolerance)
    without = [stroke for stroke in strokes if stroke["kind"] != "heal"]
    fast = render_strokes(without, under)
    plain = render_strokes(without, under, reference=True)
    assert fast[..., 3].any()
    np.testing.assert_allclose(fast, plain, rtol=1e-4, atol=5e-5)
