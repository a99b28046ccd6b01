"""One visit of a layer's pixels on a device, in a form that can be recorded and played again.

All that changes from visit to visit lies in tensors of the layer that stay where they are; what
else shapes the work is in ``Visit.kind``. ``begin``, ``call`` and ``paint`` ask the device nothing.
"""

from collections.abc import Hashable
from typing import Any

import numpy as np
import torch

from engine.arrays import F64
from engine.fit.device_clip import ClipPart
from engine.fit.device_freedom import bond_weight, half_error, lighter, noise_of, stiffness_of
from engine.fit.device_layer import DeviceLayer
from engine.fit.parts import Part
from engine.fit.passes import BELIEF, GLIMPSE, PATIENCE, shade_cell
from engine.fit.plates import Plates
from engine.kernels.backends.interface import Kernels
from engine.kernels.device import canvas as still
from engine.kernels.device.solve import coast
from engine.kernels.device.temporal import neighbours_pull, without_trend

#: Numbers of the recipe that become part of a recording.
NUMBERS = (
    *("robust", "flat", "hold", "damping", "hidden", "stiffness", "softest", "glide", "momentum"),
    *("solver_rounds", "step_limit", "seed_spacing"),
)


class Visit:
    """What a pass adds up over its calls.

    Args:
        kernels: What computes.
        plates: The frames at the resolution of ``state``.
        layer: Index of the layer.
        state: The layer, changed in place.
        reference: Index of the frame that does not move.
        recipe: The recipe's numbers.
        move: Step the lattices.
        hides: Ask the neighbouring frames what is hidden.
    """

    def __init__(
        self,
        kernels: Kernels,
        plates: Plates,
        layer: int,
        state: DeviceLayer,
        reference: int,
        recipe: dict[str, Any],
        *,
        move: bool,
        hides: bool,
    ) -> None:
        self._kernels, self._plates, self._state = kernels, plates, state
        self._reference, self._recipe, self._move = reference, recipe, move
        # Sums over cells shrink with the cell, so what must only just balance them does too; the
        # stiffness does not: a finer lattice may move only where the picture insists.
        self._relative = (state.spacing / float(recipe["seed_spacing"])) ** 2
        self._device = device = state.device
        self._matrices, self._lattices, self._home, self._shade, self._picture, self._speed = (
            state.on(device, name)
            for name in ("matrices", "lattices", "home", "shade", "picture", "speed")
        )
        if state.shape("step") != tuple(self._lattices.shape):
            state.keep("step", torch.zeros_like(self._lattices))
        self._step, self._weight = state.on(device, "step"), state.on(device, "weight")
        said = state.says(plates, layer, reference, recipe)
        self._say = state.scratch("say", said.shape)
        self._say.copy_(torch.from_numpy(said))
        #: What the visit comes to: squared error, pixels; misfit, its pixels, noise times frames.
        self._figures = state.scratch("figures", (5,), torch.float64).zero_()
        weight = bond_weight(state.noise, recipe)
        self._bonded = move and (hides or weight > 0)
        numbers = state.scratch("numbers", (2,))
        numbers.copy_(torch.tensor([weight, half_error(state.excess, recipe)]))
        self._bond, self._half = numbers[0], numbers[1]
        self._fills = not move or state.turn % PATIENCE == 0
        self._splat: torch.Tensor | None = None
        self._pull: torch.Tensor | None = None
        self._known: torch.Tensor | None = None

    @property
    def kind(self) -> Hashable:
        """What shapes the work beside what its tensors hold."""
        state, plates = self._state, self._plates
        return (
            (self._move, self._bonded, self._fills, self._reference),
            (plates.height, plates.width, plates.scale, plates.offset),
            (state.spacing, state.canvas.x0, state.canvas.y0, state.grain),
            tuple(float(self._recipe[name]) for name in NUMBERS),
            state.places(),
        )

    def begin(self) -> None:
        """Before the first call."""
        self._splat = torch.zeros(*self._picture.shape[:2], 4, device=self._device)
        if self._bonded:
            self._pull, self._known = neighbours_pull(
                self._lattices,
                self._matrices,
                self._state.spacing,
                self._plates.height,
                self._plates.width,
            )
            self._known[self._reference] = 0

    def call(self, part: Part, clip: ClipPart) -> None:
        """Some frames: what changes is worked out aside, then kept, so that a call may fail.

        Args:
            part: Which frames, and which of their control points move.
            clip: Their pixels.
        """
        state, recipe, plates, frames = self._state, self._recipe, self._plates, part.frames
        lattices, shade = self._lattices[frames], self._shade[frames]
        batch, rows, columns, _ = lattices.shape
        gradient, normal = (
            self._empty(batch, rows, columns, 2),
            self._empty(batch, rows, columns, 3),
        )
        misfit, errors = self._empty(batch, rows - 3, columns - 3, 2), self._empty(batch, 2)
        tone = self._empty(*shade.shape[:3], 4)
        splat = torch.zeros(*self._picture.shape[:2], 4, device=self._device)
        cell = shade_cell(plates.height, shade.shape[1])
        self._kernels.register(
            gradient,
            normal,
            splat,
            tone,
            misfit,
            errors,
            clip.codes,
            clip.weights,
            clip.firm,
            self._say[frames],
            self._matrices[frames],
            lattices,
            self._picture,
            shade,
            float(state.spacing),
            cell,
            float(plates.scale),
            float(plates.offset),
            (float(state.canvas.x0), float(state.canvas.y0)),
            float(recipe["robust"]),
        )
        light = lighter(shade, tone, BELIEF * cell * cell)
        there = (frames, part.rows, part.columns)
        here = (slice(None), part.rows, part.columns)
        figures = [errors.double().sum(0)]
        if self._move:
            cells = [slice(each.start, each.stop - 3) for each in (part.rows, part.columns)]
            misfit = misfit[:, cells[0], cells[1]]
            noise = noise_of(misfit, state.grain)
            figures += [misfit.double().sum((0, 1, 2)), (noise * batch).double()[None]]
            moved, step = self._moved(there, gradient[here], normal[here], misfit, noise)
        told = torch.cat(figures)
        # From here on nothing asks for memory.
        self._figures[: len(told)] += told
        if self._splat is not None:
            self._splat += splat
        shade.copy_(light)
        if self._move:
            self._lattices[there] = moved
            self._step[there] = step

    def _moved(
        self,
        there: tuple[slice, slice, slice],
        gradient: torch.Tensor,
        normal: torch.Tensor,
        misfit: torch.Tensor,
        noise: torch.Tensor,
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Control points after their step, and that step."""
        recipe, frames = self._recipe, there[0]
        before = self._lattices[there]
        lattices, step = before.clone(), self._step[there].clone()
        flat = float(recipe["flat"]) * self._relative
        pull, bond = torch.zeros_like(lattices), torch.zeros_like(lattices[..., 0])
        if self._pull is not None and self._known is not None:
            trace, known = normal[..., 0] + normal[..., 2], self._known[there]
            pull = without_trend(self._pull[there], trace)
            bond = (known == 1) * self._bond
            bond = bond + float(recipe["hidden"]) * known * (trace < flat)
        if frames.start <= self._reference < frames.stop:
            gradient[self._reference - frames.start] = 0
        self._kernels.solve(
            lattices,
            self._home[there].contiguous(),
            gradient.contiguous(),
            normal.contiguous(),
            stiffness_of(misfit, noise, self._half, recipe).contiguous(),
            pull.contiguous(),
            bond.float().contiguous(),
            float(recipe["hold"]) * self._relative,
            flat,
            float(recipe["damping"]) * self._relative,
            int(recipe["solver_rounds"]),
            float(recipe["step_limit"]),
        )
        # Settles them in half the passes; what no picture checks must not run away.
        coast(lattices, before, normal, flat, float(recipe["glide"]), step)
        return lattices, step

    def paint(self) -> None:
        """Steps the canonical picture; as ``call``, it may fail and be done again."""
        if self._splat is None:
            return
        picture, speed = self._picture.clone(), self._speed.clone()
        momentum = float(self._recipe["momentum"])
        weight = still.settle(self._splat, momentum, GLIMPSE, picture, speed)
        if self._fills:
            picture = still.fill_holes(picture, weight > GLIMPSE)
        # From here on nothing asks for memory.
        self._picture.copy_(picture)
        self._speed.copy_(speed)
        self._weight.copy_(weight)

    def finish(self, *, paint: bool) -> F64:
        """Waits for the device; returns the sum of squared error, and pixels."""
        state = self._state
        changed = [("shade", self._shade)]
        if self._move:
            changed += [("lattices", self._lattices), ("step", self._step)]
        if paint:
            changed += [("picture", self._picture), ("speed", self._speed)]
            changed.append(("weight", self._weight))
        for name, tensor in changed:
            state.keep(name, tensor)
        figures = self._figures.tolist()
        if self._move:
            mean = figures[2] / max(3 * figures[3], 1.0)
            state.noise = figures[4] / self._plates.count
            state.excess = mean - 2 * state.noise
        return np.array(figures[:2])

    def _empty(self, *shape: int) -> torch.Tensor:
        return torch.empty(shape, device=self._device)
