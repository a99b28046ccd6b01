"""Which node classes there are."""

import re
import threading
from collections.abc import Callable
from typing import Any, ClassVar, TypeVar

from codef_nodes.graph.context import Context
from codef_nodes.graph.knob import KINDS
from codef_nodes.graph.node import Node
from codef_nodes.graph.port import ANY, TYPES
from engine.errors import DocumentError, UsageError

NodeClass = TypeVar("NodeClass", bound=type[Node])
_NAME = re.compile(r"[a-z][a-z0-9_]*")


class UnknownNode(Node):
    """Stands for a node of a type that nobody here knows. It keeps everything and runs nothing."""

    type: ClassVar[str] = ""
    title: ClassVar[str] = "Unknown node"
    help: ClassVar[str] = "Keeps a node that this version does not know."
    output: ClassVar[str | None] = None
    cacheable: ClassVar[bool] = False

    def compute(self, ctx: Context) -> Any:
        """Raises: it cannot be known what the node did."""
        raise DocumentError(
            f"{ctx.node_name} is of a type that this version does not know; "
            "install what provides it, or disable and replace the node",
            node=ctx.node_name,
        )


class Registry:
    """A set of node classes.

    Args:
        loader: Called once before the first look-up; imports what registers classes.
    """

    def __init__(self, loader: Callable[[], object] | None = None) -> None:
        self._classes: dict[str, type[Node]] = {}
        self._loader = loader
        self._lock = threading.RLock()

    def register(self, cls: NodeClass) -> NodeClass:
        """Class decorator: makes a node class known, after a check of its description.

        Raises:
            UsageError: The description is wrong, or the type is taken.
        """
        check_description(cls)
        known = self._classes.get(cls.type)
        if known is not None and known is not cls:
            raise UsageError(f"two node classes are called {cls.type}: {known} and {cls}")
        self._classes[cls.type] = cls
        return cls

    def node_class(self, type_name: str) -> type[Node]:
        """The class of a type; ``UnknownNode`` where there is none."""
        self._load()
        return self._classes.get(type_name, UnknownNode)

    def all_node_classes(self) -> list[type[Node]]:
        """Every class, by category and type."""
        self._load()
        return sorted(self._classes.values(), key=lambda cls: (cls.category, cls.type))

    def _load(self) -> None:
        with self._lock:
            loader, self._loader = self._loader, None
            if loader is not None:
                loader()


def _import_nodes() -> None:
    import codef_nodes.nodes  # noqa: F401 - the import registers the classes


DEFAULT = Registry(_import_nodes)
"""The classes of ``codef_nodes.nodes``."""


def register(cls: NodeClass) -> NodeClass:
    """Class decorator: makes a node class known to every document."""
    return DEFAULT.register(cls)


def node_class(type_name: str) -> type[Node]:
    """The class of a type; ``UnknownNode`` where there is none."""
    return DEFAULT.node_class(type_name)


def all_node_classes() -> list[type[Node]]:
    """Every class, by category and type."""
    return DEFAULT.all_node_classes()


def check_description(cls: type[Node]) -> None:
    """Refuses a class whose description would fail an artist later.

    Raises:
        UsageError: A name that is no name, a kind or type that does not exist, a default that the
            knob itself would refuse, a missing help sentence.
    """

    def refuse(what: str) -> None:
        raise UsageError(f"node class {cls.__name__}: {what}")

    if not re.fullmatch(r"[A-Z][A-Za-z0-9]*", getattr(cls, "type", "")):
        refuse("its type must be a CamelCase name")
    if not cls.help:
        refuse("it has no help sentence")
    if cls.output is not None and cls.output not in (*TYPES, ANY):
        refuse(f"no such output type: {cls.output}")
    if cls.asset and (cls.per_frame or cls.output is None):
        refuse("a fit has one result for all frames: per_frame must be False")
    names = [port.name for port in cls.inputs], [knob.name for knob in cls.knobs]
    for group in names:
        for name in group:
            if not _NAME.fullmatch(name) or group.count(name) > 1:
                refuse(f"the name {name!r} is twice there or no snake_case name")
    for port in cls.inputs:
        if port.type not in (*TYPES, ANY) or not port.help:
            refuse(f"input {port.name}: unknown type {port.type!r} or no help sentence")
    for knob in cls.knobs:
        if knob.kind not in KINDS or not knob.help:
            refuse(f"knob {knob.name}: unknown kind {knob.kind!r} or no help sentence")
        if knob.kind == "choice" and not knob.choices:
            refuse(f"knob {knob.name}: a choice without choices")
        knob.check(knob.default, cls.type)
