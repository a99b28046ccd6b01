"""The ``seeded`` recipe from request to field: seeds, passes, finishing within the budget."""

import math
import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from engine.arrays import F32, AnyArray
from engine.errors import DeviceError
from engine.fields.field import Field, Layer
from engine.fields.lattice import LatticeDeformation
from engine.fields.residual import Residual
from engine.fit.ahead import pictures
from engine.fit.budget import Budget
from engine.fit.checkpoint import Checkpoints
from engine.fit.closer import SHARE, seconds_needed, see_closer
from engine.fit.finish import (
    canonical_of,
    encoded_preview,
    enlarge,
    measure,
    measure_codes,
    read_some,
    sharpen_full_size,
)
from engine.fit.freedom import grain_of
from engine.fit.guided import apply_hints
from engine.fit.light import light_of_layer
from engine.fit.panorama import roll
from engine.fit.plates import Plates
from engine.fit.pure import cost as purify_cost
from engine.fit.pure import only_alone, purify
from engine.fit.reference import relative_sharpness
from engine.fit.seeded import LayerState, one_pass, refine, start_layer
from engine.fit.seeds import seed_layers
from engine.fit.work import FITTED, MATCHED, READ, ClipWork
from engine.io.picture import Picture
from engine.metrics.psnr import clip_score
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
#: Frames that the draft is measured on.
PROBED = 5


def fit_seeded(clip: ClipWork, task: Task) -> Field:
    """Fits a clip by the ``seeded`` recipe.

    Raises:
        DeviceError: Asked for anything but the CPU.
        Cancelled: Stopped; what was reached is in the checkpoint.
    """
    request, plates, recipe = clip.request, clip.plates, clip.recipe
    if request.options.device not in ("auto", "cpu"):
        raise DeviceError(
            f"the seeded recipe runs on the CPU only so far, not on {request.options.device!r}; "
            "use --device cpu"
        )
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
            start_layer(plates, k, clip.reference, s, say, grain) for k, s in enumerate(seeds)
        ]
        first_pass = 0
    else:
        states, first_pass = found
    matching = time.monotonic() - began

    there = budget.elapsed
    previews = _Previews(request.preview)
    previews.offer(states)
    finishing = _Finish(clip)
    draft = finishing.probe(states)
    drafts = _Drafts(request.draft, finishing, budget)
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
    )
    return field


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


