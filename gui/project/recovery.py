"""What a crashed window left behind: offered only when it is newer than the file and different."""

import contextlib
import json
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QLockFile

from codef_nodes.graph.document import Document
from codef_nodes.graph.jsontext import read_json
from codef_nodes.graph.jsonvalue import same
from codef_nodes.graph.serialise import from_tree, load
from engine.errors import CodefError
from gui.paint.journal import digest_of, recover
from gui.project.autosave import recovery_folder

_ENDINGS = (".json", ".codef", ".journal", ".lock")


@dataclass(frozen=True)
class Crashed:
    """A window that did not end cleanly.

    Attributes:
        stem: Its files in the recovery folder, without an ending.
        document: The file that was open, or None for an untitled one.
        title: What the window called it.
        recovered: The document as it was; None when there is nothing to recover.
        saved: When that was written, seconds since the epoch.
    """

    stem: Path
    document: Path | None
    title: str
    recovered: Document | None
    saved: float

    def discard(self) -> None:
        """Takes it away for good."""
        for ending in _ENDINGS:
            with contextlib.suppress(OSError):
                self.stem.with_name(self.stem.name + ending).unlink(missing_ok=True)


def crashed_windows(folder: Path | None = None) -> list[Crashed]:
    """The windows that crashed, newest first. What is of no use is taken away on the way."""
    folder = folder or recovery_folder()
    found: list[Crashed] = []
    try:
        # Not what a running window is writing beside its own: it has no lock yet.
        metas = sorted(each for each in folder.glob("*.json") if not each.name.startswith("."))
    except OSError:
        return []
    for meta in metas:
        stem = meta.with_suffix("")
        if _alive(stem):
            continue
        crashed = _read(stem)
        if crashed is None:
            Crashed(stem, None, "", None, 0.0).discard()
        else:
            found.append(crashed)
    return sorted(found, key=lambda each: each.saved, reverse=True)


def _alive(stem: Path) -> bool:
    """Whether the window that wrote these files still runs (here, or on another machine)."""
    lock = QLockFile(str(stem) + ".lock")
    lock.setStaleLockTime(0)
    if lock.tryLock(0):
        lock.unlock()
        return False
    return lock.error() == QLockFile.LockError.LockFailedError


def _read(stem: Path) -> Crashed | None:
    try:
        meta = json.loads(stem.with_name(stem.name + ".json").read_text(encoding="utf-8"))
        named = meta["document"]
        title = str(meta.get("title") or "untitled")
        path = None if named is None else Path(named)
    except (OSError, ValueError, KeyError, TypeError):
        return None
    snapshot = stem.with_name(stem.name + ".codef")
    journal = stem.with_name(stem.name + ".journal")
    document, saved = None, 0.0
    try:
        content = snapshot.read_bytes()
        saved = max(file.stat().st_mtime for file in (snapshot, journal) if file.is_file())
        tree, _ = recover(read_json(content.decode()), digest_of(content), journal)
        document = from_tree(tree)
    except (OSError, ValueError, CodefError):
        document = None
    if document is not None and not _worth_it(document, saved, path):
        document = None
    if document is None and (path is None or not path.is_file()):
        return None
    return Crashed(stem, path, title, document, saved)


def _worth_it(document: Document, saved: float, path: Path | None) -> bool:
    if path is None:
        return bool(document.nodes)
    try:
        if path.stat().st_mtime > saved:
            return False
        return not same(load(path).tree(), document.tree())
    except (OSError, CodefError):
        return True  # the file is gone or broken: all the more reason
