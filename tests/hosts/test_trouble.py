"""Errors, Esc, a killed worker, undo, and what other programs do meanwhile; in a real Blender."""

import os
from pathlib import Path
from typing import Any

import pytest

from tests.hosts.blender import Blender
from tests.hosts.clips import make_png_clip


@pytest.fixture(scope="module")
def found(extension: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What one session in Blender brought about."""
    if os.name == "nt":
        pytest.skip("the script kills a process the POSIX way")
    import sys

    folder = tmp_path_factory.mktemp("trouble")
    first = make_png_clip(folder / "a" / "clip")
    other = make_png_clip(folder / "b" / "clip")
    blender = Blender(folder / "settings", extension, Path(sys.executable).parent / "codef")
    answer: dict[str, Any] = blender.run(
        "trouble", folder=str(folder), file=str(first), other=str(other), seconds=6
    )
    return answer["found"]


def test_nothing_is_sent_before_there_is_a_place_for_it(found: dict[str, Any]) -> None:
    assert "save the .blend file first" in found["not saved"]


def test_without_a_shot_there_is_nothing_to_press(found: dict[str, Any]) -> None:
    assert found["no shot"] == [False, False]


def test_a_clip_has_one_document_and_another_of_its_name_has_another(
    found: dict[str, Any],
) -> None:
    assert len(found["sent twice"]) == 1
    assert [Path(path).name for path in found["same name"]] == ["shot.codef", "shot_2.codef"]


def test_an_error_is_reported_and_stays_in_the_panel(found: dict[str, Any]) -> None:
    said, kept = found["not fitted"]
    assert "fit it first" in said
    assert kept in said
    assert kept


def test_esc_stops_a_fit_and_is_no_error(found: dict[str, Any]) -> None:
    result, said, status, error, busy = found["escape"]
    assert result == "CANCELLED"
    assert said == [["INFO", "Fitting: stopped"]]
    assert (status, error, busy) == ("stopped", "", "")


def test_a_worker_that_dies_is_told_and_another_one_starts(found: dict[str, Any]) -> None:
    result, said, error, busy = found["killed"]
    assert result == "CANCELLED"
    assert said[0][0] == "ERROR"
    assert "ended unexpectedly" in error
    assert busy == ""
    result, said, error, starts = found["after that"]
    assert (result, error, starts) == ("FINISHED", "", 2)
    assert "dB" in said[0][1]


def test_a_bake_is_one_step_back_and_forth(found: dict[str, Any]) -> None:
    groups, nodes = found["baked"]
    assert len(groups) == 1
    assert nodes == 4  # plate, still, group, output
    assert found["undone"] == [[], 0]
    assert found["redone"] == found["baked"]


def test_a_second_bake_doubles_nothing_and_keeps_the_artists_wires(found: dict[str, Any]) -> None:
    groups, more, wired = found["again"]
    assert groups == found["baked"][0]
    assert more == 0
    assert wired == "Blur"


def test_unsaved_paint_survives_a_reload_and_is_saved_by_a_render(found: dict[str, Any]) -> None:
    assert found["reload"] is True
    assert found["handed over"] is False


def test_what_another_program_renders_appears(found: dict[str, Any]) -> None:
    status, nodes = found["live"]
    assert "rendered in Codef Nodes" in status
    assert nodes == 1


def test_paint_on_an_older_fit_is_kept_and_told(found: dict[str, Any]) -> None:
    assert "the fit changed since clip was painted" in found["stale"]


def test_the_window_of_the_program_opens_the_shot(found: dict[str, Any]) -> None:
    if not Path("/proc").is_dir():
        pytest.skip("processes are looked up as Linux lists them")
    assert found["windows"] >= 1


def test_the_worker_ends_with_the_extension(found: dict[str, Any]) -> None:
    assert found["ended"] is True


def test_a_program_that_is_not_there_is_an_error_that_says_what_to_do(
    extension: Path, tmp_path: Path
) -> None:
    first = make_png_clip(tmp_path / "clip")
    blender = Blender(tmp_path / "settings", extension, tmp_path / "gone")
    said = blender.run("absent", folder=str(tmp_path), file=str(first))
    assert "CODEF_PROGRAM" in said["error"]
    assert said["started"] is False, "installing the extension started the worker"
