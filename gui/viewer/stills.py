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
        editor.viewing.segments_changed.connect(self._tell)
        editor.clock.frame_changed.connect(self._follow)
        self._tell()

    def choose(self, segment: int | None) -> None:
        """Stays with the still of a segment; None follows the timeline again."""
        self.follows = segment is None
        if segment is not None:
            self._editor.viewing.show_segment(segment)
        self._follow()
        self._tell()

    def _follow(self, *_: object) -> None:
        viewing = self._editor.viewing
        segment = viewing.segment_at(self._editor.clock.frame)
        if self.follows and segment is not None:
            viewing.show_segment(segment)

    def _tell(self) -> None:
        viewing, button = self._editor.viewing, self._toolbar.stills
        self._toolbar.show_stills(len(viewing.segments) > 1)
        menu = button.menu()
        menu.clear()
        follow = menu.addAction("Follow the timeline")
        follow.setCheckable(True)
        follow.setChecked(self.follows)
        follow.triggered.connect(lambda _=False: self.choose(None))
        menu.addSeparator()
        for number, each in enumerate(viewing.segments):
            action = menu.addAction(f"Still {number}   frames {each.first}-{each.last}")
            action.setCheckable(True)
            action.setChecked(number == viewing.segment)
            self._one.addAction(action)
            action.triggered.connect(lambda _=False, n=number: self.choose(n))
        if viewing.segments:
            now = viewing.segments[viewing.segment]
            button.setText(f"still {viewing.segment}  {now.first}-{now.last}")
            button.setToolTip(
                "Still of this long shot: that of the frame, as the timeline goes"
                if self.follows
                else "Still of this long shot: the chosen one, whatever the frame"
            )
        self._follow()
