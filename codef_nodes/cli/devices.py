"""``codef devices``: what this machine can compute on."""

import argparse

from codef_nodes.cli.console import Console
from engine.progress import Task

HELP = "what this machine can compute on"
DESCRIPTION = (
    "Tells processor cores and the threads that the program uses, memory, and whether PyTorch "
    "sees a graphics card. The words in the first column are what --device takes."
)


def arguments(parser: argparse.ArgumentParser) -> None:
    """This command takes none of its own."""


def run(args: argparse.Namespace, console: Console, task: Task) -> dict[str, object]:
    """Runs the command."""
    from codef_nodes.work.machine import describe, machine

    found = machine()
    console.table(describe(found))
    return dict(found)
