"""Speed of the hash-grid encoding: compiled kernels against the plain torch reference.

    python -m benchmarks.hashgrid [--points N] [-o FILE]

Prints one JSON object: the machine, and millions of samples per second, forward and backward
(gradients to the table and to the points), for points in picture tiles and in random order.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

from benchmarks.machine import describe
from engine.kernels import hashgrid, hashgrid_reference, threads
from engine.kernels.hashgrid_levels import HashGrid

GRIDS = {"2d": HashGrid(2, growth=1.44), "3d": HashGrid(3, growth=1.38)}
TILE = 128


def points_of(count: int, dimensions: int, order: str) -> torch.Tensor:
    """Pixel centres at the density of an 854 x 480 frame, tile by tile or in random order."""
    side = max(1, round(count**0.5 / TILE))
    row, column = np.mgrid[: side * TILE, : side * TILE]
    tiles = np.argsort(
        ((row // TILE) * side + column // TILE) * TILE**2 + (row % TILE) * TILE + column % TILE,
        axis=None,
    )
    picture = np.stack([(row + 0.5) / 480, (column + 0.5) / 854], -1).reshape(-1, 2)[tiles]
    points = picture % 1  # a square of pixels is a little higher than the frame
    if order == "random":
        points = np.random.default_rng(0).permutation(points)
    if dimensions == 3:
        points = np.concatenate([points, np.full((len(points), 1), 0.37)], 1)
    return torch.from_numpy(points.astype(np.float32))


def best(work: Callable[[], None], runs: int = 3) -> float:
    """Seconds of the fastest of a few runs, after one that is not counted."""
    work()
    times = []
    for _ in range(runs):
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return min(times)


def rates(encode: Callable[..., torch.Tensor], grid: HashGrid, points: torch.Tensor) -> list[float]:
    """Forward and backward, in millions of samples per second."""
    table = torch.rand(grid.parameters)
    weights = np.ones(grid.levels, np.float32)

    def forward() -> None:
        with torch.no_grad():
            encode(points, table, grid, weights)

    ahead = best(forward)
    leaf, moving = table.clone().requires_grad_(), points.clone().requires_grad_()
    leaf.grad = torch.zeros_like(leaf)
    extra = {"accumulate": leaf.grad} if encode is hashgrid.encode else {}

    def both() -> None:
        encode(moving, leaf, grid, weights, **extra).sum().backward()

    back = best(both) - ahead
    return [round(len(points) / seconds / 1e6, 2) for seconds in (ahead, back)]


def main(arguments: list[str]) -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--points", type=int, default=262144)
    parser.add_argument("-o", type=Path, help="also write the JSON here")
    options = parser.parse_args(arguments)
    result: dict[str, Any] = {
        "benchmark": "hashgrid",
        "unit": "million samples per second, [forward, backward]",
        "machine": {**describe(), "numba_layer": threads.prepare()},
    }
    for name, grid in GRIDS.items():
        for order in ("tiles", "random"):
            points = points_of(options.points, grid.dimensions, order)
            result[f"{name} {order}"] = {
                "points": len(points),
                "numba": rates(hashgrid.encode, grid, points),
                "torch": rates(hashgrid_reference.encode, grid, points),
            }
    text = json.dumps(result, indent=1)
    print(text)
    if options.o:
        options.o.parent.mkdir(parents=True, exist_ok=True)
        options.o.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
