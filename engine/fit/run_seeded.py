"""The ``seeded`` recipe from request to field: seeds, passes, finishing within the budget."""

import time

import numpy as np

from engine.arrays import F32
from engine.errors import DeviceError
from engine.fields.field import Field, Layer
from engine.fields.lattice import LatticeDeformation
from engine.fields.residual import Residual
from engine.fit.budget import Budget
from engine.fit.checkpoint import Checkpoints
from engine.fit.finish import canonical_of, encoded_preview, enlarge, measure, sharpen_full_size
from engine.fit.guided import apply_hints
from engine.fit.light import light_of_layer
from engine.fit.plates import Plates
from engine.fit.seeded import LayerState, one_pass, refine, start_layer
from engine.fit.seeds import seed_layers
from engine.fit.work import FITTED, MATCHED, READ, ClipWork
from engine.metrics.psnr import clip_score
from engine.progress import Task

#: Seconds between previews of the canonical images.
PREVIEW_EVERY = 2.0


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
    budget = Budget(request.started, options.seconds, options.steps, int(recipe["passes"]))
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
        names, at = clip.groups.names, task.part(MATCHED, MATCHED)
        apply_hints(request.hints, plates, request.frames, clip.reference, names, seeds, at)
        kinds = [seed.kind for seed in seeds]
        states = [start_layer(plates, k, clip.reference, s) for k, s in enumerate(seeds)]
        first_pass = 0
    else:
        states, first_pass = found
    matching = time.monotonic() - began

    finishing = _Finish(clip)
    finishing.probe(states)
    previewed = 0.0

    def after_pass(step: int, half: bool = False) -> None:
        nonlocal previewed
        if half:
            return
        checkpoints.offer(states, step)
        if request.preview is not None and time.monotonic() - previewed > PREVIEW_EVERY:
            for k, state in enumerate(states):
                request.preview(k, encoded_preview(state))
            previewed = time.monotonic()

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
        psnr_curve=done["psnr_curve"],
        steps=done["steps"],
        resumed_at=first_pass,
    )
    return field


class _Finish:
    """The end of a seeded fit, and how long it will take."""

    def __init__(self, clip: ClipWork) -> None:
        self.clip, self.recipe = clip, clip.recipe
        self._per_frame = self._lighting = 0.0

    def probe(self, states: list[LayerState]) -> None:
        """Measures a frame's finishing on the seed, so that a budget is kept on any machine."""
        plates = self.clip.plates
        began = time.monotonic()
        lights = [self._light(k, state) for k, state in enumerate(states)]
        self._lighting = time.monotonic() - began
        field = self._assemble(_full(states, plates))
        for layer, (exposure, lighting) in zip(field.layers, lights, strict=True):
            layer.exposure, layer.lighting = exposure, lighting
        spent = []
        for index in (0, len(field.frames) // 2, len(field.frames) - 1):
            began = time.monotonic()
            self._measure(field, index)
            spent.append(time.monotonic() - began)
        self._per_frame = min(spent)  # the first one compiles and fills caches

    def seconds(self, pass_cost: float) -> float:
        """Expected seconds of finishing, given the cost of a full pass."""
        plates = self.clip.plates
        # Sharpening reads a frame as measuring does and has less to do.
        full = 0.8 * self._per_frame * plates.count if plates.shrink > 1 else 0.0
        polish = int(self.recipe["polish_passes"]) * pass_cost
        # A fifth and a second and a half more: noise, writing the folder, leaving the process.
        return 1.2 * (polish + self._lighting + self._per_frame * plates.count + full) + 1.5

    def field(self, states: list[LayerState], budget: Budget, task: Task) -> Field:
        """Polishes the canonical pictures, lights and measures every frame."""
        clip, recipe = self.clip, self.recipe
        plates, request = clip.plates, clip.request
        begun = time.monotonic()
        for n in range(int(recipe["polish_passes"])):
            task.check()
            # Far too little time: the figures of the frames matter more than the last polish.
            spent = time.monotonic() - begun
            if n and budget.seconds is not None and budget.elapsed + spent / n > budget.seconds:
                break
            one_pass(plates, states, clip.reference, recipe, task, move=False)
        lights = [self._light(k, state) for k, state in enumerate(states)]
        full = _full(states, plates)
        if plates.shrink > 1:
            sharpen_full_size(
                full,
                plates,
                request.frames,
                request.picture,
                clip.groups.shares,
                task.part(0.1, 0.5),
            )
        field = self._assemble(full)
        for layer, (exposure, lighting) in zip(field.layers, lights, strict=True):
            layer.exposure, layer.lighting = exposure, lighting
        pairs = []
        for index in range(len(field.frames)):
            task.report(0.5 + 0.5 * index / len(field.frames), "measuring")
            pairs.append(self._measure(field, index))
        edit_path, everything = (clip_score(values) for values in zip(*pairs, strict=True))
        field.report = clip.report(psnr_edit_path=edit_path, psnr=everything)
        return field

    def _measure(self, field: Field, index: int) -> tuple[float, float]:
        shot = self.clip.request.picture(field.frames[index])
        return measure(field, index, shot, most=float(self.recipe["residual_gain"]))

    def _light(self, k: int, state: LayerState) -> tuple[F32 | None, F32 | None]:
        recipe = self.recipe
        return light_of_layer(
            self.clip.plates,
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


def _fingerprint(clip: ClipWork) -> str:
    """What a checkpoint must agree with to be resumed."""
    options = clip.request.options
    numbers = sorted((k, v) for k, v in clip.recipe.items())
    return f"{clip.request.identity}|{options.seed}|{clip.reference}|{numbers}"
