"""What every test gets: a cache of its own, no display, and a check that no thread is left."""

import gc
import itertools
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

# Before anything imports Qt, numba or torch: they read these once.
os.environ["QT_QPA_PLATFORM"] = "offscreen"
os.environ.setdefault("NUMBA_THREADING_LAYER", "omp")
# Some test modules import torch before our kernels ask for sleeping threads.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import pytest
from hypothesis import settings

# Two cores that others use as well make deadlines fail by chance.
settings.register_profile("codef", deadline=None, database=None, max_examples=60)
settings.load_profile("codef")

GRACE = 60.0  # seconds that a thread gets to end after its test, on a machine that is busy
_number = itertools.count()


def pytest_collection_finish() -> None:
    """What has been imported stays: a search for garbage need not walk all of torch each time.

    The tests of the window collect after each of their tests: 0.14 s of it was this.
    """
    gc.collect()
    gc.freeze()


def pytest_unconfigure() -> None:
    """The interpreter ends with what is left as it would without us; extensions look at that."""
    gc.unfreeze()


@pytest.fixture(autouse=True)
def fresh_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache folder: no test sees what another one left."""
    folder = tmp_path_factory.getbasetemp() / f"own_cache_{next(_number)}"
    folder.mkdir()
    monkeypatch.setenv("CODEF_CACHE", str(folder))
    return folder


@pytest.fixture(autouse=True)
def no_thread_left() -> Iterator[None]:
    """Fails a test that leaves a thread which would keep the program from ending."""
    before = set(threading.enumerate())
    yield
    deadline = time.monotonic() + GRACE
    while True:
        left = [t for t in threading.enumerate() if t not in before and not t.daemon]
        if not left or time.monotonic() > deadline:
            break
        time.sleep(0.02)
    if left:
        pytest.fail(f"threads left running: {', '.join(t.name for t in left)}")
