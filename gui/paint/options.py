"""The brush bar: everything that the tool in hand is set to."""

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QSizePolicy, QToolButton, QWidget

from engine.errors import UsageError
from engine.paint.stroke import BLENDS, LIMITS, RANGES, SOURCES
from gui import theme
from gui.core.editor import Editor
from gui.core.streams import CANONICAL, FRAME, space_of
from gui.paint.brush import BY_KIND, LIFETIMES, Brush, lifetime_of
from gui.paint.flow import FlowLayout
from gui.paint.painting import painting_of
from gui.paint.valuebox import ValueBox
from gui.properties.dim import icon_button, small_button
from gui.properties.quiet import QuietCombo, TextField

_START = Brush()

SHOWN: dict[str, tuple[str, ...]] = {
    "time": ("reveal",),
    "source": ("clone", "heal"),
    "offset": ("clone", "heal", "reveal"),
    "radius": ("blur",),
    "stops": ("dodge", "burn"),
    "range": ("dodge", "burn"),
    "blend": ("brush",),
}
"""Controls that only some tools have."""

SWITCHES = {
    "pressure_size": ("pen_size", "The pen's pressure scales the size."),
    "pressure_opacity": ("pen_opacity", "The pen's pressure scales the opacity."),
    "pressure_hardness": ("pen_hardness", "The pen's pressure scales the hardness."),
    "build_up": (
        "build_up",
        "Build up: paint gathers where a stroke goes over itself, as from an airbrush.",
    ),
}
"""What brush and strokes turn on and off: icon and tooltip."""


