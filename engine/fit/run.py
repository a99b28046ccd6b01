"""``fit``: a request becomes a field, whatever the recipe."""

import time

from engine.errors import InputError
from engine.fields.field import Field
from engine.fit.groups import Groups
from engine.fit.plates import read_plates
from engine.fit.recipes import load_recipe
from engine.fit.request import FitRequest
from engine.fit.work import READ, ClipWork
from engine.progress import Task


def fit(request: FitRequest, task: Task) -> Field:
    """Fits a clip.

    Args:
        request: What to fit and how.
        task: Progress and cancel; cancel is answered within two seconds.

    Returns:
        The field; ``report`` holds the figures that ``codef fit --json`` prints.

    Raises:
        InputError: Fewer than two frames, or frames of different sizes.
        MaskError: Masks of another size, or black in every frame.
        UsageError: Unknown recipe, override or reference frame.
        DeviceError: No such device.
        Cancelled: The person stopped the fit; a checkpoint is left when the request asked for one.
    """
    recipe = load_recipe(request.options.recipe, request.options.overrides)
    if len(request.frames) < 2:
        raise InputError(
            "a fit needs at least two frames; give a longer range",
            frame=request.frames[0] if request.frames else None,
        )
    if request.options.seconds is not None:
        task = task.by_clock(time.monotonic(), request.started + request.options.seconds)
    first = request.picture(request.frames[0])
    size = (first.data.height, first.data.width)
    groups = Groups(request.frames, request.groups, size, task.part(0, READ / 4))
    plates = read_plates(
        request.frames,
        request.picture,
        groups.shares,
        len(groups.names),
        task.part(READ / 4, READ, "reading frames"),
    )
    if not plates.weights.any():
        raise InputError("no pixel of the clip is a finite number; check the files")
    clip = ClipWork(request, groups, plates, _reference(request), recipe)
    if request.options.recipe == "paper":
        from engine.fit.run_paper import fit_paper_clip

        return fit_paper_clip(clip, task)
    from engine.fit.run_seeded import fit_seeded

    return fit_seeded(clip, task)


def _reference(request: FitRequest) -> int:
    """Index of the reference frame: the one asked for, else the middle one."""
    if request.options.reference is None:
        return len(request.frames) // 2
    return request.frames.index(request.options.reference)
