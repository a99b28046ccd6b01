"""The passes of a seeded fit on the processor, in compiled loops."""

from typing import TYPE_CHECKING, Any

import numpy as np

from engine.arrays import F32, F64
from engine.fields.lattice import LatticeDeformation
from engine.fit.canvas import canvas_of, extent_of, fill_holes, lay_mosaic
from engine.fit.freedom import bond_of, noise_of, stiffness_of, without_trend
from engine.fit.matching import Matcher
from engine.fit.parts import Part, parts_of
from engine.fit.passes import BELIEF, GLIMPSE, PATIENCE, shade_cell
from engine.fit.plates import Plates, halved
from engine.io.picture import Window
from engine.kernels import lattice as lattice_kernels
from engine.kernels import threads
from engine.kernels.register import register_pass
from engine.kernels.settle import settle
from engine.kernels.solve import coast, solve_lattices
from engine.kernels.temporal import neighbours_pull
from engine.progress import Task

if TYPE_CHECKING:
    from engine.fit.seeded import LayerState


class HostPasses:
    """See ``engine.fit.passes.Passes``."""

    name = "cpu"
    link: Matcher | None = None

    def adopt(self, state: "LayerState") -> "LayerState":
        """The layer itself: its arrays lie where the loops want them."""
        return state

    def lay(self, state: "LayerState", plates: Plates, layer: int, reference: int) -> None:
        """Lays the canonical picture anew from the frames as they are placed now."""
        order = sorted(range(plates.count), key=lambda t: (abs(t - reference), t))
        whole = Window.of_size(plates.width, plates.height)
        deformation = LatticeDeformation(state.matrices, state.lattices, state.spacing, whole)
        with threads.guard():
            extents = [
                extent_of(
                    lambda *part, t=t: deformation.positions(t, part), plates.weights[layer, t]
                )
                for t in order
            ]
        state.canvas = canvas_of((box for box in extents if box is not None), plates)
        state.picture, state.weight = lay_mosaic(
            plates, layer, ((t, state.positions(plates, t)) for t in order), state.canvas
        )
        state.speed = np.zeros_like(state.picture)

    def visit(
        self,
        plates: Plates,
        layer: int,
        state: "LayerState",
        reference: int,
        recipe: dict[str, Any],
        task: Task,
        *,
        move: bool,
        paint: bool,
        robust: float | None,
    ) -> F64:
        """Visits every pixel of a layer once; see ``engine.fit.passes.Passes``."""
        loss: F64 = np.zeros(2)
        _pass_layer(plates, layer, state, reference, recipe, task, move, robust, loss)
        if not paint:
            state.sums[:] = 0
            return loss
        state.weight = np.empty(state.picture.shape[:2], np.float32)
        with threads.guard():
            settle(
                state.sums,
                np.float32(recipe["momentum"]),
                np.float32(GLIMPSE),
                state.picture,
                state.speed,
                state.weight,
            )
        if not move or state.turn % PATIENCE == 0:
            state.picture = fill_holes(state.picture, state.weight > GLIMPSE)
        return loss

    def subdivide(self, state: "LayerState", plates: Plates) -> None:
        """Halves the spacing of a layer's lattices."""
        size = (plates.height, plates.width, state.spacing)
        state.lattices = lattice_kernels.subdivide(state.lattices, *size)
        state.home = lattice_kernels.subdivide(state.home, *size)
        state.spacing /= 2

    def halved(self, plates: Plates) -> Plates:
        """The same frames at half the working resolution."""
        return halved(plates)

    def close(self) -> None:
        """Nothing is kept."""


HOST = HostPasses()


def _lighter(shade: F32, tone: F32, cell: int) -> F32:
    """The light of each cell after a pass: half the old, half what was seen, smoothed.

    Args:
        shade: [B, sy, sx, 3].
        tone: [B, sy, sx, 4], see ``register_pass``.
        cell: Pixels of a cell.
    """
    import cv2

    result = np.empty_like(shade)
    for b in range(len(shade)):
        sums = cv2.blur(tone[b], (3, 3), borderType=cv2.BORDER_REPLICATE)
        fresh = sums[..., :3] / (sums[..., 3:] + BELIEF * cell * cell)
        result[b] = 0.5 * shade[b] + 0.5 * fresh
    return result


