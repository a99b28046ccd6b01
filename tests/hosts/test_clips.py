"""What is selected in Blender, as files and frames of the program."""

from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest

from tests.hosts.blender import Blender


@pytest.fixture(scope="module")
def found(extension: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """All of them, from one Blender."""
    folder = tmp_path_factory.mktemp("clips")
    (folder / "sh 100%").mkdir()
    png = cv2.imencode(".png", np.full((36, 64, 3), 90, np.uint8))[1].tobytes()
    for number in range(1001, 1007):
        (folder / "sh 100%" / f"plate_v002.{number}.png").write_bytes(png)
    (folder / "matte.png").write_bytes(png)
    movie = folder / "run_01.mp4"
    with av.open(str(movie), "w") as output:
        stream = output.add_stream("mpeg4", rate=24)
        stream.width, stream.height = 64, 36
        for level in range(5):
            picture = np.full((36, 64, 3), 40 * level, np.uint8)
            output.mux(stream.encode(av.VideoFrame.from_ndarray(picture, "rgb24")))
        output.mux(stream.encode())
    blender = Blender(folder / "settings", extension, Path("unused"))
    answer: dict[str, Any] = blender.run("clips", folder=str(folder), movie=str(movie))["found"]
    return answer


def frames(clip: dict[str, Any]) -> list[int]:
    """First and last file, and the scene's frame of the first."""
    return [clip["first"], clip["last"], clip["start"]]


def test_a_movie_clip_starts_where_its_offset_says(found: dict[str, Any]) -> None:
    clip = found["movie clip with an offset"]
    assert clip["source"].endswith("plate_v002.%04d.png")
    assert frames(clip) == [1003, 1006, 101]
    assert clip["name"] == "plate_v002"
    assert found["node of a movie clip"] == clip


def test_a_percent_sign_in_a_folder_is_no_pattern(found: dict[str, Any]) -> None:
    assert "sh 100%" in found["trimmed image node"]["source"]
    assert found["trimmed image node"]["source"].count("%0") == 1


def test_a_trimmed_node_sends_what_it_shows(found: dict[str, Any]) -> None:
    assert frames(found["trimmed image node"]) == [1003, 1005, 11]


def test_strips_send_what_they_show(found: dict[str, Any]) -> None:
    assert frames(found["strip"]) == [1001, 1006, 51]
    assert frames(found["trimmed strip"]) == [1002, 1004, 52]


def test_colour_is_told_by_name_and_data_has_none(found: dict[str, Any]) -> None:
    assert found["strip"]["space"] == "sRGB Encoded Rec.709 (sRGB)"
    assert not found["strip"]["raw"]
    assert found["data"]["raw"]


def test_a_movie_counts_from_0(found: dict[str, Any]) -> None:
    assert found["movie"]["movie"]
    assert frames(found["movie"]) == [0, 4, 21]
    assert found["movie"]["name"] == "run_01"


@pytest.mark.parametrize(
    ("thing", "words"),
    [
        ("one picture", "single picture"),
        ("no number", "no frame number"),
        ("files that are not there", "no two files"),
        ("nothing", "select"),
        ("another node", "select"),
        ("strip of mixed files", "numbered one after the other"),
    ],
)
def test_what_cannot_be_sent_says_why(found: dict[str, Any], thing: str, words: str) -> None:
    assert words in found[thing]
