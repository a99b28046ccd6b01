"""How good the fit is by now, from a few pixels of a few frames."""

from collections.abc import Sequence

import numpy as np
import torch

from engine.arrays import F32
from engine.fit.paper.clip import ClipData
from engine.fit.paper.losses import colours_at, moved
from engine.fit.paper.numbers import Numbers
from engine.kernels.field_network import Network

#: Frames that are looked at, and about how many pixels of each.
_FRAMES, _PIXELS = 3, 4096


class Estimate:
    """PSNR of the edit path, read straight from the networks: a few per cent of a step.

    The picture that an edit rides on is drawn first and read bilinearly, which costs detail; so
    this is a little kind to the recipe.

    Args:
        plates: The clip; the pixels are read once, here.
        numbers: The recipe.
        device: Where the networks are.
    """

    def __init__(self, plates: ClipData, numbers: Numbers, device: torch.device) -> None:
        self.numbers = numbers
        shares = (np.arange(_FRAMES) + 0.5) / _FRAMES
        indices = sorted({int(share * plates.count) for share in shares})
        shots = [_Sample(plates, index, device) for index in indices]
        self._shots = [shot for shot in shots if len(shot.points)]

    def psnr(self, networks: Sequence[tuple[Network, Network]], weights: F32) -> float | None:
        """Decibels, mean over the frames, at most 100; None where they show nothing at all.

        Args:
            networks: Canonical and deformation network of each group, front to back.
            weights: Annealing weights of the deformation.
        """
        if not self._shots:
            return None
        values = []
        with torch.no_grad():
            for shot in self._shots:
                seen = torch.zeros_like(shot.colours)
                for share, (canonical, deformation) in zip(shot.shares, networks, strict=True):
                    places = moved(deformation, shot.points, shot.time, weights, self.numbers)
                    seen += share[:, None] * colours_at(canonical, places, self.numbers)
                error = float((seen.clamp(0, 1) - shot.colours).square().mean())
                values.append(-10 * np.log10(max(error, 1e-10)))
        return float(np.mean(values))


class _Sample:
    """Pixels of one frame: shares (row, column) [N, 2], colours [N, 3], groups' shares [K, N]."""

    def __init__(self, plates: ClipData, index: int, device: torch.device) -> None:
        stride = max(1, int((plates.height * plates.width / _PIXELS) ** 0.5))
        frame = plates.frame(index)[::stride, ::stride].reshape(-1, 3)
        finite = np.isfinite(frame).all(axis=1)
        masks = [mask[::stride, ::stride].reshape(-1) for mask in plates.masks(index)]
        weights = np.stack(masks).astype(np.float32) if masks else np.ones((1, len(frame)))
        finite &= weights.any(axis=0)
        weights = weights[:, finite] / weights[:, finite].sum(axis=0)
        row, column = np.mgrid[: plates.height : stride, : plates.width : stride]
        size = [plates.height, plates.width]
        points = (np.stack([row, column], -1).reshape(-1, 2)[finite] + 0.5) / size

        def there(values: np.ndarray) -> torch.Tensor:
            return torch.from_numpy(np.ascontiguousarray(values, np.float32)).to(device)

        self.points, self.shares = there(points), there(weights)
        self.colours = there(frame[finite].clip(0, 1))
        self.time = (index + 1) / plates.count
