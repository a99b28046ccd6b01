"""What is measured of a frame while it is painted on: piece by piece, once, and a little ahead."""

import threading

import numpy as np

from engine.arrays import F32
from engine.edit.broad import Samples
from engine.edit.finish import Finish
from engine.edit.frameview import FrameView
from engine.edit.place import Surroundings
from engine.edit.windows import Box, grown, inside, size
from engine.io.picture import Picture
from engine.once import Once

#: Side of the tiles in which the holdout is found.
TILE = 128


class TiledSurroundings(Surroundings):
    """The surroundings of edits that come bit by bit, anywhere in a frame.

    What is in front is looked for in whole tiles, each once. So a brush that moves on costs what is
    new under it, and what it is about to reach is looked at before it is there.

    Args:
        view: The frame.
        plate: The frame's picture.
        finish: What is wanted.
    """

    def __init__(self, view: FrameView, plate: Picture, finish: Finish) -> None:
        height, width = view.field.height, view.field.width
        super().__init__(view, plate, finish, (slice(0, height), slice(0, width)))
        self._shape = height, width
        self._tiles: Once[F32] = Once()
        self._known: set[tuple[int, int]] = set()
        self._ahead: list[tuple[int, int]] = []
        self._working = False
        self._lock = threading.Lock()
        self._measuring = threading.Lock()
        # Nobody waits for this yet: it is ready, or on its way, when the brush comes down.
        threading.Thread(target=self._measure, name="codef-measure", daemon=True).start()

    def _measure(self) -> None:
        _ = self.samples if self.looks_broadly else self.grain

    @property
    def samples(self) -> Samples:
        """The broad light of the whole frame."""
        with self._measuring:
            return super().samples

    def held(self, box: Box) -> F32:
        """How surely something without a mask is in front, [h, w]."""
        result = np.empty(size(box), np.float32)
        for tile in _tiles(box):
            whole = _box_of(tile, self._shape)
            rows, columns = (
                slice(max(own.start, wanted.start), min(own.stop, wanted.stop))
                for own, wanted in zip(whole, box, strict=True)
            )
            part = rows, columns
            result[inside(part, box)] = self._tile(tile)[inside(part, whole)]
        return result

    def look_ahead(self, box: Box) -> None:
        """Looks at a box and the tiles around it in a thread, unless they are known."""
        if not self.finish.holdout:
            return
        wanted = [t for t in _tiles(grown(box, TILE, self._shape)) if t not in self._known]
        middle = [(each.start + each.stop) / 2 / TILE - 0.5 for each in box]
        wanted.sort(key=lambda t: -abs(t[0] - middle[0]) - abs(t[1] - middle[1]))
        with self._lock:
            # What lies ahead now, not what lay ahead when the brush was elsewhere.
            self._ahead = wanted
            if wanted and not self._working:
                self._working = True
                threading.Thread(target=self._work, name="codef-ahead", daemon=True).start()

    def _work(self) -> None:
        while (tile := self._next()) is not None:
            self._tile(tile)

    def _next(self) -> tuple[int, int] | None:
        with self._lock:
            self._working = bool(self._ahead)
            return self._ahead.pop() if self._ahead else None

    def _tile(self, tile: tuple[int, int]) -> F32:
        def make() -> F32:
            found = super(TiledSurroundings, self).held(_box_of(tile, self._shape))
            return np.ascontiguousarray(found)

        value = self._tiles.get((), tile, make)
        self._known.add(tile)
        return value


def _tiles(box: Box) -> list[tuple[int, int]]:
    """Rows and columns of the tiles that a box touches."""
    down, along = (range(s.start // TILE, -(-s.stop // TILE)) for s in box)
    return [(row, column) for row in down for column in along]


def _box_of(tile: tuple[int, int], shape: tuple[int, int]) -> Box:
    rows, columns = (
        slice(n * TILE, min((n + 1) * TILE, most)) for n, most in zip(tile, shape, strict=True)
    )
    return rows, columns
