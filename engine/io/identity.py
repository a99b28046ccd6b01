"""What tells one state of a file from another: its content, as far as that is cheap to know.

A project that is copied or moved keeps its identities, though the copies have other times: small
files are hashed whole. Of larger ones the head, the middle and the tail are read; that is enough
where any change of a picture shows there (a PNG ends in a checksum, a compressed EXR begins with
the places of its blocks, a JPEG changes its size). Of all other large files the time is part of
the identity, since an edit in place would not be noticed without it.
"""

import hashlib
import os
import re
import time
from functools import lru_cache
from pathlib import Path

from engine.errors import InputError

WHOLE = 256 * 1024
"""Files up to this size are hashed whole."""

_END = 64 * 1024
_MIDDLE = 4096
_SETTLED = 2.0
"""Seconds after which a change of a file surely shows in its times."""

_PNG, _JPEG, _EXR = b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"\x76\x2f\x31\x01"
_COMPRESSION = re.compile(rb"compression\0compression\0\x01\0\0\0(.)", re.DOTALL)
_FIXED = (0, 6, 7)  # none, B44 and B44A: blocks are of one size whatever they hold


def file_identity(path: Path) -> str:
    """Name, size and content of a file; the time where samples cannot stand for the content.

    Raises:
        InputError: The file cannot be read.
    """
    try:
        state = path.stat()
        place = str(path), state.st_ino, state.st_size, state.st_mtime_ns, state.st_ctime_ns
        # Elsewhere the third time is that of the making, which says nothing about changes.
        settled = os.name == "posix" and time.time() - state.st_ctime > _SETTLED
        timed, digest = _remembered(*place) if settled else _read(path, state.st_size)
    except OSError as error:
        raise InputError(
            f"{path}: the file cannot be read ({error.strerror}); check that it is still there.",
            file=path,
        ) from error
    return f"{path.name}:{state.st_size}:{state.st_mtime_ns if timed else ''}:{digest}"


@lru_cache(maxsize=1 << 16)
def _remembered(path: str, inode: int, size: int, changed: int, touched: int) -> tuple[bool, str]:
    return _read(Path(path), size)


def _read(path: Path, size: int) -> tuple[bool, str]:
    """Whether the time belongs to the identity, and the hash of what was read."""
    digest = hashlib.blake2b(digest_size=12)
    with path.open("rb") as handle:
        if size <= WHOLE:
            digest.update(handle.read(WHOLE))
            return False, digest.hexdigest()
        head = handle.read(_END)
        digest.update(head)
        for place, count in ((size // 2, _MIDDLE), (size - _END, _END)):
            handle.seek(place)
            digest.update(handle.read(count))
    return not _shows_changes(head), digest.hexdigest()


def _shows_changes(head: bytes) -> bool:
    """Whether a change anywhere in the picture shows in the size or at an end of the file."""
    if head.startswith(_EXR):
        kinds = [found[0] for found in _COMPRESSION.findall(head)]
        return bool(kinds) and not any(kind in _FIXED for kind in kinds)
    return head.startswith((_PNG, _JPEG))
