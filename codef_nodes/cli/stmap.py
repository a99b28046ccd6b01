"""``codef stmap``: the deformation as ST maps for other programs."""

import argparse

from codef_nodes.cli.arguments import count, frames_to_files, segment
from codef_nodes.cli.console import Console
from engine.errors import UsageError
from engine.progress import Task

HELP = "write the deformation as ST maps"
DESCRIPTION = (
    "Writes ST maps in 32-bit float: red = x / width, green = y / height counted from the bottom, "
    "of the picture being sampled; alpha = valid. Every layer is written: a part of the .exr each, "
    "or NAME.K.tif; with --layer only that one. With --from the maps lead from frame to frame."
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
    parser.add_argument(
        "--from",
        dest="start",
        type=int,
        metavar="A",
        help="sample frame A instead: a map from frame to frame, through the canonical image; each "
        "pixel follows the layer that owns it, or --layer",
    )
    parser.add_argument(
        "--to",
        dest="end",
        type=int,
        metavar="B",
        help="with --from: draw the map over frame B only (default: every frame of --frames)",
    )
    parser.add_argument("--layer", type=count, metavar="K", help="write this layer only, from 0")
    segment(parser, "NAME.sN.0001.ext")
    parser.add_argument(
        "--display",
        choices=("format", "canvas"),
        default="format",
        help="what 0..1 spans of the picture being sampled: its format, or the whole canvas for "
        "hosts that clip outside 0..1",
    )
    frames_to_files(parser, "st.%04d.exr")


def run(args: argparse.Namespace, console: Console, task: Task) -> dict[str, object]:
    """Runs the command."""
    from codef_nodes.work.mapping import write_st_between, write_st_maps
    from codef_nodes.work.source import open_field

    if args.end is not None and args.start is None:
        raise UsageError("--to needs --from; say which frame the map samples")
    if args.start is not None:
        if args.direction != "to-canonical" or args.display != "format" or args.segment is not None:
            raise UsageError(
                "a map from frame to frame has no --direction, --display or --segment; leave them "
                "out"
            )
        if args.end is not None and args.frames:
            raise UsageError("give either --to or --frames, not both")
        answer = write_st_between(
            open_field(args.field),
            args.output,
            start=args.start,
            layer=args.layer,
            frames=args.frames if args.end is None else str(args.end),
            task=task,
        )
        console.say(f"wrote {len(answer['written'])} files")
        return answer
    answer = write_st_maps(
        open_field(args.field),
        args.output,
        direction=args.direction,
        layer=args.layer,
        display=args.display,
        frames=args.frames,
        task=task,
        segment=args.segment,
    )
    console.say(f"wrote {len(answer['written'])} files")
    return answer
