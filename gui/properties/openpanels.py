"""Which panels are open, newest on top. Qt-free."""

from collections.abc import Callable, Iterable


class OpenPanels:
    """Names of nodes in the order of their panels.

    A node that goes (deleted, or its making undone) loses its panel but not its place: when undo
    brings it back, the panel is back as well.

    Args:
        most: How many panels may be open; pinned ones stay, whatever the number.
    """

    def __init__(self, most: int) -> None:
        self.most = max(most, 1)
        self._names: list[str] = []

    @property
    def names(self) -> tuple[str, ...]:
        """All names, newest first, those of absent nodes too."""
        return tuple(self._names)

    def shown(self, there: Callable[[str], bool]) -> list[str]:
        """The names of nodes that are there."""
        return [name for name in self._names if there(name)]

    def open(self, name: str, pinned: Iterable[str] = ()) -> None:
        """Puts a panel on top and closes the oldest ones that are too many."""
        if name in self._names:
            self._names.remove(name)
        self._names.insert(0, name)
        kept = set(pinned) | {name}
        for old in list(reversed(self._names)):
            if len(self._names) <= self.most:
                break
            if old not in kept:
                self._names.remove(old)

    def close(self, name: str) -> None:
        """Takes a panel away for good."""
        if name in self._names:
            self._names.remove(name)

    def keep(self, names: Iterable[str]) -> None:
        """Closes all others."""
        kept = set(names)
        self._names = [name for name in self._names if name in kept]

    def rename(self, before: str, after: str) -> None:
        """Follows a rename."""
        if before in self._names:
            self.close(after)
            self._names[self._names.index(before)] = after
