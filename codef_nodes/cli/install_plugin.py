"""``codef install-plugin``: puts the client into Nuke's or Blender's folder, or takes it away."""

import argparse
import contextlib
import json
import os
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from codef_nodes.cli.console import Console
from engine.errors import InputError, UsageError, WriteError
from engine.progress import Task

HELP = "put the plugin into Nuke or Blender"
DESCRIPTION = (
    "Copies the thin client into the host's folder and notes there where this program is. Nuke: "
    "a line in menu.py, which is shown, after a copy of the file was kept. --remove takes all of "
    "it away again. The host needs no other package, and nothing starts before you ask for it."
)
ROOT = Path(__file__).resolve().parents[2]
LINE = "import codef_nuke; codef_nuke.register()  # Codef Nodes"
CONFIG = "codef.json"
PACKAGES = {"nuke": "codef_nuke", "blender": "codef_nodes"}
"""Name of the folder in each host."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the flags of this command."""
    parser.add_argument("host", choices=tuple(PACKAGES), help="which host")
    parser.add_argument(
        "--path",
        metavar="DIR",
        help="where to: a folder of Nuke's plug-in path (default ~/.nuke), or a repository of "
        "extensions of Blender (default: user_default of the newest Blender)",
    )
    parser.add_argument("--remove", action="store_true", help="take it away")
    parser.add_argument(
        "--no-menu", action="store_true", help="leave Nuke's menu.py alone; only show the line"
    )


def run(args: argparse.Namespace, console: Console, task: Task) -> dict[str, object]:
    """Runs the command."""
    home = folder_for(args.host, args.path)
    done = remove(args.host, home) if args.remove else install(args.host, home)
    if args.host == "nuke":
        change_menu(done, home / "menu.py", add=not args.remove, allowed=not args.no_menu)
    for sentence in done.sentences:
        console.say(sentence)
    return {
        "host": args.host,
        "folder": str(done.folder),
        "removed": args.remove,
        "changed": [str(path) for path in done.changed],
        "backups": [str(path) for path in done.backups],
        "line": LINE if args.host == "nuke" else None,
    }


@dataclass
class Done:
    """What was done.

    Attributes:
        folder: The client's folder.
        sentences: For the person.
        changed: Files of the person that were changed.
        backups: What they were before.
    """

    folder: Path
    sentences: list[str] = field(default_factory=list)
    changed: list[Path] = field(default_factory=list)
    backups: list[Path] = field(default_factory=list)


def install(host: str, home: Path) -> Done:
    """Copies the client; one that is there already is replaced whole.

    Raises:
        InputError: This installation lacks the client's files.
        UsageError: A folder of that name is there and is none of ours.
        WriteError: It cannot be written.
    """
    source, client = ROOT / "presets" / "hosts" / host, ROOT / "plugin.py"
    if not (source / "__init__.py").is_file() or not client.is_file():
        raise InputError(
            f"the files of the {host} plugin are not in {ROOT}; install Codef Nodes again",
            file=source,
        )
    folder = home / PACKAGES[host]
    _check_ours(folder)
    partial = folder.with_name(f".{folder.name}.{os.getpid()}.part")
    try:
        shutil.copytree(source, partial, ignore=shutil.ignore_patterns("__pycache__", "*.pyc"))
        shutil.copyfile(client, partial / "plugin.py")
        config = json.dumps(program(), indent=1) + "\n"
        (partial / CONFIG).write_text(config, encoding="utf-8")
        if folder.exists():
            shutil.rmtree(folder)
        os.replace(partial, folder)
    except OSError as error:
        raise WriteError(
            f"cannot write {folder} ({error.strerror or error}); choose another folder with --path",
            file=folder,
        ) from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    done = Done(folder, [f"wrote {folder}"])
    if host == "blender":
        done.sentences.append(
            "next: in Blender, switch on Codef Nodes in Edit > Preferences > Add-ons; its panel is "
            "in the compositor's side bar (N)"
        )
    return done


def remove(host: str, home: Path) -> Done:
    """Takes the client away; nothing else of the folder is touched.

    Raises:
        UsageError: What is there is none of ours.
        WriteError: It cannot be removed.
    """
    folder = home / PACKAGES[host]
    if not folder.exists():
        return Done(folder, [f"there is no {folder}; nothing to remove"])
    _check_ours(folder)
    try:
        shutil.rmtree(folder)
    except OSError as error:
        raise WriteError(
            f"cannot remove {folder} ({error.strerror or error}); close the host and try again",
            file=folder,
        ) from error
    return Done(folder, [f"removed {folder}"])


