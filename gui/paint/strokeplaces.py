"""Where a stroke's pixels are on the canvas of a viewer, and back."""

from collections.abc import Iterable

from PySide6.QtCore import QPointF

from gui.core.editor import Editor
from gui.viewer.canvas import Canvas


class StrokePlaces:
    """Takes places of a canvas to the pixels that strokes are made of.

    Args:
        editor: The editor.
        canvas: The viewer's canvas.
        slot: The viewer's slot.
    """

    def __init__(self, editor: Editor, canvas: Canvas, slot: str) -> None:
        self._editor, self._canvas, self._slot = editor, canvas, slot

    @property
    def shown(self) -> str | None:
        """The node that the viewer shows."""
        return self._editor.viewing.node(self._slot)

    @property
    def scale(self) -> float:
        """Pixels of the picture for each pixel of a stroke."""
        return self._editor.viewing.scale_of(self.shown)

    @property
    def step(self) -> float:
        """Canvas pixels for each pixel of a stroke, down."""
        return self._canvas.viewport.step * self.scale

    def at(self, place: QPointF) -> tuple[float, float]:
        """A place of the canvas in the strokes' pixels."""
        x, y = self._canvas.to_picture(place)
        scale = self.scale
        return x / scale, y / scale

    def line(self, points: Iterable[tuple[float, float]]) -> list[QPointF]:
        """Points of the strokes' pixels on the canvas."""
        scale = self.scale
        return [self._canvas.point(x * scale, y * scale) for x, y in points]

    def on(self, x: float, y: float) -> QPointF:
        """A point of the strokes' pixels on the canvas."""
        return self.line([(x, y)])[0]
