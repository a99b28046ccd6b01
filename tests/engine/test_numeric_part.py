"""What a bare machine with a graphics card runs: numpy, torch and perhaps Triton, nothing else."""

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
BLOCKED = (
    "numba",
    "llvmlite",
    "cv2",
    "av",
    "OpenImageIO",
    "PyOpenColorIO",
    "safetensors",
    "platformdirs",
    "yaml",
    "tqdm",
    "PySide6",
)
PROGRAM = f"""
import importlib, importlib.abc, sys

class Absent(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {BLOCKED!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, Absent())
"""


def run(program: str, *arguments: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM + program, *arguments],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout.splitlines()


def test_fields_their_kernels_and_the_published_fit_import_without_the_rest() -> None:
    modules = ["engine.fields.folder", "engine.fit.request", "engine.fit.recipes"]
    for folder in ("engine/kernels/backends", "engine/fit/paper"):
        for path in sorted((ROOT / folder).glob("*.py")):
            if path.name not in ("__init__.py", "compiled.py"):  # the loops of numba
                modules.append(".".join(path.relative_to(ROOT).with_suffix("").parts))
    modules += ["engine.flow.device", "engine.edit.carrier", "engine.edit.device"]
    modules += [
        f"engine.kernels.device.{path.stem}"
        for path in sorted((ROOT / "engine/kernels/device").glob("[a-z]*.py"))
    ]
    modules += [
        f"engine.fit.{path.stem}" for path in sorted((ROOT / "engine/fit").glob("device*.py"))
    ]
    assert len(modules) > 20
    run(f"for name in {modules!r}: importlib.import_module(name)")


FIT = """
from types import SimpleNamespace
import numpy as np, torch
from engine.fit.paper import fit_paper
from engine.fit.request import FitRequest
from engine.io.picture import Window
from engine.kernels.backends.choose import find, kernels_for
from engine.progress import silent

y, x = np.mgrid[:24, :32] / np.float32(24)

def frame(index):
    return np.stack([x + index / 32, y, 1 - x], -1).astype(np.float32) % 1

clip = SimpleNamespace(count=4, layers=1, height=24, width=32, shrink=1,
                       window=Window(0, 0, 32, 24), frame=frame, masks=lambda index: [])
small = dict(canonical_log2_entries=8, deformation_log2_entries=8, flow_loss=0.0, tile=24)
options = SimpleNamespace(device="auto", seed=0, steps=6, seconds=None, recipe="paper",
                          overrides=small)
request = FitRequest(frames=(0, 1, 2, 3), picture=None, options=options, identity="bare")
fit = fit_paper(request, clip, silent())
print(fit.steps, np.isfinite(fit.layers[0].positions(1)).all(), fit.psnr > 5)
print(find("numba", "cpu").problem)
print(sorted(set(kernels_for("cpu").of.values())))
print(sorted({"numba", "cv2"} & set(sys.modules)))
"""


def test_the_published_fit_runs_without_the_rest() -> None:
    lines = run(FIT)
    assert lines[0] == "6 True True"
    assert lines[1] == "does not load: No module named 'numba'"
    assert lines[2:] == ["['torch']", "[]"]


SMOKE = """
import torch
torch.set_num_threads(1)
from benchmarks.gpu import main
main(["--smoke", "--device", "cpu", "-o", sys.argv[1]])
"""


def test_the_benchmark_of_cards_runs_without_the_rest(tmp_path: Path) -> None:
    """All of it, on a few pixels: a card is lent for minutes, and then it must not be broken."""
    target = tmp_path / "gpu.json"
    run(SMOKE, str(target))
    told = json.loads(target.read_text())
    assert told["smoke"] and told["kernels"]["register"] == "torch"
    assert told["seeded"]["made up"]["psnr_edit_path"] > 40
    assert told["seeded"]["made up, two groups"]["psnr_edit_path"] > 35
    assert told["paper"]["steps"] == told["paper exactly as published"]["steps"] == 2
    assert told["seeded"]["made up"]["seeds"] == "engine.fit.device_seeds"
    assert set(told["propagation"]) == {"480p", "1080p", "2160p"}
    for figures in told["propagation"].values():
        assert set(figures) == {"paint", "auto"}
        for kind in figures.values():
            assert min(kind.values()) > 0
