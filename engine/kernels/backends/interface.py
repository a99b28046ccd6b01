"""What a field and its fit need computed: a few operations on torch tensors.

Every implementation gives the same numbers up to rounding (``plain`` states them), is
differentiable where it says so, and allocates on the device of its inputs.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import torch

from engine.kernels.hashgrid_levels import HashGrid
from engine.kernels.mlp import Mlp

if TYPE_CHECKING:
    from engine.kernels.hashgrid_levels import Factors

#: Names of the operations, as fields of ``Kernels``.
OPERATIONS = ("encode", "network", "lattice", "sample", "adam", "register", "solve")


class Encode(Protocol):
    """Hash grid in two or three dimensions."""

    def __call__(
        self,
        points: torch.Tensor,
        table: torch.Tensor,
        grid: HashGrid,
        weights: "Factors | None" = None,
        *,
        raw: bool = False,
        padded_to: int = 0,
        accumulate: torch.Tensor | None = None,
    ) -> torch.Tensor:
        """Features [N, (d if raw) + 2 L, or padded_to] of points; see ``hashgrid.encode``.

        ``weights`` on the device of the points are read there, and nobody waits for them.
        """
        ...


class Network(Protocol):
    """A small network with ReLU between its layers."""

    def __call__(
        self, flat: torch.Tensor, rows: torch.Tensor, mlp: Mlp, *, half: bool = False
    ) -> torch.Tensor:
        """Outputs float32 [N, outputs] of padded inputs [N, padded(inputs)]; see ``Mlp``.

        ``half`` allows products of halves with sums in single precision; who has none ignores it.
        """
        ...


class Lattice(Protocol):
    """A uniform cubic B-spline lattice over a picture."""

    def __call__(
        self, control: torch.Tensor, height: int, width: int, spacing: float
    ) -> torch.Tensor:
        """Displacements [..., H, W, 2] of all pixel centres from control points [..., gy, gx, 2].

        Convention: see ``engine.kernels.lattice``. Differentiable in the control points.
        """
        ...


class Sample(Protocol):
    """A picture read bilinearly."""

    def __call__(
        self,
        picture: torch.Tensor,
        positions: torch.Tensor,
        *,
        origin: tuple[float, float] = (0.0, 0.0),
        scale: tuple[float, float] = (1.0, 1.0),
    ) -> torch.Tensor:
        """Values [..., C] of a premultiplied picture [h, w, C] at positions (x, y) [..., 2].

        Convention: see ``engine.kernels.sample``. Differentiable in both.
        """
        ...


class Adam(Protocol):
    """One step of Adam, in place."""

    def __call__(
        self,
        value: torch.Tensor,
        slope: torch.Tensor,
        mean: torch.Tensor,
        square: torch.Tensor,
        rates: torch.Tensor,
        beta1: float,
        beta2: float,
        epsilon: float,
    ) -> None:
        """Moves ``value`` by ``-pace * mean / (sqrt(square) * root + epsilon)``; zeroes ``slope``.

        All four are flat float32. The running means are brought up to date first. ``rates`` is
        float32 [2] on the same device: pace and root, which change from step to step.
        """
        ...


class Register(Protocol):
    """One visit of every pixel of a batch of frames, for ``seeded`` fits."""

    def __call__(
        self,
        gradient: torch.Tensor,
        normal: torch.Tensor,
        splat: torch.Tensor,
        tone: torch.Tensor,
        misfit: torch.Tensor,
        loss: torch.Tensor,
        codes: torch.Tensor,
        weights: torch.Tensor,
        firm: torch.Tensor,
        say: torch.Tensor,
        matrices: torch.Tensor,
        lattices: torch.Tensor,
        canonical: torch.Tensor,
        shade: torch.Tensor,
        spacing: float,
        cell: int,
        scale: float,
        offset: float,
        origin: tuple[float, float],
        robust: float,
    ) -> None:
        """Writes ``gradient`` to ``loss``, but adds to ``splat``.

        What each array is, and the convention, is said in ``engine.kernels.register``; here
        ``splat`` is one picture [h, w, 4], ``loss`` is float32, ``matrices``
        are float64, and ``origin`` is where on the canvas ``canonical`` begins.
        """
        ...


class Solve(Protocol):
    """A damped Gauss-Newton step of many lattices, in place, for ``seeded`` fits."""

    def __call__(
        self,
        lattices: torch.Tensor,
        home: torch.Tensor,
        gradient: torch.Tensor,
        normal: torch.Tensor,
        stiffness: torch.Tensor,
        pull: torch.Tensor,
        bond: torch.Tensor,
        hold: float,
        flat: float,
        damping: float,
        rounds: int,
        limit: float,
    ) -> None:
        """Moves ``lattices`` as ``engine.kernels.solve.solve_lattices`` does."""
        ...


@dataclass(frozen=True)
class Kernels:
    """The operations on one device.

    Attributes:
        encode: See ``Encode``.
        network: See ``Network``.
        lattice: See ``Lattice``.
        sample: See ``Sample``.
        adam: See ``Adam``.
        register: See ``Register``.
        solve: See ``Solve``.
        of: Operation to the name of the implementation that does it.
    """

    encode: Encode
    network: Network
    lattice: Lattice
    sample: Sample
    adam: Adam
    register: Register
    solve: Solve
    of: Mapping[str, str]
