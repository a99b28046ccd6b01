"""What every test gets: a cache of its own, no display, and a check that no thread is left."""

import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

# Before anything imports Qt or numba: both read these once.
os.environ["QT_QPA_PLATFORM"] = "offscreen"
os.environ.setdefault("NUMBA_THREADING_LAYER", "omp")

import pytest
from hypothesis import settings

# Two cores that others use as well make deadlines fail by chance.
settings.register_profile("codef", deadline=None, database=None, max_examples=60)
settings.load_profile("codef")

GRACE = 3.0  # seconds that a thread gets to end after its test


@pytest.fixture(autouse=True)
def fresh_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache folder: no test sees what another one left."""
    folder = tmp_path_factory.mktemp("cache")
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
