"""Strokes over pictures of the graph: what was painted last time, and what reveals show."""

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from codef_nodes.graph.context import Context
from codef_nodes.work.memo import Memo
from codef_nodes.work.source import source_of
from engine.errors import UsageError
from engine.fields.field import Field
from engine.io.picture import Picture
from engine.paint.draw import Reveal
from engine.paint.painting import Painting, paint
from engine.paint.reveal import from_canonical, from_frame, same_place
from engine.paint.stamps import Box
from engine.paint.stroke import Stroke, standing_in
from engine.paint.tiles import TiledPicture
from engine.progress import Task

REVEALS = Memo(keep=4)
"""Frames as canvases show them; their tiles are found once for all strokes and events."""


class Paintings:
    """The last few paintings, each to draw the next list of strokes over its picture from.

    Args:
        keep: Number of paintings held.
        budget: Bytes; the older ones go when all are more, the last one never.
    """

    def __init__(self, keep: int = 3, budget: int = 512 << 20) -> None:
        self._keep, self._budget = keep, budget
        self._held: list[Painting] = []
        self._lock = threading.Lock()

    def paint(
        self,
        picture: Picture,
        strokes: Sequence[Mapping[str, Any]],
        frame: int | None,
        shown: Mapping[int | None, TiledPicture],
        task: Task,
    ) -> Painting:
        """Draws strokes over a picture, as little of them as is new."""
        origin = picture.data.x0, picture.data.y0
        scale = canvas_scale(picture)
        made = paint(
            strokes,
            picture.pixels,
            origin,
            frame,
            scale=scale,
            reveal=reveal_from(shown, frame),
            shown=shown,
            before=self._before(picture),
            task=task,
        )
        self._hold(made)
        return made

    def known(self, picture: Picture, strokes: Sequence[Mapping[str, Any]]) -> bool:
        """Whether a list over a picture was drawn before."""
        before = self._before(picture)
        return before is not None and [each.data for each in before.listed] == list(strokes)

    def _hold(self, made: Painting) -> None:
        with self._lock:
            self._held = [each for each in self._held if each.under is not made.under]
            self._held.append(made)
            while len(self._held) > 1 and (
                len(self._held) > self._keep or sum(map(_bytes, self._held)) > self._budget
            ):
                self._held.pop(0)

    def _before(self, picture: Picture) -> Painting | None:
        with self._lock:
            return next((each for each in self._held if each.under is picture.pixels), None)


def _bytes(painting: Painting) -> int:
    return painting.under.nbytes + painting.overlay.nbytes + painting.painted.nbytes


PAINTINGS = Paintings()


def canvas_scale(picture: Picture) -> float:
    """Pixels of a picture for each that strokes are measured in: canonical ones, see Paint."""
    return float(picture.metadata.get("codef/scale", 1.0))


def reveal_from(shown: Mapping[int | None, TiledPicture], frame: int | None) -> Reveal | None:
    """Finds what a stroke reveals at a frame; None where there is nothing at all to reveal."""
    if not shown:
        return None

    def find(stroke: Stroke) -> TiledPicture:
        wanted = stroke.revealed(frame)
        if wanted not in shown:
            raise UsageError(
                f"the stroke {stroke.name!r} reveals frame {wanted}, which is not there"
            )
        return shown[wanted]

    return find


def shown_frames(
    ctx: Context, picture: Picture, wanted: Mapping[int | None, bool]
) -> dict[int | None, TiledPicture]:
    """The frames that reveal strokes show, as the canvas of a Paint node has them.

    Args:
        ctx: The Paint node at its frame.
        picture: The picture that is painted on.
        wanted: Frame numbers, and whether each counts from the frame that is painted on; see
            ``engine.paint.stroke.standing_in``.

    Raises:
        UsageError: The canonical image is painted on and no fit is wired.
    """
    if not wanted or not (ctx.has("reveal") or ctx.has("field")):
        return {}
    d = picture.data
    bounds: Box = (d.x0, d.y0, d.x1, d.y1)
    field: Field | None = ctx.input("field") if ctx.has("field") else None
    offered = ctx.input_frames("reveal") if ctx.has("reveal") else None
    if ctx.has("reveal") and offered is None:
        still: Picture = ctx.input("reveal")
        tiled = REVEALS.get((still,), (bounds,), lambda: same_place(still, bounds))
        return dict.fromkeys(wanted, tiled)
    frames = offered or (field.frames if field is not None else ())
    result: dict[int | None, TiledPicture] = {}
    for number, relative in wanted.items():
        frame = standing_in(ctx.frame if number is None else number, relative, frames)
        if offered is not None:
            source: Picture = ctx.input("reveal", frame)
        elif field is not None:
            source = _own_frame(field, frame)
        else:
            return {}
        result[number] = _as_canvas(ctx, picture, field, frame, source, bounds)
    return result


FRAMES = Memo(keep=4)


def _own_frame(field: Field, frame: int) -> Picture:
    picture: Picture = FRAMES.get((field,), (frame,), lambda: source_of(field, None).read(frame))
    return picture


def _as_canvas(
    ctx: Context,
    picture: Picture,
    field: Field | None,
    frame: int,
    source: Picture,
    bounds: Box,
) -> TiledPicture:
    make: Callable[[], TiledPicture]
    still = ctx.input_frames("image") is None
    if field is None:
        if "codef/layer" in picture.metadata:
            raise UsageError(
                f"{ctx.node_name} reveals frame {frame} on a canonical image; wire the fit to its "
                "input 'field'",
                node=ctx.node_name,
            )
        return REVEALS.get((source,), (bounds,), lambda: same_place(source, bounds))
    if still:
        names = [layer.name for layer in field.layers]
        told = str(picture.metadata.get("codef/layer"))
        k, scale = names.index(told) if told in names else 0, canvas_scale(picture)
        make = lambda: from_canonical(field, k, frame, source, bounds, scale)  # noqa: E731
        return REVEALS.get((field, source), (k, frame, bounds, scale), make)
    here, corner = ctx.frame, (picture.display.x0, picture.display.y0)
    make = lambda: from_frame(field, here, frame, source, bounds, corner)  # noqa: E731
    return REVEALS.get((field, source), (here, frame, bounds, corner), make)
