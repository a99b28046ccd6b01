"""Propagation on a card: what ``codef propagate`` asks of ``engine.edit.carrier``, timed.

The edit covers the whole still, the deformation is a lattice of 8 pixels, the light changes from
place to place. What is measured on the plate (holdout, grain, shadows, softness) is found on the
processor by OpenCV and is no part of these figures.
"""

import math
from typing import Any

import numpy as np

from benchmarks.gpu_bench import SIZES, Bench
from engine.arrays import F32
from engine.edit.carrier import Carrier
from engine.edit.device_carry import Wanted, carried
from engine.edit.device_frame import DeviceFrame
from engine.edit.device_room import DeviceRoom
from engine.edit.editlayer import EditLayer
from engine.edit.finish import PLAIN, Finish
from engine.fields.field import Canonical, Field, Layer, Masks
from engine.fields.lattice import LatticeDeformation
from engine.io.picture import Picture, Window
from engine.warp.sheet import Sheet

#: Frames that take turns, and pixels of a stroke's side.
FRAMES, STROKE = 8, 256
SPACING, MARGIN = 8, 16


def made_up_field(height: int, width: int) -> Field:
    """A field of one layer under a camera that moves a little."""
    random = np.random.default_rng(1)
    data = Window.of_size(width, height)
    canvas = Window(-MARGIN, -MARGIN, width + MARGIN, height + MARGIN)
    matrices = np.tile(np.eye(3), (FRAMES, 1, 1))
    matrices[:, 0, 2], matrices[:, 1, 0] = np.arange(FRAMES) * 0.7, np.arange(FRAMES) * 1e-3
    grid = (math.ceil(height / SPACING) + 3, math.ceil(width / SPACING) + 3)
    lattices = random.normal(0, 0.2, (FRAMES, *grid, 2)).astype(np.float32)
    light = random.uniform(0.8, 1.2, (FRAMES, 9, 16, 3)).astype(np.float32)
    still = random.random((canvas.height, canvas.width, 4), np.float32)
    still[..., 3] = 1
    layer = Layer(
        "all",
        LatticeDeformation(matrices, lattices, SPACING, data),
        Canonical(still, canvas),
        lighting=light,
    )
    masks = Masks(height, width, [])
    return Field(tuple(range(FRAMES)), data, data, [layer], masks, 0, "made up")


def paint_of(height: int, width: int) -> tuple[F32, F32]:
    """Half covering paint, [h, w, 4], and where it is a grade: in its upper half."""
    rgba = np.random.default_rng(2).random((height, width, 4), np.float32) * np.float32(0.5)
    grade: F32 = np.zeros((height, width), np.float32)
    grade[: height // 2] = 1
    return rgba, grade


def measure_propagation(bench: Bench, name: str) -> dict[str, Any]:
    """Frames per second, and milliseconds from a new stroke to the frame in our own memory.

    Args:
        bench: Where.
        name: One of ``SIZES``.
    """
    tiny = bench.smoke or bench.device.type != "cuda"
    height, width = (48, 64) if tiny else SIZES[name]
    field, carrier = made_up_field(height, width), Carrier(DeviceRoom(bench.device))
    canvas = field.layers[0].canonical.data
    rgba, grade = paint_of(canvas.height, canvas.width)
    everywhere = EditLayer(Sheet.of(rgba, (canvas.x0, canvas.y0)), grade)
    side = min(STROKE, height // 2)
    stroke_rgba, stroke_grade = paint_of(side, side)
    random = np.random.default_rng(3)
    plate = Picture.of(random.random((height, width, 3), np.float32))
    part, turn = (0, 0, height, width), iter(range(10**9))
    found: dict[str, Any] = {}
    for kind, finish in (("paint", PLAIN), ("auto", Finish(merge="auto"))):
        wanted = Wanted({0: everywhere}, finish, plain=finish.plain)
        there = DeviceFrame(carrier.stills, field, 0).send(plate.pixels)

        def on_card(wanted: Wanted = wanted, there: Any = there) -> object:
            frame = DeviceFrame(carrier.stills, field, next(turn) % FRAMES)
            return carried(frame, wanted, {0: frame.positions(0, part)}, part, there)

        def in_memory(wanted: Wanted = wanted) -> object:
            return carrier.carry(field, wanted, plate, next(turn) % FRAMES)

        def stroke(finish: Finish = finish) -> object:
            change = EditLayer(Sheet.of(stroke_rgba, (width / 4, height / 4)), stroke_grade)
            return carrier.carry(field, Wanted({0: change}, finish, plain=finish.plain), plate, 1)

        found[kind] = {
            "frames_per_s": round(1 / bench.seconds(on_card), 1),
            "frames_per_s_in_memory": round(1 / bench.seconds(in_memory), 1),
            "stroke_to_frame_ms": round(bench.seconds(stroke) * 1e3, 3),
        }
    carrier.close()
    return found
