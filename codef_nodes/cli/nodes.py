"""``codef nodes``: the catalogue of nodes and their knobs."""

import argparse

from codef_nodes.cli.console import Console
from engine.progress import Task

HELP = "the catalogue: every node, knob and help sentence"
DESCRIPTION = "Lists every node with its inputs, its output and its knobs."


def arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the flags of this command."""
    parser.add_argument("node", nargs="?", help="show this node only")
    parser.add_argument(
        "--markdown", action="store_true", help="as a page of Markdown, such as docs/nodes.md"
    )


def run(args: argparse.Namespace, console: Console, task: Task) -> dict[str, object]:
    """Runs the command."""
    from codef_nodes.work.catalogue import catalogue, describe

    listed = catalogue(args.node)
    if args.markdown and not console.as_json:
        from codef_nodes.work.nodepage import markdown

        console.table(markdown(listed).rstrip("\n"))
    elif not console.as_json:
        console.table("\n\n".join(describe(node) for node in listed))
    return {"nodes": listed}
