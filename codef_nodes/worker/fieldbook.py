"""The fits that a view worker was asked about last, ready to be asked again at once."""

import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from codef_nodes.worker.args import Args
from codef_nodes.worker.kinship import fit_near
from engine.errors import UsageError
from engine.progress import Task
from engine.warp.lookup import Lookups

if TYPE_CHECKING:
    from codef_nodes.graph.document import Document
    from codef_nodes.graph.evaluate import Evaluator
    from codef_nodes.worker.server import Worker
    from engine.fields.field import Field

_FITS = 3
"""Fits that are kept ready."""


class Fit:
    """A fit and what was found out about it.

    Attributes:
        field: The field.
        node: Name of its node.
        lookups: The maps of single frames.
    """

    def __init__(self, field: "Field", node: str) -> None:
        self.field, self.node = field, node
        self.lookups = Lookups(field)
        self._sums: dict[tuple[str, int], Any] = {}
        self._lock = threading.Lock()

    def summed(self, kind: str, layer: int, make: Callable[[], Any]) -> Any:
        """Something that takes all frames, made once.

        Args:
            kind: What it is.
            layer: Of which layer.
            make: Makes it.
        """
        with self._lock:
            if (kind, layer) not in self._sums:
                self._sums[kind, layer] = make()
            return self._sums[kind, layer]

    def layer(self, args: Args) -> int | None:
        """The layer that a request names, by number or name; None where it names none."""
        from codef_nodes.worker.looks import layer_of

        layer = args.get("layer")
        if layer is None:
            return None
        if not isinstance(layer, int | str) or isinstance(layer, bool):
            raise UsageError(f"the request {args.verb!r} needs a number or a name as 'layer'")
        return layer_of(self.field, layer, self.node)

    def index(self, args: Args) -> int:
        """Position of the frame that a request names; the reference frame where it names none.

        Raises:
            MissingFrameError: The fit does not hold it.
        """
        frame = args.frame()
        return self.field.index(self.field.reference if frame is None else frame)


class FieldBook:
    """Fits by node, for the document as it is now.

    The evaluator is another object after each edit; while it is the same, so are its fits.
    """

    def __init__(self) -> None:
        self._evaluator: Evaluator | None = None
        self._by_node: dict[str, tuple[str, Field]] = {}
        self._kept: OrderedDict[int, Fit] = OrderedDict()
        self._lock = threading.Lock()

    def fit(
        self,
        worker: "Worker",
        node: str,
        task: Task,
        *,
        segment: int | None = None,
        frame: int | None = None,
    ) -> Fit:
        """The fit that a node's pictures belong to.

        Args:
            worker: Whose document it is.
            node: The node.
            task: Cancel.
            segment: Of a long shot the segment whose still is meant; None: see ``of_still``.
            frame: The frame that is looked at, or None.

        Raises:
            UsageError: There is none, or it was never fitted; it has no such segment.
        """
        from codef_nodes.worker.viewing import result_of

        evaluator = worker.evaluator
        with self._lock:
            if evaluator is not self._evaluator:
                self._evaluator, self._by_node = evaluator, {}
            known = self._by_node.get(node)
        document = evaluator.document
        if known is None:
            document.state(node)
            near = fit_near(document, node)
            if near is None:
                raise UsageError(
                    f"{node} belongs to no fit, so its places lead nowhere; wire it to a FitCoDeF",
                    node=node,
                )
            known = near, result_of(worker, evaluator, near, None, task)
        name, whole = known
        field = of_still(document, node, whole, frame) if segment is None else view(whole, segment)
        with self._lock:
            fit = self._kept.pop(id(field), None) or Fit(field, name)
            self._kept[id(field)] = fit
            while len(self._kept) > _FITS:
                self._kept.popitem(last=False)
            if evaluator is self._evaluator:
                self._by_node[node] = known
            return fit


def view(field: "Field", segment: int) -> "Field":
    """A field with the still of a segment; one that is not linked is as it is.

    Raises:
        UsageError: There is no such segment.
    """
    from engine.linked.field import LinkedField

    return field.seen_from(segment) if isinstance(field, LinkedField) else field


def of_still(document: "Document", node: str, field: "Field", frame: int | None = None) -> "Field":
    """The field with the still that a node shows or carries.

    That of the one segment above it; where there is none, or more than one, that of the frame.
    """
    from codef_nodes.work.canonicals import view_of
    from engine.linked.field import LinkedField, view_at

    if not isinstance(field, LinkedField):
        return field
    above = document.upstream(node)
    views = [name for name in above if document.state(name).type == "CanonicalView"]
    segments = {document.knob_value(name, "segment") for name in views}
    chosen = segments.pop() if len(segments) == 1 else None
    if isinstance(chosen, int):
        return view_of(field, chosen)
    if frame is None or frame not in field.frames:
        return field
    return view_at(field, field.index(frame))


_BOOKS: "WeakKeyDictionary[Worker, FieldBook]" = WeakKeyDictionary()
_lock = threading.Lock()


def fit_of(worker: "Worker", args: Args, task: Task) -> Fit:
    """The fit that the request's node belongs to; ``segment`` may name the still.

    Raises:
        UsageError: There is none, or it was never fitted.
    """
    segment = args.get("segment")
    if segment is not None and (not isinstance(segment, int) or isinstance(segment, bool)):
        raise UsageError(f"the request {args.verb!r} needs a number as 'segment'")
    with _lock:
        book = _BOOKS.get(worker)
        if book is None:
            book = _BOOKS[worker] = FieldBook()
    return book.fit(worker, args.text("node"), task, segment=segment, frame=args.frame())
