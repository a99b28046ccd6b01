from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gui.viewer.pixels import Pixels
from gui.viewer.viewport import LARGEST, SMALLEST, Viewport, area, contains, grown, intersection

ports = st.builds(
    Viewport,
    st.floats(1, 4000),
    st.floats(1, 3000),
    st.floats(SMALLEST, LARGEST),
    st.floats(-1e4, 1e4),
    st.floats(-1e4, 1e4),
    st.floats(0.5, 2),
    st.sampled_from([1.0, 1.5, 2.0]),
)
places = st.tuples(st.floats(-5000, 5000), st.floats(-5000, 5000))


@given(ports, places)
def test_screen_to_picture_and_back_is_the_same_place(port, place):
    assert port.to_screen(*port.to_picture(*place)) == pytest.approx(place, abs=1e-5)


@given(ports, places, st.floats(0.1, 10))
def test_zooming_keeps_the_point_under_the_cursor(port, place, factor):
    before = port.to_picture(*place)
    after = port.zoomed(factor, place)
    pixel = 1e-3 / after.step  # a thousandth of a screen pixel
    assert after.to_picture(*place) == pytest.approx(before, abs=pixel + 1e-6)
    assert SMALLEST <= after.zoom <= LARGEST


@given(ports, st.floats(-500, 500), st.floats(-500, 500))
def test_panning_moves_the_picture_with_the_hand(port, dx, dy):
    x, y = port.to_picture(10, 20)
    assert port.panned(dx, dy).to_screen(x, y) == pytest.approx((10 + dx, 20 + dy), abs=1e-4)


@given(ports, places, st.floats(1, 5000), st.floats(1, 5000))
def test_fit_shows_the_whole_box_in_the_middle(port, corner, width, height):
    box = (corner[0], corner[1], corner[0] + width, corner[1] + height)
    fitted = port.fitted(box)
    if SMALLEST < fitted.zoom < LARGEST:
        assert contains(fitted.visible(), box)
    middle = fitted.to_screen((box[0] + box[2]) / 2, (box[1] + box[3]) / 2)
    assert middle == pytest.approx((port.width / 2, port.height / 2), abs=1e-4)


def test_100_percent_is_one_device_pixel_for_each_pixel():
    port = Viewport(800, 600, 1.0, 0, 0, 1.0, 2.0)
    (ax, _), (bx, _) = port.to_screen(0, 0), port.to_screen(10, 0)
    assert (bx - ax) * port.ratio == 10


@given(ports, st.integers(1, 40))
def test_at_whole_zooms_pixels_fall_onto_pixels(port, zoom):
    snapped = replace(port, zoom=float(zoom), aspect=1.0).snapped()
    x, y = (v * port.ratio for v in snapped.to_screen(0, 0))
    assert (x, y) == pytest.approx((round(x), round(y)), abs=1e-4)
    assert abs(snapped.x - port.x) * zoom <= 0.51
    assert abs(snapped.y - port.y) * zoom <= 0.51


def test_wide_pixels_are_drawn_wide():
    port = Viewport(800, 600, 1.0, 0, 0, 2.0)
    (ax, ay), (bx, by) = port.to_screen(0, 0), port.to_screen(10, 10)
    assert (bx - ax, by - ay) == (20, 10)


def test_boxes():
    assert intersection((0, 0, 4, 4), (2, 1, 9, 3)) == (2, 1, 4, 3)
    assert intersection((0, 0, 4, 4), (4, 0, 9, 3)) is None
    assert grown((0, 0, 10, 20), 0.5) == (-5, -10, 15, 30)
    assert area((0, 0, 2, 3)) == 6


boxes = st.tuples(
    st.integers(-40, 320), st.integers(-40, 320), st.integers(1, 200), st.integers(1, 200)
)


@given(st.lists(boxes, max_size=5), boxes)
def test_changed_pixels_read_as_if_they_had_been_written_into_the_array(writes, read):
    base = np.random.default_rng(0).random((300, 310, 4)).astype(np.float32)
    base.setflags(write=False)
    wanted, pixels = base.copy(), Pixels(base)
    for number, (left, top, width, height) in enumerate(writes):
        patch = np.full((height, width, 4), number, np.float32)
        x0, y0 = max(left, 0), max(top, 0)
        x1, y1 = min(left + width, 310), min(top + height, 300)
        if x0 < x1 and y0 < y1:
            wanted[y0:y1, x0:x1] = number
            assert pixels.write(left, top, patch) == (x0, y0, x1, y1)
        else:
            assert pixels.write(left, top, patch) is None
    left, top, width, height = (max(value, 0) for value in read)
    part = pixels.read(left, top, min(left + width, 310), min(top + height, 300))
    assert np.array_equal(part, wanted[top : top + height, left : left + width])
    assert np.array_equal(pixels.all(), wanted)


def test_a_small_change_of_a_large_picture_copies_little():
    base = np.zeros((2304, 4096, 4), np.float32)
    pixels = Pixels(base)
    pixels.write(1000, 1000, np.ones((50, 50, 4), np.float32))
    assert pixels.nbytes - base.nbytes <= 4 * 128 * 128 * 16
    assert pixels.at(1025, 1025).tolist() == [1, 1, 1, 1]
    assert pixels.at(-1, 0) is None
    assert not base.any()


def test_paint_with_alpha_on_a_picture_without():
    pixels = Pixels(np.zeros((4, 4, 3), np.float32))
    pixels.write(0, 0, np.ones((2, 2, 4), np.float32))
    assert pixels.at(1, 1).tolist() == [1, 1, 1]
    other = Pixels(np.zeros((4, 4, 4), np.float32))
    other.write(0, 0, np.full((2, 2, 3), 0.5, np.float32))
    assert other.at(1, 1).tolist() == [0.5, 0.5, 0.5, 1]
