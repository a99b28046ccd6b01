"""The frame that follows a stroke: which chains of nodes can be followed, and how."""

import weakref
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from codef_nodes.graph.context import Context
from codef_nodes.graph.pull import Pass
from codef_nodes.nodes.finish_knobs import FINISH_KNOBS
from codef_nodes.nodes.propagate import Propagate, finish_of, mask_of, plate_at, prepared
from codef_nodes.work.memo import Memo
from codef_nodes.worker.paintlive_change import PaintedChange, lower_change, through
from codef_nodes.worker.paintlive_start import Started
from codef_nodes.worker.viewing import result_of
from engine.arrays import F32
from engine.edit.editlayer import EditLayer
from engine.edit.edits import EditSource, matched_layer
from engine.edit.frameview import FrameView
from engine.edit.outputs import edit_pass
from engine.edit.paintover import SeenLayer, seen_layer
from engine.edit.placement import place_edit
from engine.edit.propagate import check_plate
from engine.edit.stabilise import STABILISED
from engine.errors import UsageError
from engine.fields.field import Field
from engine.io.picture import Picture
from engine.linked.carry import reaches
from engine.linked.field import LinkedField, seen_by
from engine.paint.follow import Blocks, FrameFollower
from engine.paint.stamps import Box
from engine.paint.surroundings import TiledSurroundings
from engine.paint.tiles import LazyPaint
from engine.progress import Task

if TYPE_CHECKING:
    from codef_nodes.worker.server import Worker

VIEWS, BLOCKS, AROUND = Memo(keep=2), Memo(keep=4), Memo(keep=2)
"""Frames, where they see layers, and what is measured around their edits."""

_LONGEST = 8
"""Strokes that a frame may follow one after the other before the evaluator is waited for."""


class Follower(Protocol):
    """A frame that is kept up to date with a stroke."""

    picture: Picture
    bounds: Box

    def update(self, box: Box) -> Box | None:
        """Draws again what sees a changed box of what is painted on; returns where."""
        ...

    def pixels(self, box: Box) -> F32:
        """The frame as it is now."""
        ...

    def keep(self) -> None:
        """Keeps the frame for the next stroke, which may begin on this one."""
        ...


class _Itself:
    """The viewer shows the painted picture itself."""

    def __init__(self, started: Started) -> None:
        self._stroke, self._opacity = started.stroke, started.opacity
        self.picture, self.bounds = started.picture, started.stroke.bounds

    def update(self, box: Box) -> Box | None:
        """The box itself."""
        return box

    def pixels(self, box: Box) -> F32:
        """The painted picture."""
        return self._stroke.picture(box, self._opacity)

    def keep(self) -> None:
        """Nothing: the stroke itself is kept."""


class _Carried:
    """The viewer shows a Propagate that carries the painted picture."""

    def __init__(
        self, worker: "Worker", follower: FrameFollower, plate: Picture, followed: "_Followed"
    ) -> None:
        self._worker, self._follower, self._followed = worker, follower, followed
        self.picture, self.bounds = plate, follower.bounds

    def update(self, box: Box) -> Box | None:
        """Where the frame sees the box."""
        return self._follower.update(box)

    def pixels(self, box: Box) -> F32:
        """The frame as it is now."""
        return self._follower.pixels(box)

    def keep(self) -> None:
        """Keeps the frame as it is now."""
        self._followed.shown = self._follower.shown
        _LAST[self._worker] = self._followed


@dataclass(frozen=True, eq=False)
class _Others:
    """The edits that are not being drawn on.

    Attributes:
        layers: Those of other layers of the same still, and how the frame sees the layers.
        below: Those of earlier stills of a long shot, each alone over the frame.
        above: Those of later ones.
    """

    layers: dict[int, tuple[EditLayer, SeenLayer]]
    below: tuple[Picture, ...] = ()
    above: tuple[Picture, ...] = ()


@dataclass(eq=False)
class _Followed:
    """A frame at the end of a stroke.

    Attributes:
        keys: All that it depends on beside the paint.
        others: The edits that are not being drawn on.
        shown: Its pixels.
        started: The stroke.
        depth: How many strokes lie on each other without the evaluator.
    """

    keys: list[object]
    others: _Others
    shown: F32 | LazyPaint
    started: Started
    depth: int = 0


_LAST: "weakref.WeakKeyDictionary[Worker, _Followed]" = weakref.WeakKeyDictionary()


def follower_of(
    worker: "Worker", started: Started, shown: str, frame: int | None, task: Task
) -> Follower:
    """What keeps a viewer up to date with a stroke.

    Args:
        worker: The worker.
        started: The stroke.
        shown: The node that the viewer shows.
        frame: Its frame.
        task: Cancel.

    Raises:
        UsageError: The nodes between are more than a Propagate; the frame is computed after the
            stroke.
        CodefError: Any error of the nodes above.
    """
    document = started.evaluator.document
    carry = through(document, shown)
    if carry == started.node:
        return _Itself(started)
    if document.state(carry).type != Propagate.type:
        raise _too_much(shown, f"{carry} lies between it and the Propagate")
    if frame is None:
        raise _too_much(shown, "it is shown without a frame")
    graph = Pass(started.evaluator)
    ctx = Context(graph, carry, frame, task)
    sources = [through(document, wire) for wire in ctx.wired("edit")]
    if sources.count(started.node) != 1:
        raise _too_much(shown, f"{started.node} is not wired to the edit of {carry} itself")
    if ctx.knob("mode") != "over" or ctx.has("frame_edit"):
        raise _too_much(shown, f"{carry} draws more than the change")
    place = sources.index(started.node)
    keys = _keys(graph, ctx, place, started.opacity)
    last = _LAST.get(worker)
    if last is None or last.started is not started.follows or last.keys != keys:
        last = None
    elif last.depth >= _LONGEST or started.evaluator.where(carry, frame) == "ram":
        last = None  # the evaluator has caught up, or has to
    field: Field = seen_by(ctx.input("field"), started.picture.metadata.get("codef/field"))
    if frame not in field.frames:
        raise _too_much(shown, f"frame {frame} was not fitted")
    index = field.index(frame)
    if last is None:
        result: Picture = result_of(worker, started.evaluator, carry, frame, task).whole()
        last = _Followed(keys, _others(ctx, started, field, place, index), result.pixels, started)
    follower, plate = _frame_follower(ctx, started, field, place, last)
    return _Carried(
        worker, follower, plate, _Followed(keys, last.others, last.shown, started, last.depth + 1)
    )


