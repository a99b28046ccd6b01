"""The figures of ``python -m benchmarks.propagation``, on pictures whose figures are known."""

import cv2
import numpy as np
import pytest

from benchmarks.propagation import decibels, fringe, likeness, marked, perfect, share
from benchmarks.synthetic.levels import Spec
from benchmarks.synthetic.scene import Scene
from engine.colour.encoding import encode
from engine.warp.render import composite


def test_the_perfect_field_draws_the_clip():
    scene = Scene(Spec(1, 160, 90, 4))
    field = perfect(scene)
    for index in (0, 3):
        apart = encode(composite(field, index, lit=True)) - encode(scene.shot(index).clean)
        assert np.abs(apart).mean() < 0.02


def test_the_mark_lies_where_the_clip_has_it():
    scene = Scene(Spec(1, 160, 90, 4))
    change, field = marked(scene), perfect(scene)
    seen = change.sheet.read_linear(field.layers[1].deformation.positions(2), filter="bilinear")
    truth = scene.shot(2).paint[..., 3]
    assert np.abs(seen[..., 3] - truth).mean() < 0.005


def test_variance_and_likeness_of_grain():
    rng = np.random.default_rng(0)
    noise = rng.normal(0, 0.1, (200, 200, 3)).astype(np.float32)
    where = np.zeros((200, 200), bool)
    where[20:180, 20:180] = True
    variance, beside = likeness(noise, where)
    assert variance == pytest.approx(0.01, rel=0.03)
    assert abs(beside) < 0.02
    soft = cv2.GaussianBlur(noise, (0, 0), 0.7)
    assert likeness(soft, where)[1] == pytest.approx(np.exp(-1 / (4 * 0.49)), abs=0.04)


def test_shares_and_decibels():
    assert share([(1.0, 30.0), (2.0, 30.0)]) == 0.05
    assert share([(1.0, 5.0)]) is None
    assert decibels(100 * 25.5**2, 100) == pytest.approx(20)


def test_the_fringe_is_gone():
    found = fringe((240, 136))
    assert found["over by alpha"] > 10
    assert found["as propagated"] <= 1
