"""The synthetic clips: is their truth true?"""

from pathlib import Path

import cv2
import numpy as np
import pytest

from benchmarks.synthetic.clip import codes, read_truth, write_clip
from benchmarks.synthetic.levels import LEVELS, Spec
from benchmarks.synthetic.scene import Scene
from engine.colour.encoding import encode

SMALL = {"width": 160, "height": 96, "frames": 7}
HALF = {"width": 320, "height": 180}  # lengths go with the width


def inner_points(spec: Spec, count: int = 300) -> np.ndarray:
    rng = np.random.default_rng(0)
    return 8 + rng.random((count, 2)) * [spec.width - 16, spec.height - 16]


def read_at(picture: np.ndarray, points: np.ndarray) -> np.ndarray:
    place = (points - 0.5).astype(np.float32)
    return cv2.remap(picture, place[:, :1], place[:, 1:], cv2.INTER_CUBIC)[:, 0]


@pytest.mark.parametrize("level", LEVELS)
def test_motion_goes_there_and_back_and_never_folds(level):
    scene = Scene(Spec(level=level, **HALF))
    y, x = np.mgrid[2:178:4, 2:318:4] + 0.5
    points = np.stack([x.ravel(), y.ravel()], 1)
    for time in (0, 11.5, 39, 400):
        motion = scene.ground.motion
        assert np.abs(motion.to_frame(time, motion.to_texture(time, points)) - points).max() < 1e-6
        # The Jacobian, from steps of a hundredth of a pixel.
        step = 0.01
        right = motion.to_texture(time, points + np.array([step, 0]))
        below = motion.to_texture(time, points + np.array([0, step]))
        here = motion.to_texture(time, points)
        a, b = (right - here) / step, (below - here) / step
        assert (a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]).min() > 0.2


@pytest.mark.parametrize("layer", (0, 1))
def test_corresponding_points_show_the_same_colour(layer):
    spec = Spec(level=2, width=320, height=180, frames=20, seed=3)
    scene = Scene(spec)
    a, b = 8, 12
    starts = inner_points(spec, 2000)
    if layer == 0:
        inside = scene.fish.alpha(scene.fish.motion.to_texture(a, starts)) > 0.99
        starts = starts[inside]
    seen = scene.visible(layer, a, starts)
    ends = scene.correspond(layer, a, starts, b)
    seen &= scene.visible(layer, b, ends)
    if layer == 1:  # away from the fish's soft outline
        for time, places in ((a, starts), (b, ends)):
            seen &= scene.fish.alpha(scene.fish.motion.to_texture(time, places)) == 0
    assert seen.sum() > 30
    first, second = (scene.shot(t).clean / scene.light(t)[0] for t in (a, b))
    there, back = read_at(first, starts[seen]), read_at(second, ends[seen])
    wrong = read_at(second, ends[seen] + [2, 2])
    # Both pictures are sampled, so that fine texture differs a little; two pixels off, far more.
    gap, off = (np.abs(encode(there) - encode(v)).mean() for v in (back, wrong))
    assert gap < 0.25 * off


def test_the_same_spec_gives_the_same_clip_and_another_seed_another():
    spec = Spec(level=3, grain=True, **SMALL)
    one, two = Scene(spec).shot(3), Scene(spec).shot(3)
    assert np.array_equal(one.frame, two.frame)
    other = Scene(Spec(level=3, grain=True, seed=1, **SMALL)).shot(3)
    assert np.abs(one.frame - other.frame).mean() > 0.02


def test_grain_lies_on_the_frame_alone_and_is_new_in_each():
    plain, grained = Scene(Spec(level=1, **SMALL)), Scene(Spec(level=1, grain=True, **SMALL))
    one, two = grained.shot(2), grained.shot(3)
    assert np.array_equal(one.clean, plain.shot(2).frame)
    assert np.array_equal(one.edited, plain.shot(2).edited)
    first, second = encode(one.frame) - encode(one.clean), encode(two.frame) - encode(two.clean)
    assert 0.01 < first.std() < 0.06
    assert abs(first.mean()) < 0.003
    assert abs(np.corrcoef(first.ravel(), second.ravel())[0, 1]) < 0.02
    # Film grain is no white noise: neighbours resemble each other.
    assert np.corrcoef(first[:, 1:].ravel(), first[:, :-1].ravel())[0, 1] > 0.3


