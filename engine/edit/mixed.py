"""Paint at soft edges: what a mixed pixel shows of the layer below the paint is taken out of it.

Where layers share a pixel the plate P holds ``sum_j s_j C_j``. Paint of matte m and colour N on
layer k is to give ``P + s_k m (N - C_k)``, while compositing with the matte ``s_k m`` gives
``P (1 - s_k m) + s_k m N``: the other layers are dimmed too, and a fringe shows. The difference,
``s_k m (P - C_k)``, is added to the paint, with P as the field draws it, so that where the layer is
alone nothing changes.
"""

import numpy as np

from engine.arrays import F32, Bool
from engine.fields.field import Field, Part
from engine.warp.render import field_filter, light
from engine.warp.sheet import HOLE, sheet_of


def add_unmixed(field: Field, k: int, index: int, part: Part, shares: F32, paint: F32) -> None:
    """Corrects paint where other layers are in its pixels, in place.

    Args:
        field: The field.
        k: Layer of the paint.
        index: Position of the frame.
        part: Rows and columns of the data window.
        shares: Visible shares of all layers there, [K, h, w].
        paint: Weighted by the layer's share and lit, premultiplied, [h, w, 4].
    """
    mixed = np.asarray((shares[k] > 0) & (shares[k] < 1) & (paint[..., 3] > 0), np.bool_)
    if len(shares) < 2 or not mixed.any():
        return
    own, known = _colours(field, k, index, part, mixed)
    for j, share in enumerate(shares):
        if j == k or not share[mixed].any():
            continue
        other, there = _colours(field, j, index, part, mixed)
        # What no still knows is taken for more of the same: then there is nothing to take out.
        apart = (other - own) * (known & there)[:, None]
        paint[mixed, :3] += (paint[mixed, 3] * share[mixed])[:, None] * apart


def _colours(field: Field, k: int, index: int, part: Part, where: Bool) -> tuple[F32, Bool]:
    """Lit colours [N, 3] of a layer at some pixels of a part, and where its still knows them."""
    layer = field.layers[k]
    rows, columns = np.nonzero(where)
    x = columns + part[1].start + field.data.x0 + 0.5
    y = rows + part[0].start + field.data.y0 + 0.5
    points = layer.deformation.at(index, np.stack([x, y], axis=1).astype(np.float32))
    rgba = sheet_of(layer.canonical).read(points, filter=field_filter(field))
    known = np.asarray(rgba[:, 3] > 0.5, np.bool_)
    colour = np.asarray(rgba[:, :3] / np.maximum(rgba[:, 3:], HOLE), np.float32)
    gain = light(field, k, index, part=part)
    if gain is not None:
        colour *= gain[where]
    if layer.exposure is not None:
        colour += layer.exposure[index][1]
    return colour, known
