"""The loop of the ``paper`` fit."""

import time
from dataclasses import dataclass

import torch

from engine.arrays import F32
from engine.fields.networkfield import NetworkDeformation
from engine.fit.budget import Budget
from engine.fit.device import chosen, device_of
from engine.fit.paper import checkpoint
from engine.fit.paper.adam import Moments, adam_step
from engine.fit.paper.card import Card
from engine.fit.paper.clip import ClipData, PaperFit
from engine.fit.paper.estimate import Estimate
from engine.fit.paper.losses import Losses, Tally, tiles
from engine.fit.paper.numbers import Numbers
from engine.fit.paper.stored import Stored
from engine.fit.request import FitRequest
from engine.kernels.field_network import Network
from engine.progress import Task


@dataclass
class _Group:
    canonical: Network
    deformation: Network
    moments: dict[str, Moments]

    @property
    def networks(self) -> dict[str, Network]:
        """Both networks by name."""
        return {"canonical": self.canonical, "deformation": self.deformation}

    @classmethod
    def initial(
        cls, numbers: Numbers, frames: int, generator: torch.Generator, device: torch.device
    ) -> "_Group":
        canonical = numbers.canonical.initial(generator)
        deformation = numbers.deformation(frames).initial(generator)
        moments = {}
        for name, network in (("canonical", canonical), ("deformation", deformation)):
            for part, vector in network.vectors.items():
                network.vectors[part] = vector.to(device)
                moments[f"{name}.{part}"] = Moments.of(network.vectors[part])
        return cls(canonical, deformation, moments)


def train(request: FitRequest, plates: ClipData, task: Task, reserve: float | None) -> PaperFit:
    """``engine.fit.paper.fit_paper``, which says what the arguments are."""
    numbers = Numbers.load(request.options.overrides, request.options.recipe)
    device = chosen(device_of(request.options.device))
    seed = request.options.seed
    generator = torch.Generator().manual_seed(seed)
    groups = [
        _Group.initial(numbers, plates.count, generator, device) for _ in range(plates.layers)
    ]
    state = _state(groups)
    agree = {
        "identity": request.identity,
        "seed": seed,
        "clip": [plates.count, plates.layers, plates.height, plates.width],
        "numbers": numbers.that_shape_the_result(),
    }
    step = 0
    networks = [group.networks for group in groups]
    card = Card(plates, numbers, networks, device, request.tell)
    if request.resume and request.checkpoint is not None:
        step = checkpoint.load(request.checkpoint, agree, state)
    wanted = request.options.steps
    limit = numbers.steps if wanted is None else wanted
    stored = Stored(plates.height, plates.width, device) if numbers.stored_next else None
    budget = Budget(request.started, request.options.seconds, limit, numbers.steps, task)

    estimate = Estimate(plates, numbers, device)
    curve: list[tuple[float, float]] = []
    look_at = step + 1
    cost, kept, psnr = 0.0, reserve or 0.0, None
    saved_at, saved = time.monotonic(), step
    try:
        while budget.allows(step, cost, kept):
            began = time.monotonic()
            tally = _step(step, groups, plates, numbers, seed, card, task, stored)
            step += 1
            now = time.monotonic()
            cost = now - began if cost == 0 else 0.8 * cost + 0.2 * (now - began)
            psnr = tally.psnr
            if reserve is None and budget.seconds is not None:
                kept = cost * numbers.finish_share * plates.count
            task.report(
                budget.fraction(step, kept), "fit", step=float(step), psnr=psnr, loss=tally.loss
            )
            if step >= look_at:
                # Ever rarer, so that a long fit does not make a long report.
                look_at = max(step + 1, int(1.05 * step))
                pairs = [(group.canonical, group.deformation) for group in groups]
                found = estimate.psnr(pairs, numbers.annealing(step - 1))
                if found is not None:
                    curve.append((round(budget.elapsed, 2), round(found, 3)))
                    if 0 < numbers.stop_at_psnr <= found:
                        break
            if request.checkpoint and now - saved_at >= numbers.checkpoint_seconds:
                checkpoint.save(request.checkpoint, step, agree, state)
                saved_at, saved = time.monotonic(), step
        if request.checkpoint and saved != step:
            checkpoint.save(request.checkpoint, step, agree, state)
        schedule = {"steps": step, "seed": seed, "numbers": numbers.that_shape_the_result()}
        weights = numbers.annealing(max(step - 1, 0))
        layers = [_deformation(group, plates, numbers, weights) for group in groups]
        return PaperFit(layers, step, cost, psnr, schedule, curve)
    finally:
        # However the fit ends, the card's memory goes back, also while a traceback is still held.
        for held in (groups, networks, state):
            held.clear()
        if stored is not None:
            stored.clear()
        card.close()


def _step(
    step: int,
    groups: list[_Group],
    plates: ClipData,
    numbers: Numbers,
    seed: int,
    card: Card,
    task: Task,
    stored: Stored | None,
) -> Tally:
    """One whole frame through all groups, and one step of Adam."""
    index = numbers.frame_at(step, plates.count, seed)
    task.check()
    weights = numbers.annealing(step)

    def slopes() -> Tally:
        shot, tally = card.shot(index), Tally()
        for k, group in enumerate(groups):
            ahead = stored.of(k, index + 1) if stored is not None else None
            room = stored.room(k, index) if stored is not None else None
            losses = Losses(
                shot, k, group.canonical, group.deformation, weights, numbers, ahead, room
            )
            for tile in tiles(plates.height, plates.width, card.tile):
                task.check()
                losses.backward(tile, tally)
        return tally

    def forget() -> None:
        for group in groups:
            for moments in group.moments.values():
                if moments.value.grad is not None:
                    moments.value.grad.zero_()

    tally = card.attempt(slopes, forget)
    for group in groups:
        for moments in group.moments.values():
            adam_step(
                moments,
                step + 1,
                numbers.rate_at(step),
                numbers.beta1,
                numbers.beta2,
                numbers.epsilon,
            )
    return tally


def _state(groups: list[_Group]) -> dict[str, torch.Tensor]:
    """Everything that a step changes."""
    state = {}
    for k, group in enumerate(groups):
        for name, moments in group.moments.items():
            state[f"{k}.{name}.value"] = moments.value.detach()
            state[f"{k}.{name}.mean"] = moments.mean
            state[f"{k}.{name}.square"] = moments.square
    return state


def _deformation(
    group: _Group, plates: ClipData, numbers: Numbers, weights: F32
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
