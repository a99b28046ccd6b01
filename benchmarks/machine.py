"""The machine that a figure was measured on: ``python -m benchmarks.machine``."""

import json
import os
import platform
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

PACKAGES = ("torch", "numpy", "numba", "opencv-python-headless", "OpenImageIO", "opencolorio", "av")


def processor() -> str:
    """Name of the processor, as the system tells it."""
    try:
        for line in Path("/proc/cpuinfo").read_text("utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def memory_gib() -> float | None:
    """Memory of the machine in GiB, or None where the system does not tell."""
    try:
        return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1)
    except (AttributeError, ValueError, OSError):
        return None


def load() -> float | None:
    """Processes that wanted a core during the last minute, on average: others spoil timings."""
    return round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None


def gpu() -> str | None:
    """Name of the first CUDA device, or None."""
    import torch

    return torch.cuda.get_device_name(0) if torch.cuda.is_available() else None


def installed(name: str) -> str | None:
    """Version of a package, or None."""
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def describe() -> dict[str, object]:
    """Everything that a reader needs to judge a timing, ready for JSON."""
    return {
        "processor": processor(),
        "cores": cores(),
        "memory_gib": memory_gib(),
        "load": load(),
        "gpu": gpu(),
        "system": platform.platform(),
        "python": platform.python_version(),
        "packages": {name: installed(name) for name in PACKAGES},
    }


def record(file: Path, figures: dict[str, Any]) -> None:
    """Writes figures beside the machine that they were measured on, and says where.

    Args:
        file: JSON file; its folder is made.
        figures: What was measured, ready for JSON.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps({"machine": describe(), **figures}, indent=1)
    file.write_text(text + "\n", encoding="utf-8")
    print(f"wrote {file}")


if __name__ == "__main__":
    sys.stdout.write(json.dumps(describe(), indent=2) + "\n")
