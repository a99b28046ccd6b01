"""What a picture that is being painted on changes of the still: paint, and what lies below it."""

from dataclasses import replace

import numpy as np

from codef_nodes.graph.context import Context
from codef_nodes.graph.document import Document
from codef_nodes.nodes.canonical_view import CanonicalView
from codef_nodes.nodes.paint import Paint
from codef_nodes.work.memo import Memo
from codef_nodes.worker.paintlive_start import Started
from engine.arrays import F32
from engine.edit.change import change_of
from engine.edit.editlayer import EditLayer
from engine.edit.placement import Placed
from engine.fields.field import Field
from engine.paint.stamps import Box, common
from engine.paint.tiles import piece

LOWER = Memo(keep=2)
"""What nodes below the paint change."""

_PASSING = ("Viewer", "Dot")


class PaintedChange:
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
            clear = 1 - piece(self._paint(box), box, part)[..., 3]
            matte = clear * piece(self._lower, self._lies, part)[..., 3]
            share = matte / np.maximum(matte + 1 - clear, np.float32(1e-6))
            piece(found, box, part)[...] = piece(self._grade, self._lies, part) * share
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


def lower_change(
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
