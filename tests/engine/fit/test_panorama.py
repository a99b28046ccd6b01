"""Wide pans rolled onto a cylinder."""

import numpy as np

from engine.fit.panorama import on_cylinder, roll
from engine.fit.plates import Plates
from engine.fit.seeds import Seed, pixel_centres
from engine.io.picture import Window
from engine.kernels import lattice

WIDTH, HEIGHT, FOCAL = 160, 90, 150.0


def plates_of(count):
    codes = np.zeros((count, HEIGHT, WIDTH, 3), np.uint8)
    weights = np.full((1, count, HEIGHT, WIDTH), 255, np.uint8)
    window = Window.of_size(WIDTH, HEIGHT)
    return Plates(codes, 1 / 255, 0.0, weights, weights, 1, window, window, 1.0, 0)


def panning(degrees, axis=0):
    """Homographies to the plane of the middle frame of a camera that turns."""
    camera = np.array([[FOCAL, 0, WIDTH / 2], [0, FOCAL, HEIGHT / 2], [0, 0, 1.0]])
    matrices = []
    for angle in np.radians(degrees):
        c, s = np.cos(angle), np.sin(angle)
        turn = (
            [[c, 0, s], [0, 1, 0], [-s, 0, c]] if axis == 0 else [[1, 0, 0], [0, c, s], [0, -s, c]]
        )
        matrix = camera @ np.array(turn) @ np.linalg.inv(camera)
        matrices.append(matrix / matrix[2, 2])
    matrices[len(degrees) // 2] = np.eye(3)
    return np.array(matrices)


def seed_of(matrices, kind="homography"):
    grid = lattice.grid_shape(HEIGHT, WIDTH, 16)
    return Seed(matrices.copy(), np.zeros((len(matrices), *grid, 2), np.float32), 16, kind, {})


def places(seed, index):
    taps = (*lattice.taps(HEIGHT, 16), *lattice.taps(WIDTH, 16))
    return lattice.positions(seed.matrices[index], 0.0, 0.0, seed.lattices[index], *taps)


def test_a_camera_that_turns_past_ninety_degrees_keeps_its_scale():
    seed = seed_of(panning([-110, -75, -40, 0, 40, 75, 110]))
    assert roll(seed, plates_of(7))
    np.testing.assert_array_equal(seed.matrices[3], np.eye(3))
    assert not seed.lattices[3].any()
    middles = []
    for index in range(7):
        found = places(seed, index)
        across = np.linalg.norm(np.gradient(found, axis=1), axis=-1)
        down = np.linalg.norm(np.gradient(found, axis=0), axis=-1)
        for step in (across, down):
            assert step.min() > 0.45 and step.max() < 2.0
        middles.append(found[HEIGHT // 2, WIDTH // 2, 0])
    assert (np.diff(middles) > 0.4 * FOCAL * np.radians(35)).all()


def test_frames_that_overlap_still_agree():
    """What two frames see of one direction falls on one place, lattices included."""
    degrees = np.linspace(-80, 80, 9)
    flat = panning(degrees)
    seed = seed_of(flat)
    assert roll(seed, plates_of(9))
    step = np.linalg.inv(flat[7]) @ flat[6]  # frame 6 to frame 7
    grid = pixel_centres(HEIGHT, WIDTH).reshape(-1, 2)
    there = lattice.apply_matrix(step, grid.astype(np.float64))
    inside = ((there > 1) & (there < [WIDTH - 1, HEIGHT - 1])).all(axis=1)
    assert inside.mean() > 0.4
    ours = places(seed, 6).reshape(-1, 2)[inside]
    size = (HEIGHT, WIDTH)
    theirs = lattice.apply_matrix(seed.matrices[7], there[inside])
    theirs += lattice.evaluate_points(seed.lattices[7], 16.0, *size, there[inside])
    # The lattice has only ten cells across these small frames; the passes do the rest.
    apart = np.linalg.norm(ours - theirs, axis=1)
    assert np.median(apart) < 0.2 and np.percentile(apart, 95) < 1


def test_a_tilt_is_rolled_the_other_way():
    seed = seed_of(panning([-70, -35, 0, 35, 70], axis=1))
    assert roll(seed, plates_of(5))
    first = places(seed, 0)
    assert np.abs(first[HEIGHT // 2, WIDTH // 2, 0] - WIDTH / 2) < 3
    assert np.linalg.norm(np.gradient(first, axis=0), axis=-1).max() < 2


def test_small_pans_and_flows_stay_as_they_are():
    gentle = seed_of(panning([-8, 0, 8]))
    before = gentle.matrices.copy()
    assert not roll(gentle, plates_of(3))
    np.testing.assert_array_equal(gentle.matrices, before)
    assert not roll(seed_of(panning([-70, 0, 70]), "flow"), plates_of(3))


def test_the_plane_is_untouched_around_the_reference_frame():
    grid = pixel_centres(HEIGHT, WIDTH)
    size = np.array([WIDTH, HEIGHT], np.float64)
    np.testing.assert_allclose(on_cylinder(np.eye(3), grid, size, 0, FOCAL), grid, atol=1e-9)
