"""Marks and drawn shapes in the panels of their nodes: a row each, to change or delete."""

from copy import deepcopy
from typing import Any

from PySide6.QtWidgets import QTableWidgetItem, QWidget

from codef_nodes.graph.jsonvalue import JSON
from codef_nodes.graph.knob import Knob
from gui.properties.rowlist import Column, RowList, cell, frames_text, is_ticked

MARKS = (
    Column("Frame", "The frame that it was drawn on.", 8),
    Column("Mark", "A rectangle around the object, or a line over it or over what is not."),
    Column(
        "Where", "Its size and its upper left corner, in pixels from the top left of the plate.", 20
    ),
)
SHAPES = (
    Column("Shape", "Its name."),
    Column("Keys", "Frames in which its outline was drawn; between them it moves evenly.", 9),
    Column("Cuts", "Ticked, it takes away from the shapes above it instead of adding.", 6),
    Column("Feather", "Pixels over which it fades outward, in all of its keys.", 8),
)
_NAME, _KEYS, _CUTS, _FEATHER = range(4)


class MarksEditor(RowList):
    """What an artist said about frames, in words; Del takes rows back."""

    def __init__(self, knob: Knob, parent: QWidget | None = None) -> None:
        self._value: dict[str, Any] = {}
        #: Frame and number of the scribble (None: the rectangle) of each row.
        self._places: list[tuple[str, int | None]] = []
        super().__init__(knob, MARKS, "No marks yet: take the mask tool.", "marks", 6, parent)

    def show_value(self, value: JSON) -> None:
        """Fills the list."""
        self._value = {k: said for k, said in dict(value).items() if isinstance(said, dict)}
        self._places, rows = [], []
        for frame, said in sorted(self._value.items(), key=lambda entry: _number(entry[0])):
            if "rectangle" in said:
                self._places.append((frame, None))
                box = [float(v) for v in said["rectangle"]]
                rows.append([cell(frame), cell("rectangle"), cell(_sized(box))])
            for number, line in enumerate(said.get("scribbles", [])):
                self._places.append((frame, number))
                kind = "line over the object" if line.get("inside", True) else "line outside"
                points = line.get("points") or [[0, 0]]
                x, y = ([float(p[n]) for p in points] for n in (0, 1))
                box = [min(x), min(y), max(x), max(y)]
                rows.append([cell(frame), cell(kind), cell(_sized(box))])
        self.fill(rows)

    def removed(self, rows: set[int]) -> None:
        """Marks are to go; a frame without any goes too."""
        gone = {self._places[row] for row in rows if row < len(self._places)}
        kept: dict[str, Any] = {}
        for frame, said in self._value.items():
            left = {k: v for k, v in said.items() if k not in ("rectangle", "scribbles")}
            if "rectangle" in said and (frame, None) not in gone:
                left["rectangle"] = said["rectangle"]
            lines = [
                line
                for number, line in enumerate(said.get("scribbles", []))
                if (frame, number) not in gone
            ]
            if lines:
                left["scribbles"] = lines
            if left:
                kept[frame] = left
        self.committed.emit(kept)


class ShapesEditor(RowList):
    """Drawn shapes: names, keys, what they do; Del deletes them."""

    def __init__(self, knob: Knob, parent: QWidget | None = None) -> None:
        self._value: dict[str, Any] = {}
        super().__init__(
            knob, SHAPES, "No shapes yet: take the mask tool twice.", "shapes", 5, parent
        )

    def show_value(self, value: JSON) -> None:
        """Fills the list."""
        self._value = {k: said for k, said in dict(value).items() if isinstance(said, dict)}
        self.fill([_shape_cells(name, said) for name, said in self._value.items()])

    def removed(self, rows: set[int]) -> None:
        """Shapes are to go."""
        names = list(self._value)
        gone = {names[row] for row in rows if row < len(names)}
        self.committed.emit({k: v for k, v in self._value.items() if k not in gone})

    def edited(self, row: int, column: int, item: QTableWidgetItem) -> None:
        """A shape is changed."""
        name, text = list(self._value)[row], item.text().strip()
        shapes = deepcopy(self._value)
        shape = shapes[name]
        if column == _NAME and text != _called(name, shape):
            others = {_called(k, v) for k, v in shapes.items() if k != name}
            if not text or text in others:
                self.refused.emit(f"{text or 'no name'} is no name for a shape: each needs its own")
            else:
                # The key stays: the document keeps no order of keys, and shapes add up in order.
                shape["name"] = text
        elif column == _CUTS:
            shape["subtract"] = is_ticked(item)
        elif column == _FEATHER and not _feathered(shape, text):
            self.refused.emit(f"{text} is no feather; type pixels of at least 0")
        if shapes != self._value:
            self.committed.emit(shapes)
        else:
            self.show_value(self._value)


def _shape_cells(name: str, said: dict[str, Any]) -> list[QTableWidgetItem]:
    feathers = {float(key.get("feather", said.get("feather", 0.0))) for key in _keys(said).values()}
    return [
        cell(_called(name, said), editable=True),
        cell(frames_text([int(frame) for frame in _keys(said)])),
        cell("", ticked=bool(said.get("subtract", False))),
        cell(
            " to ".join(f"{v:g}" for v in sorted({*feathers})[:: max(len(feathers) - 1, 1)]) or "0",
            editable=True,
        ),
    ]


def _called(name: str, said: dict[str, Any]) -> str:
    return str(said.get("name") or name)


def _keys(said: dict[str, Any]) -> dict[str, Any]:
    keys = said.get("keys", {})
    return {k: v for k, v in keys.items() if isinstance(v, dict)} if isinstance(keys, dict) else {}


def _feathered(shape: dict[str, Any], text: str) -> bool:
    """Sets the feather of a shape in all of its keys."""
    try:
        feather = float(text)
    except ValueError:
        return False
    if not 0 <= feather <= 10000:
        return False
    shape["feather"] = feather
    for key in _keys(shape).values():
        key.pop("feather", None)
    return True


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return float("inf")


def _sized(box: list[float]) -> str:
    """A box as its size and its corner, in plate pixels."""
    left, top, right, bottom = box
    return f"{right - left:.0f} x {bottom - top:.0f} at {left:.0f}, {top:.0f}"
