"""Which editor shows which kind of knob."""

from pathlib import Path
from typing import Protocol

from PySide6.QtWidgets import QWidget

from codef_nodes.graph.knob import Knob
from gui.masks.groups import GroupsEditor
from gui.masks.list import MarksEditor, ShapesEditor
from gui.pins.list import PinsEditor
from gui.properties.colour import ColourEditor
from gui.properties.files import FileEditor, LinesEditor
from gui.properties.knobeditor import KnobEditor
from gui.properties.numeric import NumberEditor, NumbersEditor
from gui.properties.strokes import StrokesEditor
from gui.properties.table import TableEditor
from gui.properties.textual import (
    BoolEditor,
    ChoiceEditor,
    ColourSpaceEditor,
    SuggestionEditor,
    TextEditor,
)
from gui.properties.viewspace import ViewColours
from gui.tracks.list import PointsEditor


class Surroundings(Protocol):
    """What editors ask of the place that they are in."""

    def folder(self) -> Path:
        """The folder that relative paths count from."""
        ...

    def colours(self) -> ViewColours:
        """What the viewer shows."""
        ...


_PLAIN: dict[str, type[KnobEditor]] = {
    "bool": BoolEditor,
    "int": NumberEditor,
    "float": NumberEditor,
    "choice": ChoiceEditor,
    "frames": TextEditor,
    "point": NumbersEditor,
    "size": NumbersEditor,
    "colour_space": ColourSpaceEditor,
    "table": TableEditor,
    "strokes": StrokesEditor,
    "pins": PinsEditor,
    "marks": MarksEditor,
    "shapes": ShapesEditor,
    "points": PointsEditor,
    "groups": GroupsEditor,
}


def editor_for(knob: Knob, around: Surroundings, parent: QWidget | None = None) -> KnobEditor:
    """An editor for a knob; its value is shown with ``show_value``."""
    if knob.kind == "colour":
        return ColourEditor(knob, around.colours, parent)
    if knob.kind in ("file_in", "file_out"):
        return FileEditor(knob, around.folder, parent)
    if knob.kind in ("files", "arguments"):
        return LinesEditor(knob, around.folder, parent)
    if knob.kind == "text" and knob.choices:
        return SuggestionEditor(knob, parent)
    return _PLAIN.get(knob.kind, TextEditor)(knob, parent)
