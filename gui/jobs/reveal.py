"""Shows a file or folder in the system's file manager; nothing is started through a shell."""

import sys
from pathlib import Path

from PySide6.QtCore import QProcess, QUrl
from PySide6.QtGui import QDesktopServices


def reveal(path: str | Path) -> bool:
    """Opens the folder of a file (or the folder itself); returns whether that could be asked."""
    place = Path(path)
    if sys.platform == "win32" and place.is_file():
        return bool(QProcess.startDetached("explorer", [f"/select,{place}"])[0])
    if sys.platform == "darwin":
        return bool(QProcess.startDetached("open", ["-R", str(place)])[0])
    folder = place if place.is_dir() else place.parent
    if not folder.is_dir():
        return False
    return QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder)))
