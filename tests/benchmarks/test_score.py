"""The synthetic scores, tried on fields whose errors are known."""

from pathlib import Path

import numpy as np
import pytest

from benchmarks.synthetic.clip import tracks, write_clip
from benchmarks.synthetic.levels import Spec
from benchmarks.synthetic.oracle import oracle
from benchmarks.synthetic.scene import Scene
from benchmarks.synthetic.score import Footage, edit_transfer, transfer

SPEC = Spec(level=2, width=320, height=180, frames=8)


@pytest.fixture(scope="module")
def scene() -> Scene:
    return Scene(SPEC)


def test_the_perfect_field_scores_perfectly(scene):
    found = transfer(oracle(scene), tracks(scene, (60, 150)))
    assert found["visible"]["p95"] < 0.005
    assert found["occluded"]["p95"] < 0.01
    assert found["jitter"] < 0.005
    assert found["visibility_f1"] > 0.995
    assert found["hidden_f1"] > 0.85  # on the very rim of the mask either is right
    assert found["tap_vid"]["delta"] > 0.995


def test_a_shift_shows_in_the_error_and_boil_in_the_jitter(scene):
    truth = tracks(scene, (60, 150))
    moved = transfer(oracle(scene, offset=0.7), truth)
    # A texture pixel is nearly a frame pixel; between other frames nothing is off.
    assert moved["visible"]["p95"] == pytest.approx(0.7, rel=0.2)
    assert moved["visible"]["median"] < 0.7
    boiling = transfer(oracle(scene, noise=0.2), truth)
    assert boiling["jitter"] == pytest.approx(0.2 * np.sqrt(12), rel=0.5)
    assert moved["jitter"] < boiling["jitter"]


def test_the_mark_is_carried_as_the_texture_would_show_it(tmp_path: Path):
    spec = Spec(level=1, width=320, height=180, frames=8)
    scene = Scene(spec)
    write_clip(spec, tmp_path / "clip")
    footage = Footage.of(tmp_path / "clip")
    exact = edit_transfer(oracle(scene), footage)
    off = edit_transfer(oracle(scene, offset=1.0), footage)
    # One resample of a mark with hard edges costs something; a pixel of error costs far more.
    assert exact["psnr"] > 31
    assert off["psnr_min"] < exact["psnr_min"] - 4
    assert exact["spill"] < 0.05
    assert exact["leak"] is None or exact["leak"] < 0.05
