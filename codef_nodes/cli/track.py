"""``codef track``: points of one frame followed through all frames."""

import argparse

from codef_nodes.cli.console import Console
from engine.progress import Task

HELP = "follow points through the clip"
DESCRIPTION = (
    "Follows points through all frames of the field. The points file is a JSON list of "
    '{"frame": F, "x": PX, "y": PX}, in pixels from the top left, pixel centres at +0.5.'
)


def arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the flags of this command."""
    parser.add_argument("field", metavar="FIELD", help="field folder")
    parser.add_argument("--points", required=True, metavar="FILE", help="points as JSON")
    parser.add_argument("-o", "--output", required=True, metavar="FILE", help="tracks as JSON")


def run(args: argparse.Namespace, console: Console, task: Task) -> dict[str, object]:
    """Runs the command."""
    from codef_nodes.work.source import open_field
    from codef_nodes.work.tracking import track_file

    answer = track_file(open_field(args.field), args.points, args.output, task)
    tracks = "1 track" if answer["tracks"] == 1 else f"{answer['tracks']} tracks"
    console.say(f"wrote {tracks} of {answer['frames']} frames to {args.output}")
    return answer
