"""Pictures of the editor at work, for the manual: ``python -m gui.manual``.

Needs no display. The demo's clip is fetched (or rendered, where there is no network) and fitted in
``build/screenshots``; each picture shows the real window on it. Two to four minutes the first time.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtWidgets import QApplication

from engine.errors import CodefError
from gui.app import make_application
from gui.core.preferences import Preferences
from gui.manual import scenes
from gui.manual.album import Album
from gui.manual.subjects import ROOT, prepare

PARTS = ("tutorial", "window", "viewers", "jobs", "help")


def main(argv: Sequence[str] | None = None) -> int:
    """Reads the command line, takes the pictures and returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m gui.manual", description=__doc__)
    parser.add_argument("-o", "--output", type=Path, default=ROOT / "docs" / "images")
    parser.add_argument("--work", type=Path, default=ROOT / "build" / "screenshots")
    parser.add_argument("--offline", action="store_true", help="use the clip of our own")
    parser.add_argument(
        "--seconds",
        type=float,
        metavar="S",
        help="time of each fit, where a busy machine needs more",
    )
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS, metavar="PART")
    options = parser.parse_args(argv)
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    work = options.work.absolute()
    os.environ["CODEF_CONFIG"] = str(work / "config")
    try:
        subject, document = prepare(work, offline=options.offline, seconds=options.seconds)
        make_application(Preferences())
        album = Album(options.output.absolute())
        if "tutorial" in options.only:
            scenes.tutorial(album, subject, work, options.seconds or scenes.SECONDS)
        album.open(document)
        if "window" in options.only:
            scenes.whole_window(album, subject)
        if "viewers" in options.only:
            scenes.viewers(album, subject)
        if "jobs" in options.only:
            scenes.jobs(album)
        if "help" in options.only:
            scenes.help_and_settings(album)
        album.close()
    except CodefError as error:
        sys.stderr.write(f"{error}\n")
        return error.code
    QApplication.processEvents()
    return 0


if __name__ == "__main__":
    sys.exit(main())
