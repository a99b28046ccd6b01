"""The QC sheet of a fit whose one canonical image cannot explain the shot."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.codef_nodes.cli.tinyclip import Codef
from tests.engine.fit.test_propose import texture

HEIGHT, WIDTH, FRAMES = 90, 160, 10


def shot(folder: Path, speed: float) -> Path:
    """A camera that pans over a ground; a disc goes its own way over it, or is not there."""
    ground, disc = texture(HEIGHT, WIDTH + 60, 1), texture(HEIGHT, WIDTH, 2)[..., ::-1]
    y, x = np.mgrid[:HEIGHT, :WIDTH].astype(np.float32)
    folder.mkdir()
    for t in range(FRAMES):
        frame = ground[:, 2 * t : 2 * t + WIDTH]
        if speed:
            inside = np.hypot(x - 45 - speed * t, y - 45) < 20
            moved = np.array([[1, 0, speed * t], [0, 1, 0]], np.float32)
            own = cv2.warpAffine(disc, moved, (WIDTH, HEIGHT), borderMode=cv2.BORDER_REFLECT)
            frame = np.where(inside[..., None], own, frame)
        assert cv2.imwrite(str(folder / f"f.{t + 1:04d}.png"), frame.astype(np.uint8))
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("speed", [4.0, 0.0])
def test_frames_and_place_of_a_group_that_is_missing_are_said(
    codef: Codef, tmp_path: Path, speed: float
) -> None:
    frames, field = shot(tmp_path / "frames", speed), tmp_path / "field"
    assert codef("fit", frames, "--steps", "6", "-o", field, "--json").code == 0
    page = tmp_path / "qc.html"
    said = codef("qc", field, "-o", page, "--json").last["groups"]
    html = page.read_text("utf-8")
    if speed:
        assert said[0].startswith("one still cannot explain ") and "from the bottom left" in said[0]
        assert said[1].startswith("one still cannot explain frames 1-10 at the ")
        assert "--propose-groups" in said[2]
        sentence = f"{said[0][0].upper()}{said[0][1:]}."
        assert "<h2>Groups</h2>" in html and sentence in html
    else:
        assert said == [] and "<h2>Groups</h2>" not in html
