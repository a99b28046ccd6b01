"""Pictures that the client maps: float32 files in the run folder, within a budget."""

import contextlib
import os
import secrets
import shutil
import threading
from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np

from engine.arrays import F32, AnyArray
from engine.errors import WriteError

BUDGET = 2 << 30
_SPARE = 192 << 20
"""Bytes of released files that are kept to be written again: fresh memory is slow to get."""
NAMES = {1: ["Y"], 2: ["X", "Y"], 3: ["R", "G", "B"], 4: ["R", "G", "B", "A"]}


class SharedPictures:
    """Writes pictures for the client and forgets them when it says so.

    Args:
        folder: The worker's run folder.
        budget: Bytes that may lie there unreleased; the oldest go first. A client that has mapped
            a picture keeps it all the same.
    """

    def __init__(self, folder: Path, budget: int = BUDGET) -> None:
        self._folder = folder
        self._budget = min(budget, shutil.disk_usage(folder).free // 2)
        self._shared: OrderedDict[str, int] = OrderedDict()
        self._spare: list[tuple[int, Path]] = []
        self._lock = threading.Lock()

    @property
    def bytes(self) -> int:
        """Bytes that were shared and not released."""
        with self._lock:
            return sum(self._shared.values())

    def __len__(self) -> int:
        with self._lock:
            return len(self._shared)

    def share(self, pixels: AnyArray) -> tuple[str, F32]:
        """Writes an array; returns its file and the array as it is in there.

        Raises:
            WriteError: There is no room.
        """
        content = np.ascontiguousarray(pixels, np.float32)
        path = self._folder / f"{secrets.token_hex(8)}.f32"
        with self._lock:
            spare = next((each for each in self._spare if each[0] == content.nbytes), None)
            if spare is not None:
                self._spare.remove(spare)
        try:
            if spare is not None:
                os.replace(spare[1], path)
            with path.open("xb" if spare is None else "r+b", buffering=0) as stream:
                view, done = (
                    content.view(np.uint8).reshape(-1).data if content.size else memoryview(b""),
                    0,
                )
                while done < len(view):
                    done += stream.write(view[done:]) or 0
        except OSError as error:
            with contextlib.suppress(OSError):
                path.unlink(missing_ok=True)
            raise WriteError(
                f"there is no room to show a picture in {self._folder} "
                f"({error.strerror or error}); make room or look at a smaller part",
                file=self._folder,
            ) from error
        with self._lock:
            self._shared[str(path)] = content.nbytes
            while len(self._shared) > 1 and sum(self._shared.values()) > self._budget:
                oldest, _ = self._shared.popitem(last=False)
                _unlink(Path(oldest))
        return str(path), content

    def release(self, file: str) -> bool:
        """Forgets a picture that nobody maps any more; returns whether there was one."""
        with self._lock:
            size = self._shared.pop(file, None)
            if size is None:
                return False
            self._spare.append((size, Path(file)))
            while sum(each for each, _ in self._spare) > _SPARE:
                _unlink(self._spare.pop(0)[1])
        return True

    def clear(self) -> None:
        """Removes every file."""
        with self._lock:
            for path in [*map(Path, self._shared), *(spare for _, spare in self._spare)]:
                _unlink(path)
            self._shared.clear()
            self._spare.clear()


def described(
    file: str,
    pixels: F32,
    *,
    data: tuple[int, int, int, int] | None = None,
    display: tuple[int, int, int, int] | None = None,
    scale: int = 1,
    aspect: float = 1.0,
    channels: list[str] | None = None,
) -> dict[str, Any]:
    """The PICTURE of the protocol for a shared file."""
    height, width, count = pixels.shape
    box = data or (0, 0, width * scale, height * scale)
    return {
        "file": file,
        "shape": [height, width, count],
        "dtype": "float32",
        "data": list(box),
        "display": list(display or box),
        "scale": scale,
        "aspect": aspect,
        "channels": channels or NAMES.get(count, [f"C{index}" for index in range(count)]),
    }


def _unlink(path: Path) -> None:
    with contextlib.suppress(OSError):  # Windows refuses while somebody maps it; the end sweeps
        path.unlink()
