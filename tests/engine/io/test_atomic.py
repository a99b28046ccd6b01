import subprocess
import sys
import textwrap

import pytest

from engine.errors import WriteError
from engine.io.atomic import atomic_folder, clean_parts, replace_atomically, share_folder


def test_the_final_name_appears_only_when_the_block_ends_well(tmp_path):
    path = tmp_path / "new" / "shot.0001.exr"
    with replace_atomically(path) as part:
        part.write_bytes(b"whole")
        assert part.parent == path.parent and part.suffix == ".exr" and part.name.startswith(".")
        assert not path.exists()
    assert path.read_bytes() == b"whole"
    assert [p.name for p in path.parent.iterdir()] == ["shot.0001.exr"]


def test_a_failure_leaves_the_old_file_and_no_part(tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(b"old")
    with pytest.raises(ValueError), replace_atomically(path) as part:
        part.write_bytes(b"half")
        raise ValueError
    assert path.read_bytes() == b"old"
    assert len(list(tmp_path.iterdir())) == 1


def test_a_failed_check_leaves_the_old_file(tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(b"old")

    def check(part):
        raise WriteError(f"{part}: incomplete")

    with pytest.raises(WriteError), replace_atomically(path, check) as part:
        part.write_bytes(b"half")
    assert path.read_bytes() == b"old"
    assert len(list(tmp_path.iterdir())) == 1


def test_a_place_below_a_regular_file_is_refused_by_name(tmp_path):
    (tmp_path / "file").write_text("x")
    with (
        pytest.raises(WriteError, match="file") as told,
        replace_atomically(tmp_path / "file" / "a.exr"),
    ):
        pass
    assert told.value.code == 3


def test_long_names_stay_within_what_file_systems_take(tmp_path):
    path = tmp_path / ("ü" * 110 + ".exr")
    with replace_atomically(path) as part:
        part.write_bytes(b"x")
    assert path.read_bytes() == b"x"


def test_an_existing_folder_is_replaced_whole(tmp_path):
    path = tmp_path / "shot_fit.v003"
    path.mkdir()
    (path / "stale.txt").write_text("old")
    with atomic_folder(path) as part:
        (part / "sub").mkdir()
        (part / "sub" / "field.json").write_text("{}")
        assert (path / "stale.txt").exists()
    assert sorted(p.name for p in path.iterdir()) == ["sub"]
    assert [p.name for p in tmp_path.iterdir()] == ["shot_fit.v003"]


def test_a_failed_folder_leaves_the_old_one(tmp_path):
    path = tmp_path / "field"
    path.mkdir()
    (path / "field.json").write_text("old")
    with pytest.raises(ValueError), atomic_folder(path) as part:
        (part / "field.json").write_text("new")
        raise ValueError
    assert (path / "field.json").read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["field"]


KILLED = """
import os, sys
from pathlib import Path
from engine.io import atomic

where = Path(sys.argv[1])
if sys.argv[2] == "file":
    with atomic.replace_atomically(where / "out.0001.exr") as part:
        part.write_bytes(b"half a file")
        os._exit(9)
with atomic.atomic_folder(where / "field") as part:
    (part / "field.json").write_text("new")
    if sys.argv[2] == "folder":
        os._exit(9)
    kept = os.replace
    def replace_and_die(a, b):
        kept(a, b)
        os._exit(9)
    os.replace = replace_and_die
"""


def kill_in_the_middle(where, what):
    code = subprocess.run([sys.executable, "-c", textwrap.dedent(KILLED), str(where), what])
    assert code.returncode == 9


@pytest.mark.parametrize("what", ["file", "folder"])
def test_leftovers_of_a_killed_writer_are_found_and_removed(tmp_path, what):
    (tmp_path / "keep.txt").write_text("mine")
    kill_in_the_middle(tmp_path, what)
    assert len(list(tmp_path.iterdir())) == 2
    assert not (tmp_path / "out.0001.exr").exists() and not (tmp_path / "field").exists()
    assert len(clean_parts(tmp_path)) == 1
    assert [p.name for p in tmp_path.iterdir()] == ["keep.txt"]


def test_a_writer_killed_between_the_two_moves_loses_no_folder(tmp_path):
    (tmp_path / "field").mkdir()
    (tmp_path / "field" / "field.json").write_text("old")
    kill_in_the_middle(tmp_path, "swap")
    assert not (tmp_path / "field").exists()
    clean_parts(tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["field"]
    assert (tmp_path / "field" / "field.json").read_text() == "old"


def test_parts_of_running_writers_are_kept(tmp_path):
    with replace_atomically(tmp_path / "a.exr") as part:
        part.write_bytes(b"x")
        assert clean_parts(tmp_path) == []
        assert part.exists()


def test_cleaning_an_absent_folder_is_no_error(tmp_path):
    assert clean_parts(tmp_path / "none") == []


def test_a_shared_folder_holds_the_same_files_and_outlives_the_first(tmp_path):
    first, second = tmp_path / "a", tmp_path / "b"
    (first / "deep").mkdir(parents=True)
    (first / "deep" / "x.bin").write_bytes(b"pixels")
    share_folder(first, second)
    with replace_atomically(first / "deep" / "x.bin") as part:
        part.write_bytes(b"other")
    assert (second / "deep" / "x.bin").read_bytes() == b"pixels"


def test_where_files_cannot_have_two_names_they_are_copied(tmp_path, monkeypatch):
    def refused(source, target):
        raise OSError("no links here")

    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "x.bin").write_bytes(b"pixels")
    monkeypatch.setattr("os.link", refused)
    share_folder(tmp_path / "a", tmp_path / "b")
    assert (tmp_path / "b" / "x.bin").read_bytes() == b"pixels"
