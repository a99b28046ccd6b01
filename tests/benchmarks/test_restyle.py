"""The benchmark of a restyled shot: its figures on pictures whose figures are known, and itself."""

import json
from pathlib import Path

import cv2
import pytest

from benchmarks import restyle
from benchmarks.synthetic.clip import write_clip
from benchmarks.synthetic.levels import Spec
from engine.edit.canonical import canonical_picture
from engine.fields.field import Field
from engine.warp.render import composite
from tests.engine.warp.analytic import two_layers


def edits_of(field: Field):
    return [canonical_picture(field, k) for k in range(len(field.layers))]


def test_the_edited_stills_are_as_sharp_as_what_is_drawn_from_them() -> None:
    field = two_layers()
    drawn = restyle.seen(composite(field, field.index(field.reference)))
    assert restyle.sharpness(field, edits_of(field), drawn) == pytest.approx(1, abs=0.02)


def test_a_blurred_result_is_found_out() -> None:
    field = two_layers()
    drawn = restyle.seen(composite(field, field.index(field.reference)))
    soft = cv2.GaussianBlur(drawn, (0, 0), 1.0)
    assert restyle.sharpness(field, edits_of(field), soft) < 0.7


def row(short: float, long: float, sharp: float | None = None) -> dict[str, float]:
    found = {"ewarp_short": short, "ewarp_long": long}
    return found if sharp is None else {**found, "sharpness": sharp}


@pytest.mark.parametrize(
    ("ours", "holds"),
    [
        (row(1.0, 2.0, 0.95), True),
        (row(1.1, 2.0, 0.95), False),
        (row(1.0, 2.1, 0.95), False),
        (row(1.0, 2.0, 0.85), False),
    ],
)
def test_calm_and_sharp_are_both_asked_for(ours: dict[str, float], holds: bool) -> None:
    assert restyle.judged({"restyled": ours, "other": row(2.0, 4.0)}) is holds


def test_without_another_program_there_is_nothing_to_judge() -> None:
    assert restyle.judged({"restyled": row(1.0, 2.0, 1.0)}) is None


def test_the_other_result_beside_the_frames_is_found(tmp_path: Path) -> None:
    write_clip(Spec(level=1, width=96, height=56, frames=4), tmp_path / "clip")
    assert restyle.chosen(tmp_path / "clip")[1] is None
    (tmp_path / "clip" / restyle.PUBLISHED).mkdir()
    clip, other = restyle.chosen(tmp_path / "clip")
    assert clip.frames == tmp_path / "clip" / "frames"
    assert other == tmp_path / "clip" / restyle.PUBLISHED


@pytest.mark.slow
def test_a_shot_is_restyled_by_the_commands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "level1"
    write_clip(Spec(level=1, width=128, height=72, frames=4), folder)
    target = tmp_path / "restyle.json"
    words = [str(folder), "--other", str(folder / "frames"), "--seconds", "3"]
    monkeypatch.setattr("sys.argv", ["x", *words, "--json", str(target)])
    assert restyle.main() == 0
    answer = json.loads(target.read_text("utf-8"))
    rows = answer["rows"]
    assert {"source", "other", "restyled"} <= set(rows)
    # Here the other program's shot is the source itself.
    assert rows["other"] == rows["source"]
    assert rows["restyled"]["sharpness"] > 0.4
    assert answer["holds"] in (True, False)
    assert "restyled" in capsys.readouterr().out


def test_help_says_what_is_measured(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["x", "--help"])
    with pytest.raises(SystemExit, match="0"):
        restyle.main()
    out = capsys.readouterr().out
    assert "ewarp_short" in out and "--other" in out
