"""Whole frames with edits, by the Triton kernels, against the compiled loops of the processor."""

from collections.abc import Iterator

import numpy as np
import pytest
import torch

from engine.edit.carrier import Carrier
from engine.edit.device_room import DeviceRoom
from engine.edit.finish import PLAIN, Finish
from engine.edit.propagate import propagate_frame
from engine.kernels.backends import choose
from tests.engine.edit.test_carried_on_device import edited, lit, plate_of, soft
from tests.engine.warp.analytic import lattice_layer, two_layers

FIELDS = {
    "a lattice": lambda: lit(lattice_layer((42, 27), wild=0.5, turn=0.1, zoom=1.2)),
    "hard masks": lambda: lit(two_layers(48, 40)),
    "shared edges": lambda: soft(lit(two_layers(48, 40))),
}


@pytest.fixture
def carrier(device: torch.device, monkeypatch: pytest.MonkeyPatch, times: int) -> Iterator[Carrier]:
    """A carrier whose kernels are Triton's, on whichever device the tests run."""
    if times == 1:
        monkeypatch.setenv("TRITON_INTERPRET", "1")
        # The interpreter takes as long for a program as it has lines; one for all shows the same.
        monkeypatch.setattr("engine.kernels.gpu.read.BLOCK", 2048)
    choose.find.cache_clear()
    choose._kernels.cache_clear()
    monkeypatch.setenv("CODEF_KERNELS", "triton")
    said: list[str] = []
    made = Carrier(DeviceRoom(device), said.append)
    assert {made.stills.kernels.of[name] for name in ("place", "read", "merge")} == {"triton"}
    yield made
    made.close()
    assert not said
    choose.find.cache_clear()
    choose._kernels.cache_clear()


@pytest.mark.parametrize(
    ("name", "finish", "mode"),
    [
        ("a lattice", Finish(merge="auto", light=0.5), "over"),
        ("a lattice", PLAIN, "replace"),
        ("hard masks", Finish(merge="ratio"), "over"),
        ("shared edges", PLAIN, "over"),
    ],
    ids=["auto", "replace", "ratio", "plain"],
)
def test_frames_are_those_of_the_processor(carrier, name, finish, mode):
    field = FIELDS[name]()
    edits, plate = edited(field), plate_of(field)
    wanted = propagate_frame(field, edits, plate, 0, finish=finish, mode=mode)
    found = propagate_frame(field, edits, plate, 0, finish=finish, mode=mode, on=carrier)
    assert not np.array_equal(wanted.pixels, plate.pixels)
    np.testing.assert_allclose(found.pixels, wanted.pixels, rtol=2e-4, atol=2e-4)
