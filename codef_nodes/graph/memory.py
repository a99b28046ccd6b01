"""How much memory there is, and how much a value takes."""

import ctypes
import os
import sys
from pathlib import Path
from typing import Any

import numpy as np

GIB = 1 << 30
_LEAST = 256 << 20


def total_memory() -> int:
    """Bytes of memory that this process may hope for: the machine's, or its container's."""
    machine = _machine_memory() or 8 * GIB
    return min(machine, _container_limit() or machine)


def ram_budget() -> int:
    """Bytes for the memory cache: half of it, and 6 GiB are left to everybody else."""
    total = total_memory()
    return max(min(total // 2, total - 6 * GIB), _LEAST)


def size_of(value: Any) -> int:
    """Bytes that a value keeps alive; an array that is a view counts as what it views."""
    seen: set[int] = set()
    total, stack = 0, [value]
    while stack:
        item = stack.pop()
        if isinstance(item, np.ndarray):
            while isinstance(item.base, np.ndarray):
                item = item.base
            owner = item if item.base is None else item.base
            if id(owner) not in seen:
                seen.add(id(owner))
                total += item.nbytes if item.base is None else _buffer_size(owner, item.nbytes)
            continue
        if id(item) in seen:
            continue
        seen.add(id(item))
        if isinstance(item, dict):
            total += sys.getsizeof(item)
            stack += [*item.keys(), *item.values()]
        elif isinstance(item, list | tuple | set | frozenset):
            total += sys.getsizeof(item)
            stack += list(item)
        elif isinstance(getattr(item, "nbytes", None), int):
            total += int(item.nbytes)  # torch tensors, memory views
        else:
            total += sys.getsizeof(item)
            if not isinstance(item, type) and not callable(item):
                stack += list(getattr(item, "__dict__", {}).values())
    return total


def _buffer_size(owner: Any, otherwise: int) -> int:
    try:
        return memoryview(owner).nbytes
    except TypeError:
        return otherwise


def _machine_memory() -> int | None:
    if sys.platform == "win32":
        return _windows_memory()
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (ValueError, OSError, AttributeError):
        return None


def _windows_memory() -> int | None:
    class Status(ctypes.Structure):
        _fields_ = (
            ("length", ctypes.c_ulong),
            ("load", ctypes.c_ulong),
            ("total", ctypes.c_ulonglong),
            ("rest", ctypes.c_ulonglong * 6),
        )

    status = Status()
    status.length = ctypes.sizeof(Status)
    library = getattr(ctypes, "windll", None)
    if library is None or not library.kernel32.GlobalMemoryStatusEx(ctypes.byref(status)):
        return None
    return int(status.total)


def _container_limit() -> int | None:
    """The limit of the control group on Linux, or None."""
    for name in ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"):
        try:
            text = Path(name).read_text().strip()
        except OSError:
            continue
        if text.isdigit() and 0 < int(text) < 1 << 60:
            return int(text)
    return None
