"""Two things that meet at a soft edge: neither takes the colour of the other."""

from dataclasses import replace

import numpy as np
import pytest

from engine.colour.encoding import decode, encode
from engine.edit.canonical import canonical_picture
from engine.edit.edits import EditSource, prepare_edits
from engine.edit.finish import PLAIN, Finish
from engine.edit.propagate import propagate_frame
from engine.fit.run import fit
from engine.io.picture import Picture
from engine.progress import silent
from engine.warp.render import reconstruct
from tests.engine.fit.clips import request as clip_request
from tests.engine.fit.clips import texture

HEIGHT, WIDTH, COUNT = 120, 168, 8
FAST = {"coarse_passes": 4, "medium_passes": 3, "fine_passes": 4, "full_passes": 5}


def _scene(t, background=None):
    """Frame t, linear [H, W, 3], and the share of what is in front: a bright disc, 6 px soft."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32) + 0.5
    far = np.hypot(x - (60 + 6 * t), y - 60)
    share = np.clip((30 - far) / 6 + 0.5, 0, 1)
    share = (np.rint(share * 255) / 255).astype(np.float32)[..., None]
    front = decode(0.7 + 0.25 * texture(HEIGHT, WIDTH + 80, 1))
    front = front[:, 60 - 6 * t : 60 - 6 * t + WIDTH] * np.float32([1, 0.9, 0.8])
    back = decode(0.1 + 0.25 * texture(HEIGHT, WIDTH, 2))
    if background is not None:
        back = background(back)
    return (front * share + back * (1 - share)).astype(np.float32), share[..., 0]


def _clip(background=None):
    return [Picture.of(_scene(t, background)[0]) for t in range(COUNT)]


@pytest.fixture(scope="module", params=[None, 6000], ids=["full size", "proxy"])
def fitted(request):
    clip = _clip()
    masks = [np.rint(_scene(t)[1] * 255).astype(np.uint8) for t in range(COUNT)]
    asked = clip_request(clip, [("disc", masks)], steps=16, overrides=FAST)
    with pytest.MonkeyPatch.context() as patch:
        if request.param:
            patch.setattr("engine.fit.plates.PIXEL_LIMIT", request.param)
        return clip, fit(asked, silent())


def _fringe(drawn, truth, share):
    """Mean signed error across the soft edge, in 8-bit codes, less that on both sides of it."""
    error = (encode(drawn) - encode(truth)).mean(axis=2) * 255
    edge = (share > 0.03) & (share < 0.97)
    levels = [error[edge & (abs(share - s) < 0.12)].mean() for s in (0.1, 0.3, 0.5, 0.7, 0.9)]
    return np.abs(levels).max()


def test_the_unedited_frame_has_no_fringe(fitted):
    clip, field = fitted
    for t in (1, 4, 6):
        drawn = reconstruct(field, t, edit_path=False)
        assert _fringe(drawn, clip[t].rgb, _scene(t)[1]) < 1


@pytest.mark.parametrize("finish", [PLAIN, Finish(merge="auto")], ids=["plain", "finished"])
def test_a_background_painted_over_leaves_no_rim_of_the_old_one(fitted, finish):
    """The edit is opaque and far brighter than what was there; the truth is rendered with it."""
    clip, field = fitted
    colour = np.float32([0.9, 0.2, 0.6])
    back = canonical_picture(field, 1)
    rgba = np.ones((*back.pixels.shape[:2], 4), np.float32)
    rgba[..., :3] = colour
    edit = replace(back, pixels=rgba, under=back.pixels, overlay=rgba)
    edits = prepare_edits(field, [EditSource(edit, layer=1)])
    for t in (1, 4, 6):
        truth = _scene(t, lambda b: np.broadcast_to(colour, b.shape))[0]
        out = propagate_frame(field, edits, clip[t], t, finish=finish)
        share = _scene(t)[1]
        assert _fringe(out.rgb, truth, share) < 1
        assert np.array_equal(out.rgb[share == 1], clip[t].rgb[share == 1])


def test_stills_hold_the_colour_of_one_thing_only(fitted):
    """Where the background is seen alone in some frame, it is its own colour all the way."""
    _, field = fitted
    back = field.layers[1].canonical
    truth = 0.1 + 0.25 * texture(HEIGHT, WIDTH, 2)
    y, x = -back.data.y0, -back.data.x0
    own = encode(back.pixels[y : y + HEIGHT, x : x + WIDTH, :3])
    alone = np.zeros((HEIGHT, WIDTH), bool)
    for t in range(COUNT):
        alone |= _scene(t)[1] == 0
    inner = np.zeros_like(alone)
    inner[8:-8, 8:-8] = True
    error = np.abs(own - truth).max(axis=2)[alone & inner]
    assert np.percentile(error, 99) < 0.06
    assert error.max() < 0.25  # the disc is 0.4 brighter at least
