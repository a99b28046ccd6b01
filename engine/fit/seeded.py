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

from engine.arrays import F32, F64, AnyArray
from engine.fit.beside import say_of
from engine.fit.budget import Budget
from engine.fit.freedom import grain_of
from engine.fit.parts import boxes_of
from engine.fit.passes import SHADE as SHADE
from engine.fit.passes import Passes, host_passes, shade_cell
from engine.fit.plates import Plates
from engine.fit.seed import Seed
from engine.io.picture import Window
from engine.progress import Task

#: Mean squared error per channel, beyond twice the noise, from which a layer earns its finest
#: lattice: 36 dB.
WRONG = 2.5e-4
#: Pixels between the points of the lattice that every layer gets; only wrong ones get a finer one.
FINE = 4
#: A wrong layer of at most this share of all pixels is visited twice in every pass: what moves in
#: front is the hardest and costs the least.
SMALL = 0.25
#: What a pass at full resolution costs, against one at half.
HALF_COST = 3.0


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
        boxes: Where it is in each frame, for frames of so many rows and columns.
        beside: What places count beside what is in front, for frames of so many rows and columns
            and the recipe's number.
        passes: Who visits its pixels.
        own: Numbers of the recipe that are other ones for this layer.
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
    boxes: tuple[tuple[int, int], AnyArray] | None = None
    beside: tuple[tuple[int, int, float], F32] | None = None
    passes: Passes = field(default_factory=host_passes, repr=False)
    own: dict[str, Any] = field(default_factory=dict)

    def make_room(self) -> None:
        """Gives every thread its sums; they are kept, since fresh memory costs more than a pass."""
        import numba

        shape = (numba.get_num_threads(), *self.picture.shape[:2], 4)
        if self.sums.shape != shape:
            self.sums = np.zeros(shape, np.float32)

    def where(self, plates: Plates, layer: int) -> AnyArray:
        """Where the layer is in each frame, see ``engine.fit.parts.boxes_of``; found once."""
        size = (plates.height, plates.width)
        if self.boxes is None or self.boxes[0] != size:
            self.boxes = size, boxes_of(plates.weights[layer])
        return self.boxes[1]

    def says(self, plates: Plates, layer: int, reference: int, recipe: dict[str, Any]) -> F32:
        """What each cell of light of each frame counts in the picture, [T, sy, sx]."""
        key = plates.height, plates.width, float(recipe["beside"])
        if self.beside is None or self.beside[0] != key:
            down, across = self.shade.shape[1:3]
            cell = shade_cell(plates.height, down)
            self.beside = key, say_of(plates, layer, cell, (down, across), key[2])
        say = self.say.copy() if len(self.say) else np.ones(plates.count, np.float32)
        say[reference] = recipe["reference_weight"]
        return np.asarray(self.beside[1] * say[:, None, None], np.float32)

    def positions(self, plates: Plates, index: int) -> F32:
        """Canonical points of the pixel centres of a frame, [H, W, 2]."""
        from engine.kernels import lattice as lattice_kernels
        from engine.kernels import threads

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
    passes: Passes | None = None,
) -> LayerState:
    """The canonical picture as the seed lays it: real frames, from the reference outward.

    Args:
        plates: The frames.
        layer: Index of the layer.
        reference: Index of the reference frame.
        seed: Where the layer starts.
        say: What each frame counts in the picture, [T]; None: all the same.
        grain: See ``LayerState.grain``; None: read from the frames.
        passes: Who is to visit its pixels; None: the processor.
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
        passes=passes or host_passes(),
    )
    state = state.passes.adopt(state)
    lay(state, plates, layer, reference)
    return state


def lay(state: LayerState, plates: Plates, layer: int, reference: int) -> None:
    """Lays the canonical picture anew from the frames as they are placed now."""
    state.passes.lay(state, plates, layer, reference)


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
            small = states[0].passes.halved(plates)
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
            spacing = max(spacing, float(state.own.get("finest_spacing", 0)))
            while state.spacing * (2 if at_half else 1) > spacing:
                state.passes.subdivide(state, level)
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
        own = {**recipe, **state.own} if state.own else recipe
        loss += state.passes.visit(
            plates, k, state, reference, own, task, move=move, paint=paint, robust=robust
        )
    return float(loss[0] / max(loss[1], 1) / 3)
