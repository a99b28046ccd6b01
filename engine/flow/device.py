"""Optical flow of many pairs at once on any device that torch knows; for cards.

The method is that of DIS (Kroeger et al., "Fast optical flow using dense inverse search", ECCV
2016): from coarse to fine, patches of the first picture are searched in the second by inverse
steps, whose equations need the first picture's gradients only; what the patches beside found is
tried too; and patches that overlap are averaged, each by how well it fits. Instead of its search
from zero, the coarsest level tries all whole steps within reach. All pairs of a batch go together,
and nothing is asked of the device on the way.

Convention: as in ``engine.flow.dis``: ``flow[i, j] = (dx, dy)`` in pixels, x right, y down.
"""

import torch
from torch.nn import functional

from engine.flow.confidence import AT_REST, RELATIVE

#: Side of a patch, and pixels from one to the next.
PATCH, STRIDE = 8, 4
#: Least side of the smallest level, and how far is searched there in either direction, in pixels.
SMALLEST, SEARCH = 16, 4
#: Inverse steps on every level.
STEPS = 12
#: Grey levels squared, summed over a patch, that count as texture.
FAINT = 4.0
#: Pixels that steps may lead away from where a level began.
FARTHEST = 8.0
#: Share of its own cost that a patch must fall below to take over the flow of one beside it.
BETTER = 0.9


def flow(
    first: torch.Tensor, second: torch.Tensor, start: torch.Tensor | None = None
) -> torch.Tensor:
    """Flow from pictures to others.

    Args:
        first: uint8 or float [N, H, W], grey levels 0 to 255.
        second: Same shape.
        start: Flow [N, H, W, 2] to refine, right to within about ten pixels; None to search.

    Returns:
        float32 [N, H, W, 2].
    """
    with torch.no_grad():
        pyramid = [(first.float()[:, None], second.float()[:, None])]
        while min(pyramid[-1][0].shape[-2:]) >= 2 * SMALLEST and (
            start is None or len(pyramid) < 4
        ):
            pyramid.append(tuple(_half(each) for each in pyramid[-1]))  # type: ignore[arg-type]
        shape = pyramid[-1][0].shape[-2:]
        if start is None:
            found = _search(*pyramid[-1])
        else:
            found = _resized(start.permute(0, 3, 1, 2), shape)
        for level in reversed(pyramid):
            size = level[0].shape[-2:]
            if found.shape[-2:] != size:
                found = _resized(found, size)
            found = _refined(*level, found)
        return found.permute(0, 2, 3, 1).contiguous()


def confidence(there: torch.Tensor, back: torch.Tensor) -> torch.Tensor:
    """How far flows [N, H, W, 2] can be trusted, [N, H, W]; as ``engine.flow.confidence_of``."""
    height, width = there.shape[1:3]
    flows = there.permute(0, 3, 1, 2)
    returned = warped(back.permute(0, 3, 1, 2), flows)
    error = (flows + returned).square().sum(1)
    tolerance = RELATIVE * (flows.square().sum(1) + returned.square().sum(1)) + AT_REST
    sure = torch.exp2(-(error / tolerance).clamp(max=16).square())
    x, y = _grid(height, width, there.device)
    x, y = x + flows[:, 0], y + flows[:, 1]
    inside = (x >= -0.5) & (y >= -0.5) & (x <= width - 0.5) & (y <= height - 0.5)
    return torch.where(inside, sure, 0)


def link(first: torch.Tensor, second: torch.Tensor) -> tuple[torch.Tensor, ...]:
    """Flow there with its confidence, then back with its confidence; both ways in one batch."""
    count = len(first)
    both = flow(torch.cat([first, second]), torch.cat([second, first]))
    there, back = both[:count], both[count:]
    return there, confidence(there, back), back, confidence(back, there)


