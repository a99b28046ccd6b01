"""Qt's mouse and tablet events as samples of one pointer."""

from PySide6.QtCore import QEvent
from PySide6.QtGui import QMouseEvent, QPointingDevice, QTabletEvent

from gui.paint.pen import Sample

PointerEvent = QMouseEvent | QTabletEvent

_PHASES = {
    QEvent.Type.MouseButtonPress: "press",
    QEvent.Type.MouseButtonDblClick: "press",
    QEvent.Type.MouseMove: "move",
    QEvent.Type.MouseButtonRelease: "release",
    QEvent.Type.TabletPress: "press",
    QEvent.Type.TabletMove: "move",
    QEvent.Type.TabletRelease: "release",
}
_PENS = (QPointingDevice.PointerType.Pen, QPointingDevice.PointerType.Eraser)


def sample_of(event: PointerEvent) -> Sample:
    """An event as a sample.

    A mouse event that comes from a pen is one that Qt made of a tablet event.
    """
    place = event.position()
    pen = isinstance(event, QTabletEvent)
    pointer = event.pointerType()
    return Sample(
        phase=_PHASES[event.type()],
        pen=pen,
        x=place.x(),
        y=place.y(),
        time=int(event.timestamp()),
        pressure=event.pressure() if isinstance(event, QTabletEvent) else 1.0,
        eraser=pointer == QPointingDevice.PointerType.Eraser,
        synthesised=not pen and pointer in _PENS,
    )
