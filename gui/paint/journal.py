"""The journal: what was done since the last autosave, so that a crash loses at most one stroke.

An append-only file of JSON lines beside the autosave. Its first line names the snapshot that it
continues; every step of the document is a line of exact edits, and the stroke in progress is
written as it is drawn. Reading it back stops at the first line that is torn. Qt-free.

How an autosave uses it: ``checkpoint(digest)`` before it puts a snapshot in place, ``restart``
with the same digest once that is on the disk; so a crash between the two loses nothing. When it
recovers, ``recover(tree, digest, path)``.
"""

import contextlib
import hashlib
import json
import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO, Any

from codef_nodes.graph.clones import clone_blocks
from codef_nodes.graph.edits import Edit, EditMismatchError, inverse
from codef_nodes.worker.edits import edits_from_json, edits_to_json
from codef_nodes.worker.protocol import ProtocolError

FORMAT = 1
EVERY = 1.0
"""Seconds of a stroke that may be lost."""

LONGEST = 256 * 1024 * 1024
"""A larger journal is not read: an autosave that never restarts it is broken."""


def digest_of(content: bytes) -> str:
    """Names a snapshot by its bytes."""
    return hashlib.sha256(content).hexdigest()[:32]


class StrokeJournal:
    """Writes the journal.

    Args:
        path: The file; made at the first line, its folder too.
        clock: Seconds, for tests.
        problem: Told once, in one sentence, when the file cannot be written; painting goes on.
    """

    def __init__(
        self,
        path: Path,
        clock: Callable[[], float] = time.monotonic,
        problem: Callable[[str], None] | None = None,
    ) -> None:
        self.path = path
        self._clock, self._problem = clock, problem
        self._file: IO[bytes] | None = None
        self._base = ""
        self._drawing: dict[str, Any] | None = None
        self._written = 0
        self._points: Sequence[Sequence[float]] = ()
        self._flushed = 0.0
        self._failed = False

    # The document.

    def restart(self, base: str) -> None:
        """A snapshot is safely on the disk: what came before it is no longer needed.

        Args:
            base: Its digest.
        """
        self._close()
        self._base, self._failed = base, False
        beside = self.path.with_name(f".{self.path.name}.part")
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with beside.open("wb") as file:
                for line in self._opening():
                    file.write(line)
                file.flush()
                os.fsync(file.fileno())
            beside.replace(self.path)
            self._file = self.path.open("ab")
        except OSError as error:
            self._fail(error)

    def checkpoint(self, digest: str) -> None:
        """The next snapshot, of the document as it is now, is about to be put in place."""
        self._write({"checkpoint": digest})
        self._sync()

    def edits(self, edits: Sequence[Edit]) -> None:
        """One step of the document, undo and redo included."""
        self._write({"edits": edits_to_json(edits)})
        self._sync()

    def discard(self) -> None:
        """A clean end: nothing is left behind."""
        self._close()
        self._drawing = None
        for path in (self.path, self.path.with_name(f".{self.path.name}.part")):
            # A file that cannot be removed is harmless: its base will not fit.
            with contextlib.suppress(OSError):
                path.unlink(missing_ok=True)

    def close(self) -> None:
        """Leaves the file as it is."""
        self._close()

    # The stroke in progress.

    def begin(self, node: str, header: dict[str, Any]) -> None:
        """A stroke begins.

        Args:
            node: The Paint node that it goes to, which the document holds already.
            header: The stroke without points.
        """
        self._drawing = {"node": node, "stroke": header}
        self._points, self._written = (), 0
        self._write({"stroke": self._drawing})
        self._flushed = self._clock()

    def drawn(self, points: Sequence[Sequence[float]]) -> None:
        """All points of the stroke so far; on the disk at least every second."""
        if self._drawing is None:
            return
        self._points = points
        if self._clock() - self._flushed >= EVERY:
            self.flush()

    def flush(self) -> None:
        """Puts the points so far on the disk."""
        if self._drawing is not None and self._written < len(self._points):
            self._write({"points": [list(point) for point in self._points[self._written :]]})
            self._written = len(self._points)
        self._flushed = self._clock()
        self._sync()

    def end(self) -> None:
        """The stroke is over: aborted, or about to be in the document (``edits`` comes next)."""
        if self._drawing is not None:
            self._drawing, self._points = None, ()
            self._write({"ended": True})

    # The file.

    def _opening(self) -> list[bytes]:
        lines: list[dict[str, Any]] = [{"journal": FORMAT, "base": self._base}]
        if self._drawing is not None:
            lines.append({"stroke": self._drawing})
            if self._points:
                lines.append({"points": [list(point) for point in self._points]})
                self._written = len(self._points)
        return [_line(line) for line in lines]

    def _write(self, data: dict[str, Any]) -> None:
        if self._failed or not self._base:
            return
        try:
            if self._file is None:
                self.path.parent.mkdir(parents=True, exist_ok=True)
                self._file = self.path.open("ab")
            self._file.write(_line(data))
        except OSError as error:
            self._fail(error)

    def _sync(self) -> None:
        if self._file is None or self._failed:
            return
        try:
            # The system's own cache survives the death of this process, which is what is promised;
            # waiting for the disk would hold the brush up.
            self._file.flush()
        except OSError as error:
            self._fail(error)

    def _close(self) -> None:
        if self._file is not None:
            with contextlib.suppress(OSError):
                self._file.close()
            self._file = None

    def _fail(self, error: OSError) -> None:
        self._close()
        first, self._failed = not self._failed, True
        if first and self._problem is not None:
            self._problem(
                f"{self.path}: strokes cannot be kept for a recovery "
                f"({error.strerror or error}); make room or save often."
            )


