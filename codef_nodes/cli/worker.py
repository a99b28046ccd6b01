"""``codef worker``: the process that does the heavy work for a window or a host."""

import argparse
import os
import sys

from codef_nodes.cli.console import Console
from engine.progress import Task

HELP = "the process that works for the window or a host program"
DESCRIPTION = (
    "Started by the window and by plugins, not by hand: it gets a token on its standard input, "
    "says where it listens on its standard output, and ends when its client does. "
    "docs/protocol.md describes what it answers."
)


def arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the arguments."""
    parser.add_argument(
        "--role",
        choices=("view", "jobs", "all"),
        default="all",
        help="what it does: pictures for viewers (view), renders and fits (jobs), or both (all)",
    )
    parser.add_argument("--cache", metavar="DIR", help="folder of the cache")


def run(args: argparse.Namespace, console: Console, task: Task) -> dict[str, object]:
    """Runs the command."""
    import faulthandler
    import logging

    from codef_nodes.worker.serving import serve

    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="worker: %(message)s")
    faulthandler.enable(sys.stderr)
    # A request for control is answered at once, also while Python code is busy beside it.
    sys.setswitchinterval(0.001)
    serve(args.role, args.cache, task)
    sys.stdout.flush()
    sys.stderr.flush()
    # Threads may still be inside a library; to end them one by one is how processes crash at last.
    os._exit(0)
