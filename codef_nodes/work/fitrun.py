"""Running a fit: what ``codef fit`` and FitCoDeF share."""

import logging
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from codef_nodes.work.longshots import LongShot, fit_shot
from engine.arrays import U8
from engine.errors import InputError, MissingFrameError, UsageError
from engine.fields.field import Field
from engine.fit.hints import Hints
from engine.fit.request import FitOptions, FitRequest, GroupMasks
from engine.flow.pair import FlowPair
from engine.io.clip import MADE_UP
from engine.io.picture import Picture
from engine.progress import Task
from engine.warp.lens import Lens

if TYPE_CHECKING:
    pass

Draft = Callable[[Field, float | None, float], None]
log = logging.getLogger(__name__)
KEPT_DAYS = 14


def check_frames(frames: Sequence[int], what: str) -> None:
    """Refuses a clip that cannot be fitted for want of frames.

    Raises:
        InputError: There are fewer than two.
    """
    if len(frames) < 2:
        raise InputError(
            f"{what}: a fit needs at least two frames, and there "
            + ("is only one; name the whole sequence" if frames else "are none; check the range"),
            file=what,
            frame=frames[0] if frames else None,
        )


def has_checkpoint(folder: Path) -> bool:
    """Whether there is a whole checkpoint; a killed fit may have left half of one."""
    try:
        return any(not entry.name.startswith(".") for entry in folder.iterdir())
    except OSError:
        return False


def real_frame(picture: Picture, frame: int) -> Picture:
    """The picture, unless it stands in for a missing one.

    Raises:
        MissingFrameError: It does; a fit never learns from a made-up frame.
    """
    if picture.metadata.get(MADE_UP):
        raise MissingFrameError(
            f"frame {frame} is missing and what stands in for it was made up; add it, or set "
            "missing to skip to fit without it",
            frame=frame,
        )
    return picture


def run_fit(
    frames: Sequence[int],
    picture: Callable[[int], Picture],
    groups: Sequence[GroupMasks],
    flow: Callable[[int], FlowPair] | None,
    options: FitOptions,
    task: Task,
    *,
    source: dict[str, Any],
    identity: str,
    started: float,
    checkpoint: Path | None = None,
    resume: bool = False,
    ignore: Callable[[int], U8] | None = None,
    tell: Callable[[str], None] | None = None,
    hints: Hints | None = None,
    lens: Sequence[str | Path] | None = None,
    readers: int = 0,
    draft: Draft | None = None,
    again: Field | None = None,
    long: LongShot | None = None,
) -> Field:
    """Checks what can be checked before the work, then fits.

    Raises:
        InputError: Fewer than two frames, frames or masks that do not fit together.
        UsageError: Wrong options.
    """
    from engine.fit.cuts import advice
    from engine.fit.recipes import load_recipe
    from engine.fit.run import fit

    check_frames(frames, str(source.get("path") or "the clip"))
    load_recipe(options.recipe, dict(options.overrides))
    if options.reference is not None and options.reference not in frames:
        raise UsageError(
            f"the reference frame {options.reference} is not among the frames that are fitted; "
            "choose one that is",
            frame=options.reference,
        )
    if len({group.name for group in groups}) < len(groups):
        raise UsageError("two groups have the same name; give each its own")
    hints = hints or Hints()
    if hints and options.recipe == "paper":
        raise UsageError(
            "the recipe paper starts from nothing, so tracks, corner pins and ST maps cannot help "
            "it; use the recipe seeded"
        )
    if options.reference is None:
        options = replace(options, reference=hints.reference(frames))
    request = FitRequest(
        frames=tuple(frames),
        picture=picture,
        groups=tuple(groups),
        flow=flow,
        ignore=ignore,
        hints=hints,
        lens=lens_of(lens, picture(frames[0])) if lens else None,
        options=options,
        source=source,
        identity=identity,
        started=started,
        checkpoint=checkpoint,
        resume=resume,
        again=again,
        readers=readers,
        draft=draft,
        tell=tell,
    )
    done = fit(request, task) if long is None else fit_shot(request, long, task)
    bad = int(done.report.get("bad_pixels", 0))
    if bad:
        log.warning(
            "%d pixels of %s are no finite numbers (NaN or Inf); the fit left them out",
            bad,
            source.get("path") or "the clip",
        )
    shots = done.report.get("shots", ())
    if len(shots) > 1:
        first, last = next(shot for shot in shots if shot[0] <= done.reference <= shot[1])
        log.warning(
            "%s; this fit holds frames %d-%d, edits leave the other frames as they are",
            advice(shots),
            first,
            last,
        )
    return done


def lens_of(maps: Sequence[str | Path], first: Picture) -> Lens:
    """The lens of a clip.

    Args:
        maps: The undistort and the redistort map.
        first: A frame of the clip.

    Raises:
        UsageError: One map without the other.
        InputError: A map cannot be read or does not belong to the other or to the clip.
    """
    from engine.warp.lens import load_lens

    undistort, redistort = maps
    if not (str(undistort) and str(redistort)):
        raise UsageError("a lens needs both maps, undistort and redistort; give the other one too")
    return load_lens(undistort, redistort, first.display, first.data)


def scratch_of(folder: Path | None, key: str) -> Path | None:
    """Where the checkpoints of a fit in a document lie: in the cache folder, by the fit's key.

    Those of fits that were given up on go after ``KEPT_DAYS``.

    Args:
        folder: The cache folder, or None.
        key: Key of everything that the fit reads and of its knobs.

    Returns:
        The folder, which need not exist; None where nothing can be kept: a cache that is out of
        order stops no fit.
    """
    import shutil

    if folder is None:
        return None
    place = folder / "fits"
    try:
        place.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=place):
            pass
    except OSError:
        return None
    try:
        for entry in place.iterdir():
            newest = max((f.stat().st_mtime for f in entry.iterdir()), default=0.0)
            if entry.name != key and time.time() - newest > KEPT_DAYS * 86400:
                shutil.rmtree(entry, ignore_errors=True)
    except OSError:
        pass  # another process tidies it
    return place / key


def store(done: Field, folder: Path) -> None:
    """Writes a field folder in the working space that it was fitted in."""
    from engine.colour.ocio import DEFAULT_WORKING
    from engine.fields.folder import save_field

    save_field(done, folder, working_space=str(done.source.get("working") or DEFAULT_WORKING))
