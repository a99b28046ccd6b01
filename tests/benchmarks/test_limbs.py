"""The walking animal is what its truth says, and the benchmark tells the plate from the field."""

import numpy as np
import pytest

from benchmarks.limbs import measured
from benchmarks.synthetic.walker import HEIGHT, WIDTH, Joints, Shot, Walker

COUNT = 14


@pytest.fixture(scope="module")
def walk() -> tuple[Walker, list[Shot], Joints]:
    walker = Walker(1, COUNT)
    shots = [walker.shot(index) for index in range(COUNT)]
    return walker, shots, walker.joints(shots)


def test_what_is_told_as_visible_lies_on_the_animal(
    walk: tuple[Walker, list[Shot], Joints],
) -> None:
    _, shots, truth = walk
    assert 0.6 < truth.visible.mean() < 1
    for index, shot in enumerate(shots):
        assert shot.grey.shape == shot.mask.shape == (HEIGHT, WIDTH)
        x, y = truth.points[truth.visible[:, index], index].astype(int).T
        assert shot.mask[y, x].mean() > 0.97


def test_a_planted_foot_goes_with_the_ground(walk: tuple[Walker, list[Shot], Joints]) -> None:
    walker, _, _ = walk
    feet = np.array([[walker.pose(t)[part][:, 2] for t in range(COUNT)] for part in (2, 5, 8, 11)])
    step = np.diff(feet, axis=1)
    ground = np.diff([walker.ground(t) for t in range(COUNT)])
    with_it = np.hypot(step[..., 0] - ground, step[..., 1]) < 0.5
    # At any time two legs or more stand, and none stands always and all walk alike.
    assert with_it.sum(axis=0).min() >= 1
    assert not with_it.all()


def test_the_same_seed_walks_the_same(walk: tuple[Walker, list[Shot], Joints]) -> None:
    _, shots, _ = walk
    again = Walker(1, COUNT).shot(3)
    assert np.array_equal(again.grey, shots[3].grey)
    assert not np.array_equal(Walker(2, COUNT).shot(3).grey, shots[3].grey)


def test_legs_are_followed_by_the_plate_where_the_field_goes_with_the_body(
    walk: tuple[Walker, list[Shot], Joints],
) -> None:
    walker, shots, truth = walk
    alone = measured(walker, shots, truth, look=False)
    looked = measured(walker, shots, truth, look=True)
    assert looked["share_close"] > alone["share_close"] + 0.05
    assert looked["share"] >= alone["share"]
