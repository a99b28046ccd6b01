"""Frame ranges: the one parser and formatter of the program."""

import re
from collections.abc import Iterable, Sequence
from itertools import pairwise

from engine.errors import UsageError

MAX_FRAMES = 1_000_000
"""More frames than this in one range is taken for a slip of the finger."""

_PIECE = re.compile(r"(?P<first>-?\d{1,9})(?:-(?P<last>-?\d{1,9})(?:x(?P<step>\d{1,9}))?)?\Z")


def parse_frames(text: str) -> tuple[int, ...]:
    """Reads a frame range as artists type it.

    ``3``, ``-3``, ``1 3 4 8``, ``1-10``, ``-3-4``, ``-8--5``, ``1-100x2``; several pieces by spaces
    or commas. A range that counts down means the same frames.

    Args:
        text: What was typed.

    Returns:
        The frames, sorted, each once.

    Raises:
        UsageError: The text holds no frame, a piece that is no range, or too many frames.
    """
    pieces = [piece for piece in re.split(r"[\s,]+", text) if piece]
    if not pieces:
        raise UsageError("The frame range is empty: type frames such as 1-100, 1-100x2 or 3 7 12.")
    ranges = [_piece(piece) for piece in pieces]
    if sum(len(frames) for frames in ranges) > MAX_FRAMES:
        raise UsageError(
            f'The frame range "{_quoted(text)}" holds more than {MAX_FRAMES} frames: type a '
            "shorter one."
        )
    return tuple(sorted({frame for frames in ranges for frame in frames}))


def _piece(piece: str) -> range:
    match = _PIECE.match(piece)
    if match is None:
        raise UsageError(
            f'"{_quoted(piece)}" is no frame range: type frames such as 1-100, 1-100x2 or -8--5.'
        )
    first = int(match["first"])
    last = first if match["last"] is None else int(match["last"])
    step = 1 if match["step"] is None else int(match["step"])
    if step == 0:
        raise UsageError(f'"{_quoted(piece)}" has a step of 0: type a step of 1 or more.')
    if last < first:
        return range(first, last - 1, -step)
    return range(first, last + 1, step)


def _quoted(text: str) -> str:
    return text if len(text) <= 60 else text[:57] + "..."


def format_frames(frames: Iterable[int]) -> str:
    """The shortest natural form of some frames, such as ``1001-1096 1098`` or ``1-99x2``.

    Args:
        frames: Frame numbers in any order.

    Returns:
        Text that ``parse_frames`` reads back as the same frames; empty for no frames.
    """
    ordered = sorted(set(frames))
    pieces: list[str] = []
    start = 0
    while start < len(ordered):
        count, step = _run(ordered, start)
        first, last = ordered[start], ordered[start + count - 1]
        if count == 1:
            pieces.append(f"{first}")
        else:
            pieces.append(f"{first}-{last}" if step == 1 else f"{first}-{last}x{step}")
        start += count
    return " ".join(pieces)


def _run(ordered: Sequence[int], start: int) -> tuple[int, int]:
    """Length and step of the run to write from ``start``; steps above 1 need three frames."""
    if start + 1 == len(ordered):
        return 1, 1
    step = ordered[start + 1] - ordered[start]
    end = start + 1
    while end + 1 < len(ordered) and ordered[end + 1] - ordered[end] == step:
        end += 1
    count = end - start + 1
    if step == 1 or count > 3:
        return count, step
    # Of three evenly spaced frames the last may begin a plain run ("1 3 5-9", not "1-5x2 6-9").
    follows = end + 1 < len(ordered) and ordered[end + 1] - ordered[end] == 1
    return (count, step) if count == 3 and not follows else (1, 1)


def repeated(frames: Sequence[int]) -> str:
    """What is said of frames that show the very picture of the one before."""
    if len(frames) == 1:
        return f"frame {frames[0]} repeats the frame before it; motion stands still there."
    return (
        f"{len(frames)} frames repeat the frame before them ({format_frames(frames)}); motion "
        "stands still there."
    )


def describe_gaps(frames: Iterable[int]) -> str:
    """What a clip holds, for a person: ``1001-1096, missing 1044``.

    Args:
        frames: The frames that are there.

    Returns:
        First and last frame, and the frames missing between them; ``no frames`` for none.
    """
    present = set(frames)
    if not present:
        return "no frames"
    first, last = min(present), max(present)
    span = f"{first}" if first == last else f"{first}-{last}"
    absent = missing_frames(present)
    return f"{span}, missing {format_frames(absent)}" if absent else span


def missing_frames(frames: Iterable[int]) -> tuple[int, ...]:
    """The frames absent between the first and the last; at most ``MAX_FRAMES`` of them."""
    present = sorted(set(frames))
    absent: list[int] = []
    for before, after in pairwise(present):
        room = MAX_FRAMES - len(absent)
        absent.extend(range(before + 1, min(after, before + 1 + room)))
    return tuple(absent)
