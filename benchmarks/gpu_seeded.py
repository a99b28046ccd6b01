"""The default fit on a card, from frames to figures; numpy and torch alone will do.

Where numba and OpenCV are installed as well it starts as ``codef fit`` does (``engine.fit.seeds``):
that chooses homographies by RANSAC, remembers what the reference frame does not show, and matches
layer by layer on cuts, in compiled loops. On a bare machine ``engine.fit.device_seeds`` starts it;
the figures say which did.
"""

import importlib
import time
from typing import Any

import numpy as np
import torch

from engine.arrays import U8
from engine.fit.budget import Budget
from engine.fit.device_clip import firmed
from engine.fit.device_freedom import grain_of
from engine.fit.device_layer import DeviceLayer
from engine.fit.device_passes import DevicePasses
from engine.fit.device_seeds import seed_layer
from engine.fit.plates import Plates
from engine.fit.recipes import load_recipe
from engine.fit.seeded import LayerState, one_pass, refine, start_layer
from engine.io.picture import Window
from engine.kernels.device.lattice import positions
from engine.progress import silent

#: What the start of ``codef fit`` is computed with.
PRODUCT = ("numba", "cv2")


def plates_of(frames: U8, masks: U8 | None, device: torch.device) -> Plates:
    """Frames uint8 [T, H, W, 3] as one group, or as those of masks [K, T, H, W] and the rest."""
    count, height, width = frames.shape[:3]
    window = Window.of_size(width, height)
    if masks is None:
        shares = np.full((1, count, height, width), 255, np.uint8)
        firm = shares
    else:
        rest, layers = np.ones((count, height, width), np.float32), []
        for mask in masks:
            layers.append(rest * mask / 255)
            rest = rest - layers[-1]
        shares = np.rint(np.stack([*layers, rest]) * 255).astype(np.uint8)
        firm = np.stack([firmed(layer, device) for layer in shares])
    return Plates(frames, 1 / 255, 0.0, shares, firm, 1, window, window, 1.0, 0)


def measure_seeded(
    device: torch.device,
    frames: U8,
    masks: U8 | None = None,
    seconds: float | None = None,
    passes: int | None = None,
) -> dict[str, Any]:
    """Fits a clip by the default recipe and measures the edit path.

    Args:
        device: Where.
        frames: uint8 [T, H, W, 3].
        masks: uint8 [K, T, H, W], front to back, or None.
        seconds: At most.
        passes: How many; None: as many as the recipe has.
    """
    told: list[str] = []
    bare = not all(_there(name) for name in PRODUCT)
    recipe, task = load_recipe("seeded"), silent()
    most = int(recipe["passes"]) if passes is None else passes
    began = time.monotonic()
    plates, on_device = plates_of(frames, masks, device), DevicePasses(device, told.append)
    reference, spacing = plates.count // 2, int(recipe["seed_spacing"])
    layers = range(len(plates.weights))
    try:
        if bare:
            seeds = [seed_layer(plates, k, reference, spacing, on_device, task) for k in layers]
        else:
            from engine.fit.seeds import seed_layers

            seeds = seed_layers(plates, reference, None, spacing, task, on_device.link)
        matched = time.monotonic() - began
        grain = grain_of(plates, device)
        states = [
            start_layer(plates, k, reference, seeds[k], grain=grain, passes=on_device)
            for k in layers
        ]
        budget = Budget(began, seconds, most, most)
        done = refine(plates, states, reference, recipe, budget, lambda cost: 0.0, task)
        for _ in range(int(recipe["polish_passes"])):
            one_pass(plates, states, reference, recipe, task, move=False)
        psnr = _psnr(plates, states, on_device)
    finally:
        on_device.close()
    taken = time.monotonic() - began
    curve = done["psnr_curve"]
    reached = [at for at, decibels in curve if decibels >= 30]
    count, height, width = frames.shape[:3]
    return {
        "clip": f"{count} frames {width}x{height}, {len(layers)} groups",
        "seeds": "engine.fit.device_seeds" if bare else "engine.fit.seeds",
        "passes": done["steps"],
        "seconds_matching": round(matched, 3),
        "seconds": round(taken, 3),
        "seconds_to_30_db": reached[0] if reached else None,
        "ms_of_last_pass": round(1e3 * (curve[-1][0] - curve[-2][0]), 2) if curve[1:] else None,
        "psnr_edit_path": round(psnr, 3),
        "told": told,
        "curve": curve,
    }


def _there(name: str) -> bool:
    try:
        importlib.import_module(name)
    except ImportError:
        return False
    return True


@torch.no_grad()
def _psnr(plates: Plates, states: list[LayerState], passes: DevicePasses) -> float:
    """Mean over the frames of the PSNR of 8-bit codes, canonical images and deformations only."""
    device, errors = passes.device, []
    size = (plates.height, plates.width)
    for t in range(plates.count):
        part, shown = slice(t, t + 1), torch.zeros(*size, 3, device=device)
        for k, state in enumerate(states):
            if not isinstance(state, DeviceLayer):
                raise TypeError("the layer is not on the device")
            matrices, lattices, picture = (
                state.on(device, name) for name in ("matrices", "lattices", "picture")
            )
            places = positions(matrices[part], lattices[part], *size, state.spacing)[0]
            origin = (float(state.canvas.x0), float(state.canvas.y0))
            share = torch.from_numpy(plates.weights[k, t]).to(device).float() / 255
            shown += share[..., None] * passes.kernels.sample(picture, places, origin=origin)
        codes = (shown.clamp(0, 1) * 255).round()
        truth = torch.from_numpy(plates.codes[t]).to(device)
        errors.append((codes - truth).square().mean().double())
    error = torch.stack(errors).clamp(min=1e-10)
    return float((10 * torch.log10(255**2 / error)).mean())
