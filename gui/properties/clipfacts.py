"""What the files of a clip are, under the head of its panel: range, gaps, size, colour."""

from html import escape
from typing import Any

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QLabel, QWidget

from engine.io.frames import format_frames
from gui import theme
from gui.core.editor import Editor
from gui.core.workers import WorkerError

CLIPS = ("LoadSequence",)
"""Types of the nodes that read clips."""

_CANCELLED = 5
_SHORT = 12
"""Gaps that are spelled out; of more, the first are."""


class ClipFacts(QLabel):
    """Asks the worker about a node's files, and again when its knobs change.

    Args:
        editor: Whose worker is asked.
        node: Name of the node.
        parent: The panel.
    """

    def __init__(self, editor: Editor, node: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._editor, self._node = editor, node
        self._asked: object = None
        self.setWordWrap(True)
        self.setTextFormat(Qt.TextFormat.RichText)
        self.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.setStyleSheet(f"color: {theme.DIM}; padding: 6px 8px 7px 8px;")
        self.hide()
        self._soon = QTimer(self, singleShot=True, interval=0)
        self._soon.timeout.connect(self._ask)
        editor.project.changed.connect(self._look)
        editor.project.path_changed.connect(self._look)
        editor.viewing.revisions.bumped.connect(self._look)
        editor.workers_started.connect(self._look)
        self._look()

    def _look(self, *_: object) -> None:
        self._soon.start()

    def _ask(self) -> None:
        workers, project = self._editor.workers, self._editor.project
        if workers is None or project.safe or self._node not in project.document:
            return
        asked = self._editor.viewing.signature(self._node), project.path
        if asked == self._asked:
            return
        self._asked = asked

        def done(answer: dict[str, Any]) -> None:
            if self._asked == asked:
                self.setText(told(answer))
                self.show()

        def failed(error: WorkerError) -> None:
            if self._asked == asked:
                # What is wrong stands in red above, and on the node's face.
                self._asked = None if error.code == _CANCELLED else asked
                self.hide()

        workers.view.request("clip", {"node": self._node}, done, failed, owner=self)


def told(facts: dict[str, Any]) -> str:
    """The facts as two lines: frames and gaps, then what the pictures are.

    Args:
        facts: The worker's answer to ``clip``.
    """
    count, missing = int(facts.get("count") or 0), list(facts.get("missing") or [])
    frames = "one still, the same at any frame" if facts.get("still") else _range(facts, count)
    first = f"<span style='color: {theme.TEXT}'>{frames}</span>"
    if missing:
        gaps = format_frames(missing[:_SHORT]) + (" …" if len(missing) > _SHORT else "")
        first += f" · {_warned(f'{_frames(len(missing))} missing: {gaps}')}"
    size = facts.get("size") or [0, 0]
    parts = [f"{size[0]} x {size[1]}"]
    aspect = float(facts.get("aspect") or 1.0)
    if abs(aspect - 1) > 1e-3:
        parts.append(f"pixel aspect {aspect:g}")
    parts.append(f"{facts.get('bits')} bits")
    parts.append(str(facts.get("colour") or ""))
    if facts.get("fps"):
        parts.append(f"{float(facts['fps']):g} fps")
    lines = [first, " · ".join(part for part in parts if part)]
    lines += [_warned(str(each)) for each in list(facts.get("warnings") or [])[:2]]
    return "<br>".join(lines)


def _range(facts: dict[str, Any], count: int) -> str:
    whole = str(facts.get("frames") or "").partition(",")[0]
    return f"{escape(whole)} · {_frames(count)}"


def _frames(count: int) -> str:
    return f"{count} frame{'' if count == 1 else 's'}"


def _warned(text: str) -> str:
    return f"<span style='color: {theme.WARNING}'>{escape(text)}</span>"
