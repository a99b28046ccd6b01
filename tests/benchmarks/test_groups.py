"""The benchmark of groups: what it paints, what it finds on what is in front, and itself."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from benchmarks import groups
from benchmarks.fit import Clip
from benchmarks.synthetic.clip import write_clip
from benchmarks.synthetic.levels import Spec
from engine.io.write import WriteOptions, write_picture
from tests.engine.edit.test_stabilise import plate_of
from tests.engine.warp.analytic import two_layers


def test_stripes_cover_half_of_the_last_still() -> None:
    change = groups.striped(two_layers())
    assert change is not None
    matte = change.sheet.pixels[..., 3]
    assert 0.4 < float(matte.mean()) < 0.6
    assert float(matte.max()) == 1 and float(matte.min()) == 0


def test_an_edit_behind_leaves_what_is_in_front(tmp_path: Path) -> None:
    field = two_layers()
    frames = tmp_path / "frames"
    for n, frame in enumerate(field.frames):
        name = frames / f"f.{frame:04d}.exr"
        name.parent.mkdir(exist_ok=True)
        write_picture(name, plate_of(field, n), WriteOptions(bits=32))
    sheet = tmp_path / "looked" / "at.png"
    found = groups.behind(field, Clip("made", frames, ()), 3, sheet)
    assert found["frames"] == 3
    assert found["front_worst_code"] == 0 and found["front_mean"] == 0
    picture = cv2.imread(str(sheet))
    assert picture.shape == (3 * field.height, 2 * field.width, 3)
    was, now = np.hsplit(picture.astype(int), 2)
    assert (np.abs(was - now).max(axis=2) > 40).mean() > 0.2  # the bank is seen


def test_one_group_has_nothing_behind_it(tmp_path: Path) -> None:
    field = two_layers()
    del field.layers[0]
    write_picture(tmp_path / "f.0001.exr", plate_of(two_layers(), 0), WriteOptions(bits=32))
    assert groups.behind(field, Clip("made", tmp_path, ()), 3, None) == {}


@pytest.mark.slow
def test_masks_and_none_are_fitted_and_told_apart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "level1"
    write_clip(Spec(level=1, width=96, height=56, frames=4), folder)
    target = tmp_path / "groups.json"
    words = [str(folder), "--steps", "2", "--seconds", "--frames", "2", "--json", str(target)]
    monkeypatch.setattr("sys.argv", ["x", *words])
    assert groups.main() == 0
    answer = json.loads(target.read_text("utf-8"))
    assert [row["groups"] for row in answer["fits"]] == [2, 1]
    assert all(row["psnr_edit_path"] > 15 for row in answer["fits"])
    assert answer["edit_behind"]["frames"] == 2
    assert answer["edit_behind"]["front_worst_code"] == 0
    assert "2 groups" in capsys.readouterr().out


def test_help_says_what_is_measured(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["x", "--help"])
    with pytest.raises(SystemExit, match="0"):
        groups.main()
    assert "--sheet" in capsys.readouterr().out
