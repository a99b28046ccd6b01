"""Advice from motion, on clips whose motion is known."""

from dataclasses import asdict, replace

import cv2
import numpy as np
import pytest

from engine.fit.advice import CREEPS, STANDS, Advice, advise, propose
from engine.fit.clipmotion import SIDE, Statistics, pairs_of
from engine.fit.conflict_before import GOES
from engine.fit.run import fit
from engine.progress import silent
from tests.engine.fit.clips import Pan, picture, request, texture

HEIGHT, WIDTH = 180, 240


def advised(frames, masks=None) -> Advice:
    return advise(request([picture(frame) for frame in frames], masks), silent())


def warped(world, x, y):
    return cv2.remap(world, x.astype(np.float32), y.astype(np.float32), cv2.INTER_CUBIC)


def grid():
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float64)
    return x, y


def pan(count=14):
    return [Pan(count, HEIGHT, WIDTH, (2.3, -0.8), 0.3).frame(t) for t in range(count)]


def talking(count=20):
    """A still picture whose middle wobbles to and fro, smoothly, by up to two pixels."""
    world, (x, y) = texture(HEIGHT, WIDTH, 1), grid()
    bump = np.exp(-(((x - WIDTH / 2) / 45) ** 2) - ((y - HEIGHT / 2) / 45) ** 2)
    frames = []
    for t in range(count):
        a, b = 4.5 * np.sin(t * 1.1), 4.5 * np.cos(t * 0.7)
        frames.append(warped(world, x + a * bump, y + b * bump))
    return frames


def smoke(count=12):
    """Clouds that are others in every frame."""
    return [texture(HEIGHT, WIDTH, 100 + t) for t in range(count)]


def turning(count=16, degrees=2.0):
    """A round thing that turns in front of a still background."""
    back, front, (x, y) = texture(HEIGHT, WIDTH, 2), texture(HEIGHT, WIDTH, 3), grid()
    dx, dy = x - WIDTH / 2, y - HEIGHT / 2
    disc = (dx**2 + dy**2 < 62**2)[..., None]
    frames = []
    for t in range(count):
        c, s = np.cos(np.radians(degrees * t)), np.sin(np.radians(degrees * t))
        turned = warped(front, c * dx - s * dy + WIDTH / 2, s * dx + c * dy + HEIGHT / 2)
        frames.append(np.where(disc, turned, back))
    return frames


def walking(count=14):
    """A pan with a body whose two halves swing against each other, and its mask."""
    x, y = grid()
    body = texture(HEIGHT, WIDTH, 5)
    inside = (np.abs(x - WIDTH / 2) < 44) & (np.abs(y - HEIGHT / 2) < 50)
    frames = []
    for t, back in enumerate(pan(count)):
        swing = 10 * np.sin(t * 0.9) * np.sin((y - HEIGHT / 2) / 16)
        frames.append(np.where(inside[..., None], warped(body, x + swing, y), back))
    masks = [np.where(inside, 255, 0).astype(np.uint8)] * count
    return frames, [("body", masks)]


def test_a_pan_is_a_pan_and_the_speed_is_right():
    found = advised(pan())
    assert found.recipe == "camera_pan"
    assert found.statistics.explained > 0.8
    assert found.statistics.camera * WIDTH / 100 == pytest.approx(np.hypot(2.3, 0.8), rel=0.15)
    assert f"{100 * found.statistics.explained:.0f} %" in found.reason
    assert "px a frame" in found.reason


@pytest.mark.parametrize("tower", [False, True])
def test_a_camera_that_creeps_does_not_stand(tower):
    count, pace = 50, 0.09
    assert 100 * pace / WIDTH < STANDS
    frames = [Pan(count, HEIGHT, WIDTH, (pace, 0.0), 0.0).frame(t) for t in range(count)]
    masks = [("tower", [np.pad(np.full((100, 60), 255, np.uint8), ((40, 40), (90, 90)))] * count)]
    found = advised(frames, masks if tower else None)
    assert found.recipe == "camera_pan", found
    assert found.statistics.camera * WIDTH / 100 == pytest.approx(pace, rel=0.2)
    assert found.statistics.drift > CREEPS


def test_a_wobble_before_a_still_camera_is_a_talking_head():
    found = advised(talking())
    assert found.recipe == "talking_head"
    assert found.statistics.border < 0.05 < found.statistics.rest


def test_what_cannot_be_matched_is_a_fluid():
    found = advised(smoke())
    assert found.recipe == "fluid"
    assert found.statistics.lost > 0.5


def test_a_rigid_thing_that_turns_in_its_place_is_a_product():
    found = advised(turning())
    assert found.recipe == "product"
    assert found.statistics.drift <= CREEPS
    assert found.statistics.steady > 0.9
    assert found.statistics.stays > 0.8


def test_limbs_that_swing_are_articulated():
    found = advised(*walking())
    assert found.recipe == "articulated"
    assert found.statistics.groups == 2
    assert found.statistics.bent > 0.5


