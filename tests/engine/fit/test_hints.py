"""Tracks, corner pins and ST maps make a start right where flow has nothing to go by."""

import cv2
import numpy as np
import pytest

from engine.errors import UsageError
from engine.fields.lattice import LatticeDeformation
from engine.fit.bend import bend, common_motion
from engine.fit.guided import apply_hints
from engine.fit.hints import CornerPin, Hints, PointTrack, StMaps
from engine.fit.plates import Plates
from engine.fit.seeds import pixel_centres, seed_layers
from engine.flow.dis import PairwiseFlow
from engine.io.picture import Window
from engine.kernels import lattice
from engine.progress import silent

WIDTH, HEIGHT, COUNT, MIDDLE = 160, 120, 5, 2
FRAMES = tuple(range(101, 101 + COUNT))
PERIOD = 16.0


def plates_of(codes, weights=None, shrink=1):
    count, height, width = codes.shape[:3]
    if weights is None:
        weights = np.full((1, count, height, width), 255, np.uint8)
    window = Window.of_size(width * shrink, height * shrink)
    return Plates(codes, 1 / 255, 0.0, weights, weights, shrink, window, window, 1.0, 0)


def stripes(shift):
    """Stripes that move by a whole period a frame: they look as if they stood still."""
    x = np.arange(WIDTH) + 0.5
    codes = np.empty((COUNT, HEIGHT, WIDTH, 3), np.uint8)
    for t in range(COUNT):
        wave = 127 + 100 * np.sin(2 * np.pi * (x - shift * (t - MIDDLE)) / PERIOD)
        codes[t] = np.rint(wave)[None, :, None]
    return codes


def flat():
    return np.full((COUNT, HEIGHT, WIDTH, 3), 90, np.uint8)


def seeds_of(plates, count=1):
    flow = PairwiseFlow(range(plates.count), plates.grey)
    return seed_layers(plates, MIDDLE, flow, 16, silent())


def places(seed, index):
    deformation = LatticeDeformation(
        seed.matrices, seed.lattices, seed.spacing, Window.of_size(WIDTH, HEIGHT)
    )
    return deformation.positions(index)


def error(seed, truth, where=None):
    """Largest distance in pixels between a seed and ``truth(index)`` [H, W, 2]."""
    worst = 0.0
    for index in range(COUNT):
        away = np.linalg.norm(places(seed, index) - truth(index), axis=-1)
        worst = max(worst, float(away[where].max() if where is not None else away.max()))
    return worst


def panned(shift):
    grid = pixel_centres(HEIGHT, WIDTH)
    return lambda index: grid - np.float32([shift * (index - MIDDLE), 0])


def tracks_of(points, motion, frames=FRAMES, group=None):
    """Tracks of points given in the reference frame."""
    return [
        PointTrack(
            f"track {n}",
            {f: motion(np.float64(point), FRAMES.index(f) - MIDDLE) for f in frames},
            group,
        )
        for n, point in enumerate(points)
    ]


def apply(hints, plates, seeds, groups=("clip",)):
    hints.check(FRAMES, groups, FRAMES[MIDDLE])
    apply_hints(hints, plates, FRAMES, MIDDLE, groups, seeds, silent())


@pytest.mark.parametrize("codes", [stripes(PERIOD), flat()], ids=["stripes", "flat"])
def test_one_track_moves_what_looks_as_if_it_stood_still(codes):
    plates = plates_of(codes)
    seeds = seeds_of(plates)
    truth = panned(PERIOD)
    assert error(seeds[0], truth) > 10  # flow is hopeless here
    tracks = tracks_of([(80, 60)], lambda p, t: (p[0] + PERIOD * t, p[1]))
    apply(Hints(tracks=tracks), plates, seeds)
    assert error(seeds[0], truth) < 0.5
    np.testing.assert_array_equal(seeds[0].matrices[MIDDLE], np.eye(3))


