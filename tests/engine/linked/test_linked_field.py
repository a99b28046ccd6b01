"""A shot of several segments as one field."""

import json
import shutil

import numpy as np
import pytest

from engine.errors import FieldError, UsageError
from engine.fields.field import Field
from engine.fields.folder import field_frames, load_field, save_field
from engine.metrics.psnr import psnr_linear
from engine.warp.render import composite_pair, reconstruct
from tests.engine.linked.conftest import FIRST, read_world


def test_it_holds_all_frames_and_each_is_drawn_from_its_own_segments(shot):
    assert shot.field.frames == tuple(range(FIRST, FIRST + 24))
    assert field_frames(shot.folder) == shot.field.frames
    for index in range(24):
        parts = shot.field.parts(index)
        assert all(part.frames[at] == FIRST + index for part, at, _ in parts)
        assert sum(weight for _, _, weight in parts) == pytest.approx(1)
    assert len(shot.field.parts(0)) == 1 and len(shot.field.parts(8)) == 2


def test_over_shared_frames_one_segment_gives_way_to_the_next(shot):
    shared = [n for n in range(12) if len(shot.field.parts(n)) == 2]
    later = [shot.field.parts(n)[1][2] for n in shared]
    assert later == sorted(later) and later[0] > 0 and later[-1] < 1


@pytest.mark.parametrize("index", [0, 8, 12, 23])
def test_every_frame_is_as_good_as_its_segments_have_it(shot, index):
    plate = shot.clip[index].rgb
    drawn = psnr_linear(reconstruct(shot.field, index, edit_path=True), plate, None)
    own = [
        psnr_linear(reconstruct(part, at, edit_path=True), plate, None)
        for part, at, _ in shot.field.parts(index)
    ]
    assert drawn > min(own) - 0.01 and drawn > 35
    plain, _ = composite_pair(shot.field, index)
    assert psnr_linear(plain, plate, None) == pytest.approx(drawn, abs=0.01)


@pytest.mark.parametrize("anchor", [0, 1, 2])
def test_each_still_has_every_frame_in_its_place(shot, anchor):
    view = shot.field.seen_from(anchor)
    reference = shot.world(view.reference)
    for frame in range(FIRST, FIRST + 24, 4):
        index = view.index(frame)
        places = view.layers[0].deformation.positions(index)
        away = np.linalg.norm(read_world(reference, places) - shot.world(frame), axis=2)
        known = np.isfinite(away) & (view.seen(index)[0] > 0.5)
        assert known.mean() > 0.3
        assert np.median(away[known]) < 0.25 and np.percentile(away[known], 95) < 0.6


def test_points_and_pixels_are_mapped_alike(shot):
    view = shot.field.seen_from(2)
    mapped = view.layers[0].deformation
    places = mapped.positions(3)
    points = np.array([[10.5, 20.5], [50.5, 40.5]], np.float32)
    assert np.allclose(mapped.at(3, points), places[[20, 40], [10, 50]], atol=2e-3)
    part = slice(20, 30), slice(5, 15)
    assert np.array_equal(mapped.positions(3, part), places[part])


def test_places_do_not_jump_from_one_segment_to_the_next(shot):
    mapped = shot.field.layers[0].deformation
    truth = [shot.world(FIRST + n) for n in range(24)]
    steps, real = [], []
    for index in range(2, 22):
        apart = mapped.positions(index + 1)[30:42, 40:56] - mapped.positions(index)[30:42, 40:56]
        moved = truth[index + 1][30:42, 40:56] - truth[index][30:42, 40:56]
        steps.append(apart.mean(axis=(0, 1)))
        real.append(moved.mean(axis=(0, 1)))
    assert np.abs(np.array(steps) - np.array(real)).max() < 0.2


def test_where_the_stills_have_nothing_in_common_nothing_is_seen(shot):
    view = shot.field.seen_from(0)
    shares = [float(view.seen(index)[0].mean()) for index in (0, 12, 23)]
    assert shares[0] == 1 and shares[2] < 1 and shares[2] <= shares[1]


def test_it_is_the_same_after_it_was_stored_again(shot, tmp_path):
    again = save_field(shot.field, tmp_path / "again")
    assert again.frames == shot.field.frames and again.report == shot.field.report
    for index in (0, 8, 20):
        ours, theirs = (
            each.seen_from(1).layers[0].deformation.positions(index) for each in (again, shot.field)
        )
        assert np.array_equal(ours, theirs)
    assert again.report["links"][0][0]["error"] < 0.3


def test_the_report_says_what_each_segment_cost_and_is(shot):
    segments = shot.field.report["segments"]
    assert [told["frames"] for told in segments] == ["101-112", "105-120", "113-124"]
    assert all(told["fitted"] and told["cpu_seconds"] > 0 for told in segments)
    assert shot.field.report["frames"] == 24 and shot.field.report["psnr_edit_path"] > 35


def test_a_segment_that_is_not_there_is_named(shot):
    with pytest.raises(UsageError, match="segment 3"):
        shot.field.seen_from(3)


@pytest.mark.parametrize("harm", ["gone", "changed", "frames", "elsewhere"])
def test_a_damaged_one_is_refused(shot, tmp_path, harm):
    home = tmp_path / "FIELD"
    shutil.copytree(shot.folder, home)
    info = json.loads((home / "field.json").read_text())
    if harm == "gone":
        shutil.rmtree(home / "segment_001")
    elif harm == "changed":
        path = home / "segment_001" / "field.json"
        path.write_text(path.read_text() + " ")
    elif harm == "frames":
        info["frames"].append(999)
    else:
        info["segments"][0]["folder"] = "../FIELD/segment_000"
    if harm in ("frames", "elsewhere"):
        (home / "field.json").write_text(json.dumps(info))
    with pytest.raises(FieldError):
        load_field(home)


def test_a_segment_is_an_ordinary_field(shot):
    own = load_field(shot.folder / "segment_001")
    assert type(own) is Field and own.frames == tuple(range(105, 121))
