"""``codef check``: does the field keep what it promises?"""

import argparse

from codef_nodes.cli.arguments import common_clip
from codef_nodes.cli.console import Console
from engine.progress import Task

HELP = "self-test of a field"
DESCRIPTION = (
    "Puts the untouched canonical image back and compares with the reconstruction (within 0.1 dB), "
    "and propagates no edit at all (every frame bit for bit the source)."
)


def arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the flags of this command."""
    parser.add_argument("field", metavar="FIELD", help="field folder")
    parser.add_argument("--source", metavar="INPUT", help="the clip, when it is not where it was")
    common_clip(parser)


def run(args: argparse.Namespace, console: Console, task: Task) -> dict[str, object]:
    """Runs the command."""
    from codef_nodes.work.checking import check, describe

    answer = check(
        args.field,
        source=args.source,
        first=args.first,
        colour_space=args.colour_space,
        working=args.working,
        task=task,
    )
    console.table(describe(answer))
    return answer
