"""``codef relink``: a field on another version of its plate."""

import argparse

from codef_nodes.cli.arguments import common_clip
from codef_nodes.cli.console import Console
from engine.progress import Task

HELP = "use a field with another version of its plate"
DESCRIPTION = (
    "Links a field to a regraded, denoised or resized plate, or one with handles, without a fit: "
    "compares both first and refuses a plate that shows something else or lies elsewhere (2), then "
    "makes the stills again in the plate's colours and detail. Nothing of the motion changes."
)


def arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the flags of this command."""
    parser.add_argument("field", metavar="FIELD", help="field folder")
    parser.add_argument(
        "--source", required=True, metavar="INPUT", help="the other version of the plate"
    )
    parser.add_argument(
        "--offset",
        type=int,
        default=0,
        metavar="N",
        help="added to the field's frame numbers, when the plate counts otherwise (0)",
    )
    parser.add_argument(
        "--keep-stills", action="store_true", help="leave the stills as they are, colours included"
    )
    parser.add_argument(
        "--check-only", action="store_true", help="compare and report, and write nothing"
    )
    parser.add_argument(
        "--force", action="store_true", help="relink a plate that does not agree, too"
    )
    common_clip(parser)
    parser.add_argument("-o", "--output", default="", metavar="FIELD", help="the new field folder")


def run(args: argparse.Namespace, console: Console, task: Task) -> dict[str, object]:
    """Runs the command."""
    from codef_nodes.work.relinking import RelinkJob, relink
    from codef_nodes.work.source import Source

    source = Source(args.source, args.first, args.colour_space, args.working)
    answer = relink(
        RelinkJob(
            args.field,
            source,
            args.offset,
            not args.keep_stills,
            args.check_only,
            args.force,
            args.output,
        ),
        task,
    )
    for sentence in answer["sentences"]:
        console.say(sentence)
    if "field" in answer:
        console.say(
            f"edit path {answer['psnr_edit_path']:.2f} dB, {answer['psnr']:.2f} dB with all terms "
            f"-> {answer['field']}"
        )
    return answer
