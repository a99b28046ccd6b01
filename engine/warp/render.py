"""Frames drawn from canonical images: canonical to frame."""

from collections.abc import Container, Sequence

import numpy as np

from engine.arrays import F32, I64, AnyArray, Bool
from engine.fields.field import WHOLE, Field
from engine.warp.sheet import HOLE, Sheet, sheet_of

#: What a reconstruction adds to canonical image and deformation; each can be left out.
TERMS = ("exposure", "lighting", "residual")


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


def light(
    field: Field,
    k: int,
    index: int,
    *,
    without: Container[str] = (),
    part: tuple[slice, slice] | tuple[AnyArray, AnyArray] = WHOLE,
) -> F32 | None:
    """Factors of light of a layer in a frame, [H, W, 3], linear; None when it has none.

    The lighting times the gain of the exposure: what edits are multiplied by. The offset of the
    exposure (glare, lifted blacks) lies over the scene and lights no paint in it.

    Convention: control point (r, c) of ``Layer.lighting`` [T, gy, gx, 3] lies at
    ``(x0 + c * W / (gx - 1), y0 + r * H / (gy - 1))``: the corners of the data window included.

    Args:
        field: The field.
        k: Layer, front to back.
        index: Position of the frame in the field.
        without: Names of ``TERMS`` that are left out.
        part: Rows and columns of the data window that are wanted, as slices or as numbers.
    """
    control, exposure = _light_terms(field, k, index, without)
    if control is None and exposure is None:
        return None
    gain = np.ones(3, np.float32) if exposure is None else exposure[0]
    if control is None:
        size = np.arange(field.height)[part[0]].size, np.arange(field.width)[part[1]].size
        return np.ascontiguousarray(np.broadcast_to(gain, (*size, 3)))
    lit = control * gain
    top, down = _between(field.height, control.shape[0], part[0])
    left, along = _between(field.width, control.shape[1], part[1])
    below = np.minimum(top + 1, control.shape[0] - 1)
    beside = np.minimum(left + 1, control.shape[1] - 1)
    spread = lit[top] + down[:, None, None] * (lit[below] - lit[top])
    found = spread[:, left]
    found += along[:, None] * (spread[:, beside] - found)
    return np.asarray(found, np.float32)


def _light_terms(
    field: Field, k: int, index: int, without: Container[str]
) -> tuple[F32 | None, F32 | None]:
    """Lighting [gy, gx, 3] and exposure [2, 3] of a layer in a frame, as far as it has them."""
    layer = field.layers[k]
    lighting = None if "lighting" in without else layer.lighting
    exposure = None if "exposure" in without else layer.exposure
    return (
        None if lighting is None else lighting[index],
        None if exposure is None else exposure[index],
    )


def _between(pixels: int, count: int, part: slice | AnyArray) -> tuple[I64, F32]:
    """The control point before each of some pixels' centres, and how far it is to the next."""
    place = (np.arange(pixels, dtype=np.float32) + 0.5) / pixels * max(count - 1, 0)
    place = place[part]
    first = np.minimum(place.astype(np.int64), max(count - 2, 0))
    return first, np.asarray(place - first, np.float32)


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
    without: Container[str] = (),
) -> F32:
    """All layers of a frame, each weighted by its visible share.

    Where a layer's canonical image has a hole, the next layer shows; where none has content, the
    nearest colour of the layer that owns the pixel. The result is always finite.

    Args:
        field: The field.
        index: Position of the frame in the field.
        pictures: Per layer what to read instead of its canonical image, or None for its own.
        lit: Apply each layer's exposure and lighting.
        filter: ``bilinear``, ``cubic``, or None for what the field was fitted with.
        without: Names of ``TERMS`` that are left out though ``lit``.

    Returns:
        float32 [H, W, 3] over the field's data window, scene-linear.
    """
    plain, light_too = _drawn(field, index, pictures, filter, lit, without)
    return plain if light_too is None else light_too


