"""``codef reconstruct``: the frames as the field has them."""

import argparse

from codef_nodes.cli.arguments import count, plates_to_files, positive
from codef_nodes.cli.console import Console
from engine.progress import Task

#: As ``engine.warp.render`` names them, which is too heavy to import for a parser; a test compares.
TERMS = ("exposure", "lighting", "residual")
PASSES = ("matte", "visibility", "confidence")
HELP = "render the unedited frames from the field"
DESCRIPTION = "Renders the frames from the canonical images with all terms of the field."


def arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the flags of this command."""
    parser.add_argument("field", metavar="FIELD", help="field folder")
    parser.add_argument(
        "--edit-path",
        action="store_true",
        help="canonical and deformation only: without exposure, lighting and residual",
    )
    parser.add_argument(
        "--without",
        metavar="TERM",
        action="append",
        choices=TERMS,
        default=[],
        help=f"leave out a term: {', '.join(TERMS)}; may be given several times",
    )
    parser.add_argument(
        "--pass",
        dest="wanted",
        metavar="PASS",
        choices=PASSES,
        help="write what the field knows instead: a layer's matte, where an edit of it can be seen "
        f"(visibility), or how far the field is to be believed (confidence): {', '.join(PASSES)}",
    )
    parser.add_argument(
        "--layer", type=count, metavar="K", help="with --pass: which layer, from 0 (0)"
    )
    parser.add_argument(
        "--still",
        metavar="FILE",
        action="append",
        default=[],
        help="a finer still, such as the canonical after an upscaler: frames of its fineness are "
        "rendered; LAYER=FILE names the layer; may be given several times",
    )
    parser.add_argument(
        "--scale",
        type=positive,
        default=1.0,
        metavar="S",
        help="size of the frames: 2 gives twice the width (that of --still, else 1)",
    )
    plates_to_files(parser, "rec.%04d.exr")


def run(args: argparse.Namespace, console: Console, task: Task) -> dict[str, object]:
    """Runs the command."""
    from codef_nodes.work.reconstructing import ReconstructJob, reconstruct

    job = ReconstructJob(
        field=args.field,
        edit_path=args.edit_path,
        without=tuple(args.without),
        wanted=args.wanted,
        layer=args.layer,
        source=args.source,
        first=args.first,
        colour_space=args.colour_space,
        working=args.working,
        frames=args.frames,
        output=args.output,
        scale=args.scale,
        stills=tuple(args.still),
    )
    answer = reconstruct(job, task)
    answer["seconds"] = console.seconds()
    console.say(f"wrote {len(answer['written'])} frames")
    return answer
