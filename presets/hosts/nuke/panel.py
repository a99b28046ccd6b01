"""The status panel: what each shot is doing, and the last lines of what was told.

It is made of Nuke's own Qt (PySide2 up to 15, PySide6 from 16); ours never gets into Nuke.
"""

from __future__ import annotations

import importlib
from typing import Any

from . import actions
from . import link as links
from .host import LOG

MILLISECONDS = 400


def _qt(name: str) -> Any:
    for package in ("PySide6", "PySide2"):
        try:
            return importlib.import_module(package + "." + name)
        except ImportError:
            continue
    raise ImportError("Nuke has neither PySide6 nor PySide2")


QtCore, QtWidgets = _qt("QtCore"), _qt("QtWidgets")


class StatusPanel(QtWidgets.QWidget):  # type: ignore[name-defined, misc]
    """A table of the shots, buttons for the chosen one, and the log."""

    def __init__(self, parent: Any = None) -> None:
        QtWidgets.QWidget.__init__(self, parent)
        self.table = QtWidgets.QTableWidget(0, 3)
        self.table.setHorizontalHeaderLabels(["Shot", "Status", "Done"])
        self.table.horizontalHeader().setStretchLastSection(False)
        self.table.horizontalHeader().setSectionResizeMode(1, QtWidgets.QHeaderView.Stretch)
        self.table.setColumnWidth(0, 170)
        self.table.setColumnWidth(2, 56)
        self.table.verticalHeader().hide()
        self.table.setSelectionBehavior(QtWidgets.QAbstractItemView.SelectRows)
        self.table.setEditTriggers(QtWidgets.QAbstractItemView.NoEditTriggers)
        self.log = QtWidgets.QPlainTextEdit()
        self.log.setReadOnly(True)
        row = QtWidgets.QHBoxLayout()
        for name, call in (
            ("Send", actions.send),
            ("Fit", actions.fit),
            ("Cancel", actions.cancel),
            ("Open", actions.open_in_program),
            ("Update", actions.update),
            ("Bake", actions.bake),
        ):
            button = QtWidgets.QPushButton(name)
            button.clicked.connect(lambda *_, call=call: call())
            row.addWidget(button)
        layout = QtWidgets.QVBoxLayout(self)
        layout.addWidget(self.table, 2)
        layout.addLayout(row)
        layout.addWidget(self.log, 3)
        self._lines = 0
        self._timer = QtCore.QTimer(self)
        self._timer.timeout.connect(self.refresh)
        self._timer.start(MILLISECONDS)
        self.refresh()

    def refresh(self) -> None:
        """Shows what is now; asks nothing and nobody."""
        found = sorted(links.LINKS.values(), key=lambda link: link.document)
        self.table.setRowCount(len(found))
        for row, link in enumerate(found):
            done = "" if link.fraction is None else f"{100 * link.fraction:.0f} %"
            name = link.document.rsplit("/", 1)[-1]
            for column, text in enumerate((name, link.status, done)):
                item = self.table.item(row, column)
                if item is None:
                    item = QtWidgets.QTableWidgetItem()
                    self.table.setItem(row, column, item)
                item.setText(text)
                item.setToolTip(link.document if column == 0 else text)
        text = "\n".join(LOG)
        if text != self.log.toPlainText():
            self.log.setPlainText(text)
            bar = self.log.verticalScrollBar()
            bar.setValue(bar.maximum())
