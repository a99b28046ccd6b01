"""``codef stmap``: the deformation as ST maps for other programs."""

import argparse

from codef_nodes.cli.arguments import count
from codef_nodes.cli.console import Console
from engine.progress import Task

HELP = "write the deformation as ST maps"
DESCRIPTION = (
    "Writes ST maps in 32-bit float: red = x / width, green = y / height counted from the bottom, "
    "of the picture being sampled; alpha = valid. Every layer is written: a part of the .exr each, "
    "or NAME.K.tif; with --layer only that one."
)


def arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the flags of this command."""
    parser.add_argument("field", metavar="FIELD", help="field folder")
    parser.add_argument(
        "--direction",
        choices=("to-canonical", "to-frame"),
        default="to-canonical",
        help="to-canonical samples the canonical image for each frame pixel; to-frame the reverse",
    )
    parser.add_argument("--layer", type=count, metavar="K", help="write this layer only, from 0")
    parser.add_argument(
        "--display",
        choices=("format", "canvas"),
        default="format",
        help="what 0..1 spans of the picture being sampled: its format, or the whole canvas for "
        "hosts that clip outside 0..1",
    )
    parser.add_argument("--frames", metavar="RANGE", help="frames to write, such as 1001-1100x2")
    parser.add_argument(
        "-o", "--output", required=True, metavar="PATTERN", help="files to write: st.%%04d.exr"
    )


def run(args: argparse.Namespace, console: Console, task: Task) -> dict[str, object]:
    """Runs the command."""
    from codef_nodes.work.mapping import write_st_maps
    from codef_nodes.work.source import open_field

    answer = write_st_maps(
        open_field(args.field),
        args.output,
        direction=args.direction,
        layer=args.layer,
        display=args.display,
        frames=args.frames,
        task=task,
    )
    console.say(f"wrote {len(answer['written'])} files")
    return answer
