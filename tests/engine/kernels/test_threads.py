"""The thread pool of the kernels, tried in processes of its own: the choice is made once."""

import os
import subprocess
import sys

import pytest

TWO_THREADS = """
import threading
import torch
from engine.kernels import hashgrid, threads
from engine.kernels.hashgrid_levels import HashGrid

grid = HashGrid(2, levels=4, log2_entries=8, base=4)
table, points = torch.rand(grid.parameters), torch.rand(20000, 2)
wanted = hashgrid.encode(points, table, grid)
equal = []

def work():
    for _ in range(30):
        equal.append(torch.equal(hashgrid.encode(points, table, grid), wanted))

crew = [threading.Thread(target=work) for _ in range(2)]
[one.start() for one in crew]
[one.join() for one in crew]
import numba
print(threads.prepare(), numba.threading_layer(), all(equal), len(equal))
"""


def _run(code: str, layer: str) -> str:
    environment = {**os.environ, "NUMBA_THREADING_LAYER": layer}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize("layer", ["workqueue", "omp"])
def test_two_python_threads_may_run_kernels_at_once(layer: str) -> None:
    # Unguarded, workqueue aborts the process here (exit status 134).
    chosen, used, equal, count = _run(TWO_THREADS, layer).split()
    assert chosen == used and equal == "True" and count == "60"
    if layer == "workqueue":
        assert used == "workqueue"


def test_a_layer_that_cannot_be_had_is_replaced() -> None:
    code = "from engine.kernels import threads; print(threads.prepare())"
    assert _run(code, "nonsense") in ("omp", "tbb", "workqueue")


def test_threads_of_both_pools_sleep_when_idle_unless_the_person_says_otherwise() -> None:
    code = "import os; from engine.kernels import threads; threads.prepare()"
    code += "; print(os.environ['OMP_WAIT_POLICY'])"
    before = os.environ.pop("OMP_WAIT_POLICY", None)
    try:
        assert _run(code, "omp") == "PASSIVE"
        os.environ["OMP_WAIT_POLICY"] = "ACTIVE"
        assert _run(code, "omp") == "ACTIVE"
    finally:
        os.environ.pop("OMP_WAIT_POLICY", None)
        if before is not None:
            os.environ["OMP_WAIT_POLICY"] = before
