"""Values of the selected strokes: each change one step of undo, a drag too."""

from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QToolButton, QWidget

from engine.errors import UsageError
from engine.paint.stroke import BLENDS, LIMITS, RANGES, SOURCES
from gui import theme
from gui.core.editor import Editor
from gui.paint.brush import BY_KIND, lifetime_text, lifetime_typed
from gui.paint.model import StrokeModel
from gui.paint.options import SWITCHES, switch_of
from gui.paint.strokedata import value_of
from gui.paint.valuebox import ValueBox
from gui.properties.dim import dim_label, small_button
from gui.properties.quiet import QuietCombo, TextField

_MIXED = "mixed"

KINDS_WITH: dict[str, tuple[str, ...]] = {
    "radius": ("blur",),
    "stops": ("dodge", "burn"),
    "frame": ("reveal",),
}


class StrokePanel(QWidget):
    """Size, hardness, opacity, blend, lifetime and so on of the selected strokes.

    Args:
        editor: The editor.
        model: The strokes.
        parent: The owner.
    """

    def __init__(self, editor: Editor, model: StrokeModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._editor, self._model = editor, model
        self._places: list[int] = []
        self.boxes: dict[str, ValueBox] = {}
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(theme.GAP)
        for at, (name, title, high, curved, percent) in enumerate(
            (
                ("opacity", "Opacity", 1.0, False, True),
                ("size", "Size", 500.0, True, False),
                ("hardness", "Hardness", 1.0, False, True),
                ("spacing", "Spacing", 1.0, False, True),
                ("radius", "Radius", 50.0, True, False),
                ("stops", "Stops", 3.0, False, False),
                ("flow", "Flow", 1.0, False, True),
            )
        ):
            place = (at // 2, at % 2) if name != "flow" else (3, 1)
            grid.addWidget(self._box(name, title, high, curved, percent), *place)
        self.blend = QuietCombo(self)
        self.blend.addItems([*BLENDS])
        self.blend.setPlaceholderText(_MIXED)
        self.blend.setToolTip("How the colour meets the picture below.")
        self.blend.activated.connect(lambda at: self._set("blend", BLENDS[at]))
        self.source = QuietCombo(self)
        self.source.addItems(["from input", "from painted"])
        self.source.setToolTip("What is copied: the picture below, or with earlier strokes.")
        self.source.activated.connect(lambda at: self._set("source", SOURCES[at]))
        self.range = QuietCombo(self)
        self.range.addItems(["all tones", *RANGES[1:]])
        self.range.setToolTip("Which tones change.")
        self.range.activated.connect(lambda at: self._set("range", RANGES[at]))
        self.lifetime = TextField()
        self.lifetime.setToolTip('Frames in which they show: "all", 1001, 1001-1010, 1001-1100x10.')
        self.lifetime.typed.connect(self._type_lifetime)
        self.here = small_button("This frame", "They show in the current frame only.", self)
        self.here.clicked.connect(self._this_frame)
        grid.addWidget(self.blend, 3, 0)
        grid.addWidget(self.source, 3, 0)
        grid.addWidget(self.range, 3, 0)
        switches = QHBoxLayout()
        switches.setSpacing(theme.GAP)
        switches.addWidget(dim_label("Pressure"))
        self.switches = {name: self._switch(name) for name in SWITCHES}
        for name, button in self.switches.items():
            if name == "build_up":
                switches.addStretch(1)
            switches.addWidget(button)
        grid.addLayout(switches, 4, 0, 1, 2)
        life = QHBoxLayout()
        life.setSpacing(theme.GAP)
        life.addWidget(dim_label("Lifetime"))
        life.addWidget(self.lifetime, 1)
        life.addWidget(self.here)
        grid.addLayout(life, 5, 0, 1, 2)
        grid.setColumnStretch(0, 1)
        grid.setColumnStretch(1, 1)
        model.dataChanged.connect(lambda *_: self.show_places(self._places))
        self.show_places([])

    def show_places(self, places: list[int]) -> None:
        """Shows the values of these strokes; what differs among them is said to be mixed."""
        self._places = [place for place in places if place < self._model.rowCount()]
        strokes = [self._model.stroke(place) for place in self._places]
        self.setVisible(bool(strokes))
        if not strokes:
            return
        kinds = {str(value_of(stroke, "kind")) for stroke in strokes}
        for name, box in self.boxes.items():
            values = {float(value_of(stroke, name)) for stroke in strokes}
            box.show_value(values.pop() if len(values) == 1 else None)
            box.setVisible(kinds <= set(KINDS_WITH.get(name, tuple(kinds))))
        for name, button in self.switches.items():
            button.setChecked(all(value_of(stroke, name) for stroke in strokes))
        gathers = all(BY_KIND[kind].builds_up for kind in kinds)
        self.switches["build_up"].setVisible(gathers)
        self.boxes["flow"].setVisible(gathers and self.switches["build_up"].isChecked())
        for combo, key, choices, fitting in (
            (self.blend, "blend", BLENDS, {"brush"}),
            (self.source, "source", SOURCES, {"clone", "heal"}),
            (self.range, "range", RANGES, {"dodge", "burn"}),
        ):
            combo.setVisible(kinds <= fitting)
            found = {value_of(stroke, key) for stroke in strokes}
            combo.setCurrentIndex(choices.index(found.pop()) if len(found) == 1 else -1)
        lifetimes = {lifetime_text(value_of(stroke, "lifetime")) for stroke in strokes}
        self.lifetime.show_text(lifetimes.pop() if len(lifetimes) == 1 else "")
        self.lifetime.setPlaceholderText(_MIXED if lifetimes else "all")
        self.setEnabled(not all(value_of(stroke, "locked") for stroke in strokes))

    def _box(self, name: str, title: str, high: float, curved: bool, percent: bool) -> ValueBox:
        low, most = LIMITS[name]
        default = float(value_of({}, name))
        box = ValueBox(
            title,
            low,
            high,
            default,
            curved=curved,
            percent=percent,
            most=most,
            parent=self,
        )
        gesture = f"stroke {name}"
        box.setToolTip(f"{title} of the selected strokes.<br>Drag, or click to type.")
        box.moved.connect(lambda value: self._set(name, value, gesture))
        box.typed.connect(lambda value: self._set(name, value))
        box.ended.connect(self._editor.project.end_gesture)
        box.aborted.connect(lambda: self._editor.project.abort_gesture(gesture))
        self.boxes[name] = box
        return box

    def _switch(self, name: str) -> QToolButton:
        button = switch_of(name, self)
        button.clicked.connect(lambda on: self._set(name, on))
        return button

    def _set(self, key: str, value: object, gesture: str | None = None) -> None:
        self._model.set_values(self._places, {key: value}, gesture)

    def _type_lifetime(self, text: str) -> None:
        try:
            self._set("lifetime", lifetime_typed(text))
        except UsageError as error:
            self._editor.say(error.message)
            self.show_places(self._places)

    def _this_frame(self) -> None:
        frame = self._editor.clock.frame
        self._set("lifetime", [frame, frame])
