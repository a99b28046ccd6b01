"""``fit``: a request becomes a field, whatever the recipe."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.arrays import F32, U8
from engine.errors import DeviceError, InputError
from engine.fields.field import Field, Layer
from engine.fields.lattice import LatticeDeformation
from engine.fit.budget import Budget
from engine.fit.checkpoint import Checkpoints
from engine.fit.finish import canonical_of, encoded_preview, enlarge, measure, sharpen_full_size
from engine.fit.groups import Groups
from engine.fit.light import grid_shape
from engine.fit.plates import Plates, read_plates
from engine.fit.recipes import load_recipe
from engine.fit.request import FitRequest
from engine.fit.seeded import LayerState, one_pass, refine, start_layer
from engine.fit.seeds import seed_layers
from engine.flow.dis import PairwiseFlow
from engine.flow.pair import FlowPair
from engine.metrics.psnr import clip_score
from engine.progress import Task

#: Share of the whole progress that reading, matching, fitting and finishing take.
READ, MATCHED, FITTED = 0.05, 0.2, 0.9
#: Seconds between previews of the canonical images.
PREVIEW_EVERY = 2.0


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
    clip = _Clip(request, groups, plates, _reference(request), recipe)
    if request.options.recipe == "paper":
        return _fit_paper(clip, task)
    return _fit_seeded(clip, task)


@dataclass
class _Clip:
    """What both recipes work on."""

    request: FitRequest
    groups: Groups
    plates: Plates
    reference: int
    recipe: dict[str, Any]

    def flow(self) -> Callable[[int], FlowPair]:
        """Index of a frame to its flow at the working resolution."""
        plates, request = self.plates, self.request
        if request.flow is None:
            return PairwiseFlow(range(plates.count), plates.grey)
        given, frames, shrink = request.flow, request.frames, plates.shrink

        def read(index: int) -> FlowPair:
            pair = given(frames[index])
            if shrink == 1:
                return pair
            return FlowPair(
                pair.frame,
                _shrunk(pair.forward, plates, 1 / shrink),
                _shrunk(pair.forward_confidence, plates, 1.0),
                _shrunk(pair.backward, plates, 1 / shrink),
                _shrunk(pair.backward_confidence, plates, 1.0),
            )

        return read

    def field(self, layers: list[Layer]) -> Field:
        """The field without figures."""
        plates, request = self.plates, self.request
        return Field(
            frames=tuple(request.frames),
            display=plates.display,
            data=plates.data,
            layers=layers,
            masks=self.groups.masks,
            reference=request.frames[self.reference],
            recipe=request.options.recipe,
            source=dict(request.source),
            pixel_aspect=plates.pixel_aspect,
        )

    def report(self, **figures: Any) -> dict[str, Any]:
        """The figures that every recipe reports, and ``figures``."""
        plates, request = self.plates, self.request
        return {
            "frames": plates.count,
            "width": plates.data.width,
            "height": plates.data.height,
            "layers": len(self.groups.names),
            "groups": list(self.groups.names),
            "reference": request.frames[self.reference],
            "device": "cpu",
            "recipe": request.options.recipe,
            "seed": request.options.seed,
            "working_shrink": plates.shrink,
            "bad_pixels": plates.bad_pixels,
            "identity": request.identity,
            **figures,
        }


def _fit_seeded(clip: _Clip, task: Task) -> Field:
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
    if found is None:
        seeds = seed_layers(
            plates,
            clip.reference,
            clip.flow(),
            int(recipe["seed_spacing"]),
            task.part(READ, MATCHED, "matching"),
        )
        kinds = [seed.kind for seed in seeds]
        states = [start_layer(plates, k, clip.reference, s) for k, s in enumerate(seeds)]
        first_pass = 0
    else:
        states, first_pass = found
    matching = time.monotonic() - began

    finishing = _Finish(clip, recipe)
    finishing.probe(states)
    previewed = 0.0

    def after_pass(step: int) -> None:
        nonlocal previewed
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
    )
    checkpoints.remove()
    return field


class _Finish:
    """The end of a seeded fit, and how long it will take."""

    def __init__(self, clip: _Clip, recipe: dict[str, Any]) -> None:
        self.clip, self.recipe = clip, recipe
        self._per_frame = 0.0

    def probe(self, states: list[LayerState]) -> None:
        """Measures a frame's finishing on the seed, so that a budget is kept on any machine."""
        field = self._assemble(_full(states, self.clip.plates))
        shot = self.clip.request.picture(field.frames[0])
        measure(field, 0, shot, lighting=bool(self.recipe["lighting"]))  # compiles, fills caches
        began = time.monotonic()
        shot = self.clip.request.picture(field.frames[-1])
        measure(field, len(field.frames) - 1, shot, lighting=bool(self.recipe["lighting"]))
        self._per_frame = time.monotonic() - began

    def seconds(self, pass_cost: float) -> float:
        """Expected seconds of finishing, given the cost of a full pass."""
        plates = self.clip.plates
        full = self._per_frame * plates.count if plates.shrink > 1 else 0.0
        polish = int(self.recipe["polish_passes"]) * pass_cost
        # Half a second and a tenth: writing the folder, leaving the process.
        return 1.1 * (polish + self._per_frame * plates.count + full) + 0.5

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
        pairs = []
        for index, frame in enumerate(field.frames):
            task.report(0.5 + 0.5 * index / len(field.frames), "measuring")
            shot = request.picture(frame)
            pairs.append(measure(field, index, shot, lighting=bool(recipe["lighting"])))
        edit_path, everything = (clip_score(values) for values in zip(*pairs, strict=True))
        field.report = clip.report(psnr_edit_path=edit_path, psnr=everything)
        return field

    def _assemble(self, states: list[LayerState]) -> Field:
        clip, data = self.clip, self.clip.plates.data
        layers = []
        for k, state in enumerate(states):
            to_display = np.array([[1, 0, data.x0], [0, 1, data.y0], [0, 0, 1.0]])
            matrices = to_display @ state.matrices @ np.linalg.inv(to_display)
            deformation = LatticeDeformation(matrices, state.lattices, state.spacing, data)
            canonical = canonical_of(state.picture, state.weight, state.canvas, (data.x0, data.y0))
            layers.append(Layer(clip.groups.names[k], deformation, canonical))
            if self.recipe["lighting"]:
                grid = grid_shape(data.height, data.width)
                layers[k].lighting = np.ones((clip.plates.count, *grid, 3), np.float32)
        return clip.field(layers)


