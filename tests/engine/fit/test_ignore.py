"""What the fit is told not to see: masks, transparent pixels."""

from dataclasses import replace

import numpy as np
import pytest

from engine.colour.encoding import decode, encode
from engine.edit.editlayer import EditLayer
from engine.edit.paintover import put_over, warp_change
from engine.errors import InputError, MaskError
from engine.fields.folder import load_field, save_field
from engine.fit.run import fit
from engine.io.picture import Picture
from engine.metrics.psnr import clip_score, psnr_field
from engine.progress import silent
from engine.warp.inverse import FrameInverse
from engine.warp.render import reconstruct
from engine.warp.sheet import Sheet
from tests.engine.fit.clips import Pan, picture, request

FAST = {"coarse_passes": 3, "medium_passes": 2, "fine_passes": 2, "full_passes": 3}
TITLE = (slice(58, 82), slice(28, 136))


@pytest.fixture(scope="module")
def pan():
    return Pan(count=7)


@pytest.fixture(scope="module")
def title(pan):
    mask = np.zeros((pan.height, pan.width), np.uint8)
    mask[TITLE] = 255
    return mask


def titled(frame):
    frame = frame.copy()
    frame[60:80, 30:130:20] = frame[60:80, 33:130:20] = frame[66:70, 30:130] = 1
    return frame


@pytest.fixture(scope="module")
def fitted(pan, title):
    """A burnt-in title that stands still over a pan, left out."""
    clip = [picture(titled(pan.frame(t))) for t in range(pan.count)]
    asked = request(clip, steps=14, overrides=FAST)
    return clip, fit(replace(asked, ignore=lambda _: title), silent())


def errors(field, pan, index, where):
    drawn = encode(reconstruct(field, index, edit_path=True))
    return np.abs(drawn - pan.frame(index)).max(axis=2)[where]


def test_a_title_that_is_left_out_is_not_in_the_still(pan, title, fitted):
    """The field shows what the pan shows beside the title in other frames: the clean picture."""
    _, field = fitted
    assert field.report["psnr_edit_path"] > 45
    assert field.report["ignored"] == pytest.approx((title > 0).mean())
    for index in (0, 6):
        assert np.percentile(errors(field, pan, index, title == 0), 99) < 0.03
    # At the ends the pan has moved the title's place away from where it hid the picture.
    assert np.median(errors(field, pan, 0, title > 0)) < 0.08


def test_a_title_that_is_not_left_out_spoils_the_fit(fitted):
    clip, field = fitted
    spoilt = fit(request(clip, steps=14, overrides=FAST), silent())
    assert spoilt.report["psnr_edit_path"] < field.report["psnr_edit_path"] - 10
    assert spoilt.ignored is None


def test_edits_leave_what_was_ignored_as_it_is(fitted, title, tmp_path):
    """Also after the field was stored and read again."""
    clip, field = fitted
    save_field(field, tmp_path / "f")
    again = load_field(tmp_path / "f")
    data = again.layers[0].canonical.data
    paint = np.zeros((data.height, data.width, 4), np.float32)
    paint[:] = (1, 0, 0, 1)
    change = EditLayer(Sheet.of(paint, (data.x0, data.y0)))
    out = put_over(clip[1], [warp_change(again, 0, 1, change)], again.data)
    kept = title > 0
    assert np.array_equal(out.pixels[kept], clip[1].pixels[kept])
    assert (out.pixels[~kept][:, 0] > 0.9).mean() > 0.95


def test_edits_fade_where_the_mask_is_soft(pan, title):
    """The fit leaves out what is partly hidden; an edit comes back with the mask's own softness."""
    soft = (title // 255).astype(np.uint8) * 200
    soft[40] = 20
    clip = [picture(titled(pan.frame(t))) for t in range(3)]
    asked = request(clip, steps=2, overrides=FAST)
    field = fit(replace(asked, ignore=lambda _: soft), silent())
    seen = field.seen(1)[0]
    np.testing.assert_allclose(seen, 1 - soft / np.float32(255), atol=1e-6)
    assert np.array_equal(field.kept(1), title == 0)


def test_what_lies_behind_the_title_is_not_visible(fitted):
    _, field = fitted
    for place, visible in (((70.5, 70.5), False), ((70.5, 30.5), True)):
        point = np.array([place], np.float32)
        canonical = field.layers[0].deformation.at(2, point)
        assert FrameInverse(field, 0, 2).find(canonical).visible[0] == visible


def test_reported_psnr_counts_what_was_seen(fitted):
    clip, field = fitted
    values = psnr_field(field, lambda f: clip[f], edit_path=True)
    assert clip_score(values) == pytest.approx(field.report["psnr_edit_path"], abs=0.02)


def with_alpha(frames, alpha):
    return [Picture.of(np.dstack([decode(f) * alpha[..., None], alpha])) for f in frames]


def test_transparent_pixels_are_left_out_unless_asked(pan):
    alpha = np.ones((pan.height, pan.width), np.float32)
    alpha[:20] = alpha[-20:] = 0
    clip = with_alpha([pan.frame(t) for t in range(4)], alpha)
    seen = fit(request(clip, steps=3, overrides=FAST), silent())
    assert np.array_equal(seen.kept(0), alpha > 0)
    everything = fit(request(clip, steps=3, overrides=FAST, alpha=False), silent())
    assert everything.ignored is None


def test_an_alpha_that_is_empty_all_over_says_nothing(pan):
    empty = np.zeros((pan.height, pan.width), np.float32)
    clip = [
        Picture.of(np.dstack([decode(pan.frame(t)), empty]).astype(np.float32)) for t in range(3)
    ]
    field = fit(request(clip, steps=2, overrides=FAST), silent())
    assert field.ignored is None
    assert field.report["psnr_edit_path"] > 25


def test_a_frame_that_is_wholly_ignored_does_not_count(pan, title):
    clip = [pan.clip()[t] for t in range(4)]
    black = np.zeros_like(title)
    asked = replace(
        request(clip, steps=4, overrides=FAST),
        ignore=lambda f: black + np.uint8(255) if f == 2 else black,
    )
    field = fit(asked, silent())
    assert field.reference == 1  # the middle frame shows nothing
    assert np.isfinite(field.report["psnr"])
    assert np.isnan(psnr_field(field, lambda f: clip[f], edit_path=True)[2])
    assert np.isfinite(field.layers[0].deformation.positions(2)).all()


def test_ignoring_everything_or_by_a_mask_of_another_size_is_an_error(pan, title):
    clip = pan.clip()[:3]
    asked = request(clip, steps=2, overrides=FAST)
    with pytest.raises(InputError, match="nothing of the clip is left"):
        fit(replace(asked, ignore=lambda _: np.full_like(title, 255)), silent())
    with pytest.raises(MaskError, match="ignore mask in frame 0 is 108x24"):
        fit(replace(asked, ignore=lambda _: title[TITLE]), silent())
