"""Where a fit starts."""

import cv2
import numpy as np

from engine.fit.canvas import fill_holes
from engine.fit.chain import Chain
from engine.fit.closest import fit_lattice
from engine.fit.groups import Groups
from engine.fit.motion import global_motion
from engine.fit.plates import read_plates
from engine.fit.seeds import Seed, choose, pixel_centres, seed_layers
from engine.kernels import lattice
from engine.progress import silent
from tests.engine.fit.clips import picture, request, texture


def flow_of(matrix, height=90, width=120):
    points = pixel_centres(height, width).reshape(-1, 2).astype(np.float64)
    moved = lattice.apply_matrix(matrix, points)
    return (moved - points).reshape(height, width, 2).astype(np.float32)


def test_homography_is_found_through_outliers():
    truth = np.array([[1.01, 0.02, 5], [-0.03, 0.99, -2], [2e-4, -1e-4, 1.0]])
    flow = flow_of(truth)
    flow[20:45, 30:70] += 9
    found = global_motion(flow, np.ones(flow.shape[:2], np.float32))
    corners = np.array([[0, 0], [120, 0], [0, 90], [120, 90.0]])
    np.testing.assert_allclose(
        lattice.apply_matrix(found, corners), lattice.apply_matrix(truth, corners), atol=0.1
    )


def test_a_translation_stays_a_translation():
    flow = np.zeros((90, 120, 2), np.float32) + np.array([3.25, -1.5], np.float32)
    flow += np.random.default_rng(0).normal(scale=0.1, size=flow.shape).astype(np.float32)
    found = global_motion(flow, np.ones((90, 120), np.float32))
    np.testing.assert_allclose(found[:2, :2], np.eye(2), atol=1e-12)
    np.testing.assert_allclose(found[:2, 2], [3.25, -1.5], atol=0.02)


def test_a_shear_needs_no_perspective():
    truth = np.array([[1.02, 0.05, 2], [0.0, 0.97, -1], [0, 0, 1.0]])
    found = global_motion(flow_of(truth), np.ones((90, 120), np.float32))
    np.testing.assert_allclose(found[2], [0, 0, 1])
    np.testing.assert_allclose(found[:2], truth[:2], atol=0.01)


def test_a_shear_can_be_refused():
    truth = np.array([[1.02, 0.05, 2], [0.0, 0.97, -1], [0, 0, 1.0]])
    found = global_motion(flow_of(truth), np.ones((90, 120), np.float32), simple=True)
    turn = found[:2, :2] / np.sqrt(np.linalg.det(found[:2, :2]))
    np.testing.assert_allclose(turn @ turn.T, np.eye(2), atol=1e-9)


def test_nothing_to_go_by_means_no_motion():
    flow = np.ones((40, 50, 2), np.float32)
    np.testing.assert_array_equal(global_motion(flow, np.zeros((40, 50), np.float32)), np.eye(3))


def test_lattice_bridges_what_is_unknown():
    points = pixel_centres(100, 140)
    truth = np.stack([0.03 * points[..., 1] + 1, -0.02 * points[..., 0]], axis=-1)
    weight = np.ones((100, 140), np.float32)
    weight[30:60, 40:90] = 0
    damaged = np.where(weight[..., None] > 0, truth, 50).astype(np.float32)
    control = fit_lattice(damaged, weight, 16)
    found = lattice.evaluate(control, *lattice.taps(100, 16), *lattice.taps(140, 16))
    assert np.abs(found - truth).max() < 0.2


def seed_with(chained: float, homography: float, overlap: float = 100, grain: float = 0) -> Seed:
    seed = Seed(np.tile(np.eye(3), (2, 1, 1)), np.ones((2, 4, 4, 2), np.float32), 16, "flow", {})
    choose(seed, np.array([[chained * 100, 100], [homography * overlap, overlap]]), grain)
    return seed


