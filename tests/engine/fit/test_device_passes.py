"""The passes on a device against those of the processor: same clip, same numbers up to rounding."""

import threading
from dataclasses import replace

import numpy as np
import pytest
import torch

from engine.errors import Cancelled, DeviceError
from engine.fit.budget import Budget
from engine.fit.device_layer import DeviceLayer
from engine.fit.device_memory import PassDemand, PassPlan, plan_passes, smaller_passes
from engine.fit.device_passes import DevicePasses
from engine.fit.host_passes import HOST
from engine.fit.plates import Plates, eroded
from engine.fit.recipes import load_recipe
from engine.fit.run import fit
from engine.fit.seeded import one_pass, refine, start_layer
from engine.fit.seeds import Seed
from engine.io.picture import Window
from engine.kernels.lattice import grid_shape
from engine.progress import Task, silent
from tests.engine.fit.clips import Pan, request

RECIPE = load_recipe("seeded") | {
    "coarse_passes": 1,
    "medium_passes": 1,
    "fine_passes": 1,
    "full_passes": 1,
}
REFERENCE = 1


def plates_of(dtype=np.uint8, layers=2, count=4, height=74, width=81):
    """A pan behind a disc that moves by itself."""
    pan = Pan(count=count, height=height, width=width)
    frames = np.stack([pan.frame(t) for t in range(count)])
    most = np.iinfo(dtype).max
    codes = np.rint(np.clip(frames, 0, 1) * most).astype(dtype)
    y, x = np.mgrid[:height, :width]
    discs = [np.hypot(x - 35 - 3 * t, y - 35) for t in range(count)]
    front = np.stack([np.clip((20 - disc) * 128, 0, 255) for disc in discs]).astype(np.uint8)
    weights = np.stack([front, 255 - front])[2 - layers :]
    firm = weights
    if layers > 1:
        firm = np.stack([[eroded(mask) for mask in layer] for layer in weights])
    window = Window.of_size(width, height)
    return Plates(codes, 1 / most, 0.0, weights, firm, 1, window, window, 1.0, 0)


def seeds_of(plates, layer):
    """A pan that is known to a pixel or so."""
    step = np.array([2.3, -0.8]) if layer == len(plates.weights) - 1 else np.array([-3.0, 0.0])
    matrices = np.tile(np.eye(3), (plates.count, 1, 1))
    matrices[:, :2, 2] = (np.arange(plates.count) - REFERENCE)[:, None] * (step + 0.3)
    lattices = np.zeros((plates.count, *grid_shape(plates.height, plates.width, 16), 2), np.float32)
    return Seed(matrices, lattices, 16, "flow", {})


def started(plates, passes):
    say = np.linspace(0.5, 1, plates.count).astype(np.float32)
    return [
        start_layer(plates, k, REFERENCE, seeds_of(plates, k), say, grain=1e-4, passes=passes)
        for k in range(len(plates.weights))
    ]


@pytest.fixture
def torch_alone(monkeypatch):
    monkeypatch.setenv("CODEF_KERNELS", "torch")


def alike(here, there, share):
    """All but a few numbers agree: at a limit (half a pixel seen) rounding may decide otherwise."""
    for one, other in zip(here, there, strict=True):
        assert one.canvas == other.canvas
        for name in ("picture", "weight", "lattices", "shade", "step"):
            a, b = getattr(one, name), getattr(other, name)
            assert a.shape == b.shape
            if a.size:
                apart = np.abs(a - b) / max(np.abs(a).max(), 1e-9)
                assert np.percentile(apart, 99) < share, f"{name} differs"
        assert other.noise == pytest.approx(one.noise, rel=1e-2, abs=1e-9)
        assert other.excess == pytest.approx(one.excess, rel=1e-2, abs=1e-7)


def test_a_few_passes_give_the_numbers_of_the_processor(torch_alone):
    plates = plates_of(np.uint16)
    states = started(plates, HOST), started(plates, DevicePasses("cpu"))
    alike(*states, share=5e-4)
    errors = [
        [one_pass(plates, some, REFERENCE, RECIPE, silent()) for _ in range(3)] for some in states
    ]
    assert errors[0][2] < 0.7 * errors[0][0]
    np.testing.assert_allclose(errors[1], errors[0], rtol=1e-3)
    alike(*states, share=5e-3)


def refined(plates, passes, steps=5):
    states = started(plates, passes)
    budget = Budget(0.0, None, steps, 60)
    done = refine(plates, states, REFERENCE, RECIPE, budget, lambda cost: 0.0, silent())
    return states, done["psnr_curve"]


def test_a_whole_fit_at_half_and_full_size_ends_where_that_of_the_processor_does(torch_alone):
    plates = plates_of(layers=1, count=3, height=128, width=133)
    (_, here), (states, there) = (refined(plates, p) for p in (HOST, DevicePasses("cpu")))
    assert isinstance(states[0], DeviceLayer) and states[0].spacing == 4
    assert here[-1][1] > 30
    np.testing.assert_allclose([psnr for _, psnr in there], [psnr for _, psnr in here], atol=0.1)


