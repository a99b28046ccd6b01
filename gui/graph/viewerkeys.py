"""The digits: which node is on which input of the viewer."""

from PySide6.QtCore import QObject

from codef_nodes.graph.document import Change
from gui.core.editor import Editor
from gui.graph.scene import GraphScene


class ViewerKeys(QObject):
    """Remembers what the digits were pressed for, and shows it on the nodes.

    Args:
        editor: Whose selection and viewers.
        scene: Draws the digits.
        parent: The pane.
    """

    def __init__(self, editor: Editor, scene: GraphScene, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._editor, self._scene = editor, scene
        self._digits: dict[tuple[int, str], str] = {}
        editor.project.changed.connect(self._follow)
        editor.project.replaced.connect(self._forget)

    def view_in(self, number: int, side: str) -> None:
        """A digit: puts the selected node on that input of the viewer, or looks at what is there.

        Args:
            number: 1 to 10.
            side: ``a`` or ``b``.
        """
        name, viewing = self._looked_at(), self._editor.viewing
        if name is None or self._editor.project.document.state(name).type == "Viewer":
            if (number, side) not in self._digits or not viewing.recall(number, side):
                self._editor.say(f"nothing is on input {number} of the viewer; select a node first")
            return
        if not viewing.assign(number, name, side):
            self._editor.say(f"{name} gives no picture to look at")
            return
        self._digits[number, side] = name
        self._show()

    def _looked_at(self) -> str | None:
        """The selected node; for a dot, what comes to it."""
        name, document = self._editor.selection.current, self._editor.project.document
        while name is not None and document.node_class(name).passes:
            port = document.main_input(name)
            sources = document.wires(name, port) if port else ()
            if not sources:
                break
            name = sources[0]
        return name

    def _show(self) -> None:
        shown: dict[str, str] = {}
        for (number, side), name in sorted(self._digits.items()):
            if side == "a":
                shown[name] = shown.get(name, "") + str(number % 10)
        self._scene.show_keys(shown)

    def _follow(self, changes: tuple[Change, ...]) -> None:
        renamed = {c.detail: c.node for c in changes if c.kind == "node" and c.detail and c.node}
        document = self._editor.project.document
        now = {key: renamed.get(name, name) for key, name in self._digits.items()}
        now = {key: name for key, name in now.items() if name in document}
        if now != self._digits:
            self._digits = now
            self._show()

    def _forget(self) -> None:
        self._digits.clear()
        self._scene.show_keys({})
