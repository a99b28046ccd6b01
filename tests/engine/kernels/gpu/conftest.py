"""Where the Triton kernels run: interpreted on the CPU, or on a card (``make test-gpu``).

The interpreter is chosen when a kernel is defined, so Triton and our kernels are imported here,
once, with the choice made; it is taken back at once, so that no other test and no process started
by one hears of it.
"""

import importlib
import os

import pytest
import torch

from engine.kernels.gpu import MODULES

ON_CARD = os.environ.get("CODEF_TEST_GPU", "") == "1"
MISSING = ""

try:
    with pytest.MonkeyPatch.context() as patch:
        if not ON_CARD:
            patch.setenv("TRITON_INTERPRET", "1")
        # The second is loaded by the first launch, and goes by the same choice.
        for name in (*MODULES, "triton.experimental.gluon"):
            importlib.import_module(name)
except ModuleNotFoundError as error:
    if error.name != "triton":
        raise
    MISSING = "Triton is not installed (it is made for Linux only)"
if ON_CARD and not torch.cuda.is_available():
    raise pytest.UsageError("CODEF_TEST_GPU=1, but torch sees no NVIDIA card; see `codef devices`")


@pytest.fixture(autouse=True)
def _needs_triton() -> None:
    if MISSING:
        pytest.skip(MISSING)


@pytest.fixture(scope="session")
def device() -> torch.device:
    """The card, or the CPU for the interpreter."""
    return torch.device("cuda" if ON_CARD else "cpu")


@pytest.fixture(scope="session")
def times() -> int:
    """How many times as large a comparison is on a card."""
    return 200 if ON_CARD else 1


@pytest.fixture(autouse=True)
def _small_blocks(monkeypatch: pytest.MonkeyPatch, _needs_triton: None) -> None:
    """The interpreter takes as long for a block as it has points; a small one shows the same."""
    if not ON_CARD:
        monkeypatch.setattr("engine.kernels.gpu.hash_encode.BLOCK", 64)