def _half(picture: torch.Tensor) -> torch.Tensor:
    """Pictures [N, 1, H, W] at half the size; the border is repeated to even sizes."""
    beside, below = picture.shape[3] % 2, picture.shape[2] % 2
    return functional.avg_pool2d(
        functional.pad(picture, (0, beside, 0, below), mode="replicate"), 2
    )


def _resized(vectors: torch.Tensor, size: torch.Size) -> torch.Tensor:
    """Flow [N, 2, h, w] on pictures of another size."""
    grown = functional.interpolate(vectors, size=size, mode="bilinear", align_corners=False)
    ratio = (size[1] / vectors.shape[3], size[0] / vectors.shape[2])
    return torch.stack([grown[:, 0] * ratio[0], grown[:, 1] * ratio[1]], 1)


def _grid(height: int, width: int, device: torch.device) -> tuple[torch.Tensor, torch.Tensor]:
    """Column and row of every pixel, broadcast to [1, H, W]."""
    x = torch.arange(width, dtype=torch.float32, device=device).view(1, 1, -1)
    return x, torch.arange(height, dtype=torch.float32, device=device).view(1, -1, 1)


def warped(picture: torch.Tensor, vectors: torch.Tensor) -> torch.Tensor:
    """Pictures [N, C, H, W] read where flow [N, 2, H, W] leads; the border goes on."""
    height, width = picture.shape[-2:]
    x, y = _grid(height, width, picture.device)
    u = (x + vectors[:, 0]) * (2 / max(width - 1, 1)) - 1
    v = (y + vectors[:, 1]) * (2 / max(height - 1, 1)) - 1
    return functional.grid_sample(
        picture, torch.stack([u, v], -1), padding_mode="border", align_corners=True
    )


