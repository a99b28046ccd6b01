"""How a node's result looks: pictures as they are, fits, masks and motion as pictures."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from codef_nodes.work.groupentries import PALETTE, linear_of
from codef_nodes.work.masks import FrameMasks
from engine.arrays import F32, AnyArray
from engine.edit.canonical import canonical_picture
from engine.errors import UsageError
from engine.fields.field import Field
from engine.flow.pair import FlowPair
from engine.io.picture import Native, Picture
from engine.linked.field import view_at


def look(
    value: Any,
    node: str,
    layer: int | str | None = None,
    colours: Callable[[], Sequence[str]] | None = None,
    frame: int | None = None,
) -> Picture:
    """A result as a picture.

    Args:
        value: What the node gave.
        node: Its name, for messages.
        layer: Of a fit, the layer by number or name (default: the front one); of a picture with
            further channels, the name of those to look at.
        colours: Colours of the groups as ``#rrggbb``, front to back; None: the usual ones.
        frame: Of a long shot the frame whose segment's still is shown; None: the first.

    Raises:
        UsageError: There is nothing to look at, or no such layer.
    """
    if isinstance(value, Picture):
        return value if layer in (None, "", "rgba", 0) else _channels(value, str(layer), node)
    if isinstance(value, Field):
        if frame is not None and frame in value.frames:
            value = view_at(value, value.index(frame))
        return canonical_picture(value, layer_of(value, layer, node), scale=1.0)
    if isinstance(value, FrameMasks):
        return _groups(value, (colours() if colours is not None else None) or PALETTE)
    if isinstance(value, FlowPair):
        return _motion(value, node)
    raise UsageError(f"{node} gives nothing to look at; look at the node before it", node=node)


def layer_of(field: Field, layer: int | str | None, node: str) -> int:
    """Number of a layer of a fit.

    Raises:
        UsageError: It has no such layer.
    """
    names = [each.name for each in field.layers]
    if layer is None:
        return 0
    if isinstance(layer, str) and layer in names:
        return names.index(layer)
    if isinstance(layer, int) and 0 <= layer < len(names):
        return layer
    known = ", ".join(f"{k} ({name})" for k, name in enumerate(names))
    raise UsageError(f"{node}: the fit has no layer {layer!r}; it has {known}", node=node)


def layer_names(value: Any) -> list[str]:
    """Names that ``look`` takes as layer."""
    if isinstance(value, Field):
        return [layer.name for layer in value.layers]
    if isinstance(value, FrameMasks):
        return list(value.names)
    if isinstance(value, Picture):
        return list(_further(value))
    return []


def _further(picture: Picture) -> dict[str, tuple[Native, list[int]]]:
    """Sets of channels beside the colour: of further parts, or by the word before the dot."""
    found: dict[str, tuple[Native, list[int]]] = {}
    for part in (picture.native, *picture.extra):
        if part is None:
            continue
        for index, channel in enumerate(part.channels):
            prefix = channel.rpartition(".")[0] or (part.part if part is not picture.native else "")
            if prefix:
                found.setdefault(prefix, (part, []))[1].append(index)
    return found


def _channels(picture: Picture, layer: str, node: str) -> Picture:
    found = _further(picture)
    if layer not in found:
        known = ", ".join(found) or "none beside its colour"
        raise UsageError(f"{node} has no channels {layer!r}; it has {known}", node=node)
    part, indices = found[layer]
    codes: AnyArray = part.codes[..., indices[:4]]
    full = float(np.iinfo(codes.dtype).max) if codes.dtype.kind == "u" else 1.0
    planes = np.asarray(codes, np.float32) / np.float32(full)
    if planes.shape[2] < 3:
        planes = np.concatenate([planes, *[planes[..., -1:]] * (3 - planes.shape[2])], axis=2)
    return picture.with_pixels(np.ascontiguousarray(planes, np.float32))


def _groups(masks: FrameMasks, colours: Sequence[str]) -> Picture:
    if not masks.masks:
        raise UsageError("there are no groups to look at; wire masks to the node")
    height, width = masks.masks[0].shape
    colour = np.zeros((height, width, 3), np.float32)
    left = np.ones((height, width), np.float32)
    for k, mask in enumerate(masks.masks):
        share = left * (mask.astype(np.float32) / 255)
        colour += share[..., None] * np.array(linear_of(colours[k % len(colours)]), np.float32)
        left -= share
    return Picture.of(np.concatenate([colour, 1 - left[..., None]], axis=2))


def _motion(flow: FlowPair, node: str) -> Picture:
    """Motion as a colour wheel: the colour says where to, the brightness how far."""
    vectors = flow.forward if flow.forward is not None else flow.backward
    if vectors is None:
        raise UsageError(f"{node} has no motion at frame {flow.frame}", node=node)
    moved = np.nan_to_num(vectors)
    length = np.hypot(moved[..., 0], moved[..., 1])
    full = max(float(np.percentile(length[::4, ::4], 99)), 1.0)
    return Picture.of(
        _wheel(np.arctan2(moved[..., 1], moved[..., 0]), np.minimum(length / full, 1))
    )


def _wheel(angle: F32, strength: F32) -> F32:
    """Pure colours by angle (three cosines a third apart), black where nothing moves."""
    thirds = np.array([0.0, 2.0, 4.0]) * np.pi / 3
    share = 0.5 + 0.5 * np.cos(angle[..., None] - thirds)
    return np.asarray(share * share * strength[..., None], np.float32)
