"""The frame follows a stroke on the canonical image: equal to the whole frame drawn again."""

from dataclasses import replace

import numpy as np
import pytest

from engine.edit.canonical import canonical_picture
from engine.edit.edits import EditSource, prepare_edits
from engine.edit.frameview import FrameView
from engine.edit.paintover import seen_layer, warp_change
from engine.edit.propagate import propagate_frame
from engine.io.picture import Picture
from engine.paint.follow import Blocks, FrameFollower
from engine.paint.live import StrokeSession
from engine.paint.raster import paint_over, render_strokes
from engine.paint.stroke import stroke_from
from engine.warp.sheet import Sheet
from tests.engine.warp.analytic import one_layer, two_layers

STROKE = {"size": 14.0, "colour": [2.0, 0.1, 0.4], "hardness": 0.4, "opacity": 0.8}
POINTS = [[30, 20, 1], [42, 31, 1], [60, 28, 0.7], [66, 44, 1], [20, 50, 1]]
EARLIER = [{"points": [[50, 10, 1], [55, 60, 1]], "size": 9, "colour": [0, 1, 0]}]


def edited(picture, strokes, scale):
    finer = [stroke_from(stroke).scaled(scale) for stroke in strokes]
    overlay = render_strokes(finer, picture.pixels, (picture.data.x0, picture.data.y0))
    return replace(
        picture, pixels=paint_over(overlay, picture.pixels), under=picture.pixels, overlay=overlay
    )


def plate_of(field, seed=0):
    random = np.random.default_rng(seed)
    pixels = random.uniform(0, 1, (field.height, field.width, 3)).astype(np.float32)
    return replace(Picture.of(pixels), display=field.display, data=field.data)


@pytest.mark.parametrize("scale", [1.0, 2.0])
@pytest.mark.parametrize(("make", "k"), [(one_layer, 0), (two_layers, 0), (two_layers, 1)])
@pytest.mark.parametrize("index", [0, 2])
def test_the_followed_frame_is_the_frame_that_propagation_makes(make, k, index, scale):
    field = make()
    plate = plate_of(field)
    picture = canonical_picture(field, k, scale=scale)
    d = picture.data
    base = edited(picture, EARLIER, scale)
    others = {}
    if len(field.layers) > 1:
        other = canonical_picture(field, 1 - k)
        others = prepare_edits(field, [EditSource(edited(other, EARLIER, 1.0), layer=1 - k)])

    def whole(painted):
        mine = prepare_edits(field, [EditSource(painted, layer=k)])
        return propagate_frame(field, {**mine, **others}, plate, index, mix=0.9).pixels

    session = StrokeSession(STROKE, picture.pixels, base.overlay, (d.x0, d.y0), scale=scale)
    follower = FrameFollower(
        field,
        k,
        index,
        Blocks(seen_layer(FrameView(field, index), k)),
        plate,
        whole(base),
        session.paint,
        session.bounds,
        (d.x0, d.y0),
        (scale, scale),
        others={
            n: (edit.change, seen_layer(FrameView(field, index), n)) for n, edit in others.items()
        },
        mix=0.9,
    )
    drawn = []
    for n in range(len(POINTS)):
        before = follower.pixels(follower.bounds).copy()
        box = follower.update(session.extend([POINTS[n]]))
        now = follower.pixels(follower.bounds)
        outside = np.ones(now.shape[:2], bool)
        if box is not None:
            outside[box[1] - plate.data.y0 : box[3] - plate.data.y0,
                    box[0] - plate.data.x0 : box[2] - plate.data.x0] = False  # fmt: skip
            drawn.append(box)
        np.testing.assert_array_equal(now[outside], before[outside])
    wanted = whole(edited(picture, [*EARLIER, {**STROKE, "points": POINTS}], scale))
    assert drawn and np.abs(wanted - whole(base)).max() > 0.3
    got = follower.pixels(follower.bounds)
    # Only where a finer canvas is read at more than one place does the rim differ, by its fringe.
    np.testing.assert_allclose(got, wanted, atol=1e-5 if scale == 1 else 5e-3)


def test_a_region_of_a_warped_change_is_that_part_of_the_whole():
    field = one_layer(sine=1.0)
    picture = canonical_picture(field, 0)
    change = prepare_edits(field, [EditSource(edited(picture, EARLIER, 1.0), layer=0)])[0].change
    window, paint = warp_change(field, 0, 2, change)
    region = (slice(10, 40), slice(30, 70))
    inside, part = warp_change(
        field, 0, 2, change, region=region, seen=seen_layer(FrameView(field, 2), 0)
    )
    full = np.zeros((field.height, field.width, 4), np.float32)
    full[window.y0 : window.y1, window.x0 : window.x1] = paint
    np.testing.assert_allclose(part, full[inside.y0 : inside.y1, inside.x0 : inside.x1], atol=1e-6)
    assert inside.y0 >= 10 and inside.y1 <= 40 and inside.x0 >= 30 and inside.x1 <= 70
    assert isinstance(change.sheet, Sheet)


def test_what_no_pixel_sees_draws_nothing():
    field = one_layer()
    blocks = Blocks(seen_layer(FrameView(field, 0), 0))
    assert blocks.reach((-900, -900, -850, -850), 2.0) is None
