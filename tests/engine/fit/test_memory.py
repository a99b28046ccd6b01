"""Plans for a card's memory: the fastest that fits, a smaller one when the card is full."""

from collections.abc import Mapping
from dataclasses import replace

import pytest
import torch

from engine.errors import DeviceError
from engine.fit.memory import USABLE, Demand, Plan, plan_memory, plans, smaller
from engine.fit.paper import fit_paper
from engine.fit.paper.card import Card
from engine.fit.paper.losses import Losses
from engine.fit.paper.numbers import Numbers
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

    def full(self: Losses, tile: object, tally: object) -> None:
        real(self, tile, tally)  # type: ignore[arg-type]
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
