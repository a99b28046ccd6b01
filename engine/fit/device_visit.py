"""One visit of a layer's pixels on a device, call by call."""

from typing import Any

import numpy as np
import torch

from engine.arrays import F64
from engine.fit.device_clip import ClipPart
from engine.fit.device_freedom import bond_weight, lighter, noise_of, stiffness_of
from engine.fit.device_layer import DeviceLayer
from engine.fit.parts import Part
from engine.fit.passes import BELIEF, GLIMPSE, PATIENCE, shade_cell
from engine.fit.plates import Plates
from engine.kernels.backends.interface import Kernels
from engine.kernels.device import canvas as still
from engine.kernels.device.solve import coast
from engine.kernels.device.temporal import neighbours_pull, without_trend


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
        self._say = torch.from_numpy(state.says(plates, layer, reference, recipe)).to(device)
        self._matrices, self._lattices, self._home, self._shade, self._picture = (
            state.on(device, name) for name in ("matrices", "lattices", "home", "shade", "picture")
        )
        if state.shape("step") != tuple(self._lattices.shape):
            state.keep("step", torch.zeros_like(self._lattices))
        self._step = state.on(device, "step")
        self._splat = self._zeros(*self._picture.shape[:2], 4)
        self._errors = self._zeros(plates.count, 2)
        self._misfits = torch.zeros(3, dtype=torch.float64, device=device)
        self._weight = bond_weight(state.noise, recipe)
        self._pull = self._known = None
        if move and (hides or self._weight > 0):
            inverses = torch.from_numpy(np.linalg.inv(state.matrices)).to(device)
            self._pull, self._known = neighbours_pull(
                self._lattices,
                self._matrices,
                inverses,
                state.spacing,
                plates.height,
                plates.width,
            )
            self._known[reference] = 0

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
        tone, splat = self._empty(*shade.shape[:3], 4), torch.zeros_like(self._splat)
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
        if self._move:
            cells = [slice(each.start, each.stop - 3) for each in (part.rows, part.columns)]
            misfit = misfit[:, cells[0], cells[1]]
            noise = noise_of(misfit, state.grain)
            figures = torch.cat([misfit.double().sum((0, 1, 2)), (noise * batch).double()[None]])
            moved, step = self._moved(there, gradient[here], normal[here], misfit, noise)
        # From here on nothing asks for memory.
        self._errors[frames] = errors
        self._splat += splat
        shade.copy_(light)
        if self._move:
            self._misfits += figures
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
            bond = (known == 1) * self._weight
            bond = bond + float(recipe["hidden"]) * known * (trace < flat)
        if frames.start <= self._reference < frames.stop:
            gradient[self._reference - frames.start] = 0
        self._kernels.solve(
            lattices,
            self._home[there].contiguous(),
            gradient.contiguous(),
            normal.contiguous(),
            stiffness_of(misfit, noise, self._state.excess, recipe).contiguous(),
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
        """Steps the canonical picture."""
        state, momentum = self._state, float(self._recipe["momentum"])
        speed = state.on(self._device, "speed")
        weight = still.settle(self._splat, momentum, GLIMPSE, self._picture, speed)
        if not self._move or state.turn % PATIENCE == 0:
            self._picture = still.fill_holes(self._picture, weight > GLIMPSE).contiguous()
        for name, tensor in (("picture", self._picture), ("speed", speed), ("weight", weight)):
            state.keep(name, tensor)

    def finish(self) -> F64:
        """Waits for the device; returns the sum of squared error, and pixels."""
        state = self._state
        state.keep("shade", self._shade)
        figures = torch.cat([self._errors.double().sum(0), self._misfits]).tolist()
        if self._move:
            state.keep("lattices", self._lattices)
            state.keep("step", self._step)
            mean = figures[2] / max(3 * figures[3], 1.0)
            state.noise = figures[4] / self._plates.count
            state.excess = mean - 2 * state.noise
        return np.array(figures[:2])

    def _zeros(self, *shape: int) -> torch.Tensor:
        return torch.zeros(shape, device=self._device)

    def _empty(self, *shape: int) -> torch.Tensor:
        return torch.empty(shape, device=self._device)
