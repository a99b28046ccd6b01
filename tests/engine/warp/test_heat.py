"""Grid lines, outlines and heat maps against a known motion."""

import numpy as np
import pytest

from engine.io.picture import Window
from engine.progress import Task
from engine.warp.heat import (
    HeatMap,
    agreement,
    chosen_frames,
    confidence_in,
    confidence_on,
    coverage_in,
    coverage_of,
    folds_in,
    folds_of,
)
from engine.warp.lookup import FrameLookup
from engine.warp.render import composite
from engine.warp.warpgrid import (
    grid_in_canonical,
    grid_in_frame,
    outlines_in_canonical,
    outlines_in_frame,
    spacing_of,
)
from tests.engine.warp.analytic import lattice_layer
from tests.engine.warp.moving import front_matrix, moving_field, through


def test_grid_lines_of_a_frame_are_straight_lines_of_the_canonical():
    field = moving_field(wobble=0.6)
    lines = grid_in_frame(FrameLookup(field, 2), 0, 5.0)
    assert len(lines) > 6
    for line in lines:
        there = field.layers[0].deformation.at(2, line)
        off = np.abs(there / 5.0 - np.round(there / 5.0)) * 5.0
        # All points of a line lie on one column or on one row of the grid.
        assert min(off[:, 0].max(), off[:, 1].max()) < 0.1


def test_grid_lines_lie_where_the_frame_shows_the_layer():
    lookup = FrameLookup(moving_field(), 1)
    for line in grid_in_frame(lookup, 0, 5.0):
        assert (line[:, 0] >= 24).all() and (line[:, 0] <= 50).all()
        assert (line[:, 1] >= 19).all() and (line[:, 1] <= 45).all()


def test_the_grid_of_the_canonical_keeps_to_what_is_there():
    field = moving_field()
    field.layers[0].canonical.pixels[:, :60] = 0
    lines = grid_in_canonical(field, 0, spacing_of(field))
    assert lines and all(len(line) == 2 for line in lines)
    assert min(line[:, 0].min() for line in lines) >= 19.5


@pytest.mark.parametrize(("width", "spacing"), [(96, 5), (480, 20), (1920, 100), (4096, 200)])
def test_spacing_is_round(width, spacing):
    field = moving_field()
    field.display = Window.of_size(width, width // 2)
    assert spacing_of(field) == spacing


def test_outlines_run_along_the_edges_of_pixels():
    lines = [line for k, line in outlines_in_frame(FrameLookup(moving_field(), 1)) if k == 0]
    assert len(lines) == 1
    assert lines[0].min(axis=0) == pytest.approx([25, 20], abs=0.3)
    assert lines[0].max(axis=0) == pytest.approx([49, 44], abs=0.3)
    assert lines[0][0] == pytest.approx(lines[0][-1])
    field = moving_field()
    field.layers[0].canonical.pixels[:] = 0
    field.layers[0].canonical.pixels[40:60, 50:80] = 1
    (line,) = outlines_in_canonical(field, 0)
    assert line.min(axis=0) == pytest.approx([10, 10], abs=0.3)
    assert line.max(axis=0) == pytest.approx([40, 30], abs=0.3)


def test_coverage_is_the_share_of_frames_that_see_a_place():
    field = moving_field()
    found = coverage_of(field, 0, Task())
    rng = np.random.default_rng(2)
    points = (rng.random((300, 2)) * (60, 50) + (0, 5)).astype(np.float32)
    seen = np.mean([FrameLookup(field, i).to_frame(points, 0).visible for i in range(4)], axis=0)
    near = np.abs(found.read(points) - seen) < 0.01
    # Only at the rim of the square may a pixel more or less be marked.
    assert near.mean() > 0.85
    assert found.values.max() == 1 and found.values.min() == 0


def test_coverage_on_a_frame_is_read_through_the_map():
    field = moving_field()
    lookup = FrameLookup(field, 0)
    maps = {k: coverage_of(field, k, Task()) for k in (0, 1)}
    shown = coverage_in(lookup, maps)
    assert shown.values.shape == (64, 96)
    place = through(front_matrix(0), [[32.5, 32.5]]).astype(np.float32)
    assert shown.values[32, 32] == pytest.approx(maps[0].read(place)[0])


def test_long_clips_are_looked_at_evenly():
    frames = chosen_frames(500)
    assert len(frames) == 48 and frames[0] == 0 and frames[-1] == 499
    assert chosen_frames(5) == [0, 1, 2, 3, 4]


def test_folds_are_found_on_the_frame_and_on_the_canonical():
    folded = lattice_layer(wild=6.0)
    frame = folds_in(FrameLookup(folded, 0), None)
    from engine.metrics.folding import determinants

    det = determinants(folded.layers[0].deformation.positions(0))
    assert (frame.values[:-1, :-1][det <= 0] == 1).all() and (det <= 0).any()
    assert (frame.values[:-1, :-1][det > 0.06] == 0).all()
    assert folds_of(folded, 0, Task()).values.max() == 1
    smooth = moving_field()
    assert folds_in(FrameLookup(smooth, 1), None).values.max() == 0
    assert folds_of(smooth, 0, Task()).values.max() == 0


def test_confidence_is_low_in_folds_and_high_elsewhere():
    smooth = confidence_in(FrameLookup(moving_field(wobble=0.5), 1), None)
    assert np.median(smooth.values) > 0.98
    folded = FrameLookup(lattice_layer(wild=6.0), 0)
    values = confidence_in(folded, None).values
    folds = folds_in(folded, None).values == 1
    assert np.median(values[folds]) < 0.1 < 0.9 < np.median(values[~folds])


def test_confidence_falls_where_the_plate_is_another_thing():
    field = moving_field(wobble=0.5)
    lookup = FrameLookup(field, 1)
    plate = composite(field, 1)
    assert agreement(lookup, plate).values.min() > 0.99
    plate[45:60, 70:90] = 1 - np.clip(plate[45:60, 70:90], 0, 1)
    plate[0, 0] = np.nan
    agreed = agreement(lookup, plate)
    frame = confidence_in(lookup, None, agreed).values
    assert frame[50:55, 75:85].max() < 0.3 and np.median(frame[5:40, 60:90]) > 0.97
    there = lookup.to_canonical(np.array([[80.5, 52.5], [80.5, 20.5]], np.float32), 1)
    found = confidence_on(lookup, 1, agreed).read(there.points)
    assert found[0] < 0.3 and found[1] > 0.9


def test_confidence_on_the_canonical_is_0_where_the_frame_shows_nothing():
    lookup = FrameLookup(moving_field(), 0)
    found = confidence_on(lookup, 0)
    shown = through(front_matrix(0), [[32.5, 32.5], [80.5, 50.5]]).astype(np.float32)
    assert found.read(shown) == pytest.approx([1, 0], abs=0.02)


def test_a_heat_map_knows_what_its_cells_cover():
    heat = HeatMap(np.zeros((3, 4), np.float32), Window(-5, -3, 9, 8), 4)
    assert heat.box == (-5, -3, 11, 9)
