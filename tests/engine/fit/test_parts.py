"""A pass steps the part of a lattice that its layer's pixels ask, and that part as it should."""

from types import SimpleNamespace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from engine.fit.parts import Part, boxes_of, parts_of
from engine.fit.plates import Plates
from engine.fit.recipes import load_recipe
from engine.fit.seeded import one_pass, start_layer
from engine.fit.seeds import Seed
from engine.io.picture import Window
from engine.kernels import lattice as lattice_kernels
from engine.progress import Task
from tests.engine.fit.clips import Pan


def panned(count, height, width):
    """A pan of one layer that is everywhere."""
    pan = Pan(count=count, height=height, width=width, step=(0.5, -0.3))
    codes = np.stack([np.rint(np.clip(pan.frame(t), 0, 1) * 255) for t in range(count)])
    weights = np.full((1, count, height, width), 255, np.uint8)
    window = Window.of_size(width, height)
    return Plates(codes.astype(np.uint8), 1 / 255, 0.0, weights, weights, 1, window, window, 1.0, 0)


def test_boxes_hold_all_pixels_and_no_more():
    weights = np.zeros((3, 20, 30), np.uint8)
    weights[0, 4, 7] = weights[0, 9, 21] = 1
    weights[2, :, 29] = 255
    assert boxes_of(weights).tolist() == [[4, 10, 7, 22], [0, 0, 0, 0], [0, 20, 29, 30]]


@given(
    st.integers(1, 24),
    st.integers(0, 40),
    st.integers(0, 60),
    st.sampled_from([1.0, 2.0, 4.0, 16.0]),
)
def test_every_pixel_finds_its_control_points_in_its_part(count, y, x, spacing):
    plates = SimpleNamespace(count=count, height=48, width=80)
    weights = np.zeros((count, 48, 80), np.uint8)
    weights[::2, y : y + 8, x : x + 9] = 255
    parts = parts_of(plates, boxes_of(weights), spacing)
    rows, _ = lattice_kernels.taps(48, spacing)
    columns, _ = lattice_kernels.taps(80, spacing)
    shown = set()
    for part in parts:
        assert part.rows.start <= rows[y] and rows[min(y + 7, 47)] + 4 <= part.rows.stop
        assert part.columns.start <= columns[x]
        assert columns[min(x + 8, 79)] + 4 <= part.columns.stop
        shown.update(range(part.frames.start, part.frames.stop))
    assert shown >= set(range(0, count, 2))


def test_a_block_is_the_values_themselves_or_is_written_back():
    values = np.arange(2 * 4 * 5 * 2, dtype=np.float32).reshape(2, 4, 5, 2)
    whole = Part(slice(0, 2), slice(0, 4), slice(0, 5))
    assert np.shares_memory(whole.of(values), values)
    some = Part(slice(1, 2), slice(1, 3), slice(2, 5))
    block = some.of(values)
    assert block.shape[:3] == some.shape and block.flags.c_contiguous
    block += 100
    before = values.copy()
    some.put(values, block)
    assert (values[1, 1:3, 2:5] == before[1, 1:3, 2:5] + 100).all()
    assert (values != before).sum() == block.size


def test_a_small_layer_moves_as_it_would_with_its_whole_lattice(monkeypatch):
    """Only what lies beyond its margin may differ."""
    whole = np.tile([0, 96, 0, 160], (6, 1))
    results = []
    for everywhere in (False, True):
        plates = panned(6, 96, 160)
        plates.weights[0] = 0
        plates.weights[0, :, 40:60, 60:90] = 255
        shape = lattice_kernels.grid_shape(96, 160, 8)
        seed = Seed(
            np.tile(np.eye(3), (6, 1, 1)), np.zeros((6, *shape, 2), np.float32), 8, "flow", {}
        )
        if everywhere:
            monkeypatch.setattr("engine.fit.seeded.boxes_of", lambda weights: whole)
        state = start_layer(plates, 0, 3, seed)
        recipe = load_recipe("seeded")
        errors = [one_pass(plates, [state], 3, recipe, Task()) for _ in range(4)]
        results.append((state, errors, plates))
    (part, few, plates), (whole_state, many, _) = results
    assert few[-1] < 0.7 * few[0]
    np.testing.assert_allclose(few, many, rtol=0.02)
    for index in range(6):
        near = part.positions(plates, index)[40:60, 60:90]
        far = whole_state.positions(plates, index)[40:60, 60:90]
        np.testing.assert_allclose(near, far, atol=0.03)
    assert not part.lattices[:, 0].any(), "what is far away keeps still"
