"""Exports canonical images, watches what comes back, and puts it into the graph."""

import os
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QFileSystemWatcher, QObject, QTimer, Signal

from codef_nodes.graph.commands import SetKnob
from codef_nodes.worker.protocol import WorkerError
from gui.core.editor import Editor
from gui.core.workers import Request
from gui.roundtrip.layer import add_layer, knob_path, layers_of
from gui.roundtrip.program import open_in_program

_NAME = "roundtrip"
_DEBOUNCE_MS = 250
State = tuple[int, int] | None


@dataclass
class Watched:
    """A file that may come back.

    Attributes:
        fit: The fit node that it was exported from.
        layer: Number of the layer.
        state: Size and time when it was last looked at.
        node: The node that holds it, or None before it came back.
    """

    fit: str
    layer: int
    state: State = None
    node: str | None = None


@dataclass
class Arrival:
    """A returned edit whose place had to be guessed.

    Attributes:
        file: The file.
        answer: What the worker says of it, with ``picture``.
        node: The node that holds it already, or None.
    """

    file: Path
    answer: dict[str, Any]
    node: str | None


def trip_of(editor: Editor) -> "RoundTrip":
    """The one round trip of an editor; made when it is first asked for."""
    found = editor.findChild(RoundTrip, _NAME)
    return found if isinstance(found, RoundTrip) else RoundTrip(editor)


