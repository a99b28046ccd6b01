"""Asks which canonical image to export, where to, and what then."""

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from gui import theme
from gui.core.editor import Editor
from gui.roundtrip.trip import trip_of

FORMATS = (
    ("PNG, 16 bit", ".png", None),
    ("TIFF, 16 bit", ".tif", None),
    ("EXR, half float", ".exr", 16),
    ("EXR, 32-bit float", ".exr", 32),
)
_KEPT = "export_dialog"


class ExportDialog(QDialog):
    """Exports on Enter. What was chosen is remembered.

    Args:
        editor: The editor.
        fit: The fit node to start with, or None for the first.
        layer: The layer to start with.
        parent: The window.
    """

    def __init__(
        self,
        editor: Editor,
        fit: str | None = None,
        layer: int = 0,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._editor, self._trip = editor, trip_of(editor)
        self.setWindowTitle("Export canonical")
        self.setWindowModality(Qt.WindowModality.WindowModal)
        self.setMinimumWidth(460)
        kept = editor.preferences.get(_KEPT)
        kept = kept if isinstance(kept, dict) else {}
        document = editor.project.document
        self.fits = QComboBox()
        self.fits.addItems([n for n in document.nodes if document.node_class(n).output == "field"])
        if fit is not None:
            self.fits.setCurrentText(fit)
        self.layer = QSpinBox()
        self.layer.setRange(0, 255)
        self.layer.setValue(layer)
        self.layer.setToolTip("Which group, counted from 0 at the front")
        self.kinds = QComboBox()
        self.kinds.addItems([title for title, _, _ in FORMATS])
        number = kept.get("format")
        self.kinds.setCurrentIndex(number if isinstance(number, int) and 0 <= number < 4 else 0)
        self.file = QLineEdit()
        browse = QPushButton("Browse\u2026")
        browse.setAutoDefault(False)
        browse.clicked.connect(self._browse)
        program = str(editor.preferences.get("paint_program") or "")
        name = Path(program).stem if program else "the system's program"
        self.open_it = QCheckBox(f"Open it in {name}")
        self.open_it.setToolTip("The preferences say which program, under Files")
        self.open_it.setChecked(kept.get("open") is not False)
        self.watch = QCheckBox("Watch the file and bring its edits back as a layer")
        self.watch.setChecked(kept.get("watch") is not False)
        self.trouble = QLabel()
        self.trouble.setWordWrap(True)
        self.trouble.setStyleSheet(f"color: {theme.ERROR};")
        self.trouble.hide()
        buttons = QDialogButtonBox()
        self.ok = buttons.addButton("Export", QDialogButtonBox.ButtonRole.AcceptRole)
        self.ok.setDefault(True)
        buttons.addButton(QDialogButtonBox.StandardButton.Cancel)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        where = QHBoxLayout()
        where.setSpacing(theme.GAP)
        where.addWidget(self.file, 1)
        where.addWidget(browse)
        what = QHBoxLayout()
        what.setSpacing(theme.MARGIN)
        what.addWidget(self.fits, 1)
        what.addWidget(QLabel("Layer"))
        what.addWidget(self.layer)
        grid = QGridLayout()
        grid.setHorizontalSpacing(theme.MARGIN + 4)
        grid.setVerticalSpacing(theme.MARGIN)
        grid.setColumnStretch(1, 1)
        grid.addWidget(QLabel("Fit"), 0, 0)
        grid.addLayout(what, 0, 1)
        grid.addWidget(QLabel("Format"), 1, 0)
        grid.addWidget(self.kinds, 1, 1)
        grid.addWidget(QLabel("File"), 2, 0)
        grid.addLayout(where, 2, 1)
        grid.addWidget(self.open_it, 3, 1)
        grid.addWidget(self.watch, 4, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(*(2 * theme.MARGIN,) * 4)
        column.setSpacing(theme.MARGIN + 4)
        column.addLayout(grid)
        column.addWidget(self.trouble)
        column.addWidget(buttons)
        self._typed = False
        self.file.textEdited.connect(lambda _: setattr(self, "_typed", True))
        self.fits.currentTextChanged.connect(lambda _: self._suggest())
        self.layer.valueChanged.connect(lambda _: self._suggest())
        self.kinds.currentIndexChanged.connect(lambda _: self._suggest())
        self._suggest()

    def accept(self) -> None:
        """Exports, unless something is missing."""
        trouble = self._missing()
        if trouble:
            self.trouble.setText(trouble)
            self.trouble.show()
            return
        self._editor.preferences.set(
            _KEPT,
            {
                "format": self.kinds.currentIndex(),
                "open": self.open_it.isChecked(),
                "watch": self.watch.isChecked(),
            },
        )
        self._trip.export(
            self.fits.currentText(),
            self.layer.value(),
            Path(self.file.text()).expanduser(),
            depth=FORMATS[self.kinds.currentIndex()][2],
            watch=self.watch.isChecked(),
            open_it=self.open_it.isChecked(),
        )
        super().accept()

    def _missing(self) -> str:
        if not self.fits.currentText():
            return "There is no fit in the graph; make one first."
        file = Path(self.file.text()).expanduser()
        suffix = FORMATS[self.kinds.currentIndex()][1]
        if not self.file.text().strip() or not file.is_absolute():
            return "Choose a file with its whole path."
        if file.suffix.lower() not in (suffix, ".tiff" if suffix == ".tif" else suffix):
            return f"The name of this kind of file ends in {suffix}."
        return ""

    def _suggest(self) -> None:
        suffix = FORMATS[self.kinds.currentIndex()][1]
        if self._typed and self.file.text():
            self.file.setText(str(Path(self.file.text()).with_suffix(suffix)))
            return
        project = self._editor.project
        stem = "untitled" if project.path is None else project.path.stem
        layer = f"_{self.layer.value()}" if self.layer.value() else ""
        name = f"{stem}_{self.fits.currentText()}_canonical{layer}{suffix}"
        self.file.setText(str(project.folder / name))

    def _browse(self) -> None:
        suffix = FORMATS[self.kinds.currentIndex()][1]
        chosen, _ = QFileDialog.getSaveFileName(
            self, "Export canonical", self.file.text(), f"Picture (*{suffix})"
        )
        if chosen:
            self._typed = True
            path = Path(chosen)
            self.file.setText(str(path if path.suffix else path.with_suffix(suffix)))
