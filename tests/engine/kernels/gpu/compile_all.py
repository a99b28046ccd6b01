"""Compiles every kernel for an NVIDIA card, with the arguments of real launches; needs no card.

The interpreter is more lenient than the compiler (about types that change in a branch, about
shapes), so this is run in a process of its own in which kernels are compiled and not started.
Prints the names of what was compiled, one a line, and last that no launch makes a card wait: once
compiled, all of them are launched again where nothing may ask the device, or send it anything.
"""

import math
import sys
from types import SimpleNamespace
from typing import Any

import numpy as np
import torch
import triton
from triton.backends.compiler import GPUTarget
from triton.runtime.jit import JITFunction

from engine.edit.device_carry import Wanted, carried
from engine.edit.device_frame import DeviceFrame
from engine.edit.device_stills import Stills
from engine.edit.editlayer import EditLayer
from engine.edit.finish import PLAIN, Finish
from engine.fields.field import Canonical, Field, Layer, Masks
from engine.fields.lattice import LatticeDeformation
from engine.io.picture import Window
from engine.kernels.device.pyramid import Pyramid
from engine.kernels.gpu import (
    adam,
    hash_encode,
    lattice,
    merge,
    network,
    read,
    register,
    sample,
    solve,
)
from engine.kernels.hashgrid_levels import HashGrid
from engine.kernels.mlp import Mlp
from engine.warp.sheet import Sheet
from tests.engine.kernels.device.tape import Tape


def install(capability: int) -> list[str]:
    """Makes launches compile for a card that is not there; returns what will be compiled."""
    compiled: list[str] = []
    driver = SimpleNamespace(
        get_current_device=lambda: 0,
        get_current_stream=lambda device=0: 0,
        get_current_target=lambda: GPUTarget("cuda", capability, 32),
        get_active_torch_device=lambda: torch.device("cpu"),
    )
    triton.runtime.driver.set_active(driver)
    real = JITFunction.run

    def run(self: Any, *arguments: Any, grid: Any, warmup: bool, **options: Any) -> Any:
        kernel = real(self, *arguments, grid=grid, warmup=True, **options)
        assert kernel.asm["cubin"], "the assembler gave no code"
        compiled.append(self.__name__)
        return kernel

    JITFunction.run = run
    return compiled


def launch_all() -> None:
    """Launches every kernel in every form that fields use."""
    for dimensions, growth in ((2, 1.44), (3, 1.38)):
        grid = HashGrid(dimensions, growth=growth)
        for kind in (torch.float16, torch.float32):
            points = torch.zeros(4096, dimensions, requires_grad=True)
            table = torch.zeros(grid.parameters, dtype=kind, requires_grad=True)
            sums = torch.zeros(grid.parameters)
            weights = torch.ones(grid.levels)
            found = hash_encode.encode(
                points, table, grid, weights, raw=True, padded_to=48, accumulate=sums
            )
            found.sum().backward()
    for mlp, half in ((Mlp(34, 2, 64, 3), False), (Mlp(35, 8, 64, 2), True)):
        flat = torch.zeros(mlp.parameters, requires_grad=True)
        rows = torch.zeros(48, 4096).t().requires_grad_()
        network.network(flat, rows, mlp, half=half).sum().backward()
    control = torch.zeros(2, 63, 110, 2, requires_grad=True)
    lattice.lattice(control, 480, 854, 8.0).sum().backward()
    for channels in (3, 4):
        picture = torch.zeros(480, 854, channels, requires_grad=True)
        positions = torch.zeros(4096, 2, requires_grad=True)
        sample.sample(picture, positions).sum().backward()
    adam.adam(*torch.zeros(4, 4096), torch.ones(2), 0.9, 0.99, 1e-8)
    for spacing, cell, kind in ((4.0, 16, torch.uint8), (5.5, 8, torch.uint16)):
        visit(spacing, cell, kind)
    points = [torch.zeros(2, 35, 63, *more) for more in ((2,), (2,), (2,), (3,), (), (2,), ())]
    solve.solve(*points, 0.015, 0.02, 0.002, 2, 1.5)
    carry()
    edits()


