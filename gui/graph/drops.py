"""Files and folders that are dropped on the graph. Only their names are looked at here: what is
in them is found out by the worker."""

import os
import re
from collections.abc import Iterable
from pathlib import Path

from PySide6.QtCore import QMimeData

_COUNTER = re.compile(r"^(.*?)(\d+)(\.[^.]+)$")
_PLACE = re.compile(r"%0?\d*d|#+")
_OWN = ".codef"


def dropped_paths(data: QMimeData) -> list[Path]:
    """Local paths of what is dropped; documents of ours are left to the window."""
    if not data.hasUrls():
        return []
    paths = [Path(url.toLocalFile()) for url in data.urls() if url.isLocalFile()]
    return [path for path in paths if path.suffix.lower() != _OWN]


def clips(paths: Iterable[Path]) -> list[Path]:
    """One path for each clip: of many frames of one sequence the first stands for all."""
    found: dict[object, Path] = {}
    for path in sorted(paths, key=_natural):
        numbered = _COUNTER.match(path.name)
        key: object = path
        if numbered is not None:
            key = path.parent, numbered[1], numbered[3].lower()
        found.setdefault(key, path)
    return list(found.values())


def as_knob(path: Path, document: Path | None) -> str:
    """A path as the knob of a node holds it: from the document's folder where it lies in there."""
    if document is not None:
        folder = document.parent
        try:
            return path.relative_to(folder).as_posix()
        except ValueError:
            pass
    return path.as_posix() if os.sep == "/" else str(path)


def clip_name(path: Path) -> str:
    """A name for the node of a clip, from its file: letters, digits and _ only."""
    stem = _PLACE.sub("", path.stem if path.suffix else path.name)
    name = re.sub(r"\W+", "_", re.sub(r"[\W_]*\d+$", "", stem)).strip("_")
    return name if name.isidentifier() else ""


def _natural(path: Path) -> tuple[str, str, int]:
    numbered = _COUNTER.match(path.name)
    if numbered is None:
        return str(path.parent), path.name, 0
    return str(path.parent), numbered[1], int(numbered[2])
