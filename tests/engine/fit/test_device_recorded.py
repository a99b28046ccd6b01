"""The passes of a seeded fit as a card records them; see ``tests.engine.kernels.device.tape``."""

import numpy as np
import pytest
import torch

from engine.fit.budget import Budget
from engine.fit.device_passes import DevicePasses
from engine.fit.seeded import one_pass, refine
from engine.kernels.device.replay import Replays
from engine.progress import silent
from tests.engine.fit.test_device_passes import RECIPE, REFERENCE, plates_of, started
from tests.engine.kernels.device.tape import Tape

CPU = torch.device("cpu")


@pytest.fixture
def recorded(monkeypatch):
    """Passes that are recorded, what was told, and the tape."""
    monkeypatch.setenv("CODEF_KERNELS", "torch")
    told, tape = [], Tape()
    passes = DevicePasses("cpu", told.append, replays=Replays(CPU, told.append, tape))
    return passes, told, tape


NAMES = ("lattices", "picture", "shade", "step", "speed", "weight")


def test_passes_that_are_played_again_are_passes(recorded):
    """Lattices, light, noise and the picture change from pass to pass; the recording does not."""
    passes, told, tape = recorded
    plates = plates_of(np.uint8)
    states = started(plates, passes), started(plates, DevicePasses("cpu"))
    errors = []
    for some in states:
        errors.append([one_pass(plates, some, REFERENCE, RECIPE, silent()) for _ in range(9)])
    assert told == []
    # Of either layer there are passes that look at what is hidden, and others.
    assert 4 <= tape.recorded <= 6 and tape.played >= 6
    assert errors[0] == errors[1] and errors[0][8] < 0.5 * errors[0][0]
    for one, other in zip(*states, strict=True):
        assert (one.noise, one.excess) == (other.noise, other.excess)
        for name in NAMES:
            np.testing.assert_array_equal(getattr(one, name), getattr(other, name))


def test_what_somebody_sets_between_two_passes_is_seen_by_the_next(recorded):
    passes, _, tape = recorded
    plates = plates_of(layers=1)
    ours, theirs = started(plates, passes), started(plates, DevicePasses("cpu"))
    for turn in range(8):
        for some in (ours, theirs):
            if turn == 5:
                some[0].lattices = some[0].lattices + np.float32(0.1)
            one_pass(plates, some, REFERENCE, RECIPE, silent())
    assert tape.played >= 1
    np.testing.assert_array_equal(ours[0].lattices, theirs[0].lattices)


def test_a_whole_fit_is_recorded_stage_by_stage(recorded):
    passes, told, tape = recorded
    plates = plates_of(layers=1, count=3, height=128, width=133)
    recipe = RECIPE | {"coarse_passes": 5, "full_passes": 5}
    found = []
    for who in (passes, DevicePasses("cpu")):
        states = started(plates, who)
        budget = Budget(0.0, None, 13, 60)
        refine(plates, states, REFERENCE, recipe, budget, lambda cost: 0.0, silent())
        one_pass(plates, states, REFERENCE, recipe, silent(), move=False, robust=0.0)
        found.append(states[0])
    assert told == [] and tape.recorded >= 3 and tape.played >= 3
    np.testing.assert_array_equal(found[0].picture, found[1].picture)
    passes.close()
    assert passes._replays._known == {}


def test_a_card_that_is_full_while_it_records_takes_smaller_calls(monkeypatch):
    monkeypatch.setenv("CODEF_KERNELS", "torch")
    told, tape, failed = [], Tape(), []

    def small(work):
        if not failed:
            failed.append(work)
            raise torch.OutOfMemoryError("CUDA out of memory")
        return tape(work)

    replays = Replays(CPU, told.append, small)
    passes = DevicePasses("cpu", told.append, free=10**10, replays=replays)
    plates = plates_of(layers=1)
    states, whole = started(plates, passes), started(plates, DevicePasses("cpu"))
    for _ in range(6):
        for some in (states, whole):
            one_pass(plates, some, REFERENCE, RECIPE, silent())
    assert told[-1] == "the card was full; going on with 4 frames at a time, frames are sent"
    assert failed and tape.recorded == 0
    np.testing.assert_allclose(states[0].picture, whole[0].picture, atol=2e-3)


def pair():
    """Two small pictures, the second three pixels to the right."""
    y, x = np.mgrid[:64, :96].astype(np.float32)
    grey = 128 + 60 * np.sin(x / 5) * np.cos(y / 7) + 40 * np.sin((x + 2 * y) / 11)
    return grey.astype(np.uint8), np.roll(grey, 3, axis=1).astype(np.uint8)


def test_pictures_are_matched_by_what_was_recorded(recorded):
    passes, told, tape = recorded
    first, second = pair()
    wanted = DevicePasses("cpu").link(first, second)
    assert np.median(wanted[0][..., 0]) == pytest.approx(3, abs=0.1)
    for given in ((first, second), (second, first), (first, second)):
        found = passes.link(*given)
    assert told == [] and tape.recorded == 1 and tape.played == 1
    for one, other in zip(found, wanted, strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_card_without_room_for_two_pictures_leaves_matching_to_the_processor(monkeypatch):
    from engine.flow import device as flows

    def full(*pictures):
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(flows, "link", full)
    told = []
    link = DevicePasses("cpu", told.append).link
    for _ in range(2):
        there, sure = link(*pair())
    assert told == ["the card was full; going on with matching on the processor"]
    assert np.median(there[..., 0]) == pytest.approx(3, abs=0.1) and np.median(sure) > 0.9
