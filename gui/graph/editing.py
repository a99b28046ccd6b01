"""What the keys of the graph do to the document: each is one step of undo."""

from collections.abc import Callable, Sequence

from PySide6.QtGui import QGuiApplication

from codef_nodes.graph.clipboard import as_clipboard_text, from_clipboard_text
from codef_nodes.graph.commands import (
    Command,
    Connect,
    Group,
    Move,
    RemoveNode,
    Rename,
    SetDisabled,
    SetLabel,
)
from codef_nodes.graph.document import Document
from codef_nodes.graph.flags import HIDE_INPUTS, STAMP, SetFlag, flag
from codef_nodes.graph.pasting import Declone, Paste
from codef_nodes.graph.rewiring import (
    DisconnectAll,
    Extract,
    SwapInputs,
    best_input,
    connect_in_order,
)
from engine.errors import UsageError
from gui.core.editor import Editor
from gui.graph.backdrops import BackdropItem
from gui.graph.metrics import NODE_HEIGHT, NODE_WIDTH
from gui.graph.scene import GraphScene
from gui.graph.values import change_version, paste_values


class Editing:
    """The actions that change the document.

    Args:
        editor: Whose document and selection.
        scene: Where things are.
        cursor: Gives the place under the cursor.
    """

    def __init__(
        self, editor: Editor, scene: GraphScene, cursor: Callable[[], tuple[float, float]]
    ) -> None:
        self._editor, self._scene, self._cursor = editor, scene, cursor

    @property
    def document(self) -> Document:
        """The document."""
        return self._editor.project.document

    @property
    def names(self) -> list[str]:
        """The selected nodes in click order."""
        return self._editor.selection.names

    def run(self, command: Command | Callable[[], Command | None]) -> bool:
        """Runs a command, or one that has to be made first; a refusal is told to the artist."""
        try:
            made = command if isinstance(command, Command) else command()
        except UsageError as error:
            self._editor.project.problem.emit(str(error))
            return False
        return made is not None and self._editor.project.do(made)

    # Wires.

    def connect(self, *, backward: bool = False) -> None:
        """Wires the selected nodes in click order."""
        names = self.names[::-1] if backward else self.names
        self.run(lambda: connect_in_order(self.document, names))

    def connect_a(self) -> None:
        """Wires the node that was clicked first to the A input of the last."""

        def command() -> Command:
            if len(self.names) < 2:
                raise UsageError("select a node, then the Merge that it should be A of")
            source, node = self.names[0], self.names[-1]
            has_a = self.document.node_class(node).port("a") is not None
            return Connect(source, node, "a" if has_a else best_input(self.document, source, node))

        self.run(command)

    def swap(self) -> None:
        """Swaps A and B of the selected nodes."""
        if self.names:
            self.run(_together([SwapInputs(name) for name in self.names], "Swap inputs"))

    def disconnect(self) -> None:
        """Takes the wires off the inputs of the selected nodes."""
        if self.names:
            self.run(DisconnectAll(self.names))

    def extract(self) -> None:
        """Takes the selected nodes out of the stream and puts them aside."""
        names = self.names
        if not names:
            return
        places = {name: self.document.state(name).position for name in names}
        dx, dy = self._scene.flow.aside
        aside = Move({name: (x + dx * 0.4, y + dy * 0.4) for name, (x, y) in places.items()})
        self.run(Group([Extract(names), aside], Extract(names).title))

    def hide_wires(self) -> None:
        """Hides the wires of the selected nodes' inputs, or shows them again."""
        names = [name for name in self.names if self.document.node_class(name).inputs]
        hide = not all(flag(self.document, name, HIDE_INPUTS) for name in names) or None
        if names:
            commands = [SetFlag(name, HIDE_INPUTS, hide) for name in names]
            self.run(_together(commands, f"{'Hide' if hide else 'Show'} inputs"))

    # Nodes.

    def stamp(self, shown: Callable[[str], bool]) -> bool:
        """Puts a postage stamp on the selected nodes, or takes it off.

        Args:
            shown: Whether a node has one now.
        """
        names = [n for n in self.names if self.document.node_class(n).output == "image"]
        names = [n for n in names if self.document.state(n).type not in _NEVER_OFF]
        if not names:
            return False
        on = not all(shown(name) for name in names)
        commands = [SetFlag(name, STAMP, on) for name in names]
        return self.run(_together(commands, "Postage stamps"))

    def disable(self) -> None:
        """Disables the selected nodes; when all are, enables them."""
        names = [name for name in self.names if self.document.state(name).type not in _NEVER_OFF]
        off = not all(self.document.state(name).disabled for name in names)
        if names:
            title = f"{'Disable' if off else 'Enable'} nodes"
            self.run(_together([SetDisabled(name, off) for name in names], title))

    def delete(self) -> None:
        """Removes the selected nodes and heals their wires."""
        if self.names:
            self.run(_together([RemoveNode(name) for name in self.names], "Delete nodes"))

    def rename(self, name: str, text: str) -> None:
        """Gives a node a name, or a backdrop its title."""
        if name not in self.document:
            return
        if isinstance(self._scene.nodes.get(name), BackdropItem):
            self.run(SetLabel(name, text))
        elif text and text != name:
            self.run(Rename(name, text))

    # Clipboard.

    def copy(self, *, clones: bool = False) -> bool:
        """Puts the selected nodes on the clipboard as plain text; what is pasted is copies, or
        clones of these."""
        names = self._with_contents(self.names)
        if not names:
            return False
        text = as_clipboard_text(self.document, names, clones=clones)
        QGuiApplication.clipboard().setText(text)
        return True

    def cut(self) -> None:
        """Copies the selected nodes and removes them."""
        if self.copy():
            names = self._with_contents(self.names)
            self.run(_together([RemoveNode(name) for name in names], "Cut nodes"))

    def paste(self) -> None:
        """Adds what the clipboard holds: below a single selected node and wired to it, else at
        the cursor."""
        text = QGuiApplication.clipboard().text()
        try:
            fragment = from_clipboard_text(text, self.document.registry)
        except UsageError as error:
            self._editor.project.problem.emit(str(error))
            return
        below = self.names[0] if len(self.names) == 1 else None
        if below is not None and isinstance(self._scene.nodes.get(below), BackdropItem):
            below = None
        left, top, right, bottom = _extent(fragment)
        if below is not None:
            (x, y), (dx, dy) = self.document.state(below).position, self._scene.flow.onward
            offset = (x + dx - left, y + dy - top)
        else:
            x, y = self._cursor()
            offset = (x - (left + right) / 2, y - (top + bottom) / 2)
        offset = (round(offset[0]), round(offset[1]))
        paste = Paste(fragment, offset)
        commands: list[Command] = [paste]
        if below is not None:
            wire = self._wire_pasted(fragment, below, offset)
            commands += [wire] if wire is not None else []
        if self.run(Group(commands, paste.title)):
            self._editor.selection.set(paste.names.values())

    def paste_values(self) -> bool:
        """Gives the selected nodes the knob values of the copied node of their type."""
        text, registry = QGuiApplication.clipboard().text(), self.document.registry
        return self.run(
            lambda: paste_values(self.document, self.names, from_clipboard_text(text, registry))
        )

    def version(self, step: int) -> bool:
        """Takes the files of the selected nodes to another version."""
        return bool(self.names) and self.run(
            lambda: change_version(self.document, self.names, step)
        )

    def duplicate(self, *, clones: bool = False) -> None:
        """Adds copies of the selected nodes beside them, or clones, which share their knobs from
        then on; the clipboard stays as it is."""
        names = self._with_contents(self.names)
        if not names:
            return
        text = as_clipboard_text(self.document, names, clones=clones)
        fragment = from_clipboard_text(text, self.document.registry)
        paste = Paste(fragment, self._scene.flow.aside if len(names) == 1 else (40.0, 40.0))
        if self.run(Group([paste], "Clone" if clones else "Duplicate")):
            self._editor.selection.set(paste.names.values())

    def declone(self) -> bool:
        """Makes the selected clones nodes of their own."""
        return bool(self.names) and self.run(Declone(self.names))

    def _wire_pasted(
        self, fragment: Document, below: str, offset: tuple[float, float]
    ) -> Command | None:
        """The wire from the selected node to the uppermost pasted node that can take it."""
        trial = self.document.copied()
        paste = Paste(fragment, offset)
        paste.run(trial)
        roots = [name for name in fragment.nodes if not fragment.state(name).inputs]
        for root in sorted(roots, key=lambda name: (fragment.state(name).position[1], name)):
            try:
                port = best_input(trial, below, paste.names[root])
                return Connect(below, paste.names[root], port)
            except UsageError:
                continue
        return None

    def _with_contents(self, names: Sequence[str]) -> list[str]:
        """With what lies on the backdrops among them."""
        found = dict.fromkeys(names)
        for name in names:
            if isinstance(self._scene.nodes.get(name), BackdropItem):
                found |= dict.fromkeys(self._scene.on_backdrop(name))
        return list(found)

    def connected(self) -> list[str]:
        """The selected nodes with all that hangs on them, in either direction."""
        near: dict[str, set[str]] = {}
        for key, wire in self._scene.wires.items():
            near.setdefault(key[0], set()).add(wire.source)
            near.setdefault(wire.source, set()).add(key[0])
        found, waiting = dict.fromkeys(self.names), self.names
        while waiting:
            for other in sorted(near.get(waiting.pop(), ())):
                if other not in found:
                    found[other] = None
                    waiting.append(other)
        return list(found)


_NEVER_OFF = ("Backdrop", "Dot")


def _together(commands: Sequence[Command], title: str) -> Command:
    return commands[0] if len(commands) == 1 else Group(commands, title)


def _extent(document: Document) -> tuple[float, float, float, float]:
    places = [state.position for state in document.nodes.values()]
    xs, ys = [x for x, _ in places], [y for _, y in places]
    return min(xs), min(ys), max(xs) + NODE_WIDTH, max(ys) + NODE_HEIGHT
