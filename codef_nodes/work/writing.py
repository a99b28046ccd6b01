"""Frames to files: what WriteSequence and the commands that write frames share."""

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from codef_nodes.work.source import SOURCE, remembered_clip, without_source
from engine.errors import CodefError, InputError, UsageError, WriteError
from engine.progress import Task

if TYPE_CHECKING:
    from engine.arrays import U8
    from engine.io.picture import Picture
    from engine.io.write import WriteOptions

MOVIES = (".mp4", ".mov")


@dataclass
class Written:
    """What became of the frames.

    Attributes:
        paths: Files that were written.
        frames: Their frame numbers as the clip counts them.
        skipped: Frames left alone since their file is there.
        failed: ``{"frame", "message", "code"}`` of frames that could not be made.
    """

    paths: list[str] = field(default_factory=list)
    frames: list[int] = field(default_factory=list)
    skipped: list[int] = field(default_factory=list)
    failed: list[dict[str, Any]] = field(default_factory=list)

    def summary(self) -> dict[str, Any]:
        """The JSON-able form."""
        return {
            "written": self.paths,
            "frames": self.frames,
            "skipped": self.skipped,
            "failed": self.failed,
        }


@dataclass(frozen=True)
class Plan:
    """How frames become files.

    Attributes:
        pattern: File with a place for the number; for a still, any file.
        options: How each is written.
        shift: Added to the frame's number in the file's name.
        keep_going: Go on when a frame fails.
        skip_existing: Leave frames alone whose file is there.
        there: Whether a frame's file is there already, as it would be written.
        wrote: Hears of each frame and its file when it is written.
        preview: A movie for ``write_preview`` to write beside, or None.
        fps: Of the movie.
    """

    pattern: Path
    options: "WriteOptions"
    shift: int = 0
    keep_going: bool = False
    skip_existing: bool = False
    there: Callable[[int | None, Path], bool] = lambda _frame, _path: False
    wrote: Callable[[int | None, Path], None] = lambda _frame, _path: None
    preview: Path | None = None
    fps: float = 24.0


def target(plan: Plan, frame: int | None) -> Path:
    """The file of a frame.

    Raises:
        UsageError: The name has no place for a frame number.
    """
    from engine.io.sequence import fill_pattern, has_pattern

    if frame is None or not has_pattern(str(plan.pattern)):
        return plan.pattern
    return fill_pattern(str(plan.pattern), frame + plan.shift)


def mark_of(key: str, path: Path) -> str:
    """What tells later whether a file is still the one that was written of something.

    Args:
        key: Of what was written.
        path: The file; if it is gone, the mark is that of no other file either.
    """
    try:
        stat = path.stat()
    except OSError:
        return f"{key} {path.name} gone {time.time_ns()}"
    return f"{key} {path.name} {stat.st_size} {stat.st_mtime_ns}"


def check_plan(plan: Plan, frames: Sequence[int | None]) -> None:
    """Refuses names that cannot hold the frames, before any work is done.

    Raises:
        UsageError: Several frames and no place for their number, or no file name at all.
    """
    from engine.io.sequence import has_pattern
    from engine.io.write import check_kind

    if not plan.pattern.name or plan.pattern.is_dir():
        raise UsageError(
            f"{plan.pattern} is a folder; name files in it, such as "
            f"{plan.pattern / 'frame.%04d.exr'}",
            file=plan.pattern,
        )
    if plan.pattern.suffix.lower() in MOVIES:
        raise UsageError(
            f"{plan.pattern}: frames are written as pictures; use a name such as frame.%04d.exr",
            file=plan.pattern,
        )
    check_kind(plan.pattern)
    if len(frames) > 1 and not has_pattern(str(plan.pattern)):
        raise UsageError(
            f"{plan.pattern} has no place for the frame number; use a name such as "
            f"{plan.pattern.stem}.%04d{plan.pattern.suffix}",
            file=plan.pattern,
        )


def check_not_own_input(picture: "Picture", path: Path) -> None:
    """Refuses to write over the clip that the picture comes from.

    Raises:
        WriteError: The file is a frame of it.
    """
    note = picture.metadata.get(SOURCE)
    if not isinstance(note, dict) or not path.exists():
        return
    try:
        clip = remembered_clip(
            str(note.get("path")),
            first=int(note.get("first") or 0),
            colour_space=note.get("colour_space"),
            working=note.get("working"),
        )
        own = {clip.path(clip.frames[0]).parent.resolve()}
    except CodefError:
        return
    if path.parent.resolve() not in own:
        return
    if any(clip.path(frame).samefile(path) for frame in clip.frames if clip.path(frame).exists()):
        raise WriteError(
            f"{path} is a frame of the clip that is being read; write to another name or folder",
            file=path,
        )


def like_the_source(picture: "Picture", path: Path, options: "WriteOptions") -> "WriteOptions":
    """Depth and space of the source for a picture whose every pixel was computed.

    A picture that still has code values says both itself.

    Args:
        picture: What is written.
        path: Its file.
        options: What was chosen; what is None there may be filled in.
    """
    from engine.colour import ocio

    note = picture.metadata.get(SOURCE)
    if picture.native is not None or not isinstance(note, dict):
        return options
    kind, bits = path.suffix.lower(), int(note.get("bits") or 0)
    space = str(note.get("colour_space") or "")
    if options.bits is None and bits:
        options = replace(options, bits=_depth(kind, bits))
    encoded = space and space != ocio.RAW and not ocio.is_linear(space)
    if options.colour_space is None and kind != ".exr" and encoded:
        options = replace(options, colour_space=space)
    return options


