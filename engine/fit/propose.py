"""Groups proposed from motion: what moves apart from the camera, frame by frame.

Pixels vote (``engine.fit.votes``), colours decide where the votes are unsure, and what is left is
proposed where it covers more ground than one still can hold. All of it on small pictures;
``engine.fit.moving`` tells with what its masks on the plates begin.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from engine.arrays import F32, U8, AnyArray
from engine.fit.conflict import Box, box_of, place_words
from engine.fit.motion import global_motion
from engine.fit.moving import VOTED, Start, start_of
from engine.fit.votes import Votes
from engine.progress import Task

#: Longest side of the pictures that are looked at, and rounds of voting.
SIDE, ROUNDS = 192, 3
#: Frames between those that are compared too where little is seen to move: it may be slow.
SLOW = 12
#: Share of the frames in which it must be seen at first, and at least.
MOSTLY, SELDOM = 0.5, 0.1
#: Share of the picture that a group fills at least, in frames that show it.
LEAST = 0.004
#: A group that covers this much more ground than its own size cannot share a still with it.
SWEEP = 1.35


@dataclass(frozen=True, eq=False)
class Proposal:
    """A group that the motion suggests.

    Attributes:
        masks: One for each frame, uint8 [h, w] at the small size, 255 = in the group.
        frames: Indices of the first and last frame that show it.
        region: Where it mostly is, x0, y0, x1, y1 as shares of the picture, y down.
        share: Of the picture, in those frames.
        sweep: Ground that it covers over the shot, by its own size: 1 stays where it is.
    """

    masks: list[U8]
    frames: tuple[int, int]
    region: Box
    share: float
    sweep: float

    def sentence(self, frames: Sequence[int]) -> str:
        """What a person is told, given the clip's frame numbers: why, and where."""
        return (
            f"one still cannot explain frames {frames[self.frames[0]]}-{frames[self.frames[1]]} "
            f"{place_words(self.region)}: {100 * self.share:.1f} % of the picture moves against "
            f"the camera over {self.sweep:.1f} times its own ground"
        )


def small_picture(rgb8: U8) -> U8:
    """A picture uint8 [H, W, 3] at the size that is looked at."""
    import cv2

    height, width = rgb8.shape[:2]
    scale = min(SIDE / max(height, width), 1.0)
    size = (max(round(width * scale), 16), max(round(height * scale), 16))
    found: U8 = cv2.resize(rgb8, size, interpolation=cv2.INTER_AREA)
    return found


class Search:
    """A clip in which something is looked for that moves apart from the camera.

    Args:
        pictures: The clip's frames as ``small_picture`` makes them, in order.
        task: Progress and cancel.
        known: What groups cover already, uint8 masks of the pictures' size: it is not looked at.
    """

    def __init__(
        self, pictures: Sequence[U8], task: Task, known: Sequence[U8] | None = None
    ) -> None:
        self._clip = Votes(pictures, task.part(0, 0.4), known)
        self._votes = self._voted(task.part(0.4, 1))

    def start(self, task: Task) -> Start | None:
        """With what masks of what moves begin; None where nothing does."""
        found = self._started(MOSTLY)
        if found is None:
            self._clip.look(SLOW, task.part(0, 0.4))
            self._votes = self._voted(task.part(0.4, 1))
            found = self._started(SELDOM)
        return found

    def rough(self, task: Task) -> Proposal | None:
        """What the votes alone propose."""
        clip = self._clip
        masks = []
        for index in range(clip.count):
            task.report(index / clip.count, "groups")
            masks.append(clip.cut(index, self._votes[index]))
        sums = clip.along(np.stack(masks).astype(np.float32))
        sums /= clip.along(np.ones_like(sums))
        return self.judged([np.asarray(np.rint(255 * _steep(each)), np.uint8) for each in sums])

    def judged(self, masks: list[U8]) -> Proposal | None:
        """The group of some masks, if it is large enough and one still cannot hold it.

        Args:
            masks: One for each frame, uint8 [h, w] at the small size.
        """
        size = np.array([float((mask > 127).mean()) for mask in masks])
        shown = np.flatnonzero(size > LEAST)
        if not self._often(shown.tolist()):
            return None
        sweep = _sweep(self._clip, masks)
        if sweep < SWEEP:
            return None
        often = np.mean([masks[t] > 127 for t in shown], axis=0) > 0.2
        return Proposal(
            masks,
            (int(shown[0]), int(shown[-1])),
            box_of(np.asarray(often, np.bool_)),
            float(size[shown].mean()),
            sweep,
        )

    def _started(self, often: float) -> Start | None:
        votes = np.asarray(self._votes * self._clip.free, np.float32)
        shown = [index for index, each in enumerate(votes) if (each > VOTED).mean() > LEAST]
        return start_of(self._clip.codes, votes) if self._often(shown, often) else None

    def _often(self, shown: list[int], share: float = SELDOM) -> bool:
        return len(shown) >= max(3, int(share * self._clip.count))

    def _voted(self, task: Task) -> F32:
        votes = np.zeros((0, 0, 0), np.float32)
        for turn in range(ROUNDS):
            part = task.part(turn / ROUNDS, (turn + 1) / ROUNDS)
            votes = self._clip.vote(votes if turn else None, part)
        return votes


def propose_group(
    pictures: Sequence[U8], task: Task, known: Sequence[U8] | None = None
) -> Proposal | None:
    """Looks quickly for something that moves apart from the camera.

    Args:
        pictures: The clip's frames as ``small_picture`` makes them, in order.
        task: Progress and cancel.
        known: What groups cover already, uint8 masks of the pictures' size: it is not looked at.

    Returns:
        The group, front to back of everything else; None when one still may well do.
    """
    if len(pictures) < 3:
        return None
    return Search(pictures, task.part(0, 0.7), known).rough(task.part(0.7, 1.0))


def _steep(share: F32) -> F32:
    return np.asarray(np.clip((share - 0.35) / 0.3, 0, 1), np.float32)


def _sweep(clip: Votes, masks: list[U8]) -> float:
    """Ground that the group covers over the shot by its largest size, camera taken out."""
    import cv2

    place, covered, largest = np.eye(3), None, 1.0
    pad = max(clip.height, clip.width)
    for t, mask in enumerate(masks):
        if t:
            ground = (masks[t] < 64).astype(np.float32)
            place = place @ global_motion(clip.flow[t, -1], clip.trust[t, -1] * ground)
        shift = np.array([[1, 0, pad], [0, 1, pad], [0, 0, 1]], np.float64) @ place
        size = (clip.width + 2 * pad, clip.height + 2 * pad)
        there = cv2.warpPerspective((mask > 127).astype(np.uint8), shift, size)
        covered = there if covered is None else np.maximum(covered, there)
        largest = max(largest, float(there.sum()))
    return float(covered.sum()) / largest if covered is not None else 0.0


def small_frames(read: Callable[[int], AnyArray], frames: Sequence[int], task: Task) -> list[U8]:
    """All frames of a clip at the size that is looked at.

    Args:
        read: Frame number to display codes uint8 [H, W, 3].
        frames: Frame numbers.
        task: Progress and cancel.
    """
    found = []
    for n, frame in enumerate(frames):
        task.report(n / len(frames), "reading frames")
        found.append(small_picture(np.asarray(read(frame), np.uint8)))
    return found
