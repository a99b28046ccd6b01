"""The 4K benchmark, run as its command on frames of a few pixels."""

import json
from pathlib import Path

import pytest

from benchmarks import propagate_4k


def test_a_clip_is_lengthened_forth_and_back_without_more_disk(tmp_path: Path) -> None:
    paths = [tmp_path / f"{n}.exr" for n in range(3)]
    for n, path in enumerate(paths):
        path.write_bytes(bytes([n]))
    propagate_4k.forth_and_back(paths, 7, tmp_path / "clip")
    files = sorted((tmp_path / "clip").iterdir())
    assert [file.read_bytes()[0] for file in files] == [0, 1, 2, 1, 0, 1, 2]
    assert files[0].samefile(paths[0]) and files[6].samefile(paths[2])


@pytest.mark.slow
def test_everything_is_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(propagate_4k, "WIDTH", 256)
    monkeypatch.setattr(propagate_4k, "HEIGHT", 136)
    monkeypatch.setattr(propagate_4k, "RESULTS", tmp_path / "results")
    words = ["--frames", "4", "--length", "6", "--steps", "1", "--edited", "3"]
    monkeypatch.setattr("sys.argv", ["x", *words, "--brush", "30", "--folder", str(tmp_path)])
    assert propagate_4k.main() == 0
    answer = json.loads((tmp_path / "results" / "propagate_4k.json").read_text("utf-8"))
    assert (answer["distinct_frames"], answer["fit"]["frames"]) == (4, 6)
    assert answer["fit"]["draft_seconds"] > 0
    for name in ("plain", "full finish"):
        assert 400 < answer[name]["changed_pixels"] < 2500
        assert min(answer[name]["seconds"].values()) > 0
    assert not list(tmp_path.glob("tmp*"))
