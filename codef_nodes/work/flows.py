"""Optical flow between frames, each link between two frames computed once."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from functools import partial

from codef_nodes.work.matchers import METHODS, matcher
from engine.arrays import U8
from engine.flow.dis import Link, colour8, grey8, link_flow
from engine.flow.learned import learned_link, no_check
from engine.flow.pair import FlowPair
from engine.io.picture import Picture


class Links:
    """The last few links and 8-bit pictures, by the keys of the pictures they come from.

    A node holds no state, and the flow of a frame needs the link to either side, so neighbours
    would compute each link twice. Thread-safe.

    Args:
        keep: Number of links held.
    """

    def __init__(self, keep: int = 4) -> None:
        self._links: OrderedDict[tuple[str, str, str], Link] = OrderedDict()
        self._seen: OrderedDict[tuple[str, bool], U8] = OrderedDict()
        self._lock = threading.RLock()
        self._keep = keep
        #: Number of links computed, for tests.
        self.computed = 0

    def seen(self, key: str, picture: Callable[[], Picture], colour: bool = False) -> U8:
        """What matching sees of the picture that a key stands for: luma, or colours."""
        with self._lock:
            if (key, colour) not in self._seen:
                pixels = picture().pixels
                self._seen[key, colour] = colour8(pixels) if colour else grey8(pixels)
                while len(self._seen) > self._keep:
                    self._seen.popitem(last=False)
            self._seen.move_to_end((key, colour))
            return self._seen[key, colour]

    def link(
        self,
        first: tuple[str, Callable[[], Picture]],
        second: tuple[str, Callable[[], Picture]],
        preset: str,
        method: str = "dis",
        check: Callable[[], None] = no_check,
    ) -> Link:
        """Flow between two pictures in both directions, with confidences.

        Args:
            first: Key of the first picture, and how to read it.
            second: The same for the second.
            preset: Of DIS.
            method: ``dis`` or a learned method; the preset does not matter for these.
            check: Called often while a learned method works; may raise to stop it.

        Raises:
            InputError: The weights of the method are not on this machine.
            DeviceError: The method does not work here.
        """
        learned = method in METHODS
        key = (first[0], second[0], method if learned else preset)
        with self._lock:
            if key not in self._links:
                if learned:
                    pictures = self.seen(*first, colour=True), self.seen(*second, colour=True)
                    self._links[key] = learned_link(matcher(method), *pictures, check)
                else:
                    greys = self.seen(*first), self.seen(*second)
                    self._links[key] = link_flow(*greys, preset)
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


def clip_flow(
    frames: Sequence[int],
    read: Callable[[int], Picture],
    method: str,
    check: Callable[[], None] = no_check,
) -> Callable[[int], FlowPair]:
    """Flow of a clip's frames to the frames beside them, by one method.

    Args:
        frames: Frame numbers, ascending.
        read: Frame number to picture.
        method: As for ``Links.link``.
        check: As for ``Links.link``.

    Returns:
        Frame number to its flow; each link is computed once in sequential use.
    """
    links, place = Links(), {frame: number for number, frame in enumerate(frames)}

    def link(first: int, second: int) -> Link:
        shots = [(str(frame), partial(read, frame)) for frame in (first, second)]
        return links.link(shots[0], shots[1], "medium", method, check)

    def pair(frame: int) -> FlowPair:
        here = place[frame]
        preceding = link(frames[here - 1], frame) if here > 0 else None
        following = link(frame, frames[here + 1]) if here + 1 < len(frames) else None
        return pair_of(frame, following, preceding)

    return pair
