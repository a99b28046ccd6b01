"""A changed mask fits its group again, from where it was, and nothing else."""

from dataclasses import replace

import numpy as np
import pytest

from engine.colour.encoding import encode
from engine.fields.folder import load_field, save_field
from engine.fit.groupsettings import GroupSettings
from engine.fit.run import fit
from engine.progress import Task
from tests.engine.fit.clips import Pan, picture, request, texture

STAGES = {"coarse_passes": 3, "medium_passes": 3, "fine_passes": 3, "full_passes": 8}
COUNT, HEIGHT, WIDTH = 7, 132, 160
BALL, CARD = texture(60, 60, 5), texture(50, 46, 9)


def _place(t: int) -> tuple[int, int, int, int]:
    """Left and top of the ball and of the card in a frame."""
    return 20 + 4 * t, 30 + 2 * t, 90 - 3 * t, 70


def _frames() -> tuple[list, list, list]:
    """The clip, and the true masks of the ball and of the card."""
    pan = Pan(count=COUNT, height=HEIGHT, width=WIDTH)
    y, x = np.mgrid[:60, :60] - 29.5
    disc = np.hypot(x, y) < 24
    shots, balls, cards = [], [], []
    for t in range(COUNT):
        frame = pan.frame(t).copy()
        x0, y0, x1, y1 = _place(t)
        card, ball = (np.zeros((HEIGHT, WIDTH), np.uint8) for _ in range(2))
        frame[y1 : y1 + 50, x1 : x1 + 46] = CARD
        card[y1 : y1 + 50, x1 : x1 + 46] = 255
        part = frame[y0 : y0 + 60, x0 : x0 + 60]
        part[disc] = BALL[disc]
        ball[y0 : y0 + 60, x0 : x0 + 60][disc] = 255
        shots.append(picture(frame))
        balls.append(ball)
        cards.append(card)
    return shots, balls, cards


def _cut(masks: list) -> list:
    """The masks without their lowest third."""
    short = []
    for t, mask in enumerate(masks):
        kept = mask.copy()
        kept[_place(t)[1] + 40 :] = 0
        short.append(kept)
    return short


@pytest.fixture(scope="module")
def shot():
    return _frames()


@pytest.fixture(scope="module")
def first(shot, tmp_path_factory):
    """A fit whose ball misses a third, as it comes back from its folder."""
    clip, balls, cards = shot
    asked = request(clip, [("ball", _cut(balls)), ("card", cards)], steps=14, overrides=STAGES)
    folder = tmp_path_factory.mktemp("again") / "first"
    save_field(fit(asked, Task()), folder)
    return load_field(folder)


def _again(shot, first, balls, **options):
    clip, _, cards = shot
    told: list[str] = []
    asked = request(clip, [("ball", balls), ("card", cards)], overrides=STAGES, **options)
    return fit(replace(asked, again=first, tell=told.append), Task()), told


def _same(one, other) -> bool:
    return (
        np.array_equal(one.deformation.lattices, other.deformation.lattices)
        and np.array_equal(one.deformation.matrices, other.deformation.matrices)
        and np.array_equal(one.canonical.pixels, other.canonical.pixels)
        and np.array_equal(one.exposure, other.exposure)
        and np.array_equal(one.lighting, other.lighting)
    )


def test_the_other_groups_are_kept_bit_for_bit(shot, first):
    _, balls, _ = shot
    done, told = _again(shot, first, balls)
    assert done.report["fitted_again"] == ["ball"]
    assert done.report["kept"] == ["card", "background"]
    for k in (1, 2):
        assert _same(done.layers[k], first.layers[k]), done.layers[k].name
    assert not _same(done.layers[0], first.layers[0])
    assert done.reference == first.reference
    assert "only ball changed" in told[0]


def test_the_changed_group_is_right_where_its_mask_grew(shot, first):
    _, balls, _ = shot
    done, _ = _again(shot, first, balls)
    here = first.index(first.reference)
    for t in range(COUNT):
        inside = balls[t] == 255
        x0, y0 = _place(t)[:2]
        rx, ry = _place(here)[:2]
        y, x = np.mgrid[:HEIGHT, :WIDTH] + 0.5
        truth = np.stack([x - x0 + rx, y - y0 + ry], axis=-1)
        error = np.abs(done.layers[0].deformation.positions(t) - truth)[inside]
        assert np.median(error) < 0.15
        assert np.percentile(error, 95) < 1.0
    assert done.report["psnr_edit_path"] > first.report["psnr_edit_path"] - 0.1


def test_it_costs_few_passes_and_no_matching(shot, first):
    _, balls, _ = shot
    done, _ = _again(shot, first, balls)
    assert done.report["steps"] == 12
    assert _again(shot, first, balls, steps=3)[0].report["steps"] == 3


