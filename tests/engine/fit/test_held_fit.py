"""A fit that is paused, asked to end, or worked on while it goes on."""

import threading
import time
from dataclasses import replace

import numpy as np
import pytest

from engine.edit.propagate import propagate_frame
from engine.errors import Cancelled
from engine.fields.folder import load_field, save_field
from engine.fit import run_seeded
from engine.fit.budget import Budget
from engine.fit.finishing import Finish
from engine.fit.run import fit
from engine.progress import Gate, Progress, Task
from tests.engine.fit.clips import Pan, request

STAGES = {"coarse_passes": 1, "medium_passes": 1, "fine_passes": 1, "full_passes": 2}


@pytest.fixture(scope="module")
def clip():
    # Odd sizes: half of them is no whole number of pixels.
    return Pan(count=5, height=131, width=157).clip()


def test_drafts_are_whole_fields_at_every_stage(clip, monkeypatch, tmp_path):
    monkeypatch.setattr(run_seeded, "DRAFT_EVERY", 0.0)
    monkeypatch.setattr(run_seeded, "DRAFT_REST", 0.0)
    told = []

    def take(field, psnr, seconds):
        save_field(field, tmp_path / f"draft_{len(told)}")
        told.append((psnr, seconds))

    done = fit(replace(request(clip, steps=5, overrides=STAGES), draft=take), Task())
    assert len(told) == 6
    assert told[0][0] == pytest.approx(done.report["psnr_curve"][0][1], abs=1e-3)
    assert [seconds for _, seconds in told] == sorted(seconds for _, seconds in told)
    for number in range(len(told)):
        draft = load_field(tmp_path / f"draft_{number}")
        assert draft.frames == done.frames and draft.reference == done.reference
        for index in range(len(draft.frames)):
            places = draft.layers[0].deformation.positions(index)
            wanted = done.layers[0].deformation.positions(index)
            assert places.shape == wanted.shape
            assert np.median(np.abs(places - wanted)) < 2.0
        assert propagate_frame(draft, {}, clip[1], 1) is clip[1]


def test_nobody_who_listens_costs_nothing(clip, monkeypatch):
    monkeypatch.setattr(Finish, "draft", lambda *_, **__: pytest.fail("assembled"))
    fit(request(clip, steps=1, overrides=STAGES), Task())


def test_a_fit_that_is_asked_to_end_keeps_what_it_has(clip):
    gate, labels = Gate(), []

    def listen(report: Progress) -> None:
        labels.append(report.label)
        if report.figures.get("step") == 2:
            gate.stop()

    done = fit(request(clip, steps=500, overrides=STAGES), Task(listen, gate))
    assert done.report["steps"] == 2
    assert np.isfinite(done.report["psnr"]) and len(done.layers[0].canonical.pixels) > 100
    assert "measuring" in labels


def test_a_paused_fit_waits_and_spends_no_budget(clip):
    gate = Gate()
    paused, went_on = threading.Event(), []

    def listen(report: Progress) -> None:
        if report.figures.get("step") == 1 and not paused.is_set():
            gate.pause()
            paused.set()
        elif paused.is_set():
            went_on.append(time.monotonic())

    task = Task(listen, gate)
    wanted = replace(request(clip, steps=3, overrides=STAGES), started=task.now())
    fields = []
    worker = threading.Thread(target=lambda: fields.append(fit(wanted, task)))
    began = time.monotonic()
    worker.start()
    assert paused.wait(30)
    held = time.monotonic()
    worker.join(0.7)
    assert worker.is_alive() and not went_on
    gate.resume()
    worker.join(60)
    assert len(fields) == 1 and fields[0].report["steps"] == 3
    whole = time.monotonic() - began
    assert fields[0].report["seconds"] <= whole - (went_on[0] - held) + 0.1


def test_a_paused_fit_can_be_cancelled(clip):
    gate = Gate()
    gate.pause()
    threading.Timer(0.1, gate.set).start()
    with pytest.raises(Cancelled):
        fit(request(clip, steps=1, overrides=STAGES), Task(None, gate))


def test_nothing_is_left_of_a_budget_that_is_to_end():
    gate = Gate()
    budget = Budget(time.monotonic(), 100.0, None, 5, Task(None, gate))
    assert budget.allows(0, 0.1, 0.1)
    gate.stop()
    assert not budget.allows(0, 0.1, 0.1)
