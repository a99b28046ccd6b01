"""Where the pixels of a frame lie on a still, and what they read there, as tensors.

Convention: as ``engine.kernels.sample`` and ``engine.kernels.lattice``, which these agree with.
"""

import torch

from engine.kernels.device.lattice import evaluate, taps, through
from engine.kernels.device.pyramid import Pyramid
from engine.kernels.footprint import FAR, LONGEST, ONSET, REDUCED, WHOLE


def place(
    matrix: torch.Tensor,
    lattice: torch.Tensor,
    spacing: float,
    part: tuple[int, int, int, int],
) -> torch.Tensor:
    """As ``engine.kernels.backends.interface.Place``."""
    top, left, height, width = part
    device = lattice.device
    rows, columns = taps(top + height, spacing, device), taps(left + width, spacing, device)
    rows, columns = (rows[0][top:], rows[1][top:]), (columns[0][left:], columns[1][left:])
    moved = evaluate(lattice[None], rows, columns)
    y = torch.arange(top, top + height, dtype=torch.float64, device=device) + 0.5
    x = torch.arange(left, left + width, dtype=torch.float64, device=device) + 0.5
    return (through(matrix[None], x[None, None, :], y[None, :, None]) + moved).float()[0]


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
    height, width = pyramid.sizes[0]
    place = positions * positions.new_tensor(scale) - positions.new_tensor(origin) - 0.5
    far = FAR * 2 ** (len(pyramid.sizes) - 1)
    u, v = place.unbind(-1)
    near = (u > -far) & (v > -far) & (u < width + far) & (v < height + far)
    place = torch.where(near[..., None], place, -2.0 * far)
    out = _tapped(pyramid.picture, place.reshape(-1, 2), cubic=filter == "cubic")
    if footprint:
        steps = _steps(positions, scale).view(-1, 4)
        wide = torch.nonzero(_wide(steps) & near.view(-1))[:, 0]
        if len(wide):
            out[wide] = _widened(pyramid, place.view(-1, 2)[wide], steps[wide], filter == "cubic")
    out = out.view(*positions.shape[:-1], -1)
    return _tamed(out) if matte else out


def _tamed(out: torch.Tensor) -> torch.Tensor:
    """As ``engine.kernels.blend.tame``: alpha within 0 to 1, and no colour without it."""
    alpha = out[..., -1:]
    return torch.where(alpha > 1 / 4096, out / alpha.clamp(min=1), 0)


def _keys(distance: torch.Tensor) -> torch.Tensor:
    """The cubic kernel of Keys (1981), eq. 15, a = -1/2."""
    d = distance.abs()
    near = (1.5 * d - 2.5) * d * d + 1
    far = ((-0.5 * d + 2.5) * d - 4) * d + 2
    return torch.where(d <= 1, near, torch.where(d < 2, far, 0))


def _area(distance: torch.Tensor, size: torch.Tensor) -> torch.Tensor:
    """A box as wide as a step, its edges one pixel soft."""
    return ((0.5 - distance.abs()) * size + 0.5).clamp(0, 1)


def _tapped(picture: torch.Tensor, place: torch.Tensor, *, cubic: bool) -> torch.Tensor:
    """Interpolated values [N, C] at places [N, 2] counted from the middle of the first pixel."""
    height, width, channels = picture.shape
    flat = picture.reshape(-1, channels)
    corner = place.floor()
    f = place - corner
    corner = corner.long()
    total = picture.new_zeros(len(place), channels)
    for dy in range(-1, 3) if cubic else range(2):
        down = _keys(f[:, 1] - dy) if cubic else (f[:, 1] if dy else 1 - f[:, 1])
        for dx in range(-1, 3) if cubic else range(2):
            across = _keys(f[:, 0] - dx) if cubic else (f[:, 0] if dx else 1 - f[:, 0])
            x, y = corner[:, 0] + dx, corner[:, 1] + dy
            inside = (x >= 0) & (y >= 0) & (x < width) & (y < height)
            tap = flat[y.clamp(0, height - 1) * width + x.clamp(0, width - 1)]
            total += torch.where(inside, down * across, 0)[:, None] * tap
    return total


def _steps(positions: torch.Tensor, scale: tuple[float, float]) -> torch.Tensor:
    """How far a step to the right and one down go, in picture pixels: [H, W, (xx, xy, yx, yy)]."""
    along, down = (_slope(positions, axis) for axis in (1, 0))
    size = positions.new_tensor(scale)
    return torch.cat([along * size, down * size], -1)


