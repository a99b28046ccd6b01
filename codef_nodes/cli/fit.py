"""``codef fit``: a clip becomes a field."""

import argparse
from typing import Any

from codef_nodes.cli.arguments import assignment, common_clip, count, positive
from codef_nodes.cli.console import Console
from engine.errors import UsageError
from engine.progress import Task

HELP = "fit a clip: canonical image and deformation field"
DESCRIPTION = (
    "Fits a clip as still canonical images, one per group, and the deformation that carries each "
    "of them into every frame. FIELD is a folder that the other commands read."
)


def arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the flags of this command."""
    parser.add_argument(
        "input",
        metavar="INPUT",
        nargs="?",
        help="folder, pattern (a.%%04d.exr, a.####.exr), movie or frame",
    )
    common_clip(parser)
    parser.add_argument(
        "--masks",
        action="append",
        default=[],
        metavar="DIR",
        help="masks of one group; repeat it from front to back; the rest becomes the last group",
    )
    parser.add_argument(
        "--ignore",
        metavar="DIR",
        help="masks of what the fit must not see (white): mattes, lens borders, burnt-in titles",
    )
    parser.add_argument(
        "--keep-transparent",
        action="store_true",
        help="fit pixels too where the clip's own alpha is 0",
    )
    parser.add_argument(
        "--undistort",
        metavar="ST",
        help="ST map (float EXR) that takes the lens distortion out; needs --redistort",
    )
    parser.add_argument(
        "--redistort", metavar="ST", help="ST map that puts the lens distortion back"
    )
    parser.add_argument(
        "--flow",
        metavar="DIR",
        help="flow or motion vector files (.flo, .npy, EXR) instead of computed flow",
    )
    parser.add_argument(
        "--flow-method",
        choices=("dis", "gmflow", "raft"),
        default="dis",
        help="how to find the motion between frames: gmflow finds large motion that dis loses, in "
        "2 to 5 seconds per frame that no budget cuts short, once `codef models get gmflow` has "
        "fetched its weights",
    )
    for name, what in (
        ("--tracks", "2D tracks (lines 'frame x y', y up, or tracks.json)"),
        ("--corner-pin", "corner pin (CornerPin2D in a .nk file, or CSV)"),
        ("--stmaps", "ST maps to the reference frame (EXR folder or pattern)"),
    ):
        parser.add_argument(
            name,
            action="append",
            default=[],
            metavar="[GROUP=]FILE",
            help=f"{what} to start the motion from; repeatable",
        )
    parser.add_argument(
        "--recipe",
        default="seeded",
        metavar="NAME",
        help="how to fit: seeded, auto (what the clip's motion suggests), the name of another "
        "recipe (see --recipes) or the path of a .toml file",
    )
    parser.add_argument(
        "--recipes", action="store_true", help="list the recipes, each number explained, and stop"
    )
    parser.add_argument(
        "--advise",
        action="store_true",
        help="say which recipe the clip's motion suggests, and why, and stop",
    )
    parser.add_argument(
        "--propose-groups",
        metavar="DIR",
        help="look for what moves apart from the camera, so that one still cannot hold it: say "
        "where, write its masks to DIR/GROUP for --masks and MaskGroup, and stop",
    )
    length = parser.add_mutually_exclusive_group()
    length.add_argument(
        "--seconds", type=positive, metavar="S", help="time for everything, from start to exit"
    )
    length.add_argument("--steps", type=count, metavar="N", help="steps, for a repeatable result")
    parser.add_argument("--seed", type=count, default=0, metavar="N", help="seed of random choices")
    parser.add_argument("--frames", metavar="RANGE", help="frames to fit, such as 1001-1100x2")
    parser.add_argument(
        "--missing",
        choices=("error", "skip"),
        default="error",
        help="what to do when frames are missing: stop, or fit without them (never made up)",
    )
    parser.add_argument(
        "--cuts",
        choices=("warn", "stop", "ignore"),
        default="warn",
        help="where the clip cuts to another shot: fit the shot of the reference frame (else the "
        "longest) and say so, stop before fitting, or fit all frames as one shot",
    )
    parser.add_argument(
        "--reference", type=int, metavar="F", help="frame that the canonical image is aligned to"
    )
    parser.add_argument("--device", default="auto", metavar="D", help="auto, cpu, cuda or cuda:N")
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        type=assignment,
        metavar="KNOB=VALUE",
        dest="overrides",
        help="change a number of the recipe; repeatable",
    )
    parser.add_argument(
        "--resume", action="store_true", help="go on from the checkpoint of a fit that was stopped"
    )
    parser.add_argument(
        "--split",
        default="auto",
        metavar="auto|none|F,F,...",
        help="how a long shot is divided into segments with a still each: where one still is not "
        "enough (auto), never (none), or so that these frames begin a segment",
    )
    parser.add_argument(
        "--anew",
        action="store_true",
        help="fit everything; by default a range that is longer than that of the field in its "
        "place is fitted only where it is new",
    )
    parser.add_argument(
        "--again",
        metavar="FIELD",
        help="an earlier field of this clip: only groups whose masks or --group settings changed "
        "are fitted, from where it has them; the others are kept as they are",
    )
    parser.add_argument(
        "--group",
        action="append",
        default=[],
        type=assignment,
        metavar="NAME.SETTING=VALUE",
        help="how one group is fitted: stiffness (times the recipe's: 10 for a car, 0.3 for "
        "cloth), detail (pixels between the finest points: 2, 4, 8 or 16) or steadiness (over "
        "time); repeatable",
    )
    parser.add_argument("-o", "--output", metavar="FIELD", help="field folder")


def run(args: argparse.Namespace, console: Console, task: Task) -> dict[str, object]:
    """Runs the command."""
    from codef_nodes.work.fitting import (
        FitJob,
        advise_clip,
        fit_to_folder,
        group_settings,
        typed,
    )
    from codef_nodes.work.hinting import HintFiles
    from codef_nodes.work.source import Source
    from engine.fit.request import FitOptions

    if args.recipes:
        return _recipes(console)
    asked = args.advise or args.propose_groups is not None
    if args.input is None or (args.output is None and not asked):
        raise UsageError("say which clip to fit and where the field goes: codef fit INPUT -o FIELD")
    job = FitJob(
        source=Source(
            args.input,
            first=args.first,
            colour_space=args.colour_space,
            working=args.working,
            missing=args.missing,
            frames=args.frames,
        ),
        masks=tuple(args.masks),
        ignore=args.ignore,
        lens=(args.undistort or "", args.redistort or "")
        if args.undistort or args.redistort
        else None,
        flow=args.flow,
        flow_method=args.flow_method,
        hints=HintFiles(tuple(args.tracks), tuple(args.corner_pin), tuple(args.stmaps)),
        options=FitOptions(
            recipe=args.recipe,
            seconds=args.seconds,
            steps=args.steps,
            seed=args.seed,
            reference=args.reference,
            device=args.device,
            overrides={name: typed(value) for name, value in args.overrides},
            alpha=not args.keep_transparent,
            cuts=args.cuts,
            groups=group_settings(args.group),
        ),
        resume=args.resume,
        again=args.again,
        split=args.split,
        anew=args.anew,
        started=console.started,
    )
    if asked:
        advice = advise_clip(job, task, console.warn, args.propose_groups)
        if not console.as_json:
            console.table("\n".join(_advised(advice)))
        return {"advice": advice}
    report = fit_to_folder(job, args.output, task, warn=console.warn, tell=console.say)
    console.say(
        f"fitted {report['frames']} frames in {report['seconds']:.1f} s: "
        f"{report['psnr_edit_path']:.2f} dB edit path, {report['psnr']:.2f} dB with all terms "
        f"-> {args.output}"
    )
    return report


def _advised(advice: dict[str, Any]) -> list[str]:
    """What is said of a clip before it is fitted."""
    from engine.fit.conflict import what_next

    said = [f"{advice['recipe']}: {advice['reason']}"]
    said += [f"split at frame {each['frame']}: {each['reason']}" for each in advice["split"]]
    if "groups" not in advice:
        if "conflict" in advice:
            said.append(f"{advice['conflict']['sentence']}; {what_next()}")
        return said
    if not advice["groups"]:
        said.append("no group is proposed: nothing moves far enough apart from the camera")
    for group in advice["groups"]:
        said.append(f"{group['sentence']}; fit it with --masks {group['masks']}")
    return said


def _recipes(console: Console) -> dict[str, object]:
    """Lists the recipes with the numbers that each states itself."""
    from codef_nodes.work.recipepage import described
    from engine.fit.recipes import all_recipes

    found = all_recipes()
    if not console.as_json:
        console.table("\n\n".join(described(each) for each in found))
    return {"recipes": [each.as_dict() for each in found]}
