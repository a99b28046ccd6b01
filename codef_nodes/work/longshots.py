"""Long shots: which segments a fit has, which of them are there already, and fitting the others."""

import hashlib
import json
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from engine.errors import CodefError
from engine.fields.field import Field
from engine.fit.request import FitRequest
from engine.linked.spans import NONE, Span
from engine.progress import Task

#: Segments for which there is no place to keep them yet.
_KEPT: list[tempfile.TemporaryDirectory[str]] = []


@dataclass(frozen=True)
class LongShot:
    """How a clip is divided, and where its segments lie.

    Attributes:
        split: ``auto``, ``none``, or the frames that begin a segment.
        identity: Frames to the hash of all that a fit of them reads, but for its length in time.
        folder: Where finished segments are put until the whole field is stored, or None.
        earlier: A field whose segments stay as they are where they still fit, or None.
    """

    split: str
    identity: Callable[[Sequence[int]], str]
    folder: Path | None = None
    earlier: Path | None = None


def segments_there(long: LongShot, frames: Sequence[int]) -> dict[Span, Path]:
    """Folders of the segments that were fitted on the same files and in the same way."""
    from engine.fields.files import INFO, read_info
    from engine.linked.fit import PART

    asked = set(frames)
    found: dict[Span, Path] = {}
    if long.earlier is None or not (long.earlier / INFO).is_file():
        return found
    try:
        whole = read_info(long.earlier)
        folders = [long.earlier]
        if "segments" in whole:
            folders = [long.earlier / str(item["folder"]) for item in whole["segments"]]
        for folder in folders:
            info = read_info(folder)
            span = tuple(int(frame) for frame in info["frames"])
            if set(span) <= asked and info["report"].get(PART) == long.identity(span):
                found[span] = folder
    except (CodefError, KeyError, TypeError, ValueError):
        return {}  # a damaged field is no reason not to fit a whole one
    return found


def fit_shot(request: FitRequest, long: LongShot, task: Task) -> Field:
    """Fits a clip as one field, or as a linked one where it is too long for that.

    Args:
        request: The clip.
        long: How it is divided.
        task: Progress and cancel.

    Raises:
        CodefError: As ``engine.fit.run.fit``; a split that cannot be.
    """
    from engine.fit.recipes import AUTO, recipe_of
    from engine.fit.run import fit
    from engine.linked.field import LinkedField
    from engine.linked.fit import PART, fit_linked, plan_segments
    from engine.linked.propose import propose_split
    from engine.linked.spans import Split, asked_split

    split = asked_split(long.split, request.frames)
    name = request.options.recipe
    if split is None and name != AUTO and recipe_of(name).method == "paper":
        split = Split()  # the baseline is what was published
    there = {} if long.split == NONE else segments_there(long, request.frames)
    looking = task.part(0.0, 0.02)
    plan = plan_segments(
        request.frames, there, split, lambda some: propose_split(request, some, looking)
    )
    if plan.single:
        again = None if isinstance(request.again, LinkedField) else request.again
        done = fit(replace(request, again=again), task)
        done.report[PART] = long.identity(request.frames)
        return done
    for sentence in plan.sentences():
        if request.tell is not None:
            request.tell(sentence)
    folder = long.folder or passing_folder()
    return fit_linked(request, plan, folder, long.identity, task.part(0.02, 1.0))


def passing_folder() -> Path:
    """A folder for segments that are not stored yet; it goes with the process."""
    _KEPT.append(tempfile.TemporaryDirectory(prefix="codef-"))
    return Path(_KEPT[-1].name)


def hashed(said: Any) -> str:
    """A hash of what JSON can hold."""
    text = json.dumps(said, sort_keys=True, default=str)
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def masks_identity(
    folders: Sequence[str], frames: Sequence[int], clip_frames: Sequence[int]
) -> list[Any]:
    """Identity of the mask files of some frames, so that more frames leave it as it is."""
    from codef_nodes.work.masks import match_frames
    from engine.errors import MaskError
    from engine.io.clip import open_clip

    told = []
    for folder in folders:
        clip = open_clip(str(folder), colour_space="raw")
        try:
            matched: Mapping[int, int] = match_frames(clip_frames, clip.frames, str(folder))
        except MaskError:
            matched = match_frames(frames, clip.frames, str(folder))
        told.append([clip.identity(matched[frame]) for frame in frames])
    return told
