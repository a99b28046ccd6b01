"""A Blender to test in, and clips whose truth is known."""

import sys
from pathlib import Path

import pytest

from tests.hosts.blender import Blender, absent, packed


@pytest.fixture(scope="session")
def extension(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The extension as Blender's own tool packs it."""
    reason = absent()
    if reason:
        pytest.skip(reason)
    return packed(tmp_path_factory.mktemp("extension"))


@pytest.fixture
def blender(extension: Path, tmp_path: Path) -> Blender:
    """A Blender with nothing but the extension."""
    name = "codef.exe" if sys.platform == "win32" else "codef"
    return Blender(tmp_path / "settings", extension, Path(sys.executable).parent / name)
