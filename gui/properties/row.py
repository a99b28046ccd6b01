"""One knob of one node: its label, its editor, and what is wrong with a value."""

import itertools
import json

from PySide6.QtCore import QObject, QPoint, Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QGridLayout, QLabel, QMenu, QWidget

from codef_nodes.graph.commands import SetKnob
from codef_nodes.graph.jsonvalue import JSON, same
from codef_nodes.graph.knob import Knob
from engine.errors import UsageError
from gui import theme
from gui.core.project import Project
from gui.properties.factory import Surroundings, editor_for
from gui.properties.knoblabel import KnobLabel
from gui.properties.numberfield import NumberField
from gui.properties.strokes import StrokesEditor

_gestures = itertools.count()
_SUMS = "Type a number or a sum: 1920/2, value+1; +=0.1 adds to what is there, +0.1 is just 0.1."


class KnobRow(QObject):
    """Binds an editor to a knob of the document.

    One gesture is one step of undo; a wrong value is told below the field and changes nothing.

    Signals:
        strokes_asked: The stroke list is wanted.

    Args:
        project: The document; it is changed through commands only.
        node: Name of the node.
        knob: The description.
        around: What the editor asks.
        parent: The page, which owns the widgets.
    """

    strokes_asked = Signal()

    def __init__(
        self, project: Project, node: str, knob: Knob, around: Surroundings, parent: QWidget
    ) -> None:
        super().__init__(parent)
        self.node = node
        self.knob = knob
        self._project = project
        self._gesture: str | None = None
        self._scrub_from: JSON = None
        self.editor = editor_for(knob, around, parent)
        self.label = KnobLabel(knob.title, self.editor.scrubs, parent)
        self.error = QLabel(parent)
        self.error.setObjectName("knobError")
        self.error.setWordWrap(True)
        self.error.setStyleSheet(f"color: {theme.ERROR};")
        self.error.hide()
        help_text = f"<p><b>{knob.title}</b> ({knob.name})</p><p>{knob.help}</p>"
        takes = knob.wants() + (f", in {knob.unit}" if knob.unit else "")
        takes += (
            "" if isinstance(knob.default, list | dict) else f"; default {_plain(knob.default)}"
        )
        help_text += f"<p style='color: {theme.DIM}'>{takes[:1].upper()}{takes[1:]}.</p>"
        hint = "Ctrl+click resets it" + (", dragging changes it." if self.editor.scrubs else ".")
        self.label.setToolTip(f"{help_text}<p>{hint}</p>")
        fields = self.editor.findChildren(NumberField)
        for field in fields:
            field.reset.connect(self.reset)
        sums = f"<p>{_SUMS} Ctrl+click resets it.</p>" if fields else ""
        self.editor.setToolTip(help_text + sums)
        self._connect()
        self.refresh()

    def place(self, grid: QGridLayout, row: int) -> int:
        """Puts the widgets into a page's grid; returns the next free row."""
        if self.editor.wide:
            left = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
            grid.addWidget(self.label, row, 0, 1, 2, left)
            grid.addWidget(self.editor, row + 1, 0, 1, 2)
            grid.addWidget(self.error, row + 2, 0, 1, 2)
            return row + 3
        top = Qt.AlignmentFlag.AlignTop if self.editor.tall else Qt.AlignmentFlag.AlignVCenter
        grid.addWidget(self.label, row, 0, Qt.AlignmentFlag.AlignRight | top)
        grid.addWidget(self.editor, row, 1)
        grid.addWidget(self.error, row + 1, 1)
        return row + 2

    @property
    def value(self) -> JSON:
        """What the document holds; strokes as they are stored, since copying them takes time."""
        document = self._project.document
        if self.knob.kind == "strokes":
            return document.state(self.node).knobs.get(self.knob.name, [])
        return document.knob_value(self.node, self.knob.name)

    def refresh(self) -> None:
        """Shows what the document holds."""
        self.editor.look_around(self._project.document, self.node)
        try:
            value = self.value
        except UsageError as error:
            # A document from elsewhere may hold what the knob refuses; it can be set right here.
            self.editor.show_value(self.knob.check(self.knob.default))
            self._say(error.message)
            self.label.set_changed(True)
            return
        self.editor.show_value(value)
        self.label.set_changed(not same(value, self.knob.check(self.knob.default)))
        self._say("")

    def reset(self) -> None:
        """Back to the default, one step."""
        self._ended()
        self._write(self.knob.default)

    def menu(self) -> QMenu:
        """What a right click on the label offers."""
        menu = QMenu(self.label)
        menu.addAction("Copy value").triggered.connect(self.copy)
        menu.addAction("Paste value").triggered.connect(self.paste)
        menu.addSeparator()
        reset = menu.addAction("Reset to default")
        reset.triggered.connect(self.reset)
        reset.setEnabled(self.label.font().bold())
        return menu

    def copy(self) -> None:
        """The value to the clipboard: texts as they are, others as JSON."""
        value = self.value
        text = value if isinstance(value, str) else json.dumps(value)
        QGuiApplication.clipboard().setText(text)

    def paste(self) -> None:
        """The value on the clipboard, as the command line would take it; one step."""
        try:
            value = self.knob.parse(QGuiApplication.clipboard().text().strip(), self.node)
        except UsageError as error:
            self._say(error.message)
            return
        self._write(value)

    def _open_menu(self, place: QPoint) -> None:
        menu = self.menu()
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(place)

    def _connect(self) -> None:
        editor, label = self.editor, self.label
        editor.committed.connect(self._committed)
        editor.changing.connect(self._changing)
        editor.ended.connect(self._ended)
        editor.aborted.connect(self._aborted)
        editor.refused.connect(self._say)
        label.scrub_started.connect(self._scrub_started)
        label.scrubbed.connect(self._scrubbed)
        label.scrub_ended.connect(self._ended)
        label.scrub_aborted.connect(self._aborted)
        label.reset.connect(self.reset)
        label.menu_asked.connect(self._open_menu)
        if isinstance(editor, StrokesEditor):
            editor.asked.connect(self.strokes_asked)

    def _committed(self, value: JSON) -> None:
        self._ended()
        self._write(value)

    def _changing(self, value: JSON) -> None:
        if self._gesture is None:
            self._project.end_gesture()
            self._gesture = f"{self.node}.{self.knob.name}:{next(_gestures)}"
        self._write(value)

    def _ended(self) -> None:
        if self._gesture is not None:
            self._gesture = None
            self._project.end_gesture()

    def _aborted(self) -> None:
        if self._gesture is not None:
            self._project.abort_gesture(self._gesture)
            self._gesture = None
        self.refresh()

    def _scrub_started(self) -> None:
        self._ended()  # of the digits: they take no notice of a press on the label
        self._scrub_from = self.value

    def _scrubbed(self, pixels: float) -> None:
        self._changing(self.editor.scrubbed(self._scrub_from, pixels))

    def _write(self, value: JSON) -> None:
        try:
            checked = self.knob.check(value, self.node)
        except UsageError as error:
            self._say(error.message)
            return
        self._say("")
        if not self._project.do(SetKnob(self.node, self.knob.name, checked), self._gesture):
            self.refresh()

    def _say(self, text: str) -> None:
        self.error.setText(text)
        self.error.setVisible(bool(text))


def _plain(value: JSON) -> str:
    """A default for a tooltip."""
    if value is None or value == "":
        return "none"
    if isinstance(value, bool):
        return "on" if value else "off"
    return f"{value:g}" if isinstance(value, float) else str(value)
