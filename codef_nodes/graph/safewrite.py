"""Writing a file so that there is always one good version of it."""

import contextlib
import os
import shutil
import stat
import time
from pathlib import Path

from engine.errors import WriteError
from engine.io.atomic import beside, clean_parts

_LEFT_OVER = 3600.0


def write_safely(path: Path, content: bytes) -> None:
    """Writes beside the target, flushes to the disk, then replaces the target in one step.

    Whatever happens on the way, the target is either the old file or the new one.

    Raises:
        WriteError: Read-only file or folder, no such folder, disk full.
    """
    target = Path(os.path.realpath(path))  # a link stays a link
    partial = beside(target)
    try:
        mode = stat.S_IMODE(target.stat().st_mode) if target.exists() else None
        # os.replace asks the folder only; a file that a person made read-only is meant to stay.
        if mode is not None and not mode & stat.S_IWUSR:
            raise PermissionError(f"{target} is read-only")
        with partial.open("xb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        if mode is not None:
            partial.chmod(mode)
        os.replace(partial, target)
    except OSError as error:
        with contextlib.suppress(OSError):
            partial.unlink(missing_ok=True)
        reason = error.strerror or str(error)
        raise WriteError(
            f"cannot write {path} ({reason}); choose another place or make room", file=path
        ) from error
    except BaseException:
        with contextlib.suppress(OSError):
            partial.unlink(missing_ok=True)
        raise
    _sync_folder(target.parent)
    clear_left_overs(target.parent, f".{target.stem}.")


def clear_left_overs(folder: Path, prefix: str) -> None:
    """Removes what killed processes left behind, and ``prefix*.part`` older than an hour."""
    with contextlib.suppress(OSError):
        clean_parts(folder)
    with contextlib.suppress(OSError):
        for path in folder.iterdir():
            if not (path.name.startswith(prefix) and path.name.endswith(".part")):
                continue
            with contextlib.suppress(OSError):
                if time.time() - path.stat().st_mtime < _LEFT_OVER:
                    continue
                if path.is_dir():
                    shutil.rmtree(path, ignore_errors=True)
                else:
                    path.unlink()


def _sync_folder(folder: Path) -> None:
    """Makes the new name last through a power cut, where folders can be opened (not Windows)."""
    if os.name == "nt":
        return
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