def test_a_homography_that_explains_nearly_as_much_wins():
    assert seed_with(0.10, 0.11).kind == "homography"
    assert not seed_with(0.10, 0.11).lattices.any()
    assert seed_with(0.10, 0.14).kind == "flow"
    assert seed_with(0.10, 0.14).lattices.all()


def test_a_homography_that_sees_too_little_proves_nothing():
    assert seed_with(0.10, 0.05, overlap=30).kind == "flow"


def test_holes_are_filled_smoothly_and_the_rest_is_kept():
    picture = np.zeros((33, 47, 3), np.float32)
    picture[...] = np.linspace(0, 1, 47)[None, :, None]
    seen = np.ones((33, 47), bool)
    seen[10:20, 15:30] = False
    filled = fill_holes(np.where(seen[..., None], picture, 99).astype(np.float32), seen)
    np.testing.assert_array_equal(filled[seen], picture[seen])
    assert np.abs(filled - picture).max() < 0.25
    nothing = fill_holes(picture, np.zeros((33, 47), bool))
    assert np.isfinite(nothing).all()


def test_grain_does_not_hide_that_flow_is_better():
    assert seed_with(4.5, 4.8).kind == "homography"
    assert seed_with(4.5, 4.8, grain=3.5).kind == "flow"
    assert seed_with(4.5, 4.6, grain=3.5).kind == "homography"


def card_seed(place_of, count=7, height=144, width=208):
    """The seed of a card that ``place_of(t)`` [2, 3] puts into each frame of a still background."""
    world, behind = texture(80, 80, 3), texture(height, width, 4)
    shots, masks = [], []
    for t in range(count):
        place = np.asarray(place_of(t), np.float32)
        drawn = cv2.warpAffine(world, place, (width, height))
        mask = cv2.warpAffine(np.full((80, 80), 255, np.uint8), place, (width, height)) > 127
        shots.append(picture(np.where(mask[..., None], drawn, behind)))
        masks.append(mask.astype(np.uint8) * 255)
    asked = request(shots, [("card", masks)])
    groups = Groups(asked.frames, asked.groups, (height, width), silent())
    plates = read_plates(asked.frames, asked.picture, groups.shares, 2, silent())
    return seed_layers(plates, count // 2, None, 16, silent())[0]


def test_a_group_far_from_the_corner_that_grows_is_one_homography():
    """Its motion is found on a cut of the picture, and holds for the whole of it."""

    def place_of(t):
        size = 1 - 0.06 * abs(t - 3)
        return [[size, 0, 110 + 3 * t], [0, size, 60]]

    seed = card_seed(place_of)
    assert seed.errors["homography"] < 1.5  # grey levels: no worse than flow
    corners = np.array([[5, 5], [75, 5], [5, 75], [75, 75.0]])
    for t in range(7):
        place = np.array(place_of(t))
        here = corners @ place[:, :2].T + place[:, 2]
        np.testing.assert_allclose(
            lattice.apply_matrix(seed.matrices[t], here), corners + np.array([119, 60]), atol=0.8
        )


def test_a_group_of_which_little_is_sure_goes_on_by_similarities(monkeypatch):
    def place_of(t):
        return [[1, 0.05 * (t - 3), 100 + 2 * t], [0, 1, 50]]

    def sheared(matrix):
        return abs(matrix[0, 1] + matrix[1, 0]) + abs(matrix[0, 0] - matrix[1, 1])

    for sure, shear in ((0.9, True), (0.2, False)):
        monkeypatch.setattr(Chain, "_sure", lambda *_, sure=sure: sure)
        seed = card_seed(place_of)
        assert (sheared(seed.matrices[0]) > 0.05) == shear
        # Either way it stays on the card.
        middle = np.array([[140 + 0.05 * -3 * 40, 90.0]])
        np.testing.assert_allclose(
            lattice.apply_matrix(seed.matrices[0], middle), [[146, 90]], atol=3
        )
