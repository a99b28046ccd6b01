"""The cache manager."""

import time
from functools import partial
from typing import Any

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import (
    QDialog,
    QGridLayout,
    QGroupBox,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QMessageBox,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from codef_nodes.worker.protocol import WorkerError
from gui import theme
from gui.core.editor import Editor
from gui.fit.figures import megabytes
from gui.icons import icon
from gui.jobs.reveal import reveal
from gui.jobs.words import count

_COLUMNS = ("Fit", "Version", "Size", "Quality", "Last use", "Used by")
_CACHES = {
    "ram": ("Memory", "Pictures in the memory of both workers; made again when they are needed"),
    "disk": ("Disk", "Flow and pictures on the disk; made again when they are needed"),
    "drafts": ("Drafts", "What unfinished fits have reached; the fit that runs writes new ones"),
    "checkpoints": ("Checkpoints", "From where cancelled fits would go on"),
}
_DAY = 86400.0


class CacheManager(QDialog):
    """Finished fits (kept until they are deleted here) and caches (cleared without harm).

    Args:
        editor: The editor.
        parent: The window.

    Attributes:
        fits: The list of finished fits.
        clear_buttons: The button of each cache.
        trouble: What went wrong last.
    """

    def __init__(self, editor: Editor, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._editor = editor
        self._content: dict[str, Any] = {}
        self.setWindowTitle("Cache manager")
        self.resize(720, 460)
        self.fits = QTreeWidget()
        self.fits.setHeaderLabels(list(_COLUMNS))
        self.fits.setRootIsDecorated(False)
        self.fits.setUniformRowHeights(True)
        self.fits.setAlternatingRowColors(True)
        self.fits.setSelectionMode(QTreeWidget.SelectionMode.ExtendedSelection)
        self.fits.header().setStretchLastSection(True)
        self.fits.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        for column in range(1, len(_COLUMNS)):
            self.fits.header().setSectionResizeMode(column, QHeaderView.ResizeMode.ResizeToContents)
        self.fits.itemSelectionChanged.connect(self._update_buttons)
        self.fits.itemDoubleClicked.connect(lambda *_: self.reveal())
        self.pin = self._button("Pin", "pin", "Pinned fits cannot be deleted", self.toggle_pin)
        self.show_folder = self._button("Reveal", "folder", "Show the folder", self.reveal)
        self.delete = self._button(
            "Delete\u2026", "trash", "Delete the chosen fits from the disk", self.ask_delete
        )
        self.again = self._button("Refresh", "refresh", "Look again", self.refresh)
        row = QHBoxLayout()
        row.setSpacing(theme.GAP + 2)
        for button in (self.pin, self.show_folder, self.delete):
            row.addWidget(button)
        row.addStretch(1)
        self.total = QLabel()
        self.total.setStyleSheet(f"color: {theme.DIM};")
        row.addWidget(self.total)
        row.addSpacing(theme.MARGIN)
        row.addWidget(self.again)
        caches = QGroupBox("Can be made again")
        grid = QGridLayout(caches)
        grid.setContentsMargins(theme.MARGIN, theme.MARGIN + 6, theme.MARGIN, theme.MARGIN)
        grid.setHorizontalSpacing(2 * theme.MARGIN)
        grid.setColumnStretch(2, 1)
        self._sizes: dict[str, QLabel] = {}
        self.clear_buttons: dict[str, QPushButton] = {}
        for number, (what, (title, tip)) in enumerate(_CACHES.items()):
            name, size, where = QLabel(title), QLabel(), QLabel(tip)
            where.setStyleSheet(f"color: {theme.DIM};")
            where.setWordWrap(True)
            size.setMinimumWidth(130)
            clear = QPushButton("Clear")
            clear.setAutoDefault(False)
            clear.clicked.connect(partial(self.clear, what))
            self._sizes[what], self.clear_buttons[what] = size, clear
            for column, widget in enumerate((name, size, where, clear)):
                grid.addWidget(widget, number, column)
        self.trouble = QLabel()
        self.trouble.setWordWrap(True)
        self.trouble.setStyleSheet(f"color: {theme.ERROR};")
        self.trouble.hide()
        column_layout = QVBoxLayout(self)
        column_layout.setContentsMargins(*(theme.MARGIN + 4,) * 4)
        column_layout.setSpacing(theme.MARGIN)
        heading = QLabel("Finished fits beside the document; they stay until you delete them.")
        heading.setStyleSheet(f"color: {theme.DIM};")
        column_layout.addWidget(heading)
        column_layout.addWidget(self.fits, 1)
        column_layout.addLayout(row)
        column_layout.addWidget(caches)
        column_layout.addWidget(self.trouble)
        self._update_buttons()
        self.refresh()

    # What the buttons do.

    def refresh(self) -> None:
        """Asks the worker for the list again."""
        workers = self._editor.workers
        if workers is None:
            self._told(WorkerError(1, "the worker process is not running"))
            return
        workers.view.request("cache.list", {}, self._listed, self._told, owner=self)

    def toggle_pin(self) -> None:
        """Pins the chosen fits, or takes the pins off when all of them are pinned."""
        chosen = self.chosen()
        pinned = not all(each["pinned"] for each in chosen)
        for each in chosen:
            self._ask("cache.pin", {"path": each["path"], "pinned": pinned})

    def reveal(self) -> None:
        """Shows the folder of the chosen fit."""
        for each in self.chosen()[:1]:
            if not reveal(each["path"]):
                self._told(WorkerError(3, f"{each['path']} is not there any more"))

    def ask_delete(self) -> None:
        """Deletes the chosen fits after a question."""
        free = [each for each in self.chosen() if not each["pinned"] and not each["in_use"]]
        if not free:
            return
        size = megabytes(sum(each["bytes"] for each in free))
        names = "\n".join(each["name"] for each in free)
        box = QMessageBox(self)
        box.setIcon(QMessageBox.Icon.Warning)
        box.setWindowTitle("Delete fits")
        box.setText(f"Delete {len(free)} finished fit{'s' if len(free) > 1 else ''} ({size})?")
        box.setInformativeText(f"{names}\n\nThis cannot be undone.")
        yes = box.addButton("Delete", QMessageBox.ButtonRole.DestructiveRole)
        box.setDefaultButton(box.addButton(QMessageBox.StandardButton.Cancel))
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)

        def clicked(button: object) -> None:
            if button is yes:
                for each in free:
                    self._ask("cache.clear", {"what": each["path"]})

        box.buttonClicked.connect(clicked)
        box.open()

    def clear(self, what: str) -> None:
        """Empties a cache; the memory of both workers and of the viewers is one."""
        workers = self._editor.workers
        if what == "ram" and workers is not None:
            workers.jobs.request("cache.clear", {"what": what})
            self._editor.viewing.cache.clear()
            self._editor.viewing.cached_changed.emit()
        self._ask("cache.clear", {"what": what})

    def chosen(self) -> list[dict[str, Any]]:
        """The fits that are selected."""
        return [
            item.data(0, Qt.ItemDataRole.UserRole)
            for item in self.fits.selectedItems()
            if item.data(0, Qt.ItemDataRole.UserRole)
        ]

    # Details.

    def _button(self, text: str, name: str, tip: str, does: Any) -> QPushButton:
        button = QPushButton(icon(name), text)
        button.setIconSize(QSize(theme.ICON - 2, theme.ICON - 2))
        button.setToolTip(tip)
        button.setAutoDefault(False)
        button.clicked.connect(lambda _=False: does())
        return button

    def _ask(self, verb: str, args: dict[str, Any]) -> None:
        workers = self._editor.workers
        if workers is None:
            return

        def done(answer: dict[str, Any]) -> None:
            if "freed" in answer:
                self._editor.say(f"{megabytes(answer['freed'])} freed")
            self.refresh()

        self.trouble.hide()
        workers.view.request(verb, args, done, self._told, owner=self)

    def _told(self, error: WorkerError) -> None:
        if not error.cancelled:
            self.trouble.setText(str(error))
            self.trouble.show()

    def _listed(self, content: dict[str, Any]) -> None:
        chosen = {each["path"] for each in self.chosen()}
        self._content = content
        self.fits.clear()
        for each in content.get("fits", []):
            item = QTreeWidgetItem(
                [
                    each["name"],
                    "" if each.get("version") is None else f"v{each['version']:03d}",
                    megabytes(each["bytes"]),
                    f"{each['psnr']:.2f} dB" if each.get("psnr") is not None else "",
                    ago(time.time() - each["used"]),
                    ", ".join(each["in_use"]) or "\u2013",
                ]
            )
            item.setData(0, Qt.ItemDataRole.UserRole, each)
            for column in (2, 3):
                item.setTextAlignment(
                    column, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
                )
            item.setToolTip(0, each["path"])
            if each["pinned"]:
                item.setIcon(0, icon("pin", theme.ACCENT))
            if not each["in_use"]:
                item.setForeground(5, theme.colour(theme.DIM))
            self.fits.addTopLevelItem(item)
            item.setSelected(each["path"] in chosen)
        whole = sum(each["bytes"] for each in content.get("fits", []))
        self.total.setText(f"{count(len(content.get('fits', [])), 'fit')}, {megabytes(whole)}")
        for each in content.get("caches", []):
            if each["what"] in self._sizes:
                text = megabytes(each["bytes"])
                if each.get("budget"):
                    text += f" of {megabytes(each['budget'])}"
                self._sizes[each["what"]].setText(text)
                self._sizes[each["what"]].setToolTip(str(each.get("path") or ""))
        self._update_buttons()

    def _update_buttons(self) -> None:
        chosen = self.chosen()
        self.pin.setEnabled(bool(chosen))
        all_pinned = bool(chosen) and all(each["pinned"] for each in chosen)
        self.pin.setText("Unpin" if all_pinned else "Pin")
        self.show_folder.setEnabled(len(chosen) == 1)
        free = [each for each in chosen if not each["pinned"] and not each["in_use"]]
        self.delete.setEnabled(bool(free))
        held = bool(chosen) and not free
        self.delete.setToolTip(
            "In use or pinned: fit again or unpin it first"
            if held
            else "Delete the chosen fits from the disk"
        )


def ago(seconds: float) -> str:
    """How long ago something was, as people say it."""
    if seconds < 90:
        return "just now"
    if seconds < 5400:
        return f"{round(seconds / 60)} min ago"
    if seconds < 1.5 * _DAY:
        return f"{round(seconds / 3600)} h ago"
    return f"{round(seconds / _DAY)} days ago"
