"""Finished fits: versioned field folders beside the document. They are never evicted.

``SHOT_FitCoDeF1_fit_v003/`` lies beside ``SHOT.codef``; versions only go up. The document records
which one a node uses and the node's key at the time of the fit. When the key is another one now,
the fit is stale: it stays in use until the artist refits. When the recorded folder is gone, the
render fails; it never refits in silence.
"""

import contextlib
import json
import os
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from codef_nodes.graph.commands import RecordField
from codef_nodes.graph.document import Document
from codef_nodes.graph.jsonvalue import JSON
from codef_nodes.graph.keys import hash_of
from codef_nodes.graph.safewrite import clear_left_overs, write_safely
from engine.errors import CodefError, InputError, UsageError, WriteError
from engine.io.atomic import beside, share_folder

UNSAVED = "untitled"
_MOST_VERSIONS = 1000
Recorder = Callable[[RecordField], None]


@dataclass(frozen=True)
class Fit:
    """A finished fit that a node uses.

    Attributes:
        folder: The field folder.
        key: The node's key when it was fitted.
        recorded: The document knows it; else it was found beside the document.
    """

    folder: Path
    key: str
    recorded: bool


class FitAssets:
    """The finished fits of one document.

    Args:
        document: Holds the records.
        folder: Folder that recorded paths count from and that fits are saved in.
        stem: First part of the folders' names: the document's name without its ending.
        record: Runs a ``RecordField`` command; default: directly on the document.
    """

    def __init__(
        self, document: Document, folder: Path, stem: str = UNSAVED, record: Recorder | None = None
    ) -> None:
        self.document, self.folder, self.stem = document, folder, stem
        self._record = record or (lambda command: command.run(document) and None)
        self._failed: dict[str, str] = {}
        self._own_key: Callable[[str], str] | None = None
        self.recorded: list[str] = []

    def use_keys(self, own_key: Callable[[str], str]) -> None:
        """Gives the way to a node's key as its inputs are now (the evaluator does this)."""
        self._own_key = own_key

    def state(self, node: str) -> str:
        """``"none"``, ``"fitted"``, ``"stale"``, ``"missing"`` or ``"failed"`` (the last fit)."""
        if node in self._failed:
            return "failed"
        now = self._key_now(node)
        fit = self.current(node, now)
        if fit is None:
            return "none"
        if not fit.folder.is_dir():
            return "missing"
        # With files out of reach it cannot be told; the fit is there and serves.
        return "stale" if now is not None and now != fit.key else "fitted"

    def current(self, node: str, own_key: str | None) -> Fit | None:
        """The fit that a node uses: the recorded one, else the newest beside with that key."""
        record = self.document.state(node).field
        if record is not None and record.get("path"):
            folder, key = self.folder / Path(str(record["path"])), str(record.get("key", ""))
            if folder.name.startswith(f"{UNSAVED}_") and not folder.is_dir():
                # The first save took it along; an undo past that save brings its old name back.
                folder = self._with_key(node, key) or folder
            return Fit(folder, key, True)
        if not own_key:
            return None
        found = self._with_key(node, own_key)
        return None if found is None else Fit(found, own_key, False)

    def _with_key(self, node: str, key: str) -> Path | None:
        """The newest fit of a node beside the document that was made for a key."""
        folders = (folder for _, folder in reversed(self.versions(node)))
        return next((folder for folder in folders if key and identity_of(folder) == key), None)

    def require(self, node: str, fit: Fit) -> Path:
        """The folder of a fit.

        Raises:
            InputError: It is gone.
        """
        if not fit.folder.is_dir():
            raise InputError(
                f"the finished fit {fit.folder} of {node} is missing; put the folder back, "
                "or refit the node",
                file=fit.folder,
                node=node,
            )
        return fit.folder

    def fingerprint(self, node: str, fit: Fit) -> str:
        """Key of what is in the folder; the same for a copy elsewhere.

        Raises:
            InputError: The folder is gone or cannot be read.
        """
        folder = self.require(node, fit)
        try:
            sizes = sorted(
                [entry.name, entry.stat().st_size] for entry in folder.iterdir() if entry.is_file()
            )
            text = (folder / "field.json").read_bytes() if (folder / "field.json").exists() else b""
        except OSError as error:
            raise InputError(
                f"cannot read the finished fit {folder} of {node} ({error.strerror or error})",
                file=folder,
                node=node,
            ) from error
        return hash_of(["fit", sizes, text.decode("utf-8", "replace")])

    def versions(self, node: str) -> list[tuple[int, Path]]:
        """Version and folder of every fit of a node beside the document, ascending."""
        pattern = re.compile(re.escape(self._prefix(node)) + r"(\d+)", re.IGNORECASE)
        found = []
        with contextlib.suppress(OSError):
            for entry in self.folder.iterdir():
                matched = pattern.fullmatch(entry.name)
                if matched and entry.is_dir():
                    found.append((int(matched[1]), entry))
        return sorted(found)

    def publish(self, node: str, key: str, write: Callable[[Path], None]) -> Path:
        """Saves a finished fit as the next version and records it.

        Args:
            node: The node.
            key: Its key at the fit.
            write: Writes the field to a folder that does not exist yet.

        Raises:
            WriteError: It cannot be written; nothing is left behind.
        """
        partial = beside(self.folder / self._prefix(node))
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            write(partial)
            _stamp(partial, key)
            final = self._move_into_place(node, partial)
        except CodefError as error:
            # What is told is the fit that was meant, not the hidden folder that is gone by now.
            meant = str(self.folder / f"{self._prefix(node)}{self._next_version(node):03d}")
            error.message = error.message.replace(str(partial), meant)
            error.file = error.file and error.file.replace(str(partial), meant)
            raise
        except OSError as error:
            raise WriteError(
                f"cannot save the fit of {node} beside {self.folder} ({error.strerror or error}); "
                "make room or save the document elsewhere",
                file=self.folder,
                node=node,
            ) from error
        finally:
            if partial.exists():
                shutil.rmtree(partial, ignore_errors=True)
        clear_left_overs(self.folder, f".{self._prefix(node)}")
        self._failed.pop(node, None)
        self.adopt(node, Fit(final, key, False))
        return final

    def bring(self, node: str, folder: Path) -> Path:
        """Copies a finished fit beside the document as the node's next version.

        Where the file system can, the files are shared, so that it costs neither time nor room.

        Raises:
            WriteError: It cannot be written; nothing is left behind.
        """
        partial = beside(self.folder / self._prefix(node))
        try:
            share_folder(folder, partial)
            return self._move_into_place(node, partial)
        except OSError as error:
            raise WriteError(
                f"cannot put the fit of {node} beside {self.folder} "
                f"({error.strerror or error}); make room or save the document elsewhere",
                file=self.folder,
                node=node,
            ) from error
        finally:
            if partial.exists():
                shutil.rmtree(partial, ignore_errors=True)

    def adopt(self, node: str, fit: Fit) -> None:
        """Records a fit in the document."""
        path = fit.folder
        with contextlib.suppress(ValueError):
            path = fit.folder.relative_to(self.folder)
        self._record(RecordField(node, {"path": path.as_posix(), "key": fit.key}))
        self.recorded.append(node)

    def failed(self, node: str, error: CodefError) -> None:
        """Notes that the last fit failed."""
        self._failed[node] = str(error)

    def _move_into_place(self, node: str, partial: Path) -> Path:
        version = self._next_version(node)
        for number in range(version, version + _MOST_VERSIONS):
            final = self.folder / f"{self._prefix(node)}{number:03d}"
            if final.exists():  # another process published it meanwhile
                continue
            try:
                os.rename(partial, final)
            except OSError:
                if final.exists():
                    continue
                raise
            return final
        raise WriteError(f"{node} has too many fits beside {self.folder}", node=node)

    def _next_version(self, node: str) -> int:
        versions = self.versions(node)
        return versions[-1][0] + 1 if versions else 1

    def _prefix(self, node: str) -> str:
        return f"{self.stem}_{node}_fit_v"

    def _key_now(self, node: str) -> str | None:
        if self._own_key is None:
            return None
        try:
            return self._own_key(node)
        except UsageError:
            return ""  # wired or set in a way that gives nothing: not what was fitted
        except CodefError:
            return None  # files out of reach


