"""``codef canonical``: the still pictures of a field, to paint on."""

import argparse

from codef_nodes.cli.arguments import count, positive, segment
from codef_nodes.cli.console import Console
from engine.progress import Task

HELP = "write the canonical images of a field"
DESCRIPTION = (
    "Writes the canonical image of every layer: an .exr with one part per layer, or NAME.K.ext in "
    "other formats. With --layer only that one."
)


def arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the flags of this command."""
    parser.add_argument("field", metavar="FIELD", help="field folder")
    parser.add_argument("--layer", type=count, metavar="K", help="write this layer only, from 0")
    segment(parser, "NAME.sN.ext")
    parser.add_argument(
        "--scale",
        type=positive,
        metavar="S",
        help="canonical pixels per frame pixel; by default as many as the fit has, more than 1 "
        "where frames saw it closer",
    )
    parser.add_argument("-o", "--output", required=True, metavar="FILE", help="file to write")


def run(args: argparse.Namespace, console: Console, task: Task) -> dict[str, object]:
    """Runs the command."""
    from codef_nodes.work.canonicals import write_stills
    from codef_nodes.work.source import open_field

    field = open_field(args.field)
    answer = write_stills(
        field, args.output, segment=args.segment, layer=args.layer, scale=args.scale, task=task
    )
    console.say("wrote " + ", ".join(answer["written"]))
    return answer
