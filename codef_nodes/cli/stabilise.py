"""``codef stabilise``: the plate in canonical space, as a sequence."""

import argparse

from codef_nodes.cli.arguments import count, plates_to_files, positive, segment
from codef_nodes.cli.console import Console
from engine.progress import Task

HELP = "write the plate unwarped to the canonical image, frame by frame"
DESCRIPTION = (
    "Writes every frame as the canonical image sees it: the subject stands still, alpha says what "
    "the frame shows of it. Work on it and `codef propagate FIELD --edit EDITED.%04d.exr` carries "
    "each frame's change back into its own frame. Every layer is written, a part of the "
    ".exr each; with --layer only that one."
)


def arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the flags of this command."""
    parser.add_argument("field", metavar="FIELD", help="field folder")
    parser.add_argument("--layer", type=count, metavar="K", help="write this layer only, from 0")
    segment(parser, "NAME.sN.0001.ext")
    parser.add_argument(
        "--scale",
        type=positive,
        default=1.0,
        metavar="S",
        help="canvas pixels per frame pixel, as for `codef canonical` (1)",
    )
    plates_to_files(parser, "stab.%04d.exr")


def run(args: argparse.Namespace, console: Console, task: Task) -> dict[str, object]:
    """Runs the command."""
    from codef_nodes.work.stabilising import StabiliseJob, stabilise

    job = StabiliseJob(
        field=args.field,
        layer=args.layer,
        scale=args.scale,
        source=args.source,
        first=args.first,
        colour_space=args.colour_space,
        working=args.working,
        frames=args.frames,
        output=args.output,
        segment=args.segment,
    )
    answer = stabilise(job, task)
    answer["seconds"] = console.seconds()
    console.say(f"wrote {len(answer['written'])} files in {answer['seconds']:.1f} s")
    return answer
