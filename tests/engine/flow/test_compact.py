"""Flows in as few bytes as they are good for."""

import numpy as np
import pytest

from engine.arrays import F32
from engine.flow.compact import as_bytes, as_halves, compact, from_bytes, from_halves
from engine.flow.pair import FlowPair

RNG = np.random.default_rng(5)


def a_flow() -> FlowPair:
    vectors: F32 = (RNG.normal(size=(20, 30, 2)) * 12).astype(np.float32)
    return FlowPair(7, vectors, RNG.random((20, 30), np.float32), None, None)


def test_compact_flows_are_as_good_as_the_matcher() -> None:
    flow = a_flow()
    small = compact(flow)
    assert flow.forward is not None
    assert flow.forward_confidence is not None
    assert small.forward is not None
    assert small.forward_confidence is not None
    assert small.forward.dtype == np.float32
    # Half of 1/32: the spacing of halves from 32 to 64 pixels.
    assert np.abs(small.forward - flow.forward).max() <= 1 / 64
    assert np.abs(small.forward_confidence - flow.forward_confidence).max() <= 0.5 / 255 + 1e-6
    assert small.backward is None
    assert small.frame == 7


def test_compact_flows_take_few_bytes_and_come_back_exactly() -> None:
    small = compact(a_flow())
    halves, codes = as_halves(small.forward), as_bytes(small.forward_confidence)
    assert halves is not None
    assert codes is not None
    assert (halves.dtype.name, codes.dtype.name) == ("float16", "uint8")
    np.testing.assert_array_equal(from_halves(halves), small.forward)
    np.testing.assert_array_equal(from_bytes(codes), small.forward_confidence)


@pytest.mark.parametrize("odd", [0.1, 1e6, np.inf])
def test_flows_of_other_programs_keep_all_their_digits(odd: float) -> None:
    vectors = np.zeros((4, 5, 2), np.float32)
    vectors[1, 2] = odd, np.nan
    confidence = np.full((4, 5), 0.123, np.float32)
    np.testing.assert_array_equal(from_halves(as_halves(vectors)), vectors)
    np.testing.assert_array_equal(from_bytes(as_bytes(confidence)), confidence)
    assert from_halves(as_halves(None)) is None
    assert from_bytes(as_bytes(None)) is None


def test_vectors_that_are_huge_or_no_numbers_stay_so() -> None:
    vectors = np.zeros((1, 3, 2), np.float32)
    vectors[0, :, 0] = np.nan, 1e9, -np.inf
    small = compact(FlowPair(1, vectors, None, None, None)).forward
    assert small is not None
    assert np.isnan(small[0, 0, 0])
    assert small[0, 1, 0] == 65504
    assert small[0, 2, 0] == -65504
