"""What a long render no longer needs goes back to the system."""

import subprocess
import sys
from pathlib import Path

import pytest

PICTURES = """
import sys
import numpy as np
from codef_nodes.cli.heap import give_back_freed_memory
give_back_freed_memory()

def resident():
    text = open("/proc/self/status", encoding="ascii").read()
    return int(text.split("VmRSS:")[1].split()[0]) / 1024

before, kept = resident(), []
np.ones(2 << 20, np.float32)  # freed: by default the next of its size would lie in the heap
for _ in range(3):
    pictures = []
    for _ in range(40):
        pictures.append(np.ones(2 << 20, np.float32))
        kept.append(np.ones(1000, np.float32))
    del pictures
print(resident() - before)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="glibc is a matter of Linux")
def test_pictures_do_not_stay_in_the_heap() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PICTURES],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[3],
    )
    assert float(done.stdout) < 40  # of 320 MiB
