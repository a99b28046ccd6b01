"""Files and folders become nodes: one for each clip that is in them."""

from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QPointF, Signal

from codef_nodes.graph.commands import Command, Group, Rename
from engine.errors import UsageError
from gui.core.editor import Editor
from gui.graph.create import create
from gui.graph.drops import as_knob, clip_name, clips
from gui.graph.flow import PREFERENCE, flow_of


class Dropping(QObject):
    """Makes the nodes of what was dropped or chosen.

    Which clips a folder holds is asked from the worker: reading a folder may take long. Without a
    worker each path is taken for one clip.

    Args:
        editor: Whose document gets the nodes.
        parent: The owner.
    """

    made = Signal(str)
    """The last of the nodes that were made."""

    def __init__(self, editor: Editor, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._editor = editor

    def load(self, paths: list[Path], place: QPointF) -> None:
        """Makes a node for each clip.

        Args:
            paths: Files and folders.
            place: Where the first node goes in the scene.
        """
        wanted = clips(paths)
        workers = self._editor.workers
        if workers is None or workers.view.state == "dead":
            self._make(wanted, place)
            return

        def done(answer: dict[str, Any]) -> None:
            found = [Path(each) for each in answer.get("clips") or []]
            self._make(found or wanted, place)
            more = int(answer.get("more") or 0)
            if more:
                self._editor.say(f"{more} more clips are in there; drop those you need by name.")

        request = {"paths": [str(path) for path in wanted]}
        workers.view.request("clips", request, done, lambda _: self._make(wanted, place))

    def _make(self, paths: list[Path], place: QPointF) -> None:
        """Each clip becomes a node, side by side, in one step."""
        project = self._editor.project
        commands: list[Command] = []
        trial = project.document.copied()
        names = []
        aside = flow_of(self._editor.preferences.get(PREFERENCE)).aside
        for number, path in enumerate(paths):
            knobs = {"file": as_knob(path, project.path)}
            spot = (place.x() + number * aside[0], place.y() + number * aside[1])
            made = create(trial, "LoadSequence", spot, knobs=knobs)
            name = clip_name(path)
            steps: list[Command] = [made.command]
            made.command.run(trial)
            wanted = trial.free_name(name) if name in trial else name
            if wanted:
                try:
                    rename = Rename(made.name, wanted)
                    rename.run(trial)
                    steps.append(rename)
                except UsageError:
                    wanted = ""
            commands += steps
            names.append(wanted or made.name)
        if commands and project.do(Group(commands, "Load " + ", ".join(names[:3]))):
            self._editor.selection.set(names)
            self.made.emit(names[-1])