def recover(tree: dict[str, Any], digest: str, path: Path) -> tuple[dict[str, Any], int]:
    """The document as it was when the program died.

    Args:
        tree: The autosave's tree; it is not changed.
        digest: Digest of the autosave's bytes.
        path: The journal.

    Returns:
        The tree, and how many steps and strokes the journal added; 0 when it is absent, belongs to
        another snapshot or holds nothing.
    """
    lines = _lines(path)
    if not lines or lines[0].get("journal") != FORMAT:
        return tree, 0
    start = 1 if lines[0].get("base") == digest else None
    for place, line in enumerate(lines):
        if line.get("checkpoint") == digest:
            start = place + 1
    if start is None:
        return tree, 0
    document = json.loads(json.dumps(tree))
    count = 0
    open_stroke: dict[str, Any] | None = None
    # A stroke may have begun before the checkpoint.
    for place, line in enumerate(lines[1:], 1):
        if "stroke" in line:
            open_stroke = {**line["stroke"], "points": []}
        elif "points" in line and open_stroke is not None:
            open_stroke["points"] += line["points"]
        elif "ended" in line:
            open_stroke = None
        elif "edits" in line and place >= start:
            if not _step(document, line["edits"]):
                return document, count
            count += 1
    return document, count + _take_up(document, open_stroke)


def _step(document: dict[str, Any], lines: Any) -> bool:
    """Does one step, or nothing of it when it does not fit."""
    done: list[Edit] = []
    try:
        for edit in edits_from_json(lines):
            edit.apply(document)
            done.append(edit)
    except (EditMismatchError, ProtocolError, KeyError, IndexError, TypeError):
        for edit in inverse(done):
            edit.apply(document)
        return False
    return True


def _take_up(document: dict[str, Any], drawn: dict[str, Any] | None) -> int:
    """Puts the stroke that was being drawn into the document."""
    if drawn is None or not drawn["points"]:
        return 0
    block = document.get("nodes", {}).get(drawn.get("node"))
    if not isinstance(block, dict) or not isinstance(drawn.get("stroke"), dict):
        return 0
    for each in clone_blocks(document["nodes"], drawn["node"]):
        strokes = each.setdefault("knobs", {}).setdefault("strokes", [])
        strokes.append({**drawn["stroke"], "points": drawn["points"]})
    return 1


def _line(data: dict[str, Any]) -> bytes:
    return json.dumps(data, separators=(",", ":"), allow_nan=False).encode() + b"\n"


def _lines(path: Path) -> list[dict[str, Any]]:
    try:
        if path.stat().st_size > LONGEST:
            return []
        content = path.read_bytes()
    except OSError:
        return []
    lines = []
    for raw in content.split(b"\n"):
        try:
            line = json.loads(raw)
        except ValueError:
            break
        if not isinstance(line, dict):
            break
        lines.append(line)
    return lines
