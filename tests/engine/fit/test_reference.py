"""Which frame the canonical image is aligned to."""

import cv2
import numpy as np

from engine.fit.reference import choose_reference
from engine.fit.run import fit
from engine.progress import silent
from tests.engine.fit.clips import Pan, request, texture
from tests.engine.fit.test_matching import noise, plates_of


def panning(frames: int = 11, step: int = 2) -> np.ndarray:
    ground = noise(150, 200 + step * frames, 5)
    return np.stack([ground[:, step * t : step * t + 200] for t in range(frames)])


def whole(codes: np.ndarray) -> np.ndarray:
    return np.full((1, *codes.shape[:3]), 255, np.uint8)


def test_the_middle_frame_when_all_are_alike():
    codes = panning()
    assert choose_reference(plates_of(codes, whole(codes))).index == 5


def test_a_blurred_middle_gives_way_to_a_sharp_neighbour():
    codes = panning()
    for t in (5, 6):
        codes[t] = cv2.blur(codes[t], (9, 1))
    choice = choose_reference(plates_of(codes, whole(codes)))
    assert choice.index == 4
    assert "sharper" in choice.reason


def test_a_frame_that_hides_half_a_group_gives_way_to_one_that_shows_it():
    codes = panning()
    weights = np.zeros((2, *codes.shape[:3]), np.uint8)
    weights[0, :, 40:110, 50:150] = 255
    weights[0, 4:7, 40:80, 50:150] = 0
    weights[1] = 255 - weights[0]
    choice = choose_reference(plates_of(codes, weights))
    assert choice.index in (3, 7)
    assert "groups" in choice.reason


def test_a_frame_that_sees_what_the_others_see_wins_over_the_middle_of_the_time():
    # The camera rests at the start and leaves in a whip at the end.
    ground = np.rint(255 * texture(150, 600, 6)).astype(np.uint8)
    at = [t % 2 for t in range(10)] + [25 * k for k in range(1, 15)]
    codes = np.stack([ground[:, x : x + 200] for x in at])
    choice = choose_reference(plates_of(codes, whole(codes)))
    assert choice.index in (9, 10)
    assert "others" in choice.reason


def test_frames_that_show_nothing_are_not_considered():
    codes = panning()
    weights = whole(codes)
    weights[:, 4:] = 0
    assert choose_reference(plates_of(codes, weights)).index == 2


def test_a_clip_of_one_colour_takes_its_middle():
    codes = np.full((5, 40, 50, 3), 90, np.uint8)
    assert choose_reference(plates_of(codes, whole(codes))).index == 2


def test_frames_of_a_single_row_have_a_reference_too():
    codes = np.random.default_rng(0).integers(0, 255, (5, 1, 90, 3)).astype(np.uint8)
    assert choose_reference(plates_of(codes, whole(codes))).index in range(5)


def test_the_report_says_why():
    clip = Pan(count=5).clip()
    told = fit(request(clip, steps=0), silent()).report
    assert told["reference"] == 2
    assert told["reference_reason"] == (
        "frame 2 is the middle one: no other is clearly sharper or shows more"
    )
    asked = fit(request(clip, steps=0, reference=1), silent()).report
    assert asked["reference"] == 1
    assert asked["reference_reason"] == "frame 1 was asked for"
