"""The segments of a linked field: each an ordinary field folder, read when it is needed."""

import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.arrays import F32
from engine.errors import FieldError
from engine.fields.field import Field
from engine.io.picture import Window
from engine.linked.linkmap import LinkMap, joined
from engine.linked.links import Link, Links

#: Segments that are held in memory at a time, beside those whose stills are shown: two that share
#: frames and the one that comes next.
HELD = 3


@dataclass(frozen=True)
class Segment:
    """One segment.

    Attributes:
        folder: Its field folder.
        frames: Its frame numbers, ascending.
        reference: Its reference frame.
        identity: ``field_identity`` of its stills: what edits name that were painted on them.
        canvases: Data window and name of each layer's still.
    """

    folder: Path
    frames: tuple[int, ...]
    reference: int
    identity: str
    canvases: tuple[tuple[str, Window], ...]


@dataclass(frozen=True)
class Share:
    """A segment's part in a frame.

    Attributes:
        segment: Number of the segment.
        index: Position of the frame in it.
        weight: 0 to 1; the weights of a frame sum to 1.
    """

    segment: int
    index: int
    weight: float


class Segments:
    """The segments of a linked field, in order, and the links between them.

    Args:
        parts: The segments; each shares frames with the next.
        links: Between each and the next, one fewer.

    Attributes:
        parts: As given.
        links: As given.
        frames: All frame numbers, ascending.

    Raises:
        FieldError: There are none, or two that follow one another share no frame.
    """

    def __init__(self, parts: Sequence[Segment], links: Sequence[Links]) -> None:
        self.parts, self.links = tuple(parts), tuple(links)
        if not self.parts or len(self.links) != len(self.parts) - 1:
            raise FieldError("a linked field needs a link between each two of its segments")
        self.frames = tuple(sorted({frame for part in self.parts for frame in part.frames}))
        self._shares = _shares([part.frames for part in self.parts], self.frames)
        self._held: OrderedDict[int, Field] = OrderedDict()
        self._lock = threading.Lock()
        self._ways: dict[tuple[str, int, int], LinkMap | None] = {}

    def field(self, segment: int) -> Field:
        """A segment's field, from memory or from its folder."""
        with self._lock:
            found = self._held.pop(segment, None)
            if found is None:
                found = self.read(segment)
            self._held[segment] = found
            while len(self._held) > HELD:
                self._held.popitem(last=False)
            return found

    def read(self, segment: int) -> Field:
        """A segment's field from its folder."""
        from engine.fields.folder import load_field

        return load_field(self.parts[segment].folder)

    def store(self, segment: int, folder: Path, working_space: str) -> None:
        """Puts a segment's field into a folder; the files that are there already are shared.

        Args:
            segment: Its number.
            folder: Where, not there yet.
            working_space: OCIO name of the space of its stills, where they are written again.
        """
        from engine.io.atomic import share_folder

        share_folder(self.parts[segment].folder, folder)

    def shares(self, index: int) -> tuple[Share, ...]:
        """The segments that hold a frame, by its position among all."""
        return self._shares[index]

    def of_frame(self, index: int) -> int:
        """The segment that has most to say about a frame."""
        return max(self._shares[index], key=lambda share: share.weight).segment

    def way(self, name: str, start: int, end: int) -> LinkMap | None:
        """The map of a layer from a segment's still to that of another.

        Returns:
            None where there is none: a segment between them does not have the layer.
        """
        place = name, start, end
        if place not in self._ways:
            steps = [links.get(name) for links in self._between(start, end)]
            maps = [step.on if start < end else step.back for step in steps if step is not None]
            whole = len(maps) == len(steps) and all(step.reaches for step in maps)
            self._ways[place] = joined(maps) if whole else None
        return self._ways[place]

    def light(self, name: str, start: int, end: int) -> F32:
        """Factor [3] of the light of one segment's still over that of another."""
        factor = np.ones(3, np.float32)
        for links in self._between(start, end):
            step: Link | None = links.get(name)
            if step is not None:
                factor = factor * step.light if start < end else factor / step.light
        return np.asarray(factor, np.float32)

    def _between(self, start: int, end: int) -> list[Links]:
        if start <= end:
            return [self.links[n] for n in range(start, end)]
        return [self.links[n] for n in range(start - 1, end - 1, -1)]


def _shares(
    held: Sequence[tuple[int, ...]], frames: Sequence[int]
) -> tuple[tuple[Share, ...], ...]:
    """Who holds each frame, and how much: over shared frames the one gives way to the other.

    Raises:
        FieldError: Two segments that follow one another share no frame.
    """
    places = [{frame: index for index, frame in enumerate(part)} for part in held]
    later: list[dict[int, float]] = []
    for n in range(len(held) - 1):
        shared = sorted(set(held[n]) & set(held[n + 1]))
        if not shared:
            raise FieldError(
                f"segments {n} and {n + 1} of this linked field share no frame; fit again"
            )
        step = 1 / (len(shared) + 1)
        later.append({frame: (i + 1) * step for i, frame in enumerate(shared)})
    result = []
    for frame in frames:
        weights = {}
        for n, place in enumerate(places):
            if frame in place:
                rising = later[n - 1].get(frame, 1.0) if n else 1.0
                falling = 1 - later[n].get(frame, 0.0) if n < len(later) else 1.0
                weights[n] = rising * falling
        total = sum(weights.values())
        result.append(tuple(Share(n, places[n][frame], w / total) for n, w in weights.items()))
    return tuple(result)