def test_a_rigid_group_before_a_pan_leaves_it_a_pan():
    frames, masks = pan(), walking()[1]
    body = texture(HEIGHT, WIDTH, 6)
    inside = (masks[0][1][0] > 0)[..., None]
    found = advised([np.where(inside, body, frame) for frame in frames], masks)
    assert found.recipe == "camera_pan"


def covered(pace):
    """Ground that the body covers from one frame of a pair to the other, as a share of both.

    The pair is as far apart as something of that pace, in percent of the width a frame, takes to
    go ``GOES`` pixels of a small grey; the ground goes as the pan does.
    """
    frames = round(GOES / (pace * SIDE / 100))
    across, down = 2.3 * frames, 0.8 * frames
    ground = across * 100 + down * (88 - across)
    return ground / (88 * 100 + ground)


def test_it_says_where_something_moves_that_one_still_cannot_hold():
    body = texture(HEIGHT, WIDTH, 6)
    inside = (walking()[1][0][1][0] > 0)[..., None]
    found = advised([np.where(inside, body, frame) for frame in pan()])
    told = found.conflict
    left, top, right, bottom = told.box
    assert 0.25 < left < right < 0.88 and 0.1 < top < bottom < 0.85, told.box
    assert told.pace == pytest.approx(found.statistics.rest)
    assert told.crowded == pytest.approx(covered(told.pace), rel=0.35)
    said = found.as_dict()["conflict"]["sentence"]
    assert "may not explain" in said and "lands where another part of the frame does" in said


@pytest.mark.parametrize("make", [pan, talking])
def test_what_only_bends_the_map_wants_no_second_group(make):
    assert "conflict" not in advised(make()).as_dict()


@pytest.mark.parametrize("level", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("count", [2, 3, 40])
def test_a_clip_of_one_colour_gives_finite_numbers_and_the_default(count, level):
    found = advised([np.full((40, 56, 3), level, np.float32)] * count)
    assert found.recipe == "seeded"
    check_bounds(found.statistics)


def test_a_still_clip_gives_the_default():
    found = advised([texture(HEIGHT, WIDTH)] * 10)
    assert found.recipe == "seeded"
    assert "hardly anything moves" in found.reason
    check_bounds(found.statistics)


@pytest.mark.parametrize("make", [pan, smoke, talking, turning])
def test_two_frames_give_finite_numbers(make):
    check_bounds(advised(make()[:2]).statistics)


def test_noise_and_holes_give_finite_numbers():
    noise = np.random.default_rng(3)
    frames = [noise.random((33, 97, 3)).astype(np.float32) for _ in range(4)]
    frames[1][4:9] = np.nan
    clip = [picture(frame, eight_bit=False) for frame in frames]
    check_bounds(advise(request(clip), silent()).statistics)


def check_bounds(found: Statistics) -> None:
    values = asdict(found)
    assert all(np.isfinite(value) and value >= 0 for value in values.values()), values
    for name in ("explained", "moving", "bent", "steady", "stays", "lost"):
        assert values[name] <= 1 + 1e-6, name
    assert values["pairs"] >= 1


@pytest.mark.parametrize("count", [0, 1, 2, 3, 10, 1000])
def test_pairs_lie_in_the_clip_and_are_few(count):
    pairs = pairs_of(count)
    assert len(pairs) == len(set(pairs)) <= 12
    assert all(0 <= a < b < count for a, b in pairs)
    assert bool(pairs) == (count > 1)
    if count == 1000:
        assert pairs[0][0] == 0 and max(b for _, b in pairs) == 999


def test_nothing_measured_is_the_default():
    assert propose(Statistics(), 100).recipe == "seeded"


def test_auto_fits_by_the_recipe_that_is_proposed_and_says_so():
    told = []
    asked = request([picture(f) for f in turning(6)], recipe="auto", steps=1)
    field = fit(replace(asked, tell=told.append), silent())
    assert field.recipe == field.report["recipe"] == field.report["advice"]["recipe"] == "product"
    (sentence,) = told
    assert sentence.startswith(f"recipe product: {field.report['advice']['reason']}")


def test_a_choice_is_kept_and_the_proposal_only_mentioned():
    told = []
    asked = request([picture(f) for f in turning(6)], recipe="preview", steps=1)
    field = fit(replace(asked, tell=told.append), silent())
    assert field.recipe == "preview"
    assert field.report["advice"]["recipe"] == "product"
    assert told[0].startswith("recipe preview; product may suit this clip too: ")


def test_reading_few_frames_says_the_same_as_having_all():
    """``--advise`` reads only what it looks at; a fit has every frame."""
    frames, masks = walking(30)
    asked = request([picture(f) for f in frames], masks, steps=0)
    read = []
    sparse = replace(asked, picture=lambda f: read.append(f) or asked.picture(f))
    found = advise(sparse, silent())
    assert found.as_dict() == fit(asked, silent()).report["advice"]
    assert len(set(read)) < 25
