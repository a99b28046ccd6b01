"""Gets pictures from the view worker and makes them ready for the screen, off the UI thread."""

import contextlib
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from PySide6.QtCore import QObject, Qt, Signal

from engine.arrays import AnyArray
from engine.errors import CodefError
from gui.core.editor import Editor
from gui.core.framecache import CachedFrame, ViewKey
from gui.viewer.display import Look, difference, show_parallel
from gui.viewer.viewframe import ViewFrame

CANCELLED = 5


@dataclass(frozen=True)
class Want:
    """A picture that a viewer asks for.

    Attributes:
        slot: The worker's slot: a newer wish of the same slot takes the place of the older.
        key: What of which node, and how it is to look.
        frame: Frame number, None for a still.
        signature: What the graph above was when it was asked for.
    """

    slot: str
    key: ViewKey
    frame: int | None
    signature: tuple[int, ...]


@dataclass
class _Got:
    """What the worker answered for one side."""

    pixels: AnyArray
    picture: dict[str, Any]
    key: str


class Fetcher(QObject):
    """Asks, converts, and tells when a picture is there.

    Attributes:
        pending: Wishes under way that are not kept for later.
    """

    ready = Signal(object, object)
    """A ``Want`` and its ``ViewFrame``."""
    failed = Signal(object, object)
    """A ``Want`` and the ``CodefError``. Cancelled work is not told."""
    lost = Signal(object)
    """A ``Want`` that the worker has given up, though nobody here has."""
    progressed = Signal(object, float)
    """A ``Want`` that takes long, and the share of it that is done; it never falls."""
    _converted = Signal(object, object)

    def __init__(self, editor: Editor, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._editor = editor
        self.pending: dict[str, Want] = {}
        self._requests: dict[str, list[Any]] = {}
        self._kept: dict[Want, list[Any]] = {}
        self._shares: dict[str, tuple[Want, float]] = {}
        # One picture after the other, each in two parts.
        self._queue = ThreadPoolExecutor(1, thread_name_prefix="codef-convert")
        self._parts = ThreadPoolExecutor(2, thread_name_prefix="codef-display")
        self.destroyed.connect(partial(_end, self._queue, self._parts))
        self._converted.connect(self._deliver, Qt.ConnectionType.QueuedConnection)

    @property
    def kept(self) -> int:
        """How many wishes for later are under way."""
        return len(self._kept)

    def waits_for(self, want: Want) -> bool:
        """Whether this very picture is on its way."""
        return self.pending.get(want.slot) == want or want in self._kept

    def ask(self, want: Want, keep: bool = False) -> None:
        """Asks for a picture; ``ready`` or ``failed`` follows, unless a newer wish comes first.

        Args:
            want: The wish.
            keep: It is for later: it neither takes the place of another wish nor loses its own.
        """
        workers = self._editor.workers
        if workers is None or self.waits_for(want):
            return
        sides = [want.key.node] if want.key.minus is None else [want.key.node, want.key.minus]
        got: dict[int, _Got] = {}
        requests: list[Any] = []
        if keep:
            self._kept[want] = requests
        else:
            self.pending[want.slot] = want
            self._requests[want.slot] = requests
            self._shares.pop(want.slot, None)
        for place, node in enumerate(sides):
            args: dict[str, Any] = {
                "node": node,
                "frame": want.frame,
                "slot": f"{want.slot}.{place}",
                "region": None if want.key.region is None else list(want.key.region),
                "scale": want.key.scale,
                "keep": keep,
            }
            if want.key.layer is not None and place == 0:
                layer = want.key.layer
                args["layer"] = int(layer) if layer.isdecimal() else layer

            def done(answer: dict[str, Any], place: int = place) -> None:
                self._arrived(want, place, len(sides), got, answer, requests)

            requests.append(
                workers.view.request(
                    "view",
                    args,
                    done,
                    lambda error: self._lost(want, requests, error),
                    None if keep else partial(self._told, want),
                    owner=self,
                )
            )

    def again(self, want: Want, frame: ViewFrame) -> None:
        """Makes a picture that is there look another way; nothing is asked of the worker."""
        if frame.pixels is None:
            return
        cached = frame.cached
        self.pending[want.slot] = want
        picture = {
            "data": cached.data,
            "display": cached.display,
            "scale": cached.scale,
            "aspect": cached.aspect,
            "channels": frame.channels,
        }
        self._convert(want, [_Got(frame.pixels.all(), picture, cached.key)], again=True)

    def cancel(self, kept_only: bool = False) -> None:
        """Stops what is under way."""
        for requests in self._kept.values():
            for request in requests:
                request.cancel()
        self._kept.clear()
        if kept_only:
            return
        for requests in self._requests.values():
            for request in requests:
                request.cancel()
        self.pending.clear()
        self._requests.clear()

    def _told(self, want: Want, event: str, data: dict[str, Any]) -> None:
        if event != "progress" or self.pending.get(want.slot) != want:
            return
        done = float(data.get("fraction") or 0.0)
        # What a node reads on the way reports from its own beginning.
        if done > self._shares.get(want.slot, (want, 0.0))[1]:
            self._shares[want.slot] = want, done
            self.progressed.emit(want, done)

    def _arrived(
        self,
        want: Want,
        place: int,
        count: int,
        got: dict[int, _Got],
        answer: dict[str, Any],
        requests: list[Any],
    ) -> None:
        workers = self._editor.workers
        if workers is None:
            return
        picture = answer["picture"]
        try:
            # Mapped also when nobody wants it any more: the worker is told when it is dropped.
            pixels = workers.view.open_picture(picture)
        except CodefError as error:
            self._lost(want, requests, error)
            return
        if not self.waits_for(want):
            return
        got[place] = _Got(pixels, picture, str(answer.get("key", "")))
        if len(got) == count:
            self._convert(want, [got[side] for side in range(count)])

    def _convert(self, want: Want, got: list[_Got], again: bool = False) -> None:
        parts = self._parts

        def run() -> None:
            if not self.waits_for(want):
                return
            try:
                made: object = _made(want, got, again, parts)
            except CodefError as error:
                made = error
            with contextlib.suppress(RuntimeError):  # the window was closed meanwhile
                self._converted.emit(want, made)

        self._queue.submit(run)

    def _deliver(self, want: Want, made: object) -> None:
        if not self._forget(want):
            return
        if isinstance(made, ViewFrame):
            self.ready.emit(want, made)
        else:
            self.failed.emit(want, made)

    def _lost(self, want: Want, requests: list[Any], error: CodefError) -> None:
        kept = self._kept.get(want) is requests
        if not kept and self._requests.get(want.slot) is not requests:
            return  # the same may have been asked anew meanwhile
        if not self._forget(want):
            return
        if error.code != CANCELLED:
            self.failed.emit(want, error)
        elif not kept:
            self.lost.emit(want)

    def _forget(self, want: Want) -> bool:
        """Takes a wish off the lists; False when it was given up before."""
        if want in self._kept:
            del self._kept[want]
            return True
        if self.pending.get(want.slot) == want:
            del self.pending[want.slot]
            self._requests.pop(want.slot, None)
            return True
        return False


def _made(want: Want, got: list[_Got], again: bool, parts: Executor) -> ViewFrame:
    look = want.key.look
    if not isinstance(look, Look):
        raise CodefError("a picture was asked for without a look")
    first = got[0]
    picture = first.picture
    pixels = first.pixels
    if len(got) > 1:
        pixels = difference(pixels, _placed(got[1], first))
    codes = show_parallel(pixels, look, parts)
    cached = CachedFrame(
        codes,
        _box(picture["data"]),
        _box(picture["display"]),
        int(picture["scale"]),
        float(picture["aspect"]),
        "|".join(each.key for each in got),
        want.signature,
    )
    made = ViewFrame(
        cached,
        pixels,
        look,
        node=want.key.node,
        frame=want.frame,
        channels=tuple(picture["channels"]),
        whole=want.key.region is None,
    )
    made.again = again
    return made


def _placed(other: _Got, first: _Got) -> AnyArray:
    """The pixels of one picture where those of the other lie; 0 where it has none."""
    scale = int(first.picture["scale"])
    x0, y0, _, _ = _box(first.picture["data"])
    ox, oy, _, _ = _box(other.picture["data"])
    height, width = first.pixels.shape[:2]
    dx, dy = round((ox - x0) / scale), round((oy - y0) / scale)
    if (dx, dy) == (0, 0) and other.pixels.shape[:2] == (height, width):
        return other.pixels
    placed = np.zeros((height, width, other.pixels.shape[2]), np.float32)
    left, top = max(dx, 0), max(dy, 0)
    right = min(dx + other.pixels.shape[1], width)
    end = min(dy + other.pixels.shape[0], height)
    if left < right and top < end:
        placed[top:end, left:right] = other.pixels[top - dy : end - dy, left - dx : right - dx]
    return placed


def _box(values: Any) -> tuple[int, int, int, int]:
    x0, y0, x1, y1 = (int(value) for value in values)
    return x0, y0, x1, y1


def _end(queue: Executor, parts: Executor, *_: object) -> None:
    queue.shutdown(wait=False, cancel_futures=True)
    # After the queue: a picture that is being made still needs its parts.
    parts.shutdown(wait=False)
