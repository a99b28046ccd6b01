"""The ``seeded`` recipe: real correspondence first, then lattice and canonical picture together.

Each frame of a layer is ``I(x) = C(M x + d(x))``: a homography, a cubic B-spline lattice and an
explicit canonical picture. A pass visits every pixel once (``engine.kernels.register``), takes one
damped Gauss-Newton step of every frame's lattice and one preconditioned step of the picture. The
lattice is halved as the passes go on: 16, 8 and 4 pixels at half resolution, 4 at full, and 2 for
the layers that are still visibly wrong. ``engine.fit.freedom`` says how freely it may bend where.
The reference frame never moves: its place is the gauge, and keeps the canonical image a photograph.

The number of the pass and the pictures alone decide what it does, never the clock, so ``--steps``
repeats a ``--seconds`` run.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from engine.arrays import F32, F64
from engine.fields.lattice import LatticeDeformation
from engine.fit.budget import Budget
from engine.fit.canvas import canvas_of, extent_of, fill_holes, lay_mosaic
from engine.fit.freedom import bond_of, grain_of, noise_of, stiffness_of, without_trend
from engine.fit.plates import Plates, halved
from engine.fit.seeds import Seed
from engine.io.picture import Window
from engine.kernels import lattice as lattice_kernels
from engine.kernels import threads
from engine.kernels.register import register_pass
from engine.kernels.settle import settle
from engine.kernels.solve import coast, solve_lattices
from engine.kernels.temporal import neighbours_pull
from engine.progress import Task

#: Frames per kernel call: between calls the work can be cancelled.
CHUNK_PIXELS = 8_000_000
#: Pixels of a cell in which the light of a frame may differ from the canonical picture's.
SHADE = 16
#: Share of a cell that must be seen before its light is believed by half.
BELIEF = 0.1
#: Mean squared error per channel, beyond twice the noise, from which a layer earns its finest
#: lattice: 36 dB.
WRONG = 2.5e-4
#: Pixels between the points of the lattice that every layer gets; only wrong ones get a finer one.
FINE = 4
#: Weight up to which a canonical pixel was not seen in a pass.
GLIMPSE = np.float32(1e-3)
#: A wrong layer of at most this share of all pixels is visited twice in every pass: what moves in
#: front is the hardest and costs the least.
SMALL = 0.25
#: What a pass at full resolution costs, against one at half.
HALF_COST = 3.0
#: Passes from one look at what is not seen to the next: what the neighbouring frames say of hidden
#: places, and how the canonical picture goes on beyond what was shown.
PATIENCE = 3


@dataclass
class LayerState:
    """A layer while it is fitted, in pixels of the working resolution.

    Attributes:
        matrices: float64 [T, 3, 3].
        lattices: float32 [T, gy, gx, 2].
        home: The seed's lattices, where the fit stays when nothing pulls it away.
        shade: float32 [T, sy, sx, 3]: smooth difference of each frame's light from the picture's,
            encoded, per cell of ``SHADE`` full working pixels; the lattices do not see it.
        spacing: Pixels between control points.
        canvas: Where ``picture`` lies.
        picture: Encoded colours float32 [h, w, 3].
        speed: Momentum of ``picture``.
        weight: float32 [h, w]: how much was seen of each place in the last pass.
        say: float32 [T]: what each frame counts in ``picture``: blurred ones little.
        turn: Passes that moved the lattices.
        sums: What the threads of a pass add up for ``picture``, 0 between passes.
        step: The lattices' last step, none after a change of resolution.
        grain: Upper bound of the noise, see ``engine.fit.freedom.grain_of``.
        noise: Variance per channel of what fits, in the last pass, see ``noise_of``.
        excess: Mean squared error per channel beyond twice the noise, in the last pass.
    """

    matrices: F64
    lattices: F32
    home: F32
    shade: F32
    spacing: float
    canvas: Window
    picture: F32
    speed: F32
    weight: F32
    say: F32 = field(default_factory=lambda: np.zeros(0, np.float32))
    turn: int = 0
    sums: F32 = field(default_factory=lambda: np.zeros((0, 0, 0, 4), np.float32), repr=False)
    step: F32 = field(default_factory=lambda: np.zeros(0, np.float32))
    grain: float = 0.0
    noise: float = 0.0
    excess: float = 0.0

    def make_room(self) -> None:
        """Gives every thread its sums; they are kept, since fresh memory costs more than a pass."""
        import numba

        shape = (numba.get_num_threads(), *self.picture.shape[:2], 4)
        if self.sums.shape != shape:
            self.sums = np.zeros(shape, np.float32)

    def positions(self, plates: Plates, index: int) -> F32:
        """Canonical points of the pixel centres of a frame, [H, W, 2]."""
        with threads.guard():
            result: F32 = lattice_kernels.positions(
                self.matrices[index],
                0.0,
                0.0,
                self.lattices[index],
                *lattice_kernels.taps(plates.height, self.spacing),
                *lattice_kernels.taps(plates.width, self.spacing),
            )
        return result


@dataclass(frozen=True)
class Stage:
    """Passes of one kind.

    Attributes:
        passes: How many; the last stage has no end.
        half: At half resolution.
        spacing: Of the lattice, in pixels of the full working resolution.
    """

    passes: int
    half: bool
    spacing: float


def stages(recipe: dict[str, Any], plates: Plates) -> list[Stage]:
    """What the passes do, in order."""
    finest = float(recipe["finest_spacing"])
    half = min(plates.height, plates.width) >= 128
    spacings = [max(float(recipe["seed_spacing"]) / n, finest) for n in (1, 2, 4)]
    counts = [int(recipe[f"{name}_passes"]) for name in ("coarse", "medium", "fine")]
    result = [Stage(n, half, s) for n, s in zip(counts, spacings, strict=True)]
    result.append(Stage(int(recipe["full_passes"]), False, spacings[-1]))
    result.append(Stage(1_000_000, False, finest))
    return result


def start_layer(
    plates: Plates,
    layer: int,
    reference: int,
    seed: Seed,
    say: F32 | None = None,
    grain: float | None = None,
) -> LayerState:
    """The canonical picture as the seed lays it: real frames, from the reference outward.

    Args:
        plates: The frames.
        layer: Index of the layer.
        reference: Index of the reference frame.
        seed: Where the layer starts.
        say: What each frame counts in the picture, [T]; None: all the same.
        grain: See ``LayerState.grain``; None: read from the frames.
    """
    empty = np.zeros((0, 0, 3), np.float32)
    state = LayerState(
        seed.matrices,
        seed.lattices,
        seed.lattices.copy(),
        np.zeros(
            (plates.count, -(-plates.height // SHADE), -(-plates.width // SHADE), 3), np.float32
        ),
        float(seed.spacing),
        Window.of_size(0, 0),
        empty,
        empty,
        np.zeros((0, 0), np.float32),
        say=np.ones(plates.count, np.float32) if say is None else say,
        grain=grain_of(plates) if grain is None else grain,
    )
    lay(state, plates, layer, reference)
    return state


def lay(state: LayerState, plates: Plates, layer: int, reference: int) -> None:
    """Lays the canonical picture anew from the frames as they are placed now."""
    order = sorted(range(plates.count), key=lambda t: (abs(t - reference), t))
    whole = Window.of_size(plates.width, plates.height)
    deformation = LatticeDeformation(state.matrices, state.lattices, state.spacing, whole)
    with threads.guard():
        extents = [
            extent_of(lambda *part, t=t: deformation.positions(t, part), plates.weights[layer, t])
            for t in order
        ]
    state.canvas = canvas_of((box for box in extents if box is not None), plates)
    state.picture, state.weight = lay_mosaic(
        plates, layer, ((t, state.positions(plates, t)) for t in order), state.canvas
    )
    state.speed = np.zeros_like(state.picture)


def refine(
    plates: Plates,
    states: list[LayerState],
    reference: int,
    recipe: dict[str, Any],
    budget: Budget,
    reserve: Callable[[float], float],
    task: Task,
    first_pass: int = 0,
    after_pass: Callable[[int, bool], None] | None = None,
) -> dict[str, Any]:
    """Runs passes until the budget is spent.

    Args:
        plates: The frames.
        states: The layers, changed in place.
        reference: Index of the frame that does not move.
        recipe: The recipe's numbers.
        budget: Time and passes.
        reserve: Seconds of one full-resolution pass to the seconds that finishing takes.
        task: Progress and cancel.
        first_pass: Number of the first pass (after a checkpoint).
        after_pass: Called with the number of passes done and whether the layers are at half
            resolution (checkpoints, previews).

    Returns:
        ``{"steps", "psnr_curve"}``.
    """
    plan = stages(recipe, plates)
    small: Plates | None = None
    curve: list[tuple[float, float]] = []
    step, cost = first_pass, 0.0
    at_half = False
    pixels = np.count_nonzero(plates.weights, axis=(1, 2, 3))
    small_layers = np.flatnonzero(pixels <= SMALL * pixels.sum()).tolist()
    known: tuple[bool, list[float]] | None = None
    while True:
        stage = _stage_of(plan, step)
        if not budget.allows(step, cost, reserve(cost)):
            break
        if stage.half and small is None:
            small = halved(plates)
        if stage.half != at_half:
            for k, state in enumerate(states):
                _rescale(state, 0.5 if stage.half else 2.0)
                lay(state, small if stage.half and small else plates, k, reference)
            at_half = stage.half
        if not at_half:
            small = None
        level = small if at_half and small is not None else plates
        for state in states:
            spacing = stage.spacing if state.excess > WRONG else max(stage.spacing, FINE)
            while state.spacing * (2 if at_half else 1) > spacing:
                size = (level.height, level.width, state.spacing)
                state.lattices = lattice_kernels.subdivide(state.lattices, *size)
                state.home = lattice_kernels.subdivide(state.home, *size)
                state.spacing /= 2
        began = time.monotonic()
        error = one_pass(level, states, reference, recipe, task)
        again = [k for k in small_layers if states[k].excess > WRONG]
        one_pass(level, states, reference, recipe, task, layers=again)
        spent = time.monotonic() - began
        # The very first pass also loads what is compiled and tells nothing. Other programs only
        # ever add time, so a pass costs no more than the one before, or half as much again when it
        # works on finer points or larger pictures: the first of a kind also makes their room.
        kind = (at_half, [state.spacing for state in states])
        spent *= HALF_COST if at_half else 1.0
        if step > first_pass:
            cost = min(spent, cost * (1.2 if kind == known else 1.6)) if cost > 0 else spent
            known = kind
        psnr = -10 * np.log10(max(error, 1e-10))
        curve.append((round(budget.elapsed, 2), round(float(psnr), 3)))
        step += 1
        task.report(budget.fraction(step, reserve(cost)), "fit", step=step, psnr=float(psnr))
        if after_pass is not None:
            after_pass(step, at_half)
    if at_half:
        for k, state in enumerate(states):
            _rescale(state, 2.0)
            lay(state, plates, k, reference)
    return {"steps": step, "psnr_curve": curve}


def _stage_of(plan: list[Stage], step: int) -> Stage:
    for stage in plan:
        if step < stage.passes:
            return stage
        step -= stage.passes
    return plan[-1]


def _rescale(state: LayerState, factor: float) -> None:
    """Moves a layer to pixels of ``factor`` times the size."""
    size = np.diag([factor, factor, 1.0])
    state.matrices = size @ state.matrices @ np.linalg.inv(size)
    state.lattices = (state.lattices * np.float32(factor)).astype(np.float32)
    state.home = (state.home * np.float32(factor)).astype(np.float32)
    state.spacing *= factor
    state.step = np.zeros(0, np.float32)


def one_pass(
    plates: Plates,
    states: list[LayerState],
    reference: int,
    recipe: dict[str, Any],
    task: Task,
    *,
    move: bool = True,
    paint: bool = True,
    robust: float | None = None,
    layers: Sequence[int] | None = None,
) -> float:
    """One pass over all layers, or some.

    Args:
        plates: The frames at the resolution of ``states``.
        states: The layers, changed in place.
        reference: Index of the frame that does not move.
        recipe: The recipe's numbers.
        task: Cancel.
        move: Step the lattices.
        paint: Step the canonical pictures.
        robust: Overrides the recipe's robust scale.
        layers: Indices of those that are visited; None: all.

    Returns:
        Mean squared encoded colour error before the step, over all visited pixels and channels.
    """
    loss: F64 = np.zeros(2)
    for k in range(len(states)) if layers is None else layers:
        state = states[k]
        _pass_layer(plates, k, state, reference, recipe, task, move, robust, loss)
        if not paint:
            state.sums[:] = 0
            continue
        state.weight = np.empty(state.picture.shape[:2], np.float32)
        with threads.guard():
            settle(
                state.sums,
                np.float32(recipe["momentum"]),
                GLIMPSE,
                state.picture,
                state.speed,
                state.weight,
            )
        if not move or state.turn % PATIENCE == 0:
            state.picture = fill_holes(state.picture, state.weight > GLIMPSE)
    return float(loss[0] / max(loss[1], 1) / 3)


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
    state: LayerState,
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
    grid = state.lattices.shape[1:3]
    size = max(1, int(CHUNK_PIXELS // (height * width)))
    scale = 1.0 if robust is None else 0.0
    robust = float(recipe["robust"]) * scale if robust is None else robust
    # Sums over cells shrink with the cell, so what must only just balance them does too; the
    # stiffness does not: a finer lattice may move only where the picture insists.
    relative = (state.spacing / float(recipe["seed_spacing"])) ** 2
    # The group in front is hidden by nothing but the frame; and hidden places are in no hurry.
    hides = layer > 0 and state.turn % PATIENCE == 0
    state.turn += int(move)
    pull = np.zeros_like(state.lattices)
    known = np.zeros(state.lattices.shape[:3], np.float32)
    bonded = move and (hides or bond_of(np.ones(1, np.float32), state.noise, recipe).any())
    if bonded:
        with threads.guard():
            neighbours_pull(
                state.lattices,
                state.matrices,
                np.linalg.inv(state.matrices),
                float(state.spacing),
                height,
                width,
                pull,
                known,
            )
    known[reference] = 0
    misfits = np.zeros(3)
    glide = np.float32(recipe["glide"])
    if state.step.shape != state.lattices.shape:
        state.step = np.zeros_like(state.lattices)
    for low in range(0, plates.count, size):
        task.check()
        part = slice(low, min(low + size, plates.count))
        batch = part.stop - part.start
        gradient = np.empty((batch, *grid, 2), np.float32)
        normal = np.empty((batch, *grid, 3), np.float32)
        errors = np.zeros((batch, 2))
        misfit = np.empty((batch, grid[0] - 3, grid[1] - 3, 2), np.float32)
        shade = state.shade[part]
        cell = SHADE if -(-height // SHADE) == shade.shape[1] else SHADE // 2
        tone = np.empty((*shade.shape[:3], 4), np.float32)
        frame_weight = state.say[part].copy() if len(state.say) else np.ones(batch, np.float32)
        if part.start <= reference < part.stop:
            frame_weight[reference - part.start] = recipe["reference_weight"]
        lattices = state.lattices[part]
        with threads.guard():
            register_pass(
                plates.codes[part],
                np.float32(plates.scale),
                np.float32(plates.offset),
                plates.weights[layer, part],
                plates.firm[layer, part],
                frame_weight,
                float(robust),
                state.matrices[part],
                lattices,
                rows,
                row_weights,
                columns,
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
            state.shade[part] = _lighter(shade, tone, cell)
            if move:
                noise = noise_of(misfit, state.grain)
                misfits += (*misfit.sum(axis=(0, 1, 2)), noise * batch)
                flat = np.float32(float(recipe["flat"]) * relative)
                if bonded:
                    trace = normal[..., 0] + normal[..., 2]
                    without_trend(pull[part], trace)
                    bond = bond_of(known[part], state.noise, recipe)
                    bond += float(recipe["hidden"]) * known[part] * (trace < flat)
                else:
                    bond = known[part]  # all 0: the neighbours were not asked
                before = lattices.copy()
                if part.start <= reference < part.stop:
                    gradient[reference - part.start] = 0
                solve_lattices(
                    lattices,
                    state.home[part],
                    gradient,
                    normal,
                    stiffness_of(misfit, noise, state.excess, recipe),
                    pull[part],
                    bond,
                    np.float32(float(recipe["hold"]) * relative),
                    flat,
                    np.float32(float(recipe["damping"]) * relative),
                    int(recipe["solver_rounds"]),
                    np.float32(recipe["step_limit"]),
                )
                # Settles them in half the passes; what no picture checks must not run away.
                coast(lattices, before, normal, flat, glide, state.step[part])
        loss += errors.sum(axis=0)
    if move:
        mean = misfits[0] / max(3 * misfits[1], 1.0)
        state.noise = float(misfits[2] / plates.count)
        state.excess = float(mean - 2 * state.noise)
