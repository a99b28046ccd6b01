"""Edits of any still of a shot, carried into its frames.

An edit is made on the still of one segment. The view of the shot from that still carries it to
every frame in one resample; where edits of several stills meet in a frame, they lie over one
another in the order of the segments.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.arrays import F32
from engine.colour.ocio import DEFAULT_WORKING
from engine.edit.canonical import canonical_windows
from engine.edit.edits import Edit, EditSource, prepare_edits
from engine.edit.finish import PLAIN, Finish
from engine.edit.outputs import edit_alone, edit_pass, finish_pass
from engine.edit.placement import read_sidecar
from engine.edit.propagate import check_asked, propagate_frame
from engine.edit.stabilise import StablePlate
from engine.errors import EditError, UsageError
from engine.fields.field import Field
from engine.io.picture import Picture
from engine.linked.deformation import LinkedDeformation
from engine.linked.field import LinkedField
from engine.progress import Task

if TYPE_CHECKING:
    from engine.edit.carrier import Carrier

#: Views of a shot, each with the edits of its stills by layer, in the order of the segments.
Carried = list[tuple[Field, dict[int, Edit]]]
#: Metadata key, and key of a sidecar, by which an edit says which still it was made on.
_STILL, _STILL_BESIDE = "codef/field", "field"
#: Scales at which a still is commonly exported.
_SCALES = (1.0, 2.0, 4.0, 3.0, 8.0, 0.5, 0.25)


def prepare_carried(
    field: Field,
    sources: Sequence[EditSource],
    *,
    segment: int | None = None,
    mode: str = "over",
    working: str = DEFAULT_WORKING,
    stable: Callable[[Field], StablePlate] | None = None,
) -> Carried:
    """Matches edits with the stills that they were made on, and finds what they change.

    Args:
        field: The field, linked or not.
        sources: The edits; the parts of one file are several sources.
        segment: The segment whose stills they are of, as the person said, or None to ask them.
        mode: ``over`` or ``replace``.
        working: The working space.
        stable: Gives the frame that moving edits are for, as a view of the shot has it.

    Raises:
        EditError: As ``prepare_edits``; or nothing says which of several stills an edit is of.
        UsageError: There is no such segment.
    """
    found: Carried = []
    for number, some in sorted(_by_segment(field, sources, segment).items()):
        view = field.seen_from(number) if isinstance(field, LinkedField) else field
        plate = None if stable is None else stable(view)
        found.append((view, prepare_edits(view, some, mode=mode, working=working, stable=plate)))
    return found


def _by_segment(
    field: Field, sources: Sequence[EditSource], segment: int | None
) -> dict[int, list[EditSource]]:
    if not isinstance(field, LinkedField):
        if segment:
            raise UsageError(f"the field has no segment {segment}: one still serves all its frames")
        return {0: list(sources)}
    groups: dict[int, list[EditSource]] = {}
    for source in sources:
        number = segment if segment is not None else segment_of_edit(field, source)
        groups.setdefault(number, []).append(source)
    return groups


def segment_of_edit(field: LinkedField, source: EditSource) -> int:
    """The segment on whose still an edit was made: as it says itself, else by its size.

    Raises:
        EditError: Nothing says which.
    """
    told = source.picture.metadata.get(_STILL)
    if told is None:
        beside = source.sidecar
        if beside is None and source.path is not None:
            beside = read_sidecar(source.path)
        told = None if beside is None else beside.get(_STILL_BESIDE)
    parts = field.segments.parts
    named = [n for n, part in enumerate(parts) if part.identity == told]
    if named:
        # A pinned still is the still: the view that the caller has keeps its pins.
        return field.anchor if field.anchor in named else named[0]
    own = source.picture.pixels.shape[1], source.picture.pixels.shape[0]
    fits = [n for n in range(len(parts)) if _has_size(field.seen_from(n), own)]
    if len(fits) == 1:
        return fits[0]
    name = source.path or "the edit"
    spans = ", ".join(f"{n} (frames {p.frames[0]}-{p.frames[-1]})" for n, p in enumerate(parts))
    raise EditError(
        f"{name} does not say on which of the {len(parts)} stills of the shot it was made; give "
        f"--segment with one of {spans}",
        file=source.path,
    )


def _has_size(view: Field, size: tuple[int, int]) -> bool:
    windows = [canonical_windows(view, k, s)[1] for k in range(len(view.layers)) for s in _SCALES]
    return any((window.width, window.height) == size for window in windows)


def reaches(field: Field, index: int) -> bool:
    """Whether the stills of a view have anything to do with a frame."""
    mapped = [layer.deformation for layer in field.layers]
    return any(not isinstance(m, LinkedDeformation) or m.reaches(index) for m in mapped)


def carry(
    field: Field,
    carried: Carried,
    plate: Picture,
    index: int,
    *,
    mode: str = "over",
    mix: float = 1.0,
    mask: F32 | None = None,
    task: Task | None = None,
    finish: Finish = PLAIN,
    on: "Carrier | None" = None,
) -> Picture:
    """Puts edits into one frame; the arguments are those of ``propagate_frame``.

    Args:
        field: The field, linked or not.
        carried: What ``prepare_carried`` gave.
        plate: The frame.
        index: Its position in the field.
        mode: ``over`` or ``replace``.
        mix: How much of the edit, 0 to 1.
        mask: [H, W] over the plate's data window, or None.
        task: Cancel.
        finish: How the change meets the plate.
        on: What carries edits on a device, or None for the processor.
    """
    asked: dict[str, Any] = {"mode": mode, "mix": mix, "mask": mask, "task": task, "finish": finish}
    asked["on"] = on
    if not isinstance(field, LinkedField):
        edits = carried[0][1] if carried else {}
        return propagate_frame(field, edits, plate, index, **asked)
    if mode == "replace":
        return _replaced(field, carried, plate, index, asked)
    there = _there(carried, index, mode)
    if not there:
        check_asked(field, {}, plate, index, mode, mask)
        return plate
    if len(there) == 1:
        return propagate_frame(there[0][0], there[0][1], plate, index, **asked)
    return over_plate(plate, [edit_pass(view, e, plate, index, **asked)[1] for view, e in there])


def carry_alone(
    field: Field, carried: Carried, plate: Picture, index: int, **asked: Any
) -> tuple[Picture, Picture]:
    """The frame with its edits, and the edits alone; see ``carry`` and ``edit_pass``."""
    there = _there(carried, index, str(asked.get("mode", "over")))
    if asked.get("mode") == "replace" and isinstance(field, LinkedField):
        result = carry(field, carried, plate, index, **asked)
        mask, mix = asked.get("mask"), np.float32(asked.get("mix", 1.0))
        matte = np.full(plate.pixels.shape[:2], mix) if mask is None else mask * mix
        return result, edit_alone(result, plate, matte)
    if len(there) <= 1:
        view, edits = there[0] if there else (field, {})
        return edit_pass(view, edits, plate, index, **asked)
    return both_over(
        plate, [edit_pass(view, edits, plate, index, **asked)[1] for view, edits in there]
    )


def both_over(plate: Picture, alone: Sequence[Picture]) -> tuple[Picture, Picture]:
    """Edits that are each alone, the last on top: over the plate, and as one."""
    result, clear = over_plate(plate, alone), np.ones(plate.pixels.shape[:2], np.float32)
    for each in alone:
        clear *= 1 - each.alpha
    return result, edit_alone(result, plate, 1 - clear)


def carry_pass(
    field: Field, carried: Carried, plate: Picture, index: int, name: str, **asked: Any
) -> Picture:
    """What was found out about the frame around its edits; see ``finish_pass``.

    Where edits of several stills reach the frame, around those of the still nearest to it.
    """
    there = _there(carried, index, "over")
    if not there:
        return finish_pass(field, {}, plate, index, name, **asked)
    view, edits = min(there, key=lambda each: _distance(field, each[0], index))
    return finish_pass(view, edits, plate, index, name, **asked)


def _there(carried: Carried, index: int, mode: str) -> Carried:
    """The edits that may reach a frame."""
    return [
        (view, edits)
        for view, edits in carried
        if reaches(view, index)
        and (mode == "replace" or any(edit.change is not None for edit in edits.values()))
    ]


def _distance(field: Field, view: Field, index: int) -> int:
    """Links between a frame and the stills of a view."""
    if not isinstance(field, LinkedField) or not isinstance(view, LinkedField):
        return 0
    return abs(field.segments.of_frame(index) - view.anchor)


def over_plate(plate: Picture, layers: Sequence[Picture]) -> Picture:
    """Premultiplied edits over a plate, the last one on top; untouched pixels stay as they are."""
    pixels = plate.whole().pixels.copy()
    colour = pixels[..., :3]
    changed = np.zeros(pixels.shape[:2], np.bool_)
    for layer in layers:
        touched = layer.pixels.any(axis=2)
        clear = 1 - layer.alpha[touched][:, None]
        colour[touched] = layer.pixels[touched][:, :3] + colour[touched] * clear
        changed |= touched
    if not changed.any():
        return plate
    if plate.changed is not None:
        changed |= plate.changed
    return replace(plate, pixels=pixels, changed=changed, under=None, overlay=None, rows=None)


def _replaced(
    field: LinkedField,
    carried: Carried,
    plate: Picture,
    index: int,
    asked: Mapping[str, Any],
) -> Picture:
    """The whole frame from edited stills.

    The frame's own stills count first, those of other segments only where it has none that are
    edited; over shared frames the one gives way to the other. Where all of them are edited, each
    draws the frame as it was fitted to it, which no link can do better.
    """
    whole = {**asked, "mix": 1.0, "mask": None}
    views = [(view, edits) for view, edits in carried if isinstance(view, LinkedField)]
    shares = {share.segment: share for share in field.segments.shares(index)}
    fitted = shares.keys() <= {view.anchor for view, _ in views}
    # Far ones first, so that the near ones lie over them, and those of the frame over all.
    views.sort(key=lambda each: (each[0].anchor in shares, -_distance(field, each[0], index)))
    done = propagate_frame(field, {}, plate, index, **whole)
    own = 0.0
    for view, edits in views:
        share = shares.get(view.anchor)
        if not reaches(view, index) or (fitted and share is None):
            continue
        source: Field = view
        at = index
        if share is not None and fitted:
            source, at = field.segments.field(share.segment), share.index
        known = source.seen(at).sum(axis=0)
        if share is not None:
            own += share.weight
            known = known * np.float32(share.weight / own)
        known = _over_plate(known, field, plate)
        done = propagate_frame(source, edits, done, at, **{**whole, "mask": known})
    mix, mask = np.float32(asked["mix"]), asked["mask"]
    if mix >= 1 and mask is None:
        return done
    strength = mix if mask is None else mix * mask[..., None]
    pixels = plate.pixels.copy()
    pixels[..., :3] += (done.pixels[..., :3] - pixels[..., :3]) * strength
    return plate.with_pixels(pixels)


def _over_plate(values: F32, field: Field, plate: Picture) -> F32:
    """Figures over the field's data window as ones over the plate's; 0 beyond it."""
    own = plate.data.moved(-plate.display.x0, -plate.display.y0)
    if own == field.data:
        return np.ascontiguousarray(np.clip(values, 0, 1), np.float32)
    result = np.zeros(plate.pixels.shape[:2], np.float32)
    x0, y0 = max(own.x0, field.data.x0), max(own.y0, field.data.y0)
    x1, y1 = min(own.x1, field.data.x1), min(own.y1, field.data.y1)
    if x0 < x1 and y0 < y1:
        result[y0 - own.y0 : y1 - own.y0, x0 - own.x0 : x1 - own.x0] = values[
            y0 - field.data.y0 : y1 - field.data.y0, x0 - field.data.x0 : x1 - field.data.x0
        ]
    return np.clip(result, 0, 1)
