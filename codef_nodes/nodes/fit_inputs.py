"""What FitCoDeF reads, as the fit wants it."""

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from codef_nodes.graph.context import Context
from engine.errors import MaskError, MissingFrameError
from engine.flow.pair import FlowPair
from engine.io.picture import Picture

if TYPE_CHECKING:
    from codef_nodes.work.hinting import HintFiles
    from codef_nodes.work.masks import FrameMasks
    from engine.arrays import U8
    from engine.fit.groupsettings import GroupSettings
    from engine.fit.hints import Hints
    from engine.fit.request import GroupMasks

log = logging.getLogger(__name__)


def numbers(ctx: Context) -> dict[str, Any]:
    """The recipe's numbers that the artist changed."""
    numbers = dict(ctx.knob("numbers"))
    if ctx.knob("temporal_smoothness") is not None:
        numbers.setdefault("temporal", ctx.knob("temporal_smoothness"))
    return numbers


def picture(ctx: Context, frame: int) -> Picture:
    """A frame of the clip; one that was made up is refused."""
    from codef_nodes.work.fitrun import real_frame

    return real_frame(ctx.input("clip", frame), frame)


def is_there(ctx: Context, frame: int) -> bool:
    """Whether the clip has a frame."""
    ctx.task.check()
    try:
        picture(ctx, frame)
    except MissingFrameError:
        return False
    return True


def flow(ctx: Context, frames: Sequence[int]) -> Callable[[int], FlowPair] | None:
    """The flow that is wired, or None: the fit finds its own."""
    if not ctx.has("flow"):
        return None
    there = ctx.input_frames("flow") or ()
    first = there.index(frames[0]) if frames and frames[0] in there else 0
    if tuple(frames) != there[first : first + len(frames)]:
        # The flow leads to frames that are left out; the fit finds the flow across the gaps.
        log.info("%s computes its own flow, since frames are left out", ctx.node_name)
        return None

    def pair(frame: int) -> FlowPair:
        flow: FlowPair = ctx.input("flow", frame)
        return flow

    return pair


def mask_frames(ctx: Context, frames: Sequence[int], port: str = "groups") -> dict[int, int | None]:
    """Which frame of the masks belongs to each frame of the clip."""
    from codef_nodes.work.masks import match_frames

    there = ctx.input_frames(port)
    if there is None:
        return dict.fromkeys(frames)
    clip = ctx.input_frames("clip") or frames
    used = clip if len(clip) == len(there) else frames
    matched = match_frames(used, there, f"the masks of {ctx.node_name}")
    return {frame: matched[frame] for frame in frames}


def groups(ctx: Context, frames: Sequence[int]) -> list["GroupMasks"]:
    """The groups that are wired, front to back."""
    if not ctx.has("groups") or not frames:
        return []
    from engine.fit.request import GroupMasks

    matched = mask_frames(ctx, frames)
    first: FrameMasks = ctx.input("groups", matched[frames[0]])

    def mask_of(k: int) -> Callable[[int], "U8"]:
        def mask(frame: int) -> "U8":
            found: U8 = ctx.input("groups", matched[frame]).masks[k]
            return found

        return mask

    return [GroupMasks(first.names[k], mask_of(k)) for k in first.layers]


def settings(ctx: Context, frames: Sequence[int]) -> "Mapping[str, GroupSettings]":
    """How single groups are fitted."""
    if not ctx.has("groups") or not frames:
        return {}
    first: FrameMasks = ctx.input("groups", mask_frames(ctx, frames)[frames[0]])
    return first.settings


def ignore(ctx: Context, frames: Sequence[int]) -> Callable[[int], "U8"] | None:
    """What the input ``ignore`` and groups of that kind leave out."""
    given: list[Callable[[int], U8]] = []
    if frames and ctx.has("ignore"):
        from codef_nodes.work.masks import MaskLook

        matched, look = mask_frames(ctx, frames, "ignore"), MaskLook()
        given.append(lambda frame: look.of(ctx.input("ignore", matched[frame])))
    if frames and ctx.has("groups"):
        grouped = mask_frames(ctx, frames)
        first: FrameMasks = ctx.input("groups", grouped[frames[0]])
        if len(first.layers) < len(first.names):
            given.append(lambda frame: ctx.input("groups", grouped[frame]).ignored)
    if len(given) < 2:
        return given[0] if given else None
    return lambda frame: _both(given[0](frame), given[1](frame), frame)


def _both(one: "U8", other: "U8", frame: int) -> "U8":
    import numpy as np

    if one.shape != other.shape:
        raise MaskError(
            f"the ignore mask of frame {frame} is {one.shape[1]}x{one.shape[0]}, the masks of the "
            f"groups are {other.shape[1]}x{other.shape[0]}; give masks of the clip's size",
            frame=frame,
        )
    return np.maximum(one, other)


def hint_files(ctx: Context) -> "HintFiles":
    """Files of tracks, corner pins and ST maps."""
    from codef_nodes.work.hinting import HintFiles

    return HintFiles(*(tuple(ctx.knob(name)) for name in ("tracks", "corner_pin", "stmaps")))


def hints(ctx: Context, frames: Sequence[int]) -> "Hints | None":
    """What those files say, or None."""
    files = hint_files(ctx)
    if not files or not frames:
        return None
    names = [group.name for group in groups(ctx, frames)]
    clip = ctx.input_frames("clip") or frames
    return files.read(picture(ctx, frames[0]), names, ctx.folder, clip[0])


def lens(ctx: Context) -> tuple[str, str] | None:
    """The maps of the lens, or None."""
    undistort, redistort = (
        str(ctx.path(ctx.knob(name))) if ctx.knob(name) else ""
        for name in ("undistort", "redistort")
    )
    return (undistort, redistort) if undistort or redistort else None


def source(picture: Picture) -> dict[str, Any]:
    """What the field keeps of where the clip came from."""
    return dict(picture.metadata.get("codef/source", {}))
