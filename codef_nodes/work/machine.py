"""What this machine offers, told honestly."""

import os
import platform
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from engine.errors import DeviceError


def _cores() -> tuple[int, int]:
    """Logical processors of the machine, and those that this process may use."""
    total = os.cpu_count() or 1
    if hasattr(os, "sched_getaffinity"):
        return total, len(os.sched_getaffinity(0))
    return total, total


def _quota() -> float | None:
    """Processors that a Linux container allows, None without a limit."""
    try:
        limit, period = Path("/sys/fs/cgroup/cpu.max").read_text(encoding="ascii").split()
        return None if limit == "max" else int(limit) / int(period)
    except (OSError, ValueError):
        return None


def _model() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except (OSError, UnicodeDecodeError):
        pass
    return platform.processor() or platform.machine()


def memory() -> tuple[int | None, int | None]:
    """Bytes of memory of the machine and bytes that are free for programs; None where unknown."""
    if sys.platform == "win32":
        return _memory_windows()
    try:
        sizes = {}
        for line in Path("/proc/meminfo").read_text(encoding="ascii").splitlines():
            name, _, rest = line.partition(":")
            sizes[name] = int(rest.split()[0]) * 1024
        return sizes.get("MemTotal"), sizes.get("MemAvailable")
    except (OSError, ValueError, IndexError):
        pass
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"), None
    except (AttributeError, ValueError, OSError):
        return None, None


def _memory_windows() -> tuple[int | None, int | None]:
    import ctypes

    class Status(ctypes.Structure):
        _fields_ = [
            ("length", ctypes.c_ulong),
            ("load", ctypes.c_ulong),
            *((name, ctypes.c_ulonglong) for name in ("total", "free", "c", "d", "e", "f", "g")),
        ]

    status = Status()
    status.length = ctypes.sizeof(Status)
    kernel = getattr(ctypes, "windll").kernel32  # noqa: B009 - absent from other systems' stubs
    if not kernel.GlobalMemoryStatusEx(ctypes.byref(status)):
        return None, None
    return int(status.total), int(status.free)


def _torch() -> dict[str, Any]:
    try:
        import torch
    except ImportError as error:
        return {"version": None, "threads": None, "cuda": None, "problem": str(error)}
    found: dict[str, Any] = {
        "version": str(torch.__version__),
        "threads": torch.get_num_threads(),
        "cuda": torch.version.cuda,
    }
    if torch.version.cuda is None:
        found["problem"] = "this build of PyTorch has no CUDA"
    elif not torch.cuda.is_available():
        found["problem"] = "no NVIDIA graphics card or driver was found"
    return found


def _cards() -> list[dict[str, Any]]:
    try:
        import torch
    except ImportError:
        return []
    if not torch.cuda.is_available():
        return []
    from engine.kernels.backends.card import check

    cards = []
    for number in range(torch.cuda.device_count()):
        device, sizes, seconds = f"cuda:{number}", None, None
        try:
            sizes = torch.cuda.mem_get_info(number)
            tried = check(device)
            problem, seconds = tried.problem, round(tried.seconds, 2)
        except (RuntimeError, DeviceError) as error:
            problem = str(error).strip().partition("\n")[0]
        free, total = (None, None) if sizes is None else (int(sizes[0]), int(sizes[1]))
        cards.append(
            {
                "device": device,
                "name": torch.cuda.get_device_name(number),
                "memory": total,
                "memory_free": free,
                "problem": problem,
                "seconds_trial": seconds,
            }
        )
    return cards


def machine() -> dict[str, Any]:
    """Processor, memory, PyTorch and graphics cards; sizes in bytes, None where unknown."""
    total, usable = _cores()
    size, free = memory()
    quota = _quota()
    threads = usable if quota is None else max(1, min(usable, round(quota)))
    cards = _cards()
    return {
        "platform": platform.platform(),
        "python": platform.python_version(),
        "devices": ["cpu", *(card["device"] for card in cards if not card["problem"])],
        "cpu": {"name": _model(), "cores": total, "usable": usable, "threads": threads},
        "memory": size,
        "memory_free": free,
        "torch": _torch(),
        "cards": cards,
    }


def kernels(devices: Sequence[str]) -> list[dict[str, Any]]:
    """Who computes what on each device; loads every implementation and tries it on the cards.

    Returns:
        ``{"device", "operations": {operation: implementation}, "implementations": [{"name",
        "version", "problem"}]}`` for each device, implementations best first; ``problem`` is ""
        where all works.
    """
    try:
        from engine.kernels.backends.choose import kernels_for, report
    except ImportError:
        return []  # without torch there are none; that is told as torch's problem
    told = []
    for device in devices:
        made = [
            {"name": each.name, "version": each.version, "problem": each.problem}
            for each in report(device)
        ]
        of = dict(kernels_for(device).of)
        told.append({"device": device, "operations": of, "implementations": made})
    return told


def describe_kernels(found: list[dict[str, Any]]) -> str:
    """The same as text."""
    lines = []
    for device in found:
        of = device["operations"]
        names = dict.fromkeys(of.values())
        who = "; ".join(
            f"{', '.join(op for op in of if of[op] == name)} by {name}" for name in names
        )
        lines.append(f"kernels  on {device['device']}: {who}")
        for each in device["implementations"]:
            if each["problem"]:
                version = f" {each['version']}" if each["version"] else ""
                lines.append(f"         {each['name']}{version}: {each['problem']}")
    return "\n".join(lines)


def _tried(card: dict[str, Any]) -> str:
    return f"every operation tried in {card['seconds_trial']:.1f} s"


def describe(found: dict[str, Any]) -> str:
    """The same as text."""

    def gib(size: int | None) -> str:
        return "unknown" if size is None else f"{size / 2**30:.1f} GiB"

    cpu, torch = found["cpu"], found["torch"]
    lines = [
        f"cpu      {cpu['name']}, {cpu['cores']} logical processors, {cpu['threads']} of them used",
        f"memory   {gib(found['memory'])}, {gib(found['memory_free'])} free",
    ]
    for card in found["cards"]:
        lines.append(
            f"{card['device']:8} {card['name']}, {gib(card['memory'])}, "
            f"{gib(card['memory_free'])} free, "
            + (f"not used: {card['problem']}" if card["problem"] else _tried(card))
        )
    if torch["version"] is None:
        lines.append(f"torch    not usable: {torch['problem']}")
    else:
        cuda = f"CUDA {torch['cuda']}" if torch["cuda"] else "no CUDA"
        problem = f"; {torch['problem']}" if torch.get("problem") and torch["cuda"] else ""
        lines.append(f"torch    {torch['version']}, {cuda}, {torch['threads']} threads{problem}")
    return "\n".join(lines)
