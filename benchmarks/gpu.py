"""What the kernels reach on an NVIDIA card: ``python -m benchmarks.gpu [CLIP.npz ...] [-o FILE]``.

Prints and writes one JSON object, in less than eight minutes:

1. the ceilings of the card, measured: bytes copied and products of halves per second;
2. each kernel at the size of a frame of 854 x 480, with the share of the ceiling that bounds it;
3. the default fit (``seeded``) of every clip, matching included: seconds to 30 dB and to the end;
4. propagation: frames per second at 480p, 1080p and 2160p, everything on the card;
5. latency: from a new stroke on the still to the refreshed frame in the computer's own memory;
6. the published fit (``paper``) of the first clip: seconds to 30 dB, for 10 000 steps, its PSNR.

CLIP.npz holds ``frames``, uint8 [T, H, W, 3]; without one a clip of 100 frames is made up: a
textured plane under a moving camera. Needs numpy and torch, and Triton for its kernels. Without a
card it says so, tells what it would measure, and writes nothing. ``--smoke`` does all of it on a
few pixels, on any device: no figure of that means anything, but nothing is left untried.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import torch

from benchmarks.gpu_seeded import measure_seeded
from benchmarks.machine import describe
from engine.arrays import F32, U8
from engine.flow.device import link
from engine.kernels.backends.choose import kernels_for, report
from engine.kernels.backends.interface import Kernels
from engine.kernels.hashgrid_levels import HashGrid
from engine.kernels.mlp import Mlp

RESULTS = Path(__file__).parent / "results"
#: Height and width by the name that people use.
SIZES = {"480p": (480, 854), "1080p": (1080, 1920), "2160p": (2160, 3840)}
#: Both fields as published.
GRIDS = {"canonical": HashGrid(2, growth=1.44), "deformation": HashGrid(3, growth=1.38)}
NETWORKS = {"canonical": Mlp(34, 2, 64, 3), "deformation": Mlp(35, 8, 64, 2)}
#: The same for ``--smoke``.
SMALL_GRIDS = {"canonical": HashGrid(2, 4, 8), "deformation": HashGrid(3, 4, 8)}
SMALL_NETWORKS = {"canonical": Mlp(10, 2, 16, 3)}
PLAN = (
    "ceilings: bytes copied and products of halves per second",
    "kernels: hash grids, networks, lattice, reading, Adam, the visit of a seeded fit and its "
    "step, flow; each against its ceiling",
    "the default fit, matching included: seconds to 30 dB and to the end",
    "propagation: frames per second at " + ", ".join(SIZES),
    "latency: stroke to refreshed frame at " + ", ".join(SIZES),
    "the published fit: seconds to 30 dB and for 10 000 steps",
)


@dataclass
class Bench:
    """Where and how much is measured.

    Attributes:
        device: Of torch.
        size: Height and width of the frame that kernels are measured on.
        least: Seconds that each figure is measured for.
        ceilings: Bytes and floating-point operations per second that the card reaches.
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
        self, work: Callable[[], object], *, bytes: float = 0.0, flops: float = 0.0
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
        return found


def ceilings(bench: Bench, mib: int = 1024, side: int = 8192) -> dict[str, float]:
    """What the card reaches at best: bytes (read and written) and operations per second."""
    source = torch.empty(mib * 2**18, device=bench.device)
    target = torch.empty_like(source)
    copied = 2 * source.numel() * 4 / bench.seconds(lambda: target.copy_(source))
    half = torch.float16 if bench.device.type == "cuda" else torch.float32
    left = torch.randn(side, side, device=bench.device).to(half)
    product = 2 * side**3 / bench.seconds(lambda: left @ left)
    return {"bytes": copied, "flops": product}


def pixels(bench: Bench, dimensions: int) -> torch.Tensor:
    """Pixel centres of a frame as shares, row by row; time is 0.4."""
    height, width = bench.size
    y, x = np.mgrid[:height, :width].astype(np.float32)
    planes = [(y + 0.5) / height, (x + 0.5) / width, np.full_like(y, 0.4)][:dimensions]
    return torch.from_numpy(np.stack(planes, -1).reshape(-1, dimensions)).to(bench.device)


