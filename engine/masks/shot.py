"""A shot as the masks see it: small pictures, motion, the camera, and what does not follow it.

Everything is at most ``LONG`` pixels long, so the cost of a frame does not depend on the plate's
size. Two cues come out of it, both levels for ``evidence``:

* ``motion``: how far the flow of a pixel departs from the camera's.
* ``backdrop``: how far a pixel differs from what other frames, laid over it as the camera moved,
  show at its place. Something that stands still in the shot shows itself there; an object that
  covers its background only for a while does not.

Convention: pixel indices, x right, y down, 0 is the centre of the first pixel; a flow [h, w, 2]
leads from this frame to another.
"""

from collections.abc import Callable, Sequence

import numpy as np

from engine.arrays import F32, F64, U8, AnyArray
from engine.fit.motion import global_motion
from engine.flow.confidence import confidence_of
from engine.flow.dis import dis_flow
from engine.masks.colours import lab8
from engine.masks.evidence import LEVELS, levels
from engine.progress import Task

#: Longest side of the small pictures.
LONG = 428
#: Frames away that the backdrop is looked up in, before and after.
AWAY = (4, 8, 14, 20)
#: Which of the differences counts, from the smallest on: what was covered elsewhere is left aside.
QUANTILE = 0.3
#: Difference that noise makes, and what a gradient adds to it (frames never fit exactly).
NOISE, GRADIENT = 6.0, 1.4


