"""The pieces of a carried mask: kernels against plain numpy, colours, evidence, what is said."""

import json

import numpy as np
import pytest

from engine.errors import UsageError
from engine.masks import kernels, reference
from engine.masks.colours import ANYWHERE, ColourGrid, lab8
from engine.masks.edge import fine_mask
from engine.masks.evidence import LEVELS, UNKNOWN, learn, levels, told
from engine.masks.rough import Rough, Scribble, drawn, region, rough_from_json
from engine.masks.solve import links, log_odds, sigmoid, signed_distance, solve


def test_relax_reaches_the_minimum_of_its_energy() -> None:
    rng = np.random.default_rng(0)
    wish = rng.random((13, 17)).astype(np.float32)
    strength = (0.05 + rng.random((13, 17))).astype(np.float32)
    lab = rng.integers(0, 255, (13, 17, 3)).astype(np.uint8)
    p = wish.copy()
    before = np.abs(reference.residual(p, wish, strength, links(lab))).max()
    kernels.relax(p, wish, strength, *links(lab), 400, 1.6)
    after = np.abs(reference.residual(p, wish, strength, links(lab))).max()
    assert after < 1e-4 < before


def test_smooth_along_is_the_reference() -> None:
    grid = np.random.default_rng(1).random((4, 5, 6)).astype(np.float32)
    want = reference.smoothed(grid, 1)
    kernels.smooth_along(grid)
    assert np.allclose(grid, want, atol=1e-6)


def test_a_colour_grid_tells_the_colours_of_either_side() -> None:
    picture = np.zeros((24, 24, 3), np.uint8)
    picture[:, :12], picture[:, 12:] = (200, 40, 40), (40, 40, 200)
    share = np.zeros((24, 24), np.float32)
    share[:, :12] = 1
    lab = lab8(picture)
    for cell in (8.0, ANYWHERE):
        grid = ColourGrid((24, 24), cell)
        grid.add(lab, share, np.ones((24, 24), np.float32))
        inside, outside = grid.ask(lab)
        assert (inside[:, :12] > outside[:, :12]).all()
        assert (inside[:, 12:] < outside[:, 12:]).all()
        assert grid.grid.sum() == pytest.approx(24 * 24)


def test_a_cue_that_tells_nothing_is_silent() -> None:
    rng = np.random.default_rng(2)
    mask = (rng.random((64, 64)) > 0.5).astype(np.float32)
    everywhere = np.ones((64, 64), np.bool_)
    same = np.full((64, 64), 7, np.uint8)
    assert np.abs(told(learn(same, mask, everywhere), same)).max() < 0.05
    apart = np.where(mask > 0, 18, 3).astype(np.uint8)
    odds = told(learn(apart, mask, everywhere), apart)
    assert odds[mask > 0].min() > 1
    assert odds[mask == 0].max() < -1


def test_an_unknown_level_says_nothing() -> None:
    cue = levels(np.array([[np.nan, 1.0, 99.0]], np.float32))
    assert cue.tolist() == [[UNKNOWN, 1, LEVELS - 1]]
    odds = learn(cue, np.ones((1, 3), np.float32), np.ones((1, 3), np.bool_))
    assert odds[UNKNOWN] == 0


def test_log_odds_and_sigmoid_undo_each_other() -> None:
    share = np.linspace(0.05, 0.95, 19).astype(np.float32)
    assert np.allclose(sigmoid(log_odds(share)), share, atol=1e-5)


def test_a_solved_mask_stops_at_the_edge_of_the_picture() -> None:
    lab = np.full((40, 40, 3), 128, np.uint8)
    lab[:, 20:, 0] = 20
    odds = np.zeros((40, 40), np.float32)
    odds[18:22, 8:12], odds[18:22, 28:32] = 4, -4
    share = solve(odds, lab, rounds=400)
    assert share[:, :20].min() > 0.5 > share[:, 20:].max()


def test_the_fine_edge_lies_on_the_plates_edge() -> None:
    plate = np.full((120, 160, 3), 60, np.uint8)
    plate[31:89, 41:119] = (190, 170, 60)
    truth = np.zeros((120, 160), np.bool_)
    truth[31:89, 41:119] = True
    rough = np.zeros((30, 40), np.float32)
    rough[8:22, 11:30] = 1
    fine = fine_mask(rough, plate) > 127
    assert (fine ^ truth).sum() < 0.02 * truth.sum()


def test_what_was_said_survives_json() -> None:
    said = Rough((1, 2, 30, 40), (Scribble(((3.0, 4.0), (5.0, 6.5)), False, 2.5),))
    assert rough_from_json(json.loads(json.dumps(said.as_json()))) == said


@pytest.mark.parametrize(
    "wrong",
    [
        [],
        {},
        {"rectangle": [1, 2, 3]},
        {"rectangle": [5, 5, 5, 9]},
        {"scribbles": [{"points": []}]},
        {"scribbles": [{"points": [["a", 1]]}]},
        {"scribbles": 3},
    ],
)
def test_what_is_no_rough_mask_is_refused(wrong: object) -> None:
    with pytest.raises(UsageError):
        rough_from_json(wrong)


def test_the_later_scribble_wins_and_lies_where_it_was_drawn() -> None:
    lines = (
        Scribble(((10.0, 10.0), (30.0, 10.0)), True, 3),
        Scribble(((20.0, 2.0), (20.0, 18.0)), False, 2),
    )
    marks = drawn(lines, (20, 40), (1.0, 1.0))
    assert marks[9, 12] == 1
    assert marks[9, 20] == -1
    assert marks[18, 35] == 0


def test_the_region_of_scribbles_reaches_beyond_them() -> None:
    said = Rough(scribbles=(Scribble(((40.0, 40.0), (60.0, 40.0))),))
    allowed = region(said, (100, 100), (1.0, 1.0))
    assert allowed[40, 50] == 1
    assert 400 < allowed.sum() < 4000


def test_signed_distance_is_negative_inside() -> None:
    mask = np.zeros((9, 9), np.bool_)
    mask[2:7, 2:7] = True
    distance = signed_distance(mask)
    assert distance[4, 4] < -2
    assert distance[0, 4] > 1
