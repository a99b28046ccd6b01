"""Where a fit starts: chained flow or a chain of homographies, whichever explains the group.

Starting from real correspondence is what makes the canonical image a picture from the first pass
on: the reference frame at identity, the others laid around it. A field that starts at zero instead
invents a smeared compromise and never leaves it.
"""

import threading
from collections.abc import Callable
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait

import numpy as np

from engine.arrays import F64
from engine.fit.chain import Chain
from engine.fit.freedom import CORRELATED, grain_of
from engine.fit.matching import Matcher, View, pixel_centres
from engine.fit.plates import Plates
from engine.fit.seed import Seed
from engine.flow.pair import FlowPair
from engine.kernels import lattice as lattice_kernels
from engine.progress import Task

__all__ = ["Seed", "choose", "pixel_centres", "seed_layers"]

#: A homography is kept while its error is at most this many times the chained flow's: a chain
#: drifts, and where it broke the canonical image is torn.
PREFERENCE = 1.15
#: Mean difference of two grey pictures in grey levels, per standard deviation of encoded grain that
#: is not the same in the three channels.
GRAINY = 255 * 0.67 * 1.13
#: Chains that are worked on at once.
WORKERS = 2


def seed_layers(
    plates: Plates,
    reference: int,
    flow: Callable[[int], FlowPair] | None,
    spacing: int,
    task: Task,
    link: Matcher | None = None,
) -> list[Seed]:
    """Chains the flow of every layer from every frame to the reference frame.

    Args:
        plates: The frames and the layers' weights.
        reference: Index of the reference frame.
        flow: Index of a frame to its flow at the working resolution; None: each layer is matched
            on its own small pictures, which is faster and better.
        spacing: Spacing of the lattices, in pixels.
        task: Progress and cancel.
        link: What matches small pictures; see ``View``.

    Returns:
        A seed for each layer.

    Raises:
        Cancelled: The person stopped the work.
    """
    count, layers = plates.count, len(plates.weights)
    shape = lattice_kernels.grid_shape(plates.height, plates.width, spacing)
    seeds = [
        Seed(
            np.tile(np.eye(3), (count, 1, 1)),
            np.zeros((count, *shape, 2), np.float32),
            spacing,
            "flow",
            {},
        )
        for _ in range(layers)
    ]
    views = [View(plates, k, spacing, link) for k in range(layers)]
    counting = threading.Lock()
    done = 0

    def follow(layer: int, step: int) -> F64:
        """One chain to its end; returns its costs."""
        nonlocal done
        view, seed = views[layer], seeds[layer]
        chain = Chain(view, reference, flow)
        size = np.diag([view.scale, view.scale, 1.0])
        for index in range(reference + step, count if step > 0 else -1, step):
            task.check()
            chain.advance(index, index - step)
            matrix = np.linalg.inv(size) @ chain.matrix @ size
            seed.matrices[index] = matrix / matrix[2, 2]
            seed.lattices[index] = chain.control / np.float32(view.scale)
            with counting:
                done += 1
                task.report(done / max((count - 1) * layers, 1), "matching")
        return chain.costs

    # The chains do not know of each other, so their order changes nothing.
    with ThreadPoolExecutor(WORKERS, "matching") as pool:
        jobs = [(k, pool.submit(follow, k, step)) for k in range(layers) for step in (1, -1)]
        wait([job for _, job in jobs], return_when=FIRST_EXCEPTION)
        for _, job in jobs:
            job.cancel()
    costs = np.zeros((layers, 2, 2))
    floor = GRAINY * float(np.sqrt(grain_of(plates) / CORRELATED))
    for k, job in jobs:
        costs[k] += job.result()
    for k, seed in enumerate(seeds):
        choose(seed, costs[k], floor * views[k].scale)
    return seeds


def choose(seed: Seed, costs: F64, floor: float = 0.0) -> None:
    """Keeps the chained flow of a seed only if it earns its freedom.

    Args:
        seed: Changed in place.
        costs: [2, 2]: error and pixels, of the chained flow and of the homography.
        floor: Error that grain alone makes: neither is to blame for it.
    """
    means = costs[:, 0] / np.maximum(costs[:, 1], 1)
    seed.errors.update(flow=float(means[0]), homography=float(means[1]))
    # A homography that sees too little of the reference frame proves nothing.
    seen_enough = costs[1, 1] > 0.5 * costs[0, 1]
    floor = min(floor, 0.8 * float(means[0]))
    if seen_enough and means[1] - floor <= PREFERENCE * (means[0] - floor):
        seed.kind = "homography"
        seed.lattices[:] = 0
