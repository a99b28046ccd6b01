"""``codef fit``: from what was typed to a field folder."""

import json
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from codef_nodes.work.fitrun import check_frames, has_checkpoint, run_fit, store
from codef_nodes.work.hinting import HintFiles
from codef_nodes.work.identity import file_identity
from codef_nodes.work.longshots import LongShot, hashed, masks_identity
from codef_nodes.work.masks import folder_masks
from codef_nodes.work.source import Source, absolute, opened, record, used_frames
from engine.errors import Cancelled, MaskError, UsageError
from engine.fields.field import Field
from engine.fit.groupsettings import GroupSettings, settings_from
from engine.fit.request import FitOptions, FitRequest
from engine.flow.pair import FlowPair
from engine.io.picture import Picture
from engine.progress import Task

if TYPE_CHECKING:
    from engine.io.clip import Clip

Warn = Callable[[str], None]


@dataclass(frozen=True)
class FitJob:
    """What ``codef fit`` was asked.

    Attributes:
        source: The clip.
        masks: Mask folders, front to back.
        ignore: Folder or pattern of masks of what the fit must not see (white), or None.
        lens: Undistort and redistort ST maps, or None.
        flow: Folder or pattern of flow files, or None.
        flow_method: ``dis``, or a learned matcher that finds the flow between neighbours.
        hints: Files of tracks, corner pins and ST maps.
        options: How to fit.
        resume: Go on from a checkpoint.
        again: Folder of an earlier field of the same clip with other masks, or None.
        split: How a long shot is divided: ``auto``, ``none``, or the frames that begin a segment.
        anew: Fit also what the field that is replaced has already.
        started: Start of the time budget on ``time.monotonic``'s clock.
    """

    source: Source
    masks: tuple[str, ...] = ()
    ignore: str | None = None
    lens: tuple[str, str] | None = None
    flow: str | None = None
    flow_method: str = "dis"
    hints: HintFiles = field(default_factory=HintFiles)
    options: FitOptions = field(default_factory=FitOptions)
    resume: bool = False
    again: str | None = None
    split: str = "auto"
    anew: bool = False
    started: float = field(default_factory=time.monotonic)


def typed(text: str) -> Any:
    """What a recipe's number means on a command line: JSON where it is JSON, else text."""
    try:
        return json.loads(text)
    except ValueError:
        return text


def group_settings(said: Sequence[tuple[str, str]]) -> dict[str, GroupSettings]:
    """What ``--group NAME.SETTING=VALUE`` says, by the name of the group.

    Raises:
        UsageError: No such setting, or a value that is none.
    """
    known = [each.name for each in fields(GroupSettings)]
    tables: dict[str, dict[str, str]] = {}
    for place, value in said:
        group, dot, setting = place.rpartition(".")
        if not dot or setting not in known:
            raise UsageError(
                f"--group {place} sets nothing; write GROUP.SETTING=VALUE with one of "
                f"{', '.join(known)}"
            )
        tables.setdefault(group, {})[setting] = value
    return {group: settings_from(table, group) for group, table in tables.items()}


def check_target(folder: Path) -> None:
    """Refuses a place where no field can go, before any work is done.

    Raises:
        UsageError: There is something that is no field.
        WriteError: The place cannot be written.
    """
    from engine.io.atomic import clean_parts, make_folder, write_error

    if folder.exists() and not (folder.is_dir() and (folder / "field.json").is_file()):
        raise UsageError(
            f"{folder} exists and is no field folder; choose another name for the field",
            file=folder,
        )
    parent = folder.absolute().parent
    make_folder(parent)
    clean_parts(parent)
    try:
        with tempfile.TemporaryFile(dir=parent):
            pass
    except OSError as error:
        raise write_error(folder, error.strerror or str(error)) from error


def checkpoint_of(folder: Path) -> Path:
    """Where the checkpoints of a fit to ``folder`` lie until it is finished."""
    return folder.absolute().with_name(f".{folder.name}.checkpoint")


def advise_clip(
    job: FitJob, task: Task, warn: Warn, groups_folder: str | None = None
) -> dict[str, Any]:
    """``codef fit --advise``: which recipe the clip's motion suggests; fits nothing.

    Args:
        job: What would be fitted.
        task: Progress and cancel.
        warn: Takes warnings.
        groups_folder: Where masks of the groups that the motion suggests go; None: not asked.

    Returns:
        ``{"recipe", "reason", "statistics", "split"}``; with a folder ``groups`` too, see
        ``propose_masks``.

    Raises:
        CodefError: The clip or its masks cannot be read.
    """
    from engine.fit.advice import advise

    clip = opened(job.source)
    frames = used_frames(clip, job.source, warn)
    check_frames(frames, job.source.path)
    groups = folder_masks(job.masks, frames, clip.frames)
    ignore = folder_masks([job.ignore], frames, clip.frames)[0].mask if job.ignore else None
    request = FitRequest(tuple(frames), clip.read, tuple(groups), ignore=ignore)
    from engine.linked.propose import propose_split

    found = advise(request, task.part(0, 0.2)).as_dict()
    found["split"] = propose_split(request, frames, task.part(0.2, 0.5)).as_list()
    if groups_folder is None:
        return found
    from codef_nodes.work.proposing import propose_masks

    proposed = propose_masks(clip.read, frames, Path(groups_folder), task.part(0.5, 1))
    return {**found, "groups": proposed}


