"""A long shot made anew, segment by segment, of what it is: nothing is fitted or linked again."""

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

from engine.fields.field import Field
from engine.fields.folder import save_field
from engine.io.frames import format_frames
from engine.linked.field import LinkedField
from engine.linked.folder import open_linked, segment_name, segment_of
from engine.linked.links import Link, Links
from engine.linked.segments import Segment, Segments
from engine.progress import Task

#: Figures of a segment that are measured again.
MEASURED = ("psnr_edit_path", "psnr")


def rebuilt(
    field: LinkedField,
    change: Callable[[Field, Task], Field],
    folder: Path,
    task: Task,
    *,
    size: tuple[float, float] = (1.0, 1.0),
    working_space: str,
) -> LinkedField:
    """The shot with each of its segments changed; one is in memory at a time.

    Args:
        field: The shot.
        change: A segment to what it becomes: the same layers, and the same frames or all of them
            renumbered alike.
        folder: Where the segments are put.
        task: Progress and cancel.
        size: New canonical pixels for each old one, in x and in y.
        working_space: OCIO name of the space of the stills.

    Raises:
        CodefError: What ``change`` raises; a segment cannot be written.
    """
    parts: list[Segment] = []
    reports: list[dict[str, Any]] = []
    count = len(field.segments.parts)
    for n in range(count):
        name = segment_name(n)
        part = task.part(n / count, (n + 1) / count, f"segment {n + 1} of {count}")
        own = change(field.segments.field(n), part)
        own = save_field(own, folder / name, working_space=working_space)
        parts.append(segment_of(folder / name, own))
        reports.append(own.report)
    pairs = zip(field.segments.links, pairwise(parts), strict=True)
    links = [_resized(step, one, other, size) for step, (one, other) in pairs]
    report = _report(field.report, parts, reports)
    return open_linked(Segments(parts, links), report, field.source, field.recipe)


def _report(
    old: Mapping[str, Any], parts: Sequence[Segment], reports: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """The figures of the shot with those that its segments have now."""
    sizes = [len(part.frames) for part in parts]
    told = {
        name: sum(float(own[name]) * n for n, own in zip(sizes, reports, strict=True)) / sum(sizes)
        for name in MEASURED
    }
    segments = [
        {
            **was,
            "frames": format_frames(part.frames),
            "reference": part.reference,
            **{name: own[name] for name in MEASURED},
        }
        for was, part, own in zip(old["segments"], parts, reports, strict=True)
    ]
    return {**old, **told, "reference": parts[0].reference, "segments": segments}


def _resized(step: Links, one: Segment, other: Segment, size: tuple[float, float]) -> Links:
    """The links between two segments in pixels of another size."""
    if size == (1.0, 1.0):
        return step
    canvases = dict(one.canvases), dict(other.canvases)
    return {
        name: Link(
            link.on.resized(size, canvases[0][name]),
            link.back.resized(size, canvases[1][name]),
            link.light,
            {**link.figures, **{k: link.figures[k] * size[0] for k in ("error", "worst")}},
        )
        for name, link in step.items()
    }
