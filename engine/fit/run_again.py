"""A fit after a change of masks: the groups that changed, from where they were."""

import time
from dataclasses import replace

import numpy as np

from engine.fields.field import Field
from engine.fit.again import Changes, state_of, sub_plates, uncovered
from engine.fit.budget import Budget
from engine.fit.device import passes_for
from engine.fit.finishing import Finish
from engine.fit.freedom import grain_of
from engine.fit.panorama import roll
from engine.fit.passes import Passes
from engine.fit.reference import relative_sharpness
from engine.fit.run_seeded import LEAST_SAY, Drafts, give_own
from engine.fit.seeded import LayerState, refine, start_layer
from engine.fit.seeds import seed_layers
from engine.fit.work import FITTED, MATCHED, READ, ClipWork
from engine.progress import Task

#: Passes at half size and in all: what was there is nearly right.
HALF, PASSES = 4, 12


def fit_again(clip: ClipWork, changes: Changes, task: Task) -> Field:
    """Fits the groups whose masks changed; the other layers are those of the earlier field.

    Args:
        clip: The clip; its reference frame must be that of the earlier field.
        changes: What changed.
        task: Progress and cancel.

    Raises:
        DeviceError: There is no such card, or it is too small.
        Cancelled: Stopped; the earlier field is as it was.
    """
    device = passes_for(clip.request.options.device, clip.request.tell)
    try:
        return _fitted(clip, changes, device, task)
    finally:
        device.close()


def _fitted(clip: ClipWork, changes: Changes, device: Passes, task: Task) -> Field:
    request, plates, recipe, before = clip.request, clip.plates, clip.recipe, changes.before
    options = request.options
    began = time.monotonic()
    kept = changes.kept
    for k in kept:
        more = uncovered(clip.field(before.layers), before, k, plates)
        if more is not None:
            kept[k] = replace(kept[k], canonical=more)
    some = replace(clip, plates=sub_plates(plates, changes.fresh))
    states = [device.adopt(state) for state in _states(clip, some, changes, task)]
    give_own(clip, states, changes.fresh)
    matching = time.monotonic() - began
    # One that begins anew takes the passes of a whole fit.
    ahead = 0 if changes.anew else sum(int(recipe[f"{n}_passes"]) for n in _AT_HALF) - HALF
    passes = int(recipe["passes"]) if changes.anew else PASSES
    asked = options.steps if options.steps is not None else passes
    budget = Budget(request.started, options.seconds, ahead + asked, 0, task)
    finishing = Finish(some, kept)
    draft = finishing.probe(states)
    drafts = Drafts(request.draft, finishing, budget)
    drafts.offer(states, psnr=draft if np.isfinite(draft) else None)

    def after_pass(_: int, half: bool) -> None:
        drafts.offer(states, half=half)

    done = refine(
        some.plates,
        states,
        clip.reference,
        recipe,
        budget,
        finishing.seconds,
        task.part(MATCHED, FITTED, "fit"),
        ahead,
        after_pass,
    )
    field = finishing.field(states, budget, task.part(FITTED, 1.0, "finishing"))
    names = clip.groups.names
    field.report.update(
        seconds=budget.elapsed,
        seconds_matching=matching,
        schedule={"steps": done["steps"] - ahead, "seed": options.seed, "recipe": recipe},
        psnr_curve=done["psnr_curve"],
        steps=done["steps"] - ahead,
        resumed_at=0,
        device=device.name,
        fitted_again=[names[k] for k in changes.fresh],
        kept=[names[k] for k in kept],
    )
    return field


_AT_HALF = ("coarse", "medium", "fine")


def _states(clip: ClipWork, some: ClipWork, changes: Changes, task: Task) -> list[LayerState]:
    """The layers that are fitted, where they start."""
    plates, recipe = some.plates, clip.recipe
    grain = grain_of(plates)
    say = np.maximum(relative_sharpness(clip.plates) ** 4, LEAST_SAY)
    seeds = {}
    if changes.anew:
        flow = clip.flow() if clip.request.flow is not None else None
        spacing, at = int(recipe["seed_spacing"]), task.part(READ, MATCHED, "matching")
        found = seed_layers(clip.plates, clip.reference, flow, spacing, at)
        seeds = {k: found[k] for k in changes.anew}
    states = []
    for index, k in enumerate(changes.fresh):
        if k in seeds:
            roll(seeds[k], clip.plates)
            start = start_layer(plates, index, clip.reference, seeds[k], say, grain)
        else:
            layer = changes.before.layers[k]
            start = state_of(layer, plates, index, clip.reference, say, grain)
        states.append(start)
    return states
