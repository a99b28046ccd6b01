"""The measuring stick on a small clip, end to end; joints; curves."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from benchmarks import stick
from benchmarks.joints import joints_in
from benchmarks.plot import COLOURS, GROUND, Curve, draw_curves
from benchmarks.synthetic.clip import write_clip
from benchmarks.synthetic.levels import Spec


@pytest.mark.slow
def test_a_clip_is_fitted_and_measured_by_one_command(tmp_path: Path, monkeypatch, capsys):
    spec = Spec(level=2, width=192, height=112, frames=6)
    write_clip(spec, tmp_path / "clips" / spec.name)
    monkeypatch.setattr(stick, "RESULTS", tmp_path / "results")
    words = ["stick", str(tmp_path / "clips"), "--recipes", "chain", "--keep", str(tmp_path)]
    monkeypatch.setattr("sys.argv", words)
    assert stick.main() == 0
    assert "level2" in capsys.readouterr().out
    answer = json.loads((tmp_path / "results" / "stick_clips_60s.json").read_text("utf-8"))
    (row,) = answer["rows"]
    assert row["steps"] == 0
    assert 15 < row["psnr_edit_path"] <= row["psnr"] + 0.1
    assert 0 < row["ewarp"]["short"] < 0.1
    assert row["masks"]["masks_0"]["J"] > 0.6
    assert row["badja"] is None
    found = row["synthetic"]
    assert found["transfer"]["visible"]["median"] < 1
    assert found["edit"]["psnr"] > 15
    assert found["edit"]["psnr_of_exact_motion"] > 25
    assert answer["machine"]["cores"] >= 1
    assert (tmp_path / "results" / "stick_clips_60s.png").is_file()


def test_joints_are_read_as_rows_and_columns_of_full_hd(tmp_path: Path):
    entries = [
        {
            "image_path": f"a/{number:05d}.jpg",
            "joints": [[0, 0], [540, 960], [1080, 1920]],
            "visibility": [False, True, number > 1],
        }
        for number in (1, 3, 9)
    ]
    (tmp_path / "bear.json").write_text(json.dumps(entries), "utf-8")
    points, seen = joints_in(tmp_path / "bear.json", (0, 1, 2, 3), (854, 480))
    # The joint that is never seen is left out, and so is the frame that the clip has not.
    assert seen.tolist() == [[False, True, False, True], [False, False, False, True]]
    assert points[0, 1].tolist() == [427, 240]
    assert points[1, 3].tolist() == [854, 480]


def test_curves_are_drawn_in_their_colours_one_panel_for_each_clip(tmp_path: Path):
    curves = [
        Curve("bear", "seeded", [(1.0, 20.0), (10.0, 30.0)], (12.0, 31.0)),
        Curve("bear", "chain", [], (5.0, 25.0)),
        Curve("dog", "seeded", [(1.0, 20.0), (10.0, 20.1)], (12.0, 20.1)),
    ]
    one = cv2.imread(str(draw_curves(curves[:2], tmp_path / "one.png")))[..., ::-1]
    two = cv2.imread(str(draw_curves(curves, tmp_path / "two.png")))[..., ::-1]
    assert two.shape[1] > one.shape[1]
    assert tuple(one[2, 2]) == (GROUND,) * 3
    body = one[140:]  # below the legend
    for recipe in ("seeded", "chain"):
        assert (np.abs(body.astype(int) - COLOURS[recipe]).max(axis=2) < 12).sum() > 30
    assert not (np.abs(body.astype(int) - COLOURS["paper"]).max(axis=2) < 12).any()
