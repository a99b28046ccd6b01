"""The ``seeded`` recipe from request to field: seeds, passes, finishing within the budget."""

import math
import time
from collections.abc import Callable, Iterable, Sequence

import numpy as np

from engine.arrays import F32
from engine.fields.field import Field
from engine.fit.budget import Budget
from engine.fit.checkpoint import Checkpoints
from engine.fit.device import passes_for
from engine.fit.finish import encoded_preview
from engine.fit.finishing import Finish
from engine.fit.freedom import grain_of
from engine.fit.guided import apply_hints
from engine.fit.panorama import roll
from engine.fit.passes import Passes
from engine.fit.reference import relative_sharpness
from engine.fit.seeded import LayerState, refine, start_layer
from engine.fit.seeds import seed_layers
from engine.fit.work import FITTED, MATCHED, READ, ClipWork
from engine.progress import Task

#: What a frame that is wholly blurred still counts in the canonical image.
LEAST_SAY = 0.05
#: Seconds between previews of the canonical images.
PREVIEW_EVERY = 2.0
#: Seconds between drafts that can be painted on, at least and at most, and how many times their own
#: cost lies between where both allow it.
DRAFT_EVERY, DRAFT_LATEST, DRAFT_REST = 3.0, 10.0, 10.0
#: Passes from one look at what finer stills would take to the next.
AFRESH = 5


def fit_seeded(clip: ClipWork, task: Task) -> Field:
    """Fits a clip by the ``seeded`` recipe.

    Raises:
        DeviceError: There is no such card, or it is too small.
        Cancelled: Stopped; what was reached is in the checkpoint.
    """
    passes = passes_for(clip.request.options.device, clip.request.tell)
    try:
        return _fitted(clip, passes, task)
    finally:
        passes.close()


def _fitted(clip: ClipWork, passes: Passes, task: Task) -> Field:
    request, plates, recipe = clip.request, clip.plates, clip.recipe
    options = request.options
    budget = Budget(request.started, options.seconds, options.steps, int(recipe["passes"]), task)
    checkpoints = Checkpoints(request.checkpoint, _fingerprint(clip))
    found = checkpoints.read() if request.resume else None
    began = time.monotonic()
    kinds: list[str] = []
    request.hints.check(request.frames, clip.groups.names, request.frames[clip.reference])
    if found is None:
        seeds = seed_layers(
            plates,
            clip.reference,
            clip.flow() if request.flow is not None else None,
            int(recipe["seed_spacing"]),
            task.part(READ, MATCHED, "matching"),
            passes.link,
        )
        for seed in seeds:
            if roll(seed, plates):
                seed.kind = "cylinder"
        names, at = clip.groups.names, task.part(MATCHED, MATCHED)
        apply_hints(request.hints, plates, request.frames, clip.reference, names, seeds, at)
        kinds = [seed.kind for seed in seeds]
        grain = grain_of(plates)
        # Blur takes detail with the square of what it leaves; some say keeps places only it saw.
        say = np.maximum(relative_sharpness(plates) ** 4, LEAST_SAY)
        states = [
            start_layer(plates, k, clip.reference, s, say, grain, passes)
            for k, s in enumerate(seeds)
        ]
        first_pass = 0
    else:
        states, first_pass = [passes.adopt(state) for state in found[0]], found[1]
    matching = time.monotonic() - began
    give_own(clip, states, range(len(states)))

    there = budget.elapsed
    previews = _Previews(request.preview)
    previews.offer(states)
    finishing = Finish(clip)
    draft = finishing.probe(states)
    drafts = Drafts(request.draft, finishing, budget)
    drafts.offer(states, psnr=draft if np.isfinite(draft) else None)
    curve: list[tuple[float, float]] = []
    # What is resumed is no draft; and where nothing is seen there is no figure.
    if found is None and np.isfinite(draft):
        curve.append((round(there, 2), round(draft, 3)))
        task.part(MATCHED, FITTED).report(0.0, "draft ready", psnr=draft)

    def after_pass(step: int, half: bool = False) -> None:
        if not half:
            checkpoints.offer(states, step)
            # The seed's motion makes more of it than there is.
            if finishing.keeps_for_closer and step % AFRESH == 0:
                finishing.expect_closer(finishing.draft(states))
        previews.offer(states, half=half)
        drafts.offer(states, half=half)

    try:
        done = refine(
            plates,
            states,
            clip.reference,
            recipe,
            budget,
            finishing.seconds,
            task.part(MATCHED, FITTED, "fit"),
            first_pass,
            after_pass,
        )
    except BaseException:
        # Cancelled, out of memory, interrupted: what was reached is worth keeping.
        checkpoints.keep(states)
        raise
    field = finishing.field(states, budget, task.part(FITTED, 1.0, "finishing"))
    field.report.update(
        seconds=budget.elapsed,
        seconds_matching=matching,
        seeds=kinds,
        schedule={"steps": done["steps"], "seed": options.seed, "recipe": recipe},
        psnr_curve=[*curve, *done["psnr_curve"]],
        steps=done["steps"],
        resumed_at=first_pass,
        device=passes.name,
    )
    return field


def give_own(clip: ClipWork, states: Sequence[LayerState], layers: Iterable[int]) -> None:
    """Gives layers the numbers that are asked of their groups alone.

    Args:
        clip: The clip.
        states: The layers that are fitted.
        layers: Their indices among all layers.
    """
    asked, names = clip.request.options.groups, clip.groups.names
    for state, k in zip(states, layers, strict=True):
        if names[k] in asked:
            state.own = asked[names[k]].numbers(clip.recipe)


class _Previews:
    """Shows the canonical pictures, at most every ``PREVIEW_EVERY`` seconds."""

    def __init__(self, show: Callable[[int, F32], None] | None) -> None:
        self._show = show
        self._last = -math.inf

    def offer(self, states: list[LayerState], *, half: bool = False) -> None:
        """Shows the layers; ``half``: they are at half the working resolution."""
        if self._show is None or time.monotonic() - self._last < PREVIEW_EVERY:
            return
        for k, state in enumerate(states):
            self._show(k, encoded_preview(state, half=half))
        self._last = time.monotonic()


class Drafts:
    """Hands over what was reached as a field, now and then, so that it costs the fit little."""

    def __init__(
        self,
        show: Callable[[Field, float | None, float], None] | None,
        finish: "Finish",
        budget: Budget,
    ) -> None:
        self._show, self._finish, self._budget = show, finish, budget
        self._next = -math.inf

    def offer(
        self, states: list[LayerState], *, psnr: float | None = None, half: bool = False
    ) -> None:
        """Hands over the layers; ``half``: they are at half the working resolution."""
        began = time.monotonic()
        if self._show is None or began < self._next:
            return
        self._show(self._finish.draft(states, half=half), psnr, self._budget.elapsed)
        ended = time.monotonic()
        rest = min(DRAFT_REST * (ended - began), DRAFT_LATEST)
        self._next = ended + max(DRAFT_EVERY, rest)


def _fingerprint(clip: ClipWork) -> str:
    """What a checkpoint must agree with to be resumed."""
    options = clip.request.options
    numbers = sorted((k, v) for k, v in clip.recipe.items())
    return f"{clip.request.identity}|{options.seed}|{clip.reference}|{numbers}"
