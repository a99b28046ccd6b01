"""Which node each viewer shows, and what of it is really there."""

from dataclasses import dataclass, field
from typing import Any

from PySide6.QtCore import QObject, Signal

from codef_nodes.graph.commands import AddNode, Command, Connect, Group
from codef_nodes.graph.document import Change
from engine.errors import UsageError
from gui.core.framecache import FrameCache, ViewKey
from gui.core.project import Project
from gui.core.revisions import Revisions
from gui.core.streams import (
    CANONICAL,
    FRAME,
    VIEWER,
    canvas_scale,
    carrier_of,
    default_frame_node,
    edits_of,
    fit_of,
    last_edit,
    plate_of,
    shows_picture,
    shows_trouble,
    space_of,
)

SLOTS = (FRAME, CANONICAL)


@dataclass(frozen=True)
class Shown:
    """What a viewer shows.

    Attributes:
        node: The node, or None for nothing.
        compare: The node of the B side, or None.
        fit: The fit that the picture hangs on, or None.
        layer: Name or number of the layer, for a node that is a fit itself; else None.
    """

    node: str | None = None
    compare: str | None = None
    fit: str | None = None
    layer: str | None = None


def _rewires(change: Change) -> bool:
    """Whether a change may make viewers show other nodes."""
    if change.kind == "knob":
        return change.detail in ("layer", "layers")
    return change.kind not in ("layout", "field")


@dataclass
class _Slot:
    override: str | None = None
    override_b: str | None = None
    swapped: bool = False
    inputs: dict[tuple[int, str], str] = field(default_factory=dict)


