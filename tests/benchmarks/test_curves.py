"""Curves of quality over time, and straight lines through what was measured."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from benchmarks import __main__ as everything
from benchmarks import ablation, scaling, versus
from benchmarks.child import run
from benchmarks.curves import best_by, thinned, time_to
from benchmarks.fit import clips_in
from benchmarks.plot import COLOURS, Line, Panel, colour_of, draw_panels
from engine.fit.paper.numbers import Numbers

CURVE = [(1.0, 20.0), (2.0, 29.0), (3.0, 28.0), (9.0, 31.0)]


def test_a_curve_says_what_was_reached_when():
    assert best_by(CURVE, 3.5) == 29
    assert best_by(CURVE, 0.5) is None
    assert time_to(CURVE, 30) == 9
    assert time_to(CURVE, 20) == 1
    assert time_to(CURVE, 40) is None


def test_a_thinned_curve_keeps_its_ends():
    long = [(float(n), float(n * n)) for n in range(1000)]
    few = thinned(long, 50)
    assert len(few) == 50
    assert few[0] == [0, 0] and few[-1] == [999, 999**2]
    assert thinned(CURVE, 50) == [list(point) for point in CURVE]


def test_a_straight_line_is_told_from_a_square():
    x = [25, 50, 100, 200]
    line = scaling.straight(x, [3 + 0.5 * v for v in x])
    assert line is not None
    assert (line.at_zero, line.slope) == pytest.approx((3, 0.5))
    assert line.r2 == pytest.approx(1) and line.worst == pytest.approx(0, abs=1e-4)
    bent = scaling.straight(x, [v * v / 100 for v in x])
    assert bent is not None and bent.r2 < 0.97 and bent.worst > 0.2
    assert scaling.straight([1, 2], [1, 2]) is None


def test_the_clip_of_the_scaling_is_made_once_and_moves(tmp_path: Path):
    home = scaling.make_clip(tmp_path, 90, 4)
    frames = [cv2.imread(str(home / f"{n:05d}.png")) for n in range(4)]
    assert frames[0].shape == (90, 160, 3)
    assert frames[0].std() > 20
    assert np.abs(frames[0].astype(int) - frames[3]).mean() > 5
    before = (home / "00000.png").stat().st_mtime_ns
    assert scaling.make_clip(tmp_path, 90, 3) == home
    assert (home / "00000.png").stat().st_mtime_ns == before
    scaling.make_clip(tmp_path, 90, 6)
    assert len(list(home.glob("*.png"))) == 6


def test_a_command_is_timed_and_weighed():
    ended = run("nodes")
    assert ended.seconds > 0.05
    assert ended.answer["nodes"]
    if ended.peak_gib is not None:
        assert 0.01 < ended.peak_gib < 2
    with pytest.raises(SystemExit, match=r"codef canonical: .*nowhere"):
        run("canonical", "nowhere", "-o", "nothing.exr")


def test_a_folder_without_clips_is_named(tmp_path: Path):
    with pytest.raises(SystemExit, match="there is no folder"):
        clips_in(tmp_path / "gone")
    with pytest.raises(SystemExit, match="holds no clips"):
        clips_in(tmp_path)
    (tmp_path / "bear" / "frames").mkdir(parents=True)
    (tmp_path / "bear" / "masks_0").mkdir()
    with pytest.raises(SystemExit, match="no clip swan; there are bear"):
        clips_in(tmp_path, ["swan"])
    (clip,) = clips_in(tmp_path)
    assert clips_in(tmp_path / "bear") == [clip]
    assert clip.masks == (tmp_path / "bear" / "masks_0",)


def test_the_schedule_of_an_ablation_is_the_published_one_shrunk():
    whole = Numbers.load()
    assert ablation.schedule(10000) == {
        "annealing_begin": whole.annealing_begin,
        "annealing_length": whole.annealing_length,
        "halved_at": whole.halved_at,
    }
    assert ablation.schedule(100)["halved_at"] == [25, 50, 75]


@pytest.mark.parametrize("variant", ablation.VARIANTS)
def test_every_variant_changes_numbers_that_the_recipe_has(variant: str):
    numbers = Numbers.load(ablation.VARIANTS[variant][0])
    assert (numbers == Numbers.load()) == (variant == "as published")


def test_a_fit_without_a_curve_got_there_when_it_ended():
    report = {"psnr_curve": [], "wall": 61.0}
    assert versus.reached_at(report, 38.0, 30) == 61
    assert versus.reached_at(report, 28.0, 30) is None
    assert versus.reached_at({**report, "psnr_curve": CURVE}, 38.0, 30) == 9


def test_an_outcome_says_what_was_not_reached():
    found = {
        "clip": "portrait",
        "size": "540x540",
        "frames": 72,
        "seconds": 60.0,
        "goal": 30.0,
        "seeded": {"psnr_edit_path": 40.0, "seconds_to_goal": 2.0},
        "paper": {"psnr_at_equal_time": 20.0, "seconds_to_goal": None, "tried_for_seconds": 120.0},
        "gap_db": 20.0,
        "ratio": 60.0,
        "ratio_is_at_least": True,
    }
    first, second = versus.said(found).splitlines()
    assert "40.00 dB" in first and "20.00 dB apart" in first
    assert "not after 120 s: more than 60 times as long" in second


def test_all_benchmarks_name_the_folder_and_the_time():
    words = everything.commands(Path("clips"), ["bear"], ["seeded"], 20)
    stick, versus_, grid = words
    assert stick[:2] == ["benchmarks.stick", "clips"] and "20" in stick
    assert versus_[1] == str(Path("clips") / "bear")
    assert grid == ["benchmarks.hashgrid"]
    assert everything.minutes(5, ["seeded", "paper"], 60) > everything.minutes(1, ["seeded"], 60)


def test_a_panel_shows_its_lines_and_its_goal(tmp_path: Path):
    colour = colour_of("else", ["seeded", "else"])
    assert colour not in COLOURS.values()
    lines = [Line(COLOURS["seeded"], [(0, 0), (10, 5)], [(10, 5)], "5")]
    for goal in (None, 3.0):
        panel = Panel("one", ("x", "y"), lines, goal, from_zero=True)
        path = draw_panels([panel], tmp_path / f"{goal}.png", title="t", said="s")
        sheet = cv2.imread(str(path))
        assert (np.abs(sheet[..., ::-1].astype(int) - COLOURS["seeded"]).max(2) < 12).sum() > 100
    with_, without = (cv2.imread(str(tmp_path / f"{goal}.png")) for goal in (3.0, None))
    assert (with_ != without).any(axis=2).sum() > 100
