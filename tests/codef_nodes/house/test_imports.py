"""Importing is free: no heavy module, no device, no kernel."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
HEAVY = ("torch", "numba", "cv2", "av", "OpenImageIO", "PyOpenColorIO", "PySide6")
PACKAGES = [
    path.parent.relative_to(ROOT).as_posix().replace("/", ".")
    for top in ("engine", "codef_nodes", "gui", "presets")
    for path in sorted((ROOT / top).rglob("__init__.py"))
    if path.parent.parent != ROOT / "presets/hosts"  # these run in Nuke and Blender only
]
LIGHT = [
    *PACKAGES,
    "codef_nodes.__main__",
    "codef_nodes.bootstrap",
    "codef_nodes.checks",
    "codef_nodes.demo.footage",
    "codef_nodes.demo.contact_sheet",
    "codef_nodes.demo.synthetic",
    "engine.arrays",
    "engine.errors",
    "engine.progress",
    "engine.io.picture",
    "engine.fields.field",
    "engine.fit.request",
]


def loaded_by(modules: list[str]) -> dict[str, list[str]]:
    """Which heavy modules each import adds, in one fresh process."""
    program = (
        "import importlib, json, sys\n"
        f"heavy = set({HEAVY!r})\n"
        "found = {}\n"
        f"for name in {modules!r}:\n"
        "    before = heavy & set(sys.modules)\n"
        "    importlib.import_module(name)\n"
        "    found[name] = sorted((heavy & set(sys.modules)) - before)\n"
        "print(json.dumps(found))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    found: dict[str, list[str]] = json.loads(done.stdout.splitlines()[-1])
    return found


def test_importing_a_package_or_a_light_module_loads_nothing_heavy() -> None:
    found = loaded_by(LIGHT)
    assert set(found) == set(LIGHT)
    assert {name: heavy for name, heavy in found.items() if heavy} == {}


def test_the_probe_sees_a_heavy_import() -> None:
    assert loaded_by(["engine", "numba"])["numba"] != []


@pytest.mark.parametrize("module", ["codef_nodes.bootstrap", "codef_nodes"])
def test_bootstrap_runs_with_the_standard_library_alone(module: str) -> None:
    # -S leaves site-packages out: what is left is what a fresh machine has.
    program = f"import sys; sys.path.insert(0, {str(ROOT)!r}); import {module}"
    done = subprocess.run([sys.executable, "-S", "-I", "-c", program], capture_output=True)
    assert done.returncode == 0, done.stderr.decode()
