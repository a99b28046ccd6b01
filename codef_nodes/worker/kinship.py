"""Which fit and which space a node belongs to, by the wires alone."""

from codef_nodes.graph.document import Document
from codef_nodes.graph.evaluate import Evaluator

CANONICAL, FRAME = "canonical", "frame"


def space_of(document: Document, node: str) -> str:
    """``"canonical"`` for a still picture of a fit and what is done to it, else ``"frame"``."""
    return _origin(document, node)[0]


def fit_near(document: Document, node: str) -> str | None:
    """The fit that a node's pictures belong to: the one above, else the nearest one below."""
    above = _origin(document, node)[1]
    if above is not None:
        return above
    waiting, seen = [node], {node}
    while waiting:
        name = waiting.pop(0)
        for reader, port, _ in document.readers(name):
            if reader in seen:
                continue
            seen.add(reader)
            if document.node_class(reader).output == "field":
                return reader
            if port == "source":  # the frames that a fit's edits are put on
                fit = _wired(document, reader, "field")
                if fit is not None:
                    return fit
            waiting.append(reader)
    return None


def passes_on(evaluator: Evaluator, node: str) -> str:
    """The node that keeps what a node shows: itself, or what it only passes on."""
    document, seen = evaluator.document, {node}
    while not document.node_class(node).cacheable or document.state(node).disabled:
        port = _chosen(document, node)
        source = None if port is None else _wired(document, node, port)
        if source is None or source in seen:
            return node
        seen.add(source)
        node = source
    return node


def _origin(document: Document, node: str) -> tuple[str, str | None]:
    """Space, and the fit above."""
    seen: set[str] = set()
    name: str | None = node
    while name is not None and name not in seen:
        seen.add(name)
        cls = document.node_class(name)
        if cls.output == "field":
            return CANONICAL, name
        if not document.state(name).disabled:
            fit = _wired(document, name, "field") if cls.port("field") is not None else None
            if fit is not None:
                still = not cls.per_frame
                return (CANONICAL if still else FRAME), _field_of(document, fit)
        port = _chosen(document, name)
        name = None if port is None else _wired(document, name, port)
    return FRAME, None


def _field_of(document: Document, node: str) -> str:
    """The fit itself, past dots and the like."""
    seen = {node}
    while document.node_class(node).output != "field":
        port = document.main_input(node)
        source = None if port is None else _wired(document, node, port)
        if source is None or source in seen:
            break
        seen.add(source)
        node = source
    return node


def _chosen(document: Document, node: str) -> str | None:
    """The input that a node's picture mainly comes from."""
    cls = document.node_class(node)
    if cls.type == "Switch" and not document.state(node).disabled:
        return f"input_{document.knob_value(node, 'which')}"
    return document.main_input(node)


def _wired(document: Document, node: str, port: str) -> str | None:
    wires = document.wires(node, port)
    return wires[0] if wires else None
