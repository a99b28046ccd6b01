"""Where a node goes that a gesture makes: near the node it belongs to, and on top of none."""

from codef_nodes.graph.document import Document

#: From a node to what is made below it, and from one such place to the next beside it.
BELOW, ASIDE = 80.0, 140.0
#: Nearer than this, two nodes cover each other.
WIDE, HIGH = 130.0, 50.0


def free_place(document: Document, node: str, *, under: bool = False) -> tuple[float, float]:
    """Below a node, beside what is there already.

    Args:
        document: The document.
        node: The node that the new one belongs to.
        under: Straight under it, where that is free; else to its right and left in turn.
    """
    x, y = document.state(node).position
    taken = [state.position for state in document.nodes.values()]
    first = 0 if under else 1
    for step in range(first, 2 * len(taken) + 3):
        aside = (step + 1) // 2 * ASIDE * (1 if step % 2 else -1)
        place = x + aside, y + BELOW
        if not any(abs(p - place[0]) < WIDE and abs(q - place[1]) < HIGH for p, q in taken):
            return place
    return x + ASIDE, y + BELOW
