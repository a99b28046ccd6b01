"""Edits carried by the way of cards, on the processor: the same frames as by the compiled loops."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
import torch

from engine.edit.canonical import canonical_picture
from engine.edit.carrier import Carrier
from engine.edit.device_room import DeviceRoom
from engine.edit.edits import EditSource, prepare_edits
from engine.edit.finish import FULL_FINISH, PLAIN, Finish
from engine.edit.propagate import propagate_frame
from engine.fields.field import Masks
from engine.io.picture import Picture
from engine.linked.carry import carry_alone, carry_pass
from engine.warp.render import reconstruct
from tests.engine.warp.analytic import lattice_layer, one_layer, two_layers

CPU = torch.device("cpu")
KERNELS = ("torch", "numba")
FINISHES = {
    "plain": PLAIN,
    "over": Finish(merge="over", light=0.5),
    "difference": Finish(merge="difference"),
    "ratio": Finish(merge="ratio"),
    "auto": Finish(merge="auto", light=2.0),
    "measured": replace(FULL_FINISH, detail=0.5),
    "shutter": Finish(merge="auto", shutter=0.5),
}


@pytest.fixture(params=KERNELS)
def carrier(request, monkeypatch):
    monkeypatch.setenv("CODEF_KERNELS", request.param)
    said: list[str] = []
    made = Carrier(DeviceRoom(CPU), said.append)
    assert set(made.stills.kernels.of.values()) >= {request.param}
    yield made
    assert not said


def lit(field):
    """With light that changes from place to place, and exposure."""
    rng = np.random.default_rng(7)
    for layer in field.layers:
        layer.lighting = rng.uniform(0.6, 1.4, (len(field.frames), 4, 5, 3)).astype(np.float32)
        exposure = [[[1.1, 1.0, 0.9], [0.01, 0.0, 0.02]]] * len(field.frames)
        layer.exposure = np.asarray(exposure, np.float32)
    return field


def soft(field):
    """With masks whose edges are shared, and a part that the fit was told not to see."""
    ramp = np.clip(np.linspace(-2, 3, field.width) * 255, 0, 255).astype(np.uint8)
    mask = np.ascontiguousarray(np.broadcast_to(ramp, (field.height, field.width)))
    packed = [Masks.pack(mask)] * len(field.frames)
    field.masks = Masks(field.height, field.width, [packed])
    hidden = np.zeros_like(mask)
    hidden[:9] = 255
    field.ignored = Masks(field.height, field.width, [[Masks.pack(hidden)] * len(field.frames)])
    return field


FIELDS = {
    "a lattice": lambda: lit(lattice_layer(wild=1.0, turn=0.1, perspective=1e-3)),
    "a lattice, much smaller": lambda: lattice_layer(zoom=5.3, turn=0.4, wild=0.4, origin=(7, -3)),
    "another deformation": lambda: lit(one_layer(sine=1.0)),
    "hard masks": lambda: lit(two_layers()),
    "shared edges": lambda: soft(lit(two_layers())),
}


def edited(field):
    """Each layer with a painted disc and a graded half."""
    found = {}
    for k in range(len(field.layers)):
        picture = canonical_picture(field, k)
        height, width = picture.pixels.shape[:2]
        y, x = np.mgrid[:height, :width].astype(np.float32)
        far = np.hypot(x - width * 0.55, y - height * 0.45)
        disc = np.clip(min(height, width) / 5 - far, 0, 1)[..., None]
        pixels = picture.pixels * (1 - disc) + disc * np.float32([0.9, 0.2, 0.1, 1])
        pixels[:, : width // 3, :3] *= np.float32([0.5, 1.2, 1.0])
        found |= prepare_edits(field, [EditSource(picture.with_pixels(pixels), layer=k)])
    return found


def plate_of(field, seed=4):
    """A frame like that of the field, with grain and some pixels that are no numbers."""
    rng = np.random.default_rng(seed)
    pixels = reconstruct(field, 0, edit_path=False)
    pixels = pixels * rng.normal(1, 0.03, pixels.shape).astype(np.float32)
    pixels[20, 30], pixels[22, 31, 1], pixels[25, 40] = np.nan, np.nan, np.inf
    return replace(Picture.of(pixels), display=field.display, data=field.data)


@cache
def scene(name):
    """A field, edits of it and a plate; never written to."""
    field = FIELDS[name]()
    return field, edited(field), plate_of(field)


@cache
def by_the_loops(name, finish):
    """How the processor carries the edits, and by what else."""
    field, edits, plate = scene(name)
    mask = np.linspace(0, 1, field.width, dtype=np.float32)[None].repeat(field.height, 0)
    how = {"finish": FINISHES[finish], "mix": 0.9, "mask": np.ascontiguousarray(mask)}
    return propagate_frame(field, edits, plate, 0, **how), how


@cache
def drawn_by_the_loops(name, finish):
    """How the processor draws a whole frame."""
    return propagate_frame(*scene(name), 0, mode="replace", finish=finish)


def same(fast, slow, atol=3e-5):
    np.testing.assert_allclose(fast.pixels, slow.pixels, rtol=2e-4, atol=atol)
    marks = [np.zeros(0) if each.changed is None else each.changed for each in (fast, slow)]
    np.testing.assert_array_equal(*marks)


@pytest.mark.parametrize(
    ("name", "finish"),
    # Sixteen wide readings of a frame take plain torch seconds, and show nothing new.
    [(a, b) for a in FIELDS for b in FINISHES if (a, b) != ("a lattice, much smaller", "shutter")],
)
def test_frames_are_those_of_the_processor(name, finish, carrier):
    wanted, how = by_the_loops(name, finish)
    assert wanted.changed.sum() > 500
    # What is measured has thresholds in it, which rounding may cross.
    atol = 2e-3 if finish == "measured" else 3e-5
    same(propagate_frame(*scene(name), 0, on=carrier, **how), wanted, atol)


@pytest.mark.parametrize("finish", [PLAIN, Finish(replaced=True)])
@pytest.mark.parametrize("name", FIELDS)
def test_whole_frames_are_drawn_as_by_the_processor(name, finish, carrier):
    found = propagate_frame(*scene(name), 0, mode="replace", finish=finish, on=carrier)
    same(found, drawn_by_the_loops(name, finish), 2e-4)


def test_a_still_with_holes_shows_its_nearest_colour(carrier):
    field = one_layer()
    field.layers[0].canonical.pixels[30:60, 40:70] = 0
    plate = plate_of(field)
    wanted = propagate_frame(field, {}, plate, 0, mode="replace")
    assert np.isfinite(wanted.pixels).all()
    same(propagate_frame(field, {}, plate, 0, mode="replace", on=carrier), wanted, 2e-4)


def test_the_edit_alone_and_its_passes_are_the_same(carrier):
    field = FIELDS["shared edges"]()
    carried, plate = [(field, edited(field))], plate_of(field)
    for finish in (PLAIN, Finish(merge="auto")):
        slow = carry_alone(field, carried, plate, 0, finish=finish)
        fast = carry_alone(field, carried, plate, 0, finish=finish, on=carrier)
        for a, b in zip(fast, slow, strict=True):
            same(a, b)
    asked = {"finish": Finish(merge="auto", holdout=True)}
    slow = carry_pass(field, carried, plate, 0, "holdout", **asked)
    same(carry_pass(field, carried, plate, 0, "holdout", on=carrier, **asked), slow, 2e-3)


def test_an_edit_that_does_not_reach_the_frame_returns_the_plate_itself(carrier):
    field = one_layer()
    picture = canonical_picture(field, 0)
    pixels = picture.pixels.copy()
    pixels[1:3, 1:3] = (1, 0, 0, 1)
    edits = prepare_edits(field, [EditSource(picture.with_pixels(pixels))])
    plate = plate_of(field)
    for finish in (PLAIN, Finish(merge="auto")):
        assert propagate_frame(field, edits, plate, 1, finish=finish, on=carrier) is plate


@pytest.mark.parametrize("finish", ["plain", "auto"])
def test_a_card_with_little_memory_takes_bands_and_says_so(finish):
    field = FIELDS["shared edges"]()
    edits, plate, said = edited(field), plate_of(field), []
    wanted = propagate_frame(field, edits, plate, 0, finish=FINISHES[finish])
    small = Carrier(DeviceRoom(CPU, free=lambda: 2_600_000), said.append)
    found = propagate_frame(field, edits, plate, 0, finish=FINISHES[finish], on=small)
    same(found, wanted)
    assert len(said) == 1 and "in bands" in said[0]
    drawn = propagate_frame(field, edits, plate, 0, mode="replace", on=small)
    same(drawn, propagate_frame(field, edits, plate, 0, mode="replace"), 2e-4)


def test_a_card_that_is_full_leaves_the_frame_to_the_processor():
    field = FIELDS["a lattice"]()
    edits, plate, said = edited(field), plate_of(field), []
    full = Carrier(DeviceRoom(CPU, free=lambda: 1000), said.append)
    for finish in FINISHES.values():
        wanted = propagate_frame(field, edits, plate, 0, finish=finish)
        same(propagate_frame(field, edits, plate, 0, finish=finish, on=full), wanted, 0)
    assert said == ["cpu has too little memory free; the processor carries edits"]


def test_what_the_processor_does_is_said_once_where_a_card_was_asked_for():
    field, said = FIELDS["shared edges"](), []
    edits, plate = edited(field), plate_of(field)
    asked = Carrier(DeviceRoom(CPU), said.append, explains=True)
    for name in ("measured", "measured", "auto", "plain", "auto"):
        propagate_frame(field, edits, plate, 0, finish=FINISHES[name], on=asked)
    assert said == [
        "the finish measures the plate, which the processor does; cpu reads the stills",
        "groups share pixels of the edit, whose merge the processor does; cpu reads the stills",
    ]


def test_running_out_of_memory_costs_smaller_bands_and_nothing_else():
    field = FIELDS["a lattice"]()
    edits, plate, said = edited(field), plate_of(field), []
    small = Carrier(DeviceRoom(CPU), said.append)
    read, tried = small.stills.read, []

    def crowded(sheet, points, filter, **how):
        tried.append(len(points))
        if len(points) > 35:
            raise torch.OutOfMemoryError("no room")
        return read(sheet, points, filter, **how)

    small.stills.read = crowded
    finish = FINISHES["ratio"]
    wanted = propagate_frame(field, edits, plate, 0, finish=finish)
    same(propagate_frame(field, edits, plate, 0, finish=finish, on=small), wanted)
    assert tried[0] > 60 and tried[-1] <= 35
    assert said[0] == "cpu is full after all" and "in bands" in said[-1]


def test_a_card_that_fails_is_said_once_and_the_processor_goes_on():
    field = FIELDS["a lattice"]()
    edits, plate, said, calls = edited(field), plate_of(field), [], []
    broken = Carrier(DeviceRoom(CPU), said.append)

    def gone(*given, **how):
        calls.append(1)
        raise RuntimeError("CUDA error: unspecified launch failure\nmore")

    broken.stills.read = gone
    for finish in (FINISHES["auto"], FINISHES["measured"]):
        wanted = propagate_frame(field, edits, plate, 0, finish=finish)
        same(propagate_frame(field, edits, plate, 0, finish=finish, on=broken), wanted, 0)
    assert len(calls) == 1
    assert said == ["cpu fails (CUDA error: unspecified launch failure); the processor goes on"]


def test_jobs_that_share_a_card_are_told_each_what_concerns_it():
    field, first, second, quiet = FIELDS["a lattice"](), [], [], []
    edits, plate = edited(field), plate_of(field)
    room = DeviceRoom(CPU)
    asked, other, silent = (
        Carrier(room, said.append, explains=explains)
        for said, explains in ((first, True), (second, True), (quiet, False))
    )
    for job in (asked, other, asked, silent):
        propagate_frame(field, edits, plate, 0, finish=FINISHES["measured"], on=job)
    assert first == second != [] and not quiet

    def gone(*given, **how):
        raise RuntimeError("CUDA error")

    room.stills.read = gone
    for job in (asked, silent):
        propagate_frame(field, edits, plate, 0, finish=FINISHES["ratio"], on=job)
    assert first[1:] == quiet == ["cpu fails (CUDA error); the processor goes on"]
    assert len(second) == 1


def test_stills_are_sent_once_and_go_when_nobody_needs_them(carrier, monkeypatch):
    field = FIELDS["a lattice"]()
    edits, plate, sent = edited(field), plate_of(field), []
    real = torch.from_numpy
    monkeypatch.setattr(torch, "from_numpy", lambda array: sent.append(array.size) or real(array))
    for _ in range(3):
        propagate_frame(field, edits, plate, 0, finish=Finish(merge="ratio"), on=carrier)
    assert sent.count(field.layers[0].canonical.pixels.size) == 1
    held = carrier.stills._held
    assert len(held) == 2
    edits.clear()
    assert len(held) == 1
    carrier.close()
    assert not held


def test_a_card_that_is_given_back_holds_no_grade_of_an_edit_that_lives_on(carrier):
    field = FIELDS["a lattice"]()
    edits, plate = edited(field), plate_of(field)
    propagate_frame(field, edits, plate, 0, finish=FINISHES["auto"], on=carrier)
    assert len(carrier.stills._grades) == 1
    carrier.close()
    assert not carrier.stills._grades and not carrier.stills._held
