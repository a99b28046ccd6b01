"""``fit``: a request becomes a field, whatever the recipe."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np

from engine.errors import InputError
from engine.fields.field import Field
from engine.fit.advice import advise_plates
from engine.fit.again import Changes, changes_since
from engine.fit.conflict import what_next
from engine.fit.conflict_after import find_conflict
from engine.fit.cuts import find_cuts, kept_shot, shots_of
from engine.fit.groups import Groups
from engine.fit.groupsettings import in_report
from engine.fit.plates import Plates, read_plates
from engine.fit.recipes import AUTO, load_recipe, recipe_of
from engine.fit.reference import choose_reference
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
        UsageError: Unknown recipe, override or reference frame; a cut where cuts are to stop it.
        DeviceError: No such device.
        Cancelled: The person stopped the fit; a checkpoint is left when the request asked for one.
    """
    recipe = load_recipe(request.options.recipe, request.options.overrides)
    if len(request.frames) < 2:
        raise InputError(
            "a fit needs at least two frames; give a longer range",
            frame=request.frames[0] if request.frames else None,
        )
    if request.lens is not None:
        from engine.fit.through_lens import fit_through_lens

        return fit_through_lens(request, request.lens, fit, task)
    if request.options.seconds is not None:
        task = task.by_clock(task.now(), request.started + request.options.seconds)
    first = request.picture(request.frames[0])
    size = (first.data.height, first.data.width)
    groups = Groups(request.frames, request.groups, size, task.part(0, READ / 4), request.ignore)
    plates = read_plates(
        request.frames,
        request.picture,
        groups.shares,
        len(groups.names),
        task.part(READ / 4, READ, "reading frames"),
        looked=groups.look if request.options.alpha else None,
        readers=request.readers,
    )
    seconds_reading = task.now() - request.started
    groups.leave_transparent_out()
    _leave_out(request, groups, plates)
    shots = _shots(request, groups, plates, task)
    changes = _changes(request, groups, plates)
    if changes is not None:
        return _again(ClipWork(request, groups, plates, 0, recipe), changes, task)
    with ThreadPoolExecutor(1, "advice") as pool:
        proposal = pool.submit(advise_plates, plates, request.frames)
        reference, reason = _reference(request, plates)
        advice = proposal.result()
    if request.tell is not None:
        request.tell(advice.sentence(request.options.recipe))
    if request.options.recipe == AUTO:
        request = replace(request, options=replace(request.options, recipe=advice.recipe))
        recipe = load_recipe(advice.recipe, request.options.overrides)
    clip = ClipWork(request, groups, plates, reference, recipe)
    if recipe_of(request.options.recipe).method == "paper":
        from engine.fit.run_paper import fit_paper_clip

        field = fit_paper_clip(clip, task)
    else:
        from engine.fit.run_seeded import fit_seeded

        field = fit_seeded(clip, task)
    field.report.update(
        seconds_reading=seconds_reading,
        reference_reason=reason,
        advice=advice.as_dict(),
        cuts=[first for first, _ in shots[1:]],
        shots=shots,
    )
    _judge(field, request, plates, task)
    return field


def _judge(field: Field, request: FitRequest, plates: Plates, task: Task) -> None:
    """Notes and tells where one still does not explain what the frames show."""
    found = find_conflict(field, plates.shown, task.part(1.0, 1.0))
    field.report["conflict"] = None if found is None else found.as_dict()
    if found is not None and request.tell is not None:
        request.tell(f"{found.sentence()}; {what_next(found.layer == field.layers[-1].name)}")


def _changes(request: FitRequest, groups: Groups, plates: Plates) -> Changes | None:
    """What of an earlier field can be kept; None: the fit begins anew."""
    before = request.again
    if before is None or recipe_of(before.recipe).method == "paper":
        return None
    if request.options.reference not in (None, before.reference):
        return None
    asked = in_report(request.options.groups, groups.names)
    changes = changes_since(
        before,
        request.frames,
        groups.names,
        groups.masks,
        plates.data,
        asked,
        groups.ignored,
    )
    if changes is not None and request.tell is not None:
        request.tell(changes.sentence())
    return changes


def _again(clip: ClipWork, changes: Changes, task: Task) -> Field:
    """Fits what changed, with the reference frame and the recipe that the rest was fitted with."""
    from engine.fit.run_again import fit_again

    request, before = clip.request, changes.before
    options = replace(request.options, recipe=before.recipe)
    clip.request = replace(request, options=options)
    clip.recipe = load_recipe(before.recipe, options.overrides)
    clip.reference = before.index(before.reference)
    field = fit_again(clip, changes, task)
    told = ("seconds_reading", "reference_reason", "advice", "cuts", "shots")
    field.report.update({name: before.report[name] for name in told if name in before.report})
    _judge(field, request, clip.plates, task)
    return field


def _leave_out(request: FitRequest, groups: Groups, plates: Plates) -> None:
    """Takes out of the plates what the fit must not see.

    Raises:
        InputError: Nothing is left.
    """
    gone = 0.0
    for index, frame in enumerate(request.frames):
        where = groups.left_out(frame)
        gone += 0 if where is None else float(where.mean())
        plates.leave_out(index, where)
    plates.ignored = gone / plates.count
    if not plates.weights.any():
        raise InputError(
            "nothing of the clip is left to fit: every pixel is ignored or no finite number; "
            "check the ignore mask and the files"
        )


def _shots(
    request: FitRequest, groups: Groups, plates: Plates, task: Task
) -> list[tuple[int, int]]:
    """First and last frame of each shot; all but one are taken out of the plates.

    Nothing in one shot corresponds to anything in another: its frames would only smear the still.

    Raises:
        UsageError: There is a cut, and cuts are to stop the fit.
    """
    options = request.options
    if options.cuts == "ignore":
        return shots_of(request.frames, [])
    cuts = find_cuts(plates, request.frames, task.part(READ, READ))
    kept = kept_shot(request.frames, cuts, options.cuts, options.reference)
    everything = np.ones((plates.data.height, plates.data.width), np.bool_)
    for index, frame in enumerate(request.frames):
        if kept is not None and index not in kept:
            groups.leave_out(frame, everything)
            plates.leave_out(index, everything)
    return shots_of(request.frames, cuts)


def _reference(request: FitRequest, plates: Plates) -> tuple[int, str]:
    """Index of the reference frame, and a sentence that says why."""
    asked = request.options.reference
    if asked is not None:
        return request.frames.index(asked), f"frame {asked} was asked for"
    choice = choose_reference(plates)
    return choice.index, f"frame {request.frames[choice.index]} is {choice.reason}"