def measure_kernels(bench: Bench) -> dict[str, Any]:
    """Every kernel, forward and backward."""
    found: dict[str, Any] = {}
    made, kernels = torch.Generator().manual_seed(0), bench.kernels
    half = kernels.of["encode"] == "triton"
    for name, grid in bench.grids.items():
        points = pixels(bench, grid.dimensions)
        table = torch.rand(grid.parameters, generator=made).to(bench.device)
        table = (table.half() if half else table).requires_grad_()
        sums = torch.zeros(grid.parameters, device=bench.device)
        count, corners = len(points), grid.levels * 2**grid.dimensions
        entry = 2 * table.element_size()
        read = count * (4 * grid.dimensions + corners * entry + 4 * grid.width)

        def ahead(points: Any = points, table: Any = table, grid: Any = grid) -> object:
            with torch.no_grad():
                return kernels.encode(points, table, grid)

        found[f"encode {name}"] = bench.figure(ahead, bytes=read)
        leaf = points.clone().requires_grad_()
        for what, wants_points in (("table", False), ("table and points", True)):
            given = leaf if wants_points else points
            out = kernels.encode(given, table, grid, accumulate=sums)
            slope = torch.randn(out.shape, generator=made).to(bench.device)
            wanted = [table, leaf] if wants_points else [table]

            def back(out: Any = out, slope: Any = slope, wanted: Any = wanted) -> object:
                return torch.autograd.grad(out, wanted, slope, retain_graph=True, allow_unused=True)

            figure = bench.figure(back)
            figure["additions_per_s"] = round(count * corners * 2 / (figure["ms"] * 1e-3))
            found[f"encode {name}, slopes of {what}"] = figure
    for name, mlp in bench.networks.items():
        flat = mlp.initial(made).to(bench.device).requires_grad_()
        count = bench.size[0] * bench.size[1]
        rows = torch.randn(mlp.sizes[0], count, generator=made).to(bench.device).t()
        rows.requires_grad_()

        def think(flat: Any = flat, rows: Any = rows, mlp: Any = mlp) -> object:
            with torch.no_grad():
                return kernels.network(flat, rows, mlp, half=half)

        work = 2.0 * count * mlp.parameters
        found[f"network {name}"] = bench.figure(think, flops=work)
        out = kernels.network(flat, rows, mlp, half=half)
        slope = torch.randn(out.shape, generator=made).to(bench.device)

        def learn(out: Any = out, slope: Any = slope, wanted: Any = (flat, rows)) -> object:
            return torch.autograd.grad(out, wanted, slope, retain_graph=True)

        found[f"network {name}, slopes"] = bench.figure(learn, flops=2 * work)
    found.update(_pictures(bench, made))
    found.update(_fitting(bench, made))
    numbers = bench.grids["deformation"].parameters
    four = [torch.rand(numbers, generator=made).to(bench.device) for _ in range(4)]
    slopes = torch.rand(numbers, generator=made).to(bench.device)

    def step() -> None:
        four[1].copy_(slopes)
        kernels.adam(*four, 1e-3, 1.0, 0.9, 0.999, 1e-8)

    # Four vectors read and written, and the copy that gives it slopes.
    found["adam"] = bench.figure(step, bytes=numbers * 4 * 10)
    return found


