"""What is handed over and told while a long shot is fitted."""

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

from engine.fields.folder import load_field, save_field
from engine.linked.field import LinkedField
from engine.linked.fit import fit_linked, plan_segments
from engine.linked.spans import asked_split
from engine.progress import Progress, Task
from tests.engine.fit.clips import Pan, request


def test_drafts_grow_segment_by_segment_and_progress_is_that_of_the_whole(tmp_path: Path) -> None:
    pan = Pan(count=16, height=56, width=72, step=(1.2, -0.3), wave=0.6)
    drafts, told = [], []

    def shown(field, psnr, seconds):
        # As the worker does: what is handed over is stored at once.
        save_field(field, tmp_path / f"draft_{len(drafts)}")
        drafts.append((field.frames, seconds))

    asked = replace(request(pan.clip(), first=1, steps=2), draft=shown)
    plan = plan_segments(asked.frames, {}, asked_split("9", asked.frames), None)
    task = Task(lambda progress: told.append(progress))
    fit_linked(asked, plan, tmp_path / "parts", str, task)
    counts = [len(frames) for frames, _ in drafts]
    first, whole = len(plan.spans[0]), len(asked.frames)
    assert counts[0] == first and counts[-1] == whole and sorted(counts) == counts
    assert [seconds for _, seconds in drafts] == sorted(seconds for _, seconds in drafts)
    stored = load_field(tmp_path / f"draft_{len(drafts) - 1}")
    assert isinstance(stored, LinkedField) and stored.frames == asked.frames
    assert stored.seen_from(1).layers[0].deformation.positions(2).shape == (56, 72, 2)
    _grows(told)


def _grows(told: list[Progress]) -> None:
    fractions = [each.fraction for each in told]
    assert all(b >= a - 1e-6 for a, b in pairwise(fractions))
    first = [each for each in told if each.label.startswith("segment 1 of 2, ")]
    second = [each for each in told if each.label.startswith("segment 2 of 2, ")]
    assert first and second
    assert max(each.fraction for each in first) <= 0.51
    assert min(each.fraction for each in second) >= 0.49


def test_the_time_left_is_that_of_all_segments(tmp_path: Path) -> None:
    pan = Pan(count=16, height=56, width=72, step=(1.2, -0.3), wave=0.6)
    told = []
    asked = request(pan.clip(), first=1, seconds=600.0, steps=1)
    plan = plan_segments(asked.frames, {}, asked_split("9", asked.frames), None)
    fit_linked(asked, plan, tmp_path / "parts", str, Task(told.append))
    early = [each.seconds_left for each in told if each.seconds_left is not None]
    assert 400 < max(early) <= 600, "not that of the first segment alone"
