"""One save of the document: begun and ended by the project, written by whatever thread. Qt-free."""

import copy
from collections.abc import Mapping
from pathlib import Path

from codef_nodes.graph.assets import FirstSave
from codef_nodes.graph.commands import Command
from codef_nodes.graph.document import Document
from codef_nodes.graph.jsonvalue import JSON
from codef_nodes.graph.registry import Registry
from codef_nodes.graph.serialise import save
from engine.errors import CodefError
from gui.project.moving import leave_to_others, moved_files, untitled_fits

_SMALL_POINTS = 4000
_SMALL_NODES = 200


class Saving:
    """Writes the document as it was when this was made.

    File names and records of fits that count from the document's folder go on naming the same
    files. Fits of an untitled document come along and lie beside it from then on.

    Args:
        tree: The document's form; nobody changes it any more.
        registry: What knows its nodes.
        before: Its file so far, or None while untitled.
        target: The file to write.
        edition: Which state of the project it is.

    Attributes:
        records: The new records of the fits that were brought along.
    """

    def __init__(
        self,
        tree: dict[str, JSON],
        registry: Registry,
        before: Path | None,
        target: Path,
        edition: int,
    ) -> None:
        self._tree, self._registry = tree, registry
        self.before, self.target, self.edition = before, target, edition
        self.records: Mapping[str, dict[str, JSON]] = {}
        self._first: FirstSave | None = None

    @property
    def moved(self) -> bool:
        """Whether another file holds the document from now on."""
        return self.target != self.before

    @property
    def small(self) -> bool:
        """Whether it is written in a few milliseconds."""
        nodes = self._tree["nodes"]
        brings = self.before is None and any(block.get("field") for block in nodes.values())
        points = sum(_points(block["knobs"].get("strokes")) for block in nodes.values())
        return not brings and len(nodes) < _SMALL_NODES and points < _SMALL_POINTS

    def write(self) -> None:
        """Writes the file; the one on the disk is replaced whole or stays as it was.

        Raises:
            CodefError: It cannot be written; nothing is left behind.
        """
        document = Document(self._registry, copy.deepcopy(self._tree))
        try:
            if self.before is None:
                self._first = FirstSave(document, untitled_fits(), self.target)
                self.records = self._first.records
            moves = self.moves(document)
            if moves is not None:
                moves.run(document)
            save(document, self.target)
        except CodefError:
            if self._first is not None:
                self._first.abort()
            raise
        if self._first is not None:
            leave_to_others(self._first.left)

    def moves(self, document: Document) -> Command | None:
        """What to change in a document that is saved elsewhere, or None for nothing."""
        if not self.moved:
            return None
        return moved_files(document, self.before, self.target, dict(self.records))


def _points(strokes: JSON) -> int:
    if not isinstance(strokes, list):
        return 0
    return sum(len(each.get("points") or ()) for each in strokes if isinstance(each, dict))
