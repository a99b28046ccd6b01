"""Fits that the view worker finds beside the document are noted in it."""

from typing import Any

from PySide6.QtCore import QObject

from codef_nodes.graph.commands import RecordField
from gui.core.editor import Editor


class FoundFits(QObject):
    """Hears of fits that were made for just what a node reads, by another window or the command
    line, and are in use therefore: the document says so from then on, as after a fit of its own.

    Without that note the fit would be lost when the plate changes or the document is saved
    elsewhere.

    Args:
        editor: What panes share.
    """

    def __init__(self, editor: Editor) -> None:
        super().__init__(editor)
        self._editor = editor
        editor.workers_started.connect(self._hear)
        self._hear()

    def _hear(self) -> None:
        if self._editor.workers is not None:
            self._editor.workers.view.event.connect(self._heard)

    def _heard(self, event: str, data: dict[str, Any]) -> None:
        if event != "records":
            return
        node, record = data.get("node"), data.get("record")
        project = self._editor.project
        if (
            not isinstance(node, str)
            or not isinstance(record, dict)
            or node not in project.document
        ):
            return
        # What an undo has just taken back is found again at once: redo must go on being possible.
        if project.document.state(node).field is not None or project.history.redo_title is not None:
            return
        project.do_between_gestures(RecordField(node, record))
        self._editor.say(f"{node}: the fit {record.get('path', '')} was found and is in use")
