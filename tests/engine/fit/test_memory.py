"""Plans for a card's memory: the fastest that fits, a smaller one when the card is full."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pytest
import torch

from engine.errors import DeviceError
from engine.fit.memory import Demand, Plan, plan_memory, plans, smaller
from engine.fit.paper import fit_paper
from engine.fit.paper.card import Card, demand_of, half_first
from engine.fit.paper.halves import HalvedClip
from engine.fit.paper.losses import Losses
from engine.fit.paper.numbers import Numbers
from engine.kernels.device.room import USABLE
from engine.kernels.field_network import Network
from engine.progress import silent
from tests.engine.fit.test_paper import Clip, _request

GIB = 2**30
#: About 100 frames 854x480 as published.
PUBLISHED = Demand(
    parameters=19 * 10**6 * 18,
    clip=100 * 854 * 480 * 24,
    frame=854 * 480 * 24,
    point=6000,
    height=480,
    width=854,
)


def test_a_large_card_holds_everything() -> None:
    assert plan_memory(80 * GIB, PUBLISHED) == Plan(True, 854)


@pytest.mark.parametrize("gib", [16, 8, 4, 2, 1.5, 1, 0.7, 0.5])
def test_a_plan_fits_and_no_faster_one_would(gib: float) -> None:
    free = int(gib * GIB)
    plan = plan_memory(free, PUBLISHED)
    listed = plans(PUBLISHED)

    def needs(each: Plan) -> int:
        rows, columns = min(each.tile + 2, 480), min(each.tile + 2, 854)
        clip = PUBLISHED.clip if each.resident else PUBLISHED.frame
        return PUBLISHED.parameters + clip + rows * columns * PUBLISHED.point

    assert needs(plan) <= USABLE * free
    assert all(needs(each) > USABLE * free for each in listed[: listed.index(plan)])


def test_less_memory_never_gives_a_larger_plan() -> None:
    order = plans(PUBLISHED)
    places = [order.index(plan_memory(int(g * GIB), PUBLISHED)) for g in (40, 5, 2.5, 1.6, 0.6)]
    assert places == sorted(places) and places[0] == 0 < places[-1]
    assert not order[places[-1]].resident


def test_a_card_that_is_too_small_is_refused_with_both_figures() -> None:
    with pytest.raises(DeviceError, match=r"0\.2 GiB free and this fit needs 0\.\d.*--device cpu"):
        plan_memory(GIB // 5, PUBLISHED)


def test_going_down_ends_with_advice_and_takes_less_each_time() -> None:
    plan, seen = Plan(True, 854), []
    with pytest.raises(DeviceError, match="--device cpu"):
        for _ in range(20):
            seen.append(plan)
            plan = smaller(plan, PUBLISHED)
    assert len(seen) == len(set(seen)) > 3
    assert seen[-1].tile <= 64 and not seen[-1].resident


def test_a_plan_says_what_it_does() -> None:
    said = Plan(True, 854).sentence(PUBLISHED, 40 * GIB)
    assert said.startswith("40.0 GiB are free: the whole clip stays on the card, whole frames")
    assert "frames are sent one by one, tiles of 128 pixels" in Plan(False, 128).sentence(
        PUBLISHED, GIB
    )


def networks(numbers: Numbers, clip: Clip) -> list[Mapping[str, Network]]:
    made = torch.Generator().manual_seed(0)
    both = {
        "canonical": numbers.canonical.initial(made),
        "deformation": numbers.deformation(clip.count).initial(made),
    }
    return [both]


def test_frames_stay_on_a_card_that_holds_them_and_leave_it_with_the_fit() -> None:
    clip, numbers = Clip(), Numbers.load(dict(_request(1).options.overrides))
    told: list[str] = []
    held = networks(numbers, clip)
    card = Card(clip, numbers, held, torch.device("cpu"), told.append, free=60 * GIB)
    assert card.resident and card.shot(1) is card.shot(1)
    assert "the whole clip stays on the card" in told[0]
    first = card.shot(1)
    card.close()
    assert card.shot(1) is not first
    plain = Card(clip, numbers, held, torch.device("cpu"), told.append)
    assert not plain.resident and plain.tile == numbers.tile and len(told) == 1


def test_a_full_card_costs_a_step_nothing_but_time(monkeypatch: pytest.MonkeyPatch) -> None:
    request = _request(6, annealing_begin=0)
    whole = fit_paper(request, Clip(), silent())
    real, failures = Losses.backward, []

    def full(self: Losses, tile: object, figures: object) -> None:
        real(self, tile, figures)  # type: ignore[arg-type]
        if len(failures) < 2:
            failures.append(tile)  # after its gradients were added
            raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(Losses, "backward", full)
    told: list[str] = []
    fit = fit_paper(replace(request, tell=told.append), Clip(), silent())
    assert [line.partition(";")[0] for line in told] == ["the card was full"] * 2
    assert fit.steps == 6
    # Other tiles, other rounding; a gradient counted twice would be seen.
    assert fit.psnr == pytest.approx(whole.psnr, abs=0.01)


def test_a_card_that_is_always_full_ends_the_fit_with_advice(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def full(*_: object) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(Losses, "backward", full)
    with pytest.raises(DeviceError, match="smallest tiles"):
        fit_paper(_request(6), Clip(), silent())


@dataclass
class Large(Clip):
    """Sixty-four times as many pixels as frames of the tests have otherwise."""

    height: int = 256
    width: int = 385


def test_a_clip_that_fits_at_half_resolution_only_is_seen_so_first() -> None:
    clip = Large(count=40)
    numbers = Numbers.load({**dict(_request(1).options.overrides), "steps": 50})
    held, told = networks(numbers, clip), list[str]()
    device = torch.device("cpu")
    whole = demand_of(clip, numbers, held, False)
    plenty = 2 * (whole.parameters + whole.clip + whole.height * whole.width * whole.point)

    def room(share: float) -> int:
        """Bytes for a share of the clip and a tile of 96 pixels."""
        needed = whole.parameters + share * whole.clip + 98 * 98 * whole.point
        return int(needed / USABLE - whole.parameters)

    assert half_first(clip, numbers, held, device, told.append, free=plenty) is numbers
    tight = room(0.6)
    found = half_first(clip, numbers, held, device, told.append, free=tight)
    assert found.half_steps == numbers.annealing_begin == 20
    assert told == [
        f"{tight / GIB:.1f} GiB are free and the whole clip needs more: the first 20 steps see it "
        "at half resolution, where it stays on the card"
    ]
    small = Card(HalvedClip(clip), found, held, device, told.append, free=tight)
    assert small.resident and (small.plates.height, small.plates.width) == (128, 192)
    assert not Card(clip, found, held, device, told.append, free=tight).resident
    assert half_first(clip, numbers, held, device, told.append, free=room(0.1)) is numbers


def test_half_a_frame_shows_what_the_frame_shows() -> None:
    clip = Clip(count=3, height=33, width=48, split=True)
    small = HalvedClip(clip)
    assert (small.height, small.width, small.shrink, small.extent) == (16, 24, 2, (16.5, 24.0))
    frame = clip.frame(1)
    np.testing.assert_allclose(
        small.frame(1)[3, 5], frame[6:8, 10:12].reshape(4, 3).mean(axis=0), atol=1e-6
    )
    assert [mask.shape for mask in small.masks(1)] == [(16, 24)] * 2
    assert small.masks(1)[0][4, 6] == 255 and small.masks(1)[1][4, 6] == 0
    assert small.flow(1).forward is not None
    np.testing.assert_array_equal(small.flow(1).forward[..., 0], 0.5)
    numbers = Numbers.load(dict(_request(1).options.overrides))
    card = Card(small, numbers, networks(numbers, clip), torch.device("cpu"))
    shot = card.shot(1)
    # As a share of the frame, a step of one pixel is what it was.
    assert shot.flow is not None and float(shot.flow[2, 2, 1]) == pytest.approx(1 / 48)


def test_steps_at_half_resolution_lead_where_whole_ones_do() -> None:
    clip = Clip(height=33, width=48)
    told = []
    for half in (0, 40):
        fit = fit_paper(_request(90, half_steps=half, stored_next=True), clip, silent())
        assert fit.schedule["numbers"].get("half_steps", 0) == half
        told.append(fit.psnr_curve[-1][1])
    start = fit_paper(_request(2), clip, silent()).psnr_curve[0][1]
    assert told[1] > start + 4 and told[1] == pytest.approx(told[0], abs=1.5)
