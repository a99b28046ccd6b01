"""The cursor of one viewer shown in the other, through the fit."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QTimer

from engine.errors import CodefError
from gui.core.editor import Editor
from gui.core.streams import CANONICAL, FRAME

if TYPE_CHECKING:
    from gui.viewer.canvas import Canvas

_EVERY = 8
"""Milliseconds between two questions, at least: a screen shows no more."""
_WARM = 150
"""Milliseconds that a frame is looked at before its map is made ready."""
_REACH = 48.0
"""Pixels around a known place within which the next one is foretold by the map's slope."""

Place = tuple[float, float]


@dataclass(frozen=True)
class _Known:
    """What the worker said last: where a place of the other viewer is in this one."""

    about: object
    place: Place
    found: Place
    seen: bool
    slope: tuple[Place, Place] | None

    def foretold(self, place: Place) -> Place | None:
        """Where a place nearby must be, as long as the map is straight there."""
        x, y = place[0] - self.place[0], place[1] - self.place[1]
        if (x, y) == (0, 0):
            return self.found
        if self.slope is None or math.hypot(x, y) > _REACH:
            return None
        (a, b), (c, d) = self.slope
        return self.found[0] + a * x + b * y, self.found[1] + c * x + d * y


class CursorLink(QObject):
    """Shows on a canvas where the cursor of the other viewer is in this picture.

    The mark moves with the cursor at once, by the slope of the map where it was last known; the
    worker's answer puts it right. One question is under way at a time; of what comes meanwhile only
    the last is asked.

    Args:
        editor: The editor.
        canvas: The canvas that shows it.
        slot: The slot of that canvas.
    """

    def __init__(self, editor: Editor, canvas: "Canvas", slot: str) -> None:
        super().__init__(canvas)
        self._editor, self._canvas, self._slot = editor, canvas, slot
        self._place: Place | None = None
        self._wanted: Place | None = None
        self._asked: object = None
        self._known: _Known | None = None
        self._ready: object = None
        self._pause = QTimer(self, singleShot=True, interval=_EVERY)
        self._pause.timeout.connect(self._ask)
        self._rest = QTimer(self, singleShot=True, interval=_WARM)
        self._rest.timeout.connect(self._make_ready)
        viewing = editor.viewing
        viewing.pointed.connect(self._pointed)
        editor.clock.frame_changed.connect(self._again)
        viewing.info_changed.connect(self._again)
        viewing.stills.changed.connect(self._again)

    def _pointed(self, slot: str, place: Place | None) -> None:
        if slot == self._slot:
            place = None  # the cursor is in this viewer itself
        self._place = self._wanted = place
        if place is None:
            self._canvas.set_linked(None)
            return
        known = self._known
        if known is not None and known.about == self._about():
            soon = known.foretold(place)
            if soon is not None:
                self._canvas.set_linked((*soon, known.seen))
        if self._asked is None and not self._pause.isActive():
            self._ask()

    def _again(self, *_: object) -> None:
        """Another frame, or another fit: the same place is elsewhere."""
        if self._place is not None:
            self._wanted = self._place
            self._ask()
        else:
            self._rest.start()

    def _about(self) -> tuple[object, ...] | None:
        """What an answer hangs on, or None while no fit is shown."""
        editor, viewing = self._editor, self._editor.viewing
        fit = viewing.shown(CANONICAL).fit or viewing.shown(FRAME).fit
        if editor.workers is None or fit is None or not self._canvas.isVisible():
            return None
        frame, signature = editor.clock.frame, viewing.signature(fit)
        return fit, frame, viewing.layer, self._scale(), signature, viewing.stills.asked

    def _ask(self) -> None:
        place, about = self._wanted, self._about()
        if place is None or about is None or self._asked == about:
            return
        self._wanted = None
        self._asked = about
        scale = self._scale()
        to_frame = self._slot == FRAME
        into, out = (1 / scale, 1.0) if to_frame else (1.0, scale)

        def done(answer: dict[str, Any]) -> None:
            if self._asked == about:
                self._asked = None
            if self._about() == about:
                self._known = self._read(about, place, into, out, answer)
                self._show(self._known)
            self._go_on()

        def failed(error: CodefError) -> None:
            if self._asked == about:
                self._asked = None
                self._canvas.set_linked(None)
                self._go_on()

        points = [[place[0] * into, place[1] * into]]
        self._request(about, points, self._slot, done, failed)

    def _make_ready(self) -> None:
        """Whoever rests on a frame may point at it next: its map is made before that."""
        about = self._about()
        if about is None or about == self._ready or self._editor.clock.playing:
            return
        self._ready = about
        self._request(about, [], f"{self._slot}.ready")

    def _request(
        self,
        about: tuple[object, ...],
        points: list[list[float]],
        slot: str,
        done: Callable[[dict[str, Any]], None] | None = None,
        failed: Callable[[CodefError], None] | None = None,
    ) -> None:
        workers = self._editor.workers
        if workers is None:
            return
        to_frame = self._slot == FRAME
        args: dict[str, Any] = {
            "node": about[0],
            "frame": about[1],
            # From a frame the place itself says which group it belongs to.
            "layer": about[2] if to_frame else None,
            "points": points,
            "to": "frame" if to_frame else "canonical",
            "slot": slot,
            "segment": about[5],
        }
        workers.view.request("map", args, done, failed, owner=self)

    def _go_on(self) -> None:
        if self._wanted is not None and not self._pause.isActive():
            self._pause.start()

    def _read(
        self,
        about: tuple[object, ...],
        place: Place,
        into: float,
        out: float,
        answer: dict[str, Any],
    ) -> _Known | None:
        points = answer.get("points") or []
        if not points or points[0] is None or None in points[0]:
            return None
        seen = bool((answer.get("visible") or [True])[0])
        layers = answer.get("layers") or []
        if self._slot == CANONICAL and layers and layers[0] != about[2]:
            seen = False  # a place of another group than the one that is shown
        x, y = points[0][:2]
        slope = (answer.get("slopes") or [None])[0]
        if slope is not None:
            (a, b), (c, d) = slope
            by = into * out
            slope = (a * by, b * by), (c * by, d * by)
        return _Known(about, place, (float(x) * out, float(y) * out), seen, slope)

    def _show(self, known: _Known | None) -> None:
        place = None if known is None or self._place is None else known.foretold(self._place)
        if known is None or place is None:
            if known is None or self._place is None:
                self._canvas.set_linked(None)
            return
        self._canvas.set_linked((*place, known.seen))

    def _scale(self) -> float:
        viewing = self._editor.viewing
        return viewing.scale_of(viewing.node(CANONICAL))
