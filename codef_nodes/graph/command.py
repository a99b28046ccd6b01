"""What a command is, and several as one."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

from codef_nodes.graph.document import Document
from codef_nodes.graph.edits import Edit, inverse


class Command(ABC):
    """One change."""

    @property
    @abstractmethod
    def title(self) -> str:
        """What the Edit menu shows after "Undo"."""

    @abstractmethod
    def edits(self, document: Document) -> list[Edit]:
        """The edits that this command means for the document as it is now.

        Raises:
            UsageError: The command makes no sense there.
        """

    def run(self, document: Document) -> list[Edit]:
        """Changes the document and returns what was changed (empty: nothing)."""
        edits = self.edits(document)
        if edits:
            document.apply_edits(edits)
        return edits


@dataclass
class Group(Command):
    """Several commands as one: a macro, a gesture."""

    commands: Sequence[Command]
    name: str = ""

    @property
    def title(self) -> str:
        """What the Edit menu shows."""
        return self.name or (self.commands[0].title if self.commands else "Nothing")

    def edits(self, document: Document) -> list[Edit]:
        """What the commands come to, found out on a copy."""
        return self.run(document.copied())

    def run(self, document: Document) -> list[Edit]:
        """Runs them in order; if one is refused, none has happened."""
        done: list[Edit] = []
        try:
            for command in self.commands:
                done += command.run(document)
        except Exception:
            document.apply_edits(inverse(done))
            raise
        return done
