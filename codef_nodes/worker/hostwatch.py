"""Tells a host when the document is saved, or an output rendered, by whatever program."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from codef_nodes.graph.serialise import load
from codef_nodes.worker.hostdocument import contents
from engine.errors import CodefError

Tell = Callable[[str, dict[str, Any]], None]
_Stamp = tuple[int, int] | None
SECONDS = 0.4
"""Between two looks; what changed is told when it stayed as it is for one."""


class Watch:
    """Looks at a document's file and the files that it writes, in a thread of its own.

    A document is one small file, and a folder of frames is read with one call: looking is cheap
    and works on any disk, also where another machine renders.

    Args:
        path: The document.
        tell: Hears ``saved`` (what is in the document) and ``rendered`` (``node``, ``file``,
            ``frames``, ``changed``).
    """

    def __init__(self, path: Path, tell: Tell) -> None:
        self._path, self._tell = path, tell
        self._ended = threading.Event()
        self._saved, self._seen_saved = _stamp(path), _stamp(path)
        self._outputs = self._contents().get("outputs", [])
        self._told = {each["node"]: _frames(each["file"]) for each in self._outputs}
        self._seen = dict(self._told)
        threading.Thread(target=self._run, name="codef-watch", daemon=True).start()

    def end(self) -> None:
        """Looks no more."""
        self._ended.set()

    def _run(self) -> None:
        while not self._ended.wait(SECONDS):
            self._look_at_document()
            for each in self._outputs:
                self._look_at_output(each["node"], each["file"])

    def _look_at_document(self) -> None:
        now = _stamp(self._path)
        if now is not None and now != self._saved and now == self._seen_saved:
            self._saved = now
            found = self._contents()
            if found:
                self._outputs = found["outputs"]
                self._tell("saved", {"path": str(self._path), **found})
        self._seen_saved = now

    def _look_at_output(self, node: str, file: str) -> None:
        now, told = _frames(file), self._told.get(node, {})
        if now != told and now == self._seen.get(node):
            self._told[node] = now
            changed = sorted(frame for frame, stamp in now.items() if told.get(frame) != stamp)
            if changed:
                self._tell(
                    "rendered",
                    {"node": node, "file": file, "frames": sorted(now), "changed": changed},
                )
        self._seen[node] = now

    def _contents(self) -> dict[str, Any]:
        try:
            return contents(load(self._path), self._path.parent)
        except CodefError:
            return {}  # being written by another program, or none any more: the next look tells


def _stamp(path: Path) -> _Stamp:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_size, status.st_mtime_ns


def _frames(pattern: str) -> dict[int, _Stamp]:
    """The frames of a sequence that are there, with what tells that one was written again."""
    from engine.io.sequence import find_frames, has_pattern

    if not pattern:
        return {}
    try:
        found = find_frames(pattern, 0) if has_pattern(pattern) else {0: Path(pattern)}
    except CodefError:
        return {}  # nothing there yet
    files = found if isinstance(found, dict) else {0: found}
    stamps = {frame: _stamp(file) for frame, file in files.items()}
    return {frame: stamp for frame, stamp in stamps.items() if stamp is not None}
