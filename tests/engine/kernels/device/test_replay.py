"""Work that is recorded once and played again: the rules, and what happens when it cannot be."""

import pytest
import torch

from engine.kernels.device.replay import Replays
from tests.engine.kernels.device.tape import Tape

CPU = torch.device("cpu")


class Sum:
    """Adds a number that lies in a tensor to another one."""

    def __init__(self):
        self.much, self.total = torch.ones(()), torch.zeros(())
        self.asked = 0

    def __call__(self):
        self.asked += 1
        self.total += 2 * self.much


def test_work_is_done_then_recorded_then_played_from_what_its_tensors_hold():
    work, tape = Sum(), Tape()
    replays = Replays(CPU, recorder=tape)
    for number in range(1, 6):
        work.much.fill_(number)
        replays.run("sum", work)
        assert work.total == number * (number + 1)
    assert (work.asked, tape.recorded, tape.played) == (2, 1, 3)


def test_each_kind_is_recorded_for_itself_and_forgotten_together():
    tape = Tape()
    replays = Replays(CPU, recorder=tape)
    kinds = Sum(), Sum()
    for _ in range(3):
        for key, work in enumerate(kinds):
            replays.run(key, work)
    assert tape.recorded == 2 and [float(work.total) for work in kinds] == [6, 6]
    replays.forget()
    replays.run(0, kinds[0])
    assert tape.recorded == 2 and kinds[0].asked == 3


def test_on_the_processor_everything_is_done_as_it_is():
    work, replays = Sum(), Replays(CPU)
    assert not replays.records
    for _ in range(4):
        replays.run("sum", work)
    assert work.asked == 4


def test_what_cannot_be_recorded_goes_on_as_it_is_and_that_is_said_once():
    def refuses(work):
        raise RuntimeError("operation not permitted when stream is capturing\nCUDA_LAUNCH_BLOCKING")

    told, done, firsts = [], [], []
    replays = Replays(CPU, told.append, refuses)
    for key in ("a", "a", "b", "b", "a"):
        replays.run(key, lambda: done.append(1), lambda: firsts.append(1))
    assert not done and len(firsts) == 5 and not replays.records
    assert told == [
        "cpu does not record its work as a CUDA graph (operation not permitted when stream is "
        "capturing); going on without, which is slower"
    ]


@pytest.mark.parametrize("hidden", [False, True])
def test_a_card_that_is_full_while_recording_is_told_to_whoever_asked(hidden):
    """Where ending the recording fails in its turn, the reason is still the memory."""

    def full(work):
        try:
            raise torch.OutOfMemoryError("CUDA out of memory")
        except torch.OutOfMemoryError:
            if not hidden:
                raise
            raise RuntimeError("capture was invalidated")  # noqa: B904 - as capture_end does

    work, told = Sum(), []
    replays = Replays(CPU, told.append, full)
    replays.run("sum", work)
    with pytest.raises(torch.OutOfMemoryError):
        replays.run("sum", work)
    assert work.asked == 1 and not told and replays.records


PIXELS = torch.arange(12.0).view(3, 4)
MASK = PIXELS > 5


@pytest.mark.parametrize(
    "asks",
    [
        lambda: PIXELS.sum().item(),
        lambda: float(PIXELS.sum()),
        lambda: bool(MASK.any()),
        lambda: PIXELS.cpu(),
        lambda: PIXELS.numpy(),
        lambda: PIXELS.tolist(),
        lambda: PIXELS.to("cpu"),
        lambda: PIXELS[MASK],
        lambda: MASK.nonzero(),
        lambda: PIXELS.masked_select(MASK),
        lambda: torch.tensor([1.0, 2.0]) + PIXELS[0, :2],
        lambda: PIXELS.new_tensor([1.0]),
        lambda: torch.unique(PIXELS),
        lambda: torch.equal(PIXELS, PIXELS),
    ],
)
def test_the_tape_refuses_whatever_would_make_a_card_wait(asks):
    """The guard that the fits' steps are held to must itself be able to fail."""
    asks()
    told: list[str] = []
    replays = Replays(CPU, told.append, Tape())
    for _ in range(2):
        replays.run("work", asks)
    assert len(told) == 1 and not replays.records
