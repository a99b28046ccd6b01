"""Which way the stream runs on the desk: down, as in Nuke, or to the right. No Qt."""

from dataclasses import dataclass

from gui.graph.metrics import NODE_HEIGHT, NODE_WIDTH, STEP_X, STEP_Y

PREFERENCE = "graph_flow"
CHOICES = ("down", "right")

Point = tuple[float, float]


@dataclass(frozen=True)
class Flow:
    """A direction of the stream.

    Attributes:
        across: It runs to the right: wires arrive on the left side and leave on the right.
        onward: From a node to the next one of its stream.
        aside: From a node to one beside it.
    """

    across: bool
    onward: Point
    aside: Point

    @property
    def axis(self) -> int:
        """The coordinate that grows along the stream."""
        return 0 if self.across else 1

    @property
    def gap(self) -> float:
        """Room between a node and the next one of its stream."""
        return self.onward[self.axis] - (NODE_WIDTH if self.across else NODE_HEIGHT)

    def after(self, place: Point, size: Point, new: Point) -> Point:
        """Where the next node of a stream goes, its middle in line with the one before.

        Args:
            place: Upper left corner of the node before.
            size: Its width and height.
            new: Those of the next node.
        """
        (x, y), (width, height) = place, size
        if self.across:
            return x + width + self.gap, y + (height - new[1]) / 2
        return x + (width - new[0]) / 2, y + height + self.gap

    def docked(self, end: Point, size: Point, *, giver: bool) -> Point:
        """Where a node goes whose wire ends at a place.

        Args:
            end: The loose end of the wire.
            size: Width and height of the node.
            giver: The wire leaves the node, else it arrives there.
        """
        corner = [end[0] - size[0] / 2, end[1] - size[1] / 2]
        corner[self.axis] = end[self.axis] - (size[self.axis] if giver else 0.0)
        return corner[0], corner[1]

    def downward(self, place: Point) -> Point:
        """A place as it would be if the stream ran down."""
        if not self.across:
            return place
        return place[1] * STEP_X / self.aside[1], place[0] * STEP_Y / self.onward[0]

    def turned(self, place: Point) -> Point:
        """The inverse of ``downward``."""
        if not self.across:
            return place
        return place[1] * self.onward[0] / STEP_Y, place[0] * self.aside[1] / STEP_X


DOWN = Flow(False, (0.0, STEP_Y), (STEP_X, 0.0))
RIGHT = Flow(True, (NODE_WIDTH + 62.0, 0.0), (0.0, 90.0))


def flow_of(preference: object) -> Flow:
    """The flow that the preference ``graph_flow`` asks for."""
    return RIGHT if preference == CHOICES[1] else DOWN
