"""What of a graph belongs in which viewer. Reads the document, asks no node, knows no Qt."""

from collections.abc import Collection, Iterator

from codef_nodes.graph.document import Document
from codef_nodes.graph.registry import UnknownNode
from engine.errors import UsageError
from gui.core.viewerinputs import compared, first_looked_at, wired

CANONICAL, FRAME = "canonical", "frame"
CARRY, STILL, PAINT = "Propagate", "CanonicalView", "Paint"


def main_source(document: Document, node: str) -> str | None:
    """The node wired to the main input, or None."""
    port = document.main_input(node)
    wires = document.wires(node, port) if port else ()
    return wires[0] if wires and wires[0] in document else None


def main_path(document: Document, node: str) -> Iterator[str]:
    """A node and what its picture comes from, by main inputs."""
    seen: set[str] = set()
    here: str | None = node
    while here is not None and here not in seen and here in document:
        seen.add(here)
        yield here
        here = main_source(document, here)


def space_of(document: Document, node: str) -> str:
    """``canonical`` or ``frame``: what the pixels of a node are places of."""
    return _space(document, node, {})


def _space(document: Document, node: str, known: dict[str, str]) -> str:
    """``space_of`` that remembers what it finds on the way."""
    path: list[str] = []
    found = FRAME
    for name in main_path(document, node):
        if name in known:
            found = known[name]
            break
        path.append(name)
        cls = document.node_class(name)
        if document.state(name).type == STILL or cls.canvas or cls.output == "field":
            found = CANONICAL
            break
        # A Paint node reads a fit too, to reveal other frames; its picture is the one below it.
        if document.wires(name, "field") and document.state(name).type != PAINT:
            break
    known.update(dict.fromkeys(path, found))
    return found


def shows_picture(document: Document, node: str) -> bool:
    """Whether a viewer can show the node: it gives a picture, or a field with a canonical."""
    return node in document and document.node_class(node).output in ("image", "field")


def shows_trouble(document: Document, node: str) -> bool:
    """Whether a viewer shows the node only to say what is wrong: nobody knows what it gives."""
    return node in document and document.node_class(node) is UnknownNode


def default_frame_node(document: Document, number: int = 0) -> tuple[str | None, str | None]:
    """What the frame viewer shows when nobody says: the A and the B side.

    A: the picture on an input of the Viewer node, else that of the last writer of frames, else the
    last picture of frames that nothing reads. B: the Viewer's second side, else the plate of A.

    Args:
        document: The document.
        number: The input of the Viewer node that is looked at; else the one that the node says,
            else the first with frames.
    """
    inputs = {n: node for n, node in wired(document).items() if space_of(document, node) == FRAME}
    if inputs:
        shown = inputs.get(number) or inputs.get(first_looked_at(document)) or inputs[min(inputs)]
        return shown, compared(document) or plate_of(document, shown)
    a = _last_written(document) or _last_leaf(document)
    return a, plate_of(document, a) if a else None


def _last_written(document: Document) -> str | None:
    known: dict[str, str] = {}
    found: list[tuple[bool, float, str]] = []
    for name, state in document.nodes.items():
        if document.node_class(name).writes:
            source = main_source(document, name)
            if source is not None and _space(document, source, known) == FRAME:
                carried = carrier_of(document, source) is not None
                found.append((carried, state.position[1], source))
    return max(found)[2] if found else None


def _last_leaf(document: Document) -> str | None:
    known: dict[str, str] = {}
    pictures = {
        name: state.position[1]
        for name, state in document.nodes.items()
        if document.node_class(name).output == "image" and _space(document, name, known) == FRAME
    }
    read = {source for name in pictures for source in document.sources(name)}
    found = [(name not in read, y, name) for name, y in pictures.items()]
    return max(found)[2] if found else None


def carrier_of(document: Document, node: str) -> str | None:
    """The nearest Propagate that a picture comes through."""
    waiting, seen = [node], {node}
    while waiting:
        name = waiting.pop(0)
        if name not in document:
            continue
        if document.state(name).type == CARRY:
            return name
        for source in document.sources(name):
            if source not in seen:
                seen.add(source)
                waiting.append(source)
    return None


