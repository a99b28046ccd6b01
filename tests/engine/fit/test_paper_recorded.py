"""The step of the published fit as a card records it: no waiting, nothing left in Python.

Plain torch takes the place of the card, and a tape that of a CUDA graph: played again, it runs no
line of our Python, and ends where a step asks the device for a number.
"""

from dataclasses import replace

import numpy as np
import pytest
import torch

from engine.fit.paper import fit_paper, train
from engine.fit.paper.card import Card
from engine.kernels.device.replay import Replays
from engine.progress import silent
from tests.engine.fit.test_paper import PE, Clip, _request, _same, one_thread
from tests.engine.kernels.device.tape import Tape

__all__ = ["one_thread"]
SMALL = {"annealing_begin": 3, "annealing_length": 12, "halved_at": [5], "canonical_levels": 4}
STEPS = 13


@pytest.fixture
def recorded(monkeypatch):
    """Fits record their steps; returns what was told, and the tape."""
    monkeypatch.setenv("CODEF_KERNELS", "torch")
    told, tape = [], Tape()
    monkeypatch.setattr(train, "Replays", lambda device, tell: Replays(device, told.append, tape))
    return told, tape


class Asked(Replays):
    """Does all work as it is, in the form that is recorded."""

    records = True

    def run(self, key, work, first=None):
        work()


def fitted(clip, steps, monkeypatch, replays=Replays, **numbers):
    """The same fit, step by step."""
    with monkeypatch.context() as patch:
        patch.setattr(train, "Replays", replays)
        return fit_paper(_request(steps, **numbers), clip, silent())


@pytest.mark.parametrize(
    "numbers",
    [{}, {"stored_next": True}, {"tile": 64}, PE],
    ids=["as published", "stored places", "whole frames", "sines and cosines"],
)
def test_a_step_that_is_played_again_is_the_step_of_its_frame(recorded, monkeypatch, numbers):
    """Frames, rates, annealing and the way through the clip change; what was recorded does not."""
    told, tape = recorded
    clip, given = Clip(count=3, height=20, width=24, split=True), {**SMALL, **numbers}
    found = fit_paper(_request(STEPS, **given), clip, silent())
    assert told == []
    # The last frame has no next one, and stored places are there after their first visit only.
    assert tape.recorded in (2, 3) and tape.played >= STEPS - 2 * tape.recorded - 1
    assert _same(found, fitted(clip, STEPS, monkeypatch, Asked, **given))
    # The processor asks only the pixels that count: other sums, other rounding.
    assert found.psnr == pytest.approx(fitted(clip, STEPS, monkeypatch, **given).psnr, abs=0.1)
    start = fit_paper(_request(0, **given), clip, silent())
    moved = found.layers[0].positions(1) - start.layers[0].positions(1)
    assert np.abs(moved).max() > 0.5, "and the fit did move"


def test_a_look_at_the_fit_between_two_played_steps_sees_the_newest_parameters(recorded):
    """A copy of the table that a look has made must not find its way into the recording."""
    _, tape = recorded
    clip = Clip(count=2, height=24, width=24)
    fit = fit_paper(_request(20, **SMALL), clip, silent())
    assert tape.played > 10
    values = [psnr for _, psnr in fit.psnr_curve]
    assert values[-1] > values[0] + 2 and len(set(values)) == len(values)


def test_a_device_that_does_not_record_fits_all_the_same(monkeypatch):
    def refuses(work):
        raise RuntimeError("operation not supported")

    told, clip = [], Clip(count=2, height=24, width=24)
    monkeypatch.setattr(train, "Replays", lambda device, tell: Replays(device, tell, refuses))
    asked = replace(_request(6, **SMALL), tell=told.append)
    fit = fit_paper(asked, clip, silent())
    assert fit.steps == 6 and len(told) == 1 and "going on without" in told[0]
    assert _same(fit, fitted(clip, 6, monkeypatch, **SMALL))


def test_a_card_that_is_full_while_it_records_goes_on_in_smaller_tiles(recorded, monkeypatch):
    seen = []

    class Small(Tape):
        def __call__(self, work):
            if not seen:
                seen.append(work)
                raise torch.OutOfMemoryError("CUDA out of memory")
            return super().__call__(work)

    small, told = Small(), []
    monkeypatch.setattr(train, "Replays", lambda device, tell: Replays(device, tell, small))
    clip = Clip(count=2, height=24, width=28)
    request = replace(_request(12, tile=64, **SMALL), tell=told.append)
    found = fit_paper(request, clip, silent())
    assert told == [
        "the card was full; going on with tiles of 32 pixels, frames are sent one by one"
    ]
    assert small.recorded >= 1 and small.played > 3
    wanted = fitted(clip, 12, monkeypatch, tile=64, **SMALL)
    assert found.psnr == pytest.approx(wanted.psnr, abs=1e-2)


def test_what_a_step_leaves_on_the_device_is_given_back(recorded):
    import gc

    before = {id(each) for each in gc.get_objects() if isinstance(each, torch.Tensor)}
    fit = fit_paper(_request(6, **SMALL), Clip(count=2, height=24, width=24), silent())
    gc.collect()
    left = [
        each
        for each in gc.get_objects()
        if isinstance(each, torch.Tensor) and id(each) not in before and each.numel() > 1000
    ]
    assert fit.steps == 6 and left == []


def test_the_next_frame_is_prepared_while_a_card_works(monkeypatch):
    """Only on cards: on the processor the fit itself wants all cores."""
    clip = Clip(count=4)
    from tests.engine.fit.test_memory import Numbers, networks

    numbers = Numbers.load(dict(_request(1).options.overrides))
    card = Card(clip, numbers, networks(numbers, clip), torch.device("cpu"), free=10**10)
    card.expect(2)
    assert not card._coming
    card.device = torch.device("cuda")
    card.expect(2)
    card.device = torch.device("cpu")
    assert card._coming[2].result().time == 0.75
    assert card.shot(2).time == 0.75 and not card._coming
    card.close()
