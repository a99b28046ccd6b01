"""The figures of pins, on a small field."""

import numpy as np

from benchmarks.pins import random_pin, trial
from tests.engine.warp.moving import moving_field


def test_a_trial_tells_what_a_pin_does():
    field = moving_field(size=(192, 128), wobble=0.3)
    rng = np.random.default_rng(3)
    for _ in range(3):
        pin = random_pin(field, rng)
        assert pin.radius >= 64 and pin.layer == "square"
        found = trial(field, pin)
        assert found["error"] < 0.25 and found["beyond"] == 0 and found["turned"] == 0
        assert 0 < found["seconds"] <= found["seconds_all"]
