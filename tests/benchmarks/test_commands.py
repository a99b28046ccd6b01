"""The benchmarks that fit, each run as its command on a clip of a few small frames."""

import json
from pathlib import Path

import cv2
import pytest

from benchmarks import ablation, scaling, versus
from benchmarks.synthetic.clip import write_clip
from benchmarks.synthetic.levels import Spec

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("clips") / "level1"
    write_clip(Spec(level=1, width=96, height=56, frames=4), folder)
    return folder


def said(module: object, monkeypatch: pytest.MonkeyPatch, folder: Path, *words: str) -> Path:
    """Runs a benchmark's command line with its results in ``folder``."""
    monkeypatch.setattr(module, "RESULTS", folder)
    monkeypatch.setattr("sys.argv", ["benchmark", *words])
    assert module.main() == 0  # type: ignore[attr-defined]
    (answer,) = folder.glob("*.json")
    return answer


def test_ablations_fit_every_variant_with_the_same_steps(
    clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    names = ["deformation: sines", ablation.GROUPS]
    words = [str(clip), "--steps", "3", "--height", "24", "--count", "3", "--variants", *names]
    answer = json.loads(said(ablation, monkeypatch, tmp_path / "r", *words).read_text("utf-8"))
    rows = {row["variant"]: row for row in answer["rows"]}
    assert list(rows) == names
    assert {row["steps"] for row in rows.values()} == {3}
    assert [row["groups"] for row in rows.values()] == [2, 1]
    assert answer["size"] == "41x24"
    assert len({row["psnr_edit_path"] for row in rows.values()}) == 2
    printed = capsys.readouterr().out
    assert all(name in printed for name in names)


def test_the_scaling_tells_time_and_memory_of_each_size(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ["--frames", "3", "4", "6", "--heights", "48", "64", "--at", "3", "--steps", "1"]
    target = said(scaling, monkeypatch, tmp_path / "r", *words, "--folder", str(tmp_path / "clips"))
    answer = json.loads(target.read_text("utf-8"))
    sizes = [(row["height"], row["frames"]) for row in answer["rows"]]
    assert sizes == [(48, 3), (48, 4), (48, 6), (64, 3)]
    assert all(row["seconds"] > 0 and row["psnr"] > 15 for row in answer["rows"])
    assert answer["lines"]["frames"]["r2"] <= 1
    assert answer["lines"]["megapixels"] is None  # two points are no line
    assert cv2.imread(str(target.with_suffix(".png"))) is not None


def test_seeded_and_paper_are_told_apart(
    clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    words = [str(clip), "--seconds", "4", "--limit", "5", "--goal", "90"]
    target = said(versus, monkeypatch, tmp_path / "r", *words)
    answer = json.loads(target.read_text("utf-8"))
    assert answer["clip"] == "level1" and answer["frames"] == 4
    # Nothing reaches 90 dB on this clip, so there is no ratio to tell.
    assert answer["ratio"] is None and answer["seeded"]["seconds_to_goal"] is None
    assert answer["seeded"]["psnr_edit_path"] > 20
    assert "90 dB: seeded did not get there" in capsys.readouterr().out
    assert cv2.imread(str(target.with_suffix(".png"))) is not None
