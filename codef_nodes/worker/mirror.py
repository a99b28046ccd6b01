"""The window's document as a worker has it: never waited for, never changed under a request.

Each edit makes a new document that shares all but the changed places with the one before. A
request works on the document that it found; an edit neither waits for it nor disturbs it.
"""

import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from codef_nodes.graph.assets import UNSAVED, FitAssets
from codef_nodes.graph.cache import Cache
from codef_nodes.graph.commands import RecordField
from codef_nodes.graph.document import SCHEMA, Document
from codef_nodes.graph.edits import Edit, EditMismatchError, Put, RenameKey
from codef_nodes.graph.evaluate import Evaluator
from codef_nodes.graph.jsonvalue import JSON, same
from codef_nodes.graph.knob import Knob
from codef_nodes.graph.registry import Registry
from codef_nodes.graph.serialise import from_tree
from codef_nodes.graph.trust import Trust
from codef_nodes.worker.edits import applied
from engine.errors import DocumentError, UsageError

Recorded = Callable[[str, dict[str, JSON]], None]
_LOOKS = ("position", "label")
_UNFIT = (EditMismatchError, KeyError, IndexError, TypeError, AttributeError)
"""What applying edits to a tree that they were not made for may raise."""


class Snapshot(Document):
    """A document that shares its tree with others; a change copies what it touches."""

    def apply_edits(self, edits: list[Edit]) -> None:
        """As ``Document.apply_edits``; the documents that share the tree stay as they are."""
        with self._lock:
            self._tree = applied(self._tree, edits)
            self._settings = self._tree["settings"]
            self.revision += 1

    def _checked(self, knob: Knob, value: JSON, node: str) -> JSON:
        return knob.settled(value, node)

    def after(self, edits: Sequence[Edit]) -> "Snapshot":
        """The document that some edits lead to."""
        following = Snapshot(self.registry, applied(self._tree, edits))
        following.notes = self.notes
        return following


