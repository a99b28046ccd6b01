"""A port: one input of a node."""

from dataclasses import dataclass

TYPES = ("image", "flow", "groups", "field")
ANY = "any"
"""Type of what only passes on: a dot takes anything and gives what it took."""


@dataclass(frozen=True)
class Port:
    """The description of one input.

    Attributes:
        name: snake_case, unique in the node.
        type: What may be wired to it: ``image`` (Picture), ``flow`` (FlowPair), ``groups``
            (masks of the groups), ``field`` (Field) or ``any`` (only in nodes that pass it on).
        help: One full sentence for the artist.
        optional: The node works without it.
        variadic: Takes any number of wires, in order; ``ctx.inputs(name)`` reads them.
    """

    name: str
    type: str
    help: str
    optional: bool = False
    variadic: bool = False
