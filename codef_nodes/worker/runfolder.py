"""A worker's own folder: its socket and its shared pictures. Gone when the worker ends.

A worker that was killed leaves its folder behind; it no longer holds the lock in it, so the next
worker that starts sweeps it away.
"""

import contextlib
import os
import secrets
import shutil
import stat
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from engine.errors import WriteError

_LOCK = "lock"
_PATIENCE = 5.0
_LEAST = 256 << 20
"""Bytes that a memory file system must have left to be chosen."""


class RunFolder:
    """Makes the folder and holds it.

    Attributes:
        path: The folder; only this person can look into it.
    """

    def __init__(self) -> None:
        base = base_folder()
        self.path = base / secrets.token_hex(6)
        try:
            # One at a time: what another worker is just making is not swept away.
            with _patiently(base / _LOCK):
                sweep(base)
                self.path.mkdir(mode=0o700)
                self._lock = _locked(self.path / _LOCK)
        except OSError as error:
            raise WriteError(
                f"cannot make {self.path} ({error.strerror or error}); make room there",
                file=self.path,
            ) from error
        if self._lock is None:
            raise WriteError(f"{self.path} is in use by another process", file=self.path)

    def close(self) -> None:
        """Removes the folder."""
        if self._lock is not None:
            self._lock.close()
        remove(self.path)


def base_folder() -> Path:
    """The folder of this person's run folders, in memory where there is room; made if need be."""
    name = f"codef-{os.getuid()}" if sys.platform != "win32" else "codef-run"
    for place in _places():
        folder = place / name
        with contextlib.suppress(OSError):
            folder.mkdir(mode=0o700, exist_ok=True)
            if _is_ours(folder):
                return folder
    # Somebody else took the name everywhere: a folder that nobody can have foreseen.
    return Path(tempfile.mkdtemp(prefix="codef-"))


def sweep(base: Path) -> list[Path]:
    """Removes the folders of workers that are no more; returns them."""
    gone: list[Path] = []
    with contextlib.suppress(OSError):
        for folder in sorted(base.iterdir()):
            lock = folder / _LOCK
            if not lock.is_file():
                continue  # being made at this very moment, or none of ours
            with contextlib.suppress(OSError):
                handle = _locked(lock)
                if handle is not None:
                    handle.close()
                    remove(folder)
                    gone.append(folder)
    return gone


def remove(folder: Path) -> None:
    """Removes a run folder; whoever has a picture of it open keeps it."""
    shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def _patiently(path: Path) -> Iterator[None]:
    """Holds a lock; goes on without it when another process holds it for too long."""
    until = time.monotonic() + _PATIENCE
    handle = _locked(path)
    while handle is None and time.monotonic() < until:
        time.sleep(0.01)
        handle = _locked(path)
    try:
        yield
    finally:
        if handle is not None:
            handle.close()


def _places() -> list[Path]:
    memory = [Path("/dev/shm")]  # noqa: S108 - a folder of our own is made in it, see _is_ours
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    if runtime:
        memory.append(Path(runtime))
    roomy = []
    for place in memory:
        with contextlib.suppress(OSError):
            if shutil.disk_usage(place).free >= _LEAST and os.access(place, os.W_OK):
                roomy.append(place)
    return [*roomy, Path(tempfile.gettempdir())]


def _is_ours(folder: Path) -> bool:
    if sys.platform == "win32":
        return folder.is_dir()
    status = folder.lstat()
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.getuid():
        return False
    folder.chmod(0o700)
    return True


def _locked(path: Path) -> IO[Any] | None:
    """The open lock file, or None when another process holds it."""
    handle = path.open("a+b")
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(handle.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(handle.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        handle.close()
        return None
    return handle