def test_four_tracks_carry_turn_and_zoom():
    plates = plates_of(flat())
    seeds = seeds_of(plates)
    middle = np.array([WIDTH / 2, HEIGHT / 2])

    def motion(point, t):
        turn, zoom = 0.05 * t, 1 + 0.06 * t
        rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
        return tuple(middle + zoom * rotation @ (point - middle))

    def truth(index):
        t = index - MIDDLE
        turn, zoom = 0.05 * t, 1 + 0.06 * t
        back = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]]) / zoom
        return (pixel_centres(HEIGHT, WIDTH) - middle) @ back.T + middle

    tracks = tracks_of([(40, 30), (120, 30), (120, 90), (40, 90)], motion)
    apply(Hints(tracks=tracks), plates, seeds)
    assert error(seeds[0], truth) < 0.5


def test_tracks_land_where_they_say_and_fade_away_from_themselves():
    rng = np.random.default_rng(0)
    texture = cv2.GaussianBlur(rng.random((HEIGHT, WIDTH, 3)).astype(np.float32), (0, 0), 2)
    texture = np.rint(255 * (texture - texture.min()) / np.ptp(texture)).astype(np.uint8)
    plates = plates_of(np.stack([texture] * COUNT))  # nothing moves, and flow sees that
    seeds = seeds_of(plates)
    # One track says otherwise; colours contradict it everywhere else.
    tracks = tracks_of([(40.5, 40.5)], lambda p, t: (p[0] + 3 * t, p[1] - t))
    apply(Hints(tracks=tracks), plates, seeds)
    for index in (0, 4):
        t = index - MIDDLE
        x, y = 40.5 + 3 * t, 40.5 - t
        moved = places(seeds[0], index) - pixel_centres(HEIGHT, WIDTH)
        here = moved[round(y - 0.5), round(x - 0.5)]
        np.testing.assert_allclose(here, [-3 * t, t], atol=0.3)
        assert np.abs(moved[90:, 120:]).max() < 0.2


def test_a_track_that_starts_later_is_held_where_it_is_first_seen():
    plates = plates_of(stripes(PERIOD))
    seeds = seeds_of(plates)
    whole = tracks_of([(80, 60)], lambda p, t: (p[0] + PERIOD * t, p[1]), FRAMES[2:4])
    late = tracks_of([(50, 40)], lambda p, t: (p[0] + PERIOD * t, p[1]), FRAMES[3:])
    apply(Hints(tracks=[*whole, *late]), plates, seeds)
    truth = panned(PERIOD)
    for index in (3, 4):  # frame 4 is known through the late track alone
        away = np.linalg.norm(places(seeds[0], index) - truth(index), axis=-1)
        assert away.max() < 0.5


def two_groups():
    weights = np.zeros((2, COUNT, HEIGHT, WIDTH), np.uint8)
    weights[0, :, :, :80] = 255
    weights[1, :, :, 80:] = 255
    return plates_of(stripes(PERIOD), weights)


def test_a_track_moves_only_the_group_that_owns_it():
    plates = two_groups()
    seeds = seeds_of(plates)
    before = seeds[1].lattices.copy(), seeds[1].matrices.copy()
    tracks = tracks_of([(40, 60)], lambda p, t: (p[0] + PERIOD * t, p[1]))
    apply(Hints(tracks=tracks), plates, seeds, ("left", "right"))
    assert error(seeds[0], panned(PERIOD)) < 0.5
    np.testing.assert_array_equal(seeds[1].lattices, before[0])
    np.testing.assert_array_equal(seeds[1].matrices, before[1])
    assert seeds[0].kind.endswith("+ tracks")
    assert "tracks" not in seeds[1].kind


def test_a_track_moves_the_group_that_it_names():
    plates = two_groups()
    seeds = seeds_of(plates)
    tracks = tracks_of([(40, 60)], lambda p, t: (p[0] + PERIOD * t, p[1]), group="right")
    apply(Hints(tracks=tracks), plates, seeds, ("left", "right"))
    assert error(seeds[1], panned(PERIOD)) < 0.5
    assert error(seeds[0], panned(PERIOD)) > 5


def corner_motion(t):
    """Corners of a plane that turns away from the camera."""
    start = np.float64([[20, 20], [140, 20], [140, 100], [20, 100]])
    return start + t * np.float64([[6, 1], [2, 4], [3, -3], [7, 0]])


def plane_truth(index):
    matrix = cv2.getPerspectiveTransform(
        corner_motion(index - MIDDLE).astype(np.float32), corner_motion(0).astype(np.float32)
    )
    grid = pixel_centres(HEIGHT, WIDTH).reshape(-1, 2).astype(np.float64)
    return lattice.apply_matrix(matrix, grid).reshape(HEIGHT, WIDTH, 2)