def plate_of(document: Document, node: str) -> str | None:
    """What a result is compared with: the source of its Propagate, else where its path begins."""
    carrier = carrier_of(document, node)
    if carrier is not None:
        source = document.wires(carrier, "source")
        if source:
            return source[0]
        # Past what only corrects a fit, to what knows its clip.
        fit = fit_of(document, carrier)
        for name in main_path(document, fit) if fit is not None else ():
            clip = document.wires(name, "clip") or document.wires(name, "plate")
            if clip:
                return clip[0]
        return None
    first = list(main_path(document, node))[-1]
    return first if first != node else None


def fit_of(document: Document, node: str) -> str | None:
    """The node that gives the field which a node is made with (a fit gives its own)."""
    waiting, seen = [node], {node}
    while waiting:
        name = waiting.pop(0)
        if name not in document:
            continue
        if document.node_class(name).output == "field":
            return name
        for source in document.sources(name):
            if source not in seen:
                seen.add(source)
                waiting.append(source)
    return None


def edits_of(document: Document, carrier: str) -> list[tuple[str, str]]:
    """The edits that a Propagate reads: the layer as it is said (number or name) and the node."""
    try:
        said = list(document.knob_value(carrier, "layers") or [])
    except UsageError:  # a value of a file that the knob refuses
        said = []
    found = []
    for place, wire in enumerate(document.wires(carrier, "edit")):
        layer = str(said[place]).strip() if place < len(said) else ""
        found.append((layer or still_layer(document, wire), wire))
    return found


def last_edit(
    document: Document, fit: str, layers: Collection[str], segment: int | None = None
) -> str | None:
    """The last picture that is made from a canonical of a fit, while nothing carries it yet.

    Args:
        document: The document.
        fit: The node that gives the field.
        layers: The layer as stills say it, by number or name.
        segment: Of a long shot the segment of the still; None: any.
    """
    found = []
    for name, state in document.nodes.items():
        cls = document.node_class(name)
        if cls.output != "image" or cls.writes or state.type == STILL:
            continue
        if space_of(document, name) != CANONICAL:
            continue
        stills = [n for n in document.upstream(name) if document.state(n).type == STILL]
        if len(stills) != 1:  # a merge of layers is no layer
            continue
        (still,) = stills
        if segment not in (None, still_segment(document, still)):
            continue
        if fit in document.wires(still, "field") and still_layer(document, still) in layers:
            found.append(name)
    read = {source for name in found for source in document.sources(name)}
    places = [(name not in read, document.state(name).position[1], name) for name in found]
    return max(places)[2] if places else None


def still_layer(document: Document, node: str) -> str:
    """The layer of the canonical picture that one comes from, as a number; else ``"0"``."""
    for name in main_path(document, node):
        if document.state(name).type == STILL or document.node_class(name).canvas:
            return str(document.state(name).knobs.get("layer", 0))
    return "0"


def layer_asked(layer: str) -> int | str:
    """How the worker is asked for a layer: by its number, else by its name."""
    return int(layer) if layer.isdecimal() else layer


def still_segment(document: Document, node: str) -> int:
    """The segment of a long shot whose still a canonical picture comes from; 0 where none says."""
    for name in main_path(document, node):
        if document.state(name).type == STILL or document.node_class(name).canvas:
            said = document.state(name).knobs.get("segment", 0)
            return said if isinstance(said, int) else 0
    return 0


def canvas_scale(document: Document, node: str, own: float = 1.0) -> float:
    """Pixels of a canonical picture for each canonical pixel; 1 for pictures of frames.

    Args:
        document: The document.
        node: The node.
        own: Scale of the fit's own still, which a knob of 0 stands for.
    """
    for name in main_path(document, node):
        if document.state(name).type == STILL or document.node_class(name).canvas:
            try:
                said = float(document.knob_value(name, "scale"))
                return said if said > 0 else own
            except UsageError:
                return 1.0
        if document.wires(name, "field") and document.state(name).type != PAINT:
            return 1.0
    return 1.0


def varies_over_frames(document: Document, node: str) -> bool:
    """Whether a canonical picture is another one at other frames: a stroke on it has a lifetime,
    or it is the stabilised plate."""
    for name in main_path(document, node):
        if document.node_class(name).canvas:
            return True
        strokes = document.state(name).knobs.get("strokes")
        if isinstance(strokes, list) and any(
            isinstance(stroke, dict) and stroke.get("lifetime", "all") != "all"
            for stroke in strokes
        ):
            return True
    return False