def _full(states: list[LayerState], plates: Plates) -> list[LayerState]:
    return [enlarge(s, plates.shrink) for s in states] if plates.shrink > 1 else states


def _fingerprint(clip: _Clip) -> str:
    """What a checkpoint must agree with to be resumed."""
    options = clip.request.options
    numbers = sorted((k, v) for k, v in clip.recipe.items())
    return f"{clip.request.identity}|{options.seed}|{clip.reference}|{numbers}"


def _reference(request: FitRequest) -> int:
    """Index of the reference frame: the one asked for, else the middle one."""
    if request.options.reference is None:
        return len(request.frames) // 2
    return request.frames.index(request.options.reference)


def _shrunk(picture: F32 | None, plates: Plates, factor: float) -> F32 | None:
    import cv2

    if picture is None:
        return None
    small = cv2.resize(picture, (plates.width, plates.height), interpolation=cv2.INTER_AREA)
    return np.asarray(small * np.float32(factor), np.float32)


def _fit_paper(clip: _Clip, task: Task) -> Field:
    from engine.fields.hashfield import render_canonical
    from engine.fit.finish import covered_canonical
    from engine.fit.paper import checkpoint, fit_paper

    request = clip.request
    data = _PaperClip(clip)
    began = time.monotonic()
    result = fit_paper(request, data, task.part(READ, FITTED, "fit"))
    layers = []
    for k, deformation in enumerate(result.layers):
        plate = render_canonical(deformation, mask=lambda i, k=k: _full_mask(clip, k, i))  # type: ignore[misc]
        canonical = covered_canonical(plate.pixels, plate.coverage > 0, plate.window)
        layers.append(Layer(clip.groups.names[k], deformation, canonical))
    field = clip.field(layers)
    finish = task.part(FITTED, 1.0, "finishing")
    values = []
    for index, frame in enumerate(field.frames):
        finish.report(index / len(field.frames), "measuring")
        values.append(measure(field, index, request.picture(frame), lighting=False)[0])
    field.report = clip.report(
        psnr_edit_path=clip_score(values),
        psnr=clip_score(values),
        seconds=time.monotonic() - request.started,
        seconds_matching=data.matching,
        seconds_fit=time.monotonic() - began,
        steps=result.steps,
        schedule=result.schedule,
        seeds=[],
        psnr_training=result.psnr,
    )
    if request.checkpoint is not None:
        checkpoint.clear(request.checkpoint)
    return field


def _full_mask(clip: _Clip, layer: int, index: int) -> U8:
    return clip.groups.shares(clip.request.frames[index])[layer]


class _PaperClip:
    """The plates as the paper's loop reads them."""

    def __init__(self, clip: _Clip) -> None:
        plates = clip.plates
        self.count, self.layers = plates.count, len(plates.weights)
        self.height, self.width = plates.height, plates.width
        self.shrink, self.window = plates.shrink, plates.data
        self._plates = plates
        self._flow = clip.flow()
        self._kept: dict[int, FlowPair] = {}
        self.matching = 0.0

    def frame(self, index: int) -> F32:
        """Encoded colours; NaN where a pixel belongs to no layer."""
        colours = self._plates.encoded(index)
        colours[self._plates.weights[:, index].max(axis=0) == 0] = np.nan
        return colours

    def masks(self, index: int) -> list[U8]:
        """Visible share of each layer."""
        return list(self._plates.weights[:, index])

    def flow(self, index: int) -> FlowPair:
        """Flow of a frame, kept: the loop comes back to every frame many times."""
        if index not in self._kept:
            began = time.monotonic()
            self._kept[index] = self._flow(index)
            self.matching += time.monotonic() - began
        return self._kept[index]
