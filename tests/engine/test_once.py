"""Values that are made once, whoever asks first."""

import threading
import weakref

import numpy as np
import pytest

from engine.once import Once


def test_threads_that_ask_together_get_one_value():
    once, made, start = Once(), [], threading.Barrier(4)
    found = []

    def make():
        made.append(threading.get_ident())
        gate.wait(5)
        return object()

    def ask():
        start.wait(5)
        found.append(once.get((), "a", make))

    gate = threading.Event()
    threads = [threading.Thread(target=ask) for _ in range(3)]
    for each in threads:
        each.start()
    start.wait(5)
    gate.set()
    for each in threads:
        each.join(5)
    assert len(made) == 1 and len(found) == 3 and len(set(map(id, found))) == 1


def test_a_value_goes_with_what_it_was_made_of():
    once, pixels = Once(), np.zeros(3)
    assert once.get((pixels,), 1, lambda: "first") == "first"
    assert once.get((pixels,), 1, lambda: "again") == "first"
    assert once.get((pixels,), 2, lambda: "other") == "other"
    del pixels
    assert not once._made


def test_what_outlives_a_value_keeps_no_trace_of_it():
    once, field = Once(), np.zeros(3)
    for _ in range(3):
        pixels = np.zeros(2)
        once.get((field, pixels), 1, object)
        del pixels
    assert not once._made and not once._ends
    assert weakref.getweakrefcount(field) == 0


def test_what_failed_is_tried_again():
    once = Once()

    def fail():
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        once.get((), 1, fail)
    assert once.get((), 1, lambda: "now") == "now"