def _keys(graph: Pass, ctx: Context, place: int, opacity: float) -> list[object]:
    """All that a followed frame depends on beside the paint that is being drawn."""
    frame = ctx.frame
    keys: list[object] = [ctx.node_name, frame, place, ctx.working_space, opacity]
    keys += [ctx.knob(n) for n in ("mode", "mix", "layers", "mask_channel", "invert_mask")]
    keys += [ctx.knob(knob.name) for knob in FINISH_KNOBS]
    for port in ("source", "field", "mask"):
        keys += [graph.key_of(wire, frame) for wire in ctx.wired(port)]
    for n, wire in enumerate(ctx.wired("edit")):
        keys.append(None if n == place else graph.key_of(wire, frame))
    return keys


def _own_layer(ctx: Context, started: Started, field: Field, place: int) -> int:
    """The layer that is painted on: what is painted on says it as the painted picture does."""
    layers = ctx.knob("layers")
    said = layers[place].strip() or None if place < len(layers) else None
    source = EditSource(started.picture, layer=said)
    return matched_layer(field, source, None, len(ctx.wired("edit")) == 1)


def _others(ctx: Context, started: Started, field: Field, place: int, index: int) -> _Others:
    """The edits that are not being drawn on."""
    if len(ctx.wired("edit")) == 1:
        return _Others({})
    k = _own_layer(ctx, started, field, place)
    layers: dict[int, tuple[EditLayer, SeenLayer]] = {}
    below: list[Picture] = []
    above: list[Picture] = []
    for view, edits in prepared(ctx, field):
        if view is field:
            layers = {
                n: (edit.change, _seen(field, n, index))
                for n, edit in edits.items()
                if n != k and edit.change is not None
            }
        elif reaches(view, index) and any(edit.change is not None for edit in edits.values()):
            plate = plate_at(ctx, field, ctx.frame)
            _, alone = edit_pass(
                view,
                edits,
                plate,
                index,
                mix=ctx.knob("mix"),
                mask=mask_of(ctx, plate),
                task=ctx.task,
                finish=finish_of(ctx),
            )
            (below if _anchor(view) < _anchor(field) else above).append(alone)
    return _Others(layers, tuple(below), tuple(above))


def _anchor(view: Field) -> int:
    return view.anchor if isinstance(view, LinkedField) else 0


def _frame_follower(
    ctx: Context, started: Started, field: Field, place: int, last: _Followed
) -> tuple[FrameFollower, Picture]:
    frame, stroke = ctx.frame, started.stroke
    if STABILISED in started.picture.metadata:
        raise _too_much(ctx.node_name, "it carries an edit of the stabilised plate")
    if ctx.knob("output") != "result":
        raise _too_much(ctx.node_name, "it gives the edit alone")
    index = field.index(frame)
    plate = plate_at(ctx, field, frame)
    check_plate(field, plate, frame)
    k = _own_layer(ctx, started, field, place)
    placed = place_edit(started.picture, field, k)
    if placed.pixels is not started.picture.pixels:
        raise _too_much(ctx.node_name, f"{started.node} does not lie on the canonical canvas")
    change = PaintedChange(started, lower_change(ctx, started, field, k, placed), placed)
    follower = FrameFollower(
        field,
        k,
        index,
        BLOCKS.get((field,), (k, index), lambda: Blocks(_seen(field, k, index))),
        plate,
        last.shown,
        change.read,
        stroke.bounds,
        placed.origin,
        placed.scale,
        others=last.others.layers,
        below=last.others.below,
        above=last.others.above,
        mix=ctx.knob("mix"),
        mask=mask_of(ctx, plate),
        around=_around(ctx, field, index, plate),
        grade=change.grade if change.graded else None,
    )
    return follower, plate


def _view(field: Field, index: int) -> FrameView:
    view: FrameView = VIEWS.get((field,), (index,), lambda: FrameView(field, index))
    return view


def _seen(field: Field, k: int, index: int) -> SeenLayer:
    return seen_layer(_view(field, index), k)


def _around(ctx: Context, field: Field, index: int, plate: Picture) -> TiledSurroundings | None:
    """What is measured of the frame for the finish; None for plain paint."""
    finish = replace(finish_of(ctx), shutter=0.0, focus=0.0)
    if finish.plain:
        return None

    def make() -> TiledSurroundings:
        return TiledSurroundings(_view(field, index).lit(finish.light), plate, finish)

    found: TiledSurroundings = AROUND.get((field, plate.pixels), (index, finish), make)
    return found


def _too_much(shown: str, why: str) -> UsageError:
    return UsageError(
        f"{shown} is not updated while you paint, because {why}; it is computed after the stroke",
        node=shown,
    )
