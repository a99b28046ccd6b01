"""Which thread pool numba's parallel kernels run on, and a guard for the one that is not safe.

numba knows three pools. ``omp`` (needs the system library libgomp1 on Linux) and ``tbb`` may be
entered by several Python threads at once. Without both it falls back to ``workqueue``, which
aborts the whole process when two threads call parallel kernels at the same time. So every module
of kernels calls ``prepare`` before its first kernel runs, and every call of a parallel kernel
happens inside ``guard``.

torch and numba each bring an OpenMP pool. By default idle threads of one spin and keep the other
(and every other program) from the cores: on a busy machine a fit took four times as long. So
``prepare`` asks for sleeping threads, which counts for every pool that is loaded afterwards: call
it before torch is imported where that can be.
"""

import importlib
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_LAYERS = {
    "omp": "numba.np.ufunc.omppool",
    "tbb": "numba.np.ufunc.tbbpool",
    "workqueue": "numba.np.ufunc.workqueue",
}
_starting = threading.Lock()
_kernel = threading.RLock()
_layer = ""


def _loads(layer: str) -> bool:
    """Whether numba's extension for a layer finds the library that it needs."""
    try:
        importlib.import_module(_LAYERS[layer])
    except ImportError:
        return False
    return True


def prepare() -> str:
    """Chooses numba's threading layer, once per process, before the first parallel kernel.

    A layer that the person named in ``NUMBA_THREADING_LAYER`` is kept when it can be loaded;
    else the first of omp, tbb, workqueue that can. Costs an import of numba; launches no thread.

    Returns:
        The name of the layer: ``omp``, ``tbb`` or ``workqueue``; ``none`` without numba.
    """
    global _layer
    with _starting:
        if _layer:
            return _layer
        os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
        # Sums of three or four colours in one instruction: the passes are a quarter faster.
        os.environ.setdefault("NUMBA_SLP_VECTORIZE", "1")
        wanted = os.environ.get("NUMBA_THREADING_LAYER", "")
        order = [wanted] if wanted in _LAYERS else []
        order += [name for name in _LAYERS if name != wanted]
        chosen = next((name for name in order if _loads(name)), "workqueue")
        os.environ["NUMBA_THREADING_LAYER"] = chosen
        try:
            from numba import config
        except ImportError:
            return "none"
        # numba read the environment when it was imported, which may be long ago.
        config.THREADING_LAYER = chosen
        config.SLP_VECTORIZE = int(os.environ["NUMBA_SLP_VECTORIZE"] == "1")
        _layer = chosen
        return chosen


@contextmanager
def guard() -> Iterator[None]:
    """Runs parallel kernels: one Python thread at a time where the pool cannot take more."""
    if prepare() != "workqueue":
        yield
        return
    with _kernel:
        yield
