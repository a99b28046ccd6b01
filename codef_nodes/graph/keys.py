"""Keys: a result is known by what it was made from."""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

from codef_nodes.graph.jsonvalue import JSON
from engine.errors import InputError


def hash_of(material: JSON) -> str:
    """A key of 40 hex digits; equal for values that would be written the same."""
    text = json.dumps(material, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.blake2b(text.encode(), digest_size=20).hexdigest()


def result_key(
    type_name: str,
    version: int,
    knobs: str,
    working_space: str,
    reads: Sequence[tuple[str, list[list[str]]]],
    identity: Sequence[JSON],
    frame: int | None,
) -> str:
    """Key of one result of one node. Names, positions and labels have no part in it.

    Args:
        type_name: Type of the node.
        version: Version of the node class.
        knobs: Hash of every knob with its value, defaults included.
        working_space: The project's working space.
        reads: For each input, for each wire, the keys of the frames that are read.
        identity: What the node adds, see ``Node.identity``.
        frame: Frame number, or None for a static result.
    """
    return hash_of([type_name, version, knobs, working_space, list(reads), list(identity), frame])


def file_identity(path: str | Path) -> list[JSON]:
    """What tells one state of a file from another: absolute path, size, time of change.

    Raises:
        InputError: No such file.
    """
    path = Path(path)
    try:
        status = path.stat()
    except OSError as error:
        raise InputError(
            f"cannot read {path} ({error.strerror or error}); check the path", file=path
        ) from error
    return [path.absolute().as_posix(), status.st_size, status.st_mtime_ns]
