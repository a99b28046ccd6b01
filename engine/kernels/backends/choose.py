"""Who computes what: implementations are looked for when they are first asked for.

Importing this costs nothing and probes nothing. An implementation is loaded at its first use; one
for a graphics card then does every operation once on a few numbers, forward and backward, and each
operation that fails or disagrees with plain torch is left to the next implementation. So a package
that is broken, or built for another card, costs speed and is named by ``codef devices``, but never
ends a fit.

``CODEF_KERNELS`` puts one implementation first, to find out whose fault something is.
"""

import importlib
import importlib.metadata
import logging
import os
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import torch

from engine.errors import DeviceError
from engine.kernels.backends.interface import OPERATIONS, Kernels

log = logging.getLogger(__name__)

#: Implementations for each kind of device, the best first. Plain torch is always the last.
ORDER = {"cuda": ("triton", "tinycudann", "torch"), "cpu": ("numba", "torch")}
NAMES = ("triton", "tinycudann", "numba", "torch")
_loading = threading.RLock()


@dataclass(frozen=True)
class Found:
    """What became of looking for one implementation on one device.

    Attributes:
        name: One of ``NAMES``.
        version: Of the package, or None where it is not installed.
        operations: Name of an operation to what does it; empty when it is of no use here.
        problem: Why not all of it can be used, in one sentence; empty when it can.
    """

    name: str
    version: str | None
    operations: Mapping[str, Callable[..., Any]]
    problem: str = ""


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def _torch() -> dict[str, Callable[..., Any]]:
    from engine.kernels.backends import plain

    return {name: getattr(plain, name) for name in OPERATIONS}


def _numba() -> dict[str, Callable[..., Any]]:
    from engine.kernels.backends import compiled

    return {name: getattr(compiled, name) for name in compiled.__all__}


def _triton() -> dict[str, Callable[..., Any]]:
    from engine.kernels.gpu import MODULES

    modules = [importlib.import_module(name) for name in MODULES]
    places = [getattr(module, name, None) for module in modules for name in OPERATIONS]
    return {item.__name__: item for item in places if item is not None}


def _tinycudann() -> dict[str, Callable[..., Any]]:
    importlib.import_module("tinycudann")  # raises where it finds no card that it was built for
    from engine.kernels.backends import tinycuda

    return {"encode": tinycuda.encode, "network": tinycuda.network}


_LOADERS = {"torch": _torch, "numba": _numba, "triton": _triton, "tinycudann": _tinycudann}


def _serves(name: str, device: torch.device) -> bool:
    """Whether an implementation is made for a kind of device at all."""
    if name in ORDER[device.type]:
        return True
    # Triton's interpreter, for tests: it is asked for by name only.
    return name == "triton" and os.environ.get("TRITON_INTERPRET", "") == "1"


@lru_cache(maxsize=64)
def find(name: str, device: str) -> Found:
    """Loads an implementation and tries it; the answer is kept.

    Args:
        name: One of ``NAMES``.
        device: ``cpu``, ``cuda`` or ``cuda:N``.
    """
    version, where = _version(name), torch.device(device)
    if version is None:
        return Found(name, None, {}, "not installed")
    if not _serves(name, where):
        return Found(name, version, {}, f"made for {_made_for(name)}")
    with _loading:
        try:
            operations = _LOADERS[name]()
        except Exception as error:
            # A foreign package may fail in any way when it is loaded; it is told, and left out.
            log.info("%s does not load", name, exc_info=True)
            return Found(name, version, {}, f"does not load: {_sentence(error)}")
        if where.type == "cpu" or name == "torch":
            return Found(name, version, operations)
        from engine.kernels.backends.trial import trial

        good, problems = {}, []
        for operation, function in operations.items():
            problem = trial(operation, function, where)
            if problem:
                problems.append(f"{operation}: {problem}")
            else:
                good[operation] = function
    return Found(name, version, good, "; ".join(problems))


def _made_for(name: str) -> str:
    return "NVIDIA cards" if name in ORDER["cuda"] and name not in ORDER["cpu"] else "the processor"


def _sentence(error: BaseException) -> str:
    """The first line of an error, or its kind where it says nothing."""
    text = str(error).strip().splitlines()
    return text[0][:200] if text else type(error).__name__


def preferred() -> str:
    """The implementation that ``CODEF_KERNELS`` puts first, or "".

    Raises:
        DeviceError: There is none of that name.
    """
    name = os.environ.get("CODEF_KERNELS", "").strip()
    if name and name not in NAMES:
        raise DeviceError(
            f"CODEF_KERNELS names {name!r}, which does not exist; use one of {', '.join(NAMES)}"
        )
    return name


def kernels_for(device: torch.device | str, first: str = "") -> Kernels:
    """The operations on a device, each by the best implementation that works there.

    Args:
        device: Of torch.
        first: An implementation to prefer; else what ``CODEF_KERNELS`` says, else the best.

    Raises:
        DeviceError: The implementation that is to be preferred cannot be used here.
    """
    return _kernels(str(device), first or preferred())


@lru_cache(maxsize=64)
def _kernels(device: str, first: str) -> Kernels:
    kind = torch.device(device).type
    if kind not in ORDER:
        raise DeviceError(f"there are no kernels for {device!r}; choose --device cpu or cuda")
    names = list(ORDER[kind])
    if first:
        wanted = find(first, device)
        if not wanted.operations:
            raise DeviceError(
                f"the kernels of {first} cannot be used on {device} ({wanted.problem}); "
                "leave CODEF_KERNELS away"
            )
        names = [first, *(name for name in names if name != first)]
    chosen: dict[str, Callable[..., Any]] = {}
    of: dict[str, str] = {}
    for operation in OPERATIONS:
        # In this order, so that what is not needed is not loaded.
        for name in names:
            function = find(name, device).operations.get(operation)
            if function is not None:
                chosen[operation], of[operation] = function, name
                break
    return Kernels(
        encode=chosen["encode"],
        network=chosen["network"],
        lattice=chosen["lattice"],
        sample=chosen["sample"],
        adam=chosen["adam"],
        register=chosen["register"],
        solve=chosen["solve"],
        place=chosen["place"],
        read=chosen["read"],
        merge=chosen["merge"],
        of=of,
    )


def report(device: torch.device | str) -> list[Found]:
    """What was found of the implementations for a device, the best first.

    Those for cards are named for the CPU too: whether they are installed is worth knowing before
    there is a card.
    """
    known = ORDER[torch.device(device).type]
    return [find(name, str(device)) for name in NAMES if name in known or name in ORDER["cuda"]]