def fit_to_folder(
    job: FitJob, output: str, task: Task, warn: Warn, tell: Warn | None = None
) -> dict[str, Any]:
    """``codef fit``.

    Args:
        job: What to fit and how.
        output: The field folder.
        task: Progress and cancel.
        warn: Takes warnings.
        tell: Takes what is no warning: which recipe suits the clip, and why.

    Returns:
        The figures that ``--json`` prints.

    Raises:
        CodefError: See ARCHITECTURE's exit codes.
    """
    import shutil

    folder = Path(output)
    check_target(folder)
    if job.flow and job.flow_method != "dis":
        raise UsageError("flow comes from files or from a method; leave out one of the two")
    from engine.fit.groups import BACKGROUND, WHOLE

    clip = opened(job.source)
    frames = used_frames(clip, job.source, warn)
    check_frames(frames, job.source.path)
    groups = folder_masks(job.masks, frames, clip.frames)
    folders = {group.name: mask for group, mask in zip(groups, job.masks, strict=True)}
    ignore = folder_masks([job.ignore], frames, clip.frames)[0].mask if job.ignore else None
    flow = None
    if job.flow:
        flow = _flow_files(job.flow, frames, clip.read(frames[0]))
    elif job.flow_method != "dis":
        flow = _learned_flow(job.flow_method, frames, clip.read, task, job.options.device)
    names = [group.name for group in groups]
    unknown = sorted(set(job.options.groups) - {*names, BACKGROUND, WHOLE})
    if unknown:
        raise UsageError(
            f"there is no group {unknown[0]!r} to set anything for; there are "
            f"{', '.join([*names, BACKGROUND])}"
        )
    hints = job.hints.read(clip.read(frames[0]), names, start=clip.frames[0])
    checkpoint = checkpoint_of(folder)
    if job.options.seconds is not None:
        task = task.part(0, 1)
        task.ends = job.started + job.options.seconds
    if job.resume and not has_checkpoint(checkpoint):
        warn("there is no checkpoint to resume from: the fit starts anew")
    try:
        done = run_fit(
            frames,
            clip.read,
            groups,
            flow,
            job.options,
            task,
            source={**record(clip, job.source), "masks": absolute(job.masks)},
            identity=_identity(job, clip, frames),
            started=job.started,
            checkpoint=checkpoint,
            resume=job.resume,
            ignore=ignore,
            hints=hints,
            lens=job.lens,
            again=_earlier(job),
            long=_long_shot(job, clip, frames, folder),
            # A movie is decoded frame after frame; files are read side by side.
            readers=1 if clip.kind == "movie" else 2,
            tell=tell,
        )
    except Cancelled as error:
        if has_checkpoint(checkpoint):
            raise Cancelled("cancelled; the same command with --resume goes on") from error
        raise
    except MaskError as error:
        if error.file is None:  # the engine knows the groups by their names only
            error.file = next((f for n, f in folders.items() if repr(n) in error.message), None)
        raise
    if job.again and "fitted_again" not in done.report:
        warn(
            f"{job.again} is of no use here: other frames, groups or size, or no mask of it "
            "changed; everything was fitted anew"
        )
    store(done, folder)
    shutil.rmtree(checkpoint, ignore_errors=True)
    return figures(done, output, time.monotonic() - job.started)


def _long_shot(job: FitJob, clip: "Clip", frames: Sequence[int], folder: Path) -> LongShot:
    """How the clip is divided; a longer range than that of the field there goes on from it."""

    def identity(some: Sequence[int]) -> str:
        return _identity(job, clip, some)

    earlier = None if job.anew or job.again else folder
    return LongShot(job.split, identity, checkpoint_of(folder), earlier)


def _earlier(job: FitJob) -> Field | None:
    if job.again is None:
        return None
    from engine.fields.folder import load_field

    return load_field(job.again)


def figures(done: Field, path: str, seconds: float) -> dict[str, Any]:
    """What a finished fit reports."""
    return {
        **done.report,
        "field": path,
        "seconds": seconds,
    }


def _flow_files(spec: str, frames: Sequence[int], first: Picture) -> Callable[[int], FlowPair]:
    from codef_nodes.work.flowfiles import FlowFiles

    return FlowFiles.open(frames, (first.data.height, first.data.width), spec).pair


def _learned_flow(
    method: str,
    frames: Sequence[int],
    read: Callable[[int], Picture],
    task: Task,
    device: str,
) -> Callable[[int], FlowPair]:
    from codef_nodes.work.flows import ClipFlow
    from codef_nodes.work.matchers import matcher

    matcher(method, device)  # what is absent is said before any work
    return ClipFlow(frames, read, method, task.check, device=device)


def _identity(job: FitJob, clip: "Clip", frames: Sequence[int]) -> str:
    """What a fit of some frames reads, and how; not for how long."""
    from codef_nodes.work.source import files_identity

    options, source = job.options, job.source
    ignored = [job.ignore] if job.ignore else []
    said = [
        [clip.identity(frame) for frame in frames],
        [source.first, source.colour_space, source.working],
        masks_identity(job.masks, frames, clip.frames),
        masks_identity(ignored, frames, clip.frames),
        [file_identity(path) for path in job.lens or ()],
        files_identity(job.flow) if job.flow else None,
        job.hints.identity(),
        {name: settings.as_dict() for name, settings in sorted(job.options.groups.items())},
        # Not the length: a longer fit may go on from the checkpoint of a shorter one.
        [options.recipe, options.seed, options.alpha, options.cuts],
        options.reference if options.reference in frames else None,
        sorted(options.overrides.items()),
    ]
    if job.flow_method != "dis":
        from codef_nodes.work.matchers import weights_identity

        said.append([job.flow_method, weights_identity(job.flow_method)])
    return hashed(said)
