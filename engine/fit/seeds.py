"""Where a fit starts: chained flow or a chain of homographies, whichever explains the group.

Starting from real correspondence is what makes the canonical image a picture from the first pass
on: the reference frame at identity, the others laid around it. A field that starts at zero instead
invents a smeared compromise and never leaves it.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from engine.arrays import F32, F64, U8, Bool
from engine.fit.motion import global_motion
from engine.fit.plates import Plates
from engine.flow.dis import dis_flow, link_flow
from engine.flow.pair import FlowPair
from engine.kernels import lattice as lattice_kernels
from engine.kernels import threads
from engine.kernels.register import solve_lattices
from engine.progress import Task

#: A homography is kept while its error is at most this many times the chained flow's: a chain
#: drifts, and where it broke the canonical image is torn.
PREFERENCE = 1.15
#: Share of a group that must be seen in the reference frame too before it is matched straight.
OVERLAP = 0.25
#: Preset of the flow of these straight looks: what remains is small.
LOOK = "fast"
#: Least trust that a pixel keeps after its chain broke, against one that is sure.
FADED = 0.05


@dataclass
class Seed:
    """Start of a layer at the working resolution.

    Attributes:
        matrices: float64 [T, 3, 3] frame to reference frame.
        lattices: float32 [T, gy, gx, 2].
        spacing: Pixels between control points.
        kind: ``flow`` or ``homography``: what explained the group better.
        errors: Mean colour error against the reference frame by kind, for the report.
    """

    matrices: F64
    lattices: F32
    spacing: int
    kind: str
    errors: dict[str, float]


class _Chain:
    """One layer's chain from the reference frame outward, in one direction."""

    def __init__(self, plates: Plates, layer: int, reference: int, seed: Seed) -> None:
        self.plates, self.layer, self.seed = plates, layer, seed
        self.grid = pixel_centres(plates.height, plates.width)
        self.target = plates.encoded(reference)
        self.target_grey = plates.grey(reference)
        self.inside = plates.weights[layer, reference]
        self.previous = self.grid
        self.trust = np.ones(self.inside.shape, np.float32)
        #: Sums of colour error and of pixels, for the chained flow and for the homography.
        self.costs = np.zeros((2, 2))

    def advance(self, index: int, neighbour: int, vectors: F32, confidence: F32) -> None:
        """Goes on from frame ``neighbour`` to frame ``index`` by the flow between them."""
        plates, grid = self.plates, self.grid
        weight = plates.weights[self.layer, index].astype(np.float32) / 255
        before = plates.weights[self.layer, neighbour].astype(np.float32) / 255
        landing = grid + vectors
        sure = confidence * weight * _read(before, landing)
        matrix = self.seed.matrices[neighbour] @ global_motion(vectors, sure)
        frame = plates.encoded(index)
        matrix = self._corrected(index, frame, matrix / matrix[2, 2], weight)
        self.seed.matrices[index] = matrix
        chained = _read(self.previous, landing)
        self.trust = sure * np.maximum(_read(self.trust, landing), FADED)
        base = self._through(matrix)
        # Where the chain broke, the smooth model goes on in its place.
        model = self._smooth(index, chained, base, self.trust)
        keep = sure[..., None]
        chained = keep * chained + (1 - keep) * model
        straight, agreed = self._looked(index, model, weight)
        keep = agreed[..., None]
        self.previous = keep * straight + (1 - keep) * chained
        self.trust = np.maximum(self.trust, agreed)
        model = self._smooth(index, self.previous, base, self.trust)
        for kind, places in ((0, model), (1, base)):
            self.costs[kind] += _difference(frame, self.target, places, weight, self.inside)

    def _smooth(self, index: int, places: F32, base: F32, trust: F32) -> F32:
        """Fits the frame's lattice to places [H, W, 2] and returns what it says everywhere."""
        height, width, spacing = self.plates.height, self.plates.width, self.seed.spacing
        control = fit_lattice(places - base, trust, spacing)
        self.seed.lattices[index] = control
        with threads.guard():
            smooth = lattice_kernels.evaluate(
                control,
                *lattice_kernels.taps(height, spacing),
                *lattice_kernels.taps(width, spacing),
            )
        return np.asarray(base + smooth, np.float32)

    def _looked(self, index: int, model: F32, weight: F32) -> tuple[F32, F32]:
        """Places after a look straight at the reference frame, and how far to trust each.

        The reference frame is laid over this one as the chain says; the flow that remains, where
        it holds forward and backward, takes the drift out of the chain.
        """
        laid = np.asarray(_read(self.target_grey, model), np.uint8)
        there, sure, _, _ = link_flow(self.plates.grey(index), laid, LOOK)
        seen = weight * (_read(self.inside, model) > 127) * _inside(model)
        landing = self.grid + there
        return _read(model, landing), np.asarray(sure * seen * _read(seen, landing), np.float32)

    def _through(self, matrix: F64) -> F32:
        """Where a matrix sends every pixel centre, [H, W, 2]."""
        flat = lattice_kernels.apply_matrix(matrix, self.grid.reshape(-1, 2).astype(np.float64))
        return flat.reshape(self.grid.shape).astype(np.float32)

    def _corrected(self, index: int, frame: F32, matrix: F64, weight: F32) -> F64:
        """The matrix after one look straight at the reference frame, which ends drift.

        The reference frame is laid over this one, and the flow that remains is explained by one
        more global motion; kept only if the pictures then agree better.
        """
        places = self._through(matrix)
        error, pixels = _difference(frame, self.target, places, weight, self.inside)
        if pixels < OVERLAP * float(weight.sum()) or pixels < 64:
            return matrix
        laid = _read(self.target_grey, places)
        remaining = dis_flow(self.plates.grey(index), np.asarray(laid, np.uint8), LOOK)
        seen = weight * (_read(self.inside, places) > 127)
        better = matrix @ global_motion(remaining, np.asarray(seen, np.float32))
        better /= better[2, 2]
        tried = _difference(frame, self.target, self._through(better), weight, self.inside)
        improved = tried[1] > 0.8 * pixels and tried[0] / max(tried[1], 1) < error / pixels
        return better if improved else matrix