class Shot:
    """The small pictures of a clip and everything that is computed once per frame.

    Args:
        read: Position in ``frames`` to RGB codes uint8 [H, W, 3].
        count: How many frames.
        task: Progress and cancel.

    Attributes:
        size: (height, width) of the plate.
        shape: (height, width) of the small pictures.
        lab: Small pictures, uint8 [h, w, 3].
        motion, backdrop: Cues, uint8 [h, w]; filled by ``look``.
    """

    def __init__(self, read: Callable[[int], U8], count: int, task: Task) -> None:
        import cv2

        self.count = count
        self.size = self.shape = (0, 0)
        self.lab: list[U8] = []
        self._grey: list[U8] = []
        self._flows: dict[tuple[int, int], AnyArray] = {}
        self._sure: dict[tuple[int, int], U8] = {}
        for index in range(count):
            task.report(index / count, "reading frames")
            rgb = read(index)
            if index == 0:
                height, width = self.size = rgb.shape[:2]
                scale = min(1.0, LONG / max(height, width))
                self.shape = (max(round(height * scale), 8), max(round(width * scale), 8))
            small = cv2.resize(rgb, self.shape[::-1], interpolation=cv2.INTER_AREA)
            self.lab.append(lab8(small))
            self._grey.append(np.asarray(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY), np.uint8))
            if index:
                self._link(index - 1, index)
        self.grid = pixel_grid(*self.shape)
        self._cameras: list[F64] = [np.eye(3)] * max(count - 1, 0)
        self.motion: list[U8] = []
        self.backdrop: list[U8] = []

    @property
    def scale(self) -> tuple[float, float]:
        """Small pixels per plate pixel along x and y."""
        return self.shape[1] / self.size[1], self.shape[0] / self.size[0]

    def grey(self, index: int) -> U8:
        """Luma of a small picture."""
        return self._grey[index]

    def flow(self, index: int, other: int) -> F32:
        """Flow from a frame to one beside it."""
        return np.asarray(self._flows[index, other], np.float32)

    def sure(self, index: int, other: int) -> F32:
        """How far that flow is confirmed by the way back, 0 to 1."""
        return np.asarray(self._sure[index, other], np.float32) / np.float32(255)

    def look(self, key: int, behind: F32, task: Task) -> None:
        """Finds the camera and the cues.

        Args:
            key: Frame on which ``behind`` is known.
            behind: 1 where the background surely shows in that frame, [h, w].
            task: Progress and cancel.
        """
        away: AnyArray = behind
        for index in range(key, self.count - 1):
            task.report(0.2 * (index - key) / self.count, "camera")
            sure = self.sure(index, index + 1) * (away > 0.5)
            self._cameras[index] = global_motion(self.flow(index, index + 1), sure)
            away = read_at(away, self.grid + self.flow(index + 1, index))
        away = behind
        for index in range(key - 1, -1, -1):
            task.report(0.2 * (self.count - index) / self.count, "camera")
            away = read_at(away, self.grid + self.flow(index, index + 1))
            sure = self.sure(index, index + 1) * (away > 0.5)
            self._cameras[index] = global_motion(self.flow(index, index + 1), sure)
        self.motion, self.backdrop = [], []
        soft = _Soft(self.lab)
        for index in range(self.count):
            task.report(0.2 + 0.8 * index / self.count, "background")
            self.motion.append(self._motion(index))
            self.backdrop.append(self._backdrop(index, soft))

    def camera(self, index: int, other: int) -> F64:
        """Homography [3, 3] of the background from one frame to another."""
        matrix: AnyArray = np.eye(3)
        for step in range(min(index, other), max(index, other)):
            matrix = self._cameras[step] @ matrix
        if other < index:
            matrix = np.linalg.inv(matrix)
        return np.asarray(matrix / matrix[2, 2], np.float64)

    def through(self, matrix: F64) -> F32:
        """Where a homography sends every pixel, [h, w, 2]."""
        points = self.grid + 0.5
        flat = points.reshape(-1, 2) @ matrix[:2, :2].T + matrix[:2, 2]
        depth = points.reshape(-1, 2) @ matrix[2, :2] + matrix[2, 2]
        depth = np.where(np.abs(depth) < 1e-6, 1e-6, depth)
        return np.asarray((flat / depth[:, None]).reshape(points.shape) - 0.5, np.float32)

    def _link(self, first: int, second: int) -> None:
        there = dis_flow(self._grey[first], self._grey[second])
        back = dis_flow(self._grey[second], self._grey[first])
        for pair, flow, other in (
            ((first, second), there, back),
            ((second, first), back, there),
        ):
            self._flows[pair] = flow.astype(np.float16)
            self._sure[pair] = np.asarray(np.rint(confidence_of(flow, other) * 255), np.uint8)

    def _motion(self, index: int) -> U8:
        import cv2

        gaps: list[AnyArray] = []
        for step in (1, -1, 2, -2):
            other = index + step
            if not 0 <= other < self.count:
                continue
            flow = self.flow(index, index + step // abs(step))
            if abs(step) == 2:
                half = index + step // 2
                flow = flow + read_at(self.flow(half, other), self.grid + flow)
            gap = self.grid + flow - self.through(self.camera(index, other))
            gaps.append(np.hypot(gap[..., 0], gap[..., 1]) / abs(step))
        if not gaps:
            return np.full(self.shape, 255, np.uint8)
        # The largest may be an occlusion.
        kept: AnyArray = np.sort(np.stack(gaps), axis=0)[: max(len(gaps) - 1, 1)]
        mean = cv2.GaussianBlur(kept.mean(axis=0), (0, 0), 1.0)
        return levels(np.asarray(np.minimum(np.log2(1 + mean * 8) * 4, LEVELS - 1), np.float32))

    def _backdrop(self, index: int, soft: "_Soft") -> U8:
        import cv2

        here, edge = soft.of(index)
        gaps = []
        for step in AWAY:
            for other in (index + step, index - step):
                if not 0 <= other < self.count:
                    continue
                matrix = self.camera(index, other)
                if not 0.3 < np.linalg.det(matrix) < 3:
                    continue
                places = self.through(matrix)
                picture, gradient = soft.of(other)
                laid, blurred = read_at(picture, places), read_at(gradient, places)
                gap = np.abs(laid - here).sum(axis=2) / (
                    NOISE + GRADIENT * np.minimum(edge, blurred)
                )
                gap = cv2.GaussianBlur(gap, (0, 0), 1.2)
                gap[~inside(places, self.shape)] = np.inf
                gaps.append(gap)
        if not gaps:
            return np.full(self.shape, 255, np.uint8)
        stack = np.sort(np.stack(gaps), axis=0)
        known = np.isfinite(stack).sum(axis=0)
        rank = np.clip((known * QUANTILE).astype(np.intp), 0, len(stack) - 1)
        chosen = np.take_along_axis(stack, rank[None], axis=0)[0]
        chosen = np.where(known < 2, np.nan, np.minimum(np.log2(1 + chosen * 2) * 6, LEVELS - 1))
        return levels(np.asarray(chosen, np.float32))


class _Soft:
    """Softened pictures and their gradients, made when they are first asked for."""

    def __init__(self, lab: Sequence[U8]) -> None:
        self._lab = lab
        self._made: dict[int, tuple[F32, F32]] = {}

    def of(self, index: int) -> tuple[F32, F32]:
        import cv2

        if index not in self._made:
            soft = cv2.GaussianBlur(self._lab[index].astype(np.float32), (0, 0), 0.8)
            across = cv2.Sobel(soft, cv2.CV_32F, 1, 0, ksize=3)
            along = cv2.Sobel(soft, cv2.CV_32F, 0, 1, ksize=3)
            edge = (np.abs(across) + np.abs(along)).sum(axis=2) / 8
            # Frames are asked for in order, each up to AWAY apart.
            for old in [k for k in self._made if k < index - 2 * AWAY[-1]]:
                del self._made[old]
            self._made[index] = (np.asarray(soft, np.float32), np.asarray(edge, np.float32))
        return self._made[index]


def pixel_grid(height: int, width: int) -> F32:
    """Pixel indices (column, row), float32 [H, W, 2]."""
    grid = np.empty((height, width, 2), np.float32)
    grid[..., 0] = np.arange(width, dtype=np.float32)[None, :]
    grid[..., 1] = np.arange(height, dtype=np.float32)[:, None]
    return grid


def read_at(picture: AnyArray, places: F32) -> AnyArray:
    """A picture [H, W(, C)] read bilinearly at pixel indices [h, w, 2]; the border is repeated."""
    import cv2

    read: AnyArray = cv2.remap(
        picture, places, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    return read


def inside(places: F32, shape: tuple[int, int]) -> AnyArray:
    """Where pixel indices [h, w, 2] lie in a picture of a shape, bool [h, w]."""
    x, y = places[..., 0], places[..., 1]
    found: AnyArray = (x >= 0) & (y >= 0) & (x <= shape[1] - 1) & (y <= shape[0] - 1)
    return found
