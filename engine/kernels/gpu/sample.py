"""Reading a picture on an NVIDIA card, as one step of a torch graph."""

import torch
import triton

from engine.kernels.gpu import sample_kernels as kernels

#: Positions of one program.
POINTS = 256


class _Sample(torch.autograd.Function):
    @staticmethod
    def forward(ctx, picture, points, origin, scale):  # type: ignore[no-untyped-def]
        height, width, channels = picture.shape
        out = torch.empty((len(points), channels), dtype=torch.float32, device=picture.device)
        ctx.numbers = (len(points), height, width, *map(float, origin), *map(float, scale))
        ctx.sizes = {
            "CHANNELS": channels,
            "PADDED": triton.next_power_of_2(channels),
            "BLOCK": POINTS,
            "num_warps": 4,
        }
        if len(points):
            kernels.sample_forward[(triton.cdiv(len(points), POINTS),)](
                picture, points, out, *ctx.numbers, **ctx.sizes
            )
        ctx.save_for_backward(picture, points)
        return out

    @staticmethod
    def backward(ctx, slope):  # type: ignore[no-untyped-def]
        picture, points = ctx.saved_tensors
        wanted = ctx.needs_input_grad[:2]
        to_picture = torch.zeros_like(picture) if wanted[0] else None
        to_points = torch.zeros_like(points) if wanted[1] else None
        if len(points):
            kernels.sample_backward[(triton.cdiv(len(points), POINTS),)](
                picture,
                points,
                slope.contiguous(),
                # Something has to stand where nothing is written.
                picture if to_picture is None else to_picture,
                points if to_points is None else to_points,
                *ctx.numbers,
                PICTURE=wanted[0],
                POSITIONS=wanted[1],
                **ctx.sizes,
            )
        return to_picture, to_points, None, None


def sample(
    picture: torch.Tensor,
    positions: torch.Tensor,
    *,
    origin: tuple[float, float] = (0.0, 0.0),
    scale: tuple[float, float] = (1.0, 1.0),
) -> torch.Tensor:
    """As ``engine.kernels.backends.interface.Sample``."""
    points = positions.reshape(-1, 2).contiguous()
    read: torch.Tensor = _Sample.apply(  # type: ignore[no-untyped-call]
        picture.contiguous(), points, origin, scale
    )
    return read.view(*positions.shape[:-1], picture.shape[2])
