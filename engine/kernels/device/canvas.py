"""The canonical picture as tensors: laid of frames, stepped after a pass, continued into holes."""

import torch
from torch.nn import functional


def lay_frame(
    colours: torch.Tensor,
    weights: torch.Tensor,
    positions: torch.Tensor,
    origin: tuple[float, float],
    size: tuple[int, int],
) -> torch.Tensor:
    """A frame spread bilinearly into a picture; see ``engine.kernels.mosaic.lay_frame``.

    Args:
        colours: float32 [H, W, C].
        weights: float32 [H, W], 0 = leave out.
        positions: float32 [H, W, 2], pixel centres at +0.5.
        origin: Canvas (x, y) of the picture's corner.
        size: Rows and columns of the picture.

    Returns:
        Sums of weight * colour and of weight, float32 [h, w, C + 1].
    """
    height, width = size
    u, v = positions[..., 0] - (origin[0] + 0.5), positions[..., 1] - (origin[1] + 0.5)
    near = (u > -1) & (v > -1) & (u < width) & (v < height)
    weights = torch.where(near, weights, 0)
    u, v = torch.where(near, u, 0), torch.where(near, v, 0)
    left, top = u.floor(), v.floor()
    fu, fv = u - left, v - top
    # A rim of one pixel takes what lies half outside, and all that lies outside with weight 0.
    wide = width + 2
    corner = ((top.long() + 1) * wide + left.long() + 1).view(-1)
    said = torch.cat([colours, torch.ones_like(colours[..., :1])], -1)
    said = (said * weights[..., None]).view(len(corner), -1)
    out = said.new_zeros((height + 2) * wide, said.shape[1])
    for dy in range(2):
        for dx in range(2):
            much = (fu if dx else 1 - fu) * (fv if dy else 1 - fv)
            out.index_add_(0, corner + (dy * wide + dx), said * much.view(-1, 1))
    return out.view(height + 2, wide, -1)[1:-1, 1:-1]


def keep_first(picture: torch.Tensor, laid: torch.Tensor, seen: float, whole: float) -> None:
    """Takes over from a frame what is not seen yet, in place; see ``engine.kernels.mosaic``.

    Args:
        picture: In and out, float32 [h, w, C].
        laid: float32 [h, w, C], the last channel is the weight.
        seen: Weight from which a place counts as seen.
        whole: Weight from which a frame's sample is taken for good.
    """
    weight, kept = laid[..., -1:], picture[..., -1:]
    good = (weight > whole) & (kept < seen)
    thin = (weight > seen) & (kept == 0) & ~good
    share = good + thin * (seen / 2)
    torch.where(good | thin, laid * share, picture, out=picture)


def settle(
    splat: torch.Tensor,
    momentum: float,
    least: float,
    picture: torch.Tensor,
    speed: torch.Tensor,
) -> torch.Tensor:
    """One preconditioned step with momentum, in place; see ``engine.kernels.settle``.

    Args:
        splat: float32 [h, w, 4]: sums of w r (3) and of w.
        momentum: Share of the last step that goes on.
        least: Weight up to which a place counts as unseen.
        picture: In and out, float32 [h, w, 3].
        speed: In and out, float32 [h, w, 3].

    Returns:
        The sum of w, [h, w].
    """
    weight = splat[..., 3]
    step = momentum * speed + splat[..., :3] / weight.clamp(min=least)[..., None]
    speed.copy_(torch.where(weight[..., None] > least, step, 0))
    picture += speed
    return weight.clone()


def fill_holes(colour: torch.Tensor, seen: torch.Tensor) -> torch.Tensor:
    """Smooth continuation of colours [h, w, C] into unseen places, as ``engine.fit.canvas``.

    The device is not asked whether there are any holes; without any, nothing changes.
    """
    weight = seen.float()
    if min(weight.shape) <= 2:
        mean = (colour * weight[..., None]).sum((0, 1)) / weight.sum().clamp(min=1)
        return torch.where(seen[..., None], colour, mean)
    shares = torch.cat([colour * weight[..., None], weight[..., None]], -1)
    small = _area(_area(shares, 0), 1)
    coarse = fill_holes(small[..., :-1] / small[..., -1:].clamp(min=1e-6), small[..., -1] > 0)
    wide = functional.interpolate(
        coarse.permute(2, 0, 1)[None], size=weight.shape, mode="bilinear", align_corners=False
    )
    return torch.where(seen[..., None], colour, wide[0].permute(1, 2, 0))


def _area(picture: torch.Tensor, axis: int) -> torch.Tensor:
    """An axis at half its size, rounded up, each result the mean of the part that it covers."""
    size = picture.shape[axis]
    half = (size + 1) // 2
    if size % 2 == 0:
        shape = [*picture.shape[:axis], half, 2, *picture.shape[axis + 1 :]]
        return picture.reshape(shape).mean(axis + 1)
    step = size / half
    start = torch.arange(half, dtype=torch.float64, device=picture.device) * step
    first = start.floor()
    total = torch.zeros_like(picture.narrow(axis, 0, half))
    for k in range(3):
        low, high = torch.maximum(first + k, start), torch.minimum(first + k + 1, start + step)
        share = ((high - low).clamp(min=0) / step).float()
        share = torch.where(share > 1e-6, share, 0)  # what rounding leaves over
        shape = [1] * picture.ndim
        shape[axis] = half
        index = (first.long() + k).clamp(max=size - 1)
        total += picture.index_select(axis, index) * share.view(shape)
    return total


def blurred(sums: torch.Tensor, *, edge: bool) -> torch.Tensor:
    """Means [B, h, w, C] over 3 x 3 cells; beyond the border its own value, or 0."""
    planes = sums.permute(0, 3, 1, 2)
    planes = functional.pad(planes, (1, 1, 1, 1), mode="replicate" if edge else "constant")
    return functional.avg_pool2d(planes, 3, 1).permute(0, 2, 3, 1)
