"""The offer to make a group of what one still does not explain."""

from typing import Any

from PySide6.QtWidgets import QHBoxLayout, QWidget

from gui.core.editor import Editor
from gui.fit.figures import conflict_of
from gui.fit.parts import button
from gui.masks.edits import grouping_of_motion

TEXT = "Make a group of it"
TIP = (
    "Adds a Motion mask and wires it as a group: what moves apart from the camera gets a canonical "
    "image of its own when you fit again"
)


class GroupOffer(QWidget):
    """One button, there while motion may tell apart what one still does not explain.

    Args:
        editor: The editor.

    Attributes:
        button: Does it.
    """

    def __init__(self, editor: Editor) -> None:
        super().__init__()
        self._editor = editor
        self._fit = ""
        self.button = button(TEXT, "mask", TIP, self.make)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.button)
        row.addStretch(1)
        self.hide()

    def show_fit(self, fit: str, report: dict[str, Any]) -> None:
        """Offers it where there is something to offer.

        Args:
            fit: The fit.
            report: Its report.
        """
        self._fit = fit
        conflict, groups = conflict_of(report), report.get("groups") or [""]
        # What a group in front cannot hold is no business of the camera's.
        behind = bool(conflict) and conflict.get("layer", "") in ("", groups[-1])
        document = self._editor.project.document
        self.setVisible(behind and grouping_of_motion(document, fit) is not None)

    def make(self) -> None:
        """Gives what moves apart from the camera a group of its own."""
        made = grouping_of_motion(self._editor.project.document, self._fit)
        if made is not None and self._editor.project.do(made[0]):
            self._editor.say(f"{made[1]} finds what moves: look at it, then fit {self._fit} again")
