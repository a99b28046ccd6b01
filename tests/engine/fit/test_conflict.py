"""What one still cannot explain, on fields and clips whose truth is known."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from engine.colour.encoding import decode, encode
from engine.fields.field import Canonical, Field, Layer, Masks
from engine.fields.lattice import LatticeDeformation
from engine.fit.conflict import Conflict, Signs, largest, located, place_words
from engine.fit.conflict_after import find_conflict
from engine.fit.conflict_before import wide_pairs
from engine.fit.run import fit
from engine.io.picture import Window
from engine.kernels.lattice import grid_shape
from engine.progress import silent
from tests.engine.fit.clips import picture, request, texture

HEIGHT, WIDTH, FRAMES, SPACING = 120, 160, 5, 4.0
FIRST = 1001


def field_of(bend=None) -> Field:
    """A still and a map: the identity, or bent by ``bend(x, y)`` from its third frame on."""
    window = Window(0, 0, WIDTH, HEIGHT)
    rows, columns = grid_shape(HEIGHT, WIDTH, SPACING)
    lattices = np.zeros((FRAMES, rows, columns, 2), np.float32)
    if bend is not None:
        x, y = np.meshgrid(np.arange(columns) * SPACING, np.arange(rows) * SPACING)
        lattices[2:] = np.stack(bend(x, y), axis=-1)
    matrices = np.repeat(np.eye(3)[None], FRAMES, axis=0)
    pixels = np.ones((HEIGHT, WIDTH, 4), np.float32)
    pixels[..., :3] = decode(texture(HEIGHT, WIDTH, 1))
    layer = Layer(
        "clip",
        LatticeDeformation(matrices, lattices, SPACING, window),
        Canonical(pixels, window),
    )
    frames = tuple(range(FIRST, FIRST + FRAMES))
    return Field(frames, window, window, [layer], Masks(HEIGHT, WIDTH, []), FIRST, "seeded")


def drawn(field: Field):
    """The frames as the field has them: nothing is left of any."""
    from engine.warp.render import composite

    return [encode(composite(field, t)) for t in range(FRAMES)]


def inside(found: Conflict, box, slack=0.09) -> bool:
    return all(abs(a - b) < slack for a, b in zip(found.box, box, strict=True))


def test_a_field_that_gives_its_frames_is_no_conflict():
    field = field_of(lambda x, y: (6 * np.sin(y / 20), 4 * np.sin(x / 25)))
    assert find_conflict(field, drawn(field).__getitem__, silent()) is None


def test_a_place_that_differs_from_the_plate_is_found_with_frame_and_box():
    field = field_of()
    frames = drawn(field)
    frames[2][20:60, 80:140] += 0.2
    found = find_conflict(field, frames.__getitem__, silent())
    assert (found.first, found.frame, found.last) == (1003, 1003, 1003)
    assert inside(found, (80 / 160, 20 / 120, 140 / 160, 60 / 120))
    assert found.residual > 0.7 and found.folded == found.crowded == 0
    assert "in frame 1003, at the right (x " in found.sentence()
    assert "is not what the still gives" in found.sentence()


def test_a_map_that_turns_over_is_found_though_the_plate_is_right():
    """The map goes back and forth over a strip, so that its pixels match whatever the plate is."""
    field = field_of(lambda x, y: (np.where((x > 60) & (x < 100), 2 * (80 - x), 0.0), 0 * y))
    found = find_conflict(field, drawn(field).__getitem__, silent())
    assert found.folded > 0.5 and found.residual < 0.2
    assert (found.first, found.last) == (1003, 1005)
    assert found.box[0] > 0.3 and found.box[2] < 0.7


def test_two_places_of_a_frame_on_one_place_of_the_still_are_a_crowd():
    """The right half lies on the left one: paint there would come out twice."""
    field = field_of(lambda x, y: (np.where(x > WIDTH / 2, -WIDTH / 2, 0.0), 0 * y))
    found = find_conflict(field, drawn(field).__getitem__, silent())
    assert found.crowded > 0.8
    assert "lands where another part of the frame does" in found.sentence()


def test_what_is_left_out_of_the_fit_is_no_conflict():
    field = field_of()
    frames = drawn(field)
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    mask[20:60, 80:140] = 255
    frames[2][mask > 0] += 0.2
    ignored = Masks(HEIGHT, WIDTH, [[Masks.pack(mask)] * FRAMES])
    assert find_conflict(replace(field, ignored=ignored), frames.__getitem__, silent()) is None
    frames[2][mask > 0] = np.nan
    assert find_conflict(field, frames.__getitem__, silent()) is None


def test_places_that_lead_nowhere_are_left_out():
    field = field_of()
    frames = drawn(field)
    at = field.layers[0].deformation.at

    def nowhere(index, points):
        return np.where(points[:, :1] < 40, np.nan, at(index, points)).astype(np.float32)

    field.layers[0].deformation.at = nowhere
    assert find_conflict(field, frames.__getitem__, silent()) is None


def test_a_fit_of_one_still_says_where_it_fails_and_one_of_two_groups_does_not():
    """A disc that crosses a ground: one still fails where it passes; with its mask nothing does."""
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    ground, disc = texture(HEIGHT, WIDTH, 1), 1 - texture(HEIGHT, WIDTH, 2)
    frames, masks = [], []
    for t in range(9):
        mask = (x - 30 - 12 * t) ** 2 + (y - 60) ** 2 < 22**2
        moved = cv2.warpAffine(
            disc, np.float32([[1, 0, 12 * t], [0, 1, 0]]), (WIDTH, HEIGHT), borderMode=2
        )
        frames.append(picture(np.where(mask[..., None], moved, ground).astype(np.float32)))
        masks.append(np.where(mask, 255, 0).astype(np.uint8))
    told: list[str] = []
    one = fit(replace(request(frames, steps=10), tell=told.append), silent())
    conflict = one.report["conflict"]
    middle = (conflict["box"][1] + conflict["box"][3]) / 2
    assert 0.35 < middle < 0.65 and conflict["share"] > 0.01
    assert any(conflict["sentence"] in each and "--propose-groups" in each for each in told)
    two = fit(request(frames, [("disc", masks)], steps=10), silent())
    share = (two.report["conflict"] or {"share": 0.0})["share"]
    assert share < conflict["share"] / 2


@pytest.mark.parametrize(
    ("box", "words"),
    [
        ((0.0, 0.0, 0.3, 0.3), "top left (x 0-30 %, y 70-100 %"),
        ((0.4, 0.4, 0.6, 0.6), "middle (x 40-60 %, y 40-60 %"),
        ((0.7, 0.35, 1.0, 0.65), "right (x 70-100 %, y 35-65 %"),
        ((0.35, 0.9, 0.65, 1.0), "bottom (x 35-65 %, y 0-10 %"),
    ],
)
def test_places_are_said_as_artists_count(box, words):
    assert words in place_words(box)


def test_the_largest_piece_of_all_frames_is_spoken_of():
    nothing = np.zeros((20, 30), np.bool_)
    small, large = nothing.copy(), nothing.copy()
    small[2:8, 2:8], large[5:17, 10:25] = True, True
    signs = [Signs(piece, nothing, nothing) for piece in (nothing, small, large)]
    pieces = [largest(each.wrong) for each in signs]
    assert pieces[0] is None
    found = located([4, 5, 6], signs, pieces, "clip")
    assert (found.frame, found.first, found.last) == (6, 6, 6)
    assert found.box == pytest.approx((10 / 30, 5 / 20, 25 / 30, 17 / 20))
    assert located([4], signs[:1], pieces[:1], "clip") is None


@pytest.mark.parametrize("gap", [2.0, 7.0, 16.0])
def test_wide_pairs_lie_among_the_frames_that_are_there(gap):
    there = [0, 1, 2, 9, 10, 11, 20, 21, 30, 31, 40]
    pairs = wide_pairs(there, gap)
    assert pairs and all(a in there and b in there and a < b for a, b in pairs)
    assert wide_pairs([3], gap) == []
