"""``codef gui``: the editor."""

import argparse
import importlib
import os
import platform
import re
import types
from pathlib import Path

from codef_nodes.bootstrap import missing_libraries
from codef_nodes.cli.console import Console
from engine.errors import DeviceError, UsageError
from engine.progress import Task

HELP = "the editor"
DESCRIPTION = (
    "Opens the editor. Without a document it starts with an empty one; the very first start opens "
    "the demo graph with a guided tour."
)
MAIN_THREAD = True
"""Windows belong to the first thread of a process."""

_SIZE = re.compile(r"(\d{3,5})x(\d{3,5})")


def arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the flags of this command."""
    parser.add_argument(
        "document", nargs="?", type=Path, metavar="DOCUMENT", help="a .codef file to open"
    )
    parser.add_argument(
        "--safe", action="store_true", help="open it without evaluating anything, after a crash"
    )
    parser.add_argument(
        "--screenshot",
        type=Path,
        metavar="FILE.png",
        help="write a picture of the window once it is settled, and end; needs no display",
    )
    parser.add_argument(
        "--layout",
        choices=("Graph", "Paint"),
        default="Graph",
        help="layout of the screenshot (default: %(default)s)",
    )
    parser.add_argument(
        "--size", default="1600x960", metavar="WxH", help="size of the screenshot, in pixels"
    )


def run(args: argparse.Namespace, console: Console, task: Task) -> dict[str, object]:
    """Runs the editor until its window is closed."""
    size = _SIZE.fullmatch(args.size)
    if size is None:
        raise UsageError(f"--size {args.size} is not of the form 1600x960")
    if args.safe and args.document is None:
        raise UsageError("--safe needs a document to open")
    if args.screenshot is not None and not os.environ.get("QT_QPA_PLATFORM"):
        os.environ["QT_QPA_PLATFORM"] = "offscreen"
    app = _application()
    start = app.Start(
        document=args.document,
        safe=args.safe,
        screenshot=args.screenshot,
        layout=args.layout,
        size=(int(size[1]), int(size[2])),
        began=console.started,
    )
    code = app.run(start)
    return {"code": code}


def _application() -> types.ModuleType:
    """The editor's module: above this package, so it is found by name and only when it is asked.

    Raises:
        DeviceError: Qt is not there or cannot start; the message says what to install.
    """
    try:
        importlib.import_module("PySide6.QtWidgets")
    except ImportError as error:
        raise DeviceError(f"Qt does not start: {error}; {advice()}") from error
    refused = display_refused()
    if refused:
        raise DeviceError(f"Qt finds no display it can use: {refused}; {advice()}")
    return importlib.import_module("gui.app")


def advice() -> str:
    """What to do so that Qt starts, in one sentence part."""
    packages = [package for _, package, _ in missing_libraries()]
    if packages:
        return (
            "install its system libraries (Debian, Ubuntu: sudo apt-get install -y "
            + " ".join(packages)
            + ") or run make setup"
        )
    if platform.system() == "Linux":
        return (
            "run it where a desktop is, with DISPLAY or WAYLAND_DISPLAY set (ssh -X), "
            "or use codef render, which needs none"
        )
    return "run make setup again"


def display_refused() -> str:
    """Why Qt would end the process for want of a display (it aborts); empty: it would not."""
    if platform.system() != "Linux":
        return ""
    wanted = os.environ.get("QT_QPA_PLATFORM", "")
    if wanted and not wanted.startswith(("xcb", "wayland")):
        return ""
    if not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        return "neither DISPLAY nor WAYLAND_DISPLAY is set"
    missing = [name for name, _, what in missing_libraries() if what.startswith("the window")]
    return f"{', '.join(missing)} cannot be loaded" if missing else ""
