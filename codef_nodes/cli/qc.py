"""``codef qc``: is the field fit for dailies, and where does a little work pay most?"""

import argparse

from codef_nodes.cli.arguments import common_clip, segment
from codef_nodes.cli.console import Console
from engine.progress import Task

HELP = "write a QC sheet of a field"
DESCRIPTION = (
    "Writes a page and a picture to judge a field by: a checker carried through five frames, the "
    "jitter of the stabilised plate, confidence and PSNR frame by frame, the five worst frames, "
    "what is covered, and where the next pin or painted frame pays most."
)


def arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the flags of this command."""
    parser.add_argument("field", metavar="FIELD", help="field folder")
    parser.add_argument("--source", metavar="INPUT", help="the clip, when it is not where it was")
    common_clip(parser)
    segment(parser, "NAME.sN.ext")
    parser.add_argument(
        "-o",
        "--output",
        required=True,
        metavar="FILE",
        help="qc.html (qc.png is written beside it) or qc.png alone",
    )


def run(args: argparse.Namespace, console: Console, task: Task) -> dict[str, object]:
    """Runs the command."""
    from codef_nodes.work.qc.run import QcJob, qc

    job = QcJob(
        field=args.field,
        source=args.source,
        first=args.first,
        colour_space=args.colour_space,
        working=args.working,
        output=args.output,
        segment=args.segment,
    )
    answer = qc(job, task)
    answer["seconds"] = console.seconds()
    for told in answer.get("segments", [answer]):
        worst = ", ".join(str(each["frame"]) for each in told["worst_frames"])
        of = f"segment {told['segment']}, frames {told['frames']}: " if "segment" in told else ""
        console.say(f"{of}confidence {told['confidence']:.3f}; look at frames {worst}")
    console.say(f"wrote {' and '.join(answer['written'])} in {answer['seconds']:.1f} s")
    return answer
