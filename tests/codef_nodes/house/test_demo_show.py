"""What the demonstration shows is read from the files that it rendered."""

import json
from pathlib import Path

import cv2
import numpy as np
import OpenImageIO as oiio
import pytest

from codef_nodes.demo import __main__ as demo
from codef_nodes.demo import show
from codef_nodes.demo.footage import Footage
from engine.errors import InputError


def write_exr(path: Path, pixels: np.ndarray) -> None:
    """A float EXR with our working space in its header."""
    path.parent.mkdir(parents=True, exist_ok=True)
    spec = oiio.ImageSpec(pixels.shape[1], pixels.shape[0], pixels.shape[2], "float")
    spec.attribute("oiio:ColorSpace", "Linear Rec.709 (sRGB)")
    out = oiio.ImageOutput.create(str(path))
    assert out.open(str(path), spec)
    assert out.write_image(np.ascontiguousarray(pixels, np.float32))
    out.close()


@pytest.fixture
def rendered(tmp_path: Path) -> Footage:
    """A folder as a render leaves it."""
    clip = Footage("city", tmp_path / "source" / "city.%04d.png", 0, 11, "a test")
    clip.pattern.parent.mkdir()
    for number in range(12):
        shade = np.full((90, 160, 3), 20 * number, np.uint8)
        cv2.imwrite(str(clip.frame(number)), shade)
        write_exr(tmp_path / "result" / f"city.{number:04d}.exr", np.full((90, 160, 3), 0.5))
    still = np.zeros((100, 180, 4))
    still[5:95, 10:170] = (0.2, 0.1, 0.05, 1.0)
    write_exr(tmp_path / "canonical.exr", still)
    write_exr(tmp_path / "edited.exr", still[..., [2, 1, 0, 3]])
    return clip


def test_the_sheet_is_made_from_the_rendered_files(rendered: Footage, tmp_path: Path) -> None:
    sheet = cv2.imread(str(show.sheet(tmp_path, rendered)))
    # Linear 0.5 is code 188 in sRGB: five result frames and nothing else on the sheet have it.
    plain = np.all(sheet == 188, axis=2)
    assert plain.mean() > 0.1
    # In the upper half only a few edge pixels of letters happen to have that grey.
    assert plain[: sheet.shape[0] // 2].mean() < 0.001


def test_a_missing_result_is_told(rendered: Footage, tmp_path: Path) -> None:
    for path in (tmp_path / "result").glob("*.exr"):
        path.unlink()
    with pytest.raises(InputError, match="result"):
        show.sheet(tmp_path, rendered)


def test_premultiplied_pixels_are_shown_straight() -> None:
    half = np.full((2, 2, 4), 0.5, np.float32)  # white at half coverage
    codes = show.display_codes(half)
    assert codes[0, 0].tolist() == [255, 255, 255, 128]


def test_the_newest_fit_of_the_clip_is_reported(rendered: Footage, tmp_path: Path) -> None:
    fits = (
        ("demo_Fit_fit_v001", "city.%04d.png", 30.0),
        ("demo_Fit_fit_v002", "city.%04d.png", 33.5),
        ("demo_balloon_Fit_fit_v001", "balloon.%04d.png", 40.0),
    )
    assert show.fit_report(tmp_path, rendered) == {}
    for name, source, value in fits:
        folder = tmp_path / name
        folder.mkdir()
        report = {"psnr_edit_path": value, "seconds": 41.2, "recipe": "seeded"}
        field = {"report": report, "source": {"path": f"../source/x/{source}"}}
        (folder / "field.json").write_text(json.dumps(field))
    assert show.fit_report(tmp_path, rendered) == {"psnr_edit_path": 33.5, "seconds": 41.2}


def test_frames_are_spread_from_first_to_last() -> None:
    assert show.spread(list(range(116)), 5) == [0, 29, 58, 86, 115]
    assert show.spread([3, 9], 5) == [3, 9]


def test_an_unknown_option_is_bad_usage(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        demo.main(["--no-such-option"])
    assert stopped.value.code == 2
    assert "--no-such-option" in capsys.readouterr().err


def test_a_folder_that_cannot_be_made_is_told_without_a_traceback(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    assert demo.main(["--offline", "-o", str(blocked / "demo")]) == 3
    assert "file" in capsys.readouterr().out
