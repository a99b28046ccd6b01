"""Whole fits on a card against the processor: recorded, planned, and gone when they end.

These are for ``make test-gpu``. What they ask without a card is asked of plain torch and of the
interpreter by ``tests/engine/fit/test_paper_recorded.py`` and ``test_device_recorded.py`` there.
"""

import threading
from dataclasses import replace

import numpy as np
import pytest
import torch

from engine.edit.carrier import Carrier
from engine.edit.device_room import DeviceRoom
from engine.edit.finish import Finish
from engine.edit.propagate import propagate_frame
from engine.errors import Cancelled
from engine.fit.device_passes import DevicePasses
from engine.fit.host_passes import HOST
from engine.fit.paper import fit_paper
from engine.fit.seeded import one_pass
from engine.kernels.backends.card import check
from engine.kernels.device.replay import Replays
from engine.progress import Task, silent
from tests.engine.edit.test_carried_on_device import edited, plate_of
from tests.engine.fit.test_device_passes import RECIPE, REFERENCE, plates_of, started
from tests.engine.fit.test_paper import Clip, _request
from tests.engine.kernels.gpu.conftest import ON_CARD
from tests.engine.warp.analytic import lattice_layer

pytestmark = pytest.mark.skipif(not ON_CARD, reason="needs an NVIDIA card: make test-gpu")
NUMBERS = {"annealing_begin": 5, "annealing_length": 20, "tile": 64}


def on(device, request):
    return replace(request, options=replace(request.options, device=str(device)))


def test_the_card_passes_its_own_trial(device):
    assert check("cuda:0").problem == ""


def test_work_is_recorded_and_played(device):
    told = []
    replays, much = Replays(device, told.append), torch.ones(1000, device=device)
    total = torch.zeros(1000, device=device)

    def work():
        total.add_(2 * much)

    for number in range(1, 6):
        much.fill_(number)
        replays.run("sum", work)
        assert float(total.mean()) == number * (number + 1)
    assert told == [] and replays._known["sum"] is not None


def test_passes_are_those_of_the_processor(device):
    plates, told = plates_of(np.uint8), []
    passes = DevicePasses(device, told.append)
    errors = []
    for who in (HOST, passes):
        states = started(plates, who)
        errors.append([one_pass(plates, states, REFERENCE, RECIPE, silent()) for _ in range(9)])
    np.testing.assert_allclose(errors[1], errors[0], rtol=5e-3)
    assert any(play is not None for play in passes._replays._known.values())
    assert all("going on without" not in each for each in told)
    passes.close()


@pytest.mark.parametrize("numbers", [{}, {"stored_next": True}], ids=["as published", "stored"])
def test_the_published_fit_is_that_of_the_processor(device, numbers):
    clip, told = Clip(count=4, height=64, width=80), []
    asked = _request(60, **NUMBERS, **numbers)
    fast = fit_paper(on(device, replace(asked, tell=told.append)), clip, silent())
    slow = fit_paper(asked, clip, silent())
    # Halves in the networks, and sums in no fixed order.
    assert fast.psnr_curve[-1][1] == pytest.approx(slow.psnr_curve[-1][1], abs=1.0)
    assert fast.steps == 60 and all("going on without" not in each for each in told)


@pytest.mark.parametrize("cancelled", [False, True])
def test_memory_goes_back_when_a_fit_ends_or_is_cancelled(device, cancelled):
    clip, stop = Clip(count=4, height=64, width=80), threading.Event()
    request = on(device, _request(30, **NUMBERS))
    fit_paper(request, clip, silent())  # what libraries keep for themselves is there then
    torch.cuda.synchronize()
    before = torch.cuda.memory_allocated(), torch.cuda.memory_reserved()

    class Stopping(Task):
        def report(self, *given, **figures):
            super().report(*given, **figures)
            if cancelled and figures.get("step", 0) >= 10:
                stop.set()

    if cancelled:
        with pytest.raises(Cancelled):
            fit_paper(request, clip, Stopping(cancelled=stop))
    else:
        fit_paper(request, clip, Stopping(cancelled=stop))
    torch.cuda.synchronize()
    assert torch.cuda.memory_allocated() <= before[0]
    assert torch.cuda.memory_reserved() <= before[1] + 2**21


def test_stills_leave_the_card_with_their_edit(device):
    field, carrier = lattice_layer(wild=0.5), Carrier(DeviceRoom(device))
    before, plate = torch.cuda.memory_allocated(device), plate_of(field)
    edits = edited(field)
    frame = propagate_frame(field, edits, plate, 0, finish=Finish(merge="ratio"), on=carrier)
    assert frame is not plate and torch.cuda.memory_allocated(device) > before
    carrier.close()
    assert torch.cuda.memory_allocated(device) == before


def test_pictures_are_matched_as_on_the_processor(device):
    made = torch.Generator().manual_seed(4)
    coarse = torch.rand(1, 1, 20, 30, generator=made) * 255
    picture = torch.nn.functional.interpolate(coarse, (120, 180), mode="bicubic")[0, 0]
    first = picture.clamp(0, 255).byte().numpy()
    pair = first, np.roll(first, 3, axis=1)
    wanted, found = DevicePasses("cpu").link(*pair), None
    passes = DevicePasses(device)
    for _ in range(4):
        found = passes.link(*pair)
        assert np.abs(found[0] - wanted[0]).mean() < 0.05
        assert np.abs(found[1] - wanted[1]).mean() < 0.02
