"""What tells one file from another, for keys."""

from pathlib import Path
from typing import Any

from engine.errors import InputError


def file_identity(path: str | Path) -> list[Any]:
    """Path, size and time of a file; an absent file has an identity too.

    The absolute path is part of it, so that two files of one size and time differ.
    """
    path = Path(path)
    try:
        status = path.stat()
    except OSError:
        return [str(path.absolute()), None, None]
    return [str(path.absolute()), status.st_size, status.st_mtime_ns]


def must_exist(path: str | Path, what: str) -> Path:
    """The path of a file or folder that is there.

    Raises:
        InputError: It is not.
    """
    path = Path(path)
    if not path.exists():
        raise InputError(f"{what} {path} does not exist; check the path", file=path)
    return path