def _pictures(bench: Bench, made: torch.Generator) -> dict[str, Any]:
    """The lattice, and reading a picture."""
    found, kernels = {}, bench.kernels
    height, width = bench.size
    spacing = 8.0
    rows, columns = int(np.ceil(height / spacing)) + 3, int(np.ceil(width / spacing)) + 3
    control = torch.randn(rows, columns, 2, generator=made).to(bench.device).requires_grad_()
    moved = 8.0 * height * width
    with torch.no_grad():
        found["lattice"] = bench.figure(
            lambda: kernels.lattice(control, height, width, spacing), bytes=moved
        )
    out = kernels.lattice(control, height, width, spacing)
    slope = torch.randn(out.shape, generator=made).to(bench.device)
    found["lattice, slopes"] = bench.figure(
        lambda: torch.autograd.grad(out, control, slope, retain_graph=True), bytes=moved
    )
    picture = torch.rand(height, width, 4, generator=made).to(bench.device).requires_grad_()
    places = _places(bench, height, width)
    touched = height * width * (8.0 + 16 + 16)
    with torch.no_grad():
        found["sample"] = bench.figure(lambda: kernels.sample(picture, places), bytes=touched)
    places = places.requires_grad_()
    read = kernels.sample(picture, places)
    slope4 = torch.randn(read.shape, generator=made).to(bench.device)
    found["sample, slopes"] = bench.figure(
        lambda: torch.autograd.grad(read, (picture, places), slope4, retain_graph=True),
        bytes=height * width * (8.0 + 16 + 16 + 32 + 8),
    )
    return found


