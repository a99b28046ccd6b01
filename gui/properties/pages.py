"""Which knobs a panel shows, and on which page. Qt-free."""

from collections.abc import Iterable
from dataclasses import dataclass

from codef_nodes.graph.document import Document
from codef_nodes.graph.jsonvalue import same
from codef_nodes.graph.knob import Knob
from codef_nodes.graph.registry import UnknownNode
from engine.errors import UsageError

#: Name of the page that every node has, for what is no knob.
NODE_PAGE = "Node"


@dataclass(frozen=True)
class Section:
    """Knobs under one heading.

    Attributes:
        title: The heading; empty for none.
        knobs: In the order of the description.
    """

    title: str
    knobs: tuple[Knob, ...]


@dataclass(frozen=True)
class Page:
    """One tab.

    Attributes:
        title: What the tab shows.
        sections: Its knobs.
    """

    title: str
    sections: tuple[Section, ...]

    @property
    def knobs(self) -> tuple[Knob, ...]:
        """All of the page's knobs."""
        return tuple(knob for section in self.sections for knob in section.knobs)


def pages_of(document: Document, node: str) -> tuple[Page, ...]:
    """The pages of a node's panel, the node page left out.

    A node that chooses one of its pages by a knob (the operation of an ImageOperation) shows that
    page below its own knobs, and the others not at all.
    """
    cls = document.node_class(node)
    if cls is UnknownNode:
        return ()
    by_page: dict[str, list[Knob]] = {}
    for knob in cls.knobs:
        by_page.setdefault(knob.page, []).append(knob)
    first = by_page.pop("", [])
    if "operation" in (knob.name for knob in first):
        chosen = _chosen_page(document, node, by_page)
        sections = [Section("", tuple(first))]
        sections += [Section(name, tuple(by_page[name])) for name in chosen]
        return (Page(cls.title or cls.type, tuple(sections)),)
    pages = [Page(cls.title or cls.type, (Section("", tuple(first)),))] if first else []
    pages += [Page(name, (Section("", tuple(knobs)),)) for name, knobs in by_page.items()]
    return tuple(pages)


def _chosen_page(document: Document, node: str, pages: Iterable[str]) -> list[str]:
    from engine.operations.catalogue import operations

    try:
        entry = operations().get(str(document.knob_value(node, "operation")))
    except UsageError:
        return []
    return [name for name in pages if entry is not None and name == entry.title]


def changed_knobs(document: Document, node: str) -> tuple[Knob, ...]:
    """The knobs whose value is not the default, on whatever page."""
    cls = document.node_class(node)
    stored = document.state(node).knobs
    return tuple(
        knob
        for knob in cls.knobs
        if knob.name in stored and not same(stored[knob.name], knob.check(knob.default))
    )
