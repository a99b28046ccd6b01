"""The Pythons of Nuke 13 to 17, where this machine has them: the client talks, the plugin loads."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from codef_nodes.cli import install_plugin

TALK = """
import sys, json
sys.path.insert(0, sys.argv[1])
import plugin
worker = plugin.Worker()
shot = plugin.Shot(worker, sys.argv[2])
try:
    shot.open().wait(60)
except plugin.CodefError as error:
    print(json.dumps([list(sys.version_info[:2]), error.code, worker.pid is not None]))
worker.close()
"""

LOAD = """
import sys, types
class Names(types.ModuleType):
    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return type(name, (), {})
for name in ("nuke", "nukescripts", "PySide2", "PySide2.QtCore", "PySide2.QtWidgets"):
    sys.modules[name] = Names(name)
sys.path.insert(0, sys.argv[1])
import codef_nuke, codef_nuke.actions, codef_nuke.panel
print(codef_nuke.actions.clip_for.__name__, codef_nuke.panel.QtWidgets.__name__)
"""


def python(minor):
    """An interpreter of that version; a skipped test says that there is none."""
    found = shutil.which(f"python3.{minor}")
    kept = sorted((Path.home() / ".pyenv/versions").glob(f"3.{minor}.*/bin/python"))
    if kept:
        found = str(kept[-1])
    if found is None:
        pytest.skip(f"there is no Python 3.{minor} here")
    return found


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    folder = tmp_path_factory.mktemp("nuke")
    install_plugin.install("nuke", folder)
    return folder


# Nuke 13, 14, 15, 16; 3.13 is what the newest Blender has.
@pytest.mark.parametrize("minor", [7, 9, 10, 11, 13])
def test_the_client_talks_to_the_program_from_that_python(home, tmp_path, minor):
    missing = str(tmp_path / "shöt.codef")
    command = [python(minor), "-I", "-c", TALK, str(home / "codef_nuke"), missing]
    said = subprocess.run(command, capture_output=True, text=True)
    assert said.stdout and json.loads(said.stdout) == [[3, minor], 3, True], said.stderr


@pytest.mark.parametrize("minor", [7, 9, 10, 11, 13])
def test_the_nuke_side_loads_in_that_python(home, minor):
    command = [python(minor), "-I", "-c", LOAD, str(home)]
    said = subprocess.run(command, capture_output=True, text=True)
    assert said.stdout.split() == ["clip_for", "PySide2.QtWidgets"], said.stderr
