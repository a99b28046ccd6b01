import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from gui.core.framecache import CachedFrame
from gui.viewer.canvas import Canvas
from gui.viewer.display import Look, show
from gui.viewer.viewframe import ViewFrame
from gui.viewer.views import default_view
from tests.gui.viewer.conftest import codes_of

LOOK = Look(default_view())
NONE = Qt.KeyboardModifier.NoModifier
LEFT, MIDDLE, RIGHT = (
    Qt.MouseButton.LeftButton,
    Qt.MouseButton.MiddleButton,
    Qt.MouseButton.RightButton,
)


def view_frame(pixels, look=LOOK, at=(0, 0), scale=1, display=None, aspect=1.0):
    height, width = pixels.shape[:2]
    data = (at[0], at[1], at[0] + width * scale, at[1] + height * scale)
    cached = CachedFrame(show(pixels, look), data, display or data, scale, aspect, "key")
    return ViewFrame(cached, pixels, look, node="N", frame=1)


def noise(width=64, height=36, channels=3, seed=0):
    return np.random.default_rng(seed).random((height, width, channels)).astype(np.float32)


def shown_codes(frame):
    codes = frame.cached.codes
    return np.stack([codes >> 16 & 255, codes >> 8 & 255, codes & 255], -1).astype(np.uint8)


@pytest.fixture
def canvas(application):
    made = Canvas()
    made.resize(400, 300)
    made.show()
    QTest.qWaitForWindowExposed(made)
    yield made
    made.close()
    made.deleteLater()


def drag(canvas, start, end, button=LEFT, held=NONE):
    QTest.mousePress(canvas, button, held, start)
    QTest.mouseMove(canvas, (start + end) / 2)
    QTest.mouseMove(canvas, end)
    QTest.mouseRelease(canvas, button, held, end)


