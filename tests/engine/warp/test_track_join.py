"""When the plate's word counts against the field's."""

from dataclasses import replace

import numpy as np

from engine.warp.track_join import Looked, join

COUNT = 24


def _looked(better):
    points = np.tile(np.array([40.0, 20.0], np.float32), (1, COUNT, 1))
    nothing = np.zeros((1, COUNT), np.bool_)
    apart = np.zeros((1, COUNT), np.float32)
    return Looked(points, apart, ~nothing, np.asarray(better)[None], nothing, points + 7, 1.0)


def _joined(better):
    field = np.tile(np.array([10.0, 20.0], np.float32), (1, COUNT, 1))
    seen = np.ones((1, COUNT), np.bool_)
    points, _, _ = join(_looked(better), field, seen, np.ones((1, COUNT)))
    return points[0, :, 0]


def test_the_plate_is_followed_where_it_surely_says_otherwise():
    assert np.allclose(_joined(np.zeros(COUNT, np.bool_)), 40)


def test_a_single_look_that_prefers_the_field_changes_nothing():
    once = np.zeros(COUNT, np.bool_)
    once[[4, 12, 13]] = True
    assert np.allclose(_joined(once), 40)


def test_looks_that_keep_preferring_the_field_hold_it():
    long = np.arange(COUNT) >= 12
    found = _joined(long)
    assert np.allclose(found[16:], 10)
    assert np.allclose(found[:8], 40)


def test_what_neither_knows_goes_on_from_where_the_plate_last_had_it():
    looked = _looked(np.zeros(COUNT, np.bool_))
    nowhere = replace(looked, points=np.full_like(looked.points, np.nan))
    field = np.tile(np.array([10.0, 20.0], np.float32), (1, COUNT, 1))
    confidence = (np.arange(COUNT) < 8).astype(np.float64)[None]
    points, _, trust = join(nowhere, field, np.zeros((1, COUNT), np.bool_), confidence)
    assert np.allclose(points[0, :8], [10, 20])
    assert np.allclose(points[0, 8:], [47, 27])
    assert not trust[0, 8:].any()
