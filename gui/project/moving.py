"""A document that is saved in another folder goes on naming the same files."""

import contextlib
import os
import shutil
import time
from collections.abc import Iterable, Mapping
from pathlib import Path

from codef_nodes.graph.assets import FitAssets
from codef_nodes.graph.cache import cache_folder
from codef_nodes.graph.commands import Command, Group, RecordField, SetKnob
from codef_nodes.graph.document import Document
from codef_nodes.graph.jsonvalue import JSON, plain
from codef_nodes.graph.registry import UnknownNode

_KEPT = 7 * 86400.0
"""Seconds for which a fit that was brought to its document stays in the cache too."""
_PATHS = ("file_in", "file_out", "files")


def untitled_fits() -> Path:
    """Folder of the fits of untitled documents."""
    return cache_folder(None) / "assets"


def leave_to_others(folders: Iterable[Path]) -> None:
    """Lets fits of an untitled document that was saved lie in the cache for a while.

    Another untitled window may use the same fit: what is computed once serves both. They share
    their files with what lies beside the document now, so they take no room of their own.

    Args:
        folders: The fits that were brought to the document.
    """
    for folder in folders:
        with contextlib.suppress(OSError):
            _mark(folder).touch()
    with contextlib.suppress(OSError):
        for mark in untitled_fits().glob(".*_fit_v*.brought"):
            if time.time() - mark.stat().st_mtime > _KEPT:
                shutil.rmtree(mark.with_name(mark.name[1 : -len(".brought")]), ignore_errors=True)
                mark.unlink(missing_ok=True)


def _mark(folder: Path) -> Path:
    return folder.with_name(f".{folder.name}.brought")


def moved_files(
    document: Document,
    before: Path | None,
    after: Path,
    brought: Mapping[str, dict[str, JSON]] | None = None,
) -> Command | None:
    """What to change in a document before it is saved elsewhere, or None for nothing.

    Args:
        document: The document.
        before: Its file so far; None while untitled.
        after: The file that it will be saved in.
        brought: Records of the fits that lie beside that file already.
    """
    base = Path.cwd() if before is None else before.parent
    fits = untitled_fits() if before is None else before.parent
    commands: list[Command] = []
    for name, state in document.nodes.items():
        cls = document.node_class(name)
        if cls is not UnknownNode and base != after.parent:
            for knob in cls.knobs:
                if knob.kind in _PATHS and knob.name in state.knobs:
                    value = plain(state.knobs[knob.name])
                    moved = _moved(value, base, after.parent)
                    if moved != value:
                        commands.append(SetKnob(name, knob.name, moved))
        record = state.field
        if brought and name in brought:
            commands.append(RecordField(name, brought[name]))
        elif record is not None and record.get("path") and fits != after.parent:
            path = _from(str(record["path"]), fits, after.parent)
            commands.append(RecordField(name, {**record, "path": path}))
    return Group(commands, "Save in another folder") if commands else None


def brought(
    document: Document, node: str, record: dict[str, JSON], path: Path | None
) -> dict[str, JSON]:
    """The record of a fit that has just ended, beside the document.

    A fit that began in an untitled document ends in the cache, though the document was saved
    meanwhile.

    Args:
        document: The document.
        node: The node that was fitted.
        record: As the worker tells it.
        path: The document's file; None while untitled.

    Raises:
        WriteError: It cannot be put beside the document; it stays in the cache.
    """
    name = str(record.get("path") or "")
    if path is None or not name or (path.parent / name).is_dir():
        return record
    cached = untitled_fits() / name
    if cached.parent != untitled_fits() or not cached.is_dir():
        return record
    folder = FitAssets(document, path.parent, path.stem).bring(node, cached)
    leave_to_others([cached])
    return {**record, "path": folder.name}


def _moved(value: JSON, base: Path, folder: Path) -> JSON:
    if isinstance(value, list):
        return [_moved(item, base, folder) for item in value]
    if not isinstance(value, str) or not value or _absolute(value):
        return value
    return _from(value, base, folder)


def _absolute(text: str) -> bool:
    return Path(text).is_absolute() or text.startswith("~")


def _from(path: str, base: Path, folder: Path) -> str:
    whole = base / path
    try:
        return Path(os.path.relpath(whole, folder)).as_posix()
    except ValueError:  # another drive
        return whole.as_posix()
