"""One layer followed from the reference frame outward, in one direction of time."""

from collections.abc import Callable

import numpy as np

from engine.arrays import F32, F64, Bool
from engine.fit.cells import FADED, STIFFNESS
from engine.fit.closest import cell_means, closest
from engine.fit.matching import Look, View
from engine.fit.motion import global_motion
from engine.fit.remembered import Remembered
from engine.flow.pair import FlowPair
from engine.kernels import lattice as lattice_kernels
from engine.kernels import threads

#: Presets of the flow between neighbours, there and back, and of the straight looks.
NEAR, FAR = ("patches", "sketch"), ("patches", "sketch")
#: Mean trust below which a group in front goes on from its neighbour by a similarity.
SURE = 0.5
#: Grey levels beyond which a difference says no more.
LIMIT = 64.0
#: A chained matrix is replaced only if this share of the layer is seen in the reference frame: the
#: last strip of a pan that both see may agree anywhere, and all frames beyond would jump with it.
PROOF = 0.25


class Chain:
    """One layer's chain from the reference frame outward, in one direction.

    Everything is in the small pixels of the layer's view.
    """

    def __init__(self, view: View, reference: int, flow: Callable[[int], FlowPair] | None) -> None:
        self.view, self.flow = view, flow
        self.target = self.last = view.look(reference)
        self.still = Remembered(view, self.target)
        self.previous = view.grid
        self.trust = np.ones(view.shape, np.float32)
        self.matrix = np.eye(3)
        #: The lattice of the frame that was reached last, and its matrix.
        self.control = np.zeros((*[n + 3 for n in view.cells], 2), np.float32)
        self._taps = tuple(
            tap[cells[0] * view.step : cells[1] * view.step]
            for size, cells in zip(view.cells, (view.rows, view.columns), strict=True)
            for tap in lattice_kernels.taps(size * view.step, view.step)
        )
        #: Sums of grey error and of pixels, for the chained flow and for the homography.
        self.costs = np.zeros((2, 2))

    def advance(self, index: int, neighbour: int) -> None:
        """Goes on from frame ``neighbour`` to frame ``index``."""
        view, before = self.view, self.last
        now = view.look(index)
        vectors, confidence = self._near(now, before, index, neighbour)
        landing = view.grid + vectors
        sure = confidence * now.weight * view.read(before.weight, landing)
        matrix = self.matrix @ self._motion(vectors, sure)
        matrix /= matrix[2, 2]
        chained = view.read(self.previous, landing)
        trust = sure * np.maximum(view.read(self.trust, landing), FADED)
        # Where the chain broke, the smooth model goes on in its place.
        model = self._smooth(chained, self._through(matrix), trust)
        keep = sure[..., None]
        chained = keep * chained + (1 - keep) * model
        straight, agreed = self._looked(now, model)
        keep = agreed[..., None]
        self.previous = np.asarray(keep * straight + (1 - keep) * chained, np.float32)
        self.trust = np.maximum(trust, agreed * self.still.read(self.still.trust, straight))
        self.still.add(now, self.previous, np.maximum(self.trust, FADED))
        if view.behind is not None and self._sure(now) < SURE:
            # What is sure of a group may be a part of a body, and what shears that throws the rest
            # off the group. From one frame to the next a similarity says nearly as much.
            step = self._motion(vectors, sure, simple=True)
            self.matrix, base, cost = self._tried(now, self.matrix @ step)
        else:
            self.matrix, base, cost = self._straightened(now, matrix)
        model = self._smooth(self.previous, base, self.trust)
        self.costs[0] += self._difference(now, model)
        self.costs[1] += cost
        self.last = now

    def _near(self, now: Look, before: Look, index: int, neighbour: int) -> tuple[F32, F32]:
        """Flow to the neighbour nearer to the reference frame, and how far to trust it."""
        if self.flow is None:
            return self.view.link(now.grey, before.grey, NEAR)
        pair = self.flow(index)
        if index > neighbour:
            vectors, confidence = pair.backward, pair.backward_confidence
        else:
            vectors, confidence = pair.forward, pair.forward_confidence
        if vectors is None:
            shape = self.view.shape
            return np.zeros((*shape, 2), np.float32), np.zeros(shape, np.float32)
        if confidence is None:
            confidence = np.ones(vectors.shape[:2], np.float32)
        there = self.view.reduced(vectors) * np.float32(self.view.scale)
        return there, self.view.reduced(confidence)

    def _motion(self, vectors: F32, weight: F32 | None = None, *, simple: bool = False) -> F64:
        """The matrix that explains most of a flow of the view's cut; see ``global_motion``."""
        weight = self.trust if weight is None else weight
        found, moved = global_motion(vectors, weight, simple=simple), np.eye(3)
        moved[:2, 2] = self.view.corner
        return np.asarray(moved @ found @ np.linalg.inv(moved), np.float64)

    def _straightened(self, now: Look, chained: F64) -> tuple[F64, F32, tuple[float, float]]:
        """The matrix of a frame, where it sends every pixel, and its ``_difference``.

        The chained matrices drift; the places do not, since every frame looked at the reference
        frame. So the matrix is taken from the places where the pictures then agree better.
        """
        total = float(now.weight.sum())
        matrix, base, old = self._tried(now, chained)
        fresh, moved, new = self._tried(now, self._motion(self.previous - self.view.grid))
        proven = min(old[1], new[1]) > PROOF * total and new[1] > 0.8 * old[1]
        if proven and new[0] * old[1] < old[0] * new[1]:
            return fresh, moved, new
        return matrix, base, old

    def _tried(self, now: Look, matrix: F64) -> tuple[F64, F32, tuple[float, float]]:
        """A matrix, where it sends every pixel, and its ``_difference``."""
        places = self._through(matrix)
        return matrix, places, self._difference(now, places)

    def _sure(self, now: Look) -> float:
        """Mean trust over the layer."""
        return float((self.trust * now.weight).sum() / max(float(now.weight.sum()), 1.0))

    def _smooth(self, places: F32, base: F32, trust: F32) -> F32:
        """Fits the lattice to places [h, w, 2] and returns what it says everywhere."""
        view = self.view
        self.control = closest(
            *cell_means(places - base, trust, view.cells, (view.rows, view.columns)), STIFFNESS
        )
        with threads.guard():
            smooth = lattice_kernels.evaluate(self.control, *self._taps)
        return np.asarray(base + smooth, np.float32)

    def _looked(self, now: Look, model: F32) -> tuple[F32, F32]:
        """Places after a look straight at what was seen first, and how far to trust each.

        The reference frame, and around it what it does not show, is laid over this one as the chain
        says; the flow that remains, where it holds forward and backward, takes the drift out of the
        chain.
        """
        view, still = self.view, self.still
        laid = still.read(still.grey, model)
        seen = np.asarray(now.weight * (still.read(still.seen, model, 0.0) > 0.5), np.float32)
        grey = now.grey
        if now.covered is not None or view.behind is None:
            # What passes in front in either picture is put into both: it must not pull.
            hidden = still.read(still.hidden, model, 1.0) > 0
            grey = grey if now.covered is None else np.where(now.covered, laid, grey)
            laid = np.where(hidden, grey, laid)
        there, sure = view.link(grey, laid, FAR)
        landing = view.grid + there
        agreed = sure * seen * view.read(seen, landing)
        return view.read(model, landing), np.asarray(agreed, np.float32)

    def _through(self, matrix: F64) -> F32:
        """Where a matrix sends every pixel centre, [h, w, 2]."""
        grid = self.view.grid
        flat = lattice_kernels.apply_matrix(matrix, grid.reshape(-1, 2).astype(np.float64))
        return flat.reshape(grid.shape).astype(np.float32)

    def _inside(self, places: F32) -> Bool:
        """Where places [h, w, 2] lie inside the picture, [h, w]."""
        x, y = places[..., 0] - self.view.corner[0], places[..., 1] - self.view.corner[1]
        height, width = self.view.shape
        return np.asarray((x > 0) & (y > 0) & (x < width) & (y < height), np.bool_)

    def _difference(self, now: Look, places: F32) -> tuple[float, float]:
        """Robust grey error of a frame read from the reference frame, and the pixels compared."""
        view, target = self.view, self.target
        seen = now.weight * self._inside(places) * (view.read(target.weight, places) > 0.5)
        gap = np.abs(view.read(target.grey, places).astype(np.float32) - now.grey)
        return float((np.minimum(gap, LIMIT) * seen).sum()), float(seen.sum())
