"""The files of a field folder: what is read and written of each, whatever the folder holds.

Every file is listed with its size and hash, so that a damaged field is told at once.
"""

import hashlib
import json
import os
from collections.abc import Callable, Iterable, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from engine.arrays import AnyArray
from engine.errors import FieldError, InputError
from engine.fields.field import Masks
from engine.io.picture import Window

#: Newest version that this program reads: 3 = several segments, ``engine.linked``.
SCHEMA = 3
#: A field whose stills are all one pixel per canonical pixel, and one with finer stills.
PLAIN, FINER = 1, 2
#: Grows when something is added that older versions may leave aside: 1 = exposure, residual,
#: 2 = the masks that soft edges were found for.
MINOR = 2
INFO = "field.json"
MASKS = "masks.safetensors"
RESIDUAL = "residual.safetensors"
_IGNORED, _GIVEN = "ignored", "given"


def write_tensors(path: Path, tensors: Mapping[str, AnyArray]) -> None:
    """Writes a safetensors file."""
    from safetensors.numpy import save

    path.write_bytes(save({name: np.ascontiguousarray(t) for name, t in tensors.items()}))


def mask_tensors(masks: Masks, ignored: Masks | None) -> dict[str, AnyArray]:
    """The masks of the groups, and that of what was left out, as tensors."""
    tensors: dict[str, AnyArray] = {}
    named = {str(k): streams for k, streams in enumerate(masks.streams)}
    if masks.given is not masks:
        named |= {f"{_GIVEN}{k}": streams for k, streams in enumerate(masks.given.streams)}
    if ignored is not None:
        named[_IGNORED] = ignored.streams[0]
    for name, streams in named.items():
        tensors.update(stream_tensors(f"{name}.", streams))
    return tensors


def stream_tensors(prefix: str, streams: list[bytes]) -> dict[str, AnyArray]:
    """One stream per frame as two tensors: all bytes, and where each begins and the last ends."""
    ends = np.cumsum([0, *(len(stream) for stream in streams)])
    return {
        f"{prefix}bytes": np.frombuffer(b"".join(streams), np.uint8),
        f"{prefix}offsets": ends.astype(np.int64),
    }


def streams_of(
    folder: Path, tensors: Mapping[str, AnyArray], prefix: str, frames: int, what: str
) -> list[bytes]:
    """The streams that ``stream_tensors`` stored.

    Raises:
        FieldError: They do not match the frames.
    """
    plain = tensors[f"{prefix}bytes"].tobytes()
    ends = tensors[f"{prefix}offsets"].tolist()
    rising = all(a <= b for a, b in pairwise(ends))
    if len(ends) != frames + 1 or ends[0] != 0 or ends[-1] != len(plain) or not rising:
        raise damaged(folder, f"{what} does not match the frames")
    return [plain[a:b] for a, b in pairwise(ends)]


def _plain(value: Any) -> Any:
    """numpy numbers and paths in a report, as JSON has them."""
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, Path):
        return value.as_posix()
    raise TypeError(f"{type(value).__name__} cannot be stored in a field")


def write_info(folder: Path, info: Mapping[str, Any]) -> None:
    """Writes what says everything that is no array."""
    text = json.dumps(info, indent=1, default=_plain, allow_nan=False)
    (folder / INFO).write_text(text + "\n", encoding="utf-8")


def fingerprint(file: Path) -> dict[str, Any]:
    """Size and hash of a file, by which damage is told."""
    with file.open("rb") as handle:
        digest = hashlib.file_digest(handle, lambda: hashlib.blake2b(digest_size=16))
    return {"bytes": file.stat().st_size, "blake2b": digest.hexdigest()}


