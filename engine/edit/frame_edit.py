"""A painted frame as the edit: carried from its frame to every other."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from engine.arrays import F32, Bool
from engine.colour.ocio import DEFAULT_WORKING
from engine.edit.change import equal_pixels, matte_of
from engine.edit.editlayer import EditLayer, cropped
from engine.edit.propagate import OVER_FILTER, Piece, check_plate, put_over
from engine.errors import EditError
from engine.fields.field import Field
from engine.io.picture import Picture, Window
from engine.progress import Task
from engine.warp.inverse import TOLERANCE, FrameInverse
from engine.warp.render import bounds, light
from engine.warp.sheet import Sheet


@dataclass(eq=False)
class FrameEdit:
    """A painted frame, ready to be carried.

    Attributes:
        frame: The frame that was painted.
        paint: What was painted, over the display window (origin at 0), or None when nothing.
        painted: The painted pixels themselves over the data window, [H, W, 3 or 4].
        own_alpha: The painting came with its own alpha and lies over the plate.
    """

    frame: int
    paint: EditLayer | None
    painted: F32
    own_alpha: bool
    _inverses: dict[int, FrameInverse] = field(default_factory=dict, repr=False)

    def inverse(self, of: Field, k: int) -> FrameInverse:
        """Canonical to this frame for layer ``k``; built once."""
        if k not in self._inverses:
            self._inverses[k] = FrameInverse(of, k, of.index(self.frame))
        return self._inverses[k]


def frame_edit(
    field: Field,
    frame: int,
    painted: Picture,
    plate: Picture,
    *,
    working: str = DEFAULT_WORKING,
) -> FrameEdit:
    """Finds what was painted on a frame.

    A picture with an alpha that is not everywhere 1 lies over the plate with that alpha, unless
    the plate has an alpha of its own; any other is compared with the plate.

    Args:
        field: The field.
        frame: The frame that was painted.
        painted: The painting, of the plate's size.
        plate: The frame as it was.
        working: The working space.

    Raises:
        EditError: The sizes differ; the message names both.
        MissingFrameError: The field does not hold the frame.
    """
    field.index(frame)
    check_plate(field, plate, frame)
    if painted.pixels.shape[:2] != plate.pixels.shape[:2]:
        raise EditError(
            f"the painted frame {frame} is {painted.pixels.shape[1]}x{painted.pixels.shape[0]}, "
            f"the plate {plate.pixels.shape[1]}x{plate.pixels.shape[0]}; paint at the plate's size",
            frame=frame,
        )
    origin = (plate.data.x0 - plate.display.x0, plate.data.y0 - plate.display.y0)
    own_alpha = bool(
        painted.overlay is None
        and painted.pixels.shape[2] > 3
        and plate.pixels.shape[2] < 4
        and (painted.alpha < 1).any()
    )
    if painted.overlay is not None:
        rgba, own_alpha = painted.overlay, True
    elif own_alpha:
        rgba = painted.pixels
    else:
        reference = np.ones((*plate.pixels.shape[:2], 4), np.float32)
        reference[..., : plate.pixels.shape[2]] = plate.pixels
        changed = _differs(painted, plate, reference, working)
        rgba = matte_of(painted.pixels, reference, changed)
    return FrameEdit(frame, cropped(rgba, origin, (1.0, 1.0)), painted.pixels, own_alpha)


def _differs(painted: Picture, plate: Picture, reference: F32, working: str) -> Bool:
    a, b = painted.native, plate.native
    if (
        a is not None
        and b is not None
        and a.codes.shape == b.codes.shape
        and a.codes.dtype == b.codes.dtype
        and a.space == b.space
    ):
        # Saved in the plate's own format: what was not painted is the same code.
        changed = (a.codes[..., :3] != b.codes[..., :3]).any(axis=2)
    else:
        changed = ~equal_pixels(painted.pixels, reference, a, working)
    finite = np.isfinite(painted.pixels).all(axis=2) & np.isfinite(reference).all(axis=2)
    return np.asarray(changed & finite, np.bool_)


def propagate_frame_edits(
    field: Field,
    edits: Sequence[FrameEdit],
    plate: Picture,
    index: int,
    *,
    mix: float = 1.0,
    mask: F32 | None = None,
    task: Task | None = None,
    filter: str | None = None,
) -> Picture:
    """Carries painted frames to one frame.

    Each pixel goes through the canonical image to the painted frame and is read there, in one
    resample. A painted frame itself comes back as it was painted. Where several paintings reach a
    pixel they are mixed by confidence: how well the place was found, how visible it is there, and
    how near in time the painted frame is.

    Args:
        field: The field.
        edits: The painted frames.
        plate: The frame to paint on.
        index: Its position in the field.
        mix: How much of the edit, 0 to 1.
        mask: [H, W] over the plate's data window, or None.
        task: Cancel.
        filter: ``bilinear`` or ``cubic``; None for ``cubic``.

    Returns:
        The frame; the very ``plate`` when nothing reaches it.

    Raises:
        EditError: The plate's size is not that of the field.
        Cancelled: The person stopped the work.
    """
    frame = field.frames[index]
    check_plate(field, plate, frame)
    for edit in edits:
        if edit.frame == frame:
            return _on_itself(field, edit, plate, mix, mask)
    paints: list[tuple[Piece, F32]] = []
    for edit in edits:
        if task is not None:
            task.check()
        if edit.paint is not None:
            near = 1.0 / (1.0 + abs(edit.frame - frame))
            for k in range(len(field.layers)):
                found = _carry(field, edit, k, index, filter or OVER_FILTER)
                if found is not None:
                    paints.append((found[0], found[1] * np.float32(near)))
    if not paints:
        return plate
    return put_over(plate, [_blend(paints)], field.data, mix=mix, mask=mask)


def _on_itself(
    field: Field, edit: FrameEdit, plate: Picture, mix: float, mask: F32 | None
) -> Picture:
    if edit.paint is None:
        return plate
    sheet = edit.paint.sheet
    h, w = sheet.pixels.shape[:2]
    window = Window.of_size(w, h).moved(round(sheet.origin[0]), round(sheet.origin[1]))
    result = put_over(plate, [(window, sheet.pixels)], field.data, mix=mix, mask=mask)
    if edit.own_alpha or mix < 1 or mask is not None or result.changed is None:
        return result
    # The very values that were painted, not what rounding makes of plate plus difference.
    pixels = result.pixels
    row = window.y0 + plate.display.y0 - plate.data.y0
    column = window.x0 + plate.display.x0 - plate.data.x0
    part = (slice(row, row + h), slice(column, column + w))
    touched = sheet.pixels[..., 3] > 0
    pixels[part][touched, :3] = edit.painted[part][touched, :3]
    return replace(result, pixels=pixels)


def _carry(
    field: Field, edit: FrameEdit, k: int, index: int, filter: str
) -> tuple[Piece, F32] | None:
    """One painting as one layer of another frame shows it, and its confidence [h, w]."""
    if edit.paint is None:
        return None
    deformation = field.layers[k].deformation
    box = _canonical_box(field, edit.paint.sheet, k, field.index(edit.frame))
    share = field.seen(index)[k]
    if box is None or not share.any():
        return None
    positions = deformation.positions(index)
    x, y = positions[..., 0], positions[..., 1]
    reach: Bool = np.asarray(
        (x > box[0]) & (x < box[2]) & (y > box[1]) & (y < box[3]) & (share > 0),
        np.bool_,
    )
    part = bounds(reach)
    if part is None:
        return None
    inside = reach[part]
    places = edit.inverse(field, k).find(positions[part][inside])
    trust = np.zeros(inside.shape, np.float32)
    seen = places.coverage * places.valid
    grid = np.full((*inside.shape, 2), np.nan, np.float32)
    grid[inside] = places.points
    paint = edit.paint.sheet.read_linear(grid, filter=filter, footprint=False)
    weight = np.zeros(inside.shape, np.float32)
    weight[inside] = seen
    paint *= (weight * share[part])[..., None]
    trust[inside] = np.exp(-np.square(places.residual / TOLERANCE)) * seen + 1e-6
    gain = _relight(field, k, index, part, edit, grid)
    if gain is not None:
        paint[..., :3] *= gain
    window = Window(part[1].start, part[0].start, part[1].stop, part[0].stop)
    return (window.moved(field.data.x0, field.data.y0), paint), trust


def _relight(
    field: Field,
    k: int,
    index: int,
    part: tuple[slice, slice],
    edit: FrameEdit,
    grid: F32,
) -> F32 | None:
    """Light of this frame over the light that the painting was made in, [h, w, 3]."""
    here = light(field, k, index)
    there = light(field, k, field.index(edit.frame))
    if here is None or there is None:
        return None
    column = np.clip(np.nan_to_num(grid[..., 0]) - field.data.x0, 0, field.width - 1)
    row = np.clip(np.nan_to_num(grid[..., 1]) - field.data.y0, 0, field.height - 1)
    was = there[row.astype(np.intp), column.astype(np.intp)]
    return np.asarray(here[part] / np.maximum(was, 1e-3), np.float32)


def _canonical_box(
    field: Field, paint: Sheet, k: int, index: int
) -> tuple[float, float, float, float] | None:
    """Canonical bounds of what was painted on layer ``k``, with room for the filter."""
    from cv2 import dilate

    h, w = paint.pixels.shape[:2]
    x0 = round(paint.origin[0]) - field.data.x0
    y0 = round(paint.origin[1]) - field.data.y0
    mine = np.zeros((field.height, field.width), np.uint8)
    top, left = max(y0, 0), max(x0, 0)
    bottom, right = min(y0 + h, field.height), min(x0 + w, field.width)
    if top >= bottom or left >= right:
        return None
    mine[top:bottom, left:right] = (
        paint.pixels[top - y0 : bottom - y0, left - x0 : right - x0, 3] > 0
    )
    mine &= (field.seen(index)[k] > 0).astype(np.uint8)
    if not mine.any():
        return None
    # The filter reaches two pixels around the paint.
    near = dilate(mine, np.ones((5, 5), np.uint8)) > 0
    points = field.layers[k].deformation.positions(index)[near]
    points = points[np.isfinite(points).all(axis=1)]
    if not len(points):
        return None
    low, high = points.min(axis=0) - 1, points.max(axis=0) + 1
    return float(low[0]), float(low[1]), float(high[0]), float(high[1])


def _blend(paints: list[tuple[Piece, F32]]) -> Piece:
    """Several paints as one: each weighted by its confidence and by its own matte."""
    windows = [window for (window, _), _ in paints]
    box = Window(
        min(w.x0 for w in windows),
        min(w.y0 for w in windows),
        max(w.x1 for w in windows),
        max(w.y1 for w in windows),
    )
    total = np.zeros((box.height, box.width, 4), np.float32)
    weights = np.zeros((box.height, box.width), np.float32)
    for (window, paint), trust in paints:
        part = (
            slice(window.y0 - box.y0, window.y1 - box.y0),
            slice(window.x0 - box.x0, window.x1 - box.x0),
        )
        # Weighted by its own matte: a painting that says nothing here must not thin the others.
        weight = trust * paint[..., 3]
        total[part] += paint * weight[..., None]
        weights[part] += weight
    held = weights > 0
    total[held] /= weights[held][:, None]
    total[~held] = 0
    return box, total
