"""Paint laid plainly over a frame: found where the frame sees it, lit, weighted, composited."""

from dataclasses import dataclass, replace

import numpy as np

from engine.arrays import F32, Bool
from engine.edit.editlayer import EditLayer
from engine.edit.frameview import FrameView
from engine.edit.mixed import add_unmixed
from engine.fields.field import Field
from engine.io.picture import Picture, Window
from engine.warp.reach import points_near, widening
from engine.warp.render import bounds, light

#: Interpolation of paint: sharp, and exact where frame and canvas coincide.
OVER_FILTER = "cubic"

Piece = tuple[Window, F32]


@dataclass(frozen=True, eq=False)
class SeenLayer:
    """How one frame sees one layer.

    Attributes:
        positions: Canonical points of the frame's pixel centres, [H, W, 2].
        share: Visible share of the layer, [H, W].
        gain: Factors of light, [H, W, 3], or None.
    """

    positions: F32
    share: F32
    gain: F32 | None


def seen_layer(view: FrameView, k: int) -> SeenLayer:
    """What ``warp_change`` finds anew for each change; keep it where many are carried."""
    return SeenLayer(view.positions(k), view.seen[k], view.light(k))


def warp_change(
    field: Field,
    k: int,
    index: int,
    change: EditLayer,
    filter: str | None = None,
    *,
    region: tuple[slice, slice] | None = None,
    seen: SeenLayer | None = None,
    lit: bool = True,
) -> Piece | None:
    """A change as one frame sees it: visible, lit, premultiplied.

    Args:
        field: The field.
        k: Layer of the change.
        index: Position of the frame in the field.
        change: The change on the canonical canvas.
        filter: ``bilinear`` or ``cubic``; None for ``OVER_FILTER``.
        region: Rows and columns of the frame's data window that are wanted; None: all.
        seen: ``seen_layer(FrameView(field, index), k)`` where the caller has it.
        lit: Multiply by the field's light; see ``Edit.lit``.

    Returns:
        The window of the frame that it reaches (pixels of the display window) and float32
        [h, w, 4] over it; None when it does not reach the frame.
    """
    sx, sy = change.sheet.scale
    scale = max(sx, sy)
    around = slice(0, field.height), slice(0, field.width)
    if seen is None:
        near = points_near(
            field.layers[k].deformation, index, change.box, scale, field.data, region
        )
        if near is None:
            return None
        around, positions = near
        shares = field.seen(index, around)
        share, gain = shares[k], None
    else:
        positions, share, gain = seen.positions, seen.share, seen.gain
    top, left = around[0].start, around[1].start
    wanted = (slice(None), slice(None)) if seen is None or region is None else region
    more = widening(positions[wanted], scale)
    x0, y0, x1, y1 = change.box
    x, y = positions[wanted][..., 0], positions[wanted][..., 1]
    reach: Bool = np.asarray(
        (x > x0 - more) & (x < x1 + more) & (y > y0 - more) & (y < y1 + more) & (share[wanted] > 0),
        np.bool_,
    )
    inner = bounds(reach)
    if inner is None:
        return None
    down, across = wanted[0].start or 0, wanted[1].start or 0
    part = (
        slice(down + inner[0].start, down + inner[0].stop),
        slice(across + inner[1].start, across + inner[1].stop),
    )
    paint = read_change(change, positions, share, part, filter)
    window = Window(
        left + part[1].start, top + part[0].start, left + part[1].stop, top + part[0].stop
    )
    if lit and seen is None:
        there = slice(window.y0, window.y1), slice(window.x0, window.x1)
        gain = light(field, k, index, part=there)
    elif gain is not None:
        gain = gain[part]
    if gain is not None and lit:
        paint[..., :3] *= gain
    if seen is None:
        there = slice(window.y0, window.y1), slice(window.x0, window.x1)
        add_unmixed(field, k, index, there, shares[(slice(None), *part)], paint)
    return window.moved(field.data.x0, field.data.y0), paint


def read_change(
    change: EditLayer,
    positions: F32,
    share: F32,
    part: tuple[slice, slice],
    filter: str | None = None,
) -> F32:
    """A change at a part of a frame's pixels, weighted by their share, [h, w, 4].

    The pixels around the part are looked at, so that its rim is read like its middle.

    Args:
        change: The change on the canonical canvas.
        positions: Canonical points of the frame's pixel centres, [H, W, 2].
        share: Visible share of the layer, [H, W].
        part: Rows and columns that are wanted.
        filter: ``bilinear`` or ``cubic``; None for ``OVER_FILTER``.
    """
    rows, columns = part
    top, left = min(rows.start, 1), min(columns.start, 1)
    more = (
        slice(rows.start - top, rows.stop + 1),
        slice(columns.start - left, columns.stop + 1),
    )
    paint = change.sheet.read_linear(
        positions[more], filter=filter or OVER_FILTER, weights=np.ascontiguousarray(share[more])
    )
    height, width = rows.stop - rows.start, columns.stop - columns.start
    return paint[top : top + height, left : left + width]


def put_over(
    plate: Picture,
    pieces: list[Piece],
    data: Window,
    *,
    mix: float = 1.0,
    mask: F32 | None = None,
) -> Picture:
    """Composites disjoint shares of paint over a plate, touching only what they reach.

    Args:
        plate: The frame.
        pieces: Window (pixels of the display window, its origin at 0) and premultiplied paint
            [h, w, 4]; each already weighted by the visible share of its layer.
        data: The field's data window.
        mix: How much of it.
        mask: [H, W] over the plate's data window, or None.

    Returns:
        The plate with ``changed`` marked; the very ``plate`` when nothing is changed.
    """
    from engine.kernels.blend import put_paint

    own = plate.data.moved(-plate.display.x0, -plate.display.y0)
    alive = [
        (paint[both.part_of(window)], both)
        for window, paint in pieces
        if (both := window.common(own)) is not None
    ]
    if not alive:
        return plate
    box = Window(
        min(c.x0 for _, c in alive),
        min(c.y0 for _, c in alive),
        max(c.x1 for _, c in alive),
        max(c.y1 for _, c in alive),
    )
    total = np.zeros((box.height, box.width, 4), np.float32)
    for paint, c in alive:
        total[c.part_of(box)] += paint
    part = box.part_of(own)
    strength: F32 | float = mix if mask is None else mix * mask[part][..., None]
    total *= strength
    result = plate.writable(part[0].start, part[0].stop)
    touched = np.zeros(total.shape[:2], np.uint8)
    put_paint(result.pixels[part], total, touched)
    if not touched.any():
        return plate
    changed = np.zeros(plate.pixels.shape[:2], np.bool_)
    if plate.changed is not None:
        changed |= plate.changed
    changed[part] |= touched > 0
    return replace(result, changed=changed, under=None, overlay=None)