def wheel(canvas, place, steps):
    event = QWheelEvent(
        QPointF(place),
        QPointF(canvas.mapToGlobal(place)),
        QPoint(),
        QPoint(0, 120 * steps),
        Qt.MouseButton.NoButton,
        NONE,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(canvas, event)


def test_at_100_percent_every_pixel_is_on_the_screen_as_it_is(canvas):
    frame = view_frame(noise())
    canvas.set_frame(frame)
    canvas.show_marks = False
    canvas.zoom_to(1)
    canvas.viewport = canvas.viewport.panned(0.0, 0.0)
    left, top = (round(v) for v in canvas.to_screen(0, 0))
    grabbed = codes_of(canvas.grab().toImage())
    inner = grabbed[top + 1 : top + 35, left + 1 : left + 63]  # the format's line is around it
    assert np.array_equal(inner, shown_codes(frame)[1:35, 1:63])


def test_above_100_percent_pixels_are_squares_not_blurred(canvas):
    frame = view_frame(noise())
    canvas.set_frame(frame)
    canvas.zoom_to(16)  # the format's line is outside
    grabbed = codes_of(canvas.grab().toImage())
    colours = {tuple(colour) for colour in grabbed.reshape(-1, 3)}
    known = {tuple(colour) for colour in shown_codes(frame).reshape(-1, 3)}
    assert colours <= known


def test_the_wheel_zooms_at_the_cursor(canvas):
    canvas.set_frame(view_frame(noise()))
    place = QPoint(301, 77)
    before, zoom = canvas.to_picture(QPointF(place)), canvas.viewport.zoom
    wheel(canvas, place, 3)
    assert canvas.viewport.zoom == pytest.approx(zoom * 1.2**3)
    assert canvas.to_picture(QPointF(place)) == pytest.approx(before, abs=1e-6)


@pytest.mark.parametrize(
    ("button", "held"), [(MIDDLE, NONE), (LEFT, Qt.KeyboardModifier.AltModifier)]
)
def test_the_middle_button_and_alt_left_pan(canvas, button, held):
    canvas.set_frame(view_frame(noise()))
    x, y = canvas.to_screen(10, 10)
    drag(canvas, QPoint(100, 100), QPoint(130, 90), button, held)
    assert canvas.to_screen(10, 10) == pytest.approx((x + 30, y - 10))


def test_a_view_that_was_fitted_stays_so_when_the_window_grows(canvas):
    canvas.set_frame(view_frame(noise()))
    canvas.resize(600, 500)
    QTest.qWait(1)
    box = canvas.visible_box()
    assert box[0] < 0 < 64 < box[2]
    canvas.zoom_to(4)
    canvas.resize(500, 400)
    QTest.qWait(1)
    assert canvas.viewport.zoom == 4


def test_ctrl_click_samples_a_pixel_and_ctrl_shift_drag_a_box(canvas):
    canvas.set_frame(view_frame(noise()))
    place = QPointF(*canvas.to_screen(10.5, 5.5)).toPoint()
    QTest.mouseClick(canvas, LEFT, Qt.KeyboardModifier.ControlModifier, place)
    assert canvas.sample == (10, 5, 11, 6)
    held = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    end = QPointF(*canvas.to_screen(19.5, 15.5)).toPoint()
    drag(canvas, place, end, LEFT, held)
    assert canvas.sample == (10, 5, 20, 16)
    QTest.mouseClick(canvas, RIGHT, Qt.KeyboardModifier.ControlModifier, place)
    assert canvas.sample is None


def test_a_region_of_interest_is_told_once_when_it_is_drawn(canvas):
    canvas.set_frame(view_frame(noise()))
    told = []
    canvas.roi_changed.connect(lambda: told.append(canvas.roi))
    canvas.draw_roi()
    start = QPointF(*canvas.to_screen(10.5, 5.5)).toPoint()
    end = QPointF(*canvas.to_screen(30.5, 20.5)).toPoint()
    drag(canvas, start, end)
    assert told == [(10, 5, 31, 21)]
    drag(canvas, end, start)  # the next drag draws nothing
    assert len(told) == 1


def test_the_wipe_shows_a_on_the_left_and_b_on_the_right_and_can_be_dragged(canvas):
    black, white = np.zeros((36, 64, 3), np.float32), np.ones((36, 64, 3), np.float32)
    canvas.set_frame(view_frame(black))
    canvas.set_frame(view_frame(white), "b")
    canvas.set_compare("wipe")

    def at(x, y):
        place = QPointF(*canvas.to_screen(x, y)).toPoint()
        return codes_of(canvas.grab().toImage())[place.y(), place.x()].tolist()

    assert (at(10, 20), at(54, 20)) == ([0, 0, 0], [255, 255, 255])
    start = QPointF(*canvas.to_screen(canvas.wipe.x, canvas.wipe.y)).toPoint()
    drag(canvas, start, QPointF(*canvas.to_screen(60, 18)).toPoint())
    assert at(54, 20) == [0, 0, 0]
    canvas.centre_wipe()
    assert at(54, 20) == [255, 255, 255]


def test_the_wipe_turns_by_its_arm(canvas):
    canvas.set_frame(view_frame(noise()))
    canvas.set_frame(view_frame(noise(seed=1)), "b")
    canvas.set_compare("wipe")
    centre = QPointF(*canvas.to_screen(canvas.wipe.x, canvas.wipe.y))
    drag(canvas, (centre + QPointF(0, -70)).toPoint(), (centre + QPointF(70, 0)).toPoint())
    assert canvas.wipe.angle == pytest.approx(np.pi / 2, abs=0.05)


class Hand:
    """A tool that takes presses with the left button."""

    def __init__(self):
        self.heard = []

    def press(self, event):
        self.heard.append("press")
        return event.button() == LEFT

    def move(self, event):
        self.heard.append("move")
        return True

    def release(self, event):
        self.heard.append("release")
        return True

    def key(self, event):
        self.heard.append(event.key())
        return True

    def paint(self, painter):
        painter.fillRect(0, 0, 5, 5, Qt.GlobalColor.blue)


def test_a_tool_comes_before_the_sampler_but_not_before_panning(canvas):
    canvas.set_frame(view_frame(noise()))
    canvas.tool = hand = Hand()
    drag(canvas, QPoint(100, 100), QPoint(120, 120), LEFT, Qt.KeyboardModifier.ControlModifier)
    assert hand.heard[0] == "press"
    assert hand.heard[-1] == "release"
    assert canvas.sample is None
    hand.heard.clear()
    drag(canvas, QPoint(100, 100), QPoint(120, 120), MIDDLE)
    assert "press" not in hand.heard
    QTest.keyClick(canvas, Qt.Key.Key_Z)
    assert hand.heard[-1] == Qt.Key.Key_Z
    assert codes_of(canvas.grab().toImage())[2, 2].tolist() == [0, 0, 255]


@pytest.mark.parametrize("channels", [3, 4])
@pytest.mark.parametrize("scale", [1, 2])
def test_a_replaced_region_looks_as_if_all_had_been_converted_anew(canvas, channels, scale):
    pixels = noise(60, 40, channels)
    before = pixels.copy()
    frame = view_frame(pixels, at=(-8, 4), scale=scale)
    cached = frame.cached.codes.copy()
    canvas.set_frame(frame)
    patch = noise(20, 10, channels, seed=9)
    told = []
    canvas.updated.connect(told.append)
    x, y = -8 + 12 * scale, 4 + 6 * scale
    canvas.update_region((x, y, x + 20 * scale, y + 10 * scale), patch)
    wanted = before.copy()
    wanted[6:16, 12:32] = patch
    assert np.array_equal(frame.cached.codes, show(wanted, LOOK))
    assert np.array_equal(frame.pixels.all(), wanted)
    assert told == [(x, y, x + 20 * scale, y + 10 * scale)]
    assert np.array_equal(pixels, before)  # the worker's own memory is not written to
    assert not np.array_equal(frame.cached.codes, cached)
    fresh = view_frame(wanted, at=(-8, 4), scale=scale)
    left = codes_of(canvas.grab().toImage())
    canvas.set_frame(fresh)
    assert np.array_equal(codes_of(canvas.grab().toImage()), left)


@pytest.mark.parametrize("message", ["/a/long/place" * 30, "x" * 500, "words and words " * 40])
def test_a_long_message_keeps_a_margin(canvas, message):
    canvas.set_message("", failed=True)
    empty = codes_of(canvas.grab().toImage())
    canvas.set_message(f"Cannot read {message}", failed=True)
    changed = (codes_of(canvas.grab().toImage()) != empty).any(axis=2)
    rows, columns = np.nonzero(changed)
    assert rows.min() >= 8 and columns.min() >= 8
    assert rows.max() < canvas.height() - 8 and columns.max() < canvas.width() - 8


def test_a_region_outside_the_picture_changes_nothing(canvas):
    frame = view_frame(noise())
    canvas.set_frame(frame)
    before = frame.cached.codes.copy()
    canvas.update_region((500, 500, 510, 510), noise(10, 10))
    assert np.array_equal(frame.cached.codes, before)


def test_the_cached_codes_are_not_painted_on(canvas):
    frame = view_frame(noise())
    in_cache = frame.cached
    before = in_cache.codes.copy()
    canvas.set_frame(frame)
    canvas.update_region((5, 5, 15, 15), noise(10, 10, seed=3))
    assert np.array_equal(in_cache.codes, before)


def test_a_picture_in_the_middle_of_nowhere_is_where_its_data_window_says(canvas):
    frame = view_frame(np.ones((10, 10, 3), np.float32), at=(-20, 30), display=(0, 0, 64, 36))
    canvas.set_frame(frame)
    canvas.set_windows((0, 0, 64, 36), (-20, 30, -10, 40))
    canvas.zoom_to(3)
    grabbed = codes_of(canvas.grab().toImage())
    place = QPointF(*canvas.to_screen(-15, 33)).toPoint()
    assert grabbed[place.y(), place.x()].tolist() == [255, 255, 255]
    inside = QPointF(*canvas.to_screen(5, 20)).toPoint()
    assert grabbed[inside.y(), inside.x()].tolist() == [28, 28, 28]


def test_overlays_are_drawn_in_order_and_can_be_hidden(canvas):
    canvas.set_frame(view_frame(noise()))
    drawn = []
    canvas.overlays += [lambda p, c: drawn.append("first"), lambda p, c: drawn.append("second")]
    canvas.grab()
    assert drawn == ["first", "second"]
    canvas.show_marks = False
    canvas.grab()
    assert len(drawn) == 2
