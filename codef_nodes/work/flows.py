"""Optical flow between frames, each link between two frames computed once."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from functools import partial

from codef_nodes.work.matchers import METHODS, matcher
from engine.arrays import U8, AnyArray
from engine.flow.compact import as_bytes, as_halves, compact, from_bytes, from_halves
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
        device: str = "auto",
    ) -> Link:
        """Flow between two pictures in both directions, with confidences.

        Args:
            first: Key of the first picture, and how to read it.
            second: The same for the second.
            preset: Of DIS.
            method: ``dis`` or a learned method; the preset does not matter for these.
            check: Called often while a learned method works; may raise to stop it.
            device: Where a learned method works, as ``--device`` says it.

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
                    self._links[key] = learned_link(matcher(method, device), *pictures, check)
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


#: Memory for the links of a whole clip; the oldest are found anew beyond it.
CLIP_BYTES = 2 << 30


class ClipFlow:
    """Flow of a clip's frames to the frames beside them, by one method.

    A fit follows each group from the reference frame outward to both sides, several at a time, so
    all links are kept, rounded as the node OpticalFlow rounds them. Thread-safe.

    Args:
        frames: Frame numbers, ascending.
        read: Frame number to picture.
        method: As for ``Links.link``.
        check: As for ``Links.link``.
        limit: Bytes of links that are kept.
        device: As for ``Links.link``.
    """

    def __init__(
        self,
        frames: Sequence[int],
        read: Callable[[int], Picture],
        method: str,
        check: Callable[[], None] = no_check,
        limit: int = CLIP_BYTES,
        device: str = "auto",
    ) -> None:
        self._frames, self._read, self._method, self._check = tuple(frames), read, method, check
        self._place = {frame: number for number, frame in enumerate(frames)}
        self._limit, self._device = limit, device
        self._made: OrderedDict[int, tuple[AnyArray | None, ...]] = OrderedDict()
        self._lock = threading.RLock()
        #: Finds the links, and counts them.
        self.links = Links()

    def __call__(self, frame: int) -> FlowPair:
        """The flow of a frame to the frames beside it in ``frames``."""
        place = self._place[frame]
        preceding, following = self._link(place - 1), self._link(place)
        return pair_of(frame, following, preceding)

    def _link(self, place: int) -> Link | None:
        """The link between the frames at ``place`` and ``place + 1``."""
        if not 0 <= place < len(self._frames) - 1:
            return None
        with self._lock:
            kept = self._made.get(place)
            if kept is None:
                shots = [(str(f), partial(self._read, f)) for f in self._frames[place : place + 2]]
                how = ("medium", self._method, self._check, self._device)
                found = self.links.link(shots[0], shots[1], *how)
                pair = compact(FlowPair(place, *found))
                kept = (
                    as_halves(pair.forward),
                    as_bytes(pair.forward_confidence),
                    as_halves(pair.backward),
                    as_bytes(pair.backward_confidence),
                )
                self._made[place] = kept
                self._forget(sum(part.nbytes for part in kept if part is not None))
            self._made.move_to_end(place)
        there, back = from_halves(kept[0]), from_halves(kept[2])
        sure, sure_back = from_bytes(kept[1]), from_bytes(kept[3])
        if there is None or sure is None or back is None or sure_back is None:
            return None
        return there, sure, back, sure_back

    def _forget(self, each: int) -> None:
        while len(self._made) > max(2, self._limit // each):
            self._made.popitem(last=False)