class FirstSave:
    """Fits of an untitled document follow it to where it is saved first.

    They lie in the cache until then. They are copied, the document is written, and only then what
    lies in the cache is taken away, so that nothing is lost on the way.

    Args:
        document: The document.
        cached: Folder that holds fits of untitled documents.
        target: File that the document will be saved in.

    Attributes:
        records: The new record of each node whose fit was brought.
    """

    def __init__(self, document: Document, cached: Path, target: Path) -> None:
        self.records: dict[str, dict[str, JSON]] = {}
        self._left: list[Path] = []
        self._brought: list[Path] = []
        assets = FitAssets(document, target.parent, target.stem)
        try:
            for node, state in document.nodes.items():
                record = state.field
                if record is None or not record.get("path"):
                    continue
                folder = cached / str(record["path"])
                if folder.parent != cached or not folder.is_dir():
                    continue
                self._brought.append(assets.bring(node, folder))
                self._left.append(folder)
                self.records[node] = {**record, "path": self._brought[-1].name}
        except WriteError:
            self.abort()
            raise

    @property
    def left(self) -> tuple[Path, ...]:
        """What lies in the cache and is beside the document now as well."""
        return tuple(self._left)

    def finish(self) -> None:
        """The document is saved: takes away what lies in the cache."""
        for folder in self._left:
            shutil.rmtree(folder, ignore_errors=True)

    def abort(self) -> None:
        """The document could not be saved: takes away what was brought."""
        for folder in self._brought:
            shutil.rmtree(folder, ignore_errors=True)


def identity_of(folder: Path) -> str | None:
    """The key that a field folder was fitted for, as its ``field.json`` says, or None."""
    try:
        content = json.loads((folder / "field.json").read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    return _identity(content)


def _identity(content: JSON) -> str | None:
    if not isinstance(content, dict):
        return None
    for place in (content, content.get("source"), content.get("report")):
        if isinstance(place, dict) and isinstance(place.get("identity"), str):
            return str(place["identity"])
    return None


def _stamp(folder: Path, key: str) -> None:
    """Sees to it that the fit is found again by its key."""
    if identity_of(folder) == key:
        return
    path = folder / "field.json"
    try:
        content = json.loads(path.read_text("utf-8")) if path.exists() else {}
    except ValueError as error:
        raise WriteError(f"{path} was not written well: {error}", file=path) from None
    write_safely(path, (json.dumps({**content, "identity": key}, indent=1) + "\n").encode())
