"""Lattices as they are stored."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import FieldError
from engine.fields.lattice import STEP, LatticeDeformation
from engine.io.picture import Window
from engine.kernels.lattice import grid_shape
from tests.engine.warp.analytic import lattice_layer

DATA = Window.of_size(41, 30)


def layer(reach, seed=0, count=3, spacing=4.0):
    rng = np.random.default_rng(seed)
    shape = (count, *grid_shape(DATA.height, DATA.width, spacing), 2)
    lattices = rng.uniform(-reach, reach, shape).astype(np.float32)
    return LatticeDeformation(np.tile(np.eye(3), (count, 1, 1)), lattices, spacing, DATA)


@settings(deadline=None, max_examples=25)
@given(reach=st.floats(0, 5000), seed=st.integers(0, 1000))
def test_stored_lattices_come_back_within_a_step(reach, seed):
    before = layer(reach, seed)
    after = LatticeDeformation.from_tensors(before.tensors(), before.numbers())
    step = max(STEP, np.abs(before.lattices).max() / 32767)
    np.testing.assert_allclose(after.lattices, before.lattices, atol=0.51 * step)
    again = LatticeDeformation.from_tensors(after.tensors(), after.numbers())
    np.testing.assert_allclose(again.lattices, after.lattices, atol=0.51 * step)


def test_smooth_lattices_take_a_fraction_of_plain_numbers():
    smooth = layer(0, count=2, spacing=2.0)
    gy, gx = smooth.lattices.shape[1:3]
    rows, columns = np.mgrid[0:gy, 0:gx].astype(np.float32)
    smooth.lattices[..., 0] = 3 * np.sin(columns / 6) + 0.1 * rows
    smooth.lattices[..., 1] = 2 * np.cos(rows / 5)
    assert smooth.tensors()["packed"].nbytes < 0.75 * smooth.lattices.size * 2


def test_plain_lattices_of_older_fields_are_read():
    before = layer(9.0)
    stored = before.tensors()
    step = stored["step"]
    del stored["packed"]
    stored["lattices"] = np.rint(before.lattices / step[:, None, None, None]).astype(np.int16)
    after = LatticeDeformation.from_tensors(stored, before.numbers())
    np.testing.assert_allclose(after.lattices, before.lattices, atol=0.51 * float(step.max()))


@pytest.mark.parametrize("harm", ["cut", "flipped", "longer", "absent"])
def test_a_damaged_stream_is_refused(harm):
    before = layer(9.0)
    stored = before.tensors()
    if harm == "cut":
        stored["packed"] = stored["packed"][:-20]
    elif harm == "flipped":
        stored["packed"] = stored["packed"][::-1].copy()
    elif harm == "longer":
        stored["packed"] = layer(9.0, count=4).tensors()["packed"]
    else:
        del stored["packed"]
    with pytest.raises(FieldError, match="fit again"):
        LatticeDeformation.from_tensors(stored, before.numbers())


def test_every_nth_pixel_is_where_the_whole_map_has_it():
    deformation = lattice_layer(wild=1.5, turn=0.2, perspective=1e-3).layers[0].deformation
    whole = deformation.positions(0)
    for part in (
        (slice(3, 60, 4), slice(1, None, 3)),
        (slice(None), slice(10, 20)),
        (slice(0, 500, 2), slice(5, 6)),
    ):
        np.testing.assert_allclose(deformation.positions(0, part), whole[part], atol=1e-3)
