"""The default fit on a card, from frames to figures, with numpy and torch alone."""

import time
from typing import Any

import numpy as np
import torch

from engine.arrays import U8
from engine.fit.budget import Budget
from engine.fit.device_freedom import grain_of
from engine.fit.device_layer import DeviceLayer
from engine.fit.device_passes import DevicePasses
from engine.fit.device_seeds import seed_layer
from engine.fit.plates import Plates
from engine.fit.recipes import load_recipe
from engine.fit.seeded import one_pass, refine, start_layer
from engine.io.picture import Window
from engine.kernels.device.lattice import positions
from engine.progress import silent


def plates_of(frames: U8) -> Plates:
    """Frames uint8 [T, H, W, 3] as one group."""
    count, height, width = frames.shape[:3]
    shares = np.full((1, count, height, width), 255, np.uint8)
    window = Window.of_size(width, height)
    return Plates(frames, 1 / 255, 0.0, shares, shares, 1, window, window, 1.0, 0)


def measure_seeded(device: torch.device, frames: U8, passes: int | None = None) -> dict[str, Any]:
    """Fits a clip by the default recipe and measures the edit path.

    Args:
        device: Where.
        frames: uint8 [T, H, W, 3].
        passes: How many; None: as many as the recipe has.
    """
    told: list[str] = []
    recipe, task = load_recipe("seeded"), silent()
    began = time.monotonic()
    plates, on_device = plates_of(frames), DevicePasses(device, told.append)
    reference, spacing = plates.count // 2, int(recipe["seed_spacing"])
    try:
        seed = seed_layer(plates, 0, reference, spacing, on_device.kernels, device, task)
        matched = time.monotonic() - began
        grain = grain_of(plates, device)
        state = start_layer(plates, 0, reference, seed, grain=grain, passes=on_device)
        budget = Budget(began, None, passes, int(recipe["passes"]))
        done = refine(plates, [state], reference, recipe, budget, lambda cost: 0.0, task)
        for _ in range(int(recipe["polish_passes"])):
            one_pass(plates, [state], reference, recipe, task, move=False)
        psnr = _psnr(plates, state, on_device)
    finally:
        on_device.close()
    taken = time.monotonic() - began
    curve = done["psnr_curve"]
    reached = [at for at, decibels in curve if decibels >= 30]
    count, height, width = frames.shape[:3]
    return {
        "clip": f"{count} frames {width}x{height}",
        "passes": done["steps"],
        "seconds_matching": round(matched, 3),
        "seconds": round(taken, 3),
        "seconds_to_30_db": reached[0] if reached else None,
        "ms_of_last_pass": round(1e3 * (curve[-1][0] - curve[-2][0]), 2) if curve[1:] else None,
        "psnr_edit_path": round(psnr, 3),
        "memory": told,
        "curve": curve,
    }


@torch.no_grad()
def _psnr(plates: Plates, state: Any, passes: DevicePasses) -> float:
    """Mean over the frames of the PSNR of 8-bit codes, canonical image and deformation only."""
    device = passes.device
    if not isinstance(state, DeviceLayer):
        raise TypeError("the layer is not on the device")
    names = ("matrices", "lattices", "picture")
    matrices, lattices, picture = (state.on(device, name) for name in names)
    origin, errors = (float(state.canvas.x0), float(state.canvas.y0)), []
    for t in range(plates.count):
        part, size = slice(t, t + 1), (plates.height, plates.width)
        places = positions(matrices[part], lattices[part], *size, state.spacing)[0]
        read = passes.kernels.sample(picture, places, origin=origin)
        codes = (read.clamp(0, 1) * 255).round()
        truth = torch.from_numpy(plates.codes[t]).to(device)
        errors.append((codes - truth).square().mean().double())
    error = torch.stack(errors).clamp(min=1e-10)
    return float((10 * torch.log10(255**2 / error)).mean())
