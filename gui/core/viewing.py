"""Which node each viewer shows, and what of it is really there."""

from typing import Any

from PySide6.QtCore import QObject, Signal

from codef_nodes.graph.document import Change
from engine.errors import UsageError
from gui.core.choosing import (
    SLOTS,
    Shown,
    Wish,
    canonical_shown,
    chosen_input,
    edited_layer,
    frame_shown,
)
from gui.core.framecache import FrameCache, ViewKey
from gui.core.project import Project
from gui.core.revisions import Revisions
from gui.core.stills import Stills
from gui.core.streams import CANONICAL, FRAME, canvas_scale, shows_picture, space_of
from gui.core.viewerinputs import COMPARE, INPUT, connect, port_of, wired


def _rewires(change: Change) -> bool:
    """Whether a change may make viewers show other nodes."""
    if change.kind == "knob":
        return change.detail in ("layer", "layers", "segment", INPUT)
    return change.kind not in ("layout", "field")


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
        stills: Those of a long shot, and which of them the canonical viewer shows.
        proxy: All viewers show half resolution.
        coming: What is being made, for viewers that have nothing to show yet; empty: nothing.
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
    coming_changed = Signal()
    """``coming`` is another."""
    cancelled = Signal()
    """Esc: viewers give up what they wait for, until something changes or they are asked."""
    cached_changed = Signal()
    """Frames came into the cache, went out of it, or are stale now."""

    def __init__(self, project: Project, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._project = project
        self._slots = {slot: Wish() for slot in SLOTS}
        self._layer = 0
        self.layer_names: list[str] = []
        self.reference: int | None = None
        self.stills = Stills(self)
        self.cache = FrameCache()
        self.revisions = Revisions(project, self)
        self.keys: dict[str, ViewKey | None] = dict.fromkeys(SLOTS)
        self.infos: dict[str, dict[str, Any]] = {slot: {} for slot in SLOTS}
        self.canvases: dict[str, Any] = {}
        self.proxy, self.coming = False, ""
        self._now = {slot: self._find(slot) for slot in SLOTS}
        self._signatures = {slot: self._signature(slot) for slot in SLOTS}
        project.changed.connect(self._follow)
        project.replaced.connect(self._start_again)
        self.revisions.bumped.connect(self._update)
        self.stills.changed.connect(self._still_changed)

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
        if node is None and slot == CANONICAL:
            self._slots[slot].number = 0
        self._slots[slot].swapped = False
        self._update()
        return True

    def is_override(self, slot: str) -> bool:
        """Whether the artist chose the node of a viewer."""
        wish = self._slots[slot]
        if wish.override is not None:
            return True
        document = self._project.document
        return slot == CANONICAL and chosen_input(document, wish, slot) is not None

    def assign(
        self, number: int, node: str, side: str = "a", place: tuple[float, float] = (0.0, 0.0)
    ) -> bool:
        """A digit with a node selected: wires it to that input of the Viewer node, looks at it.

        A fit gives no picture to wire; its canonical image is looked at all the same.

        Args:
            number: 1 to 10.
            node: The node.
            side: ``a`` or ``b``.
            place: Where the Viewer node goes if there is none.
        """
        document = self._project.document
        if not shows_picture(document, node):
            return False
        slot = space_of(document, node)
        field = document.node_class(node).output != "image"
        if field or (side == "b" and slot == CANONICAL):
            self._slots[slot].fields[number, side] = node
            return self.show(node, slot, side)
        port = port_of(number) if side == "a" else COMPARE
        self._slots[slot].fields.pop((number, side), None)
        self._look_at(slot, number, side)
        first = number if side == "a" and slot == FRAME else 0
        command = connect(document, node, port, place, first=first)
        if command is not None:
            self._project.do(command)
        self._update()
        return True

    def recall(self, number: int, side: str = "a") -> bool:
        """A digit without a selection: looks at what is on that input."""
        for slot in SLOTS:
            node = self._slots[slot].fields.get((number, side))
            if node is not None:
                return self.show(node, slot, side)
        document = self._project.document
        node = wired(document).get(number) if side == "a" else None
        if node is None:
            return False
        self._look_at(space_of(document, node), number, side)
        self._update()
        return True

    def numbers(self) -> dict[str, str]:
        """The digits of each node that is on an input."""
        found = {(number, node) for number, node in wired(self._project.document).items()}
        for wish in self._slots.values():
            found |= {(number, node) for (number, side), node in wish.fields.items() if side == "a"}
        digits: dict[str, str] = {}
        for number, node in sorted(found):
            digits[node] = digits.get(node, "") + str(number % 10)
        return digits

    def _look_at(self, slot: str, number: int, side: str) -> None:
        wish = self._slots[slot]
        wish.swapped = False
        if side == "a":
            wish.number, wish.override = number, None
        else:
            wish.override_b = None

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
        self._slots[CANONICAL].number = 0
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
                self._layer = edited_layer(self._project.document, self._frame().node, names)
            self.changed.emit(CANONICAL)
            self._update()

    def set_proxy(self, proxy: bool) -> None:
        """Half resolution in all viewers, or full."""
        if proxy != self.proxy:
            self.proxy = proxy
            self.proxy_changed.emit(proxy)

    def set_coming(self, sentence: str) -> None:
        """Says what is being made that viewers without a picture will show."""
        if sentence != self.coming:
            self.coming = sentence
            self.coming_changed.emit()

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

    # Stills of a long shot.

    def _still_changed(self) -> None:
        before = self._now[CANONICAL]
        self._update()
        if self._now[CANONICAL] == before:
            # The fit itself is shown, and now another still of it.
            self.changed.emit(CANONICAL)

    def still_frame(self, frame: int) -> int:
        """A frame that stands for the still that is shown, where that is the fit's own."""
        stills = self.stills
        if not stills.segments or self._now[CANONICAL].layer is None:
            return frame
        return stills.segments[stills.shown].own[0]

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
        if any(c.kind == "knob" and c.detail == INPUT for c in changes):
            self._slots[FRAME].number = 0  # the node says it anew
        renamed = {c.detail: c.node for c in changes if c.kind == "node" and c.detail}

        def now(name: str | None) -> str | None:
            name = renamed.get(name, name) if name else None
            return name if name in document else None

        for slot in self._slots.values():
            slot.override, slot.override_b = now(slot.override), now(slot.override_b)
            slot.fields = {key: new for key, old in slot.fields.items() if (new := now(old))}
        self._update()

    def _start_again(self) -> None:
        self._slots = {slot: Wish() for slot in SLOTS}
        self._layer, self.layer_names, self.reference = 0, [], None
        self.stills.use([])
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
        return frame_shown(self._project.document, self._slots[FRAME])

    def _canonical(self) -> Shown:
        document, wish = self._project.document, self._slots[CANONICAL]
        frame, names = self._frame().node, self.layer_names
        return canonical_shown(document, wish, frame, self._layer, names, self.stills.asked)