class RoundTrip(QObject):
    """Watches the files of exports and of the document's EditedCanonical nodes.

    Attributes:
        watched: The files.
    """

    exported = Signal(str)
    """A canonical image was written: its file."""
    arrived = Signal(str, str)
    """An edit came back: file, and the node that holds it."""
    guessed = Signal(object)
    """An ``Arrival``: somebody has to look; then ``accept`` or nothing."""
    troubled = Signal(str)
    """One sentence: what came back cannot be used."""

    def __init__(self, editor: Editor) -> None:
        super().__init__(editor)
        self.setObjectName(_NAME)
        self.watched: dict[Path, Watched] = {}
        self._editor = editor
        self._requests: dict[Path, Request] = {}
        # Programs save in bursts: write, rename, touch.
        self._timer = QTimer(self, singleShot=True, interval=_DEBOUNCE_MS)
        self._timer.timeout.connect(self._look)
        self._watcher = QFileSystemWatcher(self)
        self._watcher.fileChanged.connect(lambda _: self._timer.start())
        self._watcher.directoryChanged.connect(lambda _: self._timer.start())
        editor.project.replaced.connect(self._document)
        editor.project.changed.connect(self._follow)
        editor.project.path_changed.connect(self._follow)
        self._follow()

    def export(
        self,
        fit: str,
        layer: int,
        file: Path,
        *,
        depth: int | None = None,
        watch: bool = True,
        open_it: bool = True,
    ) -> Request | None:
        """Writes the canonical image of a layer; then opens and watches it.

        Args:
            fit: The fit node.
            layer: Number of the layer.
            file: A .png, .tif or .exr; replaced when it is there.
            depth: Of an EXR, 16 or 32 bits.
            watch: Bring its edits back.
            open_it: Open it in the artist's paint program.
        """
        workers = self._editor.workers
        if workers is None:
            self.troubled.emit("the worker process is not running; start it again first")
            return None
        file = Path(os.path.abspath(file))
        # Our own writing is no edit that comes back.
        self.watched.pop(file, None)

        def done(answer: dict[str, Any]) -> None:
            if watch:
                self.watch(file, fit, layer)
            self.exported.emit(str(file))
            size = " x ".join(str(each) for each in answer.get("size", []))
            self._editor.say(f"{file.name} written, {size}")
            if open_it:
                program = str(self._editor.preferences.get("paint_program") or "")
                trouble = open_in_program(program, file)
                if trouble:
                    self.troubled.emit(trouble)

        args = {"node": fit, "frame": None, "layer": layer, "file": str(file), "depth": depth}
        return workers.jobs.request("export", args, done, self._failed)

    def watch(self, file: Path, fit: str, layer: int) -> None:
        """Brings the edits of a file back from now on."""
        file = Path(os.path.abspath(file))
        node = next((n for n, path in self._layers().items() if path == file), None)
        self.watched[file] = Watched(fit, layer, _state(file), node)
        self._rewatch()

    def accept(self, arrival: Arrival) -> None:
        """Takes an edit whose place was guessed."""
        self._use(arrival.file, arrival.answer, guess=True)

    # Watching.

    def _layers(self) -> dict[str, Path]:
        return layers_of(self._editor.project.document, self._editor.project.folder)

    def _document(self) -> None:
        self.watched.clear()
        self._follow()

    def _follow(self) -> None:
        """Watches the files of the document's nodes as well."""
        layers, document = self._layers(), self._editor.project.document
        for name, path in layers.items():
            known = self.watched.get(path)
            fits = document.wires(name, "fit")
            if known is None and fits:
                self.watched[path] = Watched(fits[0], 0, _state(path), name)
            elif known is not None:
                known.node = name
        for each in self.watched.values():
            if each.node is not None and each.node not in layers:
                each.node = None  # undone or deleted: the next save brings it again
        self._rewatch()

    def _rewatch(self) -> None:
        """The folders too: many programs write a new file and put it in place of the old."""
        wanted = {str(path) for path in self.watched if path.is_file()}
        wanted |= {str(path.parent) for path in self.watched if path.parent.is_dir()}
        now = {*self._watcher.files(), *self._watcher.directories()}
        if gone := sorted(now - wanted):
            self._watcher.removePaths(gone)
        if new := sorted(wanted - now):
            self._watcher.addPaths(new)

    def _look(self) -> None:
        for path, watched in list(self.watched.items()):
            state = _state(path)
            if state is None or state == watched.state:
                continue
            watched.state = state
            self._ask(path, watched)
        self._rewatch()

    def _ask(self, path: Path, watched: Watched) -> None:
        workers = self._editor.workers
        if workers is None or watched.fit not in self._editor.project.document:
            return
        before = self._requests.pop(path, None)
        if before is not None:
            before.cancel()
        args = {"node": watched.fit, "file": str(path), "layer": self._layer(watched)}
        done = partial(self._placed, path)
        self._requests[path] = workers.jobs.request("place", args, done, self._failed)
        self._editor.say(f"{path.name} was saved; reading it")

    def _layer(self, watched: Watched) -> int:
        """The layer that the node's image shows, where there is a node."""
        document = self._editor.project.document
        name, seen = watched.node, set[str]()
        while name is not None and name in document and name not in seen:
            seen.add(name)
            if document.state(name).type == "CanonicalView":
                return int(document.knob_value(name, "layer"))
            main = document.main_input(name)
            wires = document.wires(name, main) if main else ()
            name = wires[0] if wires else None
        return watched.layer

    # What came back.

    def _placed(self, path: Path, answer: dict[str, Any]) -> None:
        self._requests.pop(path, None)
        watched = self.watched.get(path)
        if watched is None:
            self._drop(answer)
            return
        watched.state = _state(path)  # it may have grown until it was settled
        if watched.node is None and not answer.get("changed"):
            self._drop(answer)
            self._editor.say(f"{path.name} was saved without a change")
            return
        if answer.get("guessed") and not self._may_guess(watched):
            self.guessed.emit(Arrival(path, answer, watched.node))
            return
        self._drop(answer)
        self._use(path, answer, guess=False)

    def _may_guess(self, watched: Watched) -> bool:
        document = self._editor.project.document
        return watched.node is not None and bool(document.knob_value(watched.node, "guess"))

    def _use(self, path: Path, answer: dict[str, Any], *, guess: bool) -> None:
        watched, project = self.watched.get(path), self._editor.project
        if watched is None or watched.fit not in project.document:
            return
        if watched.node is None:
            file = knob_path(path, project.folder)
            command, name = add_layer(project.document, watched.fit, watched.layer, file, guess)
            if not project.do(command):
                return
            watched.node = name
            self._editor.say(f"{path.name} came back as {name}, placed by {answer.get('how')}")
        else:
            if guess:
                project.do(SetKnob(watched.node, "guess", True))
            self._editor.viewing.revisions.bump(watched.node)
            self._editor.say(f"{watched.node} follows {path.name}")
        self.arrived.emit(str(path), watched.node or "")

    def _drop(self, answer: dict[str, Any]) -> None:
        """Gives a picture back that nobody looks at."""
        workers, picture = self._editor.workers, answer.get("picture")
        if workers is not None and isinstance(picture, dict):
            workers.jobs.request("release", {"file": picture["file"]})

    def _failed(self, error: WorkerError) -> None:
        if not error.cancelled:
            self.troubled.emit(str(error))


def _state(path: Path) -> State:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_size, status.st_mtime_ns