def _fitting(bench: Bench, made: torch.Generator) -> dict[str, Any]:
    """The visit of a frame's pixels in a seeded fit, the step of its lattice, and flow."""
    found, kernels, device = {}, bench.kernels, bench.device
    frames, (height, width), spacing = 8, bench.size, 4.0
    rows, columns = int(np.ceil(height / spacing)) + 3, int(np.ceil(width / spacing)) + 3
    codes = torch.randint(0, 256, (frames, height, width, 3), generator=made, dtype=torch.uint8)
    shares = torch.full((frames, height, width), 255, dtype=torch.uint8, device=device)
    lamps = (frames, -(-height // 16), -(-width // 16))
    still = torch.rand(height + 40, width + 40, 3, generator=made).to(device)
    lattices = torch.randn(frames, rows, columns, 2, generator=made).to(device)
    gradient, normal = torch.zeros_like(lattices), torch.zeros(frames, rows, columns, 3)
    sums = (
        gradient,
        normal.to(device),
        torch.zeros(height + 40, width + 40, 4, device=device),
        torch.zeros(*lamps, 4, device=device),
        torch.zeros(frames, rows - 3, columns - 3, 2, device=device),
        torch.zeros(frames, 2, device=device),
    )
    eye = torch.eye(3, dtype=torch.float64, device=device).repeat(frames, 1, 1)
    given = (codes.to(device), shares, shares, torch.ones(*lamps, device=device), eye, lattices)
    light = torch.zeros(*lamps, 3, device=device)
    numbers = (spacing, 16, 1 / 255, 0.0, (-20.0, -20.0), 0.15)
    # Codes and shares once; four taps of the still are read, and four of its sums added to.
    moved = frames * height * width * (3.0 + 2 + 12 + 32)
    found["visit of 8 frames"] = bench.figure(
        lambda: kernels.register(*sums, *given, still, light, *numbers), bytes=moved
    )
    home, pull = lattices.clone(), torch.zeros_like(lattices)
    stiff = torch.full((frames, rows, columns), 0.006, device=device)
    points = frames * rows * columns
    found["step of 8 lattices, 8 rounds"] = bench.figure(
        lambda: kernels.solve(
            lattices, home, gradient, sums[1], stiff, pull, stiff, 0.015, 0.02, 0.002, 8, 1e-3
        ),
        # Of each point: the system, the direction and its product, residual, and step.
        bytes=points * 8 * (12.0 + 4 + 10 * 8),
    )
    small = (max(height // 2, 32), max(width // 2, 32))
    greys = [torch.randint(0, 256, (8, *small), generator=made, dtype=torch.uint8) for _ in "ab"]
    pair = [each.to(device) for each in greys]
    found["flow of 8 pairs, both ways"] = figure = bench.figure(lambda: link(*pair))
    figure["pairs_per_s"] = round(8 / (figure["ms"] * 1e-3), 1)
    return found


def _places(bench: Bench, height: int, width: int) -> torch.Tensor:
    """Where the pixels of a frame lie on a still: a little turned and moved."""
    y, x = np.mgrid[:height, :width].astype(np.float32) + np.float32(0.5)
    turned = np.stack([x + 0.01 * y - 3.3, y - 0.01 * x + 2.7], -1)
    return torch.from_numpy(turned).to(bench.device)


def measure_propagation(bench: Bench, name: str) -> dict[str, float]:
    """Frames per second, and milliseconds from a new stroke to the frame in our own memory."""
    tiny = bench.smoke or bench.device.type != "cuda"
    height, width = (48, 64) if tiny else SIZES[name]
    made, kernels = torch.Generator().manual_seed(1), bench.kernels
    rows, columns = int(np.ceil(height / 8)) + 3, int(np.ceil(width / 8)) + 3
    control = torch.randn(rows, columns, 2, generator=made).to(bench.device)
    base = _places(bench, height, width)
    edit = torch.rand(height, width, 4, generator=made)
    on_card = edit.to(bench.device)
    plate = torch.rand(height, width, 3, generator=made).to(bench.device)
    out = torch.empty_like(plate)

    def carried() -> torch.Tensor:
        paint = kernels.sample(on_card, base + kernels.lattice(control, height, width, 8.0))
        torch.addcmul(paint[..., :3], plate, 1 - paint[..., 3:], out=out)
        return out

    box = 64

    def stroke() -> object:
        on_card[:box, :box].copy_(edit[:box, :box])
        return carried().cpu()

    with torch.no_grad():
        return {
            "frames_per_s": round(1 / bench.seconds(carried), 1),
            "stroke_to_frame_ms": round(bench.seconds(stroke) * 1e3, 3),
        }


def made_up_clip(frames: int, height: int, width: int) -> U8:
    """A textured plane under a camera that moves, [T, H, W, 3]."""
    random = np.random.default_rng(0)
    waves = random.uniform(-0.35, 0.35, (40, 2)).astype(np.float32)
    phases = random.uniform(0, 6.28, (40, 3)).astype(np.float32)
    y, x = np.mgrid[:height, :width].astype(np.float32)
    clip = np.empty((frames, height, width, 3), np.uint8)
    for t in range(frames):
        u, v = x * (1 + 0.0005 * t) + 1.5 * t, y + 6 * np.sin(t / 9)
        total = np.zeros((height, width, 3), np.float32)
        for (a, b), phase in zip(waves, phases, strict=True):
            total += np.sin((a * u + b * v)[..., None] + phase) / (1 + 40 * np.hypot(a, b))
        clip[t] = np.clip(128 + 60 * total, 0, 255).astype(np.uint8)
    return clip


def measure_paper(bench: Bench, frames: U8, steps: int, seconds: float) -> dict[str, Any]:
    """The published fit without flow and masks, for at most so many seconds."""
    from engine.fit.paper import fit_paper
    from engine.io.picture import Window
    from engine.progress import silent

    count, height, width = frames.shape[:3]

    def frame(index: int) -> F32:
        return frames[index].astype(np.float32) / np.float32(255)

    clip = SimpleNamespace(
        count=count,
        layers=1,
        height=height,
        width=width,
        shrink=1,
        window=Window(0, 0, width, height),
        frame=frame,
        masks=lambda index: [],
    )
    options = SimpleNamespace(
        device=str(bench.device),
        seed=0,
        steps=steps,
        seconds=seconds,
        recipe="paper",
        overrides={"flow_loss": 0.0},
    )
    told: list[str] = []
    began = time.monotonic()
    request = SimpleNamespace(
        options=options,
        identity="benchmark",
        started=began,
        checkpoint=None,
        resume=False,
        tell=told.append,
    )
    fit = fit_paper(request, clip, silent(), reserve=0.0)  # type: ignore[arg-type]
    bench.wait()
    taken = time.monotonic() - began
    reached = [at for at, decibels in fit.psnr_curve if decibels >= 30]
    return {
        "clip": f"{count} frames {width}x{height}",
        "steps": fit.steps,
        "seconds": round(taken, 2),
        "seconds_of_10000_steps": round(taken, 2) if fit.steps == 10_000 else None,
        "steps_per_s": round(fit.steps / taken, 2),
        "seconds_to_30_db": reached[0] if reached else None,
        "psnr": fit.psnr_curve[-1][1] if fit.psnr_curve else None,
        "memory": told,
        "curve": fit.psnr_curve,
    }


def _clips(files: list[Path], smoke: bool) -> dict[str, U8]:
    """Name to frames of the clips that are fitted."""
    if smoke:
        return {"made up": made_up_clip(3, 34, 40)}
    if not files:
        return {"made up": made_up_clip(100, *SIZES["480p"])}
    return {file.stem: np.load(file, allow_pickle=False)["frames"] for file in files}


def measure(bench: Bench, clips: dict[str, U8], fit_seconds: float) -> dict[str, Any]:
    """Everything, printed as it comes."""
    side = (1, 64) if bench.smoke else (1024, 8192)
    bench.ceilings = ceilings(bench, *side)
    answer: dict[str, Any] = {
        "machine": describe(),
        "smoke": bench.smoke,
        "kernels": dict(bench.kernels.of),
        "problems": {each.name: each.problem for each in report(bench.device) if each.problem},
        "ceilings": {
            "copy_gb_per_s": round(bench.ceilings["bytes"] / 1e9, 1),
            "products_of_halves_tflops": round(bench.ceilings["flops"] / 1e12, 1),
        },
    }
    print(json.dumps(answer["ceilings"]), flush=True)
    answer["frame"] = measure_kernels(bench)
    for name, figure in answer["frame"].items():
        print(f"{name:40} {figure}", flush=True)
    answer["seeded"] = {}
    for name, frames in clips.items():
        found = measure_seeded(bench.device, frames, passes=3 if bench.smoke else None)
        answer["seeded"][name] = found
        print(name, json.dumps({key: found[key] for key in found if key != "curve"}), flush=True)
    answer["propagation"] = {name: measure_propagation(bench, name) for name in SIZES}
    print(json.dumps(answer["propagation"]), flush=True)
    steps = 2 if bench.smoke else 10_000
    answer["paper"] = measure_paper(bench, next(iter(clips.values())), steps, fit_seconds)
    shown = {key: value for key, value in answer["paper"].items() if key != "curve"}
    print(json.dumps(shown), flush=True)
    return answer


def main(arguments: list[str]) -> int:
    """Measures, prints and writes."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.gpu",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("clips", nargs="*", type=Path, metavar="CLIP.npz")
    parser.add_argument("--device", default="", help="cuda or cuda:N; with --smoke cpu too")
    parser.add_argument("--fit-seconds", type=float, default=180.0, help="for the published fit")
    parser.add_argument("--smoke", action="store_true", help="all of it on a few pixels")
    parser.add_argument("-o", "--output", type=Path, help="file to write")
    options = parser.parse_args(arguments)
    there = torch.cuda.is_available()
    if not there and not options.smoke:
        print("There is no NVIDIA card here, so nothing was measured. It would measure:")
        print("\n".join(f"  {line}" for line in PLAN))
        return 0
    device = torch.device(options.device or ("cuda" if there else "cpu"))
    bench = Bench(device)
    if options.smoke:
        bench = Bench(device, size=(16, 24), least=1e-6, smoke=True)
    answer = measure(bench, _clips(options.clips, options.smoke), options.fit_seconds)
    target = options.output
    if target is None and not options.smoke:
        name = torch.cuda.get_device_name(device).lower().split()[-1]
        target = RESULTS / f"gpu_{name}.json"
    if target is not None:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(json.dumps(answer, indent=1) + "\n", encoding="utf-8")
        print(f"wrote {target}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
