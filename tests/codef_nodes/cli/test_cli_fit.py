"""`codef fit` from the outside."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import cv2
import numpy as np
import pytest

from engine.io.read import read_picture
from tests.codef_nodes.cli.tinyclip import (
    FRAMES,
    HEIGHT,
    WIDTH,
    Codef,
    make_clip,
    make_masks,
    write_png,
)

KEYS = {
    "field",
    "seconds",
    "seconds_matching",
    "psnr_edit_path",
    "psnr",
    "frames",
    "width",
    "height",
    "layers",
    "reference",
    "steps",
    "device",
    "recipe",
}


def test_the_last_line_holds_the_figures_that_scripts_depend_on(
    codef: Codef, clip: Path, tmp_path: Path
) -> None:
    answer = codef("fit", clip, "--steps", 4, "-o", tmp_path / "new" / "F", "--json")
    assert answer.code == 0
    assert answer.last.keys() >= KEYS
    assert (answer.last["width"], answer.last["height"]) == (WIDTH, HEIGHT)
    assert answer.last["frames"] == len(FRAMES)
    assert answer.last["steps"] == 4
    assert answer.last["psnr_edit_path"] > 35
    assert (tmp_path / "new" / "F" / "field.json").is_file()
    assert [entry.name for entry in (tmp_path / "new").iterdir()] == ["F"]


def test_the_same_steps_and_seed_give_the_same_field(
    codef: Codef, clip: Path, tmp_path: Path
) -> None:
    for name in ("a", "b"):
        assert codef("fit", clip, "--steps", 3, "--seed", 5, "-o", tmp_path / name).code == 0
    a, b = (tmp_path / name / "layer_0.safetensors" for name in ("a", "b"))
    assert a.read_bytes() == b.read_bytes()
    # The EXR's header holds the time of writing.
    a, b = (read_picture(tmp_path / name / "canonical_0.exr").pixels for name in ("a", "b"))
    assert np.array_equal(a, b)


def test_masks_become_groups_and_the_rest_the_background(codef: Codef, layered: Path) -> None:
    told = json.loads((layered / "field.json").read_text(encoding="utf-8"))
    assert [layer["name"] for layer in told["layers"]] == ["actor", "background"]


def test_masks_match_by_order_when_their_numbers_are_others(
    codef: Codef, clip: Path, tmp_path: Path
) -> None:
    masks = make_masks(tmp_path / "m", tuple(range(len(FRAMES))))
    answer = codef("fit", clip, "--masks", masks, "--steps", 1, "-o", tmp_path / "F", "--json")
    assert answer.code == 0
    assert answer.last["layers"] == 2


def test_a_path_with_spaces_and_foreign_letters_works(codef: Codef, tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "Größe 東京 clip")
    target = tmp_path / "Feld ü"
    answer = codef("fit", clip, "--steps", 1, "-o", target, "--json")
    assert answer.code == 0
    assert answer.last["field"] == str(target)


def test_a_finished_field_is_replaced_and_nothing_else_is(
    codef: Codef, clip: Path, tmp_path: Path
) -> None:
    target = tmp_path / "F"
    assert codef("fit", clip, "--steps", 1, "-o", target).code == 0
    (target / "stale").touch()
    assert codef("fit", clip, "--steps", 1, "-o", target).code == 0
    assert not (target / "stale").exists()
    (tmp_path / "holiday").mkdir()
    answer = codef("fit", clip, "--steps", 1, "-o", tmp_path / "holiday", "--json")
    assert answer.code == 2
    assert list((tmp_path / "holiday").iterdir()) == []


def test_flow_files_are_used(codef: Codef, clip: Path, tmp_path: Path) -> None:
    from engine.flow.files import write_flo

    flow = np.zeros((HEIGHT, WIDTH, 2), np.float32)
    flow[...] = (-2, -1)
    (tmp_path / "flow").mkdir()
    for index in range(len(FRAMES) - 1):
        write_flo(tmp_path / "flow" / f"{index:06d}.flo", flow)
    arguments = ("fit", clip, "--flow", tmp_path / "flow", "--steps", 1, "-o", tmp_path / "F")
    answer = codef(*arguments, "--json")
    assert answer.code == 0
    assert answer.last["psnr_edit_path"] > 35
    write_flo(tmp_path / "flow" / "000003.flo", flow[:-1])
    answer = codef(*arguments, "--json")
    assert answer.code == 3
    assert "000003.flo" in answer.last["error"]["message"]


def one_frame(folder: Path) -> list[object]:
    return [make_clip(folder / "clip", FRAMES[:1])]


def empty(folder: Path) -> list[object]:
    (folder / "clip").mkdir()
    return [folder / "clip"]


def absent(folder: Path) -> list[object]:
    return [folder / "nowhere"]


def gap(folder: Path) -> list[object]:
    return [make_clip(folder / "clip", (1001, 1002, 1004, 1005))]


def outside(folder: Path) -> list[object]:
    return [make_clip(folder / "clip"), "--frames", "1005-1012"]


def two_sequences(folder: Path) -> list[object]:
    clip = make_clip(folder / "clip")
    (clip / "other.1001.png").write_bytes((clip / "shot.1001.png").read_bytes())
    return [clip]


def two_sizes(folder: Path) -> list[object]:
    clip = make_clip(folder / "clip")
    write_png(clip / "shot.1003.png", np.zeros((40, 40, 3), np.uint8))
    return [clip]


def truncated(folder: Path) -> list[object]:
    clip = make_clip(folder / "clip")
    path = clip / "shot.1004.png"
    path.write_bytes(path.read_bytes()[:900])
    return [clip]


def zero_bytes(folder: Path) -> list[object]:
    clip = make_clip(folder / "clip")
    (clip / "shot.1004.png").write_bytes(b"")
    return [clip]


def few_masks(folder: Path) -> list[object]:
    return [make_clip(folder / "clip"), "--masks", make_masks(folder / "masks", FRAMES[:5])]


def small_masks(folder: Path) -> list[object]:
    masks = make_masks(folder / "masks")
    for path in masks.iterdir():
        write_png(path, np.full((24, 32), 255, np.uint8))
    return [make_clip(folder / "clip"), "--masks", masks]


def black_masks(folder: Path) -> list[object]:
    return [make_clip(folder / "clip"), "--masks", make_masks(folder / "masks", value=0)]


@pytest.mark.parametrize(
    ("situation", "named"),
    [
        (one_frame, "two frames"),
        (empty, "clip"),
        (absent, "nowhere"),
        (gap, "1003"),
        (outside, "1009-1012"),
        (two_sequences, "other"),
        (two_sizes, "40x40"),
        (truncated, "1004"),
        (zero_bytes, "1004"),
        (few_masks, "masks"),
        (small_masks, "32x24"),
        (black_masks, "black"),
    ],
)
def test_bad_input_is_refused_with_3_and_one_sentence(
    codef: Codef, tmp_path: Path, situation: object, named: str
) -> None:
    assert callable(situation)
    arguments = situation(tmp_path)
    before = sorted(entry.name for entry in tmp_path.iterdir())
    answer = codef("fit", *arguments, "--steps", 1, "-o", tmp_path / "F", "--json")
    assert answer.code == 3
    assert named in answer.last["error"]["message"]
    assert answer.last["error"]["code"] == 3
    assert "Traceback" not in answer.err
    assert sorted(entry.name for entry in tmp_path.iterdir()) == before


def test_missing_frames_are_skipped_when_asked(codef: Codef, tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "clip", (1001, 1002, 1004, 1005))
    target = tmp_path / "F"
    answer = codef("fit", clip, "--missing", "skip", "--steps", 1, "-o", target, "--json")
    assert answer.code == 0
    assert answer.last["frames"] == 4
    assert any("1003" in warning for warning in answer.last["warnings"])
    told = json.loads((target / "field.json").read_text(encoding="utf-8"))
    assert told["frames"] == [1001, 1002, 1004, 1005]


def test_pixels_that_are_no_numbers_are_counted_in_a_warning(codef: Codef, tmp_path: Path) -> None:
    from engine.io.picture import Picture
    from engine.io.write import WriteOptions, write_picture

    clip = make_clip(tmp_path / "png")
    (tmp_path / "exr").mkdir()
    for frame in FRAMES:
        codes = cv2.imread(str(clip / f"shot.{frame}.png")).astype(np.float32) / 255
        if frame == 1002:
            codes[3, 4:7] = np.nan
        path = tmp_path / "exr" / f"shot.{frame}.exr"
        write_picture(path, Picture.of(codes), WriteOptions(bits=32))
    answer = codef("fit", tmp_path / "exr", "--steps", 1, "-o", tmp_path / "F", "--json")
    assert answer.code == 0
    assert any("3 pixels" in warning for warning in answer.last["warnings"])


@pytest.mark.parametrize(
    "wrong",
    [
        ["--recipe", "magic"],
        ["--set", "magic=3"],
        ["--set", "passes"],
        ["--reference", "7"],
        ["--steps", "-1"],
        ["--seconds", "0"],
        ["--seconds", "3", "--steps", "3"],
        ["--frames", "1001-oops"],
        ["--missing", "invent"],
        ["--colour-space", "Martian"],
        ["--speed", "9"],
    ],
)
def test_bad_usage_is_refused_with_2(
    codef: Codef, clip: Path, tmp_path: Path, wrong: list[str]
) -> None:
    answer = codef("fit", clip, "-o", tmp_path / "F", "--json", *wrong)
    assert answer.code == 2
    assert answer.last["error"]["code"] == 2
    assert list(tmp_path.iterdir()) == []


def test_a_device_that_is_not_there_is_4(codef: Codef, clip: Path, tmp_path: Path) -> None:
    answer = codef("fit", clip, "--steps", 1, "--device", "cuda:63", "-o", tmp_path / "F", "--json")
    assert answer.code == 4
    assert "cuda:63" in answer.last["error"]["message"]


def test_a_place_that_cannot_be_written_is_3_before_any_work(
    codef: Codef, clip: Path, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    answer = codef("fit", clip, "--seconds", 600, "-o", tmp_path / "file" / "F", "--json")
    assert answer.code == 3
    assert "file" in answer.last["error"]["file"]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGTERM to send")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_cancels_with_5_and_leaves_no_field(
    clip: Path, tmp_path: Path, number: signal.Signals
) -> None:
    command = [sys.executable, "-m", "codef_nodes", "fit", str(clip), "--seconds", "120"]
    command += ["-o", str(tmp_path / "F"), "--json"]
    folder = Path(__file__).parents[3]
    environment = {**os.environ, "PYTHONPATH": str(folder)}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    ) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if "fit" in line:
                break
        began = time.monotonic()
        process.send_signal(number)
        out, err = process.communicate(timeout=30)
        # The promise is two seconds; four here, since two cores are shared by many.
        assert time.monotonic() - began < 4
    assert process.returncode == 5
    assert json.loads(out.splitlines()[-1])["error"]["code"] == 5
    assert "Traceback" not in err
    assert not (tmp_path / "F").exists()
