"""Points followed by looking at the frames of a long shot, and its stills put back unedited."""

from dataclasses import replace

import numpy as np

from engine.edit.check import check_field
from engine.fields.field import WHOLE
from engine.linked.field import through
from engine.linked.segments import Segments
from engine.progress import silent
from engine.warp.track import track
from tests.engine.linked.conftest import FIRST


def test_the_untouched_stills_put_back_are_what_the_fit_draws(shot):
    told = check_field(shot.field, shot.plate, silent())
    assert told["ok"] and told["difference_db"] < 0.02


def test_looking_at_the_plate_follows_points_where_a_segment_of_the_fit_is_wrong(shot):
    """The fit of the middle segment is led astray by 14 pixels; the frames say otherwise."""
    begin, world = (48.5, 36.5), shot.world(FIRST + 2)[36, 48]
    astray = wrong_in(shot.field, 1, (14.0, 0.0))
    point = [{"frame": FIRST + 2, "x": begin[0], "y": begin[1]}]
    far = {}
    for name, plate in (("alone", None), ("looked", shot.plate)):
        [places] = track(astray, point, silent(), plate)
        assert [place["frame"] for place in places] == list(astray.frames)
        gaps = [
            np.hypot(place["x"] - truth[0], place["y"] - truth[1])
            for place in places
            if (truth := shot.place(place["frame"], world)) is not None
        ]
        far[name] = float(np.median(gaps[10:]))
    assert far["alone"] > 6 and far["looked"] < 3


def wrong_in(field, segment, step):
    """A shot one of whose segments has the frames of its second half shifted."""

    class Shifted:
        kind = "shifted"

        def __init__(self, base, count):
            self.base, self.count = base, count

        def _step(self, index):
            return np.array(step, np.float32) * (index >= self.count // 2)

        def positions(self, index, part=None):
            return self.base.positions(index)[part or WHOLE] + self._step(index)

        def at(self, index, points):
            return self.base.at(index, points) + self._step(index)

    class Wrong(Segments):
        def read(self, number):
            own = super().read(number)
            if number != segment:
                return own
            layer = own.layers[0]
            moved = Shifted(layer.deformation, len(own.frames))
            return replace(own, layers=[replace(layer, deformation=moved)])

    return through(field, Wrong(field.segments.parts, field.segments.links))
