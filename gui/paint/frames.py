"""A stroke drawn on a frame that becomes a stroke of the canonical."""

from typing import Any

from PySide6.QtCore import QObject

from gui.core.editor import Editor
from gui.paint.gesture import StrokeGesture
from gui.paint.target import Target


class FrameGesture(StrokeGesture):
    """Collects points in a frame's pixels; the worker takes the stroke through the inverse map.

    Args:
        editor: The editor.
        target: The canonical Paint node.
        header: The stroke without points.
        fit: The fit whose map leads to the canonical.
        frame: The frame that is painted on.
        parent: The owner.
    """

    def __init__(
        self,
        editor: Editor,
        target: Target,
        header: dict[str, Any],
        fit: str,
        frame: int,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(editor, target, header, dict, None, parent)
        self._fit, self._frame = fit, frame
