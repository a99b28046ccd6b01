"""Undo and redo: one stack for graph, knobs and strokes."""

from dataclasses import dataclass

from codef_nodes.graph.commands import Command
from codef_nodes.graph.document import Document
from codef_nodes.graph.edits import Edit, inverse, joined


@dataclass
class Entry:
    """One step of the stack.

    Attributes:
        title: What the Edit menu shows.
        edits: The smallest exact difference.
        gesture: Steps with the same gesture are one.
    """

    title: str
    edits: list[Edit]
    gesture: str | None = None


class History:
    """Does, undoes and redoes commands on a document.

    Args:
        document: The document; change it through this history only.
    """

    def __init__(self, document: Document) -> None:
        self.document = document
        self._done: list[Entry] = []
        self._undone: list[Entry] = []
        self._saved: Entry | None = None
        self._saved_lost = False

    @property
    def undo_title(self) -> str | None:
        """What ``undo`` would take back, or None."""
        return self._done[-1].title if self._done else None

    @property
    def redo_title(self) -> str | None:
        """What ``redo`` would do again, or None."""
        return self._undone[-1].title if self._undone else None

    @property
    def entries(self) -> tuple[Entry, ...]:
        """The steps that can be undone, oldest first."""
        return tuple(self._done)

    def do(self, command: Command, gesture: str | None = None) -> bool:
        """Runs a command; returns whether anything changed.

        Args:
            command: The change.
            gesture: Any name for a drag or the like: commands that follow each other with the
                same gesture are undone as one.

        Raises:
            UsageError: The command makes no sense; the document is as before.
        """
        edits = command.run(self.document)
        if not edits:
            return False
        if self._saved in self._undone and self._saved is not None:
            self._saved_lost = True
        self._undone.clear()
        last = self._done[-1] if self._done else None
        if gesture is not None and last is not None and last.gesture == gesture:
            # A new entry, since the document was perhaps saved at the old one.
            merged = Entry(last.title, joined(last.edits, edits), gesture)
            self._saved_lost = self._saved_lost or self._saved is last
            self._done[-1] = merged
            if not merged.edits:
                self._done.pop()
        else:
            self._done.append(Entry(command.title, edits, gesture))
        return True

    def undo(self) -> bool:
        """Takes the last step back; returns whether there was one."""
        if not self._done:
            return False
        entry = self._done[-1]
        self.document.apply_edits(inverse(entry.edits))
        self._done.pop()
        entry.gesture = None
        self._undone.append(entry)
        return True

    def redo(self) -> bool:
        """Does the last undone step again; returns whether there was one."""
        if not self._undone:
            return False
        entry = self._undone[-1]
        self.document.apply_edits(entry.edits)
        self._undone.pop()
        self._done.append(entry)
        return True

    def end_gesture(self) -> None:
        """The next command starts a step of its own, whatever its gesture is called."""
        if self._done:
            self._done[-1].gesture = None

    def abort_gesture(self, gesture: str) -> bool:
        """Esc during a drag or stroke: takes it back and forgets it."""
        if not self._done or self._done[-1].gesture != gesture:
            return False
        entry = self._done.pop()
        self.document.apply_edits(inverse(entry.edits))
        self._saved_lost = self._saved_lost or self._saved is entry
        return True

    def mark_saved(self) -> None:
        """The document is on disk as it is now."""
        self.end_gesture()
        self._saved, self._saved_lost = (self._done[-1] if self._done else None), False

    def mark_unsaved(self) -> None:
        """No file holds the document as it is now, nor as it was (it was recovered)."""
        self._saved_lost = True

    @property
    def modified(self) -> bool:
        """Whether the document differs from what was last marked as saved."""
        return self._saved_lost or (self._done[-1] if self._done else None) is not self._saved
