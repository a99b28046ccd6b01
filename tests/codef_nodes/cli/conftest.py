"""Real clips, real fits, and a way to call the command line."""

from pathlib import Path

import pytest

from codef_nodes.__main__ import main
from tests.codef_nodes.cli.tinyclip import Answer, Codef, make_clip, make_masks


@pytest.fixture
def codef(capfd: pytest.CaptureFixture[str]) -> Codef:
    """Runs a command line in this process."""

    def run(*arguments: object) -> Answer:
        capfd.readouterr()
        code = main([str(argument) for argument in arguments])
        said = capfd.readouterr()
        return Answer(code, said.out, said.err)

    return run


@pytest.fixture(scope="session")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of eight PNG frames; never written to."""
    return make_clip(tmp_path_factory.mktemp("clip") / "shot")


@pytest.fixture(scope="session")
def masks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of masks of one group."""
    return make_masks(tmp_path_factory.mktemp("masks") / "actor")


@pytest.fixture(scope="session")
def field(clip: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A real fit of the clip; never written to."""
    folder = tmp_path_factory.mktemp("field") / "FIELD"
    assert main(["fit", str(clip), "--steps", "4", "-o", str(folder), "-q"]) == 0
    return folder


@pytest.fixture(scope="session")
def layered(clip: Path, masks: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A real fit of the clip with a group and its background."""
    folder = tmp_path_factory.mktemp("layered") / "FIELD"
    arguments = ["fit", str(clip), "--masks", str(masks), "--steps", "4", "-o", str(folder), "-q"]
    assert main(arguments) == 0
    return folder