def _slope(positions: torch.Tensor, axis: int) -> torch.Tensor:
    """Differences along an axis of a grid, central inside, one-sided at its rim."""
    count = positions.shape[axis]
    if count < 2:
        return torch.zeros_like(positions)
    index = torch.arange(count, device=positions.device)
    before, after = (index - 1).clamp(min=0), (index + 1).clamp(max=count - 1)
    part = 1 / (after - before).float()
    shape = [-1, 1, 1] if axis == 0 else [1, -1, 1]
    apart = positions.index_select(axis, after) - positions.index_select(axis, before)
    return apart * part.view(shape)


def _ellipse(steps: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Of the ellipse that a step covers: mean square of its axes, and what sets them apart."""
    xx, xy, yx, yy = steps.unbind(-1)
    mean = 0.5 * (xx * xx + xy * xy + yx * yx + yy * yy)
    diff = 0.5 * (xx * xx + yx * yx - xy * xy - yy * yy)
    return mean, diff, xx * xy + yx * yy


def _wide(steps: torch.Tensor) -> torch.Tensor:
    """Whether a step covers so much that a filter must be wider than one pixel."""
    mean, diff, cross = _ellipse(steps)
    some = (2 * mean > ONSET * ONSET) & (2 * mean < 1e12)
    return some & (mean + (diff * diff + cross * cross).sqrt() > ONSET * ONSET)


def _size(axis: torch.Tensor) -> torch.Tensor:
    """Half width of the filter, as a factor, where a step covers so many picture pixels."""
    ramp = 1 + (axis - ONSET) * ((WHOLE - 1) / (WHOLE - ONSET))
    wide = torch.where(axis < WHOLE, ramp, axis.clamp(max=LONGEST))
    return torch.where(axis <= ONSET, 1, wide)


def _widened(
    pyramid: Pyramid, place: torch.Tensor, steps: torch.Tensor, cubic: bool
) -> torch.Tensor:
    """Values [N, C] of ellipses around places [N, 2], their weights made to sum to 1."""
    mean, diff, cross = _ellipse(steps)
    root = (diff * diff + cross * cross).sqrt()
    major, minor = (mean + root).sqrt(), (mean - root).clamp(min=0).sqrt()
    c2 = torch.where(root > 0, diff / root, 1)
    s2 = torch.where(root > 0, cross / root, 0)
    level = torch.zeros_like(minor, dtype=torch.int64)
    for _ in range(len(pyramid.sizes) - 1):
        level += minor * torch.exp2(-level.float()) >= REDUCED
    part = torch.exp2(-level.float())
    u, v = ((place + 0.5) * part[:, None] - 0.5).unbind(-1)
    begin, height, width = pyramid.table[level].unbind(-1)
    first, second = _size(major * part), _size(minor * part)
    a, b = 0.5 * (first + second), 0.5 * (first - second)
    pxx, pxy, pyy = a + b * c2, b * s2, a - b * c2
    a, b = 0.5 * (1 / first + 1 / second), 0.5 * (1 / first - 1 / second)
    qxx, qxy, qyy = a + b * c2, b * s2, a - b * c2
    across, down = (qxx * qxx + qxy * qxy).rsqrt(), (qxy * qxy + qyy * qyy).rsqrt()
    radius = 2 if cubic else 1
    reach_x, reach_y = radius * (pxx.abs() + pxy.abs()), radius * (pxy.abs() + pyy.abs())
    left, top = (u - reach_x).ceil().long(), (v - reach_y).ceil().long()
    right, low = (u + reach_x).floor().long(), (v + reach_y).floor().long()
    total, weight = pyramid.flat.new_zeros(len(u), pyramid.flat.shape[1]), torch.zeros_like(u)
    for i in range(int((low - top).max()) + 1):
        y = top + i
        for j in range(int((right - left).max()) + 1):
            x = left + j
            dx, dy = x - u, y - v
            ex, ey = qxx * dx + qxy * dy, qxy * dx + qyy * dy
            share = _keys(ex) * _keys(ey) if cubic else _area(ex, across) * _area(ey, down)
            share = torch.where((y <= low) & (x <= right), share, 0)
            weight += share
            inside = (x >= 0) & (y >= 0) & (x < width) & (y < height)
            index = torch.where(inside, begin + y * width + x, 0)
            total += torch.where(inside, share, 0)[:, None] * pyramid.flat[index]
    return torch.where(weight > 0, 1 / weight, 0)[:, None] * total
