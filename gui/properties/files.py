"""Editors of file names and of lists of texts."""

import re
from collections.abc import Callable
from pathlib import Path

from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QVBoxLayout, QWidget

from codef_nodes.graph.jsonvalue import JSON
from codef_nodes.graph.knob import Knob
from gui.properties.dim import icon_button, small_button
from gui.properties.knobeditor import KnobEditor
from gui.properties.quiet import TextArea, TextField
from gui.properties.textual import row_of

_NUMBER = re.compile(r"(\d+)(?=\.[A-Za-z][A-Za-z0-9]*$)")


def pattern_of(path: Path) -> str:
    """A file of a numbered sequence as its pattern: ``shot.0101.exr`` gives ``shot.####.exr``.

    A file without companions keeps its name, as does one whose number is part of its name
    (``take2.exr``) as far as the folder tells. The folder is read by name only.
    """
    match = _NUMBER.search(path.name)
    if match is None:
        return str(path)
    head, tail = path.name[: match.start()], path.name[match.end() :]
    same = re.compile(re.escape(head) + rf"\d{{{len(match[1])}}}" + re.escape(tail))
    try:
        companions = [other for other in path.parent.iterdir() if same.fullmatch(other.name)]
    except OSError:
        return str(path)
    if len(companions) < 2:
        return str(path)
    return str(path.with_name(head + "#" * len(match[1]) + tail))


def relative_to(path: str, folder: Path) -> str:
    """A path as documents hold it: relative where it lies below the document's folder."""
    try:
        return Path(path).relative_to(folder).as_posix()
    except ValueError:
        return Path(path).as_posix()


class FileEditor(KnobEditor):
    """A path with a button that browses.

    Args:
        knob: The description; ``file_in`` opens, ``file_out`` saves.
        folder: Gives the folder that relative paths count from.
        parent: The widget that owns it.
    """

    def __init__(
        self, knob: Knob, folder: Callable[[], Path], parent: QWidget | None = None
    ) -> None:
        super().__init__(knob, parent)
        self._folder = folder
        self.field = TextField()
        self.field.setPlaceholderText("none" if knob.kind == "file_in" else "name.####.exr")
        self.button = small_button("…", "Browse for a file; one frame names its whole sequence.")
        self.whole = icon_button("folder", "Browse for a folder.", self)
        row = row_of(self)
        row.setSpacing(2)
        row.addWidget(self.field, 1)
        row.addWidget(self.button)
        if knob.kind == "file_in":
            row.addWidget(self.whole)
        self.setFocusProxy(self.field)
        self.field.typed.connect(self._typed)
        self.field.reverted.connect(self.aborted)
        self.button.clicked.connect(self._browse)
        self.whole.clicked.connect(self._browse_folder)

    def show_value(self, value: JSON) -> None:
        """Shows the path and, where it is long, all of it on hover."""
        self.field.show_text(str(value or ""))
        self.field.setToolTip(str(value or ""))

    def _typed(self, text: str) -> None:
        self.committed.emit(text.strip().strip('"'))

    def _start(self) -> str:
        typed = self.field.text()
        return str(self._folder() / typed) if typed else str(self._folder())

    def _browse(self) -> None:
        title = self.knob.title
        if self.knob.kind == "file_out":
            chosen, _ = QFileDialog.getSaveFileName(
                self, title, self._start(), "", "", QFileDialog.Option.DontConfirmOverwrite
            )
        else:
            chosen, _ = QFileDialog.getOpenFileName(self, title, str(Path(self._start()).parent))
        if chosen:
            found = pattern_of(Path(chosen)) if self.knob.kind == "file_in" else chosen
            self.committed.emit(relative_to(found, self._folder()))

    def _browse_folder(self) -> None:
        chosen = QFileDialog.getExistingDirectory(self, self.knob.title, self._start())
        if chosen:
            self.committed.emit(relative_to(chosen, self._folder()))


class LinesEditor(KnobEditor):
    """A list of texts, one on each line; files can be browsed for.

    Args:
        knob: The description, ``files`` or ``arguments``.
        folder: Gives the folder that relative paths count from.
        parent: The widget that owns it.
    """

    tall = True

    def __init__(
        self, knob: Knob, folder: Callable[[], Path], parent: QWidget | None = None
    ) -> None:
        super().__init__(knob, parent)
        self._folder = folder
        self._value: list[str] = []
        self.area = TextArea(3)
        self.area.setPlaceholderText("one on each line")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addWidget(self.area)
        self.setFocusProxy(self.area)
        self.area.typed.connect(self._typed)
        if knob.kind == "files":
            buttons = QHBoxLayout()
            buttons.setSpacing(2)
            for text, tip, call in (
                ("Add files…", "Adds files to the list.", self._add_files),
                ("Add folder…", "Adds a folder to the list.", self._add_folder),
            ):
                button = small_button(text, tip, self)
                button.clicked.connect(call)
                buttons.addWidget(button)
            buttons.addStretch(1)
            column.addLayout(buttons)

    def show_value(self, value: JSON) -> None:
        """Shows the lines."""
        self._value = list(value)
        self.area.show_text("\n".join(self._value))

    def _typed(self, text: str) -> None:
        lines = [line.strip() if self.knob.kind == "files" else line for line in text.split("\n")]
        self.committed.emit([line for line in lines if line])

    def _add_files(self) -> None:
        chosen, _ = QFileDialog.getOpenFileNames(self, self.knob.title, str(self._folder()))
        names = dict.fromkeys(pattern_of(Path(name)) for name in chosen)
        self._add([relative_to(name, self._folder()) for name in names])

    def _add_folder(self) -> None:
        chosen = QFileDialog.getExistingDirectory(self, self.knob.title, str(self._folder()))
        self._add([relative_to(chosen, self._folder())] if chosen else [])

    def _add(self, names: list[str]) -> None:
        if names:
            self.committed.emit([*self._value, *names])
