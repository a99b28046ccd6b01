"""The frame that follows a stroke: which chains of nodes can be followed, and how."""

import weakref
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

import numpy as np

from codef_nodes.graph.context import Context
from codef_nodes.graph.document import Document
from codef_nodes.graph.pull import Pass
from codef_nodes.nodes.canonical_view import CanonicalView
from codef_nodes.nodes.finish_knobs import FINISH_KNOBS
from codef_nodes.nodes.paint import Paint
from codef_nodes.nodes.propagate import Propagate, finish_of, mask_of, plate_at, prepared
from codef_nodes.work.memo import Memo
from codef_nodes.worker.paintlive_start import Started
from codef_nodes.worker.viewing import result_of
from engine.arrays import F32
from engine.edit.change import change_of
from engine.edit.editlayer import EditLayer
from engine.edit.edits import EditSource, matched_layer
from engine.edit.frameview import FrameView
from engine.edit.placement import Placed, place_edit
from engine.edit.propagate import SeenLayer, check_plate
from engine.edit.stabilise import STABILISED
from engine.errors import UsageError
from engine.fields.field import Field
from engine.io.picture import Picture
from engine.linked.field import LinkedField, seen_by
from engine.paint.follow import Blocks, FrameFollower
from engine.paint.stamps import Box, common
from engine.paint.surroundings import TiledSurroundings
from engine.paint.tiles import LazyPaint, piece
from engine.progress import Task

if TYPE_CHECKING:
    from codef_nodes.worker.server import Worker

VIEWS, BLOCKS, LOWER, AROUND = Memo(keep=2), Memo(keep=4), Memo(keep=2), Memo(keep=2)
"""Frames, where they see layers, what nodes below the paint change, what is around edits."""

_PASSING = ("Viewer", "Dot")
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


Others = dict[int, tuple[EditLayer, SeenLayer]]


@dataclass(eq=False)
class _Followed:
    """A frame at the end of a stroke.

    Attributes:
        keys: All that it depends on beside the paint.
        others: The edits of the other layers.
        shown: Its pixels.
        started: The stroke.
        depth: How many strokes lie on each other without the evaluator.
    """

    keys: list[object]
    others: Others
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
    if isinstance(field, LinkedField) and len(ctx.wired("edit")) > 1:
        raise _too_much(shown, f"{carry} carries edits of several stills")
    if frame not in field.frames:
        raise _too_much(shown, f"frame {frame} was not fitted")
    index = field.index(frame)
    if last is None:
        result: Picture = result_of(worker, started.evaluator, carry, frame, task)
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


def _others(ctx: Context, started: Started, field: Field, place: int, index: int) -> Others:
    """The changes of the other layers, and how the frame sees those."""
    if len(ctx.wired("edit")) == 1:
        return {}
    k = _own_layer(ctx, started, field, place)
    return {
        n: (edit.change, _seen(field, n, index))
        for n, edit in prepared(ctx, field)[0][1].items()
        if n != k and edit.change is not None
    }


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
    change = _Change(started, _lower(ctx, started, field, k, placed), placed)
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
        others=last.others,
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
    view = _view(field, index)
    return SeenLayer(view.positions(k), view.seen[k], view.light(k))


def _around(ctx: Context, field: Field, index: int, plate: Picture) -> TiledSurroundings | None:
    """What is measured of the frame for the finish; None for plain paint."""
    finish = replace(finish_of(ctx), shutter=0.0, focus=0.0)
    if finish.plain:
        return None

    def make() -> TiledSurroundings:
        return TiledSurroundings(_view(field, index).lit(finish.light), plate, finish)

    found: TiledSurroundings = AROUND.get((field, plate.pixels), (index, finish), make)
    return found


class _Change:
    """All that the painted picture changes: its paint over what the nodes below it did."""

    def __init__(self, started: Started, lower: EditLayer | None, placed: Placed) -> None:
        self._stroke, self._opacity = started.stroke, np.float32(started.opacity)
        self._overlay = started.picture.overlay
        self._lower: F32 | None = None
        if lower is not None:
            sheet = lower.sheet
            left = round(sheet.origin[0] - placed.origin[0]) + started.stroke.bounds[0]
            top = round(sheet.origin[1] - placed.origin[1]) + started.stroke.bounds[1]
            height, width = sheet.pixels.shape[:2]
            self._lower, self._lies = sheet.pixels, (left, top, left + width, top + height)
            self._grade = lower.grade

    @property
    def graded(self) -> bool:
        """Whether some of it is a grade."""
        return self._lower is not None and self._grade is not None

    def grade(self, box: Box) -> F32:
        """How surely it is a grade of what was there, in a box of the canvas, [h, w]."""
        found = np.zeros((box[3] - box[1], box[2] - box[0]), np.float32)
        part = None if self._lower is None else common(box, self._lies)
        if self._lower is not None and self._grade is not None and part is not None:
            matte = piece(self._lower, self._lies, part)[..., 3]
            piece(found, box, part)[...] = piece(self._grade, self._lies, part) * matte
        found *= 1 - self._paint(box)[..., 3]
        return found

    def read(self, box: Box) -> F32:
        """The change in a box of the canvas, [h, w, 4]."""
        own = self._paint(box)
        if self._lower is not None:
            part = common(box, self._lies)
            if part is not None:
                own = np.array(own)
                target = piece(own, box, part)
                target += piece(self._lower, self._lies, part) * (1 - target[..., 3:])
        return np.asarray(own, np.float32)

    def _paint(self, box: Box) -> F32:
        own = self._stroke.paint(box)
        if self._opacity != 1:
            own = own * self._opacity
        if self._overlay is not None:
            under = piece(self._overlay, self._stroke.bounds, box)
            own = own + under * (1 - own[..., 3:])
        return np.asarray(own, np.float32)


def _lower(
    ctx: Context, started: Started, field: Field, k: int, placed: Placed
) -> EditLayer | None:
    """What the nodes between the canonical image and the paint change; None for nothing."""
    document = started.evaluator.document
    here = through(document, document.wires(started.node, "image")[0])
    while document.state(here).type == Paint.type:
        here = through(document, document.wires(here, "image")[0])
    if document.state(here).type == CanonicalView.type:
        fits = [through(document, document.wires(n, "field")[0]) for n in (here, ctx.node_name)]
        if fits[0] == fits[1] and document.knob_value(here, "layer") == k:
            return None
    picture = started.picture
    under = picture.pixels if picture.under is None else picture.under
    plain = replace(picture, pixels=under, under=None, overlay=None, native=None)
    lies = replace(placed, pixels=under)
    working = ctx.working_space
    found: EditLayer | None = LOWER.get(
        (field, under), (k, working), lambda: change_of(plain, lies, field, k, working)
    )
    return found


def through(document: Document, node: str) -> str:
    """The node whose picture another one passes on as it is: viewers, dots, disabled nodes."""
    while document.state(node).disabled or document.state(node).type in _PASSING:
        port = document.main_input(node) or "image"
        wires = document.wires(node, port)
        if not wires:
            break
        node = wires[0]
    return node


def _too_much(shown: str, why: str) -> UsageError:
    return UsageError(
        f"{shown} is not updated while you paint, because {why}; it is computed after the stroke",
        node=shown,
    )