def seed_layers(
    plates: Plates,
    reference: int,
    flow: Callable[[int], FlowPair],
    spacing: int,
    task: Task,
) -> list[Seed]:
    """Chains the flow of every layer from every frame to the reference frame.

    Args:
        plates: The frames and the layers' weights.
        reference: Index of the reference frame.
        flow: Index of a frame to its flow at the working resolution.
        spacing: Spacing of the lattices, in pixels.
        task: Progress and cancel.

    Returns:
        A seed for each layer.
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
    costs = np.zeros((layers, 2, 2))
    still = np.zeros((plates.height, plates.width, 2), np.float32)
    blind = np.zeros((plates.height, plates.width), np.float32)
    done = 0
    for step in (1, -1):
        chains = [_Chain(plates, k, reference, seeds[k]) for k in range(layers)]
        index = reference + step
        while 0 <= index < count:
            task.report(done / max(count - 1, 1), "matching")
            pair = flow(index)
            vectors = pair.backward if step > 0 else pair.forward
            confidence = pair.backward_confidence if step > 0 else pair.forward_confidence
            for chain in chains:
                task.check()
                chain.advance(
                    index,
                    index - step,
                    still if vectors is None else vectors,
                    blind if confidence is None or vectors is None else confidence,
                )
            index += step
            done += 1
        costs += np.stack([chain.costs for chain in chains])
    for k, seed in enumerate(seeds):
        choose(seed, costs[k])
    return seeds


def choose(seed: Seed, costs: F64) -> None:
    """Keeps the chained flow of a seed only if it earns its freedom.

    Args:
        seed: Changed in place.
        costs: [2, 2]: colour error and pixels, of the chained flow and of the homography.
    """
    means = costs[:, 0] / np.maximum(costs[:, 1], 1)
    seed.errors.update(flow=float(means[0]), homography=float(means[1]))
    # A homography that sees too little of the reference frame proves nothing.
    seen_enough = costs[1, 1] > 0.5 * costs[0, 1]
    if seen_enough and means[1] <= PREFERENCE * means[0]:
        seed.kind = "homography"
        seed.lattices[:] = 0


def pixel_centres(height: int, width: int) -> F32:
    """Points [H, W, 2] of the pixel centres, (x, y), at +0.5."""
    grid = np.empty((height, width, 2), np.float32)
    grid[..., 0] = np.arange(width, dtype=np.float32)[None, :] + 0.5
    grid[..., 1] = np.arange(height, dtype=np.float32)[:, None] + 0.5
    return grid


def fit_lattice(displacement: F32, weight: F32, spacing: int, stiffness: float = 0.3) -> F32:
    """The smooth lattice closest to a displacement that is known in places.

    Works on weighted means over lattice cells: flow is not sharper than that.

    Args:
        displacement: [H, W, 2] in pixels.
        weight: [H, W], 0 where unknown.
        spacing: Whole pixels between control points.
        stiffness: Weight of the bending energy against one cell of full weight.

    Returns:
        Control points [gy, gx, 2].
    """
    import cv2

    height, width = weight.shape
    rows, columns = lattice_kernels.grid_shape(height, width, spacing)
    cells = (columns - 3, rows - 3)
    below, right = cells[1] * spacing - height, cells[0] * spacing - width

    def cell_means(values: F32) -> F32:
        whole = cv2.copyMakeBorder(values, 0, below, 0, right, cv2.BORDER_CONSTANT)
        return np.asarray(cv2.resize(whole, cells, interpolation=cv2.INTER_AREA), np.float32)

    mass = cell_means(weight).reshape(cells[::-1])
    mean = cell_means(displacement * weight[..., None]).reshape(*cells[::-1], 2)
    mean = np.asarray(mean / np.maximum(mass, 1e-8)[..., None], np.float32)
    basis = np.array([1, 23, 23, 1], np.float32) / 48
    down = np.zeros((rows - 3, rows), np.float32)
    across = np.zeros((columns - 3, columns), np.float32)
    for k in range(4):
        down[np.arange(rows - 3), np.arange(rows - 3) + k] = basis[k]
        across[np.arange(columns - 3), np.arange(columns - 3) + k] = basis[k]
    normal = np.zeros((1, rows, columns, 3), np.float32)
    normal[0, ..., 0] = normal[0, ..., 2] = down.T @ mass @ across
    control = np.zeros((1, rows, columns, 2), np.float32)
    # Start at the overall mean so that empty regions do not pull towards zero.
    total = max(float(mass.sum()), 1e-6)
    control[:] = (mean * mass[..., None]).sum(axis=(0, 1)) / total
    for _ in range(4):
        gradient = np.empty_like(control)
        for c in range(2):
            missing = mean[..., c] - down @ control[0, ..., c] @ across.T
            gradient[0, ..., c] = down.T @ (missing * mass) @ across
        with threads.guard():
            solve_lattices(control, control, gradient, normal, stiffness, 0.0, 1e-6, 1e-6, 25, 1e9)
    return np.asarray(control[0], np.float32)


def _read(picture: F32 | U8, places: F32) -> F32:
    """Bilinear reading [H, W(, C)] at places [H, W, 2] with pixel centres at +0.5."""
    import cv2

    read: F32 = cv2.remap(
        picture,
        places[..., 0] - np.float32(0.5),
        places[..., 1] - np.float32(0.5),
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return read


def _inside(places: F32) -> Bool:
    """Where places [H, W, 2] lie inside the frame, [H, W]."""
    height, width = places.shape[:2]
    x, y = places[..., 0], places[..., 1]
    return np.asarray((x > 0) & (y > 0) & (x < width) & (y < height), np.bool_)


def _difference(
    frame: F32, target: F32, places: F32, weight: F32, inside: U8
) -> tuple[float, float]:
    """Robust colour error of a frame read from the reference frame, and the pixels compared."""
    seen = weight * _inside(places) * (_read(inside, places) > 127)
    gap = np.abs(_read(target, places) - frame)
    error = gap[..., 0] + gap[..., 1] + gap[..., 2]
    return float((np.minimum(error, 0.5) * seen).sum()), float(seen.sum())
