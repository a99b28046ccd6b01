"""Copy and paste of nodes as plain text: a small document that survives mail and chat.

The text is of the same form as a ``.codef`` file, so that a whole file can be pasted as well and
a copied part can be saved as a file. Reading it runs nothing.
"""

from collections.abc import Sequence

from codef_nodes.graph.clones import MARK
from codef_nodes.graph.document import SCHEMA, Document
from codef_nodes.graph.jsontext import read_json, write_json
from codef_nodes.graph.jsonvalue import JSON
from codef_nodes.graph.registry import Registry
from codef_nodes.graph.serialise import from_tree
from engine.errors import UsageError

LONGEST = 64 * 2**20
"""Characters that are looked at: a clipboard may hold anything."""

CLONE_OF = "clone_of"
"""Member of a copied block that names the node that a pasted one is to be a clone of."""

_FIRST = ("codef", "schema", "nodes", "type", "version", "label", "disabled", "knobs", "inputs")


def as_clipboard_text(document: Document, names: Sequence[str], *, clones: bool = False) -> str:
    """Nodes with the wires between them as text.

    Args:
        document: Where they are.
        names: The nodes; wires from others are left out.
        clones: What is pasted is to be clones of these nodes, where they still are; else copies,
            which are clones of each other at most.
    """
    kept = set(names)
    blocks: dict[str, JSON] = {}
    for name in sorted(kept):
        block = document.state(name).block()
        inputs: dict[str, JSON] = {}
        for port, wires in block["inputs"].items():
            if isinstance(wires, list):
                inside: JSON = [wire for wire in wires if wire in kept]
            else:
                inside = wires if wires in kept else None
            if inside:
                inputs[port] = inside
        block["inputs"] = inputs
        if clones:
            block[CLONE_OF] = name
            block.pop(MARK, None)
        blocks[name] = block
    return write_json({"codef": {"schema": SCHEMA}, "nodes": blocks}, _FIRST)


def from_clipboard_text(text: str, registry: Registry | None = None) -> Document:
    """What a text holds, as a document of its own; unknown nodes included.

    Raises:
        UsageError: The text holds no nodes.
    """
    if len(text) > LONGEST or not text.lstrip().startswith("{"):
        raise UsageError("the clipboard holds no nodes; copy some in a graph first")
    try:
        document = from_tree(read_json(text), registry)
    except ValueError:
        raise UsageError("the clipboard holds no nodes; copy some in a graph first") from None
    except UsageError as error:
        raise UsageError(
            f"the clipboard cannot be pasted ({error}); copy the nodes again"
        ) from None
    if not document.nodes:
        raise UsageError("the clipboard holds no nodes; copy some in a graph first")
    return document
