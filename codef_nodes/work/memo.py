"""Values that are dear to make and asked for frame after frame."""

import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, TypeVar

T = TypeVar("T")


class Memo:
    """The last few values, by the very objects that they were made from.

    Nodes hold no state, but what an edit changes is found once and then used by every frame. The
    objects are kept alive with the value, so that none can take the place of another.

    Args:
        keep: Number of values held.
    """

    def __init__(self, keep: int = 3) -> None:
        self._keep = keep
        self._entries: OrderedDict[tuple[Any, ...], tuple[tuple[object, ...], Any]] = OrderedDict()
        self._lock = threading.RLock()
        #: Number of values made, for tests.
        self.made = 0

    def get(self, objects: tuple[object, ...], plain: tuple[Any, ...], make: Callable[[], T]) -> T:
        """The value for these objects and plain values, made when it is not there.

        Args:
            objects: Compared by identity.
            plain: Compared by value; hashable.
            make: Makes the value.
        """
        key = (tuple(id(item) for item in objects), plain)
        with self._lock:
            if key not in self._entries:
                value = make()
                self.made += 1
                self._entries[key] = (objects, value)
                while len(self._entries) > self._keep:
                    self._entries.popitem(last=False)
            self._entries.move_to_end(key)
            found: T = self._entries[key][1]
            return found
