"""An edit of a frame of which only some rows are decoded is the edit of the whole frame."""

import numpy as np
import pytest

from engine.edit.finish import FULL_FINISH, PLAIN, Finish
from engine.edit.finished import finish_frame
from engine.edit.frame_edit import frame_edit, propagate_frame_edits
from engine.edit.propagate import propagate_frame
from engine.io.picture import Picture
from engine.io.read import read_picture
from engine.io.rows import read_rows
from engine.io.write import WriteOptions, write_picture
from engine.warp.render import composite
from tests.engine.edit.test_finished import grained, panned, square, strands
from tests.engine.edit.test_outputs import painted as painted_still


@pytest.fixture(scope="module")
def shot(tmp_path_factory):
    """A field and one of its frames, with grain and strands, as a camera's EXR."""
    field = panned((2.0, 1.0))
    frame, _ = strands(composite(field, 1))
    path = tmp_path_factory.mktemp("rows") / "a.exr"
    write_picture(path, Picture.of(grained(frame)), WriteOptions(bits=16))
    return field, path


FINISHES = [PLAIN, FULL_FINISH, Finish(merge="ratio"), Finish(shutter=0.5, holdout=True)]


@pytest.mark.parametrize("finish", FINISHES)
def test_the_result_is_the_same_bit_for_bit(shot, finish, tmp_path):
    field, path = shot
    whole, part = read_picture(path), read_rows(path)
    edits = painted_still(field, 0, 120, 80, 12)
    results = [propagate_frame(field, edits, plate, 1, finish=finish) for plate in (whole, part)]
    for name, result in zip(("whole", "part"), results, strict=True):
        write_picture(tmp_path / f"{name}.exr", result)
    codes = [read_picture(tmp_path / f"{name}.exr").native.codes for name in ("whole", "part")]
    np.testing.assert_array_equal(codes[0], codes[1])
    np.testing.assert_array_equal(results[0].changed, results[1].changed)
    np.testing.assert_array_equal(results[0].pixels, results[1].whole().pixels)
    untouched = ~results[0].changed
    np.testing.assert_array_equal(codes[1][untouched], whole.native.codes[untouched])


def test_a_small_edit_looks_at_few_rows(shot):
    field, path = shot
    part = read_rows(path)
    finish_frame(field, square(60, 60, 80, 80), part, 1, Finish(merge="difference"))
    rows = np.flatnonzero(part.rows.asked)
    assert 20 < len(rows) < 40 and rows[0] > 50 and rows[-1] < 90


def test_an_edit_that_does_not_reach_the_frame_looks_at_nothing(shot):
    field, path = shot
    part = read_rows(path)
    done = finish_frame(field, square(-50, -50, -40, -40), part, 1, FULL_FINISH)
    assert done.picture is part and not part.rows.asked.any()


@pytest.mark.parametrize("index", [0, 1])
def test_painted_frames_are_carried_into_parts_of_a_frame(shot, index):
    field, path = shot
    whole, part = read_picture(path), read_rows(path)
    pixels = whole.pixels.copy()
    pixels[60:80, 60:90] = 0.7
    edit = frame_edit(field, field.frames[0], Picture.of(pixels), whole)
    a, b = (
        propagate_frame_edits(field, [edit], plate, index, finish=FULL_FINISH)
        for plate in (whole, part)
    )
    np.testing.assert_array_equal(a.pixels, b.whole().pixels)
