"""Pictures of one real window, written where the manual wants them."""

import sys
from pathlib import Path

from PySide6.QtCore import QRect
from PySide6.QtGui import QPixmap
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget

from engine.errors import WriteError
from gui.core.editor import Editor
from gui.core.preferences import Preferences
from gui.manual.hands import Hands
from gui.shell.screenshot import Screenshot
from gui.shell.window import MainWindow

SIZE = (1600, 960)
_JPEG = 72


class Album:
    """Opens a window with its workers and takes pictures of it.

    Args:
        folder: Where the pictures go.

    Attributes:
        hands: The scripted artist.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.editor = Editor(Preferences())
        self.window = MainWindow(self.editor)
        self.window.setMinimumSize(*SIZE)  # the screen of a machine without one is small
        self.window.start()
        self.window.show()
        self.editor.start_workers()
        self.hands = Hands(self.window)

    def open(self, document: Path) -> None:
        """Opens a document and waits for its pictures."""
        self.window.files.read(document)
        self.settle()

    def layout(self, name: str) -> None:
        """Shows a layout as shipped, with the whole graph in sight."""
        self.editor.selection.set([])
        self.window.layouts.show(name)
        self.window.layouts.reset()
        QTest.qWait(300)  # docks find their places in several rounds
        self.editor.actions.run("graph.frame", self.hands.graph)
        for slot in ("canonical", "frame"):
            self.hands.canvas(slot).fit()

    def settle(self) -> None:
        """Waits until nothing moves any more, and no viewer is being updated."""
        done: list[bool] = []
        target = self._folder / ".settled.png"
        shot = Screenshot(self.window, target)
        shot.done.connect(done.append)
        shot.start()
        while not done:
            QTest.qWait(50)
        target.unlink(missing_ok=True)
        viewers = [self.hands.canvas(slot) for slot in ("canonical", "frame")]
        self.hands.wait(
            lambda: not any(viewer.isVisible() and viewer.updating for viewer in viewers),
            120,
            "for the viewers",
        )

    def take(self, name: str, widget: QWidget | None = None, part: QRect | None = None) -> Path:
        """Writes one picture.

        Args:
            name: Its file name; ``.jpg`` for photographs, ``.png`` for plain controls.
            widget: What is shown; default: the window.
            part: The part of it.

        Raises:
            WriteError: It cannot be written.
        """
        target = self._folder / name
        seen: QPixmap = (widget or self.window).grab(part or QRect(0, 0, -1, -1))
        if not seen.save(str(target), quality=_JPEG if target.suffix == ".jpg" else 0):
            raise WriteError(f"cannot write {target}; make room or change the rights", file=target)
        sys.stdout.write(f"{target}  {target.stat().st_size // 1024} KB\n")
        sys.stdout.flush()
        return target

    def dialog(self, name: str, dialog: QWidget) -> None:
        """Shows a dialog, takes its picture and closes it."""
        dialog.show()
        QTest.qWait(400)
        self.take(name, dialog)
        dialog.close()

    def close(self) -> None:
        """Ends the window and its processes."""
        self.editor.project.use(self.editor.project.document, self.editor.project.path)
        self.window.close()
