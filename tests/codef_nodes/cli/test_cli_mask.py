"""``codef mask``."""

import json
from pathlib import Path

import numpy as np
import pytest

from engine.metrics.segmentation import region
from tests.codef_nodes.cli.tinyclip import Codef, read_png, write_png
from tests.engine.masks.scene import box, shot

FRAMES, TRUTH = shot(6)


@pytest.fixture(scope="module")
def plate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("plate") / "clip"
    folder.mkdir()
    for index, frame in enumerate(FRAMES):
        write_png(folder / f"s.{index + 11:04d}.png", frame[..., ::-1])
    return folder


def rectangle(k: int = 0) -> str:
    return ",".join(f"{value:g}" for value in box(TRUTH[k]))


def test_a_rectangle_gives_a_mask_for_each_frame(codef: Codef, plate: Path, tmp_path: Path) -> None:
    answer = codef("mask", plate, "--rough", rectangle(), "-o", tmp_path / "m", "--json")
    assert answer.code == 0, answer.err
    assert answer.last["frames"] == [11, 12, 13, 14, 15, 16]
    for index, truth in enumerate(TRUTH):
        mask = read_png(tmp_path / "m" / f"mask.{index + 11:04d}.png")
        assert mask.dtype == np.uint8
        assert region(truth, mask.reshape(96, 160, -1)[..., 0] > 127) > 0.85
    kept = json.loads((tmp_path / "m" / "confidence.json").read_text("utf-8"))
    assert kept == answer.last["confidence"]
    assert answer.last["worst"] == int(min(kept, key=kept.__getitem__))


def test_scribbles_on_another_frame_correct(codef: Codef, plate: Path, tmp_path: Path) -> None:
    line = {"points": [[50, 48], [58, 48]], "inside": False, "radius": 4}
    file = tmp_path / "more.json"
    file.write_text(json.dumps({"scribbles": [line]}), encoding="utf-8")
    words = ["mask", plate, "--rough", rectangle(), "--correct", f"14={file}", "--frames", "11-15"]
    answer = codef(*words, "-o", tmp_path / "c.%04d.png", "--json")
    assert answer.code == 0, answer.err
    assert answer.last["frames"] == [11, 12, 13, 14, 15]
    mask = read_png(tmp_path / "c.0014.png").reshape(96, 160, -1)
    assert mask[48, 54, 0] < 30


@pytest.mark.parametrize(
    ("rough", "code"),
    [("1,2,3", 2), ("9,9,3,3", 2), ("absent.json", 3), ("absent.png", 3)],
)
def test_what_is_no_rough_mask_has_its_exit_code(
    codef: Codef, plate: Path, tmp_path: Path, rough: str, code: int
) -> None:
    assert codef("mask", plate, "--rough", rough, "-o", tmp_path / "m").code == code
    assert not (tmp_path / "m").exists()


def test_a_frame_that_is_not_there_is_said(codef: Codef, plate: Path, tmp_path: Path) -> None:
    words = ("mask", plate, "--rough", rectangle(), "--frame", 99, "-o", tmp_path / "m")
    answer = codef(*words)
    assert answer.code == 3
    assert "frame 99" in answer.err
