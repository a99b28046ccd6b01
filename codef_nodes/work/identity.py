"""What tells one file from another, for keys."""

from pathlib import Path
from typing import Any

from engine.errors import InputError


def file_identity(path: str | Path) -> list[Any]:
    """Name and content of a file; an absent file has an identity too.

    Its folder has no part in it, so that a project that is moved or copied keeps its fits.
    """
    from engine.io.identity import file_identity as identity

    path = Path(path)
    try:
        return [identity(path)]
    except InputError:
        return [path.name, None]


def must_exist(path: str | Path, what: str) -> Path:
    """The path of a file or folder that is there.

    Raises:
        InputError: It is not.
    """
    path = Path(path)
    if not path.exists():
        raise InputError(f"{what} {path} does not exist; check the path", file=path)
    return path
