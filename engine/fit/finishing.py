"""The end of a seeded fit: stills polished, light found, frames measured, all within the budget."""

import math
import time
from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from engine.arrays import F32, U8, AnyArray
from engine.colour.encoding import decode
from engine.fields.field import Field, Layer
from engine.fields.lattice import LatticeDeformation
from engine.fields.residual import Residual
from engine.fit.ahead import pictures
from engine.fit.budget import Budget
from engine.fit.closer import SHARE, seconds_needed, see_closer
from engine.fit.finish import (
    canonical_of,
    enlarge,
    measure,
    measure_codes,
    read_some,
    sharpen_full_size,
)
from engine.fit.light import light_of_layer
from engine.fit.plates import Plates
from engine.fit.pure import cost as purify_cost
from engine.fit.pure import only_alone, purify, shared
from engine.fit.ringing import without_ringing
from engine.fit.seeded import LayerState, one_pass
from engine.fit.unmix import Unmixer
from engine.fit.work import ClipWork
from engine.io.picture import Picture
from engine.metrics.psnr import clip_score
from engine.progress import Task

#: Frames that the draft is measured on.
PROBED = 5


class Finish:
    """The end of a seeded fit, and how long it will take.

    Args:
        clip: What was fitted; its plates hold the layers that were.
        kept: Layers that were not, by their index: they stay as they are.
    """

    def __init__(self, clip: ClipWork, kept: Mapping[int, Layer] | None = None) -> None:
        self.clip, self.recipe = clip, clip.recipe
        self._kept = dict(kept or {})
        self._fresh = [k for k in range(len(clip.groups.names)) if k not in self._kept]
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
        for k, few in zip(self._fresh, lights, strict=True):
            layer = field.layers[k]
            layer.exposure, layer.lighting = (_spread(each, some, plates.count) for each in few)
        spent, values = [], []
        edges = self._edges(field)
        for index in some.tolist():
            began = time.monotonic()
            known = self._in_memory(field)
            shot = None if known else self.clip.request.picture(field.frames[index])
            values.append(self._measure(field, index, shot, edges)[0])
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
            self._closer, self._finer = seconds_needed(field, self._per_frame, self._fresh)

    def seconds(self, pass_cost: float) -> float:
        """Expected seconds of finishing, given the cost of a full pass."""
        plates = self.clip.plates
        # Sharpening reads a frame as measuring does and has less to do.
        full = 0.8 * self._per_frame * plates.count if plates.shrink > 1 else 0.0
        passes = int(self.recipe["polish_passes"]) + self._purifying
        polish = 0.55 * passes * pass_cost  # these move nothing
        # Some and a second and a half more: noise, writing the folder, leaving the process.
        budget = self.clip.request.options.seconds
        closer = self._closer + self._finer
        closer = closer if budget is None else min(closer, SHARE * budget)
        rest = self._lighting + closer + self._per_frame * plates.count + full
        return 1.15 * (polish + rest) + 1.5

    def field(self, states: list[LayerState], budget: Budget, task: Task) -> Field:
        """Polishes the canonical pictures, lights and measures every frame."""
        clip, recipe = self.clip, self.recipe
        plates, request = clip.plates, clip.request
        begun = time.monotonic()
        soft = shared(plates)
        unmixed = only_alone(plates) if soft or recipe["edges"] else plates
        looked = plates if soft else unmixed
        for n in range(int(recipe["polish_passes"])):
            task.check()
            # Far too little time: the figures of the frames matter more than the last polish.
            spent = time.monotonic() - begun
            late = budget.seconds is not None and n and budget.elapsed + spent / n > budget.seconds
            if late or (n and task.ending):
                break
            _calm(states)
            one_pass(looked, states, clip.reference, recipe, task, move=False)
        _calm(states)
        purify(states, plates, clip.reference, recipe, task)
        lights = [self._light(k, unmixed, state) for k, state in enumerate(states)]
        full = _full(states, plates)
        if plates.shrink > 1:
            sharpen_full_size(
                full,
                plates,
                request.frames,
                request.picture,
                self._shares,
                task.part(0.1, 0.45),
            )
        field = self._assemble(full)
        for k, (exposure, lighting) in zip(self._fresh, lights, strict=True):
            field.layers[k].exposure, field.layers[k].lighting = exposure, lighting
        closer = self._see_closer(field, unmixed, budget, task.part(0.45, 0.5))
        edges = self._edges(field)
        pairs = []
        unread = () if self._in_memory(field) else field.frames
        shots = pictures(unread, request.picture, request.readers)
        for index in range(len(field.frames)):
            task.report(0.5 + 0.5 * index / len(field.frames), "measuring")
            shot = next(shots, None)
            pairs.append(self._measure(field, index, shot, edges))
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
                return plates.encoded(index), self._all_layers(unmixed.weights[:, index])
            some, count = [field.frames[index]], len(self._fresh)
            codes, weights = read_some(plates, count, some, request.picture, self._shares)
            encoded = codes[0].astype(np.float32) * np.float32(plates.scale)
            return encoded + np.float32(plates.offset), self._all_layers(weights[:, 0])

        def left() -> float:
            measuring = 1.2 * (self._per_frame * plates.count + self._finer) + 1.5
            return (budget.seconds or math.inf) - budget.elapsed - measuring

        return see_closer(field, look, task, left, self._closer, self._fresh)

    def _shares(self, frame: int) -> list[U8]:
        """Visible share of each layer that was fitted."""
        shares = self.clip.groups.shares(frame)
        return [shares[k] for k in self._fresh]

    def _all_layers(self, shares: AnyArray) -> AnyArray:
        """Shares [F, H, W] of the layers that were fitted among those of all layers."""
        if not self._kept:
            return shares
        whole = np.zeros((len(self.clip.groups.names), *shares.shape[1:]), shares.dtype)
        whole[self._fresh] = shares
        return whole

    def draft(self, states: list[LayerState], *, half: bool = False) -> Field:
        """What was reached, as it is; ``half``: at half the working resolution."""
        whole = [enlarge(state, 2) for state in states] if half else states
        return self._assemble(_full(whole, self.clip.plates))

    def _in_memory(self, field: Field) -> bool:
        """Whether the plates hold all that measuring looks at, so that no file need be read."""
        return self.clip.plates.exact and field.ignored is None

    def _edges(self, field: Field) -> Unmixer | None:
        """Who softens the hard masks of a field, if the recipe says so."""
        return Unmixer(field, self._fresh) if self.recipe["edges"] else None

    def _measure(
        self, field: Field, index: int, shot: Picture | None, edges: Unmixer | None
    ) -> tuple[float, float]:
        """Figures of a frame, with soft edges; ``shot`` is None where it is in memory."""
        most = float(self.recipe["residual_gain"])
        if shot is None:
            codes = self.clip.plates.codes[index]
            if edges is not None:
                edges.find(index, lambda part: decode(codes[part] * np.float32(1 / 255)))
            return measure_codes(field, index, codes, most=most)
        if edges is not None:
            edges.find(index, lambda part: shot.rgb[part])
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
        # Copies: what a finished field gets (a finer still) is not written into the one before.
        layers = {k: replace(layer) for k, layer in self._kept.items()}
        for k, state in zip(self._fresh, states, strict=True):
            to_display = np.array([[1, 0, data.x0], [0, 1, data.y0], [0, 0, 1.0]])
            matrices = to_display @ state.matrices @ np.linalg.inv(to_display)
            deformation = LatticeDeformation(matrices, state.lattices, state.spacing, data)
            canonical = canonical_of(state.picture, state.weight, state.canvas, (data.x0, data.y0))
            layers[k] = Layer(clip.groups.names[k], deformation, canonical)
        field = clip.field([layers[k] for k in range(len(layers))])
        if self.recipe["residual"]:
            cell = int(self.recipe["residual_cell"]) * clip.plates.shrink
            count = clip.plates.count
            field.residual = Residual.empty(data.height, data.width, cell, count)
        return field


def _calm(states: list[LayerState]) -> None:
    """Takes the pattern that no frame can tell out of the stills."""
    for state in states:
        state.picture = without_ringing(state.picture)


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
