"""``codef track``: points, keypoints and masks of one picture followed through all frames."""

import argparse

from codef_nodes.cli.arguments import count, finite
from codef_nodes.cli.console import Console
from engine.errors import UsageError
from engine.progress import Task

HELP = "follow points, keypoints or a mask through the clip"
DESCRIPTION = (
    "Follows points through all frames of the field. The points file is a JSON list of "
    '{"frame": F, "x": PX, "y": PX}, in pixels from the top left, pixel centres at +0.5. Or '
    "--keypoints lets a detector find points on the still, and --mask carries a mask of the still, "
    "or one painted on a frame, into a matte for each frame."
)


def arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the flags of this command."""
    parser.add_argument("field", metavar="FIELD", help="field folder")
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--points", metavar="FILE", help="points as JSON")
    what.add_argument(
        "--keypoints",
        metavar="DETECTOR",
        help="points that this detector finds on the still: sift, orb, or a file detector.onnx "
        "(also by name in the models folder)",
    )
    what.add_argument(
        "--mask",
        metavar="FILE",
        help="a picture: white (or alpha) is what is followed; it lies on the still as codef "
        "canonical writes it, or on the frame of --mask-frame",
    )
    what.add_argument(
        "--shapes",
        metavar="FILE",
        help="drawn shapes as JSON, as DrawMask holds them: the outline of one frame gets keys in "
        "all; an output that ends in .py is a script for Nuke that makes a Roto node of them",
    )
    parser.add_argument(
        "--every", type=count, default=1, metavar="N", help="with --shapes: a key every N frames"
    )
    parser.add_argument(
        "--mask-frame", type=int, metavar="F", help="the mask was painted on this frame"
    )
    parser.add_argument(
        "--mix", type=finite, default=1.0, metavar="M", help="share of the mattes, 0 to 1 (1)"
    )
    parser.add_argument("--frames", metavar="RANGE", help="with --mask: frames to write")
    parser.add_argument(
        "--layer",
        type=count,
        metavar="K",
        help="layer of --keypoints and --mask (0), or of --shapes (the one a shape holds most of)",
    )
    parser.add_argument(
        "--segment",
        type=count,
        default=0,
        metavar="N",
        help="of a long shot that was split: --keypoints are found on this segment's still (0)",
    )
    parser.add_argument(
        "--count", type=count, default=64, metavar="N", help="the most keypoints (64)"
    )
    parser.add_argument(
        "--format",
        choices=("json", "nuke", "corner-pin", "after-effects", "after-effects-pin", "text"),
        help="of the tracks; by default the ending says: .json, .nk (a Tracker node), .txt (frame "
        "x y, y up). A corner pin takes four points: bottom left, then round",
    )
    parser.add_argument(
        "--no-look",
        dest="look",
        action="store_false",
        help="follow the fit alone; else points are looked for in the frames too, where they are "
        "at hand: limbs that cross, and parts that the fit mistakes for others",
    )
    parser.add_argument(
        "--hidden", action="store_true", help="write keys also where a frame hides the point"
    )
    parser.add_argument(
        "-o",
        "--output",
        required=True,
        metavar="FILE",
        help="tracks to write, or with --mask the mattes: matte.%%04d.exr",
    )


def run(args: argparse.Namespace, console: Console, task: Task) -> dict[str, object]:
    """Runs the command."""
    from codef_nodes.work.source import open_field
    from codef_nodes.work.tracking import TrackJob, track_file

    if args.mask is None and (args.mask_frame is not None or args.frames or args.mix != 1):
        raise UsageError("--mask-frame, --mix and --frames belong to --mask; leave them out")
    field = open_field(args.field)
    if args.mask is not None:
        from codef_nodes.work.mattes import MatteJob, write_mattes

        made = write_mattes(
            field,
            MatteJob(
                args.mask, args.mask_frame, args.layer or 0, args.mix, args.frames, args.output
            ),
            task,
        )
        console.say(f"wrote {len(made['written'])} mattes")
        return made
    if args.shapes is not None:
        from codef_nodes.work.tracking import track_shapes

        done = track_shapes(
            field, args.shapes, args.output, task, layer=args.layer, every=max(args.every, 1)
        )
        console.say(f"wrote {done['shapes']} shapes of {done['frames']} frames to {args.output}")
        return done
    job = TrackJob(
        args.points,
        args.keypoints,
        max(args.count, 1),
        args.layer or 0,
        args.format,
        args.hidden,
        args.look,
        args.segment,
    )
    answer = track_file(field, job, args.output, task)
    tracks = "1 track" if answer["tracks"] == 1 else f"{answer['tracks']} tracks"
    console.say(f"wrote {tracks} of {answer['frames']} frames to {args.output}")
    return answer
