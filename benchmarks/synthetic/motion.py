"""Motion with a formula: from a frame to the texture that it shows, and back.

``u = v + s_t(v)`` with ``v = M_t x``: a homography, then a cubic B-spline displacement on a lattice
in the texture. Both are smooth functions of real time, so that motion blur can look between frames.
Nothing of ``engine`` is used here: what is measured must not measure itself.

Convention: ``x`` in pixels of the frame, origin top left, y down, pixel centres at +0.5; ``u`` in
the same unit in the texture, where (0, 0) is the middle.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numba
import numpy as np
from numpy.typing import NDArray

F64 = NDArray[np.float64]
F32 = NDArray[np.float32]

_ROUNDS = 60
_CLOSE = 1e-9


@dataclass(frozen=True)
class Ripple:
    """A B-spline displacement that swings: ``sum_m sin(2 pi (t / period_m + phase_m)) C_m``.

    Attributes:
        modes: Control points of each mode, [M, gy, gx, 2] in pixels.
        periods: Frames per swing of each mode, [M].
        phases: Share of a swing at t = 0, [M].
        origin: Texture point of control point (1, 1); the lattice reaches one point further out.
        spacing: Pixels between control points.
    """

    modes: F64
    periods: F64
    phases: F64
    origin: tuple[float, float]
    spacing: float

    @classmethod
    def random(
        cls,
        extent: tuple[float, float],
        amplitude: float,
        spacing: float,
        period: float,
        seed: int,
    ) -> "Ripple":
        """Independent modes of about ``amplitude`` pixels in all, over +- extent."""
        rng = np.random.default_rng(seed)
        count = 3
        columns = int(np.ceil(2 * extent[0] / spacing)) + 3
        rows = int(np.ceil(2 * extent[1] / spacing)) + 3
        modes = rng.uniform(-1, 1, (count, rows, columns, 2)) * amplitude
        periods = period * rng.uniform(0.8, 1.6, count)
        return cls(modes, periods, rng.random(count), (-extent[0], -extent[1]), spacing)

    def control(self, time: float) -> F64:
        """Control points at a time, [gy, gx, 2]."""
        swing = np.sin(2 * np.pi * (time / self.periods + self.phases))
        return np.asarray(np.einsum("m,mrcd->rcd", swing, self.modes), np.float64)


@dataclass(frozen=True)
class Motion:
    """From frame to texture at any time.

    Attributes:
        matrix: Time to the homography, [3, 3].
        ripple: The displacement that follows it.
    """

    matrix: Callable[[float], F64]
    ripple: Ripple

    def to_texture(self, time: float, points: F64) -> F64:
        """Texture points of frame points [N, 2]."""
        ripple = self.ripple
        return np.asarray(
            _places(
                np.ascontiguousarray(points, np.float64),
                self.matrix(time),
                ripple.control(time),
                *ripple.origin,
                ripple.spacing,
            )
        )

    def to_frame(self, time: float, texture: F64) -> F64:
        """Frame points of texture points [N, 2], to a billionth of a pixel.

        Solves ``v = u - s(v)`` by repetition, which closes in since the displacement is gentle.

        Raises:
            ArithmeticError: The displacement folds, so that there is no one answer.
        """
        ripple, still = self.ripple, np.eye(3)
        wanted = np.asarray(texture, np.float64)
        flat = wanted.copy()
        for _ in range(_ROUNDS):
            landed = _places(flat, still, ripple.control(time), *ripple.origin, ripple.spacing)
            gap = landed - wanted
            flat = flat - gap
            if not len(gap) or np.abs(gap).max() < _CLOSE:
                break
        else:
            raise ArithmeticError(f"the synthetic motion folds at time {time}")
        back = np.linalg.inv(self.matrix(time))
        tall = np.concatenate([flat, np.ones((len(flat), 1))], axis=1) @ back.T
        return np.asarray(tall[:, :2] / tall[:, 2:], np.float64)


def lattice_of_pixels(width: int, height: int, fine: int) -> F64:
    """Centres of ``fine`` x ``fine`` samples per pixel, [height * fine * width * fine, 2]."""
    x = (np.arange(width * fine) + 0.5) / fine
    y = (np.arange(height * fine) + 0.5) / fine
    return np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)


@numba.njit(parallel=True, cache=True)
def _places(
    points: F64, matrix: F64, control: F64, left: float, top: float, spacing: float
) -> F64:  # pragma: no cover - compiled
    result = np.empty_like(points)
    rows, columns = control.shape[0], control.shape[1]
    for n in numba.prange(points.shape[0]):
        x, y = points[n, 0], points[n, 1]
        w = matrix[2, 0] * x + matrix[2, 1] * y + matrix[2, 2]
        u = (matrix[0, 0] * x + matrix[0, 1] * y + matrix[0, 2]) / w
        v = (matrix[1, 0] * x + matrix[1, 1] * y + matrix[1, 2]) / w
        # Held outside the lattice, so that the motion has no end.
        a = min(max((u - left) / spacing, 0.0), columns - 3.0)
        b = min(max((v - top) / spacing, 0.0), rows - 3.0)
        j, i = min(int(a), columns - 4), min(int(b), rows - 4)
        p, q = a - j, b - i
        along = (
            (1 - p) ** 3 / 6,
            (3 * p**3 - 6 * p**2 + 4) / 6,
            (-3 * p**3 + 3 * p**2 + 3 * p + 1) / 6,
            p**3 / 6,
        )
        down = (
            (1 - q) ** 3 / 6,
            (3 * q**3 - 6 * q**2 + 4) / 6,
            (-3 * q**3 + 3 * q**2 + 3 * q + 1) / 6,
            q**3 / 6,
        )
        du = dv = 0.0
        for r in range(4):
            for c in range(4):
                weight = down[r] * along[c]
                du += weight * control[i + r, j + c, 0]
                dv += weight * control[i + r, j + c, 1]
        result[n, 0] = u + du
        result[n, 1] = v + dv
    return result
