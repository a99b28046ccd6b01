"""``codef import-sequence``: the published data layout becomes a graph."""

import argparse

from codef_nodes.cli.console import Console
from engine.progress import Task

HELP = "make a graph from the published data layout"
DESCRIPTION = (
    "Reads all_sequences/NAME/{NAME, NAME_masks_0, NAME_masks_1, NAME_flow, NAME_flow_confidence} "
    "and writes a document that loads, fits and writes it."
)


def arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the flags of this command."""
    parser.add_argument("folder", metavar="FOLDER", help="the folder all_sequences/NAME")
    parser.add_argument("--config", metavar="YAML", help="a published base.yaml")
    parser.add_argument("-o", "--output", required=True, metavar="FILE", help="graph.codef")


def run(args: argparse.Namespace, console: Console, task: Task) -> dict[str, object]:
    """Runs the command."""
    from codef_nodes.work.published import import_sequence

    answer = import_sequence(args.folder, args.output, config=args.config)
    for option in answer["unknown"]:
        console.say(f"{args.config}: the option {option} is unknown and was left out")
    for note in answer["notes"]:
        console.say(note)
    console.say(f"wrote {args.output}")
    return answer