def test_a_fit_from_the_clip_to_the_field_runs_on_a_device(torch_alone):
    clip = Pan(count=3, height=70, width=82).clip()
    told = []
    asked = replace(request(clip, steps=4, overrides={"polish_passes": 1}), tell=told.append)
    field = fit(asked, silent())
    assert field.report["device"] == "cpu" and field.report["psnr_edit_path"] > 30
    assert "steps" in field.report and told


@pytest.mark.parametrize("cancelled", [False, True])
def test_nothing_stays_on_the_device_when_a_fit_ends_or_is_cancelled(
    torch_alone, monkeypatch, cancelled
):
    clip, stop, sizes = Pan(count=3, height=70, width=82).clip(), threading.Event(), []
    real = DevicePasses.close

    def held(passes):
        rooms = [vars(room).values() for room in passes.link._rooms.values()]
        return len(passes._uploads.places()) + len(passes._plans) + len(rooms)

    def closing(passes):
        sizes.append(held(passes))
        real(passes)
        sizes.append(held(passes))

    monkeypatch.setattr(DevicePasses, "close", closing)

    planned = DevicePasses._planned

    def planning(passes, plates):
        if cancelled:  # in the middle of the first pass
            stop.set()
        return planned(passes, plates)

    monkeypatch.setattr(DevicePasses, "_planned", planning)
    asked = request(clip, steps=3, overrides={"polish_passes": 1})
    task = Task(cancelled=stop)
    if cancelled:
        with pytest.raises(Cancelled):
            fit(asked, task)
    else:
        fit(asked, task)
    assert len(sizes) == 2 and sizes[0] > 0 and sizes[1] == 0


def test_a_card_that_is_not_there_is_refused():
    clip = Pan(count=2, height=40, width=50).clip()
    with pytest.raises(DeviceError, match=r"no device cuda:97 here.*--device cpu"):
        fit(request(clip, device="cuda:97"), silent())


class Full(DevicePasses):
    """A card that has no room for calls of many frames, nor for the whole clip."""

    def __init__(self, room):
        self.said, self.room = [], room
        super().__init__("cpu", self.said.append, free=10**9)
        register = self.kernels.register

        def careful(*given):
            if len(given[6]) > room:
                given[2].fill_(1e9)  # half done
                raise torch.OutOfMemoryError("CUDA out of memory")
            register(*given)

        self.kernels = replace(self.kernels, register=careful)


def test_a_full_card_costs_smaller_calls_and_nothing_else(torch_alone):
    plates = plates_of(layers=1)
    passes = Full(room=2)
    whole, small = started(plates, DevicePasses("cpu")), started(plates, passes)
    for states in (whole, small):
        one_pass(plates, states, REFERENCE, RECIPE, silent())
    assert passes.said[0].endswith("the whole clip stays on the card, 4 at a time")
    assert passes.said[1:] == [
        "the card was full; going on with 4 frames at a time, frames are sent",
        "the card was full; going on with 2 frames at a time, frames are sent",
    ]
    # The noise is taken call by call, so lattices differ a little; the picture's sums do not.
    np.testing.assert_allclose(small[0].weight, whole[0].weight, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(small[0].picture, whole[0].picture, atol=2e-4)
    with pytest.raises(DeviceError, match="not enough memory for one frame"):
        one_pass(plates, started(plates, Full(room=0)), REFERENCE, RECIPE, silent())


def test_memory_is_planned_and_small_cards_send_frames():
    demand = PassDemand(clip=1000, kept=500, frame=50, count=40)
    assert plan_passes(5000, demand) == PassPlan(True, 40)
    assert plan_passes(2400, demand) == PassPlan(True, 10)
    assert plan_passes(1500, demand) == PassPlan(False, 15)
    with pytest.raises(DeviceError, match="close other programs"):
        plan_passes(600, demand)
    plan, seen = PassPlan(True, 10), []
    while plan.resident or plan.frames > 1:
        plan = smaller_passes(plan)
        seen.append((plan.resident, plan.frames))
    assert seen == [(True, 5), (True, 2), (False, 2), (False, 1)]


def test_what_is_looked_at_is_fetched_and_what_is_set_is_sent(torch_alone):
    plates = plates_of(layers=1)
    (state,) = started(plates, DevicePasses("cpu"))
    seen = state.picture
    assert state.picture is seen
    with pytest.raises(ValueError, match="read-only"):
        seen[:] = 0
    state.picture = np.zeros_like(seen)
    one_pass(plates, [state], REFERENCE, RECIPE, silent(), move=False)
    assert state.picture is not seen and 0.1 < state.picture.mean() < 0.9
    other = replace(state, speed=np.zeros_like(seen))
    assert isinstance(other, DeviceLayer) and other.passes is state.passes
    np.testing.assert_array_equal(other.picture, state.picture)


def test_halving_is_that_of_the_processor():
    plates = plates_of(count=2)
    here, there = (p.halved(plates) for p in (HOST, DevicePasses("cpu")))
    assert there.codes.dtype == np.uint8 and there.shrink == here.shrink == 2
    for name in ("codes", "weights", "firm"):
        a, b = (getattr(each, name).astype(int) for each in (here, there))
        assert np.abs(a - b).max() <= 1
