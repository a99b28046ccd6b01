"""Which still of a long shot the canonical viewer shows: that of the frame, or a chosen one."""

from PySide6.QtCore import QObject
from PySide6.QtGui import QActionGroup

from gui.core.editor import Editor
from gui.viewer.toolbar import Toolbar


class StillMenu(QObject):
    """The menu of stills in the tool bar of the canonical viewer.

    Args:
        editor: The editor.
        toolbar: The tool bar.

    Attributes:
        follows: The still is that of the frame that the timeline stands at.
    """

    def __init__(self, editor: Editor, toolbar: Toolbar) -> None:
        super().__init__(toolbar)
        self._editor, self._toolbar = editor, toolbar
        self._one = QActionGroup(self)
        self.follows = True
        editor.viewing.stills.changed.connect(self._tell)
        editor.clock.frame_changed.connect(self._follow)
        self._tell()

    def choose(self, segment: int | None) -> None:
        """Stays with the still of a segment; None follows the timeline again."""
        self.follows = segment is None
        if segment is not None:
            self._editor.viewing.stills.show(segment)
        self._follow()
        self._tell()

    def _follow(self, *_: object) -> None:
        stills = self._editor.viewing.stills
        segment = stills.at(self._editor.clock.frame)
        if self.follows and segment is not None:
            stills.show(segment)

    def _tell(self) -> None:
        stills, button = self._editor.viewing.stills, self._toolbar.stills
        self._toolbar.show_stills(len(stills.segments) > 1)
        menu = button.menu()
        menu.clear()
        follow = menu.addAction("Follow the timeline")
        follow.setCheckable(True)
        follow.setChecked(self.follows)
        follow.triggered.connect(lambda _=False: self.choose(None))
        menu.addSeparator()
        for number, each in enumerate(stills.segments):
            action = menu.addAction(f"Still {number}   frames {each.first}-{each.last}")
            action.setCheckable(True)
            action.setChecked(number == stills.shown)
            self._one.addAction(action)
            action.triggered.connect(lambda _=False, n=number: self.choose(n))
        if stills.segments:
            now = stills.segments[stills.shown]
            button.setText(f"still {stills.shown}  {now.first}-{now.last}")
            button.setToolTip(
                "Still of this long shot: that of the frame, as the timeline goes"
                if self.follows
                else "Still of this long shot: the chosen one, whatever the frame"
            )
        self._follow()
