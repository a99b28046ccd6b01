"""Where a long shot is divided: where one still is not enough for what is seen.

The clip is looked at small. A segment ends where hardly anything of its first frame is found again
(turning objects, new content), where the picture has grown or shrunk too far, where the camera has
moved on by several widths, and where it has become longer than one fit should be. Short clips are
one segment, and not looked at.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from engine.arrays import F32, F64, U8, Bool
from engine.fit.ahead import pictures
from engine.fit.motion import global_motion
from engine.fit.request import FitRequest
from engine.flow.confidence import confidence_of
from engine.flow.dis import dis_flow, grey8
from engine.io.picture import Picture
from engine.linked.spans import Split
from engine.progress import Task

#: Clips of up to so many frames are one segment.
LOOK_FROM = 100
#: Most frames of a segment.
LONGEST = 200
#: No proposal makes a segment shorter than this.
SHORTEST = 48
#: Longer side of what is looked at, and frames that are looked at in all (at least every fourth).
SIDE, LOOKED, WIDEST = 192, 160, 4
#: A still is no longer enough when so little of its first frame is found again, over what
#: neighbours share,
KEPT = 0.35
#: ... when the picture has grown or shrunk by this,
ZOOM = 2.0
#: ... or when the camera has moved on by so many widths.
WIDTHS = 3.0
#: Share of the picture that two frames must have in common before they are compared.
COMMON = 0.15
#: Share of the picture from which a group has a say.
GROUP = 0.02


@dataclass(frozen=True, eq=False)
class _Look:
    """A frame, small.

    Attributes:
        grey: uint8 [h, w].
        groups: Where each group is, [h, w] each.
        across: From the frame that was looked at before to this one.
        near: Share of the pixels of each group that the one before has too.
    """

    grey: U8
    groups: list[Bool]
    across: F64
    near: list[float]


def propose_split(request: FitRequest, frames: Sequence[int], task: Task) -> Split:
    """Where a clip should be divided, and why.

    Args:
        request: The clip and its masks.
        frames: The frames that are to be divided.
        task: Progress and cancel.

    Raises:
        Cancelled: The person stopped the work.
    """
    if len(frames) <= LOOK_FROM:
        return Split()
    step = min(WIDEST, max(1, len(frames) // LOOKED))
    some = list(range(0, len(frames), step))
    divided = _divided(_looks(request, [frames[n] for n in some], task), some, len(frames))
    starts, reasons = [], []
    edges = [0, *(index for index, _ in divided), len(frames)]
    why = ["", *(reason for _, reason in divided)]
    for n, (first, end) in enumerate(pairwise(edges)):
        if n:
            starts.append(frames[first])
            reasons.append(why[n])
        count = -(-(end - first) // LONGEST)
        for m in range(1, count):
            starts.append(frames[first + (end - first) * m // count])
            reasons.append(
                f"{end - first} frames are too many for one still; at most {LONGEST} share one"
            )
    return Split(tuple(starts), tuple(reasons))


def _looks(request: FitRequest, frames: Sequence[int], task: Task) -> list[_Look]:
    """The frames, small, each with what it shares with the one before."""
    found: list[_Look] = []
    shots = pictures(frames, request.picture, request.readers)
    for n, (frame, shot) in enumerate(zip(frames, shots, strict=True)):
        task.report(n / len(frames), "looking for where to split")
        grey = _small(shot)
        groups = [_mask(group.mask(frame), grey.shape) for group in request.groups]
        groups.append(~np.any(groups, axis=0) if groups else np.ones(grey.shape, np.bool_))
        across, near = np.eye(3), [1.0] * len(groups)
        if found:
            flow, sure = _flow(found[-1].grey, grey)
            across = global_motion(flow, sure * found[-1].groups[-1])
            near = [_share(sure > 0.5, group) for group in found[-1].groups]
        found.append(_Look(grey, groups, across, near))
    return found


def _divided(looks: Sequence[_Look], places: Sequence[int], count: int) -> list[tuple[int, str]]:
    """Indices of frames that begin a segment, and why."""
    found: list[tuple[int, str]] = []
    first, way = 0, np.eye(3)
    for n in range(1, len(looks)):
        way = looks[n].across @ way
        here = places[n] - places[first]
        if here < SHORTEST or count - places[n] < SHORTEST:
            continue
        reason = _enough(looks, first, n, way)
        if reason:
            found.append((places[n], reason))
            first, way = n, np.eye(3)
    return found


def _enough(looks: Sequence[_Look], first: int, last: int, way: F64) -> str:
    """Why one still is not enough for the frames from one look to another; empty: it is."""
    start, end = looks[first], looks[last]
    height, width = start.grey.shape
    middle = np.array([width / 2, height / 2, 1.0])
    moved = way @ middle
    scale = float(np.sqrt(abs(np.linalg.det(way[:2, :2])))) / max(abs(float(moved[2])), 1e-6)
    if not 1 / ZOOM < scale < ZOOM:
        grown = f"grows {scale:.1f}" if scale > 1 else f"shrinks {1 / max(scale, 1e-3):.1f}"
        return f"the picture {grown} times"
    away = float(np.linalg.norm(moved[:2] / moved[2] - middle[:2])) / width
    if away > WIDTHS:
        return f"the camera has moved on by {away:.1f} widths of the picture"
    return _lost(start, end, way, [look.near for look in looks[first + 1 : last + 1]])


def _lost(start: _Look, end: _Look, way: F64, near: Sequence[list[float]]) -> str:
    """Which group is hardly found again, after the camera's motion is taken out."""
    import cv2

    height, width = start.grey.shape
    back = np.linalg.inv(way)
    size, linear = (width, height), cv2.INTER_LINEAR
    # Pixel centres at +0.5, as everywhere; cv2 counts from 0.
    half = np.array([[1, 0, 0.5], [0, 1, 0.5], [0, 0, 1.0]])
    matrix = np.linalg.inv(half) @ back @ half
    laid = cv2.warpPerspective(end.grey, matrix, size, flags=linear)
    there = cv2.warpPerspective(np.ones_like(end.grey), matrix, size, flags=cv2.INTER_NEAREST) > 0
    if there.mean() < COMMON:
        return ""
    _, sure = _flow(start.grey, np.asarray(laid, np.uint8))
    usual = np.median(np.array(near), axis=0)
    for k, group in enumerate(start.groups):
        common = group & there
        if common.mean() < max(GROUP, COMMON * float(group.mean())):
            continue
        share = _share(sure > 0.5, common)
        if share < KEPT * usual[k]:
            return f"only {share:.0%} of what it begins with is found again"
    return ""


def _flow(one: U8, other: U8) -> tuple[F32, F32]:
    """Flow and how sure it is, by the way back."""
    forward, backward = dis_flow(one, other, "fast"), dis_flow(other, one, "fast")
    return forward, confidence_of(forward, backward)


def _share(found: Bool, where: Bool) -> float:
    return float(found[where].mean()) if where.any() else 1.0


def _small(shot: Picture) -> U8:
    import cv2

    height, width = shot.pixels.shape[:2]
    scale = SIDE / max(height, width)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    colour = np.nan_to_num(shot.rgb, nan=0.0, posinf=6e4, neginf=0.0).astype(np.float32)
    return grey8(cv2.resize(colour, size, interpolation=cv2.INTER_AREA))


def _mask(mask: U8, shape: tuple[int, ...]) -> Bool:
    import cv2

    small = cv2.resize(mask, (shape[1], shape[0]), interpolation=cv2.INTER_AREA)
    return np.asarray(small > 127, np.bool_)
