"""One visit of every pixel of a batch of frames, as tensors; see ``engine.kernels.register``."""

import torch

from engine.kernels.device.lattice import gather_back, positions, taps


def register(
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
    """As ``engine.kernels.backends.interface.Register``."""
    height, width = weights.shape[1:]
    h, w = canonical.shape[:2]
    places = positions(matrices, lattices, height, width, spacing)
    u, v = places[..., 0] - (origin[0] + 0.5), places[..., 1] - (origin[1] + 0.5)
    inside = (u >= 0) & (v >= 0) & (u < w - 1) & (v < h - 1) & (weights > 0)
    u, v = torch.where(inside, u, 0), torch.where(inside, v, 0)
    left, top = u.floor(), v.floor()
    fu, fv = (u - left)[..., None], (v - top)[..., None]
    corner = top.long() * w + left.long()
    flat = canonical.reshape(-1, 3)
    c00, c01, c10, c11 = (flat[corner + step] for step in (0, 1, w, w + 1))
    over, under = torch.lerp(c00, c01, fu), torch.lerp(c10, c11, fu)
    rest = codes.float() * scale + offset - torch.lerp(over, under, fv)
    slope_x, slope_y = torch.lerp(c01 - c00, c11 - c10, fv), under - over
    seen = rest - _spread(shade, height, width, cell)

    part = torch.where(inside, weights.float() / 255, 0)
    error, error_seen = rest.square().sum(-1), seen.square().sum(-1)
    loss[:, 0] = (part * error).sum((1, 2))
    loss[:, 1] = part.sum((1, 2))
    doubt = 1 / (robust * robust) if robust > 0 else 0.0
    solid = part * (firm > 0)
    share = solid / (1 + error_seen * doubt)
    equations = torch.stack(
        [
            (slope_x * seen).sum(-1),
            (slope_y * seen).sum(-1),
            slope_x.square().sum(-1),
            (slope_x * slope_y).sum(-1),
            slope_y.square().sum(-1),
        ],
        -1,
    )
    rows, columns = (taps(size, spacing, codes.device) for size in (height, width))
    grid = (lattices.shape[1], lattices.shape[2])
    sums = gather_back(equations * share[..., None], rows, columns, grid)
    gradient.copy_(sums[..., :2])
    normal.copy_(sums[..., 2:])
    misfit.copy_(
        _cells(torch.stack([solid * error_seen, solid], -1), rows[0], columns[0], misfit.shape)
    )

    share = part / (1 + error * doubt)
    said = torch.cat([rest, torch.ones_like(rest[..., :1])], -1) * share[..., None]
    line, column = (torch.arange(size, device=codes.device) // cell for size in (height, width))
    tone.copy_(_cells(said, line, column, tone.shape))
    said = (said * say[:, line][:, :, column][..., None]).reshape(-1, 4)
    corner, fu, fv = corner.reshape(-1), fu.reshape(-1, 1), fv.reshape(-1, 1)
    target = splat.view(-1, 4)
    for step, much in (
        (0, (1 - fu) * (1 - fv)),
        (1, fu * (1 - fv)),
        (w, (1 - fu) * fv),
        (w + 1, fu * fv),
    ):
        target.index_add_(0, corner + step, said * much)


def _cells(
    values: torch.Tensor, rows: torch.Tensor, columns: torch.Tensor, shape: torch.Size
) -> torch.Tensor:
    """Sums of values [B, H, W, C] over cells; ``shape`` is [B, cells down, cells across, C]."""
    down = values.new_zeros(shape[0], shape[1], values.shape[2], shape[3])
    down.index_add_(1, rows, values)
    return values.new_zeros(shape).index_add_(2, columns, down)


def _spread(shade: torch.Tensor, height: int, width: int, cell: int) -> torch.Tensor:
    """Light [B, H, W, 3] from cells [B, sy, sx, 3], linear between the middles of cells."""
    for axis, size in ((1, height), (2, width)):
        last = shade.shape[axis] - 1
        place = (torch.arange(size, device=shade.device) + 0.5) / cell - 0.5
        place = place.clamp(0, last)
        low = place.floor()
        f = (place - low).view(-1, 1, *([1] * (2 - axis)))
        first = shade.index_select(axis, low.long())
        shade = torch.lerp(first, shade.index_select(axis, (low.long() + 1).clamp(max=last)), f)
    return shade