def composite_pair(field: Field, index: int) -> tuple[F32, F32]:
    """A frame without and with its light, drawn in one go.

    Returns:
        ``composite(field, index)`` and ``composite(field, index, lit=True)``; one and the same
        array when the field has neither exposure nor lighting.
    """
    lit = any(x.lighting is not None or x.exposure is not None for x in field.layers)
    plain, light_too = _drawn(field, index, None, None, lit, ())
    return plain, plain if light_too is None else light_too


def _drawn(
    field: Field,
    index: int,
    pictures: Sequence[Sheet | None] | None,
    filter: str | None,
    lit: bool,
    without: Container[str],
) -> tuple[F32, F32 | None]:
    """The composite, and the same with light when ``lit``."""
    from engine.kernels.draw import draw_layer, settle

    parts = field.parts(index) if pictures is None else []
    if any(part is not field for part, _, _ in parts):
        drawn = [_drawn(part, at, None, filter, lit, without) for part, at, _ in parts]
        weights = [weight for _, _, weight in parts]
        lit_too = [each for _, each in drawn if each is not None]
        plain = _blend([each for each, _ in drawn], weights)
        return plain, _blend(lit_too, weights) if lit else None
    coverage = field.coverage(index)
    filter = filter or field_filter(field)
    size = (field.height, field.width)
    colour = np.zeros((*size, 3), np.float32)
    light_too = np.zeros((*size, 3), np.float32) if lit else None
    weight, carry = np.zeros(size, np.float32), np.zeros(size, np.float32)
    sheets = [
        (pictures[k] if pictures is not None else None) or sheet_of(layer.canonical)
        for k, layer in enumerate(field.layers)
    ]
    for k, layer in enumerate(field.layers):
        if not (coverage[k].any() or carry.any()):
            continue
        control, exposure = _light_terms(field, k, index, without)
        draw_layer(
            sheets[k].encoded,
            sheets[k].origin,
            sheets[k].scale,
            layer.deformation.positions(index),
            coverage[k],
            HOLE,
            colour,
            weight,
            carry,
            filter=filter,
            lit=light_too,
            control=control,
            exposure=exposure,
        )
    empty = settle(colour, light_too, weight)
    if empty is not None:
        found = nearest_colours(field, index, sheets, coverage, empty)
        for picture in (colour, light_too):
            if picture is not None:
                picture[empty] = found
    return colour, light_too


def _blend(pictures: Sequence[F32], weights: Sequence[float]) -> F32:
    """Pictures of one frame by weights that sum to 1."""
    if len(pictures) == 1:
        return pictures[0]
    total = np.zeros_like(pictures[0])
    for picture, weight in zip(pictures, weights, strict=True):
        total += picture * np.float32(weight)
    return total


def nearest_colours(
    field: Field, index: int, sheets: Sequence[Sheet], coverage: F32, where: Bool
) -> F32:
    """Colours [N, 3] for places that no canonical image covers.

    Args:
        field: The field.
        index: Position of the frame in the field.
        sheets: What the layers read.
        coverage: Visible share of each layer, [K, H, W].
        where: The places, [H, W].
    """
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


def reconstruct(field: Field, index: int, *, edit_path: bool, without: Container[str] = ()) -> F32:
    """A frame as the field has it.

    Args:
        field: The field.
        index: Position of the frame in the field.
        edit_path: Canonical image and deformation only, without any of ``TERMS``.
        without: Names of ``TERMS`` that are left out.

    Returns:
        float32 [H, W, 3] over the field's data window, scene-linear.

    Raises:
        FieldError: The residual is damaged.
    """
    parts = field.parts(index)
    if any(part is not field for part, _, _ in parts):
        pictures = [
            reconstruct(part, at, edit_path=edit_path, without=without) for part, at, _ in parts
        ]
        return _blend(pictures, [weight for _, _, weight in parts])
    drawn = composite(field, index, lit=not edit_path, without=without)
    if field.residual is not None and not edit_path and "residual" not in without:
        field.residual.add_to(index, drawn)
    return drawn
