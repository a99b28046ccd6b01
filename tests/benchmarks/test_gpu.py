"""The benchmark of cards: what it measures runs on the CPU too, on a few pixels."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from benchmarks import gpu, gpu_bench, gpu_kernels
from benchmarks.gpu_paper import measure_paper
from benchmarks.gpu_propagation import made_up_field, paint_of
from engine.edit.carrier import Carrier
from engine.edit.device_carry import Wanted
from engine.edit.device_room import DeviceRoom
from engine.edit.editlayer import EditLayer
from engine.edit.finish import Finish
from engine.edit.finished import finish_frame
from engine.io.picture import Picture
from engine.warp.sheet import Sheet

ROOT = Path(__file__).parents[2]


@pytest.fixture
def bench() -> gpu.Bench:
    made = gpu_bench.Bench(torch.device("cpu"), size=(12, 20), least=1e-6, smoke=True)
    made.ceilings = gpu_bench.ceilings(made, mib=1, side=64)
    return made


def test_ceilings_are_rates(bench):
    assert bench.ceilings["bytes"] > 1e7 and bench.ceilings["flops"] > 1e6
    assert bench.ceilings["additions"] > 1e5


def test_every_kernel_gets_a_figure(bench):
    found = gpu_kernels.measure_kernels(bench)
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
        "place",
        "read, cubic",
        "read, cubic, at a third",
        "merge",
        "visit of 8 frames",
        "step of 8 lattices, 8 rounds",
        "flow of 8 pairs, both ways",
        "adam",
    ]
    assert all(figure["ms"] > 0 for figure in found.values())
    shares = ("share_of_copy", "share_of_products", "share_of_additions")
    assert all(any(figure.get(share, 0) > 0 for share in shares) for figure in found.values())
    json.dumps(found)


def test_propagation_gives_all_figures_of_paint_and_of_grades(bench):
    found = gpu.measure_propagation(bench, "1080p")
    assert list(found) == ["paint", "auto"]
    for figures in found.values():
        assert set(figures) == {"frames_per_s", "frames_per_s_in_memory", "stroke_to_frame_ms"}
        assert min(figures.values()) > 0


def test_what_propagation_measures_is_what_the_program_makes_of_it():
    """The frame is carried by the very call of ``propagate_frame``, and is no empty one."""
    field = made_up_field(48, 64)
    canvas = field.layers[0].canonical.data
    rgba, grade = paint_of(canvas.height, canvas.width)
    change = EditLayer(Sheet.of(rgba, (canvas.x0, canvas.y0)), grade)
    plate = Picture.of(np.random.default_rng(3).random((48, 64, 3), np.float32))
    finish = Finish(merge="auto")
    carrier = Carrier(DeviceRoom(torch.device("cpu")))
    fast = carrier.carry(field, Wanted({0: change}, finish), plate, 3)
    slow = finish_frame(field, {0: change}, plate, 3, finish).picture
    assert np.abs(fast.pixels - plate.pixels).mean() > 0.05
    np.testing.assert_allclose(fast.pixels, slow.pixels, atol=1e-5)


@pytest.mark.parametrize(
    ("full", "short"),
    [
        ("NVIDIA H200", "h200"),
        ("NVIDIA H100 80GB HBM3", "h100"),
        ("NVIDIA A100-SXM4-40GB", "a100"),
        ("NVIDIA GeForce RTX 4090", "4090"),
        ("Tesla T4", "t4"),
    ],
)
def test_results_are_named_after_the_card(full, short):
    assert gpu.short_name(full) == short


def test_the_fit_tells_its_steps_and_its_curve(bench):
    clip = gpu.made_up_clip(3, 16, 24)
    assert (clip[0] != clip[1]).any() and 20 < clip.std() < 120
    found = measure_paper(bench.device, clip, steps=2, seconds=300.0, stored_next=True)
    assert found["steps"] == 2 and len(found["curve"]) >= 1
    assert found["numbers"] == {"stored_next": True}
    assert found["seconds_of_10000_steps"] is None and found["seconds_to_30_db"] is None
    json.dumps(found)


def test_clips_are_packed_for_machines_without_readers(tmp_path, monkeypatch):
    from benchmarks import pack
    from benchmarks.synthetic.clip import write_clip
    from benchmarks.synthetic.levels import Spec

    write_clip(Spec(level=2, width=96, height=56, frames=4), tmp_path / "level2")
    arguments = ["pack", str(tmp_path / "level2"), "--frames", "3", "-o", str(tmp_path)]
    monkeypatch.setattr("sys.argv", arguments)
    assert pack.main() == 0
    frames, masks = gpu._clips([tmp_path / "level2.npz"], smoke=False)["level2"]
    assert frames.shape == (3, 56, 96, 3) and frames.std() > 5
    assert masks is not None and masks.shape[1:] == (3, 56, 96)
    assert set(masks[0].ravel()) >= {0, 255}


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
