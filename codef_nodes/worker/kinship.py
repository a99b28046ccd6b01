"""Which fit and which space a node belongs to, by the wires alone."""

from codef_nodes.graph.document import Document
from codef_nodes.graph.evaluate import Evaluator

CANONICAL, FRAME = "canonical", "frame"


def space_of(document: Document, node: str) -> str:
    """``"canonical"`` for a still picture of a fit and what is done to it, else ``"frame"``."""
    return _origin(document, node)[0]


def fit_near(document: Document, node: str) -> str | None:
    """The fit that a node's pictures belong to: the one above, else the nearest beside or below."""
    above = _origin(document, node)[1]
    if above is not None:
        return above
    for name in _line_up(document, node):
        below = _fit_below(document, name)
        if below is not None:
            return below
    return None


def clip_of(document: Document, fit: str) -> str | None:
    """The clip that a fit was made of, past nodes that only correct it; None where it has none."""
    for name in _line_up(document, fit) if fit in document else ():
        clip = _wired(document, name, "clip") or _wired(document, name, "plate")
        if clip is not None:
            return clip
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


def _fit_below(document: Document, node: str) -> str | None:
    waiting, seen = [node], {node}
    while waiting:
        for reader, port, _ in document.readers(waiting.pop(0)):
            if reader in seen:
                continue
            seen.add(reader)
            waiting.append(reader)
            if document.node_class(reader).output == "field":
                return reader
            if port == "source":  # the frames that a fit's edits are put on
                fit = _wired(document, reader, "field")
                if fit is not None:
                    return _field_of(document, fit)
    return None


def _line_up(document: Document, node: str) -> list[str]:
    """A node and those that its picture mainly comes from, upwards."""
    line, name = [node], node
    while (port := _chosen(document, name)) is not None:
        source = _wired(document, name, port)
        if source is None or source in line:
            break
        line.append(source)
        name = source
    return line


def _origin(document: Document, node: str) -> tuple[str, str | None]:
    """Space, and the fit above."""
    for name in _line_up(document, node):
        cls = document.node_class(name)
        if cls.output == "field":
            return CANONICAL, name
        if not document.state(name).disabled and cls.port("field") is not None:
            fit = _wired(document, name, "field")
            if fit is not None:
                frames = cls.per_frame and not cls.canvas
                return (FRAME if frames else CANONICAL), _field_of(document, fit)
    return FRAME, None


def _field_of(document: Document, node: str) -> str:
    """The fit itself, past dots and the like."""
    line = _line_up(document, node)
    return next((name for name in line if document.node_class(name).output == "field"), node)


def _chosen(document: Document, node: str) -> str | None:
    """The input that a node's picture mainly comes from."""
    cls = document.node_class(node)
    if cls.type == "Switch" and not document.state(node).disabled:
        return f"input_{document.knob_value(node, 'which')}"
    return document.main_input(node)


def _wired(document: Document, node: str, port: str) -> str | None:
    wires = document.wires(node, port)
    return wires[0] if wires else None
