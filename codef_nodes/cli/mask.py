"""``codef mask``: one rough mask or scribble of one frame goes through the clip."""

import argparse

from codef_nodes.cli.arguments import common_clip, frame_file
from codef_nodes.cli.console import Console
from engine.errors import UsageError
from engine.progress import Task

HELP = "carry a rough mask of one frame through the clip"
DESCRIPTION = (
    "Finds the object that a rectangle, some scribbles or a rough mask of one frame tell, and "
    "writes its soft mask for every frame, with confidence.json beside: the frames with the "
    "lowest figures are those to look at. --correct says more about another frame and merges in. "
    'Scribbles are JSON: {"scribbles": [{"points": [[x, y], ...], "inside": true, "radius": 4}]}, '
    "in pixels from the top left."
)


def arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the flags of this command."""
    parser.add_argument(
        "input", metavar="INPUT", help="folder, pattern (a.%%04d.exr, a.####.exr), movie or frame"
    )
    common_clip(parser)
    parser.add_argument(
        "--rough",
        required=True,
        metavar="WHAT",
        help="LEFT,TOP,RIGHT,BOTTOM in pixels from the top left, scribbles.json, mask.png, or a "
        "segmentation network model.onnx (also by name in the models folder)",
    )
    parser.add_argument(
        "--frame", type=int, metavar="N", help="which frame --rough is about (the first)"
    )
    parser.add_argument(
        "--exact", action="store_true", help="--rough is a mask that is right, edge included"
    )
    parser.add_argument(
        "--correct",
        action="append",
        default=[],
        type=frame_file,
        metavar="N=WHAT",
        help="what to change in frame N, as for --rough; may be repeated",
    )
    parser.add_argument("--frames", metavar="RANGE", help="frames to carry it over")
    parser.add_argument(
        "-o", "--output", required=True, metavar="DIR", help="folder, or files mask.%%04d.png"
    )


def run(args: argparse.Namespace, console: Console, task: Task) -> dict[str, object]:
    """Runs the command."""
    from codef_nodes.work.roughmasks import MaskJob, write_masks
    from codef_nodes.work.source import Source, opened

    source = Source(args.input, args.first, args.colour_space, args.working, frames=args.frames)
    frame = args.frame
    if frame is None:
        frames = opened(source).frames
        if not frames:
            raise UsageError(f"{args.input} has no frames; check the path")
        frame = frames[0]
    job = MaskJob(source, ((frame, args.rough), *args.correct), args.exact, args.output)
    answer = write_masks(job, task)
    answer["seconds"] = console.seconds()
    count = len(answer["frames"])
    console.say(
        f"wrote {count} masks in {answer['seconds']:.1f} s; look at frame {answer['worst']} first"
    )
    return answer
