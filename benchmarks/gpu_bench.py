"""How things are timed on a card, and what it reaches at best."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import torch

from engine.kernels.backends.choose import kernels_for
from engine.kernels.backends.interface import Kernels
from engine.kernels.hashgrid_levels import HashGrid
from engine.kernels.mlp import Mlp

#: Height and width by the name that people use.
SIZES = {"480p": (480, 854), "1080p": (1080, 1920), "2160p": (2160, 3840)}
#: Both fields as published.
GRIDS = {"canonical": HashGrid(2, growth=1.44), "deformation": HashGrid(3, growth=1.38)}
NETWORKS = {"canonical": Mlp(34, 2, 64, 3), "deformation": Mlp(35, 8, 64, 2)}
#: The same for ``--smoke``.
SMALL_GRIDS = {"canonical": HashGrid(2, 4, 8), "deformation": HashGrid(3, 4, 8)}
SMALL_NETWORKS = {"canonical": Mlp(10, 2, 16, 3)}


@dataclass
class Bench:
    """Where and how much is measured.

    Attributes:
        device: Of torch.
        size: Height and width of the frame that kernels are measured on.
        least: Seconds that each figure is measured for.
        ceilings: What the card reaches in a second: ``bytes`` copied, ``flops`` of products of
            halves, ``additions`` of single numbers to places all over a table.
        smoke: On a few pixels, only to see that everything runs.
    """

    device: torch.device
    size: tuple[int, int] = SIZES["480p"]
    least: float = 0.3
    ceilings: dict[str, float] = field(default_factory=dict)
    smoke: bool = False

    @property
    def grids(self) -> dict[str, HashGrid]:
        """Hash grids that are measured."""
        return SMALL_GRIDS if self.smoke else GRIDS

    @property
    def networks(self) -> dict[str, Mlp]:
        """Networks that are measured."""
        return SMALL_NETWORKS if self.smoke else NETWORKS

    @property
    def kernels(self) -> Kernels:
        """What computes."""
        return kernels_for(self.device)

    def wait(self) -> None:
        """Until everything that was asked of the card is done."""
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)

    def seconds(self, work: Callable[[], object]) -> float:
        """Mean seconds of some work, after runs that compile and warm up."""
        for _ in range(1 if self.smoke else 3):
            work()
        self.wait()
        runs, began = 0, time.perf_counter()
        while not runs or time.perf_counter() - began < self.least:
            for _ in range(1 if self.smoke else 5):
                work()
                runs += 1
            self.wait()
        return (time.perf_counter() - began) / runs

    def figure(
        self,
        work: Callable[[], object],
        *,
        bytes: float = 0.0,
        flops: float = 0.0,
        additions: float = 0.0,
    ) -> dict[str, float]:
        """Milliseconds of some work, and the share of the ceiling that it reaches."""
        taken = self.seconds(work)
        found = {"ms": round(taken * 1e3, 4)}
        if bytes:
            found["gb_per_s"] = round(bytes / taken / 1e9, 1)
            found["share_of_copy"] = round(bytes / taken / self.ceilings["bytes"], 6)
        if flops:
            found["tflops"] = round(flops / taken / 1e12, 2)
            found["share_of_products"] = round(flops / taken / self.ceilings["flops"], 6)
        if additions:
            # Above 1 where neighbours are summed before they are added.
            found["additions_per_s"] = round(additions / taken)
            found["share_of_additions"] = round(additions / taken / self.ceilings["additions"], 6)
        return found


def ceilings(bench: Bench, mib: int = 1024, side: int = 8192) -> dict[str, float]:
    """What the card reaches at best; see ``Bench``."""
    source = torch.empty(mib * 2**18, device=bench.device)
    target = torch.empty_like(source)
    copied = 2 * source.numel() * 4 / bench.seconds(lambda: target.copy_(source))
    half = torch.float16 if bench.device.type == "cuda" else torch.float32
    made = torch.Generator(bench.device).manual_seed(0)
    left = torch.randn(side, side, device=bench.device, generator=made).to(half)
    product = 2 * side**3 / bench.seconds(lambda: left @ left)
    # As many entries as a level of a hash grid has, so that they stay in the cache.
    count, table = mib * 2**12, torch.zeros(2**20, device=bench.device)
    places = torch.randint(0, len(table), (count,), device=bench.device, generator=made)
    much = torch.rand(count, device=bench.device, generator=made)
    added = count / bench.seconds(lambda: table.index_add_(0, places, much))
    return {"bytes": copied, "flops": product, "additions": added}


def places_of(bench: Bench, height: int, width: int) -> torch.Tensor:
    """Where the pixels of a frame lie on a still: a little turned and moved."""
    y, x = np.mgrid[:height, :width].astype(np.float32) + np.float32(0.5)
    turned = np.stack([x + 0.01 * y - 3.3, y - 0.01 * x + 2.7], -1)
    return torch.from_numpy(turned).to(bench.device)
