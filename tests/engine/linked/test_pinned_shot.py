"""Pins on the stills of a shot of several segments."""

from pathlib import Path

import numpy as np
import pytest

from engine.errors import UsageError
from engine.fields.field import Field
from engine.fields.folder import load_field, save_field
from engine.io.pointfiles import NamedPlaces
from engine.linked.field import LinkedField
from engine.pins.apply import pinned, report
from engine.pins.imported import pins_of_tracks
from engine.pins.pin import Pin, pin_from
from tests.engine.linked.conftest import Shot

RADIUS = 18.0
#: A frame that two segments hold, and the place that is pinned in it.
SHARED, PLACE = 109, (50.5, 36.5)


def shown(field: Field, frame: int, place: tuple[float, float]) -> np.ndarray:
    return field.layers[0].deformation.at(field.index(frame), np.array([place], np.float32))[0]


def pin_of(shot: Shot, segment: int, frame: int, place: tuple[float, float], **more) -> Pin:
    """A pin that brings to a place what the fit has four pixels to its right."""
    view = shot.field.seen_from(segment)
    x, y = shown(view, frame, (place[0] + 4, place[1])).tolist()
    return Pin("pin", (x, y), {frame: place}, radius=RADIUS, segment=segment, **more)


@pytest.mark.parametrize("segment", [0, 1])
def test_a_pin_on_any_still_holds_in_every_view_and_moves_nothing_farther_away(
    shot: Shot, segment: int
) -> None:
    after = pinned(shot.field, [pin_of(shot, segment, SHARED, PLACE)])
    assert isinstance(after, LinkedField) and shot.field.frames == after.frames
    assert max(each.left for each in report(after)) < 0.25
    index = after.index(SHARED)
    rows, columns = np.mgrid[0:72, 0:96] + 0.5
    far = np.hypot(columns - PLACE[0], rows - PLACE[1]) > RADIUS
    views = [(shot.field.seen_from(n), after.seen_from(n), index) for n in range(3)]
    own = zip(shot.field.parts(index), after.parts(index), strict=True)
    views += [(before, now, place) for (before, place, _), (now, _, _) in own]
    for before, now, place in views:
        old, new = (f.layers[0].deformation.positions(place) for f in (before, now))
        assert np.array_equal(old[far], new[far])
        moved = np.linalg.norm((new - old)[36, 50])
        assert 2.5 < moved < 5.5, "each still sees the same move of the frame"


def test_a_pin_lets_go_over_the_frames_of_the_next_segment(shot: Shot) -> None:
    after = pinned(shot.field, [pin_of(shot, 0, SHARED, PLACE, fade=3)])
    one, other = shot.field.seen_from(1), after.seen_from(1)
    moved = [
        np.abs(
            one.layers[0].deformation.positions(i) - other.layers[0].deformation.positions(i)
        ).max()
        for i in range(len(after.frames))
    ]
    there = [frame for frame, step in zip(after.frames, moved, strict=True) if step > 0]
    assert there == list(range(SHARED - 3, SHARED + 4))


def test_pins_of_two_stills_in_one_frame_are_both_met(shot: Shot) -> None:
    pins = [pin_of(shot, 0, SHARED, PLACE), pin_of(shot, 1, SHARED, (62.5, 40.5))]
    told = report(pinned(shot.field, pins))
    assert len(told) == 2 and all(each.sentence is None for each in told)


def test_a_pinned_shot_is_stored_with_its_pins(shot: Shot, tmp_path: Path) -> None:
    after = pinned(shot.field, [pin_of(shot, 1, SHARED, PLACE)])
    save_field(after, tmp_path / "FIELD")
    again = load_field(tmp_path / "FIELD")
    for frame in (104, SHARED, 120):
        index = again.index(frame)
        old, new = (f.layers[0].deformation.positions(index) for f in (after, again))
        assert np.allclose(old, new, atol=1e-4)


def test_an_imported_track_is_a_pin_in_each_segment_that_it_goes_through(shot: Shot) -> None:
    world = shot.world(112)[36, 48]
    where = {f: shot.place(f, world) for f in shot.field.frames}
    places = {f: p[None] + (1.5, 0) for f, p in where.items() if p is not None}
    pins = pins_of_tracks(
        shot.field, NamedPlaces("t", None, places), None, "file", radius=RADIUS, hard=True
    )
    assert len(pins) > 1 and len({pin.segment for pin in pins}) == len(pins)
    told = report(pinned(shot.field, pins))
    assert len(told) == len(places) and all(each.sentence is None for each in told)


def test_a_still_that_is_not_there_is_refused(shot: Shot) -> None:
    pin = Pin("pin 3", (40.0, 30.0), {SHARED: PLACE}, segment=7)
    assert pin_from(pin.as_dict()) == pin
    with pytest.raises(UsageError, match="no segment 7"):
        pinned(shot.field, [pin])
    with pytest.raises(UsageError, match="pin 3 lies on the still of segment 7"):
        pinned(shot.field.segments.field(0), [pin])
