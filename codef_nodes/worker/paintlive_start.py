"""What a stroke is drawn on: the picture of a Paint node with the strokes below and above."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from codef_nodes.graph.context import Context
from codef_nodes.graph.evaluate import Evaluator
from codef_nodes.graph.pull import Pass
from codef_nodes.nodes.paint import Paint, revealed
from codef_nodes.work.painting import PAINTINGS, canvas_scale, reveal_from, shown_frames
from codef_nodes.worker.viewing import result_of
from engine.errors import UsageError
from engine.io.picture import Picture
from engine.paint.live import StrokeSession
from engine.paint.painting import Painting, with_stroke
from engine.paint.raster import check_picture
from engine.paint.stroke import stroke_from
from engine.progress import Task

if TYPE_CHECKING:
    from codef_nodes.worker.server import Worker


@dataclass
class Started:
    """A stroke that has begun.

    Attributes:
        node: The Paint node.
        evaluator: Of the document as it was then.
        picture: What the node paints on.
        opacity: Of all its strokes.
        stroke: Draws.
        painting: All strokes that are there.
        header: The stroke without its points.
        on_top: It goes to the end of the list.
        shown: What a ``reveal`` shows.
        points: Where it went so far, as the client said it.
    """

    node: str
    evaluator: Evaluator
    picture: Picture
    opacity: float
    stroke: StrokeSession
    painting: Painting
    header: Mapping[str, Any]
    on_top: bool
    shown: Any = None
    points: list[list[float]] = field(default_factory=list)

    def finish(self) -> Painting | None:
        """Keeps what was drawn for the moment when the document has the stroke too.

        Returns:
            The painting with the stroke; None where it has to be drawn anew.
        """
        if not (self.on_top and self.points):
            return None
        data = {**self.header, "points": self.points}
        made = with_stroke(self.painting, data, self.stroke, self.shown)
        if made is not None:
            PAINTINGS.hold(made)
        return made


def start_stroke(
    worker: "Worker",
    node: str,
    frame: int | None,
    header: Mapping[str, Any],
    index: int | None,
    task: Task,
) -> Started:
    """Begins a stroke on a Paint node.

    Args:
        worker: The worker.
        node: The Paint node.
        frame: The frame that is looked at.
        header: The stroke without its points.
        index: Its place in the list; None: on top.
        task: Cancel.

    Raises:
        UsageError: No Paint node, a wrong stroke or place.
        CodefError: Any error of the nodes above.
    """
    evaluator = worker.evaluator
    document = evaluator.document
    if document.state(node).type != Paint.type or document.state(node).disabled:
        raise UsageError(f"{node} is no Paint node that is on; choose one to paint on", node=node)
    result_of(worker, evaluator, node, frame, task)  # what is above is computed, or says why not
    ctx = Context(Pass(evaluator), node, frame, task)
    picture: Picture = ctx.input("image")
    check_picture(picture.pixels)
    given = stroke_from({**header, "points": [[0.0, 0.0, 1.0]]})
    wanted = dict(revealed(ctx))
    if given.kind == "reveal":
        wanted[given.revealed(frame)] = given.frame is None
    shown = shown_frames(ctx, picture, wanted)
    strokes = ctx.knob("strokes")
    place = len(strokes) if index is None else index
    if not 0 <= place <= len(strokes):
        raise UsageError(f"{node} has {len(strokes)} strokes and no place {place}", node=node)
    whole = PAINTINGS.paint(picture, strokes, frame, shown, task)
    over = [
        each.stroke
        for each in whole.listed[place:]
        if each.given.alive(frame) and each.given.opacity > 0
    ]
    below = whole
    if over:
        below = PAINTINGS.paint(picture, strokes[:place], frame, shown, task)
    stroke = StrokeSession(
        header,
        picture.pixels,
        below.overlay,
        (picture.data.x0, picture.data.y0),
        scale=canvas_scale(picture),
        reveal=reveal_from(shown, frame),
        above=over,
        top=whole.overlay,
    )
    return Started(
        node,
        evaluator,
        picture,
        float(ctx.knob("opacity")),
        stroke,
        whole,
        header,
        place == len(strokes),
        shown.get(given.revealed(frame)) if given.kind == "reveal" else None,
    )
