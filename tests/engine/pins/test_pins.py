"""Pins: exact where they are set, bit for bit still beyond their radius, never folded."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import UsageError
from engine.fields.folder import load_field, save_field
from engine.pins.apply import pinned, report
from engine.pins.deformation import PinnedDeformation
from engine.pins.pin import Pin, pin_from
from engine.pins.timing import corrections
from engine.pins.warp import warp_through
from engine.warp.inverse import FrameInverse
from engine.warp.reach import points_near
from tests.engine.warp.analytic import lattice_layer, one_layer, two_layers

WHOLE = (slice(0, 64), slice(0, 96))


def folded(positions):
    """How many cells of a sampled map are turned over."""
    across = positions[:-1, 1:] - positions[:-1, :-1]
    down = positions[1:, :-1] - positions[:-1, :-1]
    return int((across[..., 0] * down[..., 1] - across[..., 1] * down[..., 0] <= 0).sum())


def place_of(field, frame, point):
    """Where a frame shows a canonical point."""
    found = FrameInverse(field, 0, field.index(frame)).find(np.array([point], np.float32))
    assert found.residual[0] < 0.1
    return found.points[0]


def test_a_pinned_point_is_where_it_was_pinned_and_nothing_moves_beyond_the_radius():
    field = one_layer(sine=1.0)
    pin = Pin("eye", (48.0, 30.0), {13: (56.0, 27.0)}, radius=24.0)
    before = field.layers[0].deformation
    moved = float(np.hypot(*(place_of(field, 13, (48.0, 30.0)) - (56.0, 27.0))))
    assert moved > 5
    after = pinned(field, [pin])
    assert np.hypot(*(place_of(after, 13, (48.0, 30.0)) - (56.0, 27.0))) < 0.01
    (fared,) = report(after)
    assert fared.left < 0.01 and fared.moved == pytest.approx(moved, abs=0.01)
    assert fared.sentence is None
    old, new = before.positions(2), after.layers[0].deformation.positions(2)
    rows, columns = np.mgrid[0:64, 0:96] + 0.5
    far = np.hypot(columns - 56.0, rows - 27.0) >= 24.0
    assert old[far].tobytes() == new[far].tobytes()
    assert (old[~far] != new[~far]).any(axis=1).mean() > 0.9
    assert folded(old) == 0 == folded(new)


def test_single_points_and_whole_frames_agree():
    field = pinned(one_layer(sine=1.0), [Pin("a", (48.0, 30.0), {13: (56.0, 27.0)}, radius=24.0)])
    deformation = field.layers[0].deformation
    rows, columns = np.mgrid[0:64, 0:96] + 0.5
    points = np.stack([columns.ravel(), rows.ravel()], axis=1).astype(np.float32)
    np.testing.assert_array_equal(
        deformation.at(2, points).reshape(64, 96, 2), deformation.positions(2)
    )
    part = (slice(10, 40), slice(30, 90))
    np.testing.assert_array_equal(deformation.positions(2, part), deformation.positions(2)[part])
    for beyond in ((slice(20, 90), slice(None)), (slice(3, 64, 4), slice(1, None, 3))):
        np.testing.assert_array_equal(
            deformation.positions(2, beyond), deformation.positions(2)[beyond]
        )


def test_frames_that_a_pin_does_not_reach_are_the_fit_itself():
    field = one_layer(frames=(10, 11, 13, 40))
    after = pinned(field, [Pin("a", (48.0, 30.0), {13: (52.0, 30.0)}, fade=12)])
    base, new = field.layers[0].deformation, after.layers[0].deformation
    assert new.positions(3).tobytes() == base.positions(3).tobytes()
    assert new.positions(2).tobytes() != base.positions(2).tobytes()
    held = pinned(field, [Pin("a", (48.0, 30.0), {13: (52.0, 30.0)}, fade=None)])
    assert held.layers[0].deformation.positions(3).tobytes() != base.positions(3).tobytes()


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.floats(5, 91), st.floats(5, 59), st.floats(-20, 20), st.floats(-20, 20),
            st.floats(8, 60), st.booleans(),
        ),
        min_size=1,
        max_size=6,
    )
)  # fmt: skip
def test_no_set_of_pins_folds_a_frame_or_leaves_its_discs(asked):
    places = np.array([each[:2] for each in asked])
    targets = places + [each[2:4] for each in asked]
    radii = np.array([each[4] for each in asked])
    pull = np.array([1.0 if each[5] else 0.5 for each in asked])
    warp = warp_through(places, targets, radii, pull)
    rows, columns = np.mgrid[0:64, 0:96] + 0.25
    grid = np.stack([columns.ravel(), rows.ravel()], axis=-1)
    across, down = (
        (warp.moved(grid + step) - warp.moved(grid - step)) / 2e-4
        for step in (np.array([1e-4, 0]), np.array([0, 1e-4]))
    )
    assert (across[:, 0] * down[:, 1] - across[:, 1] * down[:, 0]).min() > 0
    moved = warp.moved(grid)
    outside = (np.linalg.norm(grid[:, None] - places, axis=2) >= radii).all(axis=1)
    assert moved[outside].tobytes() == grid[outside].tobytes()


def test_hard_pins_beside_each_other_are_all_met():
    rng = np.random.default_rng(3)
    places = np.stack(np.meshgrid(np.arange(20, 80, 12.0), np.arange(16, 56, 12.0)), -1)
    places = places.reshape(-1, 2)
    targets = places + rng.normal(0, 1.5, places.shape)
    warp = warp_through(places, targets, np.full(len(places), 40.0), np.ones(len(places)))
    np.testing.assert_allclose(warp.moved(places), targets, atol=0.05)


def test_a_soft_pin_goes_half_of_the_way_and_yields_to_a_hard_one():
    place, target, radius = np.array([[40.0, 30.0]]), np.array([[44.0, 30.0]]), np.array([40.0])
    alone = warp_through(place, target, radius, np.array([0.5])).moved(place)
    np.testing.assert_allclose(alone, [[42.0, 30.0]], atol=0.2)
    both = np.array([[40.0, 30.0], [44.0, 30.0]])
    kept = warp_through(
        both, np.array([[44.0, 30.0], [44.0, 30.0]]), np.array([40.0, 40.0]), np.array([0.5, 1])
    )
    moved = kept.moved(both)
    np.testing.assert_allclose(moved[1], both[1], atol=0.01)
    assert 40.0 < moved[0, 0] < 41.5


def test_a_radius_that_is_too_small_is_told_with_the_one_that_is_enough():
    field = one_layer()
    after = pinned(field, [Pin("ear", (48.0, 30.0), {13: (70.0, 30.0)}, radius=10.0)])
    (fared,) = report(after)
    assert fared.left > 5
    assert "ear lacks" in fared.sentence and "radius of at least" in fared.sentence
    need = float(fared.sentence.split("at least ")[1].split(" px")[0])
    (again,) = report(pinned(field, [Pin("ear", (48.0, 30.0), {13: (70.0, 30.0)}, radius=need)]))
    assert again.left < 0.25 and again.sentence is None


def test_between_keys_a_pin_passes_over_without_overshoot_and_fades_beyond():
    keys = {10: np.array([0.0, 4.0]), 20: np.array([8.0, 4.0]), 30: np.array([8.0, 0.0])}
    path = np.stack([corrections(keys, frame, None) for frame in range(41)])
    np.testing.assert_allclose(path[10], keys[10])
    np.testing.assert_allclose(path[20], keys[20])
    np.testing.assert_allclose(path[0], keys[10])
    assert (np.diff(path[:, 0]) >= -1e-9).all() and (np.diff(path[:, 1]) <= 1e-9).all()
    assert path.min() >= -1e-9 and path.max() <= 8 + 1e-9
    assert corrections(keys, 35, 4) is None
    fading = corrections({10: np.array([8.0, 0.0])}, 12, 3)
    assert fading[0] == pytest.approx(4.0)
    assert corrections({10: np.array([8.0, 0.0])}, 11, 0) is None


def test_a_pin_stays_on_its_material_between_its_keys():
    """A correction is carried in the still, so the pinned point moves as the subject does."""
    field = one_layer(frames=tuple(range(1, 12)))
    index = {frame: n for n, frame in enumerate(field.frames)}
    wrong = np.array([3.0, -2.0])
    point = (48.0, 30.0)
    keys = {f: tuple(place_of(field, f, point - wrong).tolist()) for f in (3, 9)}
    after = pinned(field, [Pin("a", point, keys, radius=30.0)])
    for frame in range(3, 10):
        meant = place_of(field, frame, point - wrong)
        np.testing.assert_allclose(place_of(after, frame, point), meant, atol=0.05)
    assert index[9] == 8


def test_a_pin_belongs_to_its_layer_and_pins_can_be_switched_off():
    field = two_layers()
    on_back = Pin("a", (60.0, 30.0), {2: (66.0, 30.0)}, layer="back", radius=20)
    after = pinned(field, [on_back])
    assert after.layers[0].deformation is field.layers[0].deformation
    assert isinstance(after.layers[1].deformation, PinnedDeformation)
    assert after.layers[1].canonical is field.layers[1].canonical
    assert pinned(field, [replace(on_back, enabled=False)]) is field
    with pytest.raises(UsageError, match="has square, back; choose"):
        pinned(field, [replace(on_back, layer="cat")])


def test_a_pinned_field_is_stored_and_read_again(tmp_path):
    field = lattice_layer(wild=1.0)
    point = field.layers[0].deformation.at(0, np.array([[40.0, 30.0]], np.float32))[0]
    after = pinned(field, [Pin("a", tuple(map(float, point)), {field.frames[0]: (45.0, 30.0)})])
    stored = save_field(after, tmp_path / "F")
    again = load_field(tmp_path / "F")
    assert again.layers[0].deformation.kind == "pinned"
    np.testing.assert_allclose(
        again.layers[0].deformation.positions(0),
        after.layers[0].deformation.positions(0),
        atol=2e-3,  # control points are stored in steps
    )
    np.testing.assert_array_equal(
        stored.layers[0].deformation.positions(0), again.layers[0].deformation.positions(0)
    )


def test_pins_are_plain_json_and_broken_ones_are_named():
    pin = Pin("a", (1.0, 2.0), {7: (3.0, 4.0)}, layer="bear", radius=9.0, hard=False, fade=None)
    assert pin_from(pin.as_dict()) == pin
    with pytest.raises(UsageError, match="pin 3 must look like"):
        pin_from({"canonical": [1]}, 3)
    with pytest.raises(UsageError, match="no place in any frame"):
        pin_from({"canonical": [1, 2], "frames": {}})
    with pytest.raises(UsageError, match="radius of 0 px"):
        pin_from({"canonical": [1, 2], "frames": {"1": [1, 2]}, "radius": 0})
    with pytest.raises(UsageError, match="not finite"):
        pin_from({"canonical": [1, float("nan")], "frames": {"1": [1, 2]}})


def test_no_pixel_that_sees_a_brush_through_pins_is_left_out():
    field = lattice_layer(wild=1.5)
    base = field.layers[0].deformation
    rng = np.random.default_rng(5)
    pins = []
    for n, place in enumerate(([30.0, 30.0], [60.0, 40.0])):
        point = base.at(0, np.array([place], np.float32))[0]
        keys = {field.frames[0]: (place[0] + 9.0, place[1] - 5.0)}
        pins.append(Pin(str(n), tuple(map(float, point)), keys, radius=22.0))
    deformation = pinned(field, pins).layers[0].deformation
    points = deformation.positions(0)
    for _ in range(40):
        x, y = points[rng.integers(points.shape[0]), rng.integers(points.shape[1])]
        box = (float(x) - 2, float(y) - 2, float(x) + 2, float(y) + 2)
        inside = (np.abs(points - (x, y)) < 2).all(axis=2)
        near = points_near(deformation, 0, box, 1.0, field.data)
        assert near is not None
        np.testing.assert_array_equal(near[1], points[near[0]])
        inside[near[0]] = False
        assert not inside.any()
