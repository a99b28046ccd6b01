"""The benchmark of cards: what it measures runs on the CPU too, on a few pixels."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from benchmarks import gpu

ROOT = Path(__file__).parents[2]


@pytest.fixture
def bench() -> gpu.Bench:
    made = gpu.Bench(torch.device("cpu"), size=(12, 20), least=1e-6, smoke=True)
    made.ceilings = gpu.ceilings(made, mib=1, side=64)
    return made


def test_ceilings_are_rates(bench):
    assert bench.ceilings["bytes"] > 1e7 and bench.ceilings["flops"] > 1e6


def test_every_kernel_gets_a_figure(bench):
    found = gpu.measure_kernels(bench)
    assert list(found) == [
        "encode canonical",
        "encode canonical, slopes of table",
        "encode canonical, slopes of table and points",
        "encode deformation",
        "encode deformation, slopes of table",
        "encode deformation, slopes of table and points",
        "network canonical",
        "network canonical, slopes",
        "lattice",
        "lattice, slopes",
        "sample",
        "sample, slopes",
        "visit of 8 frames",
        "step of 8 lattices, 8 rounds",
        "flow of 8 pairs, both ways",
        "adam",
    ]
    assert all(figure["ms"] > 0 for figure in found.values())
    assert found["network canonical"]["share_of_products"] > 0
    json.dumps(found)


def test_propagation_gives_both_figures(bench):
    found = gpu.measure_propagation(bench, "1080p")
    assert found["frames_per_s"] > 0 and found["stroke_to_frame_ms"] > 0


def test_the_fit_tells_its_steps_and_its_curve(bench):
    clip = gpu.made_up_clip(3, 16, 24)
    assert (clip[0] != clip[1]).any() and 20 < clip.std() < 120
    found = gpu.measure_paper(bench, clip, steps=2, seconds=300.0)
    assert found["steps"] == 2 and len(found["curve"]) >= 1
    assert found["seconds_of_10000_steps"] is None and found["seconds_to_30_db"] is None
    json.dumps(found)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a card: it would be measured")
def test_without_a_card_it_says_so_and_writes_nothing(tmp_path):
    target = tmp_path / "gpu.json"
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.gpu", "-o", str(target)],
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    assert done.returncode == 0, done.stderr
    assert "no NVIDIA card here" in done.stdout and "10 000 steps" in done.stdout
    assert not target.exists()
