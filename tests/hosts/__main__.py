"""Tests in real hosts: ``python -m tests.hosts [--bpy VERSION] [PYTEST ARGUMENTS]``.

Makes a virtual environment of its own for Blender's Python module, since that brings another NumPy
than ours, and runs the tests of this folder. A second run only runs the tests.
"""

import argparse
import os
import subprocess
import sys
from pathlib import Path

from tests.hosts.blender import DEFAULT, HOUSE, ROOT, host_python, python_of


def make(version: str) -> None:
    """Makes the environment unless it is there and works.

    Raises:
        SystemExit: It cannot be made; the message says why.
    """
    home = HOUSE / version
    python = host_python(version)
    if python.exists() and (home / "ready").exists():
        return
    base = python_of(version)
    if base is None:
        raise SystemExit(
            f"test-hosts: bpy {version} needs Python 3.11 and none was found; install one"
        )
    print(f"test-hosts: making {home.relative_to(ROOT)} (bpy {version}, 1 GB)", flush=True)
    subprocess.run([base, "-m", "venv", "--clear", str(home)], check=True)
    pip = [str(python), "-m", "pip", "--disable-pip-version-check", "--no-input", "install"]
    done = subprocess.run([*pip, "--quiet", "--only-binary", ":all:", f"bpy=={version}"])
    if done.returncode != 0:
        raise SystemExit(
            f"test-hosts: pip could not install bpy {version} (its message is above); check the "
            "network and 1 GB of free disk space"
        )
    (home / "ready").touch()


def main() -> int:
    """Sets up and runs; returns pytest's exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.hosts", description=__doc__)
    parser.add_argument("--bpy", default=DEFAULT, metavar="VERSION", help=f"default: {DEFAULT}")
    options, rest = parser.parse_known_args()
    make(options.bpy)
    environment = {**os.environ, "CODEF_BPY": options.bpy}
    command = [sys.executable, "-m", "pytest", "--durations=5", str(Path(__file__).parent), *rest]
    return subprocess.run(command, cwd=ROOT, env=environment).returncode


if __name__ == "__main__":
    sys.exit(main())
