"""Where clones and the like copy from."""

from PySide6.QtCore import QPointF

from gui.paint.painting import Painting
from gui.paint.strokeplaces import StrokePlaces


class Source:
    """The place that a stroke copies from: Ctrl+click sets it, the next press says what it is of.

    Args:
        painting: Holds the offset.
        places: Of the viewer.
    """

    def __init__(self, painting: Painting, places: StrokePlaces) -> None:
        self._painting, self._places = painting, places
        self._anchor: tuple[float, float] | None = None

    def begin(self, place: QPointF) -> None:
        """Ctrl and the button went down here."""
        self._anchor = self._places.at(place)

    def drag(self, place: QPointF) -> None:
        """They are dragged: from the anchor to the brush."""
        if self._anchor is not None:
            x, y = self._places.at(place)
            self._painting.set(offset=(self._anchor[0] - x, self._anchor[1] - y))

    def forget(self) -> None:
        """A drag has said the offset: the anchor is done."""
        self._anchor = None

    def settle(self, here: tuple[float, float]) -> None:
        """After Ctrl+click the next press says what the source is the source of."""
        if self._anchor is not None:
            self._painting.set(offset=(self._anchor[0] - here[0], self._anchor[1] - here[1]))
            self._anchor = None

    def of(self, place: QPointF) -> QPointF | None:
        """Where on the canvas is copied from while the brush is at a place, if anywhere."""
        tool = self._painting.tool
        if tool is None or not tool.sourced:
            return None
        if self._anchor is not None:
            return self._places.on(*self._anchor)
        offset = self._painting.brush.offset
        if offset is None or (tool.kind == "reveal" and offset == (0.0, 0.0)):
            return None
        x, y = self._places.at(place)
        return self._places.on(x + offset[0], y + offset[1])
