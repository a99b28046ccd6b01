"""``codef devices``: what this machine can compute on."""

import argparse

from codef_nodes.cli.console import Console
from engine.progress import Task

HELP = "what this machine can compute on"
DESCRIPTION = (
    "Tells processor cores and the threads that the program uses, memory, and whether PyTorch "
    "sees a graphics card. The words in the first column are what --device takes. Each card does "
    "every operation once, as it does before its first fit; one that fails is named and left out. "
    "The last lines tell what each operation is computed by; the environment variable "
    "CODEF_KERNELS puts one of triton, tinycudann, numba or torch first."
)


def arguments(parser: argparse.ArgumentParser) -> None:
    """This command takes none of its own."""


def run(args: argparse.Namespace, console: Console, task: Task) -> dict[str, object]:
    """Runs the command."""
    from codef_nodes.work.machine import describe, describe_kernels, kernels, machine

    found = machine()
    found["kernels"] = kernels(found["devices"])
    console.table("\n".join((describe(found), describe_kernels(found["kernels"]))).rstrip())
    return dict(found)