class Viewing(QObject):
    """What the two viewers show: ``frame`` (A and B) and ``canonical``.

    The frame viewer shows what the Viewer node shows, or the last writer's picture; the canonical
    viewer the edit of the first Propagate above that, layer by layer, or one that is not carried
    yet, or the fit's own canonical. The artist may choose any other node for either.

    Attributes:
        cache: Frames that are ready for the screen; shared by viewers and timeline.
        revisions: Counts changes above each node.
        keys: For each slot what a cached frame must be like to be shown now.
        infos: For each slot the worker's ``info`` of what it shows.
        canvases: For each slot the canvas of its viewer, once there is one.
        layer_names: What the layers of the fit are called.
        reference: The frame that the canonical image is aligned to, once it is known.
        proxy: All viewers show half resolution.
    """

    changed = Signal(str)
    """That slot shows another node, or another layer."""
    results_changed = Signal(str)
    """The node of that slot gives other pictures than before."""
    info_changed = Signal(str)
    """``infos`` of that slot is another."""
    pointed = Signal(str, object)
    """The cursor is in the viewer of that slot: its place there, or None when it has left."""
    frame_shown = Signal(str, int)
    """The viewer of that slot shows that frame now."""
    proxy_changed = Signal(bool)
    """All viewers go to half resolution, or back."""
    cached_changed = Signal()
    """Frames came into the cache, went out of it, or are stale now."""

    def __init__(self, project: Project, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._project = project
        self._slots = {slot: _Slot() for slot in SLOTS}
        self._layer = 0
        self.layer_names: list[str] = []
        self.reference: int | None = None
        self.cache = FrameCache()
        self.revisions = Revisions(project, self)
        self.keys: dict[str, ViewKey | None] = dict.fromkeys(SLOTS)
        self.infos: dict[str, dict[str, Any]] = {slot: {} for slot in SLOTS}
        self.canvases: dict[str, Any] = {}
        self.proxy = False
        self._now = {slot: self._find(slot) for slot in SLOTS}
        self._signatures = {slot: self._signature(slot) for slot in SLOTS}
        project.changed.connect(self._follow)
        project.replaced.connect(self._start_again)
        self.revisions.bumped.connect(self._update)

    def shown(self, slot: str) -> Shown:
        """What a viewer shows now."""
        return self._now[slot]

    def node(self, slot: str, side: str = "a") -> str | None:
        """The node of a viewer's A or B side."""
        shown = self._now[slot]
        return shown.node if side == "a" else shown.compare

    def signature(self, node: str | None) -> tuple[int, ...]:
        """A value that is another one when anything that the node reads has changed."""
        return self.revisions.of(node) if node is not None else ()

    # Choosing.

    def show(self, node: str | None, slot: str | None = None, side: str = "a") -> bool:
        """Shows a node whatever the graph says; returns whether it can be shown.

        Args:
            node: The node; None goes back to what the graph says.
            slot: The viewer; default: the one that the node's pixels belong in.
            side: ``a`` or ``b``.
        """
        document = self._project.document
        if node is not None and not shows_picture(document, node):
            return False
        slot = slot or (FRAME if node is None else space_of(document, node))
        if side == "a":
            self._slots[slot].override = node
        else:
            self._slots[slot].override_b = node
        self._slots[slot].swapped = False
        self._update()
        return True

    def is_override(self, slot: str) -> bool:
        """Whether the artist chose the node of a viewer."""
        return self._slots[slot].override is not None

    def assign(self, number: int, node: str, side: str = "a") -> bool:
        """A digit with a node selected: puts the node on that input and looks at it.

        A picture of frames is wired to the Viewer node (made where there is none), so that the
        graph says what is shown; a canonical picture goes to the canonical viewer.
        """
        document = self._project.document
        if not shows_picture(document, node):
            return False
        slot = space_of(document, node)
        if slot == CANONICAL or document.node_class(node).output != "image":
            self._slots[slot].inputs[number, side] = node
            return self.show(node, slot, side)
        viewer = next((n for n, s in document.nodes.items() if s.type == VIEWER), None)
        commands: list[Command] = []
        if viewer is None:
            viewer = document.free_name(VIEWER)
            x, y = document.state(node).position
            commands.append(AddNode(VIEWER, viewer, (x + 120.0, y + 60.0)))
        commands.append(Connect(node, viewer, "image" if side == "a" else "compare"))
        self._slots[slot].inputs[number, side] = node
        own = self._slots[slot]
        own.swapped = False
        if side == "a":
            own.override = None
        else:
            own.override_b = None
        self._project.do(Group(commands, f"View {node}"))
        self._update()
        return True

    def recall(self, number: int, side: str = "a") -> bool:
        """A digit without a selection: looks at what was put on that input."""
        for slot in SLOTS:
            node = self._slots[slot].inputs.get((number, side))
            if node is not None:
                return self.show(node, slot, side)
        return False

    def swap(self, slot: str) -> None:
        """Swaps the A and the B side."""
        if self._now[slot].compare is not None:
            self._slots[slot].swapped = not self._slots[slot].swapped
            self._update()

    # Layers of the canonical.

    @property
    def layer(self) -> int:
        """Number of the layer that the canonical viewer shows."""
        return self._layer

    def set_layer(self, layer: int) -> None:
        """Shows another layer in the canonical viewer."""
        self._layer = min(max(layer, 0), max(len(self.layer_names) - 1, 0))
        self._slots[CANONICAL].override = None
        self._update()

    def set_layer_names(self, names: list[str]) -> None:
        """What the worker says that the fit's layers are called."""
        if self._now[CANONICAL].fit is None:
            names = []  # a late answer about a fit that is gone
        if names != self.layer_names:
            first = not self.layer_names
            self.layer_names = list(names)
            self._layer = min(self._layer, max(len(names) - 1, 0))
            if first and self._layer == 0:
                self._layer = self._edited_layer()
            self.changed.emit(CANONICAL)
            self._update()

    def set_proxy(self, proxy: bool) -> None:
        """Half resolution in all viewers, or full."""
        if proxy != self.proxy:
            self.proxy = proxy
            self.proxy_changed.emit(proxy)

    def scale_of(self, node: str | None) -> float:
        """Pixels of a node's picture for each canonical pixel; 1 for pictures of frames."""
        document = self._project.document
        if node is None or node not in document:
            return 1.0
        return canvas_scale(document, node, float(self.infos[CANONICAL].get("scale") or 1.0))

    def set_reference(self, reference: int | None) -> None:
        """Notes the frame that the fit's canonical image is aligned to."""
        if reference != self.reference:
            self.reference = reference
            self.info_changed.emit(CANONICAL)

    # What is really there.

    def set_info(self, slot: str, info: dict[str, Any]) -> None:
        """Notes the worker's ``info`` of what a viewer shows."""
        self.infos[slot] = info
        self.info_changed.emit(slot)

    def set_key(self, slot: str, key: ViewKey | None) -> None:
        """Notes what a cached frame must be like to be shown in a viewer now."""
        if self.keys[slot] != key:
            self.keys[slot] = key
            self.cached_changed.emit()

    def cached_frames(self, slot: str) -> tuple[set[int], set[int]]:
        """Frames that can be shown at once, and frames that are there from before a change."""
        key = self.keys[slot]
        if key is None:
            return set(), set()
        return self.cache.frames(key, self.signature_of(key))

    def signature_of(self, key: ViewKey) -> tuple[int, ...]:
        """What must not have changed for a cached frame to be right."""
        return self.signature(key.node) + self.signature(key.minus)

    # Details.

    def _follow(self, changes: tuple[Change, ...]) -> None:
        if not any(map(_rewires, changes)):
            # A dragged knob or a stroke: which nodes are shown stays, only their results change.
            self._update(find=False)
            return
        document = self._project.document
        renamed = {c.detail: c.node for c in changes if c.kind == "node" and c.detail}

        def now(name: str | None) -> str | None:
            name = renamed.get(name, name) if name else None
            return name if name in document else None

        for slot in self._slots.values():
            slot.override, slot.override_b = now(slot.override), now(slot.override_b)
            slot.inputs = {key: new for key, old in slot.inputs.items() if (new := now(old))}
        self._update()

    def _start_again(self) -> None:
        self._slots = {slot: _Slot() for slot in SLOTS}
        self._layer, self.layer_names, self.reference = 0, [], None
        self.cache.clear()
        self.infos = {slot: {} for slot in SLOTS}
        self._now = {slot: self._find(slot) for slot in SLOTS}
        self._signatures = {slot: self._signature(slot) for slot in SLOTS}
        for slot in SLOTS:
            self.changed.emit(slot)
            self.info_changed.emit(slot)
        self.cached_changed.emit()

    def _update(self, find: bool = True) -> None:
        for slot in SLOTS:
            found = self._find(slot) if find else self._now[slot]
            signature = self._signature(slot)
            if found != self._now[slot]:
                self._now[slot] = found
                self._signatures[slot] = self._signature(slot)
                self.changed.emit(slot)
            elif signature != self._signatures[slot]:
                self._signatures[slot] = signature
                self.results_changed.emit(slot)
                self.cached_changed.emit()

        if self.layer_names and self._now[CANONICAL].fit is None:
            self.set_layer_names([])

    def _signature(self, slot: str) -> tuple[int, ...]:
        shown = self._now[slot]
        return self.signature(shown.node) + self.signature(shown.compare)

    def _find(self, slot: str) -> Shown:
        try:
            found = self._frame() if slot == FRAME else self._canonical()
        except UsageError:  # a cycle in a damaged document: the nodes say so themselves
            return Shown()
        if self._slots[slot].swapped and found.compare is not None:
            return Shown(found.compare, found.node, found.fit, found.layer)
        return found

    def _frame(self) -> Shown:
        document, slot = self._project.document, self._slots[FRAME]
        a, b = default_frame_node(document)
        if slot.override is not None:
            a, b = slot.override, plate_of(document, slot.override) or b
        b = slot.override_b or b
        if a is None or not (shows_picture(document, a) or shows_trouble(document, a)):
            return Shown()
        fit = fit_of(document, carrier_of(document, a) or a)
        return Shown(a, b if b != a else None, fit)

    def _carrier(self) -> str | None:
        """The Propagate whose edits the canonical viewer shows."""
        document = self._project.document
        frame = self._frame().node
        carrier = carrier_of(document, frame) if frame is not None else None
        if carrier is None:
            carriers = [n for n in document.nodes if document.wires(n, "edit")]
            carrier = carriers[0] if carriers else None
        return carrier

    def _edited_layer(self) -> int:
        """The first layer, unless others are edited and it is not."""
        carrier, names = self._carrier(), self.layer_names
        said = [] if carrier is None else [n for n, _ in edits_of(self._project.document, carrier)]
        found = [
            names.index(n) if n in names else int(n) for n in said if n in names or n.isdecimal()
        ]
        inside = [layer for layer in found if layer < len(names)]
        return min(inside, default=0)

    def _canonical(self) -> Shown:
        document, slot = self._project.document, self._slots[CANONICAL]
        if slot.override is not None:
            node = slot.override
            layer = str(self._layer) if document.node_class(node).output == "field" else None
            return Shown(node, slot.override_b, fit_of(document, node), layer)
        carrier = self._carrier()
        fit = fit_of(document, carrier) if carrier is not None else None
        if fit is None:
            fits = [n for n in document.nodes if document.node_class(n).output == "field"]
            fit = fits[0] if fits else None
        names = self.layer_names
        wanted = {str(self._layer), names[self._layer] if self._layer < len(names) else ""}
        b = slot.override_b
        for layer, node in edits_of(document, carrier) if carrier is not None else []:
            if layer in wanted:
                return Shown(node, b or plate_of(document, node), fit)
        edit = last_edit(document, fit, wanted) if fit is not None else None
        if edit is not None:
            return Shown(edit, b or plate_of(document, edit), fit)
        return Shown(fit, b, fit, None if fit is None else str(self._layer))
