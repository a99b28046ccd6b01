"""Drawn shapes carried through the shot: keyframed roto from one outline.

Every point of an outline, and the end of every handle, goes through the still of its layer. Points
beside the subject go with the subject: what matters is the layer that the outline is about.
"""

from dataclasses import replace

import numpy as np

from engine.arrays import F32, F64, Bool
from engine.errors import MissingFrameError
from engine.fields.field import Field
from engine.linked.deformation import layer_number
from engine.linked.field import LinkedField
from engine.masks.shapes import Key, Shape, key_coverage
from engine.progress import Task
from engine.warp.inverse import TOLERANCE, FrameInverse


def layer_under(field: Field, index: int, key: Key) -> int:
    """The layer that an outline holds most of in a frame."""
    data = field.data
    inside = key_coverage(
        Key(key.points - np.array([data.x0, data.y0, 0, 0, 0, 0])), field.height, field.width
    )
    held = (field.seen(index) * inside).sum(axis=(1, 2))
    return int(held.argmax())


def tracked_shape(
    field: Field, shape: Shape, task: Task, *, layer: int | None = None, every: int = 1
) -> tuple[Shape, int]:
    """A shape with keys through the whole field, from its first outline on.

    Args:
        field: The field.
        shape: Its first key that is in a frame of the field counts; others are left out.
        task: Progress and cancel.
        layer: The layer that it follows; None: the one that it holds most of.
        every: Keys every so many frames; the first, the last and the drawn frame always have one.

    Returns:
        The shape, and the layer that it follows.

    Raises:
        MissingFrameError: No outline is in a frame of the field.
        Cancelled: The person stopped the work.
    """
    drawn = next((frame for frame in sorted(shape.keys) if frame in field.frames), None)
    if drawn is None:
        raise MissingFrameError(
            f"the shape {shape.name!r} is drawn in frame {min(shape.keys)}, which the field does "
            f"not hold ({field.frames[0]}-{field.frames[-1]}); draw it in one of these",
            frame=min(shape.keys),
        )
    if isinstance(field, LinkedField):
        return _through_segments(field, shape, drawn, task, layer=layer, every=every)
    start = field.index(drawn)
    key = shape.keys[drawn]
    k = layer_under(field, start, key) if layer is None else layer
    ends = key.points[:, None, :2] + np.stack(
        [np.zeros((len(key.points), 2)), key.points[:, 2:4], key.points[:, 4:6]], axis=1
    )
    places = ends.reshape(-1, 2).astype(np.float32)
    canonical = field.layers[k].deformation.at(start, places)
    bare: Bool = np.asarray((key.points[:, 2:] == 0).all(axis=1), np.bool_)
    count = len(field.frames)
    keys = {drawn: key}
    for step in (1, -1):
        last = places
        steps = range(start + step, count if step > 0 else -1, step)
        for n, index in enumerate(steps):
            task.report((0.5 if step < 0 else 0.0) + 0.5 * n / max(len(steps), 1), "shapes")
            last = _followed(field, k, index, canonical, last)
            if not (index - start) % every or index in (0, count - 1):
                keys[field.frames[index]] = _key(last, bare, key.feather)
    return replace(shape, keys=dict(sorted(keys.items()))), k


def _through_segments(
    field: LinkedField,
    shape: Shape,
    drawn: int,
    task: Task,
    *,
    layer: int | None,
    every: int,
) -> tuple[Shape, int]:
    """``tracked_shape`` through a long shot: each segment goes on from the outline of the last."""
    parts, start = field.segments.parts, field.index(drawn)
    first = field.segments.of_frame(start)
    name = None if layer is None else field.layers[layer].name
    keys: dict[int, Key] = {}
    done = 0
    for way in (1, -1):
        begin, outline = drawn, shape.keys[drawn]
        for s in range(first, len(parts) if way > 0 else -1, way):
            own = field.segments.field(s)
            number = None if name is None else layer_number(own, name)
            share = task.part(done / (len(parts) + 1), (done + 1) / (len(parts) + 1))
            found, k = tracked_shape(
                own, replace(shape, keys={begin: outline}), share, layer=number
            )
            name, done, end = own.layers[k].name, done + 1, own.frames[-1 if way > 0 else 0]
            if 0 <= s + way < len(parts):
                shared = sorted(set(own.frames) & set(parts[s + way].frames))
                end = shared[len(shared) // 2]
            low, high = sorted((begin, end))
            keys.update({frame: key for frame, key in found.keys.items() if low <= frame <= high})
            begin, outline = end, found.keys[end]
    always = {field.frames[0], field.frames[-1], drawn}
    kept = {
        frame: keys[frame]
        for n, frame in enumerate(field.frames)
        if frame in always or not (n - start) % every
    }
    return replace(shape, keys=kept), layer_number(field.seen_from(first), name or "") or 0


def _followed(field: Field, k: int, index: int, canonical: F32, last: F32) -> F32:
    """Where a frame has points; those it has nowhere go with the others."""
    found = FrameInverse(field, k, index).find(canonical, last)
    known = found.residual < TOLERANCE
    if known.all():
        return found.points
    moved = found.points - last
    way = np.median(moved[known], axis=0) if known.any() else np.zeros(2, np.float32)
    return np.asarray(np.where(known[:, None], found.points, last + way), np.float32)


def _key(places: F32, bare: Bool, feather: float) -> Key:
    ends: F64 = places.reshape(-1, 3, 2).astype(np.float64)
    handles = ends[:, 1:] - ends[:, :1]
    handles[bare] = 0
    return Key(np.concatenate([ends[:, 0], handles.reshape(-1, 4)], axis=1), feather)
