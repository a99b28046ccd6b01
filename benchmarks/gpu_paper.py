"""The published fit on a card, its flow included."""

import time
from types import SimpleNamespace
from typing import Any

import numpy as np
import torch

from engine.arrays import F32, U8
from engine.flow.device import link
from engine.flow.pair import FlowPair
from engine.io.picture import Window
from engine.progress import silent

_LUMA = np.array([0.299, 0.587, 0.114], np.float32)
#: All levels of the deformation at once, so that a step costs what the last 2000 do.
ALL_LEVELS = {"annealing_begin": 0, "annealing_length": 1}


class _Clip:
    """Frames as the published fit reads them; flow is found on the card when it is asked for."""

    def __init__(self, frames: U8, device: torch.device) -> None:
        self.count, self.height, self.width = frames.shape[:3]
        self.layers, self.shrink = 1, 1
        self.window = Window.of_size(self.width, self.height)
        self._frames, self._device = frames, device

    def frame(self, index: int) -> F32:
        return np.asarray(self._frames[index] / np.float32(255), np.float32)

    def masks(self, index: int) -> list[U8]:
        return []

    def flow(self, index: int) -> FlowPair:
        there, sure, _, _ = link(self._grey(index), self._grey(index + 1))
        return FlowPair(index, there[0].cpu().numpy(), sure[0].cpu().numpy(), None, None)

    def _grey(self, index: int) -> torch.Tensor:
        return torch.from_numpy(self._frames[index] @ _LUMA).to(self._device)[None]


def measure_paper(
    device: torch.device, frames: U8, steps: int, seconds: float, **numbers: Any
) -> dict[str, Any]:
    """Fits a clip as published, for at most so many seconds.

    Args:
        device: Where.
        frames: uint8 [T, H, W, 3].
        steps: How many.
        seconds: See above.
        numbers: Of the recipe that are other ones.
    """
    from engine.fit.paper import fit_paper

    clip, told = _Clip(frames, device), list[str]()
    began = time.monotonic()
    options = SimpleNamespace(
        device=str(device),
        seed=0,
        steps=steps,
        seconds=seconds,
        recipe="paper",
        overrides=numbers,
    )
    request = SimpleNamespace(
        options=options,
        identity="benchmark",
        started=began,
        checkpoint=None,
        resume=False,
        tell=told.append,
    )
    fit = fit_paper(request, clip, silent(), reserve=0.0)  # type: ignore[arg-type]
    taken = time.monotonic() - began
    reached = [at for at, decibels in fit.psnr_curve if decibels >= 30]
    return {
        "clip": f"{clip.count} frames {clip.width}x{clip.height}",
        "numbers": numbers,
        "steps": fit.steps,
        "seconds": round(taken, 2),
        "seconds_of_10000_steps": round(taken, 2) if fit.steps == 10_000 else None,
        "ms_of_last_steps": round(fit.step_seconds * 1e3, 3),
        "seconds_to_30_db": reached[0] if reached else None,
        "psnr": fit.psnr_curve[-1][1] if fit.psnr_curve else None,
        "told": told,
        "curve": fit.psnr_curve,
    }
