"""Where pixels lie on a still and what they read there, on an NVIDIA card."""

import torch
import triton

from engine.kernels.device.pyramid import Pyramid
from engine.kernels.footprint import FAR
from engine.kernels.gpu import read_kernels as kernels

#: Pixels of one program that places points, and of one that reads.
TILE, BLOCK = (4, 64), 128


def place(
    matrix: torch.Tensor,
    lattice: torch.Tensor,
    spacing: float,
    part: tuple[int, int, int, int],
) -> torch.Tensor:
    """As ``engine.kernels.backends.interface.Place``."""
    top, left, height, width = part
    out = torch.empty((height, width, 2), dtype=torch.float32, device=lattice.device)
    if out.numel():
        kernels.place_points[(triton.cdiv(width, TILE[1]), triton.cdiv(height, TILE[0]))](
            matrix.contiguous(),
            lattice.contiguous(),
            out,
            top,
            left,
            height,
            width,
            lattice.shape[1],
            float(spacing),
            BLOCK_Y=TILE[0],
            BLOCK_X=TILE[1],
            num_warps=4,
        )
    return out


def read(
    pyramid: Pyramid,
    positions: torch.Tensor,
    *,
    origin: tuple[float, float],
    scale: tuple[float, float],
    filter: str,
    footprint: bool,
    matte: bool,
) -> torch.Tensor:
    """As ``engine.kernels.backends.interface.Read``."""
    rows, columns = positions.shape[:2]
    channels = pyramid.flat.shape[1]
    out = torch.empty((rows, columns, channels), dtype=torch.float32, device=positions.device)
    if out.numel():
        kernels.read_footprints[(triton.cdiv(rows * columns, BLOCK),)](
            pyramid.flat,
            pyramid.table,
            positions.contiguous(),
            out,
            rows,
            columns,
            *pyramid.sizes[0],
            len(pyramid.sizes),
            float(FAR * 2 ** (len(pyramid.sizes) - 1)),
            *map(float, origin),
            *map(float, scale),
            CUBIC=filter == "cubic",
            FOOTPRINT=footprint,
            MATTE=matte,
            CHANNELS=channels,
            PADDED=triton.next_power_of_2(channels),
            BLOCK=BLOCK,
            num_warps=4,
        )
    return out
