"""Hard masks get the soft edges that the frames show."""

import numpy as np
import pytest

from engine.colour.encoding import decode, encode
from engine.fields.field import Canonical, Masks
from engine.fields.folder import load_field, save_field
from engine.fit.run import fit
from engine.fit.unmix import Unmixer, grown
from engine.io.picture import Picture, Window
from engine.progress import silent
from engine.warp.render import reconstruct
from tests.engine.fit.clips import request, texture

HEIGHT, WIDTH, COUNT = 120, 168, 8
FAST = {"coarse_passes": 4, "medium_passes": 3, "fine_passes": 4, "full_passes": 5}


def _scene(t):
    """Frame t, linear [H, W, 3], and the share of what is in front: a bright disc, 3 px soft."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32) + 0.5
    share = np.clip((30 - np.hypot(x - (60 + 6 * t), y - 60)) / 3 + 0.5, 0, 1)[..., None]
    front = decode(0.6 + 0.3 * texture(HEIGHT, WIDTH + 80, 1))[:, 60 - 6 * t : 60 - 6 * t + WIDTH]
    back = decode(0.1 + 0.25 * texture(HEIGHT, WIDTH, 2))
    return (front * share + back * (1 - share)).astype(np.float32), share[..., 0]


def _masks(hard=True):
    shares = [_scene(t)[1] for t in range(COUNT)]
    return [np.rint((s > 0.5 if hard else s) * np.float32(255)).astype(np.uint8) for s in shares]


def _fit(masks, **overrides):
    clip = [Picture.of(_scene(t)[0]) for t in range(COUNT)]
    asked = request(clip, [("disc", masks)], steps=16, overrides={**FAST, **overrides})
    return fit(asked, silent())


@pytest.fixture(scope="module", params=[None, 6000], ids=["full size", "proxy"])
def fitted(request):
    with pytest.MonkeyPatch.context() as patch:
        if request.param:
            patch.setattr("engine.fit.plates.PIXEL_LIMIT", request.param)
        return _fit(_masks())


def _edge_error(field, t):
    """Root mean square of encoded error within 3 pixels of the edge."""
    truth, share = _scene(t)
    edge = (share > 0) & (share < 1)
    error = encode(reconstruct(field, t, edit_path=True)) - encode(truth)
    return float(np.sqrt(np.square(error[edge]).mean()))


def test_the_share_of_a_mixed_pixel_is_found(fitted):
    for t in (0, 3, 7):
        share = _scene(t)[1]
        edge = (share > 0) & (share < 1)
        found, given = (m.mask(0, t)[edge] / 255 for m in (fitted.masks, fitted.masks.given))
        assert np.abs(found - share[edge]).mean() < 0.25 * np.abs(given - share[edge]).mean()


def test_away_from_the_edge_the_mask_is_the_given_one(fitted):
    for t in (0, 3, 7):
        y, x = np.mgrid[0:HEIGHT, 0:WIDTH] + 0.5
        away = np.abs(np.hypot(x - (60 + 6 * t), y - 60) - 30) > 5
        assert np.array_equal(fitted.masks.mask(0, t)[away], fitted.masks.given.mask(0, t)[away])


def test_edges_are_drawn_as_they_are(fitted):
    plain = _fit(_masks(), edges=False)
    assert plain.masks.given is plain.masks
    for t in (0, 3, 7):
        assert _edge_error(fitted, t) < 0.5 * _edge_error(plain, t)
    assert fitted.report["psnr_edit_path"] > plain.report["psnr_edit_path"]


def test_soft_masks_stay_as_they_were_given():
    masks = _masks(hard=False)
    field = _fit(masks)
    assert field.masks.given is field.masks
    assert all(np.array_equal(field.masks.mask(0, t), masks[t]) for t in range(COUNT))


def test_a_field_on_disk_keeps_both_masks(fitted, tmp_path):
    save_field(fitted, tmp_path / "field")
    again = load_field(tmp_path / "field")
    for t in range(COUNT):
        assert np.array_equal(again.masks.mask(0, t), fitted.masks.mask(0, t))
        assert np.array_equal(again.masks.given.mask(0, t), _masks()[t])


def test_without_a_difference_of_colour_the_mask_decides(fitted):
    """A frame that is the same colour all over says nothing of shares."""
    field = _fit(_masks(), edges=False)
    for layer in field.layers:
        layer.canonical.pixels[..., :3] = 0.2 * layer.canonical.pixels[..., 3:]
    edges = Unmixer(field)
    edges.find(3, lambda part: np.full((HEIGHT, WIDTH, 3), 0.2, np.float32)[part])
    found, given = field.masks.mask(0, 3), field.masks.given.mask(0, 3)
    assert np.array_equal(found > 127, given > 127)
    assert np.abs(found.astype(int) - given)[(found != given)].max() < 128


def test_bad_pixels_keep_the_masks_guess(fitted):
    field = _fit(_masks(), edges=False)
    edges = Unmixer(field)
    edges.find(3, lambda part: np.full((HEIGHT, WIDTH, 3), np.nan, np.float32)[part])
    found, given = field.masks.mask(0, 3), field.masks.given.mask(0, 3)
    assert np.array_equal(found > 127, given > 127)


def test_a_mask_that_fills_the_frame_has_no_edge():
    masks = _masks()
    masks[3] = np.full((HEIGHT, WIDTH), 255, np.uint8)
    field = _fit(masks)
    assert (field.masks.mask(0, 3) == 255).all()


def test_a_grown_still_goes_on_with_its_own_colours():
    pixels = np.zeros((40, 50, 4), np.float32)
    pixels[10:30, 15:35] = [0.5, 0.25, 0.125, 1]
    before = Canonical(pixels, Window(-3, 2, 47, 42))
    after = grown(before, 4)
    assert after.data == Window(-7, -2, 51, 46)
    inner = after.pixels[4:-4, 4:-4]
    assert np.array_equal(inner[10:30, 15:35], pixels[10:30, 15:35])
    assert inner[20, 11:15, 3].all() and not inner[20, :11, 3].any()
    np.testing.assert_allclose(inner[20, 11:15, :3], [[0.5, 0.25, 0.125]] * 4, rtol=2e-3)
    assert before.pixels[..., 3].sum() == 400


def test_only_masks_with_hard_edges_are_asked(fitted):
    assert isinstance(fitted.masks, Masks)
    assert Unmixer(fitted).groups == []
