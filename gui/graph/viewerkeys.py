"""The digits: which node is on which input of the viewer."""

from PySide6.QtCore import QObject

from gui.core.editor import Editor
from gui.core.viewerinputs import VIEWER
from gui.graph.create import place_beside
from gui.graph.scene import GraphScene


class ViewerKeys(QObject):
    """Puts nodes on the inputs of the viewer, and shows the digits on them.

    Args:
        editor: Whose selection and viewers.
        scene: Draws the digits.
        parent: The pane.
    """

    def __init__(self, editor: Editor, scene: GraphScene, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._editor, self._scene = editor, scene
        editor.project.changed.connect(self._show)
        editor.project.replaced.connect(self._show)
        self._show()

    def view_in(self, number: int, side: str) -> None:
        """A digit: puts the selected node on that input of the viewer, or looks at what is there.

        Args:
            number: 1 to 10.
            side: ``a`` or ``b``.
        """
        name, viewing = self._looked_at(), self._editor.viewing
        document = self._editor.project.document
        if name is None or document.state(name).type == VIEWER:
            if not viewing.recall(number, side):
                self._editor.say(f"nothing is on input {number} of the viewer; select a node first")
            return
        place = place_beside(document, name, VIEWER, self._scene.flow)
        if not viewing.assign(number, name, side, place):
            self._editor.say(f"{name} gives no picture to look at")
            return
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
        self._scene.show_keys(self._editor.viewing.numbers())
