"""Relinking a field to another version of its plate: what ``codef relink`` and Relink share."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from codef_nodes.work.source import Source, note_of, open_field, opened, source_of
from engine.errors import CodefError, EditError, UsageError
from engine.fields.field import Field
from engine.progress import Task

if TYPE_CHECKING:
    from engine.arrays import F32
    from engine.io.picture import Picture
    from engine.relink.relink import Report


@dataclass(frozen=True)
class RelinkJob:
    """What ``codef relink`` was asked.

    Attributes:
        field: The field folder.
        source: The other version of the plate.
        offset: Added to the field's frame numbers.
        stills: Make the stills of the plate's colours.
        check_only: Compare and write nothing.
        force: Write although the plate does not agree.
        output: The field folder to write; empty with ``check_only``.
    """

    field: str
    source: Source
    offset: int = 0
    stills: bool = True
    check_only: bool = False
    force: bool = False
    output: str = ""


def relink(job: RelinkJob, task: Task) -> dict[str, Any]:
    """``codef relink``.

    Returns:
        The report's figures, ``sentences``, ``field`` and the PSNRs on the new plate.

    Raises:
        EditError: The plate does not agree with the field.
        CodefError: See ARCHITECTURE's exit codes.
    """
    from engine.fields.folder import save_field

    if not job.check_only and not job.output:
        raise UsageError("say where the relinked field goes with -o, or use --check-only")
    field = open_field(job.field)
    known = known_frames(field)
    clip = opened(job.source)
    note = note_of(clip, job.source.first or 0)
    report, found = relink_field(
        field,
        clip.read,
        clip.frames,
        known,
        task,
        source={**note, "path": str(Path(clip.spec).absolute())},
        offset=job.offset,
        stills=job.stills,
        build=not job.check_only,
        force=job.force,
        what=job.source.path,
    )
    answer = {**report.figures(), "sentences": report.sentences()}
    if found is None:
        return answer
    save_field(found, job.output, working_space=clip.working)
    figures = {name: found.report[name] for name in ("psnr_edit_path", "psnr")}
    return {**answer, "field": job.output, **figures}


def relink_field(
    field: Field,
    plate: "Callable[[int], Picture]",
    frames: Sequence[int],
    known: "Callable[[int], F32]",
    task: Task,
    *,
    source: Mapping[str, Any] | None = None,
    offset: int = 0,
    stills: bool = True,
    build: bool = True,
    force: bool = False,
    what: str = "the plate",
) -> "tuple[Report, Field | None]":
    """Compares, and makes the field for the other plate.

    Args:
        field: The field.
        plate: Frame number to picture of the other version.
        frames: Its frames.
        known: Frame number of the field to what it was fitted on, or draws.
        task: Progress and cancel.
        source: What the field is to say of its plate from now on; None: what it says.
        offset: Added to the field's frame numbers.
        stills: Make the stills of the plate's colours.
        build: Make the field; else only compare.
        force: Make it although the plate does not agree.
        what: The plate, for the message.

    Raises:
        EditError: The plate does not agree with the field.
        CodefError: It cannot be read, or has another shape.
    """
    from codef_nodes.work.longshots import passing_folder
    from engine.colour.ocio import DEFAULT_WORKING
    from engine.linked.field import LinkedField
    from engine.linked.rebuilt import rebuilt
    from engine.relink.relink import examined, relinked, renumbered

    moved = renumbered(field, offset) if offset else field
    report = examined(
        moved,
        plate,
        frames,
        lambda frame: known(frame - offset),
        task.part(0.0, 0.2),
        offset=offset,
    )
    if not build:
        return report, None
    if not report.good and not force:
        raise EditError(
            f"{what} does not show what the field was fitted on: "
            f"{'; '.join(report.sentences()[:4])}; relink the right plate, or fit this one"
        )

    def one(own: Field, part: Task) -> Field:
        laid = relinked(renumbered(own, offset), report, plate, part.part(0.0, 0.7), stills=stills)
        laid = replace(laid, source={**laid.source, **(source or {})})
        return measured(laid, plate, part.part(0.7, 1.0), report.figures())

    if not isinstance(field, LinkedField):
        return report, one(field, task.part(0.2, 1.0))
    made = rebuilt(
        field,
        one,
        passing_folder(),
        task.part(0.2, 1.0),
        size=(report.scale, report.size[1] / field.display.height),
        working_space=str(field.source.get("working") or DEFAULT_WORKING),
    )
    made.source.update(source or {})
    told = {"width": report.size[0], "height": report.size[1], "relinked": report.figures()}
    made.report.update(told)
    return report, made


def measured(
    field: Field, plate: "Callable[[int], Picture]", task: Task, figures: dict[str, Any]
) -> Field:
    """The field with a residual and the figures of the plate that it is linked to now."""
    from engine.fields.residual import Residual
    from engine.fit.finish import measure
    from engine.metrics.psnr import clip_score

    schedule = dict(dict(field.report.get("schedule") or {}).get("recipe") or {})
    most = float(schedule.get("residual_gain") or 0.0)
    if most > 0:
        cell = int(schedule.get("residual_cell") or 3) * max(1, round(figures["scale"]))
        field = replace(
            field, residual=Residual.empty(field.height, field.width, cell, len(field.frames))
        )
    pairs = []
    for index, frame in enumerate(field.frames):
        task.report(index / len(field.frames), "measuring")
        pairs.append(measure(field, index, plate(frame), most=most))
    edit_path, everything = (clip_score(values) for values in zip(*pairs, strict=True))
    told = {
        **field.report,
        "psnr_edit_path": float(edit_path),
        "psnr": float(everything),
        "width": field.display.width,
        "height": field.display.height,
        "relinked": figures,
    }
    return replace(field, report=told)


def known_frames(field: Field) -> "Callable[[int], F32]":
    """What a field was fitted on, frame by frame; what it draws where that is out of reach."""
    from engine.warp.render import reconstruct

    try:
        clip = source_of(field, None)
    except CodefError:
        clip = None

    def known(frame: int) -> "F32":
        if clip is not None:
            try:
                pixels: F32 = clip.read(frame).rgb
            except CodefError:
                pixels = np.zeros((0, 0, 3), np.float32)
            if pixels.shape[:2] == (field.height, field.width):
                return pixels
        return reconstruct(field, field.index(frame), edit_path=False)

    return known
