"""Which node a viewer shows: what the artist wishes, else what the graph says. No Qt."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from codef_nodes.graph.document import Document
from gui.core.streams import (
    CANONICAL,
    FRAME,
    carrier_of,
    default_frame_node,
    edits_of,
    fit_of,
    last_edit,
    plate_of,
    shows_picture,
    shows_trouble,
    space_of,
    still_segment,
)
from gui.core.viewerinputs import wired


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


@dataclass
class Wish:
    """What the artist chose for a viewer.

    Attributes:
        override: Its node, whatever the graph says.
        override_b: The node of its B side.
        swapped: A and B are swapped.
        number: The input of the Viewer node that is looked at; 0: nobody said.
        fields: Fits that digits were pressed for: they give no picture to wire.
    """

    override: str | None = None
    override_b: str | None = None
    swapped: bool = False
    number: int = 0
    fields: dict[tuple[int, str], str] = field(default_factory=dict)


def frame_shown(document: Document, wish: Wish) -> Shown:
    """What the frame viewer shows, A and B not swapped."""
    a, b = default_frame_node(document, wish.number)
    if wish.override is not None:
        a, b = wish.override, plate_of(document, wish.override) or b
    b = wish.override_b or b
    if a is None or not (shows_picture(document, a) or shows_trouble(document, a)):
        return Shown()
    fit = fit_of(document, carrier_of(document, a) or a)
    return Shown(a, b if b != a else None, fit)


def canonical_shown(
    document: Document,
    wish: Wish,
    frame: str | None,
    layer: int,
    names: Sequence[str],
    segment: int | None = None,
) -> Shown:
    """What the canonical viewer shows.

    Args:
        document: The document.
        wish: What the artist chose.
        frame: What the frame viewer shows.
        layer: Number of the layer.
        names: Names of the layers, as far as known.
        segment: Of a long shot the segment whose still is wanted; None: one serves all frames.
    """
    chosen = wish.override or chosen_input(document, wish, CANONICAL)
    if chosen is not None:
        of_fit = str(layer) if document.node_class(chosen).output == "field" else None
        return Shown(chosen, wish.override_b, fit_of(document, chosen), of_fit)
    carrier = _carrier(document, frame)
    fit = fit_of(document, carrier) if carrier is not None else None
    if fit is None:
        fits = [n for n in document.nodes if document.node_class(n).output == "field"]
        fit = fits[0] if fits else None
    wanted = {str(layer), names[layer] if layer < len(names) else ""}
    b = wish.override_b
    for said, node in edits_of(document, carrier) if carrier is not None else []:
        if said in wanted and segment in (None, still_segment(document, node)):
            return Shown(node, b or plate_of(document, node), fit)
    edit = last_edit(document, fit, wanted, segment) if fit is not None else None
    if edit is not None:
        return Shown(edit, b or plate_of(document, edit), fit)
    return Shown(fit, b, fit, None if fit is None else str(layer))


def chosen_input(document: Document, wish: Wish, slot: str) -> str | None:
    """The node on the input that a digit chose for a viewer, if it is one of that viewer's."""
    node = wired(document).get(wish.number) if wish.number else None
    return node if node is not None and space_of(document, node) == slot else None


def edited_layer(document: Document, frame: str | None, names: Sequence[str]) -> int:
    """The first layer, unless others are edited and it is not."""
    carrier = _carrier(document, frame)
    said = [] if carrier is None else [layer for layer, _ in edits_of(document, carrier)]
    found = [names.index(n) if n in names else int(n) for n in said if n in names or n.isdecimal()]
    return min((layer for layer in found if layer < len(names)), default=0)


def _carrier(document: Document, frame: str | None) -> str | None:
    """The Propagate whose edits the canonical viewer shows."""
    carrier = carrier_of(document, frame) if frame is not None else None
    if carrier is None:
        carriers = [n for n in document.nodes if document.wires(n, "edit")]
        carrier = carriers[0] if carriers else None
    return carrier


SLOTS = (FRAME, CANONICAL)
