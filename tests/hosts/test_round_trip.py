"""A shot through Blender and back, compared with what the program makes of the same paint.

Tolerances. The nodes read the still as the engine's filter ``bilinear`` does, so pixel for pixel
both must agree up to float rounding and how hard faint paint covers (the nodes encode without the
toe of sRGB): ``SAME``. That is far below what a tenth of a pixel of displacement makes, which the
tests check. The program itself reads paint with a sharper filter: then pictures may differ by what
filters differ, ``ALIKE``.
"""

import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.hosts.blender import Blender
from tests.hosts.clips import COUNT, FIRST, make_exr_clip, make_movie, make_png_clip
from tests.hosts.comparing import Engine, psnr, read

SAME, ALIKE = 1e-3, 45.0


def check_frames(answer: dict[str, Any], frames: list[int], plate_off: float) -> None:
    """The rendered frames against the engine's, and against what would be wrong.

    ``plate_off`` is how far Blender's own reading of the plate may be from ours.
    """
    engine = Engine(answer)
    for frame, file in zip(frames, answer["files"], strict=True):
        drawn, plate = read(file), engine.plate(frame)
        reached = engine.reached(frame)
        assert 0.01 < reached.mean() < 0.6, "the paint is nowhere or everywhere"
        assert psnr(drawn[reached], plate[reached]) < 20, "the paint is not seen"
        untouched = ~_grown(reached)
        assert np.abs(drawn - plate)[untouched].max() <= plate_off, "the plate was changed"
        assert psnr(drawn, engine.frame(frame, "cubic")) > ALIKE
        same = engine.frame(frame, "bilinear")
        moved = engine.frame(frame, "bilinear", shifted=0.1)
        assert np.abs(drawn - same).max() < SAME
        assert np.abs(drawn - moved).max() > 4 * SAME


def _grown(where: Any, by: int = 3) -> Any:
    import cv2

    return cv2.dilate(where.astype(np.uint8), np.ones((2 * by + 1,) * 2)) > 0


@pytest.mark.slow
def test_a_still_painted_in_blender_comes_back_in_every_frame(
    blender: Blender, tmp_path: Path
) -> None:
    folder = tmp_path / "shöt 010"
    first = make_png_clip(folder / "clip")
    frames = [FIRST, FIRST + 5, FIRST + COUNT - 1]
    disc = {"x": 80, "y": 45, "radius": 18, "soft": 6, "colour": [0.9, 0.1, 0.05]}
    answer = blender.run(
        "round_trip",
        folder=str(folder),
        file=str(first),
        node=False,
        masks=[],
        start=FIRST,
        seconds=15,
        frames=frames,
        paint=[{"layer": 0, **disc}],
    )
    assert not answer["error"]
    assert "light" in answer["manifest"]["layers"][0]["files"], "the clip gets brighter"
    check_frames(answer, frames, plate_off=5e-5)  # each has its own table of the sRGB curve
    # What the program renders itself has grain and highlights besides.
    for frame, file in zip(frames, answer["files"], strict=True):
        result = Path(answer["result"].replace(str(FIRST), str(frame)))
        assert psnr(read(file), read(result)) > ALIKE
    # And a farm needs neither the extension nor the program.
    farm = Blender(tmp_path / "bare", blender.extension, tmp_path / "no such program")
    there = tmp_path / "farm"
    again = farm.run(
        "farm",
        blend=str(folder / "comp.blend"),
        folder=str(there),
        frames=frames,
        size=answer["manifest"]["format"],
    )
    for ours, theirs in zip(answer["files"], again["files"], strict=True):
        # The still was saved in half float; in the Blender that painted it had all its digits.
        assert np.abs(read(ours) - read(theirs)).max() < 1e-3


@pytest.mark.slow
def test_two_groups_meet_at_a_soft_edge_without_a_seam(blender: Blender, tmp_path: Path) -> None:
    folder, masks = tmp_path / "shot", tmp_path / "masks"
    first = make_exr_clip(folder / "clip", masks)
    frames = [1, 7, COUNT]
    answer = blender.run(
        "round_trip",
        folder=str(folder),
        file=str(first),
        node=True,
        space="Linear Rec.709",
        masks=[str(masks)],
        start=1,
        count=COUNT,
        number=FIRST,
        seconds=20,
        frames=frames,
        paint=[
            {"layer": 0, "x": 84, "y": 46, "radius": 22, "soft": 3, "colour": [0.9, 0.1, 0.05]},
            {"layer": 1, "x": 84, "y": 46, "radius": 28, "soft": 3, "colour": [0.05, 0.7, 0.1]},
        ],
    )
    assert [layer["name"] for layer in answer["manifest"]["layers"]] == ["front", "background"]
    files = answer["manifest"]["layers"][1]["files"]
    assert {"matte", "edge"} <= set(files)
    check_frames(answer, [FIRST - 1 + frame for frame in frames], plate_off=0)


@pytest.mark.slow
def test_a_movie_strip_shows_each_frame_its_own_paint(blender: Blender, tmp_path: Path) -> None:
    """Also: what ``codef install-plugin`` puts in place finds its program by itself."""
    folder = tmp_path / "shot"
    folder.mkdir()
    file = make_movie(folder / "run 01.mp4")
    repository = blender.home / "extensions" / "user_default"
    repository.mkdir(parents=True)
    command = [str(blender.codef), "install-plugin", "blender", "--path", str(repository)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    installed = Blender(blender.home, repository, Path())
    numbers = [0, 5, COUNT - 1]
    answer = installed.run(
        "movie",
        folder=str(folder),
        file=str(file),
        seconds=10,
        frames=[41 + number for number in numbers],
    )
    engine = Engine(answer)
    for number, file in zip(numbers, answer["files"], strict=True):
        drawn = read(file)
        # Each program has its own way from YUV to RGB; where the paint is there is none.
        alike = {n: psnr(drawn, engine.frame(n, "bilinear")) for n in range(COUNT)}
        assert max(alike, key=lambda n: alike[n]) == number
        solid = engine.solid(number)
        assert solid.sum() > 200
        same = engine.frame(number, "bilinear")
        assert np.abs(drawn - same)[solid].max() < SAME
