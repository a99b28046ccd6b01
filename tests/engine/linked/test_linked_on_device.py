"""Edits of a long shot and of a pinned one by the way of cards: positions come from elsewhere."""

import numpy as np
import pytest
import torch

from engine.edit.carrier import Carrier
from engine.edit.device_room import DeviceRoom
from engine.edit.finish import PLAIN, Finish
from engine.linked.carry import carry, prepare_carried
from tests.engine.linked.conftest import FIRST
from tests.engine.linked.test_carry import painted


@pytest.mark.parametrize(
    ("finish", "mode"),
    [(PLAIN, "over"), (Finish(merge="auto"), "over"), (PLAIN, "replace")],
    ids=["plain", "auto", "replace"],
)
def test_edits_of_two_stills_come_out_as_on_the_processor(shot, monkeypatch, finish, mode):
    monkeypatch.setenv("CODEF_KERNELS", "torch")
    said: list[str] = []
    carrier = Carrier(DeviceRoom(torch.device("cpu")), said.append)
    sources = [painted(shot, 0, 108, (-20, 0))[0], painted(shot, 2, 118, (15, 5))[0]]
    carried = prepare_carried(shot.field, sources, mode=mode)
    for frame in (108, 112, 120):
        plate, how = shot.plate(frame), {"finish": finish, "mode": mode}
        slow = carry(shot.field, carried, plate, frame - FIRST, **how)
        fast = carry(shot.field, carried, plate, frame - FIRST, on=carrier, **how)
        assert np.abs(slow.pixels - plate.pixels).max() > 0.1
        np.testing.assert_allclose(fast.pixels, slow.pixels, rtol=1e-4, atol=1e-4)
    assert not said
