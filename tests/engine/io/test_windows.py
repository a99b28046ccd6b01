"""What windows share, and values over one seen through another."""

import numpy as np
import pytest

from engine.io.picture import Window, within

DATA = Window(-2, 1, 4, 5)


def values(window: Window, *more: int) -> np.ndarray:
    """Each pixel's own place as a number, the same wherever the window is cut."""
    y, x = np.mgrid[window.y0 : window.y1, window.x0 : window.x1]
    found = (100 * y + x + 1).astype(np.int16)
    return np.broadcast_to(found[(..., *[None] * len(more))], (*found.shape, *more))


@pytest.mark.parametrize("wanted", [Window(0, 0, 3, 9), Window(-5, -5, 9, 9), Window(-1, 2, 2, 3)])
@pytest.mark.parametrize("more", [(), (3,)])
def test_values_keep_their_place_and_are_0_beyond(wanted: Window, more: tuple[int, ...]) -> None:
    seen = within(values(DATA, *more), DATA, wanted)
    both = wanted.common(DATA)
    assert both is not None and both == DATA.common(wanted)
    expected = np.zeros((wanted.height, wanted.width, *more), np.int16)
    expected[both.part_of(wanted)] = values(both, *more)
    assert seen.dtype == np.int16
    np.testing.assert_array_equal(seen, expected)


def test_windows_that_only_touch_share_nothing() -> None:
    beside = Window(4, 1, 6, 5)
    assert DATA.common(beside) is None
    assert not within(values(DATA), DATA, beside).any()


def test_the_same_window_gives_the_values_themselves() -> None:
    given = values(DATA)
    assert within(given, DATA, Window(-2, 1, 4, 5)) is given
