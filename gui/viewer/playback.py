"""Playback of one viewer: gets frames before they are due and shows them when they are."""

from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer

from gui.core.editor import Editor
from gui.viewer.fetch import Fetcher, Want

IN_FLIGHT = 2
AHEAD = 48


class Prefetch(QObject):
    """While the clock plays: asks for the frames to come that are not in the cache.

    Args:
        editor: The editor.
        fetcher: Gets the pictures.
        wants: Gives what a frame must be like now, or None for nothing; one for each side.
    """

    def __init__(
        self, editor: Editor, fetcher: Fetcher, wants: Callable[[int], list[Want]]
    ) -> None:
        super().__init__(fetcher)
        self._editor, self._fetcher, self._wants = editor, fetcher, wants
        self._failed: set[Want] = set()
        self._timer = QTimer(self, interval=8)
        self._timer.timeout.connect(self.more)
        editor.clock.playing_changed.connect(self._playing)
        fetcher.ready.connect(self.more)
        fetcher.failed.connect(self._note)

    def more(self, *_: object) -> None:
        """Asks for further frames, as long as few are under way."""
        if not self._editor.clock.playing:
            return
        for frame in self._coming():
            if self._fetcher.kept >= IN_FLIGHT:
                return
            for want in self._wants(frame):
                if self.missing(want) and not self._fetcher.waits_for(want):
                    self._fetcher.ask(want, keep=True)

    def missing(self, want: Want) -> bool:
        """Whether a frame is neither in the cache nor impossible."""
        cache = self._editor.viewing.cache
        found = cache.get(want.key, want.frame, want.signature)
        return found is None and want not in self._failed

    def has_failed(self, want: Want) -> bool:
        """Whether a frame could not be had as things are."""
        return want in self._failed

    def _coming(self) -> list[int]:
        """The frames from now on in the order of playback, no more than the memory holds."""
        clock = self._editor.clock
        low, high = clock.in_point, clock.out_point
        count = high - low + 1
        most = min(count, max(self._room(), 1), AHEAD)
        way = clock.playing
        frames: list[int] = []
        frame = min(max(clock.frame, low), high)
        for _ in range(most):
            frames.append(frame)
            frame += way
            if not low <= frame <= high:
                if clock.loop == "once":
                    break
                if clock.loop == "bounce":
                    way = -way
                    frame = min(max(frame + 2 * way, low), high)
                else:
                    frame = low if way > 0 else high
        return list(dict.fromkeys(frames))

    def _room(self) -> int:
        viewing = self._editor.viewing
        for want in self._wants(self._editor.clock.frame):
            size = viewing.cache.size_of(want.key)
            if size:
                return viewing.cache.room_for(size) - 1
        return AHEAD

    def _playing(self, playing: int) -> None:
        if playing:
            self._failed.clear()
            self._timer.start()
            self.more()
        else:
            self._timer.stop()
            self._fetcher.cancel(kept_only=True)

    def _note(self, want: Want, error: object) -> None:
        self._failed.add(want)
