"""R over the graph: a file browser first, then a node for each clip that was chosen."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtWidgets import QFileDialog, QWidget

from gui.core.editor import Editor

_FOLDER = "clip_folder"


def browse_clips(editor: Editor, parent: QWidget, then: Callable[[list[Path]], None]) -> None:
    """Asks for clips without waiting for the answer; given up, nothing is made.

    Args:
        editor: Its document says where to look first.
        parent: Owner of the browser.
        then: Is given what was chosen: one frame stands for its whole sequence.
    """
    title = "Load: one frame stands for its sequence"
    dialog = QFileDialog(parent, title, str(_start(editor)))
    dialog.setFileMode(QFileDialog.FileMode.ExistingFiles)

    def chosen(names: list[str]) -> None:
        paths = [Path(name) for name in names]
        if paths:
            editor.preferences.set(_FOLDER, str(paths[0].parent))
            then(paths)

    dialog.filesSelected.connect(chosen)
    dialog.finished.connect(dialog.deleteLater)
    dialog.open()


def _start(editor: Editor) -> Path:
    """The folder of the selected clip, else of the last one, else of the document."""
    project = editor.project
    base = project.path.parent if project.path is not None else Path.home()
    name = editor.selection.current
    if name is not None and name in project.document:
        file = project.document.state(name).knobs.get("file")
        if isinstance(file, str) and file:
            return (base / file).parent
    last = editor.preferences.get(_FOLDER)
    return Path(last) if isinstance(last, str) and last else base