def test_motion_blur_smears_along_the_motion_and_leaves_the_clean_frame():
    size = {"width": 480, "height": 270}
    sharp, blurred = Scene(Spec(level=4, **size)), Scene(Spec(level=4, blur=True, **size))
    shot = blurred.shot(12)
    assert np.allclose(shot.clean, sharp.shot(12).frame)

    def energy(picture: np.ndarray) -> float:
        return float(np.square(np.diff(encode(picture), axis=1)).mean())

    assert energy(shot.frame) < 0.85 * energy(shot.clean)


def test_the_edited_clip_differs_where_the_mark_shows_and_nowhere_else():
    scene = Scene(Spec(level=4, frames=9, **HALF))
    shot = scene.shot(4)
    matte = shot.paint[..., 3]
    assert matte.max() > 0.99
    # Paint over the frame is the edited frame: what hides the mark hides the paint.
    laid = shot.frame * (1 - matte[..., None]) + shot.paint[..., :3]
    solid = (matte > 0.999) | (matte == 0)
    assert np.abs(laid - shot.edited)[solid].max() < 1e-3
    assert np.array_equal(shot.frame[matte == 0], shot.edited[matte == 0])
    assert np.abs(shot.frame - shot.edited)[matte > 0.9].mean() > 0.05


def test_strands_of_one_to_three_pixels_cross_at_level_four_only():
    assert Scene(Spec(level=3, **SMALL)).shot(0).masks[1].max() == 0
    strands = Scene(Spec(level=4, width=640, height=240)).shot(0).masks[1]
    row = strands[120]
    widths = [run.sum() for run in np.split(row, np.flatnonzero(row == 0)) if run.sum() > 0.5]
    assert len(widths) >= 4
    assert min(widths) > 0.7 and max(widths) < 4.5


def test_light_changes_from_frame_to_frame_from_level_two_on():
    still = Scene(Spec(level=1, **HALF))
    assert still.exposure(0) == still.exposure(7)
    lit = Scene(Spec(level=3, **HALF))
    values = [lit.exposure(t) for t in range(40)]
    assert 0.05 < np.ptp(values) / np.mean(values) < 0.3
    factor, glint = lit.light(5)
    assert np.ptp(factor) > 0.05
    assert glint.max() > 0.02


def test_a_clip_is_written_with_all_that_is_known(tmp_path: Path):
    spec = Spec(level=4, grain=True, **SMALL)
    truth = write_clip(spec, tmp_path / spec.name)
    folder = tmp_path / "level4_grain"
    for kind in ("frames", "masks_0", "edited", "paint", "clean", "strands"):
        assert len(list((folder / kind).glob("*.png"))) == SMALL["frames"]
    frame = cv2.imread(str(folder / "frames" / "00002.png"))[..., ::-1]
    assert np.array_equal(frame, codes(Scene(spec).shot(2).frame))
    found = read_truth(folder)
    assert found is not None
    assert found.spec["level"] == 4
    assert np.abs(found.points - truth.points).max() < 1e-3
    assert np.array_equal(found.visible, truth.visible)
    assert found.visible.any(axis=1).all()
    assert 0 < found.visible.mean() < 1
    assert set(found.layer) == {0, 1}
    assert read_truth(tmp_path) is None


def test_a_picture_can_be_the_ground_and_frames_can_be_float(tmp_path: Path):
    from engine.io.read import read_picture

    picture = np.random.default_rng(0).integers(0, 255, (60, 90, 3), np.uint8)
    cv2.imwrite(str(tmp_path / "ground.png"), cv2.resize(picture, (900, 600)))
    spec = Spec(level=1, picture=tmp_path / "ground.png", **SMALL)
    write_clip(spec, tmp_path / "clip", format="exr")
    read = read_picture(tmp_path / "clip" / "frames" / "00000.exr")
    wanted = Scene(spec).shot(0).frame
    assert np.abs(read.rgb - wanted).max() < 2e-3
    assert read.rgb.std() > 0.05


def test_what_is_not_there_is_refused(tmp_path: Path):
    with pytest.raises(ValueError, match="no level 5"):
        Scene(Spec(level=5))
    with pytest.raises(ValueError, match="no format"):
        write_clip(Spec(**SMALL), tmp_path / "x", format="gif")
