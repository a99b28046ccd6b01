"""The registration pass in plain torch: what ``engine.kernels.register`` must agree with."""

import torch

from engine.kernels.lattice_reference import positions


def squared_error(
    frame: torch.Tensor,
    share: torch.Tensor,
    matrix: torch.Tensor,
    lattice: torch.Tensor,
    spacing: float,
    canonical: torch.Tensor,
    origin: tuple[float, float],
) -> torch.Tensor:
    """Sum over pixels and channels of share * (frame - canonical read there)^2, differentiable.

    Minus half its gradient with respect to ``lattice`` is what the kernel gives as ``gradient``
    (without the robust weight); with respect to ``canonical`` it is the colour part of ``splat``.

    Args:
        frame: Encoded colours [H, W, 3].
        share: [H, W], 0 to 1.
        matrix: [3, 3].
        lattice: [gy, gx, 2].
        spacing: Pixels between control points.
        canonical: [h, w, 3].
        origin: Canvas (x, y) of the canonical array's corner.
    """
    height, width = share.shape
    places = positions(matrix, lattice, height, width, spacing)
    seen, inside = read(canonical, places, origin)
    error = ((frame - seen) ** 2).sum(dim=-1)
    return (error * share * inside).sum()


def read(
    canonical: torch.Tensor, places: torch.Tensor, origin: tuple[float, float]
) -> tuple[torch.Tensor, torch.Tensor]:
    """Bilinear reading [H, W, 3] at canvas points [H, W, 2], and where all four taps exist."""
    h, w = canonical.shape[:2]
    u = places[..., 0] - origin[0] - 0.5
    v = places[..., 1] - origin[1] - 0.5
    inside = (u >= 0) & (v >= 0) & (u < w - 1) & (v < h - 1)
    iu = u.detach().floor().clamp(0, w - 2).long()
    iv = v.detach().floor().clamp(0, h - 2).long()
    fu, fv = (u - iu)[..., None], (v - iv)[..., None]
    top = canonical[iv, iu] * (1 - fu) + canonical[iv, iu + 1] * fu
    bottom = canonical[iv + 1, iu] * (1 - fu) + canonical[iv + 1, iu + 1] * fu
    return top * (1 - fv) + bottom * fv, inside
