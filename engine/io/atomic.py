"""Files and folders that appear whole or not at all.

What is written goes to a hidden ``.NAME.TOKEN.part.EXT`` beside its place, is checked and flushed,
and then moved over the old one. The token names the writer (a short hash of the machine, the
process, a random number), so that leftovers of a killed writer can be told from work under way.
"""

import hashlib
import os
import platform
import re
import secrets
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from engine.errors import CodefError, WriteError

_PART = re.compile(
    r"\.(?P<name>.+)\.(?P<host>[0-9a-f]{6})-(?P<pid>\d+)-[0-9a-f]{8}\.(?P<kind>part|old)"
    r"(?P<suffix>\.[^.]+)?\Z"
)
_FOREIGN_AGE = 24 * 3600.0


def _host() -> str:
    # A hash, since a machine's name must not travel with the files.
    return hashlib.blake2b(platform.node().encode(), digest_size=3).hexdigest()


def beside(path: Path, kind: str = "part") -> Path:
    """A hidden name beside a file or folder that ``clean_parts`` knows and that is free."""
    token = f"{_host()}-{os.getpid()}-{secrets.token_hex(4)}"
    # The stem is cut so that long names plus the token stay within 255 bytes.
    stem = path.stem.encode()[:180].decode(errors="ignore")
    return path.with_name(f".{stem}.{token}.{kind}{path.suffix}")


def make_folder(folder: Path) -> None:
    """Makes a folder and those above it.

    Raises:
        WriteError: It cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise WriteError(
            f"{folder}: the folder cannot be made ({_reason(error)}); choose another place.",
            file=folder,
        ) from error


def _reason(error: OSError) -> str:
    return error.strerror or str(error)


def write_error(path: Path, reason: str, frame: int | None = None) -> WriteError:
    """The one sentence for a file that could not be written."""
    reason = " ".join(reason.split())[:200].rstrip(".")
    return WriteError(
        f"{path}: cannot be written ({reason}); check free space and permission, then write again.",
        file=path,
        frame=frame,
    )


@contextmanager
def replace_atomically(
    path: Path | str,
    check: Callable[[Path], None] | None = None,
    *,
    create_folders: bool = True,
) -> Iterator[Path]:
    """Gives a temporary path to write to, and moves it to ``path`` when the block ends well.

    Args:
        path: The final file.
        check: Called with the temporary file before it is moved; raises when it is incomplete.
        create_folders: Whether absent folders above the file are made.

    Yields:
        The temporary path in the same folder, with the extension of ``path``.

    Raises:
        WriteError: The file cannot be written, checked or moved; nothing is left behind.
    """
    path = Path(path)
    if create_folders:
        make_folder(path.parent)
    part = beside(path, "part")
    try:
        yield part
        if check is not None:
            check(part)
        _flush(part)
        os.replace(part, path)
    except CodefError:
        _remove(part)
        raise
    except OSError as error:
        _remove(part)
        raise write_error(path, _reason(error)) from error
    except BaseException:
        _remove(part)
        raise


@contextmanager
def atomic_folder(path: Path | str) -> Iterator[Path]:
    """Gives a folder to fill, and moves it to ``path`` when the block ends well.

    An existing folder is replaced whole: it is moved aside first and deleted last, so that at every
    moment the old or the new one can be had (``clean_parts`` moves an orphaned old one back).

    Args:
        path: The final folder.

    Yields:
        The folder to fill, beside ``path``.

    Raises:
        WriteError: It cannot be made or moved; the old folder stays as it was.
    """
    path = Path(path)
    make_folder(path.parent)
    # The suffix of a folder's name is part of the name: "shot.v2" is no file type.
    part = beside(path.with_name(path.name + "."), "part")
    make_folder(part)
    try:
        yield part
        for file in part.rglob("*"):
            if file.is_file():
                _flush(file)
        _swap(part, path)
    except CodefError as error:
        _remove(part)
        # What is told is the place that was asked for, not the hidden one that is gone by now.
        error.message = error.message.replace(str(part), str(path))
        error.file = error.file and error.file.replace(str(part), str(path))
        raise
    except OSError as error:
        _remove(part)
        raise write_error(path, _reason(error)) from error
    except BaseException:
        _remove(part)
        raise


def share_folder(source: Path, target: Path) -> None:
    """Gives a folder's files a second name, or copies them where the file system gives none.

    Args:
        source: The folder. Whoever changes its files later must replace them, not write into them.
        target: Where the second one is made; not there yet.

    Raises:
        OSError: It could not be made.
    """
    shutil.copytree(source, target, copy_function=_share)


def _share(source: str, target: str) -> str:
    """A second name for a file, or a copy where the file system gives none."""
    try:
        os.link(source, target)
    except OSError:
        return str(shutil.copy2(source, target))
    return target


def _swap(part: Path, path: Path) -> None:
    if not path.exists():
        os.replace(part, path)
        return
    old = beside(path.with_name(path.name + "."), "old")
    os.replace(path, old)
    try:
        os.replace(part, path)
    except OSError:
        os.replace(old, path)
        raise
    _remove(old)


def _flush(file: Path) -> None:
    with file.open("r+b") as handle:
        os.fsync(handle.fileno())


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
        return
    try:
        path.unlink(missing_ok=True)
    except OSError:
        return  # the error that led here is the one to tell


def clean_parts(folder: Path | str) -> list[Path]:
    """Removes what killed writers left in a folder.

    Parts of running processes of this machine are kept, those of other machines for a day. A folder
    that was moved aside by a writer killed before its new one was in place is moved back.

    Args:
        folder: The folder to clean; one that does not exist is clean.

    Returns:
        What was removed or moved back.
    """
    folder = Path(folder)
    if not folder.is_dir():
        return []
    done: list[Path] = []
    for entry in sorted(folder.iterdir()):
        match = _PART.match(entry.name)
        if match is None or not _is_stale(entry, match["host"], int(match["pid"])):
            continue
        final = folder / match["name"].rstrip(".")
        if match["kind"] == "old" and not final.exists():
            os.replace(entry, final)
        else:
            _remove(entry)
        done.append(entry)
    return done


def _is_stale(entry: Path, host: str, pid: int) -> bool:
    if host == _host():
        return pid != os.getpid() and not _is_running(pid)
    try:
        return time.time() - entry.stat().st_mtime > _FOREIGN_AGE
    except OSError:
        return False


def _is_running(pid: int) -> bool:
    if sys.platform == "win32":
        return _is_running_windows(pid)
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return True


def _is_running_windows(pid: int) -> bool:
    # os.kill(pid, 0) would end the process on Windows.
    import ctypes

    kernel = ctypes.__dict__["windll"].kernel32
    query_limited_information, still_active = 0x1000, 259
    handle = kernel.OpenProcess(query_limited_information, False, pid)
    if not handle:
        return False
    code = ctypes.c_ulong()
    kernel.GetExitCodeProcess(handle, ctypes.byref(code))
    kernel.CloseHandle(handle)
    return code.value == still_active
