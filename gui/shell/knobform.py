"""A form made from descriptions: preferences and project settings are knobs too."""

from collections.abc import Callable, Iterable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QWidget,
)

from codef_nodes.graph.jsonvalue import JSON
from codef_nodes.graph.knob import Knob
from engine.errors import UsageError
from gui import theme


class KnobForm(QWidget):
    """One row per knob. A value that the knob refuses is told under its field and not set.

    Args:
        knobs: The descriptions.
        get: Gives the value of a name.
        set_value: Takes a name and a checked value.
    """

    def __init__(
        self,
        knobs: Iterable[Knob],
        get: Callable[[str], JSON],
        set_value: Callable[[str, JSON], object],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._set = set_value
        self.fields: dict[str, QWidget] = {}
        self.refusals: dict[str, QLabel] = {}
        rows = QFormLayout(self)
        rows.setLabelAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignTop)
        rows.setHorizontalSpacing(12)
        rows.setVerticalSpacing(4)
        rows.setContentsMargins(16, 16, 16, 16)
        for knob in knobs:
            field = self._field(knob, get(knob.name))
            self.fields[knob.name] = field
            label = QLabel("" if knob.kind == "bool" else knob.title)
            label.setFixedHeight(theme.ROW)
            rows.addRow(label, self._browsing(knob, field))
            help_text = QLabel(knob.help)
            help_text.setWordWrap(True)
            help_text.setFont(theme.font(theme.SMALL))
            help_text.setStyleSheet(f"color: {theme.DIM}; padding-bottom: 8px;")
            rows.addRow("", help_text)
            self.refusals[knob.name] = help_text

    def _field(self, knob: Knob, value: JSON) -> QWidget:
        if knob.kind == "bool":
            box = QCheckBox(knob.title)
            box.setChecked(bool(value))
            box.toggled.connect(lambda on: self._take(knob, on))
            return box
        if knob.kind == "choice":
            menu = QComboBox()
            menu.addItems(list(knob.choices))
            menu.setCurrentText(str(value))
            menu.currentTextChanged.connect(lambda text: self._take(knob, text))
            menu.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            return menu
        line = QLineEdit(_text(value))
        if knob.unit:
            line.setPlaceholderText(knob.unit)
        line.editingFinished.connect(lambda: self._typed(knob, line))
        return line

    def _browsing(self, knob: Knob, field: QWidget) -> QWidget:
        if knob.kind != "file_in" or not isinstance(field, QLineEdit):
            return field
        both = QWidget()
        row = QHBoxLayout(both)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.GAP)
        button = QPushButton("Browse…")
        row.addWidget(field, 1)
        row.addWidget(button)

        def browse() -> None:
            dialog = QFileDialog(self, knob.title)
            dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
            dialog.fileSelected.connect(field.setText)
            dialog.fileSelected.connect(lambda _: self._typed(knob, field))
            dialog.finished.connect(dialog.deleteLater)
            dialog.open()

        button.clicked.connect(browse)
        return both

    def _typed(self, knob: Knob, line: QLineEdit) -> None:
        try:
            value = knob.parse(line.text())
        except UsageError as error:
            self._refuse(knob, str(error))
            return
        self._take(knob, value)

    def _take(self, knob: Knob, value: JSON) -> None:
        try:
            self._set(knob.name, value)
        except UsageError as error:
            self._refuse(knob, str(error))
            return
        label = self.refusals[knob.name]
        label.setText(knob.help)
        label.setStyleSheet(f"color: {theme.DIM}; padding-bottom: 8px;")

    def _refuse(self, knob: Knob, text: str) -> None:
        label = self.refusals[knob.name]
        label.setText(text)
        label.setStyleSheet(f"color: {theme.ERROR}; padding-bottom: 8px;")


def _text(value: JSON) -> str:
    if value is None:
        return ""
    if isinstance(value, list):
        return " ".join(f"{item:g}" if isinstance(item, float) else str(item) for item in value)
    return f"{value:g}" if isinstance(value, float) else str(value)
