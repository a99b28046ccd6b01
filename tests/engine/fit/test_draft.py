"""The draft: shown at once, measured truly, then better from stage to stage."""

from dataclasses import replace

import numpy as np
import pytest

from engine.fit import run_seeded
from engine.fit.run import fit
from engine.progress import Task, silent
from tests.engine.fit.clips import Pan, request

STAGES = {"coarse_passes": 1, "medium_passes": 1, "fine_passes": 1, "full_passes": 2}


@pytest.fixture(scope="module")
def clip():
    return Pan(count=5).clip()


def test_figures_of_the_draft_are_those_of_the_field_it_would_be(clip):
    field = fit(request(clip, steps=0, overrides={"polish_passes": 0}), silent())
    ((_, psnr),) = field.report["psnr_curve"]
    assert psnr == pytest.approx(field.report["psnr_edit_path"], abs=1e-3)


def test_the_draft_comes_first_in_the_curve_and_is_told(clip):
    told = []
    field = fit(request(clip, steps=2, overrides=STAGES), Task(told.append))
    times = [seconds for seconds, _ in field.report["psnr_curve"]]
    assert len(times) == 3 and times == sorted(times)
    assert 0 < field.report["seconds_reading"] <= times[0]
    (draft,) = [report for report in told if report.label == "draft ready"]
    assert draft.figures["psnr"] == pytest.approx(field.report["psnr_curve"][0][1], abs=1e-3)
    labels = [report.label for report in told]
    assert labels.index("matching") < labels.index("draft ready") < labels.index("fit")


def test_every_stage_is_shown_at_the_working_resolution(clip, monkeypatch):
    monkeypatch.setattr(run_seeded, "PREVIEW_EVERY", 0.0)
    shown, told = [], []

    def show(layer, pixels):
        assert layer == 0
        shown.append((pixels, {report.label for report in told}))

    asked = replace(request(clip, steps=5, overrides=STAGES), preview=show)
    field = fit(asked, Task(told.append))
    assert len(shown) == 6
    draft, labels = shown[0]
    assert "fit" not in labels
    still = field.layers[0].canonical.pixels
    # Three of them were made at half the resolution: each is the same still, hardly shifted.
    for pixels, _ in shown:
        assert pixels.dtype == np.float32 and pixels.shape[2] == 4
        assert np.abs(np.subtract(pixels.shape[:2], draft.shape[:2])).max() <= 30
        assert abs(pixels[..., 3].sum() / still[..., 3].sum() - 1) < 0.05
        assert abs(pixels[..., :3].sum() / still[..., :3].sum() - 1) < 0.05


def test_previews_leave_time_between_them(clip, monkeypatch):
    monkeypatch.setattr(run_seeded, "PREVIEW_EVERY", 1e9)
    shown = []
    asked = request(clip, steps=3, overrides=STAGES)
    fit(replace(asked, preview=lambda layer, _: shown.append(layer)), silent())
    assert shown == [0]


def test_readers_change_no_bit_of_the_field(clip):
    plain, ahead = (
        fit(replace(request(clip, steps=1, overrides=STAGES), readers=n), silent()) for n in (0, 2)
    )
    assert np.array_equal(plain.layers[0].canonical.pixels, ahead.layers[0].canonical.pixels)
    assert plain.residual.streams == ahead.residual.streams
    assert plain.report["psnr"] == ahead.report["psnr"]
