"""``codef render``: renders the writes of a document."""

import argparse

from codef_nodes.cli.arguments import assignment
from codef_nodes.cli.console import Console
from engine.progress import Task

HELP = "render a document"
DESCRIPTION = (
    "Renders every WriteSequence of a document, or the node that is named. Fits that were never "
    "made are made first; finished ones beside the document are used as they are."
)


def arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the flags of this command."""
    parser.add_argument("document", metavar="DOCUMENT", help="a .codef file")
    parser.add_argument("--node", metavar="NAME", help="render this node instead of all writes")
    parser.add_argument("--frames", metavar="RANGE", help="frames to render, such as 1-100x2")
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        type=assignment,
        dest="assignments",
        metavar="NODE.KNOB=VALUE",
        help="change a knob for this render only; repeatable",
    )
    parser.add_argument(
        "--preset",
        action="append",
        default=[],
        type=assignment,
        dest="presets",
        metavar="NODE=NAME",
        help="set the knobs of a node as a preset says, for this render only; `codef nodes` lists "
        "them; repeatable, and --set goes over it",
    )
    parser.add_argument(
        "--continue",
        action="store_true",
        dest="keep_going",
        help="go on when a frame fails; the exit code is then 6",
    )
    parser.add_argument(
        "--skip-existing", action="store_true", help="leave frames alone whose file is there"
    )
    parser.add_argument(
        "--allow-external",
        action="store_true",
        help="let the document run the external programs that it names, without asking",
    )
    parser.add_argument(
        "--no-fit", action="store_true", help="fail instead of fitting what was never fitted"
    )
    parser.add_argument("--cache", metavar="DIR", help="cache folder, instead of $CODEF_CACHE")


def run(args: argparse.Namespace, console: Console, task: Task) -> dict[str, object]:
    """Runs the command."""
    from codef_nodes.work.rendering import RenderJob, render_document

    job = RenderJob(
        document=args.document,
        node=args.node,
        frames=args.frames,
        assignments=tuple(args.assignments),
        presets=tuple(args.presets),
        keep_going=args.keep_going,
        skip_existing=args.skip_existing,
        allow_external=args.allow_external,
        allow_fit=not args.no_fit,
        cache=args.cache,
    )
    answer = render_document(job, task, warn=console.warn, ask=console.ask)
    answer["seconds"] = console.seconds()
    done = f"wrote {len(answer['written'])} files"
    if args.node and not answer["written"] and answer["frames"]:
        done = f"rendered {len(answer['frames'])} frames of {args.node}, which wrote no file,"
    console.say(f"{done} in {answer['seconds']:.1f} s")
    return answer
