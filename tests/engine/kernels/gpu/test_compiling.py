"""The kernels go through the compiler of cards, not only through the interpreter."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[4]


@pytest.mark.parametrize("capability", [90])  # H100, H200
def test_every_kernel_compiles_for_a_card(capability: int, tmp_path: Path) -> None:
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "TRITON_CACHE_DIR": str(tmp_path),
    }
    done = subprocess.run(
        [sys.executable, "-m", "tests.engine.kernels.gpu.compile_all", str(capability)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=environment,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    *names, last = done.stdout.splitlines()
    assert last == "nothing waits"
    assert names == [
        "adam_kernel",
        "encode_forward",
        "encode_to_points",
        "encode_to_table",
        "lattice_backward",
        "lattice_forward",
        "matrix_slope",
        "merge_change",
        "network_backward",
        "network_forward",
        "place_points",
        "read_footprints",
        "register_visit",
        "sample_backward",
        "sample_forward",
        "solve_advance",
        "solve_begin",
        "solve_direction",
        "solve_end",
    ]
