"""Types along the wires: what a node gives and takes, looked up through dots."""

from collections.abc import Mapping

from codef_nodes.graph.document import Document
from codef_nodes.graph.port import ANY
from codef_nodes.graph.registry import UnknownNode

Readers = Mapping[str, list[tuple[str, str]]]
"""Name of a node to the wires that leave it: reader and its input."""


def readers_of_all(document: Document) -> dict[str, list[tuple[str, str]]]:
    """The wires that leave each node, found in one pass; nodes without any are not in it."""
    found: dict[str, list[tuple[str, str]]] = {}
    for reader, state in document.nodes.items():
        for port in state.inputs:
            for source in document.wires(reader, port):
                found.setdefault(source, []).append((reader, port))
    return found


def gives(document: Document, node: str, readers: Readers | None = None) -> str | None:
    """Type of a node's result: None for nothing, ``any`` where it is not settled.

    Args:
        document: The document.
        node: Name of a node; a dot gives what comes to it, else what its readers want.
        readers: ``readers_of_all``, where many nodes are asked.
    """
    start = node
    seen: set[str] = set()
    while node not in seen:
        seen.add(node)
        cls = document.node_class(node)
        if cls is UnknownNode:
            return ANY
        if cls.output != ANY:
            return cls.output
        port = document.main_input(node)
        sources = document.wires(node, port) if port else ()
        if not sources:
            break
        node = sources[0]
    return _wanted(document, start, readers)


def takes(document: Document, node: str, port: str, readers: Readers | None = None) -> str | None:
    """Type that an input takes: None if there is no such input, ``any`` where all will do.

    Args:
        document: The document.
        node: Name of the reader.
        port: Its input; that of a dot takes what the dot's own readers want.
        readers: ``readers_of_all``, where many nodes are asked.
    """
    cls = document.node_class(node)
    if cls is UnknownNode:
        return ANY
    described = cls.port(port)
    if described is None:
        return None
    return _wanted(document, node, readers) if described.type == ANY else described.type


def compatible(given: str | None, taken: str | None) -> bool:
    """Whether a wire from one type to the other is allowed."""
    if given is None or taken is None:
        return False
    return given == taken or ANY in (given, taken)


def _wanted(document: Document, node: str, readers: Readers | None) -> str:
    """What the readers of a node want, looked up through dots."""
    waiting, seen = [node], {node}
    while waiting:
        name = waiting.pop()
        if readers is None:
            leaving = [(reader, port) for reader, port, _ in document.readers(name)]
        else:
            leaving = readers.get(name, [])
        for reader, port in leaving:
            described = document.node_class(reader).port(port)
            if described is None:
                continue
            if described.type != ANY:
                return described.type
            if reader not in seen:
                seen.add(reader)
                waiting.append(reader)
    return ANY