@pytest.mark.parametrize("order", [(0, 1, 2, 3), (0, 1, 3, 2)], ids=["around", "crossed"])
def test_a_corner_pin_holds_its_plane(order):
    plates = plates_of(stripes(PERIOD))
    seeds = seeds_of(plates)
    corners = {f: corner_motion(t - MIDDLE)[list(order)] for t, f in enumerate(FRAMES)}
    apply(Hints(pins=[CornerPin("pin.nk", corners)]), plates, seeds)
    inside = np.zeros((HEIGHT, WIDTH), bool)
    inside[30:90, 40:120] = True
    assert error(seeds[0], plane_truth, inside) < 0.5


def test_a_small_pin_leaves_the_far_rest_to_the_flow():
    plates = plates_of(flat())
    seeds = seeds_of(plates)
    quad = np.float64([[10, 10], [30, 10], [30, 30], [10, 30]])
    corners = {f: quad + (t - MIDDLE) * np.float64([4, 2]) for t, f in enumerate(FRAMES)}
    apply(Hints(pins=[CornerPin("pin.nk", corners)]), plates, seeds)
    moved = places(seeds[0], 3) - pixel_centres(HEIGHT, WIDTH)
    np.testing.assert_allclose(moved[18:28, 18:30].reshape(-1, 2).mean(0), [-4, -2], atol=0.5)
    assert np.abs(moved[80:, 100:]).max() < 0.3


def bent(index):
    grid = pixel_centres(HEIGHT, WIDTH)
    t = index - MIDDLE
    x, y = grid[..., 0], grid[..., 1]
    step = np.stack([5 * t + 2 * t * np.sin(y / 20), 1.5 * t * np.cos(x / 25)], axis=-1)
    return (grid + step).astype(np.float32)


@pytest.mark.parametrize("shrink", [1, 2])
def test_st_maps_replace_what_flow_cannot_know(shrink):
    plates = plates_of(stripes(PERIOD), shrink=shrink)
    seeds = seeds_of(plates)

    def read(frame):
        step = (bent(FRAMES.index(frame)) - pixel_centres(HEIGHT, WIDTH)) * shrink
        step = np.repeat(np.repeat(step, shrink, 0), shrink, 1)
        step[:20] = np.nan  # the map says nothing there
        return step

    apply(Hints(maps=[StMaps("st.%04d.exr", FRAMES, read)]), plates, seeds)
    inside = np.zeros((HEIGHT, WIDTH), bool)
    inside[24:] = True
    assert error(seeds[0], bent, inside) < 0.5
    assert np.isfinite(seeds[0].lattices).all()


def test_maps_to_another_frame_are_refused_and_tell_the_reference():
    step = pixel_centres(HEIGHT, WIDTH) * 0
    maps = StMaps("st.%04d.exr", FRAMES, lambda frame: step + np.float32(3.0 * (frame - 101)))
    hints = Hints(maps=[maps])
    assert hints.reference(FRAMES) == 101
    with pytest.raises(UsageError, match=r"st\.%04d\.exr.*frame 103.*8\.5 px"):
        hints.check(FRAMES, ["clip"], 103)


def test_hints_that_fit_nothing_are_named():
    track = PointTrack("track 1 of a.txt", {1: (3.0, 4.0)})
    with pytest.raises(UsageError, match=r"a\.txt holds frames 1-1, but frames 101-105"):
        Hints(tracks=[track]).check(FRAMES, ["clip"], 103)
    track = PointTrack("track 1 of a.txt", {101: (3.0, 4.0)}, "screen")
    with pytest.raises(UsageError, match="'screen', but the groups are clip"):
        Hints(tracks=[track]).check(FRAMES, ["clip"], 103)
    line = np.float64([[0, 0], [5, 5], [9, 9], [0, 9]])
    with pytest.raises(UsageError, match=r"pin\.nk lie on one line in frame 103"):
        Hints(pins=[CornerPin("pin.nk", {103: line})]).check(FRAMES, ["clip"], 103)
    pin = CornerPin("pin.nk", {101: corner_motion(0)})
    with pytest.raises(UsageError, match=r"pin\.nk has no corners in frame 103, the reference"):
        Hints(pins=[pin]).check(FRAMES, ["clip"], 103)
    assert not Hints()


