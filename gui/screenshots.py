"""Pictures of the editor at work, for the manual: ``python -m gui.screenshots``.

Needs no display. The demo of the program's own clip is fitted once, in ``build/screenshots``; each
picture shows the real window on it.
"""

import argparse
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from engine.errors import InputError
from gui.app import make_application
from gui.core.editor import Editor
from gui.core.preferences import Preferences
from gui.project.demo import OWN, place
from gui.shell.preferencesdialog import PreferencesDialog
from gui.shell.screenshot import Screenshot
from gui.shell.shortcuts import ShortcutSheet
from gui.shell.window import MainWindow

SIZE = (1600, 960)
ROOT = Path(__file__).resolve().parent.parent


def prepare(folder: Path) -> Path:
    """The demo document with its clip and its fit; what is there is not made again.

    Raises:
        InputError: One of the steps failed.
    """
    document = place(folder, OWN)
    steps = (
        ["codef_nodes.demo.clip", str(folder / "source"), "--offline"],
        ["codef_nodes", "render", str(document), "--node", "Fit", "--frames", "30"],
    )
    for step in steps:
        done = subprocess.run([sys.executable, "-m", *step], cwd=ROOT, check=False)
        if done.returncode != 0:
            raise InputError(f"python -m {' '.join(step)} failed; its message is above")
    return document


class Album:
    """Takes pictures of one window.

    Args:
        document: The document to open.
        folder: Where the pictures go.
    """

    def __init__(self, document: Path, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        preferences = Preferences()
        self.editor = Editor(preferences)
        self.window = MainWindow(self.editor)
        self.window.setMinimumSize(*SIZE)  # the screen of a machine without one is small
        self.window.start()
        self.window.show()
        self.editor.start_workers()
        self.window.files.read(document)
        self.settle()

    def layout(self, name: str) -> None:
        """Shows a layout as shipped, with the whole graph in sight."""
        self.window.layouts.show(name)
        self.window.layouts.reset()
        QTest.qWait(300)  # docks find their places in several rounds
        self.editor.actions.run("graph.frame", self.window.docks["graph"].pane)

    def settle(self) -> None:
        """Waits until nothing moves any more."""
        done: list[bool] = []
        shot = Screenshot(self.window, self._folder / ".settled.png")
        shot.done.connect(done.append)
        shot.start()
        while not done:
            QTest.qWait(50)
        (self._folder / ".settled.png").unlink(missing_ok=True)

    def take(self, name: str, widget: QWidget | None = None) -> Path:
        """Writes one picture."""
        target = self._folder / f"{name}.png"
        (widget or self.window).grab().save(str(target))
        sys.stdout.write(f"{target}\n")
        return target

    def close(self) -> None:
        """Ends the window and its processes."""
        self.editor.project.use(self.editor.project.document, self.editor.project.path)
        self.window.close()


def pictures(album: Album) -> None:
    """Takes every picture of the manual."""
    window, editor = album.window, album.editor
    editor.clock.set_frame(30)
    editor.viewing.set_layer(1)  # the one that is painted on
    editor.selection.set([])
    album.layout("Graph")
    editor.selection.set(["Fit"])
    editor.actions.run("graph.open", window.docks["graph"].pane)
    album.settle()
    album.take("editor_graph")
    editor.selection.set(["Paint"])
    editor.actions.run("graph.open", window.docks["graph"].pane)
    editor.selection.set([])
    album.layout("Paint")
    editor.selection.set(["Paint"])
    album.settle()
    album.take("editor_paint")
    editor.selection.set([])
    album.layout("Graph")
    window.docks["fit"].raise_()
    album.settle()
    album.take("fit_panel", window.docks["fit"])
    window.docks["properties"].raise_()
    window.tour.start()
    window.tour.next()
    album.settle()
    album.take("guided_tour")
    window.tour.end()
    dialogs: tuple[tuple[str, Callable[[], QWidget]], ...] = (
        ("shortcut_sheet", lambda: ShortcutSheet(editor.actions, window)),
        ("preferences", lambda: PreferencesDialog(editor.preferences, window)),
    )
    for name, make in dialogs:
        dialog = make()
        dialog.show()
        QTest.qWait(100)
        album.take(name, dialog)
        dialog.close()


def main(argv: Sequence[str] | None = None) -> int:
    """Reads the command line and takes the pictures."""
    parser = argparse.ArgumentParser(prog="python -m gui.screenshots", description=__doc__)
    parser.add_argument("-o", "--output", type=Path, default=ROOT / "docs" / "images")
    parser.add_argument("--work", type=Path, default=ROOT / "build" / "screenshots")
    options = parser.parse_args(argv)
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    os.environ["CODEF_CONFIG"] = str(options.work / "config")
    document = prepare(options.work)
    make_application(Preferences())
    album = Album(document, options.output)
    pictures(album)
    album.close()
    QApplication.processEvents()
    return 0


if __name__ == "__main__":
    sys.exit(main())