class PaintOptions(QWidget):
    """Size, hardness, opacity, spacing, pressure, blend, lifetime and what else a tool has.

    Args:
        editor: The editor.
        parent: The owner.
    """

    def __init__(self, editor: Editor, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._editor = editor
        self.painting = painting_of(editor)
        self._flow = FlowLayout(self, theme.GAP)
        self._flow.setContentsMargins(theme.GAP, theme.GAP, theme.GAP, theme.GAP)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.boxes: dict[str, ValueBox] = {}
        self._box("size", "Size", 1, 500, curved=True, most=LIMITS["size"][1])
        self._box("hardness", "Hardness", 0, 1, percent=True)
        self._box("opacity", "Opacity", 0, 1, percent=True)
        self._box("spacing", "Spacing", *(0.01, 1.0), percent=True, most=LIMITS["spacing"][1])
        switches = QWidget(self)
        row = QHBoxLayout(switches)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(2)
        self.switches = {name: self._switch(name) for name in SWITCHES}
        for button in self.switches.values():
            row.addWidget(button)
        self._flow.addWidget(switches)
        self._box("flow", "Flow", 0, 1, percent=True)
        self.boxes["flow"].setToolTip(
            "How fast paint gathers; Opacity is the most that a stroke reaches.<br>Drag, click to "
            "type, Ctrl+click for the default."
        )
        self.blend = self._combo(BLENDS, "How the colour meets the picture below.")
        self.blend.activated.connect(lambda at: self.painting.set(blend=BLENDS[at]))
        self._box("radius", "Radius", 0.1, 50, curved=True, most=LIMITS["radius"][1])
        self._box("stops", "Stops", 0, 3, most=LIMITS["stops"][1])
        self.range = self._combo(RANGES, "Which tones change.", ("all tones", *RANGES[1:]))
        self.range.activated.connect(lambda at: self.painting.set(range=RANGES[at]))
        self._box("time", "Frames away", -50, 50, decimals=0)
        self.boxes["time"].setToolTip(
            "Which frame shines through, counted from the one you look at.<br>Drag, or click to "
            "type."
        )
        self.source = self._combo(
            SOURCES,
            "Copy from the picture below all strokes, or from what is painted so far.",
            ("from input", "from painted"),
        )
        self.source.activated.connect(lambda at: self.painting.set(source=SOURCES[at]))
        self.offset = icon_button("undo", "Forgets where to copy from.", self)
        self.offset.setFixedHeight(22)
        self.offset.clicked.connect(lambda: self.painting.set(offset=None))
        self._flow.addWidget(self.offset)
        self.lifetime = self._combo(
            LIFETIMES,
            "Lifetime: in which frames new strokes show.",
            ("all frames", "single frame", *LIFETIMES[2:-1], "frame range"),
        )
        self.lifetime.activated.connect(self._choose_lifetime)
        self.frames = TextField()
        self.frames.setPlaceholderText("1001-1010")
        self.frames.setFixedWidth(90)
        self.frames.setToolTip("Frames of new strokes, such as 1001-1010 or 1001-1100x10.")
        self.frames.typed.connect(self._type_frames)
        self._flow.addWidget(self.frames)
        self.destination = toggle("To canonical", self)
        self.destination.setToolTip(
            "On: what you paint on a frame is taken to the canonical and shows in all frames.<br>"
            "Off: it stays on that frame."
        )
        self.destination.clicked.connect(self.painting.set_frames_to_canonical)
        self._flow.addWidget(self.destination)
        for signal in (self.painting.tool_changed, self.painting.brush_changed):
            signal.connect(self._refresh)
        editor.viewing.changed.connect(self._refresh)
        self._refresh()

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """As many lines as the width needs."""
        width = self.width() if self.isVisible() else 1200
        return QSize(width, self._flow.heightForWidth(width))

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """A narrow bar is a high one."""
        super().resizeEvent(event)
        self._fit_height()

    def _fit_height(self) -> None:
        self.setFixedHeight(max(self._flow.heightForWidth(self.width()), theme.BAR))

    @property
    def space(self) -> str:
        """Where the next stroke is likely to live: what the lifetime menu is about."""
        node = self._editor.viewing.node(CANONICAL)
        document = self._editor.project.document
        if node is not None and node in document and space_of(document, node) == CANONICAL:
            return CANONICAL
        return CANONICAL if self.painting.frames_to_canonical else FRAME

    def _refresh(self, *_: object) -> None:
        brush, kind = self.painting.brush, self.painting.kind or "brush"
        self.setEnabled(kind != "select")
        for name, box in self.boxes.items():
            box.show_value(float(getattr(brush, name)))
        for name, button in self.switches.items():
            button.setChecked(bool(getattr(brush, name)))
        self.blend.setCurrentIndex(BLENDS.index(brush.blend))
        self.range.setCurrentIndex(RANGES.index(brush.range))
        self.source.setCurrentIndex(SOURCES.index(brush.source))
        self.offset.setEnabled(brush.offset is not None)
        choice = self.painting.lifetimes[self.space]
        self.lifetime.setCurrentIndex(LIFETIMES.index(choice))
        self.frames.show_text(self.painting.range_text)
        self.frames.setVisible(choice == "range")
        self.destination.setChecked(self.painting.frames_to_canonical)
        for name, kinds in SHOWN.items():
            self._control(name).setVisible(kind in kinds)
        self.switches["build_up"].setVisible(BY_KIND[kind].builds_up)
        self.boxes["flow"].setVisible(BY_KIND[kind].builds_up and brush.build_up)
        self._flow.invalidate()
        self._fit_height()

    def _control(self, name: str) -> QWidget:
        found = self.boxes.get(name)
        return found if found is not None else getattr(self, name)

    def _box(
        self,
        name: str,
        title: str,
        low: float,
        high: float,
        *,
        curved: bool = False,
        decimals: int = 2,
        percent: bool = False,
        most: float | None = None,
    ) -> None:
        box = ValueBox(
            title,
            low,
            high,
            float(getattr(_START, name)),
            curved=curved,
            decimals=decimals,
            percent=percent,
            most=most,
            parent=self,
        )
        box.setToolTip(f"{title} of the brush.<br>Drag, click to type, Ctrl+click for the default.")

        def use(value: float) -> None:
            self.painting.set(**{name: round(value) if decimals == 0 else value})

        box.moved.connect(use)
        box.typed.connect(use)
        self.boxes[name] = box
        self._flow.addWidget(box)

    def _switch(self, name: str) -> QToolButton:
        button = switch_of(name, self)
        button.clicked.connect(lambda on: self.painting.set(**{name: on}))
        return button

    def _combo(
        self, values: tuple[str, ...], tip: str, titles: tuple[str, ...] | None = None
    ) -> QComboBox:
        combo = QuietCombo(self)
        combo.addItems(list(titles or values))
        combo.setToolTip(tip)
        combo.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._flow.addWidget(combo)
        return combo

    def _choose_lifetime(self, at: int) -> None:
        self.painting.set_lifetime(self.space, LIFETIMES[at])

    def _type_frames(self, text: str) -> None:
        try:
            lifetime_of("range", 0, (0, 0), text)
        except UsageError as error:
            self._editor.say(error.message)
            self._refresh()
            return
        self.painting.set_lifetime(self.space, "range", text)


def toggle(text: str, parent: QWidget) -> QToolButton:
    """A switch with a word on it, as high as a field; lit while it is on."""
    button = small_button(text, "", parent)
    button.setCheckable(True)
    button.setStyleSheet(
        button.styleSheet()
        + f" QToolButton:checked {{ background: {theme.ACCENT_DIM}; color: #ffffff; }}"
    )
    button.setFixedHeight(22)
    return button


def switch_of(name: str, parent: QWidget) -> QToolButton:
    """One of ``SWITCHES``, with its picture on it."""
    icon, tip = SWITCHES[name]
    button = toggle("", parent)
    button.setIcon(theme.icon(icon))
    button.setFixedWidth(24)
    button.setStyleSheet(button.styleSheet() + " QToolButton { padding: 1px 2px; }")
    button.setToolTip(tip)
    return button
