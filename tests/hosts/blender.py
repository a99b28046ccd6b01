"""Runs scripts in a real, headless Blender: the module ``bpy`` in an environment of its own."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent.parent
HOUSE = ROOT / ".venv-hosts"
INSIDE = Path(__file__).parent / "inside"
EXTENSION = ROOT / "presets" / "hosts" / "blender"
DEFAULT = "5.0.1"
VERSION = os.environ.get("CODEF_BPY", DEFAULT)


def host_python(version: str = VERSION) -> Path:
    """The interpreter that has ``bpy``, whether it is there or not."""
    home = HOUSE / version
    return home / "Scripts" / "python.exe" if os.name == "nt" else home / "bin" / "python"


def python_of(version: str) -> str | None:
    """A Python that ``bpy`` of this version runs in; each Blender has exactly one."""
    if sys.version_info[:2] == (3, 11):
        return sys.executable
    return shutil.which("python3.11")


def absent() -> str:
    """Why there is no Blender to test with; empty when there is one."""
    if "CODEF_BPY" not in os.environ:
        return "tests in a real Blender take minutes; `make test-hosts` runs them"
    if (HOUSE / VERSION / "ready").exists() and host_python().exists():
        return ""
    return f"no Blender here (bpy {VERSION}); `make test-hosts` installs it and runs this"


def packed(folder: Path) -> Path:
    """The extension as a zip, made and checked by Blender's own tool."""
    stage = folder / "stage"
    shutil.copytree(EXTENSION, stage, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copyfile(ROOT / "plugin.py", stage / "plugin.py")
    found = list((HOUSE / VERSION).rglob("bl_pkg/cli/blender_ext.py"))
    command = [str(host_python()), str(found[0]), "build"]
    done = subprocess.run(
        [*command, f"--source-dir={stage}", f"--output-dir={folder}"],
        capture_output=True,
        text=True,
        timeout=120,
    )
    if done.returncode != 0:
        raise AssertionError(done.stdout + done.stderr)
    (built,) = folder.glob("*.zip")
    return built


@dataclass
class Blender:
    """A Blender with the extension, and settings that no other has.

    Attributes:
        home: Folder of its settings.
        extension: The extension, as packed.
        codef: The program that the extension is told of; ``Path()``: it is told of none.
    """

    home: Path
    extension: Path
    codef: Path

    def run(self, script: str, limit: float = 170, **said: Any) -> dict[str, Any]:
        """Runs ``inside/SCRIPT.py`` in a new process and returns what it answers.

        Raises:
            AssertionError: It failed; the message has what Blender said.
        """
        self.home.mkdir(parents=True, exist_ok=True)
        answer = self.home / "answer.json"
        answer.unlink(missing_ok=True)
        said = {**said, "extension": str(self.extension), "answer": str(answer)}
        environment = {
            **os.environ,
            "BLENDER_USER_RESOURCES": str(self.home),
            "PYTHONPATH": "",
        }
        environment.pop("CODEF_PROGRAM", None)
        if self.codef != Path():
            environment["CODEF_PROGRAM"] = str(self.codef)
        done = subprocess.run(
            [str(host_python()), str(INSIDE / f"{script}.py"), json.dumps(said)],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=limit,
            env=environment,
        )
        if done.returncode != 0 or not answer.exists():
            raise AssertionError(f"{script} ended with {done.returncode}:\n{_tail(done)}")
        content: dict[str, Any] = json.loads(answer.read_text("utf-8"))
        return {**content, "said": _tail(done)}


def _tail(done: "subprocess.CompletedProcess[str]") -> str:
    return (done.stdout + done.stderr)[-6000:]
