"""Frames that are ready for the screen, in memory, within a budget."""

from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass

from codef_nodes.graph.memory import total_memory
from engine.arrays import AnyArray

_SHARE, _MOST = 0.25, 4 * 2**30


@dataclass(frozen=True)
class ViewKey:
    """All that decides how the frames of a node look on the screen, but the frame and the graph.

    Attributes:
        node: The node.
        layer: The layer of a fit's canonical, or None.
        minus: For a difference: the node that is taken away, else None.
        scale: Every how-manyth pixel: 1, 2, 4 or 8.
        region: The part that was asked for, or None for all.
        look: How linear pixels become codes.
    """

    node: str
    layer: str | None = None
    minus: str | None = None
    scale: int = 1
    region: tuple[int, int, int, int] | None = None
    look: Hashable = None


@dataclass
class CachedFrame:
    """One frame as the screen shows it.

    Attributes:
        codes: uint32 [H, W], 0xFFRRGGBB.
        data: Its place in full-size pixels, x0, y0, x1, y1.
        display: The display window in full-size pixels.
        scale: Full-size pixels for each of its pixels.
        aspect: Width of a pixel over its height.
        key: The worker's name for the picture: the same name is the same picture.
        signature: What the graph above was when the picture was made.
    """

    codes: AnyArray
    data: tuple[int, int, int, int]
    display: tuple[int, int, int, int]
    scale: int
    aspect: float
    key: str
    signature: tuple[int, ...] = ()


class FrameCache:
    """Frames by view and number; the least recently used go first.

    Args:
        budget: Bytes; None: a quarter of the machine's memory and at most 4 GiB.

    Attributes:
        bytes: What is held now.
    """

    def __init__(self, budget: int | None = None) -> None:
        self.budget = default_budget() if budget is None else budget
        self.bytes = 0
        self._entries: OrderedDict[tuple[ViewKey, int | None], CachedFrame] = OrderedDict()

    def get(
        self, key: ViewKey, frame: int | None, signature: tuple[int, ...]
    ) -> CachedFrame | None:
        """A frame that is right for the graph as it is, or None."""
        found = self._entries.get((key, frame))
        if found is None or found.signature != signature:
            return None
        self._entries.move_to_end((key, frame))
        return found

    def older(self, key: ViewKey, frame: int | None) -> CachedFrame | None:
        """A frame of this view from before a change, or None."""
        return self._entries.get((key, frame))

    def put(self, key: ViewKey, frame: int | None, entry: CachedFrame) -> None:
        """Keeps a frame and drops what is over the budget."""
        before = self._entries.pop((key, frame), None)
        if before is not None:
            self.bytes -= before.codes.nbytes
        if entry.codes.nbytes > self.budget:
            return
        self._entries[key, frame] = entry
        self.bytes += entry.codes.nbytes
        self._shrink()

    def frames(self, key: ViewKey, signature: tuple[int, ...]) -> tuple[set[int], set[int]]:
        """The frames of a view that are right, and those that are old."""
        right: set[int] = set()
        old: set[int] = set()
        for (view, frame), entry in self._entries.items():
            if view == key and frame is not None:
                (right if entry.signature == signature else old).add(frame)
        return right, old

    def size_of(self, key: ViewKey) -> int:
        """Bytes of one frame of a view, 0 while there is none."""
        for (view, _), entry in reversed(self._entries.items()):
            if view == key:
                return int(entry.codes.nbytes)
        return 0

    def room_for(self, nbytes: int) -> int:
        """How many frames of a size the budget holds."""
        return self.budget // max(nbytes, 1)

    def set_budget(self, budget: int) -> None:
        """Sets the budget and drops what is over it."""
        self.budget = budget
        self._shrink()

    def clear(self) -> None:
        """Forgets everything."""
        self._entries.clear()
        self.bytes = 0

    def _shrink(self) -> None:
        while self.bytes > self.budget and self._entries:
            _, gone = self._entries.popitem(last=False)
            self.bytes -= gone.codes.nbytes


def default_budget() -> int:
    """A quarter of the machine's memory, at most 4 GiB."""
    return int(min(total_memory() * _SHARE, _MOST))
