"""Masks in their colours over the plate, with a legend of the groups."""

from typing import Any

import numpy as np
from PySide6.QtCore import QObject, QRectF, QTimer, Signal
from PySide6.QtGui import QColor, QImage, QPainter

from engine.arrays import AnyArray
from engine.errors import CodefError
from gui.core.editor import Editor
from gui.masks.edits import mask_source
from gui.masks.masking import masking_of
from gui.viewer.canvas import Canvas
from gui.viewer.fetch import CANCELLED
from gui.viewer.legend import Entry

_WAIT = 80
"""Milliseconds that changes are gathered for."""


def overlay_image(pixels: AnyArray) -> QImage:
    """Premultiplied screen colours [H, W, 4] from 0 to 1 as an image of its own memory."""
    codes = np.rint(np.clip(pixels, 0, 1) * 255).astype(np.uint8)
    swapped = np.ascontiguousarray(codes[..., [2, 1, 0, 3]])
    height, width = swapped.shape[:2]
    buffer: Any = swapped.data
    form = QImage.Format.Format_ARGB32_Premultiplied
    return QImage(buffer, width, height, width * 4, form).copy()


class MaskOverlay(QObject):
    """Asks for the masks that belong to what a viewer shows, and draws them.

    They are shown while the mask tool is in hand, and otherwise as long as it is turned on.

    Args:
        editor: The editor.
        canvas: Where they are drawn.
        slot: The viewer's slot.

    Attributes:
        on: Turned on by hand.
        groups: Name, colour and share of the frame of each group that is drawn.
    """

    changed = Signal()
    """What is drawn or said of it is another."""

    def __init__(self, editor: Editor, canvas: Canvas, slot: str) -> None:
        super().__init__(canvas)
        self._editor, self._canvas, self._slot = editor, canvas, slot
        self.on = False
        self.groups: list[dict[str, Any]] = []
        self._facts: dict[str, Any] = {}
        self._problem = ""
        self._image: QImage | None = None
        self._box = (0.0, 0.0, 0.0, 0.0)
        self._have: object = None
        self._asked: object = None
        self._request: Any = None
        self._share: float | None = None
        self._soon = QTimer(self, singleShot=True, interval=_WAIT)
        self._soon.timeout.connect(self._ask)
        self._masking = masking_of(editor)
        self._masking.changed.connect(self.refresh)
        editor.viewing.changed.connect(self.refresh)
        editor.viewing.results_changed.connect(self.refresh)
        editor.project.changed.connect(self.refresh)
        editor.selection.changed.connect(self.refresh)
        editor.clock.frame_changed.connect(self.refresh)
        editor.clock.playing_changed.connect(self.refresh)
        canvas.overlays.append(self.paint)

    @property
    def shown(self) -> bool:
        """Whether masks are to be drawn."""
        return self.on or self._masking.on

    def toggle(self, on: bool | None = None) -> None:
        """Turns it on or off."""
        self.on = not self.on if on is None else on
        self.refresh()
        self._say()
        if self.on and self.source() is None:
            self._editor.say("There is no mask here: draw one, or select a mask or a MaskGroup.")

    def source(self) -> str | None:
        """The node whose masks belong to what is shown."""
        editor = self._editor
        shown = editor.viewing.shown(self._slot)
        tool = self._masking.home() if self._masking.on else None
        return mask_source(
            editor.project.document,
            shown.node,
            shown.fit,
            editor.selection.names,
            None if tool is None else tool.node,
        )

    def refresh(self, *_: object) -> None:
        """Asks again where something has changed."""
        if self.shown:
            self._soon.start()
        elif self._image is not None or self._problem:
            self._image, self._have, self._problem = None, None, ""
            self._canvas.update()
        self.changed.emit()

    def _say(self) -> None:
        self._canvas.update()
        self.changed.emit()

    def paint(self, painter: QPainter, canvas: Canvas) -> None:
        """Draws the masks."""
        if not self.shown or self.source() is None:
            return
        # Of another frame they would be a lie; what is only being corrected may stay.
        if self._image is not None and _place(self._have) == _place(self._wish()):
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            painter.drawImage(
                canvas.screen_rect(self._box), self._image, QRectF(self._image.rect())
            )

    def _wish(self) -> tuple[str, int, object] | None:
        node = self.source()
        if node is None:
            return None
        return node, self._editor.clock.frame, self._editor.viewing.signature(node)

    def _ask(self) -> None:
        workers, wish = self._editor.workers, self._wish()
        if not self.shown or workers is None or wish is None or self._editor.clock.playing:
            self._say()
            return
        if wish in (self._have, self._asked):
            return
        if self._request is not None and self._asked is not None:
            self._request.cancel()
        self._asked, self._share = wish, None
        self._request = workers.view.request(
            "masks",
            {"node": wish[0], "frame": wish[1]},
            lambda answer: self._use(wish, answer),
            lambda error: self._lost(wish, error),
            lambda name, data: self._told(wish, name, data),
        )
        self._say()

    def _told(self, wish: object, name: str, data: dict[str, Any]) -> None:
        share = float(data.get("fraction") or 0.0)
        if name == "progress" and wish == self._asked and share > (self._share or 0.0):
            self._share = share
            self._say()

    def _use(self, wish: object, answer: dict[str, Any]) -> None:
        workers = self._editor.workers
        if wish != self._asked or workers is None:
            return
        self._asked = None
        picture = answer["picture"]
        try:
            self._image = overlay_image(workers.view.open_picture(picture))
        except CodefError as error:
            self._lost(wish, error)
            return
        x0, y0, x1, y1 = picture["data"]
        self._box = (float(x0), float(y0), float(x1), float(y1))
        self.groups, self._have, self._problem = list(answer["groups"]), wish, ""
        self._facts = {name: answer[name] for name in ("confidence", "worst") if name in answer}
        self._say()

    def _lost(self, wish: object, error: CodefError) -> None:
        if wish != self._asked:
            return
        self._asked = None
        if error.code == CANCELLED:
            self.refresh()
            return
        self._problem, self._have, self._image = str(error), wish, None
        self.groups, self._facts = [], {}
        self._say()

    def legend(self) -> list[Entry]:
        """The groups with their colours, and what is under way or wrong."""
        if not self.shown or self.source() is None:
            return []
        found = [_group(group) for group in (self.groups if self._image is not None else [])]
        foot, failed = self._foot()
        return [*found, Entry("masks", after=foot, failed=failed)] if foot else found

    def _foot(self) -> tuple[str, bool]:
        """What is under way, what is wrong (True), or how far to trust the mask."""
        if self._asked is not None:
            return "updating" + (
                "" if self._share is None else f" {100 * self._share:.0f} %"
            ), False
        if self._problem:
            return self._problem, True
        if "confidence" in self._facts:
            sure = f"confidence {100 * float(self._facts['confidence']):.0f} %"
            worst = self._facts.get("worst")
            return sure if worst is None else f"{sure}, least in frame {worst}", False
        return "", False


def _group(group: dict[str, Any]) -> Entry:
    def swatch(painter: QPainter, box: QRectF) -> None:
        painter.fillRect(box, QColor(str(group["colour"])))

    share = 100 * float(group["share"])
    return Entry(str(group["name"]), swatch, after=f"{share:.1f} %" if share else "not here")


def _place(wish: object) -> object:
    """Node and frame of a wish."""
    return wish[:2] if isinstance(wish, tuple) else None
