"""ST maps against an independent operator: OpenImageIO's st_warp must give what our own warp gives.

OpenImageIO counts t from the top, so that maps by our convention (from the bottom, as in Nuke) are
read with ``flip_t``. Its triangle filter of width 2 is bilinear where the warp keeps the scale.
"""

import numpy as np
import OpenImageIO as oiio
import pytest

from engine.edit.stabilise import stabilised_pixels
from engine.errors import MissingFrameError
from engine.io.picture import Picture, Window
from engine.kernels.sample import sample
from engine.warp.between import places_between, st_between, st_between_picture
from engine.warp.render import render_layer
from engine.warp.stmap import st_map
from tests.engine.warp.analytic import one_layer, smooth_canvas, two_layers

#: Largest and mean difference, scene-linear, of two bilinear warps of one smooth picture.
LARGEST, MEAN = 4e-3, 3e-4


def st_warped(picture, st, data, display):
    """What OpenImageIO makes of a picture with windows and an ST map, [H, W, 4]."""
    height, width, channels = picture.shape
    spec = oiio.ImageSpec(width, height, channels, oiio.FLOAT)
    spec.x, spec.y = data.x0, data.y0
    spec.full_x, spec.full_y = display.x0, display.y0
    spec.full_width, spec.full_height = display.width, display.height
    source = oiio.ImageBuf(spec)
    source.set_pixels(source.roi, np.ascontiguousarray(picture, np.float32))
    place = oiio.ImageBuf(oiio.ImageSpec(st.shape[1], st.shape[0], 4, oiio.FLOAT))
    place.set_pixels(place.roi, np.ascontiguousarray(st, np.float32))
    out = oiio.ImageBuf(oiio.ImageSpec(st.shape[1], st.shape[0], channels, oiio.FLOAT))
    done = oiio.ImageBufAlgo.st_warp(out, source, place, "triangle", 2.0, 0, 1, False, True)
    assert done, out.geterror()
    return out.get_pixels(oiio.FLOAT)


def compare(ours, theirs, where):
    assert where.sum() > 500
    gap = np.abs(ours - theirs)[where]
    assert gap.max() < LARGEST and gap.mean() < MEAN
    # The figure can fail: a map that is half a pixel off, or upside down, is far outside.
    moved = np.abs((np.roll(ours, 1, axis=1) + ours) / 2 - theirs)[where].mean()
    assert moved > 4 * MEAN


def inner(valid, by=3):
    import cv2

    grown = cv2.erode(valid.astype(np.uint8), np.ones((2 * by + 1, 2 * by + 1), np.uint8))
    grown[:by], grown[-by:], grown[:, :by], grown[:, -by:] = 0, 0, 0, 0
    return grown > 0


@pytest.mark.parametrize("display", ["format", "canvas"])
@pytest.mark.parametrize("index", [0, 2])
def test_the_map_to_the_canonical_image_warps_it_into_the_frame(index, display):
    field = one_layer(sine=0.5)
    canonical = field.layers[0].canonical
    st = st_map(field, 0, index, display=display)
    # ``canvas`` is for hosts without windows: the picture is its data window, from (0, 0) on.
    plain = Window.of_size(canonical.data.width, canonical.data.height)
    windows = (plain, plain) if display == "canvas" else (canonical.data, field.display)
    # Linear values, since that is what another program filters.
    positions = field.layers[0].deformation.positions(index)
    origin = (canonical.data.x0, canonical.data.y0)
    ours = sample(canonical.pixels, positions, origin=origin)
    theirs = st_warped(canonical.pixels, st, *windows)
    compare(ours[..., :3], theirs[..., :3], inner(st[..., 3] > 0.5))
    shown = np.abs(render_layer(field, 0, index)[..., :3] - theirs[..., :3])
    assert shown[inner(st[..., 3] > 0.5)].mean() < 2e-3


@pytest.mark.parametrize("index", [0, 2])
def test_the_map_to_the_frame_stabilises_the_plate(index):
    field = one_layer(sine=0.5)
    plate = smooth_canvas(field.data, seed=9)[..., :3]
    st = st_map(field, 0, index, "to-frame")
    theirs = st_warped(plate, st, field.data, field.display)
    ours = stabilised_pixels(field, 0, index, Picture.of(plate), filter="bilinear")
    where = inner(ours[..., 3] > 0.999)
    # Ours is filtered in the encoding that the fit works in.
    gap = np.abs(ours[..., :3] - theirs[..., :3])[where]
    assert gap.mean() < 2e-3 and gap.max() < 2e-2


@pytest.mark.parametrize(("there", "here"), [(0, 2), (2, 0), (1, 2)])
def test_the_map_between_frames_takes_the_picture_of_one_to_the_other(there, here):
    field = one_layer(sine=0.5)
    plate = smooth_canvas(field.data, seed=4)
    points, valid = places_between(field, there, here)
    st = st_between(field, there, here)
    theirs = st_warped(plate, st, field.data, field.display)
    compare(sample(plate, points)[..., :3], theirs[..., :3], inner(valid))
    # Both frames as the field draws them: what is sampled from one is what the other shows.
    drawn = [render_layer(field, 0, index) for index in (there, here)]
    carried = st_warped(drawn[0], st, field.data, field.display)
    assert np.abs(carried - drawn[1])[..., :3][inner(valid)].mean() < 4e-3


def test_a_frame_maps_to_itself():
    field = two_layers()
    st = st_between(field, 1, 1)
    y, x = np.mgrid[0:64, 0:96] + 0.5
    assert np.allclose(st[..., 0], x / 96, atol=2e-5)
    assert np.allclose(st[..., 1], 1 - y / 64, atol=2e-5)
    assert (st[..., 3] == 1).all()


def test_between_frames_every_layer_moves_its_own_way_and_what_was_covered_is_not_valid():
    field = two_layers()
    points, valid = places_between(field, 0, 2)
    y, x = np.mgrid[0:64, 0:96] + 0.5
    square = np.zeros((64, 96), bool)
    square[20:40, 34:54] = True
    assert np.allclose(points[square], np.stack([x - 14, y], 2)[square], atol=0.02)
    assert np.allclose(points[~square], np.stack([x + 4, y], 2)[~square], atol=0.02)
    assert valid[square].all()
    # Frame 0 has the square at 20 to 40: the back that it covers there comes out from behind it.
    assert not valid[22:38, 17:33].any()
    assert valid[:18, :90].all()
    assert not valid[:18, 93:].any()  # it lies outside frame 0
    front, only = places_between(field, 0, 2, 0)
    assert np.array_equal(only, square) and np.allclose(front[square], points[square], atol=1e-4)


def test_the_header_names_both_frames():
    picture = st_between_picture(one_layer(), 0, 2)
    told = picture.metadata
    assert (told["codef/stmap/from"], told["codef/stmap/to"]) == (10, 13)
    with pytest.raises(MissingFrameError):
        one_layer().index(12)
