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
from engine.flow.confidence import confidence_of, sample_flow
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
#: A still is no longer enough when so little of its first frame is found again, of what has not
#: left the picture, although over the last quarter of the way so much is,
KEPT, LATELY = 0.35, 0.5
#: ... when the picture has grown or shrunk by this,
ZOOM = 2.0
#: ... or when the camera has moved on by so many widths.
WIDTHS = 3.0
#: Share of a group that must still be in the picture before it is compared.
COMMON = 0.15
#: Share of what is behind the groups that must be matched before the camera is told from it.
MATCHED = 0.3
#: Share of the picture from which a group has a say.
GROUP = 0.02


@dataclass(frozen=True, eq=False)
class _Look:
    """A frame, small.

    Attributes:
        grey: uint8 [h, w].
        groups: Where each group is, [h, w] each.
        across: The motion of what is behind the groups, from the frame looked at before.
        ahead: Flow from that frame to this one, [h, w, 2].
        behind: Flow back to it.
    """

    grey: U8
    groups: list[Bool]
    across: F64
    ahead: F32
    behind: F32


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
        across, ahead = np.eye(3), np.zeros((*grey.shape, 2), np.float32)
        behind = ahead
        if found:
            last = found[-1].grey
            ahead, behind = dis_flow(last, grey, "fast"), dis_flow(grey, last, "fast")
            sure = confidence_of(ahead, behind) * found[-1].groups[-1]
            if (sure > 0.5).sum() > MATCHED * found[-1].groups[-1].sum():
                across = global_motion(ahead, sure.astype(np.float32))
        found.append(_Look(grey, groups, across, ahead, behind))
    return found


def _divided(looks: Sequence[_Look], places: Sequence[int], count: int) -> list[tuple[int, str]]:
    """Indices of frames that begin a segment, and why."""
    found: list[tuple[int, str]] = []
    here = _Stretch(looks, 0)
    for n in range(1, len(looks)):
        here.add(n)
        far = places[n] - places[here.first]
        if far < SHORTEST or count - places[n] < SHORTEST:
            continue
        reason = here.too_much()
        if reason:
            found.append((places[n], reason))
            here = _Stretch(looks, n)
    return found


class _Stretch:
    """What becomes of the first frame of a segment, look by look.

    Args:
        looks: All frames that are looked at.
        first: The one that begins the segment.
    """

    def __init__(self, looks: Sequence[_Look], first: int) -> None:
        self.first, self.last = first, first
        self._looks = looks
        self._way: F64 = np.eye(3)
        self._ahead = np.zeros_like(looks[first].ahead)
        self._behind = np.zeros_like(looks[first].behind)
        #: Groups that are lost from one moment to the next (water): no segment is short enough.
        self._hopeless: set[int] = set()

    def add(self, last: int) -> None:
        """Goes on to the next look."""
        self.last, look = last, self._looks[last]
        self._way = look.across @ self._way
        self._ahead = self._ahead + _at_end(look.ahead, self._ahead)
        self._behind = look.behind + _at_end(self._behind, look.behind)

    def too_much(self) -> str:
        """Why one still is not enough from the first look to the last; empty: it is."""
        height, width = self._ahead.shape[:2]
        middle = np.array([width / 2, height / 2, 1.0])
        moved = self._way @ middle
        slope = abs(np.linalg.det(self._way)) / max(abs(float(moved[2])) ** 3, 1e-9)
        scale = float(np.sqrt(slope))
        if not 1 / ZOOM < scale < ZOOM:
            grown = f"grows {scale:.1f}" if scale > 1 else f"shrinks {1 / max(scale, 1e-3):.1f}"
            return f"the picture {grown} times"
        away = float(np.linalg.norm(moved[:2] / moved[2] - middle[:2])) / width
        if away > WIDTHS:
            return f"the camera has moved on by {away:.1f} widths of the picture"
        return self._lost()

    def _lost(self) -> str:
        """Whether a group is hardly found again, though lately most of it was."""
        for k in range(len(self._looks[self.first].groups)):
            if k in self._hopeless:
                continue
            share = self.share(k)
            if share is None or share >= KEPT:
                continue
            # Steps add up to less than is there: what comes back is seen by looking straight at it.
            share = max(share, self.straight(k))
            if share >= KEPT:
                continue
            late = _Stretch(self._looks, self.last - (self.last - self.first) // 4)
            for n in range(late.first + 1, self.last + 1):
                late.add(n)
            if (late.share(k) or 0.0) < LATELY:
                self._hopeless.add(k)
                continue
            return f"only {share:.0%} of what it begins with is found again"
        return ""

    def straight(self, k: int) -> float:
        """Share of a group that is found when both frames are laid over one another."""
        import cv2

        start, end = self._looks[self.first], self._looks[self.last]
        height, width = start.grey.shape
        # Pixel centres are at +0.5 here; cv2 counts from 0.
        half = np.array([[1, 0, 0.5], [0, 1, 0.5], [0, 0, 1.0]])
        matrix = np.linalg.inv(half) @ np.linalg.inv(self._way) @ half
        size = (width, height)
        laid = cv2.warpPerspective(end.grey, matrix, size, flags=cv2.INTER_LINEAR)
        there = cv2.warpPerspective(
            np.ones_like(end.grey), matrix, size, flags=cv2.INTER_NEAREST
        ).astype(np.bool_)
        common = start.groups[k] & there
        if not common.any():
            return 0.0
        laid = np.where(there, laid, start.grey).astype(np.uint8)
        ahead = dis_flow(start.grey, laid, "fast")
        sure = confidence_of(ahead, dis_flow(laid, start.grey, "fast"))
        return float((sure[common] > 0.5).mean())

    def share(self, k: int) -> float | None:
        """Share of a group that is found again; None where too little of it can be compared.

        What went out of the picture does not count.
        """
        height, width = self._ahead.shape[:2]
        y, x = np.mgrid[0:height, 0:width].astype(np.float32)
        to_x, to_y = x + self._ahead[..., 0], y + self._ahead[..., 1]
        inside = (to_x >= 0) & (to_y >= 0) & (to_x <= width - 1) & (to_y <= height - 1)
        group = self._looks[self.first].groups[k]
        common = group & inside
        if common.mean() < max(GROUP, COMMON * float(group.mean())):
            return None
        return float((confidence_of(self._ahead, self._behind)[common] > 0.5).mean())


def _at_end(flow: F32, steps: F32) -> F32:
    """A flow read where steps [h, w, 2] lead to."""
    y, x = np.mgrid[0 : flow.shape[0], 0 : flow.shape[1]].astype(np.float32)
    return sample_flow(flow, np.stack([x, y], axis=-1) + steps)


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
