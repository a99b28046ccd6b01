"""What a stroke is drawn on: the picture of a Paint node with the strokes below and above."""

import weakref
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from codef_nodes.graph.context import Context
from codef_nodes.graph.evaluate import Evaluator
from codef_nodes.graph.pull import Pass
from codef_nodes.nodes.paint import Paint, revealed
from codef_nodes.work.painting import PAINTINGS, canvas_scale, reveal_from, shown_frames
from codef_nodes.worker.viewing import result_of
from engine.arrays import F32
from engine.errors import UsageError
from engine.io.picture import Picture
from engine.paint.live import StrokeSession
from engine.paint.raster import check_picture
from engine.paint.stroke import Stroke, stroke_from
from engine.paint.tiles import LazyPaint
from engine.progress import Task

if TYPE_CHECKING:
    from codef_nodes.worker.server import Worker


_LONGEST = 8
"""Strokes that may lie on each other before the evaluator is waited for."""


@dataclass(eq=False)
class Started:
    """A stroke that has begun.

    Attributes:
        node: The Paint node.
        frame: The frame that is looked at.
        evaluator: Of the document as it was then.
        picture: What the node paints on.
        opacity: Of all its strokes.
        stroke: Draws.
        strokes: Those that were there.
        header: The stroke without its points.
        on_top: It goes to the end of the list.
        follows: The stroke before, where nothing else happened since.
        depth: How many strokes lie on each other without the evaluator.
        points: Where it went so far, as the client said it.
    """

    node: str
    frame: int | None
    evaluator: Evaluator
    picture: Picture
    opacity: float
    stroke: StrokeSession
    strokes: Sequence[Mapping[str, Any]]
    header: Mapping[str, Any]
    on_top: bool
    follows: "Started | None" = None
    depth: int = 0
    points: list[list[float]] = field(default_factory=list)

    def leads_to(self, node: str, frame: int | None, strokes: Sequence[Mapping[str, Any]]) -> bool:
        """Whether a list is the one before with this stroke on top."""
        if not self.on_top or (node, frame) != (self.node, self.frame):
            return False
        if len(strokes) != len(self.strokes) + 1:
            return False
        own = {**self.header, "points": self.points}
        return strokes[-1] == own and list(strokes[:-1]) == list(self.strokes)


_LAST: "weakref.WeakKeyDictionary[Worker, Started]" = weakref.WeakKeyDictionary()


def lies_outside(started: Started) -> bool:
    """Whether no pixel of a stroke is in the picture that it is drawn on."""
    from engine.paint.stamps import stroke_box

    if not started.points:
        return False
    x0, y0, x1, y1 = stroke_box(stroke_from({**started.header, "points": started.points}))
    left, top, right, bottom = started.stroke.bounds
    return x1 <= left or y1 <= top or x0 >= right or y0 >= bottom


def ended(worker: "Worker", started: Started) -> None:
    """Keeps a stroke that is done: the next one may begin on it before the evaluator has it."""
    started.follows = None
    _LAST[worker] = started


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
    ctx = Context(Pass(evaluator), node, frame, task)
    strokes = ctx.knob("strokes")
    place = len(strokes) if index is None else index
    if not 0 <= place <= len(strokes):
        raise UsageError(f"{node} has {len(strokes)} strokes and no place {place}", node=node)
    follows = _LAST.get(worker)
    if follows is not None and not follows.leads_to(node, frame, strokes):
        follows = None
    if follows is None:
        # What is above is computed, or says why not.
        result_of(worker, evaluator, node, frame, task)
    picture: Picture = ctx.input("image")
    if follows is not None and follows.picture.pixels is not picture.pixels:
        follows = None
    check_picture(picture.pixels)
    given = stroke_from({**header, "points": [[0.0, 0.0, 1.0]]})
    wanted = dict(revealed(ctx))
    if given.kind == "reveal":
        wanted[given.revealed(frame)] = given.frame is None
    shown = shown_frames(ctx, picture, wanted)
    below: F32 | LazyPaint | None
    top: F32 | None = None
    over: list[Stroke] = []
    depth = 0
    on_top = place == len(strokes)
    if (
        follows is not None
        and on_top
        and follows.depth < _LONGEST
        and not PAINTINGS.known(picture, strokes)
    ):
        below, depth = follows.stroke.own, follows.depth + 1
    else:
        whole = PAINTINGS.paint(picture, strokes, frame, shown, task)
        below = top = whole.overlay
        over = [
            each.stroke
            for each in whole.listed[place:]
            if each.given.alive(frame) and each.given.opacity > 0
        ]
        if over:
            below = PAINTINGS.paint(picture, strokes[:place], frame, shown, task).overlay
    stroke = StrokeSession(
        header,
        picture.pixels,
        below,
        (picture.data.x0, picture.data.y0),
        scale=canvas_scale(picture),
        reveal=reveal_from(shown, frame),
        above=over,
        top=top,
    )
    opacity = float(ctx.knob("opacity"))
    return Started(
        node, frame, evaluator, picture, opacity, stroke, strokes, header, on_top, follows, depth
    )
