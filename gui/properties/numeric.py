"""Editors of numbers: one, two or a size."""

import math

from PySide6.QtWidgets import QHBoxLayout, QWidget

from codef_nodes.graph.jsonvalue import JSON
from codef_nodes.graph.knob import Knob
from gui.properties.dim import dim_label
from gui.properties.knobeditor import KnobEditor
from gui.properties.numberfield import NumberField
from gui.properties.slider import Slider, slider_range

_INT_PIXELS = 6


def scrub_step(value: float, knob: Knob) -> float:
    """How much a float changes with one pixel of a scrub: the more, the larger the value."""
    span = slider_range(knob)
    if span is not None:
        return float(10.0 ** math.floor(math.log10((span[1] - span[0]) / 200)))
    size = max(abs(value), 1.0)
    return float(10.0 ** math.floor(math.log10(size)) * 0.01)


class NumberEditor(KnobEditor):
    """One number, with a slider where the knob has a range."""

    scrubs = True

    def __init__(self, knob: Knob, parent: QWidget | None = None) -> None:
        super().__init__(knob, parent)
        self._whole = knob.kind == "int"
        self.field = NumberField(
            self._whole, knob.default is None, knob.minimum, knob.maximum, self
        )
        if knob.default is None:
            self.field.setPlaceholderText("auto")
        self.slider: Slider | None = None
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        row.addWidget(self.field)
        if knob.unit:
            row.addWidget(dim_label(knob.unit))
        span = slider_range(knob)
        if span is not None and knob.default is not None:
            self.slider = Slider(*span, float(knob.default), self._whole, self)
            row.addWidget(self.slider, 1)
            self.slider.moved.connect(self._slid)
            self.slider.released.connect(self.ended)
            self.slider.aborted.connect(self.aborted)
        else:
            row.addStretch(1)
        self.setFocusProxy(self.field)
        self.field.typed.connect(self.committed)
        self.field.stepping.connect(self.changing)
        self.field.ended.connect(self.ended)
        self.field.reverted.connect(self.aborted)
        self.field.refused.connect(self.refused)

    def show_value(self, value: JSON) -> None:
        """Shows the number."""
        self.field.show_value(value)
        if self.slider is not None:
            self.slider.show_value(float(value))

    def scrubbed(self, start: JSON, pixels: float) -> JSON:
        """Whole numbers change every few pixels, others with each."""
        if self._whole:
            return self.limited(int(start or 0) + int(pixels / _INT_PIXELS), True)
        value = float(start or 0.0)
        return self.limited(value + pixels * scrub_step(value, self.knob), False)

    def _slid(self, value: float) -> None:
        self.changing.emit(round(value) if self._whole else float(value))


class NumbersEditor(KnobEditor):
    """Two numbers: a point or a size."""

    scrubs = True

    def __init__(self, knob: Knob, parent: QWidget | None = None) -> None:
        super().__init__(knob, parent)
        self._whole = knob.kind == "size"
        self._value: list[float] = []
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        low = 0 if self._whole else knob.minimum
        self.fields: list[NumberField] = []
        for index, name in enumerate(("w", "h") if self._whole else ("x", "y")):
            row.addWidget(dim_label(name))
            field = NumberField(self._whole, False, low, knob.maximum, self)
            field.typed.connect(lambda value, at=index: self.committed.emit(self._with(at, value)))
            field.stepping.connect(
                lambda value, at=index: self.changing.emit(self._with(at, value))
            )
            field.ended.connect(self.ended)
            field.reverted.connect(self.aborted)
            field.refused.connect(self.refused)
            row.addWidget(field)
            self.fields.append(field)
        if knob.unit:
            row.addWidget(dim_label(knob.unit))
        row.addStretch(1)
        self.setFocusProxy(self.fields[0])

    def show_value(self, value: JSON) -> None:
        """Shows the numbers."""
        self._value = list(value)
        for field, number in zip(self.fields, self._value, strict=True):
            field.show_value(number)

    def scrubbed(self, start: JSON, pixels: float) -> JSON:
        """Both numbers by the same amount."""
        step = 1.0 / _INT_PIXELS if self._whole else scrub_step(max(map(abs, start)), self.knob)
        moved = [self.limited(number + pixels * step, self._whole) for number in start]
        return [max(number, 0) for number in moved] if self._whole else moved

    def _with(self, at: int, value: float) -> list[float]:
        return [*self._value[:at], value, *self._value[at + 1 :]]