def relative_paths(source: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """A field's source as it is stored: its paths count from the folder."""
    return _paths(source, lambda path: _relative(path, folder))


def absolute_paths(source: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """What ``relative_paths`` stored, absolute again."""
    return _paths(source, lambda path: _absolute(path, folder))


def _paths(source: Mapping[str, Any], change: Callable[[str], str]) -> dict[str, Any]:
    """The source with its paths changed: ``path``, and each of ``masks``."""
    result = dict(source)
    if isinstance(result.get("path"), (str, Path)) and str(result["path"]):
        result["path"] = change(str(result["path"]))
    masks = result.get("masks")
    if isinstance(masks, (list, tuple)):
        result["masks"] = [change(str(m)) if isinstance(m, (str, Path)) else m for m in masks]
    return result


def _relative(path: str, folder: Path) -> str:
    try:
        return Path(os.path.relpath(Path(path).absolute(), folder.absolute())).as_posix()
    except ValueError:  # another drive on Windows has no relative path
        return Path(path).absolute().as_posix()


def _absolute(path: str, folder: Path) -> str:
    return os.path.normpath(folder.absolute() / path)


def damaged(folder: Path, reason: str) -> FieldError:
    """The error for a field that is not as it was written."""
    return FieldError(
        f"the field {folder} is damaged ({reason}); take it from a backup or fit again",
        file=folder,
    )


def read_info(folder: Path) -> dict[str, Any]:
    """What ``field.json`` says.

    Raises:
        InputError: It cannot be read.
        FieldError: It is absent, damaged, or of a newer version of the program.
    """
    path = folder / INFO
    if not path.is_file():
        raise FieldError(f"{folder} is no field: it holds no {INFO}", file=folder)
    try:
        info = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror})", file=path) from error
    except ValueError as error:
        raise damaged(folder, f"{INFO} is no JSON") from error
    version = info.get("codef_field") if isinstance(info, dict) else None
    if not isinstance(version, int) or isinstance(version, bool):
        raise damaged(folder, f"{INFO} names no version")
    if version > SCHEMA:
        raise FieldError(
            f"the field {folder} was written by a newer version of the program (field format "
            f"{version}, this one reads {SCHEMA}); update the program",
            file=folder,
        )
    return dict(info)


def read_tensors(path: Path) -> dict[str, AnyArray]:
    """Reads a safetensors file.

    Raises:
        FieldError: It is none.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        return dict(load(path.read_bytes()))
    except SafetensorError as error:
        raise FieldError(f"{path} holds no tensors ({error}); fit again", file=path) from error


def read_masks(folder: Path, info: Mapping[str, Any]) -> tuple[Masks, Masks | None]:
    """The masks of the groups of a field folder, and that of what was left out.

    Args:
        folder: The folder.
        info: What its ``field.json`` says.

    Raises:
        FieldError: They do not match the frames.
    """
    told, frames = info["masks"], len(info["frames"])
    data = Window(*(int(v) for v in info["data"]))
    size = data.height, data.width
    tensors = read_tensors(folder / MASKS)

    def read(name: str) -> list[bytes]:
        return streams_of(folder, tensors, f"{name}.", frames, f"mask {name!r}")

    groups = range(int(told["count"]))
    of_groups = int(told["height"]), int(told["width"])
    given = None
    if told.get("given"):
        given = Masks(*of_groups, [read(f"{_GIVEN}{k}") for k in groups])
    ignored = Masks(*size, [read(_IGNORED)]) if told.get("ignored") else None
    return Masks(*of_groups, [read(str(k)) for k in groups], given), ignored


def check_files(folder: Path, files: Mapping[str, Any], wanted: Iterable[str]) -> None:
    """Refuses a folder whose files are not those that were written.

    Args:
        folder: The folder.
        files: What ``fingerprint`` gave of each file, by name.
        wanted: Names of the files that must be there.

    Raises:
        FieldError: One is absent, or has changed.
    """
    for name in sorted(wanted):
        file = folder / name
        if not file.is_file():
            raise damaged(folder, f"{name} is missing")
        if fingerprint(file) != files[name]:
            raise damaged(folder, f"{name} was changed or cut short after the fit")
