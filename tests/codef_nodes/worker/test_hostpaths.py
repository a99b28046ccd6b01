"""Paths that a host says: whole ones of this machine, mapped ones, and a clear no."""

from pathlib import Path

import pytest

from codef_nodes.worker.hostpaths import local_path
from engine.errors import UsageError


def here(text, pairs="", windows=False):
    return local_path(text, environment={"CODEF_PATH_MAP": pairs}, windows=windows)


def test_a_whole_path_stays():
    assert here("/mnt/shots ü/a b.%04d.exr") == Path("/mnt/shots ü/a b.%04d.exr")


@pytest.mark.parametrize("text", [r"P:\shots\a.exr", "p:/shots/a.exr", r"\\server\shots\a.exr"])
def test_a_windows_path_is_refused_with_the_variable_that_helps(text):
    with pytest.raises(UsageError, match="CODEF_PATH_MAP"):
        here(text)


@pytest.mark.parametrize("text", ["", "  ", "a.exr", "./a.exr", "a\0b"])
def test_what_is_no_whole_path_is_refused(text):
    with pytest.raises(UsageError, match="the host"):
        here(text)


@pytest.mark.parametrize(
    ("text", "pairs", "found"),
    [
        (r"P:\shots\a\b.exr", r"P:\shots=/mnt/shots", "/mnt/shots/a/b.exr"),
        ("p:/SHOTS/a.exr", r"P:\shots\=/mnt/shots/", "/mnt/shots/a.exr"),
        (r"\\server\x\a.exr", r"\\server\x=/mnt/x", "/mnt/x/a.exr"),
        (r"P:\a\b.exr", r"P:=/p; P:\a=/longer", "/longer/b.exr"),
        (r"P:\a\b.exr", r"nonsense;;=/x;P:\a=;P:=/p", "/p/a/b.exr"),
        ("/jobs/a.exr", "/jobs=/mnt/jobs", "/mnt/jobs/a.exr"),
    ],
)
def test_the_longest_pair_that_fits_is_taken(text, pairs, found):
    assert here(text, pairs) == Path(found)


def test_a_pair_fits_whole_folders_only():
    with pytest.raises(UsageError):
        here(r"P:\shotsX\a.exr", r"P:\shots=/mnt/shots")


def test_capitals_count_where_the_other_system_counts_them():
    assert here("/Jobs/a.exr", "/jobs=/mnt") == Path("/Jobs/a.exr")


def test_on_windows_a_path_of_linux_is_refused_and_mapped():
    with pytest.raises(UsageError, match="no path of Windows"):
        here("/mnt/shots/a.exr", windows=True)
    mapped = here("/mnt/shots/a.exr", r"/mnt/shots=P:\shots", windows=True)
    assert str(mapped).replace("\\", "/") == "P:/shots/a.exr"
    assert str(here(r"P:\a.exr", windows=True)) == r"P:\a.exr"