def matte_as_grey(
    picture: "Picture", path: Path, options: "WriteOptions"
) -> tuple["Picture", "WriteOptions"]:
    """A matte for files whose colours are not premultiplied: grey, and its figures as they are.

    It is the same in every channel, alpha too. Divided by its own alpha it would be white wherever
    it is anything at all.

    Args:
        picture: What is written; one that is no matte stays as it is.
        path: Its file.
        options: What was chosen.
    """
    import numpy as np

    pixels = picture.pixels
    if (
        path.suffix.lower() == ".exr"
        or "codef/pass" not in picture.metadata
        or pixels.shape[2] != 4
        or not np.array_equal(pixels[..., 0], pixels[..., 3])
    ):
        return picture, options
    if options.colour_space is None:
        options = replace(options, colour_space="raw")
    return picture.with_pixels(np.ascontiguousarray(pixels[..., :3])), options


def _depth(kind: str, bits: int) -> int | None:
    """Bits of the source as far as the kind of file can hold them."""
    if kind == ".exr":
        return 32 if bits == 32 else 16
    if kind in (".jpg", ".jpeg"):
        return 8
    if kind == ".dpx":
        return bits if bits in (8, 10, 12, 16) else 10
    return 8 if bits == 8 else 16


def write_frames(
    plan: Plan,
    frames: Sequence[int | None],
    picture: Callable[[int | None], "Picture"],
    task: Task,
    label: str = "write",
) -> Written:
    """Makes frames one after the other, and writes each while the next one is made.

    Args:
        plan: How.
        frames: Which; None stands for a still.
        picture: Makes one.
        task: Progress and cancel.
        label: What the progress says.

    Raises:
        CodefError: A frame failed and ``plan.keep_going`` is off.
    """
    from engine.io.atomic import clean_parts
    from engine.io.write import write_picture

    check_plan(plan, frames)
    clean_parts(plan.pattern.parent)
    done = Written()

    def made(frame: int | None, path: Path) -> Callable[[], None]:
        found = picture(frame)
        if frame is not None or path.exists():
            check_not_own_input(found, path)
        task.check()
        options = replace(like_the_source(found, path, plan.options), frame=frame)
        found, options = matte_as_grey(without_source(found), path, options)
        return partial(write_picture, path, found, options)

    with ThreadPoolExecutor(1, "writing") as pool:
        writing: tuple[int | None, Path, Future[None]] | None = None
        for count, frame in enumerate(frames):
            task.report(count / len(frames), label, frame=count + 1, frames=len(frames))
            path = target(plan, frame)
            existing = plan.skip_existing and path.is_file() and path.stat().st_size > 0
            if existing or plan.there(frame, path):
                done.skipped += [] if frame is None else [frame]
                continue
            try:
                write = made(frame, path)
            except (InputError, WriteError) as error:
                if writing is not None:  # the frame before failed before this one
                    _ended(*writing, plan, done)
                    writing = None
                _failed(error, frame, plan, done)
                continue
            if writing is not None:
                _ended(*writing, plan, done)
            writing = frame, path, pool.submit(write)
        if writing is not None:
            _ended(*writing, plan, done)
    task.report(1.0, label)
    return done


def _ended(
    frame: int | None, path: Path, writing: "Future[None]", plan: Plan, done: Written
) -> None:
    """Waits for a frame that is being written, and notes what became of it."""
    try:
        writing.result()
    except (InputError, WriteError) as error:
        _failed(error, frame, plan, done)
        return
    done.paths.append(str(path))
    done.frames += [] if frame is None else [frame]
    plan.wrote(frame, path)


def _failed(error: InputError | WriteError, frame: int | None, plan: Plan, done: Written) -> None:
    """Notes a frame that failed, or raises its error.

    Raises:
        CodefError: ``plan.keep_going`` is off.
    """
    error.frame = frame if error.frame is None else error.frame
    if not plan.keep_going:
        raise error
    done.failed.append({"frame": frame, "message": str(error), "code": error.code})


def write_preview(plan: Plan, frames: Sequence[int], task: Task) -> Path | None:
    """A movie of the frames whose files are there, in display colours.

    Made from the files, so that a range that was rendered later or elsewhere is in it too.

    Args:
        plan: How the frames were written; ``plan.preview`` is the movie.
        frames: All frames that there may be.
        task: Progress and cancel.

    Returns:
        The movie, or None when no frame is there.
    """
    from engine.io.movie import write_movie
    from engine.io.read import read_picture

    files = [path for frame in frames if (path := target(plan, frame)).is_file()]
    if plan.preview is None or not files:
        return None
    space, working = plan.options.colour_space, plan.options.working

    def shown() -> Iterator["U8"]:
        for count, path in enumerate(files):
            task.report(count / len(files), "preview")
            picture = read_picture(path, colour_space=space, working=working)
            yield display_referred(picture, working)

    write_movie(plan.preview, shown(), plan.fps)
    return plan.preview


def display_referred(picture: "Picture", working: str | None = None) -> "U8":
    """A picture as an sRGB display shows it, uint8 [H, W, 3] over the display window."""
    import numpy as np

    from engine.colour import ocio
    from engine.io.picture import within

    seen = within(picture.pixels[..., :3], picture.data, picture.display)
    finite = np.nan_to_num(seen, nan=0.0, posinf=1.0, neginf=0.0)
    encoded = ocio.from_working(finite, ocio.SRGB, working or ocio.DEFAULT_WORKING)
    return np.asarray(np.rint(np.clip(encoded, 0, 1) * 255), np.uint8)