def _pass_layer(
    plates: Plates,
    layer: int,
    state: "LayerState",
    reference: int,
    recipe: dict[str, Any],
    task: Task,
    move: bool,
    robust: float | None,
    loss: F64,
) -> None:
    height, width = plates.height, plates.width
    rows, row_weights = lattice_kernels.taps(height, state.spacing)
    columns, column_weights = lattice_kernels.taps(width, state.spacing)
    state.make_room()
    scale = 1.0 if robust is None else 0.0
    robust = float(recipe["robust"]) * scale if robust is None else robust
    # Sums over cells shrink with the cell, so what must only just balance them does too; the
    # stiffness does not: a finer lattice may move only where the picture insists.
    relative = (state.spacing / float(recipe["seed_spacing"])) ** 2
    # The group in front is hidden by nothing but the frame; and hidden places are in no hurry.
    hides = layer > 0 and state.turn % PATIENCE == 0
    state.turn += int(move)
    parts = parts_of(plates, state.where(plates, layer), state.spacing)
    bonded = move and (hides or bond_of(np.ones(1, np.float32), state.noise, recipe).any())
    asked = _neighbours(state, parts, height, width, reference) if bonded else None
    misfits = np.zeros(3)
    glide = np.float32(recipe["glide"])
    if state.step.shape != state.lattices.shape:
        state.step = np.zeros_like(state.lattices)
    said = state.says(plates, layer, reference, recipe)
    for number, part in enumerate(parts):
        task.check()
        frames = part.frames
        lattices = part.of(state.lattices)
        batch, *grid = lattices.shape[:3]
        gradient = np.empty((batch, *grid, 2), np.float32)
        normal = np.empty((batch, *grid, 3), np.float32)
        errors = np.zeros((batch, 2))
        misfit = np.empty((batch, grid[0] - 3, grid[1] - 3, 2), np.float32)
        shade = state.shade[frames]
        cell = shade_cell(height, shade.shape[1])
        tone = np.empty((*shade.shape[:3], 4), np.float32)
        still = reference - frames.start if frames.start <= reference < frames.stop else None
        with threads.guard():
            register_pass(
                plates.codes[frames],
                np.float32(plates.scale),
                np.float32(plates.offset),
                plates.weights[layer, frames],
                plates.firm[layer, frames],
                said[frames],
                float(robust),
                state.matrices[frames],
                lattices,
                rows - part.rows.start,
                row_weights,
                columns - part.columns.start,
                column_weights,
                state.picture,
                float(state.canvas.x0),
                float(state.canvas.y0),
                shade,
                cell,
                gradient,
                normal,
                state.sums,
                tone,
                misfit,
                errors,
            )
            state.shade[frames] = _lighter(shade, tone, cell)
            loss += errors.sum(axis=0)
            if not move:
                continue
            noise = noise_of(misfit, state.grain)
            misfits += (*misfit.sum(axis=(0, 1, 2)), noise * batch)
            flat = np.float32(float(recipe["flat"]) * relative)
            if asked is None:
                pull, bond = np.zeros_like(gradient), np.zeros((batch, *grid), np.float32)
            else:
                pull, known = asked[number]
                trace = normal[..., 0] + normal[..., 2]
                without_trend(pull, trace)
                bond = bond_of(known, state.noise, recipe)
                bond += float(recipe["hidden"]) * known * (trace < flat)
            before = lattices.copy()
            if still is not None:
                gradient[still] = 0
            solve_lattices(
                lattices,
                part.of(state.home),
                gradient,
                normal,
                stiffness_of(misfit, noise, state.excess, recipe),
                pull,
                bond,
                np.float32(float(recipe["hold"]) * relative),
                flat,
                np.float32(float(recipe["damping"]) * relative),
                int(recipe["solver_rounds"]),
                np.float32(recipe["step_limit"]),
            )
            # Settles them in half the passes; what no picture checks must not run away.
            step = part.of(state.step)
            coast(lattices, before, normal, flat, glide, step)
            part.put(state.step, step)
            part.put(state.lattices, lattices)
    if move:
        mean = misfits[0] / max(3 * misfits[1], 1.0)
        state.noise = float(misfits[2] / plates.count)
        state.excess = float(mean - 2 * state.noise)


def _neighbours(
    state: "LayerState", parts: list[Part], height: int, width: int, reference: int
) -> list[tuple[F32, F32]]:
    """What the frames beside ask of each part, before any of them moves."""
    inverses = np.linalg.inv(state.matrices)
    result = []
    for part in parts:
        shape = part.shape
        pull, known = np.empty((*shape, 2), np.float32), np.empty(shape, np.float32)
        with threads.guard():
            neighbours_pull(
                state.lattices,
                state.matrices,
                inverses,
                float(state.spacing),
                height,
                width,
                part.frames.start,
                part.rows.start,
                part.columns.start,
                pull,
                known,
            )
        if part.frames.start <= reference < part.frames.stop:
            known[reference - part.frames.start] = 0
        result.append((pull, known))
    return result