class Mirror:
    """The document, its folder, and the evaluator of the moment.

    Args:
        cache: Shared by all evaluators.
        cache_dir: Its folder; fits of untitled documents are kept in it.
        allow_fit: A request may fit what was never fitted.
        recorded: Hears of a fit that was made, or found, for a node: name and record.
        registry: The node classes; default: those of ``codef_nodes.nodes``.

    Attributes:
        document: The window's document.
        path: Its file, or None.
        safe: Nothing may be evaluated.
        drafts: Unfinished fits to use meanwhile: folder by node.
        notes: Sentences of the evaluators.
        opened: How many documents there were.
        computes: How often each node computed.
    """

    def __init__(
        self,
        cache: Cache,
        cache_dir: Path,
        *,
        allow_fit: bool,
        recorded: Recorded,
        registry: Registry | None = None,
    ) -> None:
        self._cache, self._cache_dir = cache, cache_dir
        self._allow_fit, self._recorded = allow_fit, recorded
        self._registry = registry
        self.document = Snapshot(registry)
        self.path: Path | None = None
        self.safe = False
        self.drafts: dict[str, str] = {}
        self.notes: list[str] = []
        self.opened = 0
        self._notes_taken = 0
        self._lock = threading.Lock()
        self.computes: Counter[str] = Counter()
        self.type_computes: Counter[str] = Counter()
        self._told: dict[str, dict[str, JSON]] = {}
        self._trust = Trust()
        self._renew()

    @property
    def evaluator(self) -> Evaluator:
        """Evaluates the document as it is now, drafts included; it never changes afterwards.

        Raises:
            UsageError: The document was opened safely.
        """
        if self.safe:
            raise UsageError(
                "the document was opened safely: nothing is computed until you choose to evaluate "
                "it"
            )
        return self._evaluator

    @property
    def plain_evaluator(self) -> Evaluator:
        """The same without drafts: what the document itself says."""
        return self._evaluator_of(self.document) if self.drafts else self.evaluator

    def open(
        self, tree: JSON, path: Path | None, drafts: Mapping[str, str], safe: bool
    ) -> list[str]:
        """Takes another document; returns its notes.

        Raises:
            DocumentError: It is none.
        """
        checked = from_tree(tree, self._registry)
        # Edits are exact: only what came from an older version is brought to its normal form.
        kept = tree if _as_new(tree, checked) else checked.tree()
        self.document = Snapshot(checked.registry, kept)
        self.document.notes = list(checked.notes)
        self.path, self.safe, self.drafts = path, safe, dict(drafts)
        self.notes, self._notes_taken, self._told = [], 0, {}
        self.opened += 1
        self._trust = Trust()
        self._renew()
        return list(checked.notes)

    def edit(self, edits: Sequence[Edit]) -> set[str]:
        """Applies edits; returns the nodes whose results may be others now.

        Raises:
            DocumentError: The edits were made for another document.
        """
        before = self.document
        try:
            after = before.after(edits)
            touched = changed_nodes(edits, before, after)
            stale = downstream(touched, before) | downstream(touched, after)
        except (*_UNFIT, UsageError) as error:
            raise DocumentError(
                f"the edits do not fit the worker's document ({error}); open it again"
            ) from None
        self.document = after
        self._renew()
        return stale

    def relocate(self, path: Path | None) -> None:
        """The document lives in another file now."""
        self.path = path
        self._renew()

    def use_drafts(self, drafts: Mapping[str, str]) -> set[str]:
        """Unfinished fits to use; returns the nodes whose results may be others now."""
        touched = {
            node
            for node in {*self.drafts, *drafts}
            if self.drafts.get(node) != drafts.get(node) and node in self.document
        }
        self.drafts = dict(drafts)
        self._renew()
        return downstream(touched, self.document)

    def new_notes(self) -> list[str]:
        """Sentences of the evaluators that were not asked for before."""
        with self._lock:
            new = self.notes[self._notes_taken :]
            self._notes_taken = len(self.notes)
            return new

    def _renew(self) -> None:
        document = self.document
        puts = [
            Put(
                ("nodes", node, "field"),
                document.state(node).stored("field"),
                {"path": folder, "key": ""},
            )
            for node, folder in self.drafts.items()
            if node in document
        ]
        self._evaluator = self._evaluator_of(document.after(puts))

    def _evaluator_of(self, document: Snapshot) -> Evaluator:
        if self.path is None:
            folder, stem, fits = Path.cwd(), UNSAVED, self._cache_dir / "assets"
        else:
            folder, stem, fits = self.path.parent, self.path.stem, self.path.parent

        def record(command: RecordField) -> None:
            command.run(document)
            if command.record is not None and self._told.get(command.node) != command.record:
                self._told[command.node] = dict(command.record)
                self._recorded(command.node, dict(command.record))

        evaluator = Evaluator(
            document,
            self._cache,
            folder=folder,
            stem=stem,
            allow_fit=self._allow_fit,
            assets=FitAssets(document, fits, stem, record),
        )
        evaluator.trust = self._trust
        evaluator.notes = self.notes
        evaluator.computes, evaluator.type_computes = self.computes, self.type_computes
        return evaluator


def changed_nodes(edits: Sequence[Edit], *documents: Document) -> set[str]:
    """The nodes that edits touch in a way that may change results; all of them for a setting."""
    touched: set[str] = set()
    for edit in edits:
        path = edit.path
        if isinstance(edit, RenameKey) and path == ("nodes",):
            touched |= {edit.before, edit.after}
        elif path[0] == "settings":
            touched.update(*(document.nodes for document in documents))
        elif path[0] == "nodes" and len(path) > 1:
            if len(path) < 3 or path[2] not in _LOOKS:
                touched.add(str(path[1]))
        elif path[0] == "nodes":
            touched.update(*(document.nodes for document in documents))
    return touched


def downstream(nodes: set[str], document: Document) -> set[str]:
    """Some nodes with all that reads them, directly or not."""
    readers: dict[str, list[str]] = {}
    for name in document.nodes:
        for source in document.sources(name):
            readers.setdefault(source, []).append(name)
    found, waiting = set(nodes), list(nodes)
    while waiting:
        for reader in readers.get(waiting.pop(), ()):
            if reader not in found:
                found.add(reader)
                waiting.append(reader)
    return found


def _as_new(tree: JSON, checked: Document) -> bool:
    """Whether a tree is of the newest schema and its nodes of the newest versions."""
    if not same(tree.get("codef"), {"schema": SCHEMA}) or "settings" not in tree:
        return False
    blocks = tree.get("nodes", {})
    return all(
        {"version", "knobs", "inputs"} <= blocks[name].keys()
        and blocks[name]["version"] == state.version
        for name, state in checked.nodes.items()
    )
