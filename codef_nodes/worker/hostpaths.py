"""Paths as host programs say them: whole, of this machine, or mapped to it."""

import os
import re
from collections.abc import Mapping
from pathlib import Path

from engine.errors import UsageError

MAP = "CODEF_PATH_MAP"
"""Environment variable with pairs ``theirs=ours``, separated by semicolons."""

_DRIVE = re.compile(r"[A-Za-z]:[\\/]")


def local_path(
    text: str, *, environment: Mapping[str, str] | None = None, windows: bool | None = None
) -> Path:
    r"""A path that a host said, as one of this machine.

    A host may run a script that was made on another system. Its paths are mapped by the pairs of
    ``CODEF_PATH_MAP``, as in ``P:\shots=/mnt/shots``, and refused where no pair fits.

    Args:
        text: The path, pattern or folder.
        environment: In place of this process's own.
        windows: Whether this machine is a Windows; None: as it is.

    Raises:
        UsageError: Not whole, or of another system.
    """
    ours = os.name == "nt" if windows is None else windows
    if not text.strip() or "\0" in text:
        raise UsageError("the host named no file; save the script and name one")
    mapped = _mapped(text, (os.environ if environment is None else environment).get(MAP, ""))
    if not ours and (_DRIVE.match(mapped) or mapped.startswith("\\\\")):
        raise UsageError(
            f"{text} is a path of Windows and this is none; set {MAP} so that it leads here, as in "
            rf"{MAP}=P:\shots=/mnt/shots"
        )
    if ours and mapped.startswith("/") and not mapped.startswith("//"):
        raise UsageError(
            f"{text} is no path of Windows; set {MAP} so that it leads here, as in "
            rf"{MAP}=/mnt/shots=P:\shots"
        )
    whole = bool(_DRIVE.match(mapped) or mapped[:2] in ("\\\\", "//")) if ours else mapped[0] == "/"
    if not whole:
        raise UsageError(f"{text} is no whole path; the host has to say where its files are")
    return Path(os.path.normpath(mapped)) if windows is None else Path(mapped)


def _mapped(text: str, pairs: str) -> str:
    """The path by the longest pair that fits, with slashes; capitals do not count in ``theirs``."""
    said = text.replace("\\", "/")
    best, result = -1, text
    for pair in pairs.split(";"):
        theirs, equals, ours = pair.strip().partition("=")
        theirs = theirs.replace("\\", "/").rstrip("/")
        if not equals or not theirs or not ours.strip() or len(theirs) <= best:
            continue
        head, rest = said[: len(theirs)], said[len(theirs) :]
        same = head == theirs or (_DRIVE.match(theirs + "/") and head.lower() == theirs.lower())
        if same and rest[:1] in ("", "/"):
            best, result = len(theirs), ours.strip().rstrip("/\\") + rest
    return result
