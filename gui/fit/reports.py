"""The figures of finished fits, of this session or asked for."""

from collections.abc import Callable
from typing import Any

from gui.core.editor import Editor


class Reports:
    """What is known about the fit that a node uses.

    Args:
        editor: Whose document and workers.
        told: Called when an answer came.
    """

    def __init__(self, editor: Editor, told: Callable[[], object]) -> None:
        self._editor, self._told = editor, told
        self._known: dict[str, tuple[str, dict[str, Any]]] = {}

    def path(self, node: str | None) -> str | None:
        """Folder of the fit that the document uses for a node, as the document says it."""
        document = self._editor.project.document
        if node is None or node not in document:
            return None
        field = document.state(node).field
        return None if not field or not field.get("path") else str(field["path"])

    def of(self, node: str | None) -> dict[str, Any]:
        """The figures, or nothing while they are not known."""
        known = self._known.get(node or "")
        return known[1] if known is not None and known[0] == (self.path(node) or "") else {}

    def note(self, node: str, report: dict[str, Any]) -> None:
        """Keeps what a fit said when it was done."""
        self._known[node] = self.path(node) or "", dict(report)

    def ask(self, node: str | None) -> None:
        """Asks for the figures of a fit that was made in an earlier session."""
        path, workers = self.path(node), self._editor.workers
        if node is None or path is None or workers is None:
            return
        known = self._known.get(node)
        if known is not None and known[0] == path:
            return

        def done(answer: dict[str, Any]) -> None:
            self._known[node] = path, answer.get("report") or {}
            self._told()

        workers.view.request("fit.report", {"node": node}, done, lambda _: None)

    def forget(self) -> None:
        """Another document is open."""
        self._known.clear()
