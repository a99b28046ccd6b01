"""Edits and tracks through a shot of several segments."""

import itertools
from dataclasses import replace

import numpy as np
import pytest

from engine.edit.canonical import canonical_picture
from engine.edit.edits import EditSource
from engine.errors import EditError, UsageError
from engine.linked.carry import carry, carry_alone, carry_pass, prepare_carried
from engine.linked.frames import carry_frames, carry_frames_alone, paint_of_frames
from engine.progress import silent
from engine.warp.track import track, track_canonical
from tests.engine.linked.conftest import FIRST

RED = np.array([0.9, 0.0, 0.0, 1.0], np.float32)
SIDE = 10


def painted(shot, segment, frame=None, shift=(0, 0)):
    """A red square on a segment's still, at what the middle of a frame shows (its reference)."""
    view = shot.field.seen_from(segment)
    still = canonical_picture(view, 0)
    middle = np.array([[shot.pan.width / 2 + shift[0], shot.pan.height / 2 + shift[1]]], np.float32)
    index = view.index(view.reference if frame is None else frame)
    place = view.layers[0].deformation.at(index, middle)[0]
    x, y = (round(v) for v in place - [still.data.x0, still.data.y0])
    pixels = still.pixels.copy()
    pixels[y - SIDE // 2 : y + SIDE // 2, x - SIDE // 2 : x + SIDE // 2] = RED
    world = shot.world(view.frames[index])[int(middle[0, 1]), int(middle[0, 0])]
    return EditSource(replace(still, pixels=pixels)), world


def middle_of(plate, result):
    """Where a result differs from its plate."""
    y, x = np.nonzero(np.abs(result.pixels - plate.pixels).max(axis=2) > 0.1)
    return np.array([x.mean() + 0.5, y.mean() + 0.5]), len(x)


@pytest.mark.parametrize("segment", [0, 1, 2])
def test_an_edit_of_any_still_reaches_every_frame_in_its_place(shot, segment):
    source, world = painted(shot, segment)
    carried = prepare_carried(shot.field, [source])
    assert carried[0][0].anchor == segment
    seen = 0
    for frame in range(FIRST, FIRST + 24, 3):
        place = shot.place(frame, world)
        if place is None or not (8 < place[0] < 88 and 8 < place[1] < 64):
            continue
        plate = shot.plate(frame)
        result = carry(shot.field, carried, plate, frame - FIRST)
        where, count = middle_of(plate, result)
        assert np.abs(where - place).max() < 1.0
        assert 0.7 < count / SIDE**2 < 1.4
        assert np.array_equal(result.pixels[~result.changed], plate.pixels[~result.changed])
        seen += 1
    assert seen >= 5


def test_edits_of_two_stills_lie_in_one_frame(shot):
    one, _ = painted(shot, 0, 108, (-20, 0))
    other, _ = painted(shot, 2, 118, (15, 5))
    carried = prepare_carried(shot.field, [one, other])
    plate, index = shot.plate(112), 112 - FIRST
    both = carry(shot.field, carried, plate, index)
    alone = [
        carry(shot.field, prepare_carried(shot.field, [s]), plate, index) for s in (one, other)
    ]
    for each in alone:
        assert each.changed.any()
        mine = each.changed & ~alone[each is alone[0]].changed
        assert np.abs(both.pixels[mine] - each.pixels[mine]).max() < 1e-4
    assert np.array_equal(both.changed, alone[0].changed | alone[1].changed)


def test_the_edit_alone_over_the_plate_is_the_result(shot):
    sources = [painted(shot, 0, 108, (-20, 0))[0], painted(shot, 2, 118, (15, 5))[0]]
    carried = prepare_carried(shot.field, sources)
    plate, index = shot.plate(112), 112 - FIRST
    result, alone = carry_alone(shot.field, carried, plate, index, mode="over")
    back = alone.pixels[..., :3] + plate.rgb * (1 - alone.alpha[..., None])
    assert np.abs(back - result.rgb).max() < 1e-4 and alone.alpha.max() > 0.9


def test_what_no_frame_shares_with_the_still_keeps_the_plate(shot):
    source, _ = painted(shot, 0, FIRST, (-44, 0))
    carried = prepare_carried(shot.field, [source])
    plate = shot.plate(FIRST + 23)
    assert carry(shot.field, carried, plate, 23) is plate


def test_whole_frames_are_drawn_from_the_edited_stills(shot):
    view = shot.field.seen_from(1)
    still = canonical_picture(view, 0)
    dark = replace(still, pixels=still.pixels * np.array([0.3, 0.3, 0.3, 1], np.float32))
    carried = prepare_carried(shot.field, [EditSource(dark)], mode="replace")
    for index in (0, 8, 12, 23):
        plate = shot.clip[index]
        result = carry(shot.field, carried, plate, index, mode="replace")
        ratio = result.rgb / np.maximum(plate.rgb, 0.02)
        reached = shot.field.seen_from(1).seen(index)[0] > 0.99
        assert np.median(ratio[reached]) == pytest.approx(0.3, abs=0.03)
    half = carry(shot.field, carried, shot.clip[12], 12, mode="replace", mix=0.5)
    assert np.median(half.rgb / np.maximum(shot.clip[12].rgb, 0.02)) == pytest.approx(
        0.65, abs=0.04
    )


def test_edits_that_two_stills_were_given_give_way_to_one_another(shot):
    def tinted(segment, factor):
        still = canonical_picture(shot.field.seen_from(segment), 0)
        return EditSource(replace(still, pixels=still.pixels * np.float32([factor] * 3 + [1])))

    carried = prepare_carried(shot.field, [tinted(0, 0.5), tinted(1, 0.9)], mode="replace")
    levels = []
    for index in range(2, 14):
        result = carry(shot.field, carried, shot.clip[index], index, mode="replace")
        ratio = result.rgb[30:42, 40:56] / np.maximum(shot.clip[index].rgb[30:42, 40:56], 0.02)
        levels.append(float(np.median(ratio)))
    assert levels[0] == pytest.approx(0.5, abs=0.03) and levels[-1] == pytest.approx(0.9, abs=0.03)
    assert max(b - a for a, b in itertools.pairwise(levels)) < 0.12
    assert min(b - a for a, b in itertools.pairwise(levels)) > -0.02


def test_an_edit_without_a_name_belongs_to_the_still_of_its_size_or_is_asked_for(shot):
    source, _ = painted(shot, 2)
    plain = replace(source.picture, metadata={})
    sizes = {(c.width, c.height) for part in shot.field.segments.parts for _, c in part.canvases}
    if len(sizes) == 3:
        found = prepare_carried(shot.field, [EditSource(plain)])
        assert found[0][0].anchor == 2
    with pytest.raises(EditError, match="--segment"):
        small = replace(plain, pixels=plain.pixels[:7, :5], data=plain.data.moved(0, 0))
        prepare_carried(shot.field, [EditSource(small)])
    assert prepare_carried(shot.field, [EditSource(plain)], segment=2)[0][0].anchor == 2


def test_an_ordinary_field_has_no_other_segment(shot):
    own = shot.field.segments.field(0)
    source = EditSource(canonical_picture(own, 0))
    assert prepare_carried(own, [source], segment=0)[0][0] is own
    with pytest.raises(UsageError):
        prepare_carried(own, [source], segment=1)


def test_what_is_found_around_edits_comes_from_the_nearest_still(shot):
    carried = prepare_carried(shot.field, [painted(shot, 0)[0], painted(shot, 2)[0]])
    found = carry_pass(shot.field, carried, shot.clip[20], 20, "light")
    assert found.pixels.shape[:2] == (72, 96)


def test_a_painted_frame_is_carried_through_the_shot(shot):
    frame = 122
    plate = shot.plate(frame)
    pixels = np.dstack([plate.rgb, np.zeros((72, 96), np.float32)]) * 0
    pixels[30:42, 40:52] = RED
    paint = paint_of_frames(
        shot.field, [(frame, replace(plate, pixels=pixels, native=None), plate)]
    )
    world = shot.world(frame)[36, 46]
    for other in (122, 116, 110, 104):
        result = carry_frames(shot.field, paint, shot.plate(other), other - FIRST)
        where, _ = middle_of(shot.plate(other), result)
        assert np.abs(where - shot.place(other, world)).max() < 1.2
    matte = carry_frames_alone(shot.field, paint, shot.plate(110), 110 - FIRST)[1].alpha
    assert matte.max() > 0.9 and matte.min() == 0


@pytest.mark.parametrize("start", [103, 112, 122])
def test_points_are_followed_from_segment_to_segment(shot, start):
    points = [{"frame": start, "x": 48.5, "y": 36.5}, {"frame": start, "x": 60.5, "y": 30.5}]
    tracks = track(shot.field, points, silent())
    for point, places in zip(points, tracks, strict=True):
        world = shot.world(start)[int(point["y"]), int(point["x"])]
        assert [place["frame"] for place in places] == list(shot.field.frames)
        for place in places:
            truth = shot.place(place["frame"], world)
            if truth is None:
                continue
            assert np.hypot(place["x"] - truth[0], place["y"] - truth[1]) < 0.4
            if 2 < truth[0] < 94 and 2 < truth[1] < 70:
                assert place["visible"]
        here = places[start - FIRST]
        assert (here["x"], here["y"]) == (point["x"], point["y"])


def test_points_of_a_still_are_followed_through_all_frames(shot):
    view = shot.field.seen_from(1)
    place = np.array([[48.5, 36.5]], np.float32)
    [places] = track_canonical(view, 0, place, silent())
    world = shot.world(view.reference)[36, 48]
    for told in places:
        truth = shot.place(told["frame"], world)
        if truth is not None:
            assert np.hypot(told["x"] - truth[0], told["y"] - truth[1]) < 0.5