def test_a_bend_passes_through_its_points_and_near_ones_that_disagree_meet():
    rng = np.random.default_rng(1)
    here = np.float64([[x, y] for x in (20, 80, 140) for y in (15, 60, 105)])
    here += rng.random((9, 2)) * 8
    left = rng.normal(size=(9, 2)) * 3
    shape = lattice.grid_shape(HEIGHT, WIDTH, 16)
    control = bend(here, left, shape, 16, (HEIGHT, WIDTH))
    found = lattice.evaluate_points(control, 16.0, HEIGHT, WIDTH, here)
    np.testing.assert_allclose(found, left, atol=0.1)
    twice = np.float64([[80, 60], [80, 60]])
    control = bend(twice, np.float64([[4, 0], [0, 2]]), shape, 16, (HEIGHT, WIDTH))
    found = lattice.evaluate_points(control, 16.0, HEIGHT, WIDTH, twice)
    np.testing.assert_allclose(found, [[2, 1], [2, 1]], atol=0.02)


def test_a_common_motion_is_no_richer_than_the_points_ask_for():
    here = np.float64([[0, 0], [50, 0], [50, 40], [0, 40], [20, 30]])
    shifted = common_motion(here, here + np.float64([3, -2]), 0.3)
    np.testing.assert_allclose(shifted, [[1, 0, 3], [0, 1, -2], [0, 0, 1]], atol=1e-12)
    turned = np.array([[0.9, -0.2], [0.2, 0.9]])
    found = common_motion(here, here @ turned.T + [1, 1], 0.3)
    np.testing.assert_allclose(found[:2, :2], turned, atol=1e-9)
    sheared = np.array([[1.0, 0.3], [0.0, 0.8]])
    found = common_motion(here, here @ sheared.T, 0.3)
    np.testing.assert_allclose(found[:2, :2], sheared, atol=1e-9)


def test_places_count_full_size_pixels_of_the_display_window():
    plates = plates_of(stripes(PERIOD), shrink=2)
    plates.data = plates.data.moved(10, -4)
    seeds = seeds_of(plates)
    # A working pixel p is the display pixel 2 p + (10, -4).
    tracks = tracks_of([(170, 116)], lambda p, t: (p[0] + 2 * PERIOD * t, p[1]))
    apply(Hints(tracks=tracks), plates, seeds)
    assert error(seeds[0], panned(PERIOD)) < 0.5
    seeds = seeds_of(plates)
    corners = {
        f: 2 * corner_motion(t - MIDDLE) + np.float64([10, -4]) for t, f in enumerate(FRAMES)
    }
    apply(Hints(pins=[CornerPin("pin.nk", corners)]), plates, seeds)
    inside = np.zeros((HEIGHT, WIDTH), bool)
    inside[30:90, 40:120] = True
    assert error(seeds[0], plane_truth, inside) < 0.5


def test_a_plane_whose_horizon_crosses_the_frame_does_no_harm():
    plates = plates_of(flat())
    seeds = seeds_of(plates)
    quad = np.float64([[60, 90], [100, 90], [150, 115], [10, 115]])
    steep = np.float64([[70, 90], [90, 90], [150, 115], [10, 115]])
    corners = {f: quad if f == 103 else steep for f in FRAMES}
    apply(Hints(pins=[CornerPin("pin.nk", corners)]), plates, seeds)
    matrix = cv2.getPerspectiveTransform(steep.astype(np.float32), quad.astype(np.float32))
    depth = pixel_centres(HEIGHT, WIDTH) @ matrix[2, :2] + matrix[2, 2]
    assert depth.min() < 0 < depth.max()
    assert np.isfinite(seeds[0].matrices).all()
    assert np.isfinite(seeds[0].lattices).all()
    moved = places(seeds[0], 0) - pixel_centres(HEIGHT, WIDTH)
    # Just above the quad the plane moves by 80 px and more; that must not reach far.
    assert np.abs(moved[:40]).max() < 10
    assert np.abs(moved[:20]).mean() < 3
