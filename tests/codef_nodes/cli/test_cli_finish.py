"""``codef propagate``: flags of how an edit meets the plate."""

from pathlib import Path

import numpy as np
import pytest

from tests.codef_nodes.cli.test_cli_field_commands import painted
from tests.codef_nodes.cli.tinyclip import Codef, read_png, write_png


def test_merge_decides_what_stays_of_the_plate(
    codef: Codef, clip: Path, field: Path, tmp_path: Path
) -> None:
    edit = tmp_path / "e.png"
    assert codef("canonical", field, "-o", edit).code == 0
    codes = read_png(edit)
    codes[..., :3] = codes[..., :3] // 2
    write_png(edit, codes)
    made = {}
    for merge in ("auto", "over", "ratio"):
        out = tmp_path / merge / "o.%04d.png"
        flags = ("--merge", merge, "--no-holdout", "--regrain", "0", "--frames", "1003")
        assert codef("propagate", field, "--edit", edit, *flags, "-o", out).code == 0
        made[merge] = read_png(tmp_path / merge / "o.1003.png").astype(int)
    # A gain of display codes by one half is seen as the grade that it is.
    assert (
        np.abs(made["auto"] - made["ratio"]).mean()
        < 0.5 * np.abs(made["over"] - made["ratio"]).mean() + 0.01
    )


@pytest.mark.parametrize(
    ("flags", "word"),
    [
        (("--merge", "plus"), "merge"),
        (("--regrain", "2"), "regrain"),
        (("--shutter", "much"), "much"),
        (("--holdout-clip", "nan"), "nan"),
    ],
)
def test_values_that_mean_nothing_are_refused(
    codef: Codef, field: Path, tmp_path: Path, flags: tuple[str, ...], word: str
) -> None:
    edit = painted(field, codef, tmp_path / "e.png")
    answer = codef("propagate", field, "--edit", edit, *flags, "-o", tmp_path / "o.%04d.png")
    assert answer.code == 2
    assert word in answer.err
    assert not list(tmp_path.glob("o.*"))
