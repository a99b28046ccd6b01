"""Which frames each segment of a long shot holds."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from engine.errors import UsageError
from engine.io.frames import format_frames

#: Frames that two segments share.
OVERLAP = 10
#: Fewest frames of a segment, without those that it shares.
LEAST = 4
AUTO, NONE = "auto", "none"

Span = tuple[int, ...]


@dataclass(frozen=True)
class Split:
    """Where a shot is divided.

    Attributes:
        starts: The first frame of each segment but the first, ascending.
        reasons: Why, for each.
    """

    starts: tuple[int, ...] = ()
    reasons: tuple[str, ...] = ()

    def as_list(self) -> list[dict[str, Any]]:
        """The form in reports."""
        pairs = zip(self.starts, self.reasons, strict=True)
        return [{"frame": frame, "reason": reason} for frame, reason in pairs]

    def sentences(self) -> list[str]:
        """What a person is told of each division."""
        return [f"split at frame {s}: {r}" for s, r in zip(self.starts, self.reasons, strict=True)]


def asked_split(text: str, frames: Sequence[int]) -> Split | None:
    """The split that a person asked for.

    Args:
        text: ``auto``, ``none`` or ``""``, or the numbers of the frames that begin a segment.
        frames: All frames.

    Returns:
        None where it is to be proposed.

    Raises:
        UsageError: It is neither, or leaves a segment without frames enough.
    """
    said = text.strip().lower()
    if said == AUTO:
        return None
    if said in (NONE, ""):
        return Split()
    try:
        wanted = sorted({int(part) for part in said.split(",") if part.strip()})
    except ValueError:
        raise UsageError(
            f"the split {text!r} is neither auto nor none nor frame numbers such as 1101,1201"
        ) from None
    starts = []
    for number in wanted:
        if not frames[0] < number <= frames[-1]:
            raise UsageError(
                f"the split at frame {number} is not inside frames {frames[0]}-{frames[-1]}; "
                "name frames that begin a new segment",
                frame=number,
            )
        starts.append(next(frame for frame in frames if frame >= number))
    split = Split(tuple(starts), ("as asked",) * len(starts))
    check_split(split, frames)
    return split


def check_split(split: Split, frames: Sequence[int]) -> None:
    """Refuses segments that are too short; a shot that is not split may have any length.

    Raises:
        UsageError: One has fewer than ``LEAST`` frames of its own.
    """
    for core in _cores(frames, split.starts):
        if split.starts and len(core) < LEAST:
            raise UsageError(
                f"the split leaves a segment of only {format_frames(core)}; a segment needs at "
                f"least {LEAST} frames of its own",
                frame=core[0] if core else None,
            )


def spans_of(frames: Sequence[int], starts: Sequence[int]) -> list[Span]:
    """The frames of each segment: its own, and on either side half of those that are shared.

    Args:
        frames: All frames, ascending.
        starts: Frames that begin a segment; none: one segment of all.
    """
    cores = _cores(frames, starts)
    place = {frame: index for index, frame in enumerate(frames)}
    spans = []
    for n, core in enumerate(cores):
        first, last = place[core[0]], place[core[-1]]
        if n:
            first -= min(OVERLAP // 2, len(cores[n - 1]) // 2)
        if n + 1 < len(cores):
            last += min(OVERLAP - OVERLAP // 2, len(cores[n + 1]) // 2)
        spans.append(tuple(frames[first : last + 1]))
    return spans


def grown(there: Sequence[Span], frames: Sequence[int]) -> tuple[Span, Span] | None:
    """What a longer range has beyond the segments that are there.

    Args:
        there: The segments, in order.
        frames: All frames that are asked.

    Returns:
        The frames before and after, each with the frames that it shares with the segment beside
        it, or empty; None where the segments are no stretch of the range, or the range has
        nothing new.
    """
    held = sorted({frame for span in there for frame in span})
    if not held or held[0] not in frames or held[-1] not in frames:
        return None
    first, last = list(frames).index(held[0]), list(frames).index(held[-1])
    if list(frames[first : last + 1]) != held or len(held) == len(frames):
        return None
    if any(not set(a) & set(b) for a, b in pairwise(there)):
        return None
    before, after = min(OVERLAP, len(there[0]) // 2), min(OVERLAP, len(there[-1]) // 2)
    earlier = tuple(frames[: first + before]) if first else ()
    later = tuple(frames[last + 1 - after :]) if last + 1 < len(frames) else ()
    return earlier, later


def _cores(frames: Sequence[int], starts: Sequence[int]) -> list[Span]:
    place = {frame: index for index, frame in enumerate(frames)}
    cuts = [0, *(place[start] for start in starts), len(frames)]
    return [tuple(frames[a:b]) for a, b in pairwise(cuts)]
