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


def test_a_painted_frame_is_finished_as_the_flags_say(
    codef: Codef, clip: Path, field: Path, tmp_path: Path
) -> None:
    codes = read_png(clip / "shot.1003.png")
    codes[10:30, 15:45] = codes[10:30, 15:45] // 2
    write_png(tmp_path / "p.png", codes)
    plate = read_png(clip / "shot.1005.png").astype(float)
    made = {}
    for light in ("1", "0"):
        out = tmp_path / light / "o.%04d.png"
        words = ("--edit-frame", f"1003={tmp_path / 'p.png'}", "--light", light, "--shade", light)
        assert codef("propagate", field, *words, "--frames", "1003,1005", "-o", out).code == 0
        assert np.array_equal(read_png(tmp_path / light / "o.1003.png"), codes)
        made[light] = read_png(tmp_path / light / "o.1005.png").astype(float)
    # The camera goes on by (4, 2): the graded place is darker by the same factor there.
    inner = slice(11, 25), slice(14, 38)
    ratio = made["1"][inner] / plate[inner]
    assert abs(np.median(ratio) - 0.5) < 0.02
    assert np.abs(ratio - 0.5).mean() < 0.03


def test_replaced_frames_are_the_still_unless_they_are_finished_too(
    codef: Codef, clip: Path, field: Path, tmp_path: Path
) -> None:
    edit = painted(field, codef, tmp_path / "e.png")
    rng, noisy = np.random.default_rng(3), tmp_path / "noisy"
    noisy.mkdir()
    for file in clip.glob("*.png"):
        codes = read_png(file)
        noise = rng.normal(0, 6, codes.shape)
        write_png(noisy / file.name, np.clip(codes + noise, 0, 255).astype(np.uint8))
    made = []
    for flag in ("--no-replaced", "--replaced"):
        out = tmp_path / flag / "o.%04d.png"
        words = ("--mode", "replace", flag, "--source", noisy, "--detail", "1", "--regrain", "0")
        answer = codef("propagate", field, "--edit", edit, *words, "--frames", "1003", "-o", out)
        assert answer.code == 0
        made.append(read_png(tmp_path / flag / "o.1003.png").astype(int))
    noise = read_png(noisy / "shot.1003.png").astype(int) - read_png(clip / "shot.1003.png")
    # The still knows nothing of the plate's fine detail; finished, the frame has it.
    likeness = np.corrcoef((made[1] - made[0]).ravel(), noise.ravel())[0, 1]
    assert likeness > 0.6
