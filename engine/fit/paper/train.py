"""The loop of the ``paper`` fit."""

import time
from functools import partial

import numpy as np
import torch

from engine.arrays import F32
from engine.fields.networkfield import NetworkDeformation
from engine.fit.budget import Budget
from engine.fit.paper import checkpoint
from engine.fit.paper.card import Card, half_first
from engine.fit.paper.clip import ClipData, Draft, PaperFit
from engine.fit.paper.conveyor import Reading
from engine.fit.paper.estimate import Estimate
from engine.fit.paper.halves import HalvedClip
from engine.fit.paper.numbers import Numbers
from engine.fit.paper.step import Group, Steps
from engine.fit.request import FitRequest
from engine.kernels.backends.device import chosen, device_of
from engine.kernels.device.replay import Replays
from engine.progress import Task


def train(
    request: FitRequest,
    plates: ClipData,
    task: Task,
    reserve: float | None,
    draft: Draft | None = None,
) -> PaperFit:
    """``engine.fit.paper.fit_paper``, which says what the arguments are."""
    asked = Numbers.load(request.options.overrides, request.options.recipe)
    device = chosen(device_of(request.options.device, request.tell))
    seed = request.options.seed
    generator = torch.Generator().manual_seed(seed)
    groups = [Group.initial(asked, plates.count, generator, device) for _ in range(plates.layers)]
    state = _state(groups)
    agree = {
        "identity": request.identity,
        "seed": seed,
        "clip": [plates.count, plates.layers, plates.height, plates.width],
        "numbers": asked.that_shape_the_result(),
    }
    step = 0
    networks = [group.networks for group in groups]
    numbers = half_first(plates, asked, networks, device, request.tell)
    if request.resume and request.checkpoint is not None:
        step = checkpoint.load(request.checkpoint, agree, state)
    wanted = request.options.steps
    limit = numbers.steps if wanted is None else wanted
    budget = Budget(request.started, request.options.seconds, limit, numbers.steps, task)

    estimate = Estimate(plates, numbers, device)
    replays = Replays(device, request.tell)
    curve: list[tuple[float, float]] = []
    look_at = step + 1
    cost, kept = 0.0, reserve or 0.0
    reading: Reading | None = None
    saved_at, saved = time.monotonic(), step
    steps: Steps | None = None
    at_half = False
    try:
        while budget.allows(step, cost, kept):
            began = time.monotonic()
            if steps is None or at_half != (step < numbers.half_steps):
                if steps is not None:
                    steps.close()
                    steps = None
                at_half = step < numbers.half_steps
                seen = HalvedClip(plates) if at_half else plates
                card = Card(seen, numbers, networks, device, request.tell)
                steps = Steps(groups, numbers, card, seed, replays)
            reading = steps.take(step, task) or reading
            step += 1
            now = time.monotonic()
            cost = now - began if cost == 0 else 0.8 * cost + 0.2 * (now - began)
            if reserve is None and budget.seconds is not None:
                kept = cost * numbers.finish_share * plates.count
            if reading is not None:
                told = {"psnr": _psnr(reading), "loss": reading.loss}
                task.report(budget.fraction(step, kept), "fit", step=float(step), **told)
            if step >= look_at:
                # Ever rarer, so that a long fit does not make a long report.
                look_at = max(step + 1, int(1.05 * step))
                pairs = [(group.canonical, group.deformation) for group in groups]
                found = estimate.psnr(pairs, numbers.annealing(step - 1))
                if found is not None:
                    curve.append((round(budget.elapsed, 2), round(found, 3)))
                    if draft is not None:
                        draft(partial(_layers, groups, plates, numbers, step), found)
                    if 0 < numbers.stop_at_psnr <= found:
                        break
            if request.checkpoint and now - saved_at >= numbers.checkpoint_seconds:
                checkpoint.save(request.checkpoint, step, agree, state)
                saved_at, saved = time.monotonic(), step
        if steps is not None:
            reading = steps.last() or reading
        if request.checkpoint and saved != step:
            checkpoint.save(request.checkpoint, step, agree, state)
        schedule = {"steps": step, "seed": seed, "numbers": numbers.that_shape_the_result()}
        layers = _layers(groups, plates, numbers, step)
        psnr = None if reading is None else _psnr(reading)
        return PaperFit(layers, step, cost, psnr, schedule, curve)
    finally:
        # However the fit ends, the card's memory goes back, also while a traceback is still held.
        for held in (groups, networks, state):
            held.clear()
        if steps is not None:
            steps.close()


def _psnr(reading: Reading) -> float:
    """Decibels of a step's frame inside the groups."""
    error = max(reading.squares / max(reading.samples, 1), 1e-10)
    return float(-10 * np.log10(error))


def _state(groups: list[Group]) -> dict[str, torch.Tensor]:
    """Everything that a step changes."""
    state = {}
    for k, group in enumerate(groups):
        for name, moments in group.moments.items():
            state[f"{k}.{name}.value"] = moments.value.detach()
            state[f"{k}.{name}.mean"] = moments.mean
            state[f"{k}.{name}.square"] = moments.square
    return state


def _layers(
    groups: list[Group], plates: ClipData, numbers: Numbers, step: int
) -> list[NetworkDeformation]:
    """What the networks of all groups hold after so many steps."""
    weights = numbers.annealing(max(step - 1, 0))
    return [_deformation(group, plates, numbers, weights) for group in groups]


def _deformation(
    group: Group, plates: ClipData, numbers: Numbers, weights: F32
) -> NetworkDeformation:
    return NetworkDeformation(
        window=plates.window,
        count=plates.count,
        weights=weights,
        parameters={
            name: moments.value.detach().cpu().numpy().copy()
            for name, moments in group.moments.items()
        },
        shapes={
            "canonical": group.canonical.shape.numbers(),
            "deformation": group.deformation.shape.numbers(),
        },
        extent=(float(plates.width * plates.shrink), float(plates.height * plates.shrink)),
        divisor=numbers.displacement_divisor,
        margin=numbers.margin,
    )