class _Drafts:
    """Hands over what was reached as a field, now and then, so that it costs the fit little."""

    def __init__(
        self,
        show: Callable[[Field, float | None, float], None] | None,
        finish: "_Finish",
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


class _Finish:
    """The end of a seeded fit, and how long it will take."""

    def __init__(self, clip: ClipWork) -> None:
        self.clip, self.recipe = clip, clip.recipe
        self._per_frame = self._lighting = self._closer = self._finer = 0.0
        self._purifying = purify_cost(clip.plates)

    def probe(self, states: list[LayerState]) -> float:
        """Finishes a few frames of the seed, so that a budget is kept on any machine.

        Returns:
            PSNR of their edit path in dB; not a number when none of them shows anything.
        """
        plates = self.clip.plates
        shown = np.flatnonzero(plates.weights[:, :, ::4, ::4].any(axis=(0, 2, 3)))
        if not len(shown):
            shown = np.arange(plates.count)
        some = shown[np.unique(np.linspace(0, len(shown) - 1, PROBED).astype(np.intp))]
        self._light(0, *_frames_of(plates, states[0], some[:1]))  # loads what it needs
        began = time.monotonic()
        lights = [self._light(k, *_frames_of(plates, s, some)) for k, s in enumerate(states)]
        self._lighting = (time.monotonic() - began) * plates.count / len(some)
        field = self._assemble(_full(states, plates))
        for layer, few in zip(field.layers, lights, strict=True):
            layer.exposure, layer.lighting = (_spread(each, some, plates.count) for each in few)
        spent, values = [], []
        for index in some.tolist():
            began = time.monotonic()
            known = self._in_memory(field)
            shot = None if known else self.clip.request.picture(field.frames[index])
            values.append(self._measure(field, index, shot)[0])
            spent.append(time.monotonic() - began)
        self._per_frame = min(spent)  # the first one compiles and fills caches
        self.expect_closer(field)
        return clip_score(values)

    @property
    def keeps_for_closer(self) -> bool:
        """Whether time is kept for finer stills."""
        return self._closer > 0

    def expect_closer(self, field: Field) -> None:
        """Keeps time for the finer stills that the motion so far asks for."""
        if self.recipe["closer"]:
            self._closer, self._finer = seconds_needed(field, self._per_frame)

    def seconds(self, pass_cost: float) -> float:
        """Expected seconds of finishing, given the cost of a full pass."""
        plates = self.clip.plates
        # Sharpening reads a frame as measuring does and has less to do.
        full = 0.8 * self._per_frame * plates.count if plates.shrink > 1 else 0.0
        passes = int(self.recipe["polish_passes"]) + self._purifying
        polish = 0.7 * passes * pass_cost  # these move nothing
        # A fifth and a second and a half more: noise, writing the folder, leaving the process.
        budget = self.clip.request.options.seconds
        closer = self._closer + self._finer
        closer = closer if budget is None else min(closer, SHARE * budget)
        rest = self._lighting + closer + self._per_frame * plates.count + full
        return 1.2 * (polish + rest) + 1.5

    def field(self, states: list[LayerState], budget: Budget, task: Task) -> Field:
        """Polishes the canonical pictures, lights and measures every frame."""
        clip, recipe = self.clip, self.recipe
        plates, request = clip.plates, clip.request
        begun = time.monotonic()
        for n in range(int(recipe["polish_passes"])):
            task.check()
            # Far too little time: the figures of the frames matter more than the last polish.
            spent = time.monotonic() - begun
            late = budget.seconds is not None and n and budget.elapsed + spent / n > budget.seconds
            if late or (n and task.ending):
                break
            one_pass(plates, states, clip.reference, recipe, task, move=False)
        purify(states, plates, clip.reference, recipe, task)
        unmixed = only_alone(plates)
        lights = [self._light(k, unmixed, state) for k, state in enumerate(states)]
        full = _full(states, plates)
        if plates.shrink > 1:
            sharpen_full_size(
                full,
                plates,
                request.frames,
                request.picture,
                clip.groups.shares,
                task.part(0.1, 0.45),
            )
        field = self._assemble(full)
        for layer, (exposure, lighting) in zip(field.layers, lights, strict=True):
            layer.exposure, layer.lighting = exposure, lighting
        closer = self._see_closer(field, unmixed, budget, task.part(0.45, 0.5))
        pairs = []
        unread = () if self._in_memory(field) else field.frames
        shots = pictures(unread, request.picture, request.readers)
        for index in range(len(field.frames)):
            task.report(0.5 + 0.5 * index / len(field.frames), "measuring")
            shot = next(shots, None)
            pairs.append(self._measure(field, index, shot))
        edit_path, everything = (clip_score(values) for values in zip(*pairs, strict=True))
        field.report = clip.report(psnr_edit_path=edit_path, psnr=everything, closer=closer)
        return field

    def _see_closer(
        self, field: Field, unmixed: Plates, budget: Budget, task: Task
    ) -> list[dict[str, float]]:
        """Finer stills where frames saw a layer closer; what was found of each layer."""
        if not self.recipe["closer"]:
            return []
        request, plates = self.clip.request, self.clip.plates

        def look(index: int) -> tuple[F32, AnyArray]:
            if plates.shrink == 1:
                return plates.encoded(index), unmixed.weights[:, index]
            some, shares = [field.frames[index]], self.clip.groups.shares
            codes, weights = read_some(plates, len(field.layers), some, request.picture, shares)
            encoded = codes[0].astype(np.float32) * np.float32(plates.scale)
            return encoded + np.float32(plates.offset), weights[:, 0]

        def left() -> float:
            measuring = 1.2 * (self._per_frame * plates.count + self._finer) + 1.5
            return (budget.seconds or math.inf) - budget.elapsed - measuring

        return see_closer(field, look, task, left, self._closer)

    def draft(self, states: list[LayerState], *, half: bool = False) -> Field:
        """What was reached, as it is; ``half``: at half the working resolution."""
        whole = [enlarge(state, 2) for state in states] if half else states
        return self._assemble(_full(whole, self.clip.plates))

    def _in_memory(self, field: Field) -> bool:
        """Whether the plates hold all that measuring looks at, so that no file need be read."""
        return self.clip.plates.exact and field.ignored is None

    def _measure(self, field: Field, index: int, shot: Picture | None) -> tuple[float, float]:
        """Figures of a frame; ``shot`` is None where it is in memory."""
        most = float(self.recipe["residual_gain"])
        if shot is None:
            return measure_codes(field, index, self.clip.plates.codes[index], most=most)
        return measure(field, index, shot, most=most)

    def _light(self, k: int, plates: Plates, state: LayerState) -> tuple[F32 | None, F32 | None]:
        recipe = self.recipe
        return light_of_layer(
            plates,
            k,
            state,
            exposure=bool(recipe["exposure"]),
            lighting=bool(recipe["lighting"]),
            smooth=float(recipe["lighting_smooth"]),
            robust=float(recipe["robust"]),
        )

    def _assemble(self, states: list[LayerState]) -> Field:
        clip, data = self.clip, self.clip.plates.data
        layers = []
        for k, state in enumerate(states):
            to_display = np.array([[1, 0, data.x0], [0, 1, data.y0], [0, 0, 1.0]])
            matrices = to_display @ state.matrices @ np.linalg.inv(to_display)
            deformation = LatticeDeformation(matrices, state.lattices, state.spacing, data)
            canonical = canonical_of(state.picture, state.weight, state.canvas, (data.x0, data.y0))
            layers.append(Layer(clip.groups.names[k], deformation, canonical))
        field = clip.field(layers)
        if self.recipe["residual"]:
            cell = int(self.recipe["residual_cell"]) * clip.plates.shrink
            count = clip.plates.count
            field.residual = Residual.empty(data.height, data.width, cell, count)
        return field


def _full(states: list[LayerState], plates: Plates) -> list[LayerState]:
    return [enlarge(s, plates.shrink) for s in states] if plates.shrink > 1 else states


def _frames_of(plates: Plates, state: LayerState, some: AnyArray) -> tuple[Plates, LayerState]:
    """A few frames, and the layer in them, for what looks at each frame on its own."""
    weights = plates.weights[:, some]
    few = replace(plates, codes=plates.codes[some], weights=weights, firm=weights)
    return few, replace(state, matrices=state.matrices[some], lattices=state.lattices[some])


def _spread(values: F32 | None, some: AnyArray, count: int) -> F32 | None:
    """Values of a few frames as an array of ``count`` frames, 0 in the others."""
    if values is None:
        return None
    result: F32 = np.zeros((count, *values.shape[1:]), np.float32)
    result[some] = values
    return result


def _fingerprint(clip: ClipWork) -> str:
    """What a checkpoint must agree with to be resumed."""
    options = clip.request.options
    numbers = sorted((k, v) for k, v in clip.recipe.items())
    return f"{clip.request.identity}|{options.seed}|{clip.reference}|{numbers}"
