"""The smallest exact differences that a document is changed by, and undone by.

A document is a tree of JSON objects. A path names a place in it: ``("nodes", "Grade1", "knobs",
"gain")``. Every edit knows its own inverse; applying an edit to a tree it was not made for is
refused, so that undo can never drift.
"""

from dataclasses import dataclass
from enum import Enum
from typing import Final, TypeAlias

from codef_nodes.graph.jsonvalue import JSON, same

Path: TypeAlias = tuple[str | int, ...]


class Absent(Enum):
    """The type of ``ABSENT``."""

    ABSENT = "absent"


ABSENT: Final = Absent.ABSENT
"""Nothing is there: an edit from it adds, an edit to it removes."""


class EditMismatchError(Exception):
    """The tree is not what the edit was made for (a programming error)."""


@dataclass(frozen=True)
class Put:
    """A value replaced, added (before ABSENT) or removed (after ABSENT)."""

    path: Path
    before: JSON | Absent
    after: JSON | Absent

    def inverse(self) -> "Put":
        """The edit that takes this one back."""
        return Put(self.path, self.after, self.before)

    def apply(self, tree: dict[str, JSON]) -> None:
        """Changes the tree in place.

        Raises:
            EditMismatchError: The place does not hold ``before``.
        """
        place, name = _parent(tree, self.path), self.path[-1]
        if isinstance(place, dict):
            now = place.get(name, ABSENT)
        else:
            now = place[name]
        _expect(self.path, now, self.before)
        if self.after is ABSENT:
            del place[name]
        else:
            place[name] = self.after


@dataclass(frozen=True)
class Splice:
    """A run of a list replaced by another run."""

    path: Path
    index: int
    removed: list[JSON]
    added: list[JSON]

    def inverse(self) -> "Splice":
        """The edit that takes this one back."""
        return Splice(self.path, self.index, self.added, self.removed)

    def apply(self, tree: dict[str, JSON]) -> None:
        """Changes the tree in place.

        Raises:
            EditMismatchError: The list does not hold ``removed`` there.
        """
        items = _parent(tree, (*self.path, 0))
        end = self.index + len(self.removed)
        _expect(self.path, items[self.index : end], self.removed)
        items[self.index : end] = self.added


@dataclass(frozen=True)
class RenameKey:
    """A member of an object renamed; its value stays the same object."""

    path: Path
    before: str
    after: str

    def inverse(self) -> "RenameKey":
        """The edit that takes this one back."""
        return RenameKey(self.path, self.after, self.before)

    def apply(self, tree: dict[str, JSON]) -> None:
        """Changes the tree in place.

        Raises:
            EditMismatchError: The old name is not there or the new one is.
        """
        place = _parent(tree, (*self.path, ""))
        if self.before not in place or self.after in place:
            raise EditMismatchError(f"cannot rename {self.before} to {self.after} at {self.path}")
        place[self.after] = place.pop(self.before)


Edit: TypeAlias = Put | Splice | RenameKey


def difference(path: Path, before: JSON, after: JSON) -> list[Edit]:
    """The smallest edits that turn one value into another.

    Objects are compared member by member, lists by their common head and tail; a run of one item
    that changed is compared in depth, so that a longer stroke costs only its new points.
    """
    if same(before, after):
        return []
    if isinstance(before, dict) and isinstance(after, dict):
        edits: list[Edit] = []
        for name in sorted(before.keys() | after.keys()):
            here = (*path, name)
            if name not in after:
                edits.append(Put(here, before[name], ABSENT))
            elif name not in before:
                edits.append(Put(here, ABSENT, after[name]))
            else:
                edits += difference(here, before[name], after[name])
        return edits
    if isinstance(before, list) and isinstance(after, list):
        shorter = min(len(before), len(after))
        head = 0
        while head < shorter and same(before[head], after[head]):
            head += 1
        tail = 0
        while tail < shorter - head and same(before[-1 - tail], after[-1 - tail]):
            tail += 1
        old, new = before[head : len(before) - tail], after[head : len(after) - tail]
        nested = isinstance(old[0], dict | list) if len(old) == 1 == len(new) else False
        if nested and type(old[0]) is type(new[0]):
            return difference((*path, head), old[0], new[0])
        return [Splice(path, head, old, new)]
    return [Put(path, before, after)]


def joined(first: list[Edit], second: list[Edit]) -> list[Edit]:
    """Two runs of edits as one, shorter where a later edit continues an earlier one.

    What lies between the two is about other places, as where a drag changes several clones.
    """
    edits = list(first)
    for edit in second:
        at = next((n for n in reversed(range(len(edits))) if _meet(edits[n], edit)), None)
        one = None if at is None else _continued(edits[at], edit)
        if at is None or one is None:
            edits.append(edit)
        else:
            edits[at : at + 1] = one
    return edits


def _meet(one: Edit, other: Edit) -> bool:
    """Whether the order of two edits matters."""
    if isinstance(one, RenameKey) or isinstance(other, RenameKey):
        return True
    return all(a == b for a, b in zip(one.path, other.path, strict=False))


def _continued(edit: Edit, after: Edit) -> list[Edit] | None:
    """Two edits as one, or as none where they cancel out; None: they stay two."""
    if isinstance(edit, Put) and isinstance(after, Put) and edit.path == after.path:
        before, now = edit.before, after.after
        gone = before is now or (ABSENT not in (before, now) and same(before, now))
        return [] if gone else [Put(edit.path, before, now)]
    if (
        isinstance(edit, Splice)
        and isinstance(after, Splice)
        and edit.path == after.path
        and after.index == edit.index + len(edit.added)
    ):
        removed, added = edit.removed + after.removed, edit.added + after.added
        return [Splice(edit.path, edit.index, removed, added)]
    return None


def inverse(edits: list[Edit]) -> list[Edit]:
    """The edits that take a run back, in the order to apply them."""
    return [edit.inverse() for edit in reversed(edits)]


def _parent(tree: JSON, path: Path) -> JSON:
    for step in path[:-1]:
        tree = tree[step]
    return tree


def _expect(path: Path, now: JSON | Absent, wanted: JSON | Absent) -> None:
    if now is wanted:
        return
    if now is ABSENT or wanted is ABSENT or not same(now, wanted):
        raise EditMismatchError(f"{path} holds something else than the edit was made for")
