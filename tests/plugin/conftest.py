"""Nuke's side as it is installed, a fake Nuke to run it in, and a real worker behind it."""

import importlib
import sys
import time
from pathlib import Path

import pytest

from codef_nodes.cli import install_plugin
from tests.plugin import fakenuke, nukerender

ROOT = Path(__file__).resolve().parents[2]
SOON = 120.0


@pytest.fixture(scope="session")
def installed(tmp_path_factory):
    """A folder of Nuke's with the plugin in it, put there by the command's own code."""
    home = tmp_path_factory.mktemp("dot nuke ü")
    install_plugin.install("nuke", home)
    return home


@pytest.fixture
def nuke(installed, monkeypatch, tmp_path):
    """A Nuke that has just started, with a saved script; ``nuke.codef`` is the plugin."""
    known = fakenuke.modules(nukerender.execute)
    for name, module in known.items():
        monkeypatch.setitem(sys.modules, name, module)
    monkeypatch.syspath_prepend(str(installed))
    monkeypatch.setenv("CODEF_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("CODEF_PROGRAM", raising=False)
    for name in [each for each in sys.modules if each.split(".")[0] == "codef_nuke"]:
        monkeypatch.delitem(sys.modules, name)
    fake = known["nuke"]
    fake.codef = importlib.import_module("codef_nuke")
    fake.panels = known["nukescripts.panels"]
    script = tmp_path / "shöt 010"
    script.mkdir()
    fake._root["name"]._value = str(script / "comp_v01.nk")
    fake.codef.register()
    yield fake
    for close in fake.closers:
        close()
    for name in [each for each in sys.modules if each.split(".")[0] == "codef_nuke"]:
        del sys.modules[name]


@pytest.fixture
def until(nuke):
    """Runs Nuke's main loop until something holds."""

    def wait(condition, seconds=SOON):
        end = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < end, (nuke.messages, nuke.printed)
            nuke.pump()

    return wait
