"""``codef propagate --device``: the way of cards, taken on the processor, writes the same files."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from engine.edit.device import room_on
from tests.codef_nodes.cli.test_cli_field_commands import painted
from tests.codef_nodes.cli.tinyclip import Codef, read_png

FRAMES = ("--frames", "1002-1004")


@pytest.mark.parametrize(
    "flags",
    [
        ("--merge", "ratio", "--no-holdout", "--regrain", "0", "--shade", "0", "--highlight", "0",
         "--focus", "0"),
        ("--mode", "replace"),
        (),
    ],
)  # fmt: skip
def test_frames_are_the_same_by_the_way_of_cards(
    codef: Codef,
    field: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    flags: tuple[str, ...],
) -> None:
    edit = painted(field, codef, tmp_path / "e.png")
    told = {}
    for name in ("numba", "torch"):
        monkeypatch.setenv("CODEF_KERNELS", name)
        out = tmp_path / name / "o.%04d.png"
        answer = codef(
            "propagate", field, "--edit", edit, *FRAMES, *flags, "--device", "cpu", "-o", out,
            "--json",
        )  # fmt: skip
        assert answer.code == 0
        told[name] = json.loads(answer.out.splitlines()[-1])
        assert told[name]["device"] == "cpu"
    stills = room_on("cpu", "torch").stills
    assert stills.kernels.of["read"] == "torch"
    assert not stills._held  # what was sent there is gone again
    for frame in (1002, 1003, 1004):
        slow, fast = (read_png(tmp_path / name / f"o.{frame}.png").astype(int) for name in told)
        assert np.abs(fast - slow).max() <= 1
        assert (fast != slow).mean() < 0.001


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a card here")
def test_a_card_that_is_not_there_is_said_before_any_work(
    codef: Codef, field: Path, tmp_path: Path
) -> None:
    edit = painted(field, codef, tmp_path / "e.png")
    out = tmp_path / "out" / "o.%04d.png"
    answer = codef("propagate", field, "--edit", edit, "--device", "cuda", "-o", out)
    assert answer.code == 4
    assert "there is no device cuda here" in answer.err and "--device cpu" in answer.err
    assert not list(tmp_path.glob("out/*"))
    assert codef("propagate", field, "--edit", edit, "--device", "tpu", "-o", out).code == 2