def test_what_a_smaller_mask_uncovers_is_added_to_the_still_behind(shot, first):
    """Nothing ever showed the street below a mask that went too far down."""
    clip, balls, cards = shot
    wide = [np.maximum(ball, 0) for ball in balls]
    for mask in wide:
        mask[:, :70] = 255  # hides the left of the background in every frame
    asked = request(clip, [("ball", wide), ("card", cards)], steps=8, overrides=STAGES)
    before = fit(asked, Task())
    done, _ = _again(shot, before, balls)
    old, new = before.layers[2].canonical, done.layers[2].canonical
    known = old.pixels[..., 3] > 0
    top, left = old.data.y0 - new.data.y0, old.data.x0 - new.data.x0
    part = new.pixels[top : top + known.shape[0], left : left + known.shape[1]]
    assert np.array_equal(part[known], old.pixels[known])
    assert (new.pixels[..., 3] > 0).sum() > known.sum() + 1000
    assert np.array_equal(
        done.layers[2].deformation.lattices, before.layers[2].deformation.lattices
    )


def test_a_mask_of_something_else_begins_anew_and_the_rest_is_kept(shot, first):
    moved = [np.roll(mask, (30, 70), (0, 1)) for mask in shot[1]]
    done, told = _again(shot, first, moved, steps=4)
    assert "from the beginning" in told[0]
    done_card, first_card = done.layers[1], first.layers[1]
    # The ball that is somewhere else now may uncover a little of the card for the first time.
    known = first_card.canonical.pixels[..., 3] > 0
    assert np.array_equal(done_card.canonical.pixels[known], first_card.canonical.pixels[known])
    assert _same(done_card, replace(first_card, canonical=done_card.canonical))


@pytest.mark.parametrize("what", ["nothing changed", "other groups", "other reference"])
def test_a_field_that_is_of_no_use_is_not_used(shot, first, what):
    clip, balls, cards = shot
    reference = first.frames[0] if what == "other reference" else None
    names = ("ball", "plate") if what == "other groups" else ("ball", "card")
    masks = _cut(balls) if what == "nothing changed" else balls
    asked = request(
        clip,
        list(zip(names, (masks, cards), strict=True)),
        overrides=STAGES,
        steps=2,
        reference=reference,
    )
    done = fit(replace(asked, again=first), Task())
    assert "fitted_again" not in done.report


def test_settings_of_a_group_hold_for_it_alone(shot, first):
    """A card made of steel: its lattice stays as it is, and nothing else is fitted."""
    _, balls, _ = shot
    settings = {"card": GroupSettings(stiffness=100.0, detail=16)}
    done, told = _again(shot, first, _cut(balls), groups=settings)
    assert done.report["fitted_again"] == ["card"]
    assert done.report["group_settings"] == {"card": {"stiffness": 100.0, "detail": 16}}
    assert _same(done.layers[0], first.layers[0])
    assert "only card changed" in told[0]


@pytest.mark.parametrize("spacing", [8, 16])
def test_detail_is_the_finest_a_group_gets(shot, spacing):
    clip, balls, cards = shot
    masks = [("ball", balls), ("card", cards)]
    groups = {"ball": GroupSettings(detail=spacing)}
    done = fit(request(clip, masks, steps=10, overrides=STAGES, groups=groups), Task())
    ball, card, _ = (layer.deformation.spacing for layer in done.layers)
    assert (ball, card) == (spacing, 4)


def test_a_stiff_group_bends_less(shot):
    """Noise in every frame tempts a lattice to move; a stiff one does not."""
    rng = np.random.default_rng(3)
    clip, balls, cards = shot
    grainy = [
        picture(encode(shot.rgb) + rng.normal(0, 0.03, shot.rgb.shape).astype(np.float32))
        for shot in clip
    ]

    def bent(stiffness: float) -> float:
        groups = {"card": GroupSettings(stiffness=stiffness)}
        masks = [("ball", balls), ("card", cards)]
        done = fit(request(grainy, masks, steps=14, overrides=STAGES, groups=groups), Task())
        moved = done.layers[1].deformation
        here = done.index(done.reference)
        y, x = np.mgrid[:HEIGHT, :WIDTH] + 0.5
        worst = []
        for t in range(COUNT):
            apart = _place(t)[2] - _place(here)[2]
            error = moved.positions(t) - np.stack([x - apart, y], axis=-1)
            worst.append(np.abs(error[cards[t] == 255]).std())
        return float(np.mean(worst))

    stiff, soft = bent(30.0), bent(0.1)
    assert stiff < 0.8 * soft
