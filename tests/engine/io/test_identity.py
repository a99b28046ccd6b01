"""An identity follows what a file holds, wherever it lies and whenever it was copied."""

import os
import shutil
from pathlib import Path

import numpy as np
import pytest

from engine.errors import InputError
from engine.io.identity import WHOLE, file_identity
from engine.io.picture import Picture, Window
from engine.io.write import WriteOptions, write_picture


def picture(path: Path, value: float = 0.5, **options: object) -> Path:
    """A noisy picture that does not compress; one pixel in its middle has the value."""
    pixels = np.random.default_rng(1).random((400, 400, 3)).astype(np.float32)
    pixels[200, 200] = value
    window = Window(0, 0, 400, 400)
    path.parent.mkdir(exist_ok=True)
    write_picture(path, Picture(pixels, display=window, data=window), WriteOptions(**options))
    return path


def copied(path: Path, time: int = 5) -> Path:
    """A copy in another folder with another time."""
    other = path.parent / "copy" / path.name
    other.parent.mkdir(exist_ok=True)
    shutil.copyfile(path, other)
    os.utime(other, (time, time))
    return other


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.exr", "a.txt"])
def test_a_copy_is_the_same_and_an_edit_in_place_is_not(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    if name == "a.txt":
        path.write_bytes(b"x" * (WHOLE - 1))
    else:
        picture(path)
    before = file_identity(path)
    assert file_identity(copied(path)) == before
    state = path.stat()
    if name == "a.txt":
        path.write_bytes(b"x" * 1000 + b"y" + b"x" * (WHOLE - 1002 + 0))
    else:
        picture(path, 0.1)
    os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns))
    assert file_identity(path) != before


def test_a_large_file_that_samples_cannot_tell_is_told_by_its_time(tmp_path: Path) -> None:
    path = tmp_path / "a.dpx"
    data = bytearray(4 * WHOLE)
    path.write_bytes(data)
    before = file_identity(path)
    data[WHOLE] = 1
    path.write_bytes(data)
    os.utime(path, (9, 9))
    assert file_identity(path) != before


def test_what_was_remembered_is_read_again_when_the_file_is_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.io.identity._SETTLED", -1.0)
    path = tmp_path / "a.txt"
    path.write_bytes(b"one")
    first = file_identity(path)
    state = path.stat()
    assert file_identity(path) == first
    path.unlink()
    path.write_bytes(b"two")
    os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns))
    assert file_identity(path) != first
    path.unlink()
    with pytest.raises(InputError, match=r"a\.txt"):
        file_identity(path)
