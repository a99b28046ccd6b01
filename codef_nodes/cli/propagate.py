"""``codef propagate``: an edit of the canonical image goes back into every frame."""

import argparse

from codef_nodes.cli.arguments import count, finite, frame_file, plates_to_files
from codef_nodes.cli.console import Console
from engine.progress import Task

PASSES = ("result", "edit", "holdout", "light", "highlight", "blur")
HELP = "carry an edit to every frame"
DESCRIPTION = (
    "Carries an edited canonical image, or painted frames, to every frame. In mode `over` the "
    "change is put over the source's frames, which stay bit for bit what they were elsewhere; in "
    "mode `replace` the frames are rendered from the edited canonical image."
)


def arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the flags of this command."""
    parser.add_argument("field", metavar="FIELD", help="field folder")
    parser.add_argument(
        "--edit",
        action="append",
        default=[],
        metavar="EDITED",
        help="an edited canonical image, as `codef canonical` wrote it, or an edited sequence of "
        "`codef stabilise` (edited.%%04d.exr); repeatable",
    )
    parser.add_argument(
        "--layer",
        action="append",
        default=[],
        type=count,
        metavar="K",
        help="layer of the edit, from 0; once for each --edit where the files do not say it",
    )
    parser.add_argument(
        "--segment",
        type=count,
        metavar="N",
        help="segment of a long shot on whose still the edit was made, from 0; by default the "
        "file says it",
    )
    parser.add_argument(
        "--edit-frame",
        action="append",
        default=[],
        type=frame_file,
        metavar="F=FILE",
        help="a painted frame as the edit, such as 1047=painted.exr; repeatable",
    )
    parser.add_argument(
        "--mode",
        choices=("over", "replace"),
        default="over",
        help="put the change over the source (over, the default), or draw whole frames (replace)",
    )
    parser.add_argument(
        "--pass",
        dest="wanted",
        metavar="PASS",
        choices=PASSES,
        default="result",
        help="what to write: the result, the edit alone (premultiplied RGBA: over the plate it "
        f"gives the result), or what was found on the way: {', '.join(PASSES)}",
    )
    finish_arguments(parser)
    parser.add_argument("--device", default="auto", metavar="D", help="auto, cpu, cuda or cuda:N")
    plates_to_files(parser, "out.%04d.exr")


def finish_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the flags of how an edit meets the plate; the Propagate node's knobs, by name."""
    from codef_nodes.nodes.finish_knobs import FINISH_KNOBS

    group = parser.add_argument_group("how the edit meets the plate")
    for knob in FINISH_KNOBS:
        flag, help = f"--{knob.name.replace('_', '-')}", knob.help.replace("%", "%%")
        if knob.kind == "choice":
            group.add_argument(flag, choices=knob.choices, default=knob.default, help=help)
        elif knob.kind == "bool":
            group.add_argument(
                flag, action=argparse.BooleanOptionalAction, default=knob.default, help=help
            )
        else:
            group.add_argument(flag, type=finite, default=knob.default, metavar="N", help=help)


def run(args: argparse.Namespace, console: Console, task: Task) -> dict[str, object]:
    """Runs the command."""
    from codef_nodes.nodes.finish_knobs import FINISH_KNOBS
    from codef_nodes.work.propagating import PropagateJob, propagate
    from engine.edit.finish import Finish

    job = PropagateJob(
        field=args.field,
        edits=tuple(args.edit),
        layers=tuple(args.layer),
        edit_frames=tuple(args.edit_frame),
        mode=args.mode,
        source=args.source,
        first=args.first,
        colour_space=args.colour_space,
        working=args.working,
        frames=args.frames,
        output=args.output,
        wanted=args.wanted,
        segment=args.segment,
        device=args.device,
        finish=Finish(**{knob.name: getattr(args, knob.name) for knob in FINISH_KNOBS}),
    )
    answer = propagate(job, task, say=console.say)
    answer["seconds"] = console.seconds()
    console.say(f"wrote {len(answer['written'])} frames in {answer['seconds']:.1f} s")
    return answer
