"""Overlays over a picture: warp grid, outlines, and heat maps of how far the fit can be trusted."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from PySide6.QtCore import QObject, QPointF, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QImage, QLinearGradient, QPainter, QPen, QPolygonF

from engine.arrays import AnyArray
from engine.errors import CodefError
from gui.core.editor import Editor
from gui.core.streams import CANONICAL
from gui.viewer.fetch import CANCELLED
from gui.viewer.legend import Entry, Sign

if TYPE_CHECKING:
    from gui.viewer.canvas import Canvas

LINES = {"grid": QColor(120, 200, 255, 150), "outlines": QColor(255, 214, 90, 220)}
_BAD, _FAIR = (235, 64, 52), (245, 190, 60)
_FOLD = (255, 60, 220)
LEGENDS = {
    "grid": "warp grid",
    "outlines": "group outlines",
    "coverage": "seen in frames",
    "confidence": "confidence",
    "folds": "folds",
}
_ENDS = {"coverage": ("none", "all"), "confidence": ("low", "high"), "folds": ("", "folded")}


def heat_colours(kind: str) -> AnyArray:
    """For 256 values from 0 to 1 the colour of a heat map.

    What is good is left clear, so that the picture stays visible: red is where nothing is known.

    Args:
        kind: ``coverage``, ``confidence`` or ``folds``.

    Returns:
        uint8 [256, 4]: red, green, blue, alpha, premultiplied.
    """
    value = np.linspace(0, 1, 256)[:, None]
    if kind == "folds":
        colour = np.repeat(np.array([_FOLD], float), 256, axis=0)
        alpha = np.where(value > 0.02, 0.35 + 0.4 * value, 0.0)
    else:
        colour = np.array([_BAD], float) * (1 - value) + np.array([_FAIR], float) * value
        alpha = 0.62 * (1 - value) ** 1.2
    premultiplied = np.concatenate([colour * alpha, 255 * alpha], axis=1)
    found: AnyArray = np.round(premultiplied).astype(np.uint8)
    return found


def heat_image(values: AnyArray, kind: str) -> QImage:
    """A heat map as an image of its own memory.

    Args:
        values: [H, W] from 0 to 1.
        kind: As for ``heat_colours``.
    """
    index = (np.clip(np.nan_to_num(values), 0, 1) * 255 + 0.5).astype(np.uint8)
    table = heat_colours(kind).astype(np.uint32)
    packed = table[:, 3] << 24 | table[:, 0] << 16 | table[:, 1] << 8 | table[:, 2]
    codes = np.ascontiguousarray(packed[index])
    height, width = codes.shape
    form = QImage.Format.Format_ARGB32_Premultiplied
    buffer: Any = codes.data
    return QImage(buffer, width, height, width * 4, form).copy()


@dataclass
class _Drawn:
    lines: list[QPolygonF]
    image: QImage | None
    box: tuple[float, float, float, float]


class OverlayLayer(QObject):
    """Asks for the overlays that are on, and draws them on a canvas.

    Args:
        editor: The editor.
        canvas: Where they are drawn.
        slot: The viewer's slot.

    Attributes:
        on: Which kinds are on.
        problems: For a kind that cannot be had: why.
    """

    changed = Signal()
    """What is drawn or said of it is another."""

    def __init__(self, editor: Editor, canvas: "Canvas", slot: str) -> None:
        super().__init__(canvas)
        self._editor, self._canvas, self._slot = editor, canvas, slot
        self.on: set[str] = set()
        self.problems: dict[str, str] = {}
        self._drawn: dict[str, _Drawn] = {}
        self._have: dict[str, object] = {}
        self._asked: dict[str, object] = {}
        self._timer = QTimer(self, singleShot=True, interval=60)
        self._timer.timeout.connect(self._ask)
        viewing = editor.viewing
        viewing.changed.connect(self.refresh)
        viewing.results_changed.connect(self.refresh)
        editor.clock.frame_changed.connect(self.refresh)
        editor.clock.playing_changed.connect(self.refresh)
        canvas.overlays.append(self.paint)

    def toggle(self, kind: str, on: bool) -> None:
        """Turns an overlay on or off."""
        (self.on.add if on else self.on.discard)(kind)
        self.problems.pop(kind, None)
        self._say()
        self.refresh()

    def refresh(self, *_: object) -> None:
        """Asks again where something has changed."""
        if self.on:
            self._timer.start()
            self.changed.emit()

    def _say(self) -> None:
        self._canvas.update()
        self.changed.emit()

    def paint(self, painter: QPainter, canvas: "Canvas") -> None:
        """Draws what is there."""
        shown = [kind for kind in LEGENDS if kind in self.on]
        scale = self._scale()
        for kind in sorted(shown, key=lambda kind: kind in LINES):
            drawn = self._drawn.get(kind)
            if drawn is None or self._have.get(kind) != self._wish(kind):
                continue
            if drawn.image is not None:
                x0, y0, x1, y1 = (value * scale for value in drawn.box)
                target = canvas.screen_rect((x0, y0, x1, y1))
                painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
                painter.drawImage(target, drawn.image, QRectF(drawn.image.rect()))
            if drawn.lines:
                self._lines(painter, canvas, kind, drawn.lines, scale)

    def legend(self) -> list[Entry]:
        """What is drawn, is being made, or cannot be had."""
        waiting = self._waiting()
        return [self._entry(kind, kind in waiting) for kind in LEGENDS if kind in self.on]

    def _entry(self, kind: str, waits: bool) -> Entry:
        name = LEGENDS[kind]
        if kind in self.problems:
            return Entry(name, after=self.problems[kind], failed=True)
        if waits:
            return Entry(name, after="updating")
        if kind in LINES:
            return Entry(name, _line(kind))
        low, high = _ENDS[kind]
        return Entry(name, _ramp(kind), low, high)

    def _lines(
        self,
        painter: QPainter,
        canvas: "Canvas",
        kind: str,
        lines: list[QPolygonF],
        scale: float,
    ) -> None:
        viewport = canvas.viewport
        step = viewport.step * scale
        origin = canvas.point(0, 0)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.translate(origin)
        painter.scale(step * viewport.aspect, step)
        pen = QPen(LINES[kind], 1.0 if kind == "grid" else 1.6)
        pen.setCosmetic(True)
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for line in lines:
            painter.drawPolyline(line)
        painter.restore()

    def _scale(self) -> float:
        viewing = self._editor.viewing
        return viewing.scale_of(viewing.node(CANONICAL)) if self._slot == CANONICAL else 1.0

    def _waiting(self) -> set[str]:
        return {kind for kind in self.on if self._have.get(kind) != self._wish(kind)}

    def _wish(self, kind: str) -> object:
        """What an overlay hangs on: another value means that it must be asked for anew."""
        viewing = self._editor.viewing
        shown = viewing.shown(self._slot)
        if shown.node is None or shown.fit is None:
            return None
        # In the canonical these are sums over all frames.
        still = self._slot == CANONICAL and kind != "confidence"
        frame = None if still else self._editor.clock.frame
        layer = viewing.layer if self._slot == CANONICAL else None
        return shown.fit, frame, layer, self._segment(), viewing.signature(shown.fit)

    def _segment(self) -> int | None:
        """Of a long shot the segment whose still is shown; over a frame that of the frame."""
        return self._editor.viewing.stills.asked if self._slot == CANONICAL else None

    def _ask(self) -> None:
        workers = self._editor.workers
        fit = self._editor.viewing.shown(self._slot).fit
        if workers is None or (self._editor.clock.playing and self._slot != CANONICAL):
            return
        for kind in sorted(self.on):
            wish = self._wish(kind)
            if wish is None or fit is None:
                self.problems[kind] = "there is no fit here"
                self._say()
                continue
            if wish in (self._have.get(kind), self._asked.get(kind)):
                continue
            self._asked[kind] = wish
            args = {
                "node": fit,
                "frame": self._editor.clock.frame,
                "kind": kind,
                "space": self._slot,
                "layer": self._editor.viewing.layer if self._slot == CANONICAL else None,
                "segment": self._segment(),
            }

            def done(answer: dict[str, Any], kind: str = kind, wish: object = wish) -> None:
                self._use(kind, wish, answer)

            def failed(error: CodefError, kind: str = kind, wish: object = wish) -> None:
                self._lost(kind, wish, error)

            workers.view.request("overlay", args, done, failed, owner=self)

    def _use(self, kind: str, wish: object, answer: dict[str, Any]) -> None:
        if self._asked.get(kind) == wish:
            self._asked.pop(kind)
        lines = [
            QPolygonF([QPointF(point[0], point[1]) for point in line])
            for line in answer.get("lines") or []
        ]
        image, box = None, (0.0, 0.0, 0.0, 0.0)
        picture, workers = answer.get("picture"), self._editor.workers
        if picture is not None and workers is not None:
            try:
                values = workers.view.open_picture(picture)
            except CodefError as error:
                self._lost(kind, wish, error)
                return
            image = heat_image(values[..., 0], kind)
            x0, y0, x1, y1 = picture["data"]
            box = (float(x0), float(y0), float(x1), float(y1))
        self._drawn[kind], self._have[kind] = _Drawn(lines, image, box), wish
        self.problems.pop(kind, None)
        self._say()

    def _lost(self, kind: str, wish: object, error: CodefError) -> None:
        if self._asked.get(kind) == wish:
            self._asked.pop(kind)
        if error.code == CANCELLED:
            self.refresh()
            return
        self.problems[kind] = str(error)
        self._have[kind] = wish
        self._drawn.pop(kind, None)
        self._say()


def _line(kind: str) -> Sign:
    def draw(painter: QPainter, box: QRectF) -> None:
        painter.setPen(QPen(LINES[kind], 2))
        middle = box.center().y()
        painter.drawLine(QPointF(box.left(), middle), QPointF(box.right(), middle))

    return draw


def _ramp(kind: str) -> Sign:
    def draw(painter: QPainter, box: QRectF) -> None:
        gradient = QLinearGradient(box.topLeft(), box.topRight())
        colours = heat_colours(kind)
        for step in range(0, 256, 51):
            red, green, blue, alpha = (int(v) for v in colours[step])
            # Shown over mid grey, as over a picture.
            rest = 1 - alpha / 255
            shade = QColor(*(min(255, int(v + 90 * rest)) for v in (red, green, blue)))
            gradient.setColorAt(step / 255, shade)
        painter.fillRect(box, gradient)

    return draw
