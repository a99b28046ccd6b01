"""The recipe ``paper`` hands over what it has reached: a field that can be painted on meanwhile."""

from dataclasses import replace

import numpy as np
import pytest

from engine.fields.folder import load_field, save_field
from engine.fit import run_paper
from engine.fit.run import fit
from engine.progress import silent
from tests.engine.fit.clips import Pan, request

SMALL = {
    "canonical_levels": 8,
    "canonical_log2_entries": 12,
    "canonical_growth": 1.3,
    "deformation_levels": 6,
    "deformation_log2_entries": 12,
    "deformation_hidden_layers": 3,
    "deformation_base": 4,
    "annealing_begin": 4,
    "annealing_length": 8,
}


def run(tmp_path, steps):
    """Fits a few frames; returns the field, and (seconds, PSNR, folder) of each draft."""
    clip, drafts = Pan(count=3, height=64, width=80).clip(), []

    def keep(field, psnr, seconds):
        folder = tmp_path / f"draft{len(drafts)}"
        save_field(field, folder)
        drafts.append((seconds, psnr, folder))

    asked = request(clip, recipe="paper", steps=steps, seed=1, device="cpu", overrides=SMALL)
    return fit(replace(asked, draft=keep), silent()), drafts


def test_drafts_come_while_it_fits_and_are_fields_that_get_better(tmp_path, monkeypatch):
    monkeypatch.setattr(run_paper, "DRAFT_REST", 0.0)
    field, drafts = run(tmp_path, 30)
    assert len(drafts) > 3
    times = [seconds for seconds, _, _ in drafts]
    assert times == sorted(times) and times[-1] < field.report["seconds"]
    assert [psnr for _, psnr, _ in drafts] == pytest.approx(
        [psnr for _, psnr in field.report["psnr_curve"]], abs=1e-3
    )
    assert drafts[-1][1] > drafts[0][1] + 3
    first, last = load_field(drafts[0][2]), load_field(drafts[-1][2])
    for draft in (first, last):
        assert draft.frames == field.frames and draft.data == field.data
        canonical = draft.layers[0].canonical
        assert np.isfinite(canonical.pixels).all() and canonical.pixels[..., 3].any()
    index = 1
    there = field.layers[0].deformation.positions(index)
    gaps = [
        np.abs(draft.layers[0].deformation.positions(index) - there).mean()
        for draft in (first, last)
    ]
    assert gaps[1] < gaps[0]


def test_a_draft_is_followed_by_a_long_time_without_one(tmp_path, monkeypatch):
    monkeypatch.setattr(run_paper, "DRAFT_REST", 1e9)
    _, drafts = run(tmp_path, 6)
    assert len(drafts) == 1
