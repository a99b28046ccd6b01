"""What a fit is asked: a self-contained request that owns its inputs."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from engine.arrays import F32, U8
from engine.fields.field import Field
from engine.fit.groupsettings import GroupSettings
from engine.fit.hints import Hints
from engine.flow.pair import FlowPair
from engine.io.picture import Picture
from engine.warp.lens import Lens


@dataclass(frozen=True)
class GroupMasks:
    """One group, front to back in the request.

    Attributes:
        name: Unique name of the group.
        mask: Frame number to soft mask uint8 [H, W] over the data window, 255 = in the group.
    """

    name: str
    mask: Callable[[int], U8]


@dataclass(frozen=True)
class FitOptions:
    """How to fit.

    Attributes:
        recipe: Name of a recipe or path of its file, see ``engine.fit.recipes``; ``auto`` takes
            the one that the clip's own motion suggests.
        seconds: Wall-clock budget counted from ``FitRequest.started``, or None.
        steps: Number of steps (passes for ``seeded``), or None. With neither, the recipe's own.
        seed: Seed of everything random.
        reference: Frame number that the canonical image is aligned to, or None to choose.
        device: ``auto``, ``cpu`` or ``cuda[:n]``.
        overrides: Recipe numbers to change, by name.
        alpha: Leave out pixels where the clip's own alpha is 0 (unless it is 0 everywhere).
        cuts: What to do about cuts inside the clip: ``warn`` (fit the shot that holds the
            reference frame, leave the others out and say so), ``stop`` or ``ignore``.
        groups: How single groups are fitted, by the name of their layer.
    """

    recipe: str = "seeded"
    seconds: float | None = None
    steps: int | None = None
    seed: int = 0
    reference: int | None = None
    device: str = "auto"
    overrides: dict[str, Any] = field(default_factory=dict)
    alpha: bool = True
    cuts: str = "warn"
    groups: Mapping[str, GroupSettings] = field(default_factory=dict)


@dataclass(frozen=True)
class FitRequest:
    """Everything a fit needs.

    Attributes:
        frames: Frame numbers, ascending; at least two; none of them made up.
        picture: Frame number to picture (working space, scene-linear).
        groups: The masks given, front to back; empty for a single group.
        flow: Frame number to its flow (computed elsewhere or read from files), or None: the fit
            computes OpenCV DIS flow itself.
        ignore: Frame number to mask uint8 [H, W] over the data window of what the fit must not
            see (mattes, lens borders, burnt-in titles), 255 = left out; or None.
        hints: Tracks, corner pins and ST maps that the motion starts from.
        lens: Undistort and redistort maps of the shot, or None; all else stays in plate pixels.
        options: How to fit.
        source: Kept in the field, see ``Field.source``.
        identity: Hash of everything the fit reads, kept in the field so that stale fits are known.
        started: Start of the budget (of the process, for a command) on the clock of ``Task.now``,
            which is ``time.monotonic`` as long as nobody pauses the fit.
        checkpoint: Folder for checkpoints, or None. With ``resume`` the fit goes on from there.
            Whoever asked removes it once the field is saved.
        again: An earlier field of the same frames with the same groups, or None: only groups whose
            masks changed are fitted, from where it has them; the others are kept as they are.
        readers: Threads beside the fit's own that may call ``picture``, in about rising order, to
            read ahead; 0 where only the fit's own may.
        preview: Called with (layer index, canonical pixels [h, w, 4], scene-linear, at the working
            resolution) as soon as there is a draft, and again every few seconds.
        draft: Called with (field, PSNR of its edit path in dB or None, seconds since the start) as
            soon as there is a draft, and now and then while it gets better: a field without light
            and residual, good for painting and propagating meanwhile. It may take the field only
            until it returns.
        tell: Called with sentences for the person, such as which recipe suits the clip and why.
    """

    frames: tuple[int, ...]
    picture: Callable[[int], Picture]
    groups: Sequence[GroupMasks] = ()
    flow: Callable[[int], FlowPair] | None = None
    ignore: Callable[[int], U8] | None = None
    lens: Lens | None = None
    hints: Hints = field(default_factory=Hints)
    options: FitOptions = field(default_factory=FitOptions)
    source: dict[str, Any] = field(default_factory=dict)
    identity: str = ""
    started: float = field(default_factory=time.monotonic)
    checkpoint: Path | None = None
    resume: bool = False
    again: Field | None = None
    readers: int = 0
    preview: Callable[[int, F32], None] | None = None
    draft: Callable[[Field, float | None, float], None] | None = None
    tell: Callable[[str], None] | None = None
