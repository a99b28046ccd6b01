"""The open document in the window: the one object that changes it and tells about it."""

from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal

from codef_nodes.graph.commands import Command
from codef_nodes.graph.document import Change, Document
from codef_nodes.graph.edits import Edit, EditMismatchError
from codef_nodes.graph.history import History
from codef_nodes.graph.serialise import load
from codef_nodes.worker.edits import applied
from engine.errors import UsageError
from gui.core.saving import Saving
from gui.project.versions import next_version

_SAVE_AS = "save as"
_WAIT_MS, _TRIES = 150, 60


class Project(QObject):
    """A document with its history and its file.

    Each ``do``, ``undo`` and ``redo`` tells about itself once, in this order: ``edited`` (the
    workers have the edits before any pane asks them something), ``changed``, ``modified_changed``
    and ``history_changed``.

    Attributes:
        document: Read it freely; it is another object after ``replaced``.
        history: Use the methods of the project instead, so that everybody hears of it.
        path: The file, or None while untitled.
        tree: The document's form, never changed, only replaced by one that shares nearly all with
            it: it can be sent and written without a copy and without holding up the window.
        safe: The document was opened safely: nothing is evaluated until the artist says so.
    """

    changed = Signal(object)
    """tuple[Change, ...]: what one step changed."""
    edited = Signal(object)
    """list[Edit]: the exact edits of that step, to be applied to a copy of the tree elsewhere."""
    loaded = Signal()
    """Another document is open, for the workers: they have it before any pane asks them."""
    replaced = Signal()
    """Another document is open."""
    path_changed = Signal()
    """The same document lives in another file now."""
    modified_changed = Signal(bool)
    """Whether there is something to save."""
    history_changed = Signal()
    """What can be undone or redone, or its title, is another."""
    safe_changed = Signal(bool)
    """Evaluation was let go (``replaced`` comes where another document is held back)."""
    problem = Signal(str)
    """One sentence for the artist: a command was refused, a file could not be used."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.document = Document()
        self.history = History(self.document)
        self.path: Path | None = None
        self.safe = False
        self.tree = self.document.tree()
        self._edition = self._began = 0
        self._edits: list[Edit] = []
        self._changes: list[Change] = []
        self._modified = False
        self._listen()

    @property
    def title(self) -> str:
        """What the window calls the document."""
        named = str(self.document.settings.get("name") or "")
        return self.path.name if self.path is not None else named or "untitled"

    @property
    def modified(self) -> bool:
        """Whether there is something to save."""
        return self._modified

    @property
    def folder(self) -> Path:
        """What relative file names in the document count from."""
        return Path.cwd() if self.path is None else self.path.parent

    # Changing.

    def do(self, command: Command, gesture: str | None = None) -> bool:
        """Runs a command; returns whether anything changed.

        A command that makes no sense changes nothing and is told through ``problem``.

        Args:
            command: The change.
            gesture: Commands that follow each other with the same gesture are one step of undo.
        """
        self._edits.clear()
        self._changes.clear()
        try:
            done = self.history.do(command, gesture)
        except UsageError as error:
            # What a group of commands did before one was refused has been taken back.
            self._edits.clear()
            self._changes.clear()
            self.problem.emit(str(error))
            return False
        self._tell()
        return done

    def do_between_gestures(self, command: Command, tries: int = _TRIES) -> None:
        """Runs a command that no hand asked for once no hand is in the middle of a gesture.

        A drag or a stroke stays one step of undo, and Esc goes on taking it back.

        Args:
            command: The change.
            tries: How often it waits at most.
        """
        entries = self.history.entries
        if tries and entries and entries[-1].gesture is not None:
            document = self.document

            def again() -> None:
                if self.document is document:
                    self.do_between_gestures(command, tries - 1)

            QTimer.singleShot(_WAIT_MS, self, again)
            return
        self.do(command)

    def undo(self) -> bool:
        """Takes the last step back."""
        done = self.history.undo()
        self._tell()
        return done

    def redo(self) -> bool:
        """Does the last undone step again."""
        done = self.history.redo()
        self._tell()
        return done

    def end_gesture(self) -> None:
        """The next command starts a step of its own."""
        self.history.end_gesture()

    def abort_gesture(self, gesture: str) -> bool:
        """Esc during a gesture: takes it back and forgets it."""
        done = self.history.abort_gesture(gesture)
        self._tell()
        return done

    # Files. Refusals raise CodefError; the shell shows them in one dialog.

    def new(self) -> None:
        """Starts with an empty, untitled document."""
        self.use(Document(), None)

    def open(self, path: str | Path, *, safe: bool = False) -> list[str]:
        """Opens a document and returns its notes; runs nothing of it.

        Raises:
            CodefError: No such file or no valid document; the open document stays open.
        """
        path = Path(path).absolute()
        document = load(path)
        self.use(document, path, safe=safe)
        return list(document.notes)

    def use(
        self, document: Document, path: Path | None, *, safe: bool = False, saved: bool = True
    ) -> None:
        """Works on a document that was read elsewhere.

        Args:
            document: The document.
            path: Its file, or None for an untitled one.
            safe: Evaluate nothing yet.
            saved: The file holds the document as it is (False for one that was recovered).
        """
        self._stop()
        self.document, self.path, self.safe = document, path, safe
        self.history = History(document)
        self.tree = document.tree()
        self._edition += 1
        self._began = self._edition
        if not saved:
            self.history.mark_unsaved()
        self._listen()
        self.loaded.emit()
        self.replaced.emit()
        self._told_modified(always=True)

    def trust(self) -> None:
        """Ends safe mode: the document may be evaluated."""
        if self.safe:
            self.safe = False
            self.safe_changed.emit(False)

    def save(self, path: str | Path | None = None) -> Path:
        """Writes the document and waits for it; a new path becomes the project's.

        File names and records of fits that count from the document's folder go on naming the same
        files. Fits of an untitled document come along and lie beside it from then on.

        Raises:
            UsageError: The document has no file yet.
            WriteError: Read-only, disk full; the file on disk is as it was.
        """
        saving = self.begin_save(path)
        saving.write()
        self.end_save(saving)
        return saving.target

    def begin_save(self, path: str | Path | None = None) -> Saving:
        """The document as it is now, ready to be written by any thread.

        Raises:
            UsageError: The document has no file yet.
        """
        target = self.path if path is None else Path(path).absolute()
        if target is None:
            raise UsageError("the document has no file yet; choose where to save it")
        return Saving(self.tree, self.document.registry, self.path, target, self._edition)

    def end_save(self, saving: Saving) -> None:
        """The document is on the disk; it may have changed, or given way to another, meanwhile."""
        if saving.edition < self._began:
            return
        same = saving.edition == self._edition
        moves = saving.moves(self.document)
        if moves is not None:
            self.do(moves, _SAVE_AS)
        self.path = saving.target
        if same:
            self.history.mark_saved()
        else:  # a gesture may be under way: its steps stay one
            self.history.mark_unsaved()
        self._told_modified()
        if saving.moved:
            self.path_changed.emit()

    def next_version(self) -> Path:
        """The next version of its file that is free: ``shot_v004.codef``.

        Raises:
            UsageError: The document has no file yet.
        """
        if self.path is None:
            raise UsageError("the document has no file yet; save it under a name first")
        return next_version(self.path)

    # How changes are heard.

    def _listen(self) -> None:
        document = self.document
        self._edits, self._changes = [], []
        stops = document.mirror(self._edits.extend), document.subscribe(self._changes.extend)

        def stop() -> None:
            for each in stops:
                each()

        self._stop = stop

    def _tell(self) -> None:
        edits, changes = list(self._edits), tuple(dict.fromkeys(self._changes))
        self._edits.clear()
        self._changes.clear()
        if edits:
            try:
                self.tree = applied(self.tree, edits)
            except EditMismatchError:
                # The document was changed past this project: what it holds is what counts.
                self.tree = self.document.tree()
            self._edition += 1
            self.edited.emit(edits)
            self.changed.emit(changes)
            self._told_modified()

    def _told_modified(self, always: bool = False) -> None:
        now = self.history.modified
        if always or now != self._modified:
            self._modified = now
            self.modified_changed.emit(now)
        self.history_changed.emit()
