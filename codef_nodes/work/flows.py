"""Optical flow between frames, each link between two frames computed once."""

import threading
from collections import OrderedDict
from collections.abc import Callable

from engine.arrays import U8
from engine.flow.dis import Link, grey8, link_flow
from engine.flow.pair import FlowPair
from engine.io.picture import Picture


class Links:
    """The last few links and grey pictures, by the keys of the pictures they come from.

    A node holds no state, and the flow of a frame needs the link to either side, so neighbours
    would compute each link twice. Thread-safe.

    Args:
        keep: Number of links held.
    """

    def __init__(self, keep: int = 4) -> None:
        self._links: OrderedDict[tuple[str, str, str], Link] = OrderedDict()
        self._greys: OrderedDict[str, U8] = OrderedDict()
        self._lock = threading.RLock()
        self._keep = keep
        #: Number of links computed, for tests.
        self.computed = 0

    def grey(self, key: str, picture: Callable[[], Picture]) -> U8:
        """The luma of a picture that a key stands for."""
        with self._lock:
            if key not in self._greys:
                self._greys[key] = grey8(picture().pixels)
                while len(self._greys) > self._keep:
                    self._greys.popitem(last=False)
            self._greys.move_to_end(key)
            return self._greys[key]

    def link(
        self,
        first: tuple[str, Callable[[], Picture]],
        second: tuple[str, Callable[[], Picture]],
        preset: str,
    ) -> Link:
        """Flow between two pictures in both directions, with confidences."""
        key = (first[0], second[0], preset)
        with self._lock:
            if key not in self._links:
                self._links[key] = link_flow(self.grey(*first), self.grey(*second), preset)
                self.computed += 1
                while len(self._links) > self._keep:
                    self._links.popitem(last=False)
            self._links.move_to_end(key)
            return self._links[key]


LINKS = Links()


def pair_of(frame: int, following: Link | None, preceding: Link | None) -> FlowPair:
    """The flow of a frame from the links to its next and from its previous frame."""
    return FlowPair(
        frame,
        None if following is None else following[0],
        None if following is None else following[1],
        None if preceding is None else preceding[2],
        None if preceding is None else preceding[3],
    )
