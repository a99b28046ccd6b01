"""The benchmark of the node graph runs and counts what it says."""

import json
from pathlib import Path

import pytest

from benchmarks import graph_pan


def test_the_table_has_a_row_for_each_size(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(graph_pan, "STEPS", 4)
    words = ["--nodes", "20", "--nodes", "30", "-o", str(tmp_path / "a.json")]
    monkeypatch.setattr("sys.argv", ["graph_pan", *words])
    assert graph_pan.main() == 0
    rows = json.loads((tmp_path / "a.json").read_text("utf-8"))["rows"]
    assert [row["nodes"] for row in rows] == [20, 30]
    assert all(row["pan, all seen"] > 0 and row["drag a node"] > 0 for row in rows)
    assert "drag a node" in capsys.readouterr().out
