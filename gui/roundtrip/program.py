"""Opens a picture in the artist's paint program; never through a shell."""

import sys
from pathlib import Path

from PySide6.QtCore import QProcess, QUrl
from PySide6.QtGui import QDesktopServices


def command(program: str, file: Path, platform: str = sys.platform) -> tuple[str, list[str]]:
    """What is started: a program and its arguments.

    Args:
        program: An executable, or on macOS an application bundle.
        file: The picture.
        platform: As ``sys.platform`` says it.
    """
    if platform == "darwin" and program.rstrip("/").endswith(".app"):
        return "open", ["-a", program, str(file)]
    return program, [str(file)]


def open_in_program(program: str, file: Path) -> str:
    """Opens a picture; returns why that failed, or nothing.

    Args:
        program: As ``command``; empty for the system's own choice.
        file: The picture.
    """
    if not program:
        if QDesktopServices.openUrl(QUrl.fromLocalFile(str(file))):
            return ""
        return (
            f"no program is known for {file.suffix} files; choose one in the preferences under "
            "Files, Paint program"
        )
    name, arguments = command(program, file)
    started = QProcess.startDetached(name, arguments, str(file.parent))
    if started[0] if isinstance(started, tuple) else started:
        return ""
    return f"{program} cannot be started; choose another paint program in the preferences"