class _Patches:
    """The patches of one level's first picture.

    Args:
        first: [N, 1, H, W].
        second: Same shape.
    """

    def __init__(self, first: torch.Tensor, second: torch.Tensor) -> None:
        self.shape = tuple(first.shape[-2:])
        self._second = second
        room = [max(PATCH, -(-size // STRIDE) * STRIDE) for size in self.shape]
        around = (0, room[1] - self.shape[1], 0, room[0] - self.shape[0])
        self._room = (room[0], room[1])
        #: Patches down and across.
        self.grid = tuple((size - PATCH) // STRIDE + 1 for size in room)
        wide = functional.pad(first, (1, 1, 1, 1), mode="replicate")
        gx = (wide[..., 1:-1, 2:] - wide[..., 1:-1, :-2]) / 2
        gy = (wide[..., 2:, 1:-1] - wide[..., :-2, 1:-1]) / 2
        y, x = torch.meshgrid(
            *(torch.arange(size, dtype=torch.float32, device=first.device) for size in room),
            indexing="ij",
        )
        # What lies beyond the picture belongs to no patch.
        inside = (x < self.shape[1]) & (y < self.shape[0])
        self._mask = self._cut(inside[None, None].float())
        self._x, self._y = self._cut(x[None, None]), self._cut(y[None, None])
        self._count = self._mask.sum(1, keepdim=True).clamp(min=1)
        self._own, gx, gy = (
            self._without_mean(self._cut(functional.pad(each, around))) for each in (first, gx, gy)
        )
        xx, xy, yy = ((a * b).sum(1, keepdim=True) for a, b in ((gx, gx), (gx, gy), (gy, gy)))
        xx, yy = xx + FAINT, yy + FAINT
        scale = 1 / (xx * yy - xy * xy)
        self._to_x = (yy * gx - xy * gy) * scale
        self._to_y = (xx * gy - xy * gx) * scale
        self.texture = xx + yy

    def _cut(self, picture: torch.Tensor) -> torch.Tensor:
        """Pixels [N, 64, P] of the patches of [N, 1, H, W]."""
        return functional.unfold(picture, PATCH, stride=STRIDE)

    def _without_mean(self, values: torch.Tensor) -> torch.Tensor:
        """A change of light is no motion."""
        values = values * self._mask
        return (values - values.sum(1, keepdim=True) / self._count) * self._mask

    def rest(self, vectors: torch.Tensor) -> torch.Tensor:
        """What the patches lack [N, 64, P] of what they find where flow [N, 2, P] leads."""
        height, width = self.shape
        u = (self._x + vectors[:, :1]) * (2 / max(width - 1, 1)) - 1
        v = (self._y + vectors[:, 1:]) * (2 / max(height - 1, 1)) - 1
        seen = functional.grid_sample(
            self._second, torch.stack([u, v], -1), padding_mode="border", align_corners=True
        )
        return self._own - self._without_mean(seen[:, 0])

    def cost(self, vectors: torch.Tensor) -> torch.Tensor:
        """Squared differences, [N, 1, P]."""
        return self.rest(vectors).square().sum(1, keepdim=True)

    def stepped(self, vectors: torch.Tensor) -> torch.Tensor:
        """Flow [N, 2, P] after an inverse step."""
        rest = self.rest(vectors)
        step = torch.stack([(self._to_x * rest).sum(1), (self._to_y * rest).sum(1)], 1)
        return vectors + step.clamp(-2, 2)

    def of(self, dense: torch.Tensor) -> torch.Tensor:
        """Flow [N, 2, P] in the middle of the patches, of [N, 2, H, W]."""
        beside, below = self._room[1] - self.shape[1], self._room[0] - self.shape[0]
        wide = functional.pad(dense, (0, beside, 0, below), mode="replicate")
        middle = wide[..., PATCH // 2 - 1 :: STRIDE, PATCH // 2 - 1 :: STRIDE]
        return middle[..., : self.grid[0], : self.grid[1]].flatten(2)

    def dense(self, vectors: torch.Tensor) -> torch.Tensor:
        """Flow [N, 2, H, W]: of the patches over a pixel, each by how well it fits there."""
        share = self._mask / self.rest(vectors).abs().clamp(min=1)
        planes = [share * vectors[:, :1], share * vectors[:, 1:], share]
        sums = functional.fold(torch.cat(planes, 1), self._room, PATCH, stride=STRIDE)
        sums = sums[..., : self.shape[0], : self.shape[1]]
        return sums[:, :2] / sums[:, 2:].clamp(min=1e-9)


def _search(first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
    """The best of all whole steps within reach, on the coarsest level."""
    patches = _Patches(first, second)
    best = patches.of(first.new_zeros(len(first), 2, *first.shape[-2:]))
    least = patches.cost(best) * BETTER
    for dy in range(-SEARCH, SEARCH + 1):
        for dx in range(-SEARCH, SEARCH + 1):
            tried = torch.zeros_like(best)
            tried[:, 0], tried[:, 1] = dx, dy
            cost = patches.cost(tried)
            best = torch.where(cost < least, tried, best)
            least = torch.minimum(cost, least)
    return patches.dense(best)


def _refined(first: torch.Tensor, second: torch.Tensor, start: torch.Tensor) -> torch.Tensor:
    """Flow on a level, from that of the level above."""
    patches = _Patches(first, second)
    begun = _borrowed(patches, patches.of(start))
    found = begun
    for _ in range(STEPS):
        found = patches.stepped(found)
    strayed = (found - begun).square().sum(1, keepdim=True) > FARTHEST**2
    found = torch.where(strayed | (patches.cost(found) > patches.cost(begun)), begun, found)
    return patches.dense(_borrowed(patches, found))


def _borrowed(patches: _Patches, found: torch.Tensor) -> torch.Tensor:
    """Each patch takes over the flow of a patch beside it where that fits clearly better."""
    least = patches.cost(found)
    for step, axis in ((1, 3), (-1, 3), (1, 2), (-1, 2)):
        tried = found.reshape(*found.shape[:2], *patches.grid).roll(step, axis).flatten(2)
        cost = patches.cost(tried)
        better = cost < BETTER * least
        found = torch.where(better, tried, found)
        least = torch.where(better, cost, least)
    return found