STILLS = {channels: Pyramid.of(torch.zeros(90, 120, channels)) for channels in (2, 4)}


def carry() -> None:
    """Launches all that an edit goes through on its way into a frame."""
    eye = torch.eye(3, dtype=torch.float64)
    where = read.place(eye, torch.zeros(26, 33, 2), 4.0, (3, 5, 80, 100))
    how: dict[str, Any] = {"origin": (-3.0, 2.0), "scale": (1.0, 1.0)}
    for filter in ("bilinear", "cubic"):
        read.read(STILLS[4], where, filter=filter, footprint=True, matte=filter == "cubic", **how)
        read.read(STILLS[4], where, filter=filter, footprint=False, matte=False, **how)
    read.read(STILLS[2], where, filter="bilinear", footprint=True, matte=False, **how)
    planes, colours, paint = torch.zeros(3, 80, 100), torch.zeros(3, 80, 100, 3), STILLS[4].flat
    paint = paint[: 80 * 100].view(80, 100, 4)
    for kind in ("over", "difference", "ratio", "auto"):
        for extra in ((planes[0], planes[1], colours[2], planes[2]), (None, None, None, None)):
            merge.merge(
                colours[0],
                planes[0],
                paint,
                paint,
                colours[1],
                *extra,
                kind=kind,
                mix=0.5,
                lit=(True, True),
            )


def changed_frame() -> tuple[DeviceFrame, EditLayer]:
    """A frame of one layer whose kernels are these, and a change with a grade in it."""
    data = Window.of_size(100, 80)
    deformation = LatticeDeformation(np.eye(3)[None], np.zeros((1, 23, 28, 2), "f4"), 4.0, data)
    layer = Layer("all", deformation, Canonical(np.ones((80, 100, 4), "f4"), data))
    field = Field((1,), data, data, [layer], Masks(80, 100, []), 1, "seeded")
    ours = SimpleNamespace(place=read.place, read=read.read, merge=merge.merge)
    stills = Stills(torch.device("cpu"), ours)  # type: ignore[arg-type]
    paint = Sheet.of(np.full((30, 40, 4), 0.5, "f4"), (20.0, 10.0))
    return DeviceFrame(stills, field, 0), EditLayer(paint, np.ones((30, 40), "f4"))


FRAME, CHANGE = changed_frame()
POINTS, PLATE = torch.zeros(80, 100, 2), torch.zeros(80, 100, 3)


@torch.no_grad()
def edits() -> None:
    """Puts the change into the frame in every way that a card does it alone."""
    for finish in (PLAIN, Finish(merge="auto"), Finish(merge="ratio")):
        wanted = Wanted({0: CHANGE}, finish, plain=finish.plain)
        carried(FRAME, wanted, {0: POINTS}, (0, 0, 80, 100), PLATE)


def visit(spacing: float, cell: int, kind: torch.dtype) -> None:
    """Launches the visit of two frames."""
    height, width = 128, 240
    rows, columns = math.ceil(height / spacing) + 3, math.ceil(width / spacing) + 3
    lamps = (2, -(-height // cell), -(-width // cell))
    codes = torch.zeros(2, height, width, 3, dtype=kind)
    weights = torch.zeros(2, height, width, dtype=torch.uint8)
    register.register(
        torch.zeros(2, rows, columns, 2),
        torch.zeros(2, rows, columns, 3),
        torch.zeros(150, 260, 4),
        torch.zeros(*lamps, 4),
        torch.zeros(2, rows - 3, columns - 3, 2),
        torch.zeros(2, 2),
        codes,
        weights,
        weights,
        torch.ones(*lamps),
        torch.zeros(2, 3, 3, dtype=torch.float64),
        torch.zeros(2, rows, columns, 2),
        torch.zeros(150, 260, 3),
        torch.zeros(*lamps, 3),
        spacing,
        cell,
        1 / 255,
        0.0,
        (-5.0, -3.0),
        0.15,
    )


if __name__ == "__main__":
    done = install(int(sys.argv[1]))
    launch_all()
    print("\n".join(sorted(set(done))))
    Tape()(launch_all)
    print("nothing waits")