def change_menu(done: Done, menu: Path, *, add: bool, allowed: bool) -> None:
    """Adds our line to ``menu.py``, or takes it out; a copy of the file is kept and named.

    Raises:
        WriteError: The file cannot be read or written.
    """
    try:
        before = menu.read_bytes().decode("utf-8") if menu.exists() else ""
    except (OSError, UnicodeDecodeError) as error:
        raise WriteError(
            f"cannot read {menu} ({error}); add this line to it yourself: {LINE}", file=menu
        ) from error
    lines = before.splitlines(keepends=True)
    has = [line for line in lines if line.strip() == LINE]
    if add and not has:
        ending = "\r\n" if "\r\n" in before else "\n"
        gap = "" if not before or before.endswith(("\n", "\r")) else ending
        after = f"{before}{gap}{LINE}{ending}"
        what = f"added to {menu}: {LINE}"
    elif not add and has:
        after = "".join(line for line in lines if line.strip() != LINE)
        what = f"taken out of {menu}: {LINE}"
    else:
        after, what = before, ""
    if after != before and not allowed:
        verb = "add this line to" if add else "take this line out of"
        done.sentences.append(f"next: {verb} {menu}: {LINE}")
    elif after != before:
        _write_menu(done, menu, before, after)
        done.sentences.append(what)
    if add and allowed:
        done.sentences.append(
            "next: start Nuke again; the menu Codef Nodes is in the menu bar and in the toolbar, "
            "the panel under Windows > Custom"
        )


def folder_for(host: str, path: str | None) -> Path:
    """The folder that the client's own one is put into.

    Raises:
        InputError: No Blender was ever started here.
    """
    if path is not None:
        return Path(path).expanduser().absolute()
    if host == "nuke":
        return Path.home() / ".nuke"
    found = [
        (tuple(int(part) for part in each.name.split(".")), each)
        for each in _listed(_blender_home())
        if each.name.replace(".", "").isdigit()
    ]
    newest = max((each for each in found if each[0] >= (4, 2)), default=None)
    if newest is None:
        raise InputError(
            f"no Blender 4.2 or later has its folder in {_blender_home()}; start Blender once, or "
            "name the folder of extensions with --path",
            file=_blender_home(),
        )
    return newest[1] / "extensions" / "user_default"


def program() -> dict[str, Any]:
    """How a host starts this very program; see ``find_program`` in plugin.py."""
    from codef_nodes import __version__

    # From a checkout the packages are found by their folder, wherever the host works.
    checkout = (ROOT / "pyproject.toml").is_file()
    return {
        "command": [sys.executable, "-m", "codef_nodes"],
        "environment": {"PYTHONPATH": str(ROOT)} if checkout else {},
        "version": __version__,
    }


def _write_menu(done: Done, menu: Path, before: str, after: str) -> None:
    backup = _free(menu.with_name("menu.py.before-codef"))
    partial = menu.with_name(f".menu.py.{os.getpid()}.part")
    try:
        if menu.exists():
            shutil.copy2(menu, backup)
            done.backups.append(backup)
            done.sentences.append(f"kept the file as it was: {backup}")
        if not after.strip():
            menu.unlink()
        else:
            menu.parent.mkdir(parents=True, exist_ok=True)
            partial.write_bytes(after.encode("utf-8"))
            if menu.exists():
                shutil.copymode(menu, partial)
            os.replace(partial, menu)
    except OSError as error:
        raise WriteError(
            f"cannot change {menu} ({error.strerror or error}); the line is: {LINE}", file=menu
        ) from error
    finally:
        with contextlib.suppress(OSError):
            partial.unlink(missing_ok=True)
    done.changed.append(menu)


def _check_ours(folder: Path) -> None:
    if folder.exists() and not (folder / CONFIG).is_file():
        raise UsageError(
            f"{folder} is there and was not made by codef install-plugin; move it away", file=folder
        )


def _free(path: Path) -> Path:
    count, found = 1, path
    while found.exists():
        count += 1
        found = path.with_name(f"{path.name}-{count}")
    return found


def _blender_home() -> Path:
    if sys.platform == "win32":
        base = os.environ.get("APPDATA")
        return Path(base or Path.home()) / "Blender Foundation" / "Blender"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "Blender"
    base = os.environ.get("XDG_CONFIG_HOME")
    return (Path(base) if base else Path.home() / ".config") / "blender"


def _listed(folder: Path) -> Sequence[Path]:
    try:
        return [each for each in folder.iterdir() if each.is_dir()]
    except OSError:
        return []
