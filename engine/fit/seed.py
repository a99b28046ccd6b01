"""Where a layer of a seeded fit starts."""

from dataclasses import dataclass

from engine.arrays import F32, F64


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
