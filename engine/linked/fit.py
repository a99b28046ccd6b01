"""Fitting a long shot segment by segment: one in memory at a time, only what is not there yet."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from engine.colour.ocio import DEFAULT_WORKING
from engine.fields.field import Field
from engine.fields.files import INFO, read_info
from engine.fields.folder import load_field, save_field
from engine.fit.hints import Hints, PointTrack
from engine.fit.request import FitRequest
from engine.fit.run import fit
from engine.io.frames import format_frames
from engine.linked.drafts import LinkedDrafts
from engine.linked.field import LinkedField
from engine.linked.folder import open_linked, segment_name, segment_of
from engine.linked.links import Links, link_segments
from engine.linked.segments import Segment, Segments
from engine.linked.spans import Span, Split, check_split, grown, spans_of
from engine.progress import Progress, Task

#: Name in a field's report of the hash of all that its fit read but for time and range.
PART = "part"
#: Share of a segment's time that is kept for saving it and linking it, before any was linked.
AFTERWARDS = 0.06


@dataclass(frozen=True)
class LinkedPlan:
    """Which segments a long shot has.

    Attributes:
        spans: Frames of each, in order; each shares some with the next.
        there: Folders of those that are fitted already, by number.
        split: Where the new ones are divided, and why.
    """

    spans: tuple[Span, ...]
    there: Mapping[int, Path]
    split: Split

    @property
    def single(self) -> bool:
        """Whether there is but one segment, which is fitted like any clip."""
        return len(self.spans) == 1

    def sentences(self) -> list[str]:
        """What a person is told before the fit."""
        if self.single:
            return []
        said = [f"a long shot of {len(self.spans)} segments", *self.split.sentences()]
        kept = [format_frames(self.spans[n]) for n in sorted(self.there)]
        if kept:
            said.append(f"frames {', '.join(kept)} are fitted already and stay as they are")
        return said


def plan_segments(
    frames: Sequence[int],
    there: Mapping[Span, Path],
    split: Split | None,
    propose: Callable[[Sequence[int]], Split],
) -> LinkedPlan:
    """Decides on the segments.

    Segments that are there and are a stretch of the range stay; what the range has beyond them is
    divided anew. A split that was asked for counts instead, and keeps what it leaves unchanged.

    Args:
        frames: All frames.
        there: Folders of segments that were fitted before, of the same files and in the same way.
        split: As it was asked for, or None to propose one.
        propose: Proposes a split of some frames.

    Raises:
        UsageError: The split leaves a segment too short.
    """
    if split is None and there:
        held = sorted(there)
        more = grown(held, frames)
        if more is not None:
            earlier, later = more
            parts = [propose(each) if each else Split() for each in more]
            spans: list[Span] = spans_of(earlier, parts[0].starts) if earlier else []
            first = len(spans)
            spans += held
            spans += spans_of(later, parts[1].starts) if later else []
            joined = Split(parts[0].starts + parts[1].starts, parts[0].reasons + parts[1].reasons)
            kept = {first + n: there[span] for n, span in enumerate(held)}
            return LinkedPlan(tuple(spans), kept, joined)
    if split is None:
        split = propose(frames)
    check_split(split, frames)
    wanted = spans_of(frames, split.starts)
    kept = {n: there[span] for n, span in enumerate(wanted) if span in there}
    # Who asks again for just what is there wants it fitted again.
    return LinkedPlan(tuple(wanted), kept if len(kept) < len(wanted) else {}, split)


def fit_linked(
    request: FitRequest,
    plan: LinkedPlan,
    folder: Path,
    identity: Callable[[Span], str],
    task: Task,
) -> LinkedField:
    """Fits a long shot.

    Args:
        request: All frames, the budget for all, and who wants drafts of all; ``checkpoint`` is not
            used.
        plan: Its segments.
        folder: Where finished segments are put. With ``request.resume`` those that lie there stay.
        identity: Hash of all that the fit of some frames reads.
        task: Progress and cancel.

    Returns:
        The field; its segments lie in ``folder`` and where ``plan.there`` says.

    Raises:
        CodefError: As ``engine.fit.run.fit``.
    """
    made: list[tuple[Segment, dict[str, Any]]] = []
    links: list[Links] = []
    clock = _Clock(request, plan, task)
    drafts = LinkedDrafts(request, folder, _working(request), task)
    if request.options.seconds is not None:
        task.ends = request.started + request.options.seconds
    for n, span in enumerate(plan.spans):
        own = folder / segment_name(n)
        low, high = clock.part(n)
        at = _share(task, low, high, f"segment {n + 1} of {len(plan.spans)}")
        finished = plan.there.get(n)
        if finished is None and request.resume and _is(own, identity(span)):
            finished = own
        told: dict[str, Any] = {"fitted": finished is None}
        if finished is None:
            used = time.process_time()
            one = _one(request, span, own, identity(span), clock.seconds(n), task.now())
            before = [part for part, _ in made]
            field = fit(replace(one, draft=drafts.of_next(before, links)), at)
            clock.begin()
            field.report[PART] = identity(span)
            save_field(field, own, working_space=_working(request))
            told["cpu_seconds"] = round(time.process_time() - used, 2)
            del field
        clock.begin()
        part, figures = _described(finished or own)
        made.append((part, {**figures, **told}))
        if n:
            last = load_field(made[n - 1][0].folder)
            links.append(link_segments(last, load_field(part.folder), task.part(high, high)))
        if n + 1 < len(plan.spans):
            drafts.done([part for part, _ in made], links)
        clock.end(n)
    segments = Segments([part for part, _ in made], links)
    report = _report(request, plan, made, links, task)
    return open_linked(segments, report, request.source, request.options.recipe)


def _share(task: Task, low: float, high: float, name: str) -> Task:
    """A task for one segment: it tells of itself as a part of all, time left and its end too."""

    def told(progress: Progress) -> None:
        words = f"{name}, {progress.label}" if progress.label else name
        task.report(low + (high - low) * progress.fraction, words, **progress.figures)

    return Task(told, task.cancelled)


class _Clock:
    """Shares the time budget among the segments that are fitted, by their frames."""

    def __init__(self, request: FitRequest, plan: LinkedPlan, task: Task) -> None:
        self._budget, self._started = request.options.seconds, request.started
        self._counts = [0 if n in plan.there else len(span) for n, span in enumerate(plan.spans)]
        self._task = task
        self._since: float | None = None
        self._after = 0.0

    def part(self, n: int) -> tuple[float, float]:
        """Where a segment begins and ends in the progress of all."""
        total = max(sum(self._counts), 1)
        done = sum(self._counts[:n])
        return done / total, (done + self._counts[n]) / total

    def seconds(self, n: int) -> float | None:
        """What a segment may take, given what is left for all."""
        if self._budget is None:
            return None
        left = self._started + self._budget - self._task.now()
        mine = self._counts[n] / max(sum(self._counts[n:]), 1)
        coming = sum(1 for count in self._counts[n:] if count)
        kept = self._after * coming if self._after else AFTERWARDS * left
        return max((left - kept) * mine, 0.5)

    def begin(self) -> None:
        """A segment is fitted; what comes now is saving and linking."""
        if self._since is None:
            self._since = self._task.now()

    def end(self, n: int) -> None:
        """It is saved and linked."""
        if self._since is not None and self._counts[n]:
            self._after = max(self._after, self._task.now() - self._since)
        self._since = None


def _is(folder: Path, identity: str) -> bool:
    return (folder / INFO).is_file() and read_info(folder)["report"].get(PART) == identity


def _working(request: FitRequest) -> str:
    return str(request.source.get("working") or DEFAULT_WORKING)


def _one(
    request: FitRequest, span: Span, own: Path, identity: str, seconds: float | None, now: float
) -> FitRequest:
    """The request for one segment."""
    asked = request.options.reference
    options = replace(
        request.options,
        seconds=seconds,
        reference=asked if asked in span else None,
    )
    return replace(
        request,
        frames=span,
        options=options,
        hints=_hints(request.hints, span),
        identity=identity,
        started=now,
        checkpoint=own.with_name(f"{own.name}.checkpoint") if request.checkpoint else None,
        again=_before(request.again, span),
        preview=None,
    )


def _before(again: Field | None, span: Span) -> Field | None:
    """The earlier field of just these frames, where only groups may have changed since."""
    if isinstance(again, LinkedField):
        parts = again.segments.parts
        same = [n for n, part in enumerate(parts) if part.frames == span]
        return again.segments.field(same[0]) if same else None
    return again if again is not None and again.frames == span else None


def _hints(hints: Hints, span: Span) -> Hints:
    """What is known of the frames of one segment."""
    frames = set(span)
    tracks = [
        PointTrack(track.name, {f: p for f, p in track.places.items() if f in frames}, track.group)
        for track in hints.tracks
    ]
    return Hints(
        [track for track in tracks if track.places],
        [pin for pin in hints.pins if frames & set(pin.corners)],
        [maps for maps in hints.maps if frames & set(maps.frames)],
    )


def _described(folder: Path) -> tuple[Segment, dict[str, Any]]:
    """A segment on disk, and what its fit reported."""
    field = load_field(folder)
    return segment_of(folder, field), dict(field.report)


def _report(
    request: FitRequest,
    plan: LinkedPlan,
    made: Sequence[tuple[Segment, dict[str, Any]]],
    links: Sequence[Links],
    task: Task,
) -> dict[str, Any]:
    """The figures of all segments as those of one fit."""
    reports = [told for _, told in made]
    total = sum(len(part.frames) for part, _ in made)

    def mean(name: str) -> float:
        values = [float(told[name]) * len(part.frames) for part, told in made]
        return sum(values) / total

    first = reports[0]
    same: dict[str, Any] = {
        name: first[name]
        for name in ("width", "height", "layers", "groups", "device", "recipe", "seed")
        if name in first
    }
    fresh = [told for told in reports if told["fitted"]]
    again = [told["fitted_again"] for told in fresh if "fitted_again" in told]
    if again and len(again) == len(fresh):  # in each only the groups whose masks changed
        same["fitted_again"] = sorted({name for names in again for name in names})
    conflicts = [told["conflict"] for told in reports if told.get("conflict")]
    return {
        **same,
        "frames": len(request.frames),
        "reference": made[0][0].reference,
        "psnr_edit_path": mean("psnr_edit_path"),
        "psnr": mean("psnr"),
        "steps": sum(int(told.get("steps", 0)) for told in fresh),
        "seconds": task.now() - request.started,
        "seconds_matching": sum(float(told.get("seconds_matching", 0)) for told in fresh),
        "bad_pixels": sum(int(told.get("bad_pixels", 0)) for told in reports),
        "identity": request.identity,
        "conflict": max(conflicts, key=lambda each: float(each["share"]), default=None),
        "split": plan.split.as_list(),
        "segments": [_short(part, told) for part, told in made],
        "links": [
            [{"layer": name, **link.figures} for name, link in step.items()] for step in links
        ],
    }


def _short(part: Segment, told: Mapping[str, Any]) -> dict[str, Any]:
    """What the report of all says of one segment."""
    names = ("reference", "psnr_edit_path", "psnr", "steps", "seconds", "cpu_seconds", "fitted")
    return {
        "frames": format_frames(part.frames),
        **{name: told[name] for name in names if name in told},
    }
