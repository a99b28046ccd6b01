"""What the keys of the graph do to places: backdrops, tidy, snap; each is one step of undo."""

from collections.abc import Callable, Mapping, Sequence

from codef_nodes.graph.commands import AddNode, Command, Group, Move, SetKnob
from gui.core.editor import Editor
from gui.graph.backdrops import BackdropItem
from gui.graph.editing import Editing
from gui.graph.metrics import GRID, HEADER, MARGIN
from gui.graph.scene import GraphScene
from gui.graph.tidy import Wire, tidy


class Arranging:
    """The actions that place nodes.

    Args:
        editor: Whose selection.
        scene: Where things are.
        editing: Runs the commands.
        cursor: Gives the place under the cursor.
    """

    def __init__(
        self,
        editor: Editor,
        scene: GraphScene,
        editing: Editing,
        cursor: Callable[[], tuple[float, float]],
    ) -> None:
        self._editor, self._scene = editor, scene
        self._editing, self._cursor = editing, cursor

    def backdrop(self, *, note: bool = False) -> str | None:
        """Puts a backdrop behind the selected nodes, or at the cursor; returns its name."""
        name = self._editing.document.free_name("Note" if note else "Backdrop")
        rect = self._scene.extent(self._editing.names) if self._editing.names and not note else None
        if rect is not None:
            place = rect.x() - MARGIN, rect.y() - MARGIN - HEADER
            size = rect.width() + 2 * MARGIN, rect.height() + 2 * MARGIN + HEADER
        else:
            size = (200.0, 110.0) if note else (320.0, 220.0)
            x, y = self._cursor()
            place = x - size[0] / 2, y - HEADER / 2
        knobs: dict[str, object] = {"size": [round(size[0]), round(size[1])]}
        if note:
            knobs["colour"] = [0.22, 0.18, 0.06]
            knobs["text"] = "A note."
        made = AddNode("Backdrop", name, (round(place[0]), round(place[1])), knobs)
        if not self._editing.run(made):
            return None
        self._editor.selection.set([name])
        return name

    def tidy(self) -> None:
        """Lays out the selected nodes, or all; backdrops stay around what lay on them."""
        flow = self._scene.flow
        chosen = self._editing.names if len(self._editing.names) > 1 else list(self._scene.nodes)
        nodes = {}
        contents: dict[str, list[str]] = {}
        for name in chosen:
            item = self._scene.nodes[name]
            if isinstance(item, BackdropItem):
                contents[name] = self._scene.on_backdrop(name)
            else:
                centre = item.body().center()
                nodes[name] = flow.downward((centre.x(), centre.y()))
        small = {name for name in nodes if self._editing.document.state(name).type == "Dot"}
        wires = []
        for key, wire in self._scene.wires.items():
            reader = self._scene.nodes[key[0]]
            spot = None if isinstance(reader, BackdropItem) else reader.face.spot(key[1], key[2])
            order = 0.5
            if spot is not None:
                body = reader.body()
                order = spot.y / body.height() if flow.across else spot.x / body.width()
            wires.append(Wire(wire.source, key[0], order))
        places = {}
        for name, place in tidy(nodes, wires, small).items():
            (x, y), body = flow.turned(place), self._scene.nodes[name].body()
            places[name] = (round(x - body.width() / 2), round(y - body.height() / 2))
        commands: list[Command] = [Move(places)]
        for backdrop, inside in contents.items():
            commands += self._around(backdrop, inside, places)
        self._editing.run(Group(commands, "Tidy"))

    def _around(
        self, backdrop: str, inside: Sequence[str], places: Mapping[str, tuple[float, float]]
    ) -> list[Command]:
        """Moves and sizes a backdrop to where its nodes went."""
        boxes = [
            (*places[name], self._scene.nodes[name].body()) for name in inside if name in places
        ]
        if not boxes:
            return []
        left = min(x for x, _, _ in boxes) - MARGIN
        top = min(y for _, y, _ in boxes) - MARGIN - HEADER
        right = max(x + body.width() for x, _, body in boxes) + MARGIN
        bottom = max(y + body.height() for _, y, body in boxes) + MARGIN
        return [
            Move({backdrop: (left, top)}),
            SetKnob(backdrop, "size", [round(right - left), round(bottom - top)]),
        ]

    def snap(self) -> None:
        """Puts all nodes onto the grid."""
        places = {}
        for name, item in self._scene.nodes.items():
            centre = item.body().center()
            if isinstance(item, BackdropItem):
                x, y = round(item.x() / GRID) * GRID, round(item.y() / GRID) * GRID
            else:
                x = round(centre.x() / GRID) * GRID - item.body().width() / 2
                y = round(centre.y() / GRID) * GRID - item.body().height() / 2
            places[name] = (x, y)
        if places:
            self._editing.run(Group([Move(places)], "Snap to grid"))
