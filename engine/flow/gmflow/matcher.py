"""GMFlow on pictures of any size."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from engine.arrays import F32, U8
from engine.flow.gmflow.backbone import Residual
from engine.flow.gmflow.network import MULTIPLE, Gmflow
from engine.flow.gmflow.transformer import Block
from engine.flow.gmflow.weights import load

#: The longer side that the network sees: half the picture's, but within these limits.
SHORTEST, LONGEST = 320, 640


def working_size(height: int, width: int) -> tuple[int, int]:
    """The size that the network works at for a picture: multiples of 32, at least 64.

    Half size sees as much motion at a quarter of the cost, and the network is not exact below a
    pixel at any size.

    Args:
        height: Of the picture.
        width: Of the picture.

    Returns:
        Height and width.
    """
    longer = max(height, width)
    scale = min(1.0, min(max(longer / 2, SHORTEST), LONGEST) / longer)
    sides = (max(2, round(side * scale / MULTIPLE)) * MULTIPLE for side in (height, width))
    down, across = sides
    return down, across


class GmflowMatcher:
    """Finds motion of any length between two pictures.

    Args:
        weights: File made by ``convert``.
        device: ``cpu``, ``cuda`` and so on.
    """

    def __init__(self, weights: Path | str, device: str = "cpu") -> None:
        self._network: Gmflow = load(weights, device)
        self._device = device

    def __call__(self, first: U8, second: U8, check: Callable[[], None]) -> tuple[F32, F32]:
        """Flow in both directions, right to a few pixels.

        Args:
            first: sRGB-like uint8 [H, W, 3].
            second: Same shape.
            check: Called often; may raise to stop the work.

        Returns:
            First to second and second to first, float32 [H, W, 2] as (dx, dy) in pixels, x right,
            y down.
        """
        import cv2

        height, width = first.shape[:2]
        down, across = working_size(height, width)
        small = [
            cv2.resize(picture, (across, down), interpolation=cv2.INTER_AREA).transpose(2, 0, 1)
            for picture in (first, second)
        ]
        tensors = [torch.from_numpy(np.float32(x[None]) / 255).to(self._device) for x in small]
        hooks = [
            module.register_forward_pre_hook(lambda *_: check())
            for module in self._network.modules()
            if isinstance(module, Residual | Block)
        ]
        try:
            with torch.inference_mode():
                flows = self._network(*tensors)
        finally:
            for hook in hooks:
                hook.remove()
        factor = np.array([width / across, height / down], np.float32)

        def enlarged(flow: torch.Tensor) -> F32:
            vectors = flow[0].permute(1, 2, 0).cpu().numpy()
            large = cv2.resize(vectors, (width, height), interpolation=cv2.INTER_LINEAR)
            return np.asarray(large * factor, np.float32)

        return enlarged(flows[0]), enlarged(flows[1])
