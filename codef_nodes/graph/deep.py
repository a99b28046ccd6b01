"""Deep graphs: recursion that turns into a loop before the stack of Python is full."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeAlias

# Nodes call each other through Python; beyond this many on the stack, what lies further up is
# worked off in a loop first, so that a thousand nodes in a row do not overflow it.
_DEEPEST = 30

Place: TypeAlias = tuple[str, int | None]
"""A node at a frame, or None for a static result."""


class Depth:
    """How many nodes are on the stack of each thread."""

    def __init__(self) -> None:
        self._local = threading.local()

    @contextmanager
    def deeper(self, climb: Callable[[], None]) -> Iterator[None]:
        """Counts one node; every so many, runs ``climb`` before it goes on."""
        depth = getattr(self._local, "count", 0)
        if depth and depth % _DEEPEST == 0:
            self._local.count = depth + 1
            try:
                climb()
            finally:
                self._local.count = depth
        self._local.count = depth + 1
        try:
            yield
        finally:
            self._local.count = depth


def sources_first(
    start: Place,
    reads: Callable[[Place], list[Place]],
    key: Callable[[Place], str],
    kept: Callable[[str], bool],
) -> tuple[list[Place], dict[str, int]]:
    """What has to be computed above a place, in an order in which it can be.

    Args:
        start: The place; not part of the answer.
        reads: What a place reads.
        key: Key of a place's result.
        kept: Whether a result is there already: nothing above it is needed.

    Returns:
        The places, and how many times each key is read by them and by ``start``.
    """
    order: list[Place] = []
    readers: dict[str, int] = {}
    seen: set[Place] = set()
    stack: list[tuple[Place, bool]] = []

    def read(by: Place) -> None:
        for source in reads(by):
            readers[key(source)] = readers.get(key(source), 0) + 1
            stack.append((source, False))

    read(start)
    while stack:
        place, read_already = stack.pop()
        if read_already:
            order.append(place)
        elif place not in seen:
            seen.add(place)
            if not kept(key(place)):
                stack.append((place, True))
                read(place)
    return order, readers
