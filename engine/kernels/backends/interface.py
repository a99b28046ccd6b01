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
    from engine.kernels.device.pyramid import Pyramid
    from engine.kernels.hashgrid_levels import Factors

#: Names of the operations, as fields of ``Kernels``.
OPERATIONS = (
    "encode",
    "network",
    "lattice",
    "sample",
    "adam",
    "register",
    "solve",
    "place",
    "read",
    "merge",
)


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


class Place(Protocol):
    """Where the pixels of a frame lie on the still of a layer."""

    def __call__(
        self,
        matrix: torch.Tensor,
        lattice: torch.Tensor,
        spacing: float,
        part: tuple[int, int, int, int],
    ) -> torch.Tensor:
        """Canonical points [h, w, 2] of pixel centres: homography plus displacement.

        Args:
            matrix: float64 [3, 3], of pixels counted from the corner of the data window.
            lattice: float32 [gy, gx, 2]; convention as ``engine.kernels.lattice``.
            spacing: Pixels between its control points.
            part: First row, first column, rows and columns of the data window that are wanted.
        """
        ...


class Read(Protocol):
    """A still read as a frame sees it, without aliasing."""

    def __call__(
        self,
        pyramid: "Pyramid",
        positions: torch.Tensor,
        *,
        origin: tuple[float, float],
        scale: tuple[float, float],
        filter: str,
        footprint: bool,
        matte: bool,
    ) -> torch.Tensor:
        """Values [H, W, C] at the positions [H, W, 2] of a grid.

        What each argument is, is said in ``engine.kernels.sample.sample``; ``matte`` takes back
        what the lobes of a cubic add (``engine.kernels.blend.tame``), the last channel is alpha.
        """
        ...


class Merge(Protocol):
    """A change of one layer put into a frame, in place."""

    def __call__(
        self,
        result: torch.Tensor,
        covered: torch.Tensor,
        paint: torch.Tensor,
        below: torch.Tensor,
        plate: torch.Tensor,
        share: torch.Tensor | None,
        strength: torch.Tensor | None,
        gain: torch.Tensor | None,
        grade: torch.Tensor | None,
        *,
        kind: str,
        mix: float,
        lit: tuple[bool, bool],
    ) -> None:
        """Adds what the change makes of the frame; see ``engine.edit.kinds``.

        Args:
            result: In and out, [h, w, 3]: the plate before the first layer.
            covered: In and out, [h, w]: share of each pixel that is edited.
            paint: The change, premultiplied, [h, w, 4].
            below: What it was made on, premultiplied by how much of it is known, [h, w, 4].
            plate: [h, w, 3], finite.
            share: Visible share of the layer, [h, w]; None: all.
            strength: Factor on the change, [h, w]; None: 1.
            gain: Factors of light, [h, w, 3]; None: 1.
            grade: How surely it is a grade, [h, w]; None: it is paint.
            kind: One of ``engine.edit.finish.MERGES``.
            mix: How much of the change.
            lit: Whether the light falls on the paint, and on what is below.
        """
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
        place: See ``Place``.
        read: See ``Read``.
        merge: See ``Merge``.
        of: Operation to the name of the implementation that does it.
    """

    encode: Encode
    network: Network
    lattice: Lattice
    sample: Sample
    adam: Adam
    register: Register
    solve: Solve
    place: Place
    read: Read
    merge: Merge
    of: Mapping[str, str]
