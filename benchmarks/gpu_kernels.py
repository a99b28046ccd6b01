"""Every kernel at the size of a frame of 854 x 480, against the ceiling that bounds it."""

from typing import Any

import numpy as np
import torch

from benchmarks.gpu_bench import Bench, places_of
from engine.flow.device import link
from engine.kernels.device.pyramid import Pyramid


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

            figure = bench.figure(back, additions=count * corners * 2.0)
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
    found.update(_carrying(bench, made))
    found.update(_fitting(bench, made))
    numbers = bench.grids["deformation"].parameters
    value, slope, mean, square, slopes = (
        torch.rand(numbers, generator=made).to(bench.device) for _ in range(5)
    )
    rates = torch.tensor([1e-3, 1.0], device=bench.device)

    def step() -> None:
        slope.copy_(slopes)
        kernels.adam(value, slope, mean, square, rates, 0.9, 0.999, 1e-8)

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
    places = places_of(bench, height, width)
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


def _carrying(bench: Bench, made: torch.Generator) -> dict[str, Any]:
    """What an edit goes through on its way into a frame."""
    found, kernels, device = {}, bench.kernels, bench.device
    height, width = bench.size
    pixels, spacing = height * width, 8.0
    rows, columns = int(np.ceil(height / spacing)) + 3, int(np.ceil(width / spacing)) + 3
    control = torch.randn(rows, columns, 2, generator=made).to(device)
    matrix = torch.eye(3, dtype=torch.float64, device=device)
    found["place"] = bench.figure(
        lambda: kernels.place(matrix, control, spacing, (0, 0, height, width)), bytes=8.0 * pixels
    )
    pyramid = Pyramid.of(torch.rand(height, width, 4, generator=made).to(device))
    where = places_of(bench, height, width)
    how: dict[str, Any] = {"origin": (0.0, 0.0), "scale": (1.0, 1.0), "footprint": True}
    for name, times in (("read, cubic", 1.0), ("read, cubic, at a third", 3.0)):
        points = where * times

        def read(points: torch.Tensor = points) -> object:
            return kernels.read(pyramid, points, filter="cubic", matte=True, **how)

        found[name] = bench.figure(read, bytes=pixels * (8.0 + 16 + 16))
    paint = torch.rand(height, width, 4, generator=made).to(device)
    plate, gain = torch.rand(2, height, width, 3, generator=made).to(device)
    share, grade = torch.rand(2, height, width, generator=made).to(device)
    result, covered = plate.clone(), torch.zeros(height, width, device=device)

    def merge() -> None:
        kernels.merge(
            *(result, covered, paint, paint, plate, share, None, gain, grade),
            kind="auto",
            mix=1.0,
            lit=(True, True),
        )

    # Frame and share of the edit are read and written, all else is read.
    found["merge"] = bench.figure(merge, bytes=pixels * (2 * 16.0 + 2 * 16 + 2 * 12 + 2 * 4))
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
    # Each pixel lies in four patches, which are read some 22 times on every level, both ways.
    read = 2 * 8 * small[0] * small[1] * 4 / 3 * 4 * 22 * 4.0
    found["flow of 8 pairs, both ways"] = figure = bench.figure(lambda: link(*pair), bytes=read)
    figure["pairs_per_s"] = round(8 / (figure["ms"] * 1e-3), 1)
    return found
