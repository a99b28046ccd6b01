"""The pins in the panel of their node: one row each, to rename, resize, switch off or delete."""

from typing import Any

from PySide6.QtWidgets import QTableWidgetItem, QWidget

from codef_nodes.graph.jsonvalue import JSON
from codef_nodes.graph.knob import Knob
from gui.properties.rowlist import Column, RowList, cell, frames_text, is_ticked

COLUMNS = (
    Column("Pin", "Its name; unticked, it does not count."),
    Column("Keys", "Frames in which it has a place.", 7),
    Column("Radius", "Pixels around it beyond which nothing moves.", 7),
    Column(
        "Hard", "Ticked, it is met exactly; else it pulls half of the way and yields to others.", 6
    ),
    Column(
        "Fade",
        "Frames before its first and after its last key in which it lets go; empty: it never does.",
        6,
    ),
)
_NAME, _KEYS, _RADIUS, _HARD, _FADE = range(5)


class PinsEditor(RowList):
    """A table of pins; Del deletes the selected ones."""

    def __init__(self, knob: Knob, parent: QWidget | None = None) -> None:
        self._value: list[dict[str, Any]] = []
        super().__init__(knob, COLUMNS, "No pins yet: take the pin tool.", "pins", parent=parent)

    def show_value(self, value: JSON) -> None:
        """Fills the table."""
        self._value = [pin for pin in value if isinstance(pin, dict)]
        self.fill([_cells(pin) for pin in self._value])

    def removed(self, rows: set[int]) -> None:
        """Pins are to go."""
        self.committed.emit([pin for n, pin in enumerate(self._value) if n not in rows])

    def edited(self, row: int, column: int, item: QTableWidgetItem) -> None:
        """A pin is changed."""
        pins = [dict(pin) for pin in self._value]
        pin, text, ticked = pins[row], item.text().strip(), is_ticked(item)
        if column == _NAME:
            if ticked != pin.get("enabled", True):
                pin["enabled"] = ticked
            others = {str(each.get("name")) for each in pins if each is not pin}
            if text and text not in others:
                pin["name"] = text
            elif text != pin.get("name"):
                self.refused.emit(f"{text or 'no name'} is no name for a pin: each needs its own")
        elif column == _HARD and ticked != pin.get("hard", True):
            pin["hard"] = ticked
        elif column == _RADIUS and not _set(pin, "radius", text, 1.0):
            self.refused.emit(f"{text} is no radius; type pixels of at least 1")
        elif column == _FADE:
            if not text:
                pin["fade"] = None
            elif not _set(pin, "fade", text, 0):
                self.refused.emit(f"{text} is no number of frames; type 0 or more, or nothing")
        if pins != self._value:
            self.committed.emit(pins)
        else:
            self.show_value(self._value)


def _set(pin: dict[str, Any], name: str, text: str, least: float) -> bool:
    """Sets a number of a pin; whole where ``least`` is."""
    try:
        number = type(least)(text)
    except ValueError:
        return False
    if not least <= number <= 1e6:
        return False
    pin[name] = number
    return True


def _cells(pin: dict[str, Any]) -> list[QTableWidgetItem]:
    fade = pin.get("fade", 12)
    name = cell(str(pin.get("name", "")), editable=True, ticked=bool(pin.get("enabled", True)))
    if pin.get("segment"):
        name.setToolTip(f"On still {pin['segment']} of the shot; it holds in all its frames.")
    return [
        name,
        cell(frames_text([int(frame) for frame in pin.get("frames", {})])),
        cell(f"{float(pin.get('radius', 64.0)):g}", editable=True),
        cell("", ticked=bool(pin.get("hard", True))),
        cell("" if fade is None else str(fade), editable=True),
    ]
