"""The published recipe on clips that a test can afford."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numba
import numpy as np
import pytest
import torch

from engine.arrays import F32, U8
from engine.errors import Cancelled, DeviceError, InputError, UsageError
from engine.fit.paper import PaperFit, fit_paper
from engine.fit.paper import losses as losses_module
from engine.fit.paper.adam import Moments, adam_step, rates_of
from engine.fit.paper.losses import Losses, tiles
from engine.fit.paper.numbers import Numbers
from engine.fit.paper.shot import Hand, Shot
from engine.fit.paper.stored import read
from engine.fit.request import FitOptions, FitRequest
from engine.flow.pair import FlowPair
from engine.io.picture import Window
from engine.kernels.backends.choose import kernels_for
from engine.progress import Progress, Task, silent

SMALL = {
    "canonical_levels": 8,
    "canonical_log2_entries": 12,
    "canonical_growth": 1.3,
    "deformation_levels": 6,
    "deformation_log2_entries": 12,
    "deformation_hidden_layers": 3,
    "deformation_base": 4,
    "annealing_begin": 20,
    "annealing_length": 40,
    "tile": 24,
}
STEPS = 150
PE = {
    "canonical_encoding": "pe",
    "deformation_encoding": "pe",
    "canonical_pe_layers": 3,
    "canonical_pe_width": 64,
    "deformation_pe_layers": 3,
    "pe_skip": 2,
    "annealing_begin": 0,
    "annealing_length": 20,
    "rate": 4e-3,
}

#: Fits of few steps pass through the annealing, too.
EARLY = {"annealing_begin": 4, "annealing_length": 20}


@dataclass
class Clip:
    """A texture that slides by a whole pixel to the right in each frame."""

    count: int = 8
    height: int = 32
    width: int = 48
    shrink: int = 1
    split: bool = False

    @property
    def layers(self) -> int:
        return 2 if self.split else 1

    @property
    def window(self) -> Window:
        return Window.of_size(self.width, self.height)

    def frame(self, index: int) -> F32:
        y, x = np.mgrid[: self.height, : self.width].astype(np.float32)
        x = x - index
        red = 0.5 + 0.4 * np.sin(x / 3) * np.cos(y / 4)
        green = 0.5 + 0.3 * np.sin((x + y) / 5)
        blue = ((x // 6 + y // 6) % 2) * 0.6 + 0.2
        return np.stack([red, green, blue], axis=-1).astype(np.float32)

    def masks(self, index: int) -> list[U8]:
        if not self.split:
            return []
        front = np.zeros((self.height, self.width), np.uint8)
        front[8:24, 10 + index : 26 + index] = 255
        return [front, 255 - front]

    def flow(self, index: int) -> FlowPair:
        size = (self.height, self.width)
        forward = np.zeros((*size, 2), np.float32)
        forward[..., 0] = 1
        return FlowPair(index, forward, np.ones(size, np.float32), None, None)


@contextmanager
def few_threads() -> Iterator[None]:
    """Tiles this small lose more by waiting for threads than they win on a busy machine."""
    before = torch.get_num_threads(), numba.get_num_threads()
    torch.set_num_threads(1)
    numba.set_num_threads(1)
    yield
    torch.set_num_threads(before[0])
    numba.set_num_threads(before[1])


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """See ``few_threads``."""
    with few_threads():
        yield


def _request(
    steps: int | None = None,
    seconds: float | None = None,
    seed: int = 1,
    checkpoint: Path | None = None,
    resume: bool = False,
    **overrides: object,
) -> FitRequest:
    options = FitOptions(
        recipe="paper",
        steps=steps,
        seconds=seconds,
        seed=seed,
        device="cpu",
        overrides={**SMALL, **overrides},
    )

    def unused(frame: int) -> object:
        raise AssertionError("the clip is read through ClipData")

    return FitRequest(
        frames=tuple(range(8)),
        picture=unused,
        options=options,  # type: ignore[arg-type]
        identity="test",
        checkpoint=checkpoint,
        resume=resume,
    )


def _psnr(fit: PaperFit, clip: Clip) -> float:
    errors = []
    for index in range(clip.count):
        layer = fit.layers[0]
        seen = layer.colours(layer.positions(index).reshape(-1, 2))
        errors.append(np.mean((seen.reshape(clip.frame(index).shape) - clip.frame(index)) ** 2))
    return float(-10 * np.log10(np.mean(errors)))


def _same(one: PaperFit, other: PaperFit) -> bool:
    return all(
        np.array_equal(a.parameters[name], b.parameters[name])
        for a, b in zip(one.layers, other.layers, strict=True)
        for name in a.parameters
    )


@pytest.fixture(scope="module")
def learned() -> PaperFit:
    """A fit of the clip; never written to."""
    with few_threads():
        return fit_paper(_request(STEPS), Clip(), silent())


def test_fit_learns_the_clip_and_its_motion(learned: PaperFit) -> None:
    clip, end = Clip(), learned
    start = fit_paper(_request(0), clip, silent())
    assert _psnr(end, clip) > _psnr(start, clip) + 10
    assert end.steps == STEPS
    # The texture slides by 1 a frame: what is at x in frame 1 is at x + 5 in frame 6.
    early, late = end.layers[0].positions(1), end.layers[0].positions(6)
    drift = late[8:24, 15:35] - early[8:24, 10:30]
    assert np.abs(drift).mean() < 0.8
    still = start.layers[0].positions(6)[8:24, 15:35] - start.layers[0].positions(1)[8:24, 10:30]
    assert np.abs(still[..., 0]).mean() > 3


def test_the_fit_learns_with_sines_and_cosines_too() -> None:
    clip = Clip()
    start, end = (fit_paper(_request(steps, **PE), clip, silent()) for steps in (0, 160))
    assert _psnr(end, clip) > _psnr(start, clip) + 5
    # It starts at no displacement but for the last layer's 1e-4.
    grid = np.stack(np.meshgrid(np.arange(48) + 0.5, np.arange(32) + 0.5), axis=-1)
    assert np.abs(start.layers[0].positions(3) - grid).max() < 0.2
    assert np.abs(end.layers[0].positions(3) - grid).max() > 0.3
    codes = [fit.layers[0].parameters["deformation.codes"] for fit in (start, end)]
    assert codes[0].size == 8 * clip.count and not np.array_equal(*codes)


@pytest.mark.parametrize("field", ["canonical", "deformation"])
def test_each_field_chooses_its_encoding_alone(field: str) -> None:
    chosen = {**PE, "canonical_encoding": "hash", "deformation_encoding": "hash"}
    chosen[f"{field}_encoding"] = "pe"
    layer = fit_paper(_request(2, **chosen), Clip(), silent()).layers[0]
    held = {name for name in layer.parameters if name.startswith(field)}
    codes = {"deformation.codes"} if field == "deformation" else set()
    assert held == {f"{field}.decoder"} | codes
    assert len(layer.parameters) == len(held) + 2
    assert layer.divisor == (1 if field == "deformation" else 5)
    assert layer.kind == "network"


def test_an_encoding_that_is_not_there_is_named() -> None:
    with pytest.raises(UsageError, match=r"canonical_encoding.*hash, pe.*'fourier'"):
        Numbers.load({"canonical_encoding": "fourier"})
    with pytest.raises(UsageError, match=r"deformation_octaves.*above 0"):
        Numbers.load({"deformation_octaves": 0})


@pytest.mark.parametrize("split", [False, True])
def test_the_curve_tells_about_what_the_fit_reaches(learned: PaperFit, split: bool) -> None:
    clip = Clip(split=split)
    fit = fit_paper(_request(60), clip, silent()) if split else learned
    times, values = zip(*fit.psnr_curve, strict=True)
    assert list(times) == sorted(times) and 30 < len(times) < 90
    assert values[-1] > values[0] + 5
    if not split:
        assert values[-1] == pytest.approx(_psnr(fit, clip), abs=1)


def test_frames_that_show_nothing_are_not_asked_for_a_figure() -> None:
    class Dark(Clip):
        def frame(self, index: int) -> F32:
            return np.full_like(super().frame(index), np.nan if index > 3 else 0.5)

    class Blind(Clip):
        def frame(self, index: int) -> F32:
            return np.full_like(super().frame(index), np.nan)

    assert all(np.isfinite(v) for _, v in fit_paper(_request(3), Dark(), silent()).psnr_curve)
    assert fit_paper(_request(3), Blind(), silent()).psnr_curve == []


def test_a_fit_can_stop_where_a_benchmark_wants_it(learned: PaperFit) -> None:
    goal = learned.psnr_curve[20][1]
    fit = fit_paper(_request(STEPS, stop_at_psnr=goal), Clip(), silent())
    assert fit.steps < STEPS
    reached = [value for _, value in fit.psnr_curve]
    assert reached == [value for _, value in learned.psnr_curve[: len(reached)]]
    assert fit.psnr_curve[-1][1] >= goal > max(v for _, v in fit.psnr_curve[:-1])


def test_the_same_seed_gives_the_same_bits_and_another_seed_does_not() -> None:
    clip = Clip(split=True)
    first, second = (fit_paper(_request(20, **EARLY), clip, silent()) for _ in range(2))
    assert _same(first, second)
    assert not _same(first, fit_paper(_request(20, seed=2, **EARLY), clip, silent()))


def test_several_threads_repeat_bit_for_bit() -> None:
    torch.set_num_threads(2)
    numba.set_num_threads(min(2, numba.config.NUMBA_NUM_THREADS))
    clip, numbers = Clip(height=96, width=96), {"tile": 64, "annealing_begin": 0}
    first, second = (fit_paper(_request(2, **numbers), clip, silent()) for _ in range(2))
    assert _same(first, second)


def test_plain_torch_fits_like_the_compiled_kernels(monkeypatch: pytest.MonkeyPatch) -> None:
    fast = fit_paper(_request(8, annealing_begin=0), Clip(), silent())
    monkeypatch.setenv("CODEF_KERNELS", "torch")
    assert set(kernels_for("cpu").of.values()) == {"torch"}
    slow = fit_paper(_request(8, annealing_begin=0), Clip(), silent())
    assert fast.psnr == pytest.approx(slow.psnr, abs=0.05)
    one, other = fast.layers[0].positions(4), slow.layers[0].positions(4)
    np.testing.assert_allclose(one, other, atol=0.2)


def test_resume_continues_to_the_very_same_field(tmp_path: Path) -> None:
    clip = Clip()
    whole = fit_paper(_request(30, **EARLY), clip, silent())
    fit_paper(_request(18, checkpoint=tmp_path, **EARLY), clip, silent())
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        "paper-00000018.safetensors",
        "paper.json",
    ]
    resumed = fit_paper(_request(30, checkpoint=tmp_path, resume=True, **EARLY), clip, silent())
    assert resumed.steps == 30
    assert _same(whole, resumed)


def test_resume_refuses_the_checkpoint_of_another_fit(tmp_path: Path) -> None:
    clip = Clip()
    fit_paper(_request(2, checkpoint=tmp_path), clip, silent())
    with pytest.raises(UsageError, match="seed"):
        fit_paper(_request(4, seed=9, checkpoint=tmp_path, resume=True), clip, silent())
    other = replace(clip, split=True)
    with pytest.raises(UsageError, match="another fit"):
        fit_paper(_request(4, checkpoint=tmp_path, resume=True), other, silent())
    (tmp_path / "paper-00000002.safetensors").write_bytes(b"cut")
    with pytest.raises(InputError, match="cannot be read"):
        fit_paper(_request(4, checkpoint=tmp_path, resume=True), clip, silent())


def test_resume_without_a_checkpoint_starts_at_the_beginning(tmp_path: Path) -> None:
    fit = fit_paper(_request(2, checkpoint=tmp_path, resume=True), Clip(), silent())
    assert fit.steps == 2


def test_cancel_stops_inside_a_step_and_keeps_the_last_checkpoint(tmp_path: Path) -> None:
    stop = threading.Event()
    checks = 0

    class Counting(Task):
        def check(self) -> None:
            nonlocal checks
            checks += 1
            if checks == 40:
                stop.set()
            super().check()

    with pytest.raises(Cancelled):
        fit_paper(
            _request(100, checkpoint=tmp_path, checkpoint_seconds=0.0),
            Clip(),
            Counting(cancelled=stop),
        )
    # Six checks a step: one before it, four tiles, one in the report.
    assert checks == 40
    assert (tmp_path / "paper-00000006.safetensors").exists()


def test_progress_tells_step_decibels_and_share() -> None:
    told: list[Progress] = []
    fit_paper(_request(10), Clip(), Task(told.append))
    assert [p.figures["step"] for p in told] == list(range(1, 11))
    assert told[-1].fraction == 1
    assert all(np.isfinite(p.figures["psnr"]) for p in told)


def test_a_spent_budget_takes_no_step_and_a_short_one_stops_early() -> None:
    spent = replace(_request(None, 1.0), started=time.monotonic() - 5)
    assert fit_paper(spent, Clip(), silent()).steps == 0
    short = fit_paper(_request(None, 0.5), Clip(), silent())
    assert 0 < short.steps < 10000


def test_the_field_keeps_the_annealing_of_its_last_step() -> None:
    numbers = Numbers.load(SMALL)
    fit = fit_paper(_request(31), Clip(), silent())
    weights = fit.layers[0].weights
    np.testing.assert_array_equal(weights, numbers.annealing(30))
    assert weights[0] == 1 and weights[-1] == 0
    assert not fit_paper(_request(10), Clip(), silent()).layers[0].weights.any()


def test_published_schedule() -> None:
    numbers = Numbers.load()
    assert numbers.canonical.grid.parameters == 6_698_992
    assert numbers.canonical.mlp.parameters == 8_192
    assert numbers.deformation(8).grid.parameters == 12_196_240
    assert numbers.deformation(8).mlp.parameters == 32_768
    assert not numbers.annealing(4000).any()
    # Step 6000 is half way: 8 of 16 levels are in.
    assert numbers.annealing(6000).tolist() == [1] * 8 + [0] * 8
    assert numbers.annealing(6125)[8] == pytest.approx(0.5)
    assert numbers.annealing(8000).all()
    rates = [numbers.rate_at(s) for s in (0, 2499, 2500, 5000, 7500, 9999)]
    assert rates == pytest.approx([1e-3, 1e-3, 5e-4, 2.5e-4, 1.25e-4, 1.25e-4])
    seen = np.bincount([numbers.frame_at(s, 3, seed=4) for s in range(600)])
    assert seen.tolist() == [200, 200, 200]


def in_hand(shot: Shot, numbers: Numbers, step: int) -> Hand:
    """A frame where the losses read it, at the numbers of a step."""
    layers, height, width = shot.inside.shape
    levels = len(numbers.annealing(0))
    hand = Hand(height, width, (height, width), layers, levels, torch.device("cpu"))
    hand.take(shot)
    hand.told.copy_(torch.from_numpy(Hand.numbers_of(shot, numbers, step)))
    return hand


@pytest.mark.parametrize("bad", [False, True])
def test_tiles_give_the_losses_and_gradients_of_the_whole_frame(bad: bool) -> None:
    clip, numbers = Clip(split=True), Numbers.load(SMALL)
    frame = clip.frame(3)
    if bad:
        frame[10, 20] = np.nan
    shot = Shot.of(frame, clip.masks(3), clip.flow(3), 3, 8, numbers, (32, 48))
    assert shot.counts[0, 0] == 16 * 16 - bad
    found = []
    for size in (64, 11):
        generator = torch.Generator().manual_seed(0)
        networks = [
            shape.initial(generator) for shape in (numbers.canonical, numbers.deformation(8))
        ]
        parameters = [p for n in networks for p in n.vectors.values()]
        for parameter in parameters:
            Moments.of(parameter)
        hand = in_hand(shot, numbers, 45)
        losses = Losses(hand, 0, networks[0], networks[1], numbers, shot.asked(numbers)[0])
        for tile in tiles(32, 48, size):
            losses.backward(tile, hand.figures)
        found.append((hand.figures, [p.grad for p in parameters]))
    (whole, wanted), (parts, sums) = found
    assert torch.isfinite(whole).all() and whole.min() > 0
    torch.testing.assert_close(parts, whole, rtol=1e-5, atol=0)
    for one, other in zip(wanted, sums, strict=True):
        assert one is not None and other is not None and one.abs().max() > 0
        torch.testing.assert_close(other, one, rtol=1e-3, atol=1e-6)


@pytest.mark.parametrize("picks", [True, False], ids=["pixels that count", "all pixels"])
def test_losses_are_those_written_in_the_docstring(picks: bool) -> None:
    """Against a plain evaluation of the whole frame in NumPy."""
    clip, numbers = Clip(split=True), Numbers.load(SMALL)
    generator = torch.Generator().manual_seed(0)
    canonical, deformation = (
        s.initial(generator) for s in (numbers.canonical, numbers.deformation(8))
    )
    for network in (canonical, deformation):
        for vector in network.vectors.values():
            Moments.of(vector)
    weights = numbers.annealing(50)
    shot = Shot.of(clip.frame(3), clip.masks(3), clip.flow(3), 3, 8, numbers, (32, 48))
    hand = in_hand(shot, numbers, 50)
    losses = Losses(hand, 0, canonical, deformation, numbers, shot.asked(numbers)[0], picks=picks)
    for tile in tiles(32, 48, 16):
        losses.backward(tile, hand.figures)

    row, column = np.mgrid[:32, :48]
    points = np.stack([(row + 0.5) / 32, (column + 0.5) / 48], axis=-1).reshape(-1, 2)

    def moved(at: np.ndarray, number: int) -> np.ndarray:
        asked = np.concatenate([at, np.full((len(at), 1), number / 8)], axis=1)
        with torch.no_grad():
            return at + deformation(torch.tensor(asked).float(), weights).numpy() / 5

    places = moved(points, 4)
    with torch.no_grad():
        seen = canonical(torch.tensor((places + 0.3) / 1.6).float()).numpy().reshape(32, 48, 3)
    truth, inside = clip.frame(3), clip.masks(3)[0] >= 5
    expected = np.mean((seen - truth)[inside] ** 2)
    expected += 0.003 * np.mean((seen - truth)[~inside] ** 2)
    luma = np.pad((seen - truth) @ [0.299, 0.587, 0.114], 1)
    smooth, slope = np.array([1, 2, 1]), np.array([-1, 0, 1])
    apart = np.zeros((2, 32, 48))
    for dy in range(3):
        for dx in range(3):
            part = luma[dy : dy + 32, dx : dx + 48]
            apart[0] += smooth[dy] * slope[dx] * part
            apart[1] += slope[dy] * smooth[dx] * part
    expected += 0.1 * np.mean(np.abs(apart[:, inside]))
    later = moved(points + np.array([0, 1 / 48]), 5)
    expected += np.mean(np.abs(places - later).reshape(32, 48, 2)[inside])
    assert float(hand.figures[0]) == pytest.approx(expected, rel=1e-4)


def test_pixels_that_are_not_finite_or_in_no_group_are_left_out() -> None:
    clip, numbers = Clip(split=True), Numbers.load(SMALL)
    frame, masks = clip.frame(0), [m.copy() for m in clip.masks(0)]
    frame[10, 12, 1] = np.inf
    masks[1][0, 0] = 0
    shot = Shot.of(frame, masks, None, 0, 8, numbers, (32, 48))
    for y, x in ((10, 12), (0, 0)):
        assert not shot.inside[:, y, x].any() and not shot.outside[:, y, x].any()
    assert not shot.gradient[0, 11, 13] and shot.inside[0, 11, 13]
    assert torch.isfinite(shot.colour).all()
    assert shot.flow is None


@pytest.mark.parametrize("kernels", ["numba", "torch"])
def test_adam_is_that_of_torch(kernels: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CODEF_KERNELS", kernels)
    assert kernels_for("cpu").of["adam"] == kernels
    torch.manual_seed(0)
    start = torch.randn(500)
    ours, theirs = Moments.of(start.clone()), start.clone().requires_grad_()
    optimiser = torch.optim.Adam([theirs], lr=0.01, eps=1e-8)
    for number in range(1, 6):
        slope = torch.randn(500)
        assert ours.value.grad is not None
        ours.value.grad.add_(slope)
        theirs.grad = slope.clone()
        rates = torch.tensor(rates_of(number, 0.01, 0.9, 0.999))
        adam_step(ours, rates, 0.9, 0.999, 1e-8)
        optimiser.step()
        assert not ours.value.grad.any()
    torch.testing.assert_close(ours.value.detach(), theirs.detach(), rtol=1e-5, atol=1e-6)


def test_a_device_that_is_not_there_is_named() -> None:
    request = _request(1)
    for name, kind in (("cuda:97", DeviceError), ("toaster", UsageError), ("meta", UsageError)):
        options = replace(request.options, device=name)
        with pytest.raises(kind, match=name):
            fit_paper(replace(request, options=options), Clip(), silent())


def test_the_next_frame_is_read_from_its_last_visit_where_that_is_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The deformation is asked once a pixel then."""
    asked = []
    moved = losses_module.moved

    def counted(deformation, points, *rest):
        asked.append(len(points))
        return moved(deformation, points, *rest)

    monkeypatch.setattr(losses_module, "moved", counted)
    clip, pixels = Clip(count=3, height=24, width=24), []
    for stored in (False, True):
        asked.clear()
        fit_paper(_request(steps=12, stored_next=stored), clip, silent())
        pixels.append(sum(asked))
    # Of three frames two have a next one, which is asked until it was visited itself.
    frame = 24 * 24
    assert pixels[0] > 12 * frame + 5 * frame
    assert 12 * frame <= pixels[1] <= pixels[0] - 3 * frame


def test_stored_places_give_the_flow_loss_of_the_deformation_they_came_from() -> None:
    places = torch.rand(5, 7, 2, generator=torch.Generator().manual_seed(1))
    row, column = torch.meshgrid(
        (torch.arange(5) + 0.5) / 5, (torch.arange(7) + 0.5) / 7, indexing="ij"
    )
    points = torch.stack([row, column], -1)
    torch.testing.assert_close(read(places, points), places)
    torch.testing.assert_close(
        read(places, points[:, :-1] + torch.tensor([0, 0.5 / 7])),
        (places[:, :-1] + places[:, 1:]) / 2,
    )
    places[2, 3] = torch.nan
    assert int(torch.isnan(read(places, points)).any(-1).sum()) >= 1
