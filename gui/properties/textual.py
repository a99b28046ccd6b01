"""Editors of switches, menus and texts."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox, QComboBox, QCompleter, QHBoxLayout, QWidget

from codef_nodes.graph.jsonvalue import JSON
from codef_nodes.graph.knob import Knob
from gui.properties.knobeditor import KnobEditor
from gui.properties.quiet import QuietCombo, TextField


def row_of(editor: QWidget) -> QHBoxLayout:
    """A tight row inside an editor."""
    row = QHBoxLayout(editor)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(6)
    return row


class BoolEditor(KnobEditor):
    """A switch."""

    def __init__(self, knob: Knob, parent: QWidget | None = None) -> None:
        super().__init__(knob, parent)
        self.box = QCheckBox(self)
        row_of(self).addWidget(self.box)
        self.setFocusProxy(self.box)
        self.box.clicked.connect(self._clicked)

    def show_value(self, value: JSON) -> None:
        """Sets the tick."""
        self.box.setChecked(bool(value))

    def _clicked(self, on: bool) -> None:
        self.committed.emit(bool(on))


class ChoiceEditor(KnobEditor):
    """A menu."""

    def __init__(self, knob: Knob, parent: QWidget | None = None) -> None:
        super().__init__(knob, parent)
        self.menu = QuietCombo(self)
        for choice in knob.choices:
            self.menu.addItem(choice.replace("_", " "), choice)
        row = row_of(self)
        row.addWidget(self.menu)
        row.addStretch(1)
        self.setFocusProxy(self.menu)
        self.menu.activated.connect(self._chosen)

    def show_value(self, value: JSON) -> None:
        """Shows the choice."""
        self.menu.setCurrentIndex(self.menu.findData(value))

    def _chosen(self, index: int) -> None:
        self.committed.emit(self.menu.itemData(index))


class TextEditor(KnobEditor):
    """One line of text, or frames."""

    def __init__(self, knob: Knob, parent: QWidget | None = None) -> None:
        super().__init__(knob, parent)
        self.field = TextField()
        if knob.kind == "frames":
            self.field.setPlaceholderText("all, or such as 1001-1100x2")
        row_of(self).addWidget(self.field)
        self.setFocusProxy(self.field)
        self.field.typed.connect(self.committed)
        self.field.reverted.connect(self.aborted)

    def show_value(self, value: JSON) -> None:
        """Shows the text."""
        self.field.show_text(str(value or ""))


class SuggestionEditor(KnobEditor):
    """A text with suggestions: the menu offers, the field takes anything."""

    def __init__(self, knob: Knob, parent: QWidget | None = None) -> None:
        super().__init__(knob, parent)
        self._filled = False
        self._shown = ""
        self.field = TextField()
        self.menu = _Filling(self)
        self.menu.setEditable(True)
        self.menu.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self.menu.setLineEdit(self.field)
        completer = QCompleter(self.menu.model(), self.menu)
        completer.setCompletionMode(QCompleter.CompletionMode.PopupCompletion)
        completer.setFilterMode(Qt.MatchFlag.MatchContains)
        completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        self.menu.setMinimumContentsLength(12)
        self.menu.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.menu.setCompleter(completer)
        row_of(self).addWidget(self.menu)
        self.setFocusProxy(self.menu)
        self.field.typed.connect(self.committed)
        self.field.reverted.connect(self.aborted)
        self.field.textEdited.connect(self._typing)
        self.menu.activated.connect(self._chosen)

    def suggestions(self) -> tuple[str, ...]:
        """What the menu offers."""
        return self.knob.choices

    def show_value(self, value: JSON) -> None:
        """Shows the text."""
        self._shown = str(value or "")
        self.field.show_text(self._shown)

    def fill(self) -> None:
        """Fills the menu; once, when it is first wanted."""
        if self._filled:
            return
        self._filled = True
        self.menu.addItems(list(self.suggestions()))
        self.menu.setCurrentIndex(self.menu.findText(self._shown))
        self.field.setText(self._shown)
        self.field.setModified(False)

    def _typing(self) -> None:
        if not self._filled:
            typed, caret = self.field.text(), self.field.cursorPosition()
            self.fill()
            self.field.setText(typed)
            self.field.setCursorPosition(caret)
            self.field.setModified(True)

    def _chosen(self, index: int) -> None:
        text = self.menu.itemText(index)
        if text != self._shown:
            self.committed.emit(text)


class ColourSpaceEditor(SuggestionEditor):
    """The name of a colour space; the menu holds those of the OCIO configuration."""

    def __init__(self, knob: Knob, parent: QWidget | None = None) -> None:
        super().__init__(knob, parent)
        self.field.setPlaceholderText("auto")

    def suggestions(self) -> tuple[str, ...]:
        """Every space of the configuration in use."""
        from engine.colour.ocio import list_spaces

        return list_spaces()


class _Filling(QuietCombo):
    """A menu that its editor fills when it is opened."""

    def __init__(self, editor: SuggestionEditor) -> None:
        super().__init__(editor)
        self._editor = editor

    def showPopup(self) -> None:  # noqa: N802 - Qt's name
        """Opens the menu."""
        self._editor.fill()
        super().showPopup()
