"""Frames drawn from canonical images: canonical to frame."""

from collections.abc import Sequence

import numpy as np

from engine.arrays import F32, Bool
from engine.fields.field import Field
from engine.warp.sheet import HOLE, Sheet, sheet_of


def field_filter(field: Field) -> str:
    """The interpolation that the field was fitted with, ``bilinear`` unless its report says."""
    return str(field.report.get("filter", "bilinear"))


def render_layer(
    field: Field,
    k: int,
    index: int,
    picture: Sheet | None = None,
    *,
    filter: str | None = None,
) -> F32:
    """One layer as a frame sees it, regardless of what is in front of it.

    Args:
        field: The field.
        k: Layer, front to back.
        index: Position of the frame in the field.
        picture: What to read instead of the layer's own canonical image.
        filter: ``bilinear``, ``cubic``, or None for what the field was fitted with.

    Returns:
        float32 [H, W, 4] over the field's data window, scene-linear, premultiplied.
    """
    sheet = picture or sheet_of(field.layers[k].canonical)
    positions = field.layers[k].deformation.positions(index)
    return sheet.read(positions, filter=filter or field_filter(field))


def light(field: Field, k: int, index: int) -> F32 | None:
    """Multiplicative light of a layer in a frame, [H, W, 3], linear; None when it has none.

    Convention: control point (r, c) of ``Layer.lighting`` [T, gy, gx, 3] lies at
    ``(x0 + c * W / (gx - 1), y0 + r * H / (gy - 1))``: the corners of the data window included.
    """
    lighting = field.layers[k].lighting
    if lighting is None:
        return None
    control = lighting[index].astype(np.float32)
    rows = _between(field.height, control.shape[0])
    columns = _between(field.width, control.shape[1])
    spread = np.einsum("hr,rcd->hcd", rows, control)
    return np.asarray(np.einsum("wc,hcd->hwd", columns, spread, optimize=True), np.float32)


def _between(pixels: int, count: int) -> F32:
    """Linear weights [pixels, count] of control points at the centres of pixels."""
    place = (np.arange(pixels, dtype=np.float32) + 0.5) / pixels * max(count - 1, 0)
    distance = np.abs(place[:, None] - np.arange(count, dtype=np.float32))
    return np.asarray(np.maximum(1 - distance, 0), np.float32)


def bounds(mask: Bool) -> tuple[slice, slice] | None:
    """Rows and columns that hold every True of a mask [H, W]; None when there is none."""
    rows = np.flatnonzero(mask.any(axis=1))
    if not len(rows):
        return None
    columns = np.flatnonzero(mask[rows[0] : rows[-1] + 1].any(axis=0))
    return slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1)


def composite(
    field: Field,
    index: int,
    pictures: Sequence[Sheet | None] | None = None,
    *,
    lit: bool = False,
    filter: str | None = None,
) -> F32:
    """All layers of a frame, each weighted by its visible share.

    Where a layer's canonical image has a hole, the next layer shows; where none has content, the
    nearest colour of the layer that owns the pixel. The result is always finite.

    Args:
        field: The field.
        index: Position of the frame in the field.
        pictures: Per layer what to read instead of its canonical image, or None for its own.
        lit: Multiply each layer by the field's lighting.
        filter: ``bilinear``, ``cubic``, or None for what the field was fitted with.

    Returns:
        float32 [H, W, 3] over the field's data window, scene-linear.
    """
    from engine.kernels.blend import add_layer

    coverage = field.coverage(index)
    filter = filter or field_filter(field)
    colour = np.zeros((field.height, field.width, 3), np.float32)
    weight = np.zeros((field.height, field.width), np.float32)
    carry = np.zeros((field.height, field.width), np.float32)
    sheets = [
        (pictures[k] if pictures is not None else None) or sheet_of(layer.canonical)
        for k, layer in enumerate(field.layers)
    ]
    for k, layer in enumerate(field.layers):
        share = coverage[k] + carry
        box = bounds(share > 0)
        if box is None:
            continue
        gain = light(field, k, index) if lit else None
        part = np.ascontiguousarray(share[box])
        seen = sheets[k].read_encoded(
            layer.deformation.positions(index)[box], filter=filter, weights=part
        )
        add_layer(
            seen,
            part,
            None if gain is None else gain[box],
            HOLE,
            colour[box],
            weight[box],
            carry[box],
        )
    partly = (weight < 1 - 1e-6) & (weight > 1e-6)
    colour[partly] /= weight[partly][:, None]
    empty = weight <= 1e-6
    if empty.any():
        colour[empty] = _nearest(field, index, sheets, coverage, empty)
    return colour


def _nearest(field: Field, index: int, sheets: Sequence[Sheet], coverage: F32, where: Bool) -> F32:
    """Colours [N, 3] for places that no canonical image covers."""
    result = np.zeros((int(where.sum()), 3), np.float32)
    owner = coverage[:, where].argmax(axis=0)
    for k in np.unique(owner):
        mine = owner == k
        for other in [int(k), *range(len(sheets))]:
            points = field.layers[other].deformation.positions(index)[where][mine]
            found = sheets[other].nearest(points)
            if found is not None:
                result[mine] = found
                break
    return result


def reconstruct(field: Field, index: int, *, edit_path: bool) -> F32:
    """A frame as the field has it.

    Args:
        field: The field.
        index: Position of the frame in the field.
        edit_path: Canonical image and deformation only, without the lighting.

    Returns:
        float32 [H, W, 3] over the field's data window, scene-linear.
    """
    return composite(field, index, lit=not edit_path)
