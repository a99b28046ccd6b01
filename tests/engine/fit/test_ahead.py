"""Reading ahead: in order, bounded, and errors in their turn."""

import threading

import numpy as np
import pytest

from engine.errors import InputError
from engine.fit.ahead import pictures
from engine.io.picture import Picture


def numbered(frame):
    return Picture.of(np.full((2, 3, 3), frame, np.float32))


def numbers(shots):
    return [int(shot.pixels[0, 0, 0]) for shot in shots]


@pytest.mark.parametrize("readers", [0, 1, 2, 5])
def test_pictures_come_in_order_whoever_is_faster(readers):
    later = threading.Event()

    def read(frame):
        # Frame 10 is ready only after frame 20 where there is somebody else to read that.
        if frame == 10 and readers > 1:
            later.wait()
        if frame == 20:
            later.set()
        return numbered(frame)

    assert numbers(pictures((10, 20, 30, 50), read, readers)) == [10, 20, 30, 50]


def test_only_a_few_pictures_are_held():
    begun = []

    def read(frame):
        begun.append(frame)
        return numbered(frame)

    for taken, _ in enumerate(pictures(range(40), read, 2)):
        assert len(begun) <= taken + 3
    assert sorted(begun) == list(range(40))


def test_without_readers_nobody_else_reads():
    threads = []

    def read(frame):
        threads.append(threading.current_thread())
        return numbered(frame)

    assert numbers(pictures((1, 2), read, 0)) == [1, 2]
    assert set(threads) == {threading.current_thread()}


def test_an_error_comes_in_its_turn_and_the_rest_is_not_read():
    begun = []

    def read(frame):
        begun.append(frame)
        if frame == 3:
            raise InputError("frame 3 is damaged; copy it again", frame=3)
        return numbered(frame)

    seen = []
    with pytest.raises(InputError, match="frame 3"):
        for shot in pictures(range(50), read, 2):
            seen += numbers([shot])
    assert seen == [0, 1, 2]
    assert max(begun) <= 5
