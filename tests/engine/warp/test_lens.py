"""The lens: a pair of ST maps that belong together, and the deformation that looks through it."""

import numpy as np
import pytest

from engine.errors import FieldError, InputError
from engine.fields.lattice import LatticeDeformation
from engine.io.picture import Window
from engine.kernels.lattice import grid_shape
from engine.warp.lens import LensDeformation, load_lens
from tests.engine.warp.lenses import Barrel, centres

PLATE = Window.of_size(160, 120)


@pytest.fixture(scope="module")
def barrel():
    return Barrel()


@pytest.fixture(scope="module")
def lens(barrel, tmp_path_factory):
    return load_lens(*barrel.write(tmp_path_factory.mktemp("lens")), PLATE, PLATE)


def inner_of(window, seed=0):
    rng = np.random.default_rng(seed)
    shape = (3, *grid_shape(window.height, window.width, 16), 2)
    matrices = np.tile(np.eye(3), (3, 1, 1))
    matrices[:, :2, 2] = rng.normal(0, 5, (3, 2))
    return LatticeDeformation(matrices, rng.normal(0, 1, shape).astype(np.float32), 16.0, window)


def test_straight_places_are_those_of_the_lens(barrel, lens):
    points = np.random.default_rng(1).uniform((1, 1), (159, 119), (200, 2)).astype(np.float32)
    np.testing.assert_allclose(lens.straightened(points), barrel.straight(points), atol=0.01)


def test_places_outside_the_plate_go_on_smoothly(barrel, lens):
    inside, outside = lens.straightened(np.array([[159.4, 60], [163.4, 60]], np.float32))
    assert outside[0] - inside[0] == pytest.approx(4, abs=0.3)


def test_the_deformation_joins_both_maps(barrel, lens):
    inner = inner_of(lens.window)
    joined = LensDeformation(inner, lens.straight, lens.data)
    positions = joined.positions(1)
    assert positions.shape == (120, 160, 2)
    straight = barrel.straight(centres(PLATE)).reshape(-1, 2).astype(np.float32)
    np.testing.assert_allclose(positions.reshape(-1, 2), inner.at(1, straight), atol=2e-3)
    some = centres(PLATE)[10:20, 30:40].reshape(-1, 2).astype(np.float32)
    np.testing.assert_allclose(
        joined.at(1, some), positions[10:20, 30:40].reshape(-1, 2), atol=2e-3
    )


def test_the_deformation_is_the_same_after_it_was_stored(lens):
    joined = LensDeformation(inner_of(lens.window), lens.straight, lens.data)
    again = LensDeformation.from_tensors(joined.tensors(), joined.numbers())
    np.testing.assert_allclose(again.positions(2), joined.positions(2), atol=5e-3)
    broken = {name: t for name, t in joined.tensors().items() if name != "lens"}
    with pytest.raises(FieldError, match="lens of this field is damaged"):
        LensDeformation.from_tensors(broken, joined.numbers())


def test_maps_of_two_lenses_are_refused(barrel, tmp_path):
    undistort, _ = barrel.write(tmp_path)
    (tmp_path / "other").mkdir()
    _, redistort = Barrel(k=0.15).write(tmp_path / "other")
    with pytest.raises(InputError, match="do not undo each other") as caught:
        load_lens(undistort, redistort, PLATE, PLATE)
    assert caught.value.file == str(undistort)


def test_maps_in_half_float_are_refused_when_too_coarse(tmp_path):
    plate = Window.of_size(1920, 24)
    wide = Barrel(1920, 24, k=0.02)
    with pytest.raises(InputError, match="32-bit float"):
        load_lens(*wide.write(tmp_path, bits=16), plate, plate)


def test_maps_of_another_format_or_of_whole_numbers_are_refused(barrel, tmp_path):
    paths = barrel.write(tmp_path)
    with pytest.raises(InputError, match="is 160x120, the frames are 320x240"):
        load_lens(*paths, Window.of_size(320, 240), Window.of_size(320, 240))
    import cv2

    png = tmp_path / "map.png"
    png.write_bytes(cv2.imencode(".png", np.zeros((120, 160, 3), np.uint8))[1].tobytes())
    with pytest.raises(InputError, match="whole numbers"):
        load_lens(png, paths[1], PLATE, PLATE)
    with pytest.raises(InputError):
        load_lens(tmp_path / "none.exr", paths[1], PLATE, PLATE)
