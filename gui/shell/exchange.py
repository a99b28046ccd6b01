"""What opens over the window: the round trip with paint programs, and the cache manager."""

from pathlib import Path

from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import QDialog, QWidget

from gui.cache.manager import CacheManager
from gui.core.editor import Editor
from gui.core.streams import CANONICAL
from gui.roundtrip.exportdialog import ExportDialog
from gui.roundtrip.placedialog import PlaceDialog
from gui.roundtrip.trip import Arrival, trip_of


class Exchange(QObject):
    """Opens the dialogs of the round trip and tells what came back.

    Args:
        editor: What panes share.
        window: Owner of the dialogs.
    """

    def __init__(self, editor: Editor, window: QWidget) -> None:
        super().__init__(window)
        self._editor, self._window = editor, window
        trip = trip_of(editor)
        trip.exported.connect(lambda file: editor.say(f"Exported {Path(file).name}, and watched"))
        trip.arrived.connect(lambda file, node: editor.say(f"{Path(file).name} is in {node}"))
        trip.troubled.connect(editor.say)
        trip.guessed.connect(self._place)

    def export(self, fit: str | None = None) -> None:
        """Asks how to export the canonical image of a fit; default: the one that is shown."""
        viewing = self._editor.viewing
        shown = viewing.shown(CANONICAL)
        dialog = ExportDialog(self._editor, fit or shown.fit, viewing.layer, self._window)
        self._open(dialog)

    def manage_cache(self) -> None:
        """Opens the cache manager."""
        self._open(CacheManager(self._editor, self._window))

    def _place(self, arrival: Arrival) -> None:
        self._open(PlaceDialog(self._editor, arrival, self._window))

    def _open(self, dialog: QDialog) -> None:
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()
