"""Points are looked for in the plate where the field has them on the wrong limb."""

from dataclasses import replace

import numpy as np
import pytest

from engine.colour.encoding import decode
from engine.errors import Cancelled, InputError
from engine.fields.field import Canonical, Field, Layer, Masks
from engine.io.picture import Picture, Window
from engine.io.write import write_picture
from engine.kernels import origin as chains
from engine.progress import Task, silent
from engine.warp.track import TrackPoint, owners, track
from engine.warp.track_plate import plate_of
from tests.engine.warp.analytic import Analytic, shift, smooth_canvas

WIDTH, HEIGHT, COUNT = 160, 96, 12
#: The body stands, its lower half moves 3 pixels a frame to the right.
STEP = 3
HIP = 48


def _noise(seed, height, width):
    import cv2

    rough = np.random.default_rng(seed).random((height, width, 3)).astype(np.float32)
    smooth = cv2.GaussianBlur(rough, (0, 0), 1.5)
    return (smooth - smooth.min()) / (smooth.max() - smooth.min())


BODY, LIMB = _noise(1, HEIGHT, WIDTH), _noise(2, HEIGHT, 240)


def _plate(frame):
    codes = BODY.copy()
    left = 60 - STEP * frame
    codes[HIP:] = LIMB[HIP:, left : left + WIDTH]
    return Picture.of(decode(codes))


def _field(source=None):
    """A fit that knows nothing of the limb's motion: everything stands still."""
    data = Window.of_size(WIDTH, HEIGHT)
    still = Analytic(np.stack([shift(0, 0)] * COUNT), data)
    layer = Layer("body", still, Canonical(smooth_canvas(data), data))
    frames = tuple(range(COUNT))
    return Field(
        frames, data, data, [layer], Masks(HEIGHT, WIDTH, []), 0, "test", source=source or {}
    )


ON_LIMB, ON_BODY = TrackPoint(0, 70.5, 74.5), TrackPoint(0, 70.3, 20.7)


@pytest.fixture(scope="module")
def looked():
    return track(_field(), [ON_LIMB, ON_BODY], silent(), _plate)


def test_a_limb_that_the_field_left_behind_is_followed_on_the_plate(looked):
    x = np.array([entry["x"] for entry in looked[0]])
    y = np.array([entry["y"] for entry in looked[0]])
    truth = ON_LIMB.x + STEP * np.arange(COUNT)
    # From where the plate wholly speaks: the field's error is then 12 pixels and more.
    assert np.abs(x - truth)[5:].max() < 1.5
    assert np.abs(y - ON_LIMB.y).max() < 1
    assert all(entry["visible"] for entry in looked[0])


def test_where_the_field_is_right_its_answer_stays_to_the_last_digit(looked):
    alone = track(_field(), [ON_LIMB, ON_BODY], silent())
    assert looked[1] == alone[1]
    assert looked[0] != alone[0]


def test_points_are_looked_for_before_their_frame_too():
    start = TrackPoint(COUNT - 1, 110.5, 74.5)
    (found,) = track(_field(), [start], silent(), _plate)
    assert abs(found[0]["x"] - (start.x - STEP * (COUNT - 1))) < 1.5
    assert (found[-1]["x"], found[-1]["y"]) == (start.x, start.y)


def test_a_point_belongs_to_the_mask_that_was_drawn_whatever_edge_was_found():
    left = np.zeros((HEIGHT, WIDTH), np.uint8)
    left[:, :80] = 255
    found = np.where(left > 0, 100, 0).astype(np.uint8)
    drawn = Masks(HEIGHT, WIDTH, [[Masks.pack(left)] * COUNT])
    edges = Masks(HEIGHT, WIDTH, [[Masks.pack(found)] * COUNT], drawn)
    plain = _field()
    field = replace(plain, layers=plain.layers * 2, masks=edges)
    points = np.array([[79.5, 10.5], [80.5, 10.5]], np.float32)
    assert owners(field, 0, points).tolist() == [0, 1]
    assert field.masks is edges


def test_a_cancelled_look_ends():
    task = Task()
    task.cancelled.set()
    with pytest.raises(Cancelled):
        track(_field(), [ON_LIMB], task, _plate)


def test_the_plate_is_the_clip_that_the_field_names(tmp_path):
    for frame in range(COUNT):
        write_picture(tmp_path / f"plate.{frame:04d}.exr", _plate(frame))
    field = _field({"path": str(tmp_path)})
    found = track(field, [ON_LIMB], silent(), plate_of(field))
    assert abs(found[0][-1]["x"] - (ON_LIMB.x + STEP * (COUNT - 1))) < 1.5
    (tmp_path / "plate.0003.exr").unlink()
    with pytest.raises(InputError, match="no frame 3"):
        plate_of(field)
    with pytest.raises(InputError, match="does not say"):
        plate_of(_field())


def test_chains_break_where_the_ways_there_and_back_miss_each_other():
    own = np.ones((32, 40), np.bool_)
    origin, known = chains.first(own)
    there = np.zeros((32, 40, 2), np.float32)
    there[..., 0] = 4
    back = -there
    back[16:] = 9
    new, still = chains.carry(origin[None], known[None], there, back, own)
    assert not still[0, 8:].any()
    # What comes from outside the frame is known of nowhere.
    assert not still[0, :8, :2].any()
    assert still[0, :7, 3:].all()
    row, column = np.indices(known.shape)
    assert np.allclose(new[0, :7, 3:, 0], (2 * column + 1 - 4)[:7, 3:])
    assert np.allclose(new[0, :7, 3:, 1], (2 * row + 1)[:7, 3:])


def test_a_point_is_answered_by_what_comes_from_nearest_to_it():
    origin, known = chains.first(np.ones((32, 40), np.bool_))
    moved = origin + np.array([5.25, -2.0], np.float32)
    asked = np.array([[20.0, 14.5], [200.0, 14.5]], np.float32)
    places, apart = chains.answers(moved, known, asked, 10.0)
    assert np.allclose(places[0], (14.75, 16.5), atol=1e-3)
    assert apart[0] < 2
    assert np.isnan(places[1]).all()
    assert apart[1] > 100
