"""What a fit usually leaves unexplained keeps the automatic holdout from taking pieces out."""

import numpy as np

from engine.edit.finish import Finish
from engine.edit.finished import finish_frame
from engine.edit.holdout import EDGE
from engine.edit.usual import usual_error
from engine.fields.field import Field
from engine.fields.residual import Residual, grid_shapes
from engine.io.picture import Picture
from engine.warp.render import composite
from tests.engine.edit.test_finished import HEIGHT, WIDTH, panned, square, strands


def unexplained(field: Field, frames: range, code: int) -> None:
    """Gives some frames a residual of ``code`` thousandths in their left half."""
    residual = Residual.empty(field.height, field.width, 3, len(field.frames))
    luma, chroma = grid_shapes(field.height, field.width, 3)
    for index in frames:
        plane = np.zeros(luma, np.int8)
        plane[:, : luma[1] // 2] = code
        residual.put(index, plane, np.zeros((*chroma, 2), np.int8), 0.001)
    field.residual = residual


def held(field: Field) -> np.ndarray:
    """Holdout of strands over an edit that fills most of the frame."""
    frame, _ = strands(composite(field, 1))
    edits = square(10, 10, WIDTH - 10, HEIGHT - 10)
    done = finish_frame(field, edits, Picture.of(frame), 1, Finish(holdout=True))
    assert done.box is not None
    whole = np.zeros((HEIGHT, WIDTH), np.float32)
    whole[done.box] = done.holdout
    return whole


def test_places_that_are_wrong_in_most_frames_hold_nothing_out() -> None:
    plain, weak = panned(), panned()
    unexplained(weak, range(len(weak.frames)), 20)
    before, after = held(plain), held(weak)
    left, right = slice(20, WIDTH // 2 - 20), slice(WIDTH // 2 + 20, WIDTH - 20)
    assert before[:, left].max() > 0.9 and before[:, right].max() > 0.9
    assert after[:, left].max() == 0
    # Light is looked for over some pixels, so what is wrong reaches so far beyond its edge.
    beyond = slice(right.start + EDGE, right.stop)
    np.testing.assert_allclose(after[:, beyond], before[:, beyond], atol=0.02)


def test_what_is_wrong_in_one_frame_only_does_not_count() -> None:
    field = panned()
    unexplained(field, range(1), 20)
    for index in range(len(field.frames)):
        if field.residual is not None and index:
            field.residual.put(
                index,
                np.ones(grid_shapes(HEIGHT, WIDTH, 3)[0], np.int8),
                np.zeros((*grid_shapes(HEIGHT, WIDTH, 3)[1], 2), np.int8),
                1e-6,
            )
    points = field.layers[0].deformation.positions(1)
    found = usual_error(field, 0, points)
    assert found is not None
    assert float(found.max()) < 1e-3


def test_a_field_without_a_residual_says_nothing() -> None:
    field = panned()
    assert field.residual is None
    assert usual_error(field, 0, field.layers[0].deformation.positions(1)) is None
