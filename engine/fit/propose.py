"""Groups proposed from motion: what moves apart from the camera, frame by frame, as soft masks.

Flow alone drags bare ground along with what moves over it, so pixels vote by what they look like:
*for* a group where its own motion explains the neighbouring frames clearly better than the camera's
does, *against* where the camera explains a place that has texture. Votes are summed over the clip
along the flow, which fills what has no texture of its own; camera and group motion are then
estimated again, each from its own pixels. All of it on small pictures.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from engine.arrays import F32, U8, AnyArray, Bool
from engine.fit.advice import displacement
from engine.fit.motion import global_motion
from engine.flow.confidence import confidence_of, sample_flow
from engine.flow.dis import dis_flow
from engine.progress import Task

#: Longest side of the pictures that are looked at, and frames between those that are compared.
SIDE, GAPS = 192, (1, 4)
#: Rounds of voting, and how much of a vote is left in the next frame.
ROUNDS, DECAY = 3, 0.85
#: Share of the votes from which a pixel belongs to the group, and that marks its motion's pixels.
MINE, OTHERS = 0.6, 0.35
#: Codes, summed over channels, by which a motion must explain a pixel better, and that are clear.
BETTER, CLEAR = 6.0, 18.0
#: Codes that a motion may leave where it explains a pixel, and in the median over the picture.
EXPLAINED = 10.0
#: Pixels of the small picture that a place must move against the camera.
AWAY = 0.3
#: Share of a neighbour's difference that misalignment explains.
SLACK = 0.35
#: Share of the picture that a group fills at least, in frames that show it.
LEAST = 0.004
#: A group that covers this much more ground than its own size cannot share a still with it.
SWEEP = 1.35

Key = tuple[int, int]


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
    region: tuple[float, float, float, float]
    share: float
    sweep: float

    def full(self, index: int, size: tuple[int, int]) -> U8:
        """The mask of a frame at (height, width), with soft edges."""
        import cv2

        grown = cv2.resize(self.masks[index], size[::-1], interpolation=cv2.INTER_CUBIC)
        return np.asarray(grown, np.uint8)

    def sentence(self, frames: Sequence[int], size: tuple[int, int]) -> str:
        """What a person is told: why one still is not enough, and where."""
        x0, y0, x1, y1 = self.region
        width, height = size[1], size[0]
        box = f"x {x0 * width:.0f}-{x1 * width:.0f}, y {(1 - y1) * height:.0f}-"
        return (
            f"one still cannot explain frames {frames[self.frames[0]]}-{frames[self.frames[1]]} "
            f"around {box}{(1 - y0) * height:.0f} from the bottom left: {100 * self.share:.1f} % "
            f"of the picture moves against the camera over {self.sweep:.1f} times its own ground"
        )


def small_picture(rgb8: U8) -> U8:
    """A picture uint8 [H, W, 3] at the size that is looked at."""
    import cv2

    height, width = rgb8.shape[:2]
    scale = min(SIDE / max(height, width), 1.0)
    size = (max(round(width * scale), 16), max(round(height * scale), 16))
    found: U8 = cv2.resize(rgb8, size, interpolation=cv2.INTER_AREA)
    return found


def propose_group(pictures: Sequence[U8], task: Task) -> Proposal | None:
    """Looks for something that moves apart from the camera.

    Args:
        pictures: The clip's frames as ``small_picture`` makes them, in order.
        task: Progress and cancel.

    Returns:
        The group, front to back of everything else; None when one still may well do.
    """
    if len(pictures) < 3:
        return None
    clip = _Clip(pictures, task.part(0, 0.3))
    votes = np.zeros((0, 0, 0), np.float32)
    for turn in range(ROUNDS):
        begin, end = (0.3 + 0.6 * n / ROUNDS for n in (turn, turn + 1))
        votes = clip.vote(votes if turn else None, task.part(begin, end))
    masks = [clip.cut(index, votes[index]) for index in range(len(pictures))]
    sums = clip.along(np.stack(masks).astype(np.float32))
    sums /= clip.along(np.ones_like(sums))
    task.report(1.0, "groups")
    return _judged(clip, [np.asarray(np.rint(255 * _steep(each)), np.uint8) for each in sums])


def _steep(share: F32) -> F32:
    return np.asarray(np.clip((share - 0.35) / 0.3, 0, 1), np.float32)


class _Clip:
    """Small frames and the flow between them."""

    def __init__(self, pictures: Sequence[U8], task: Task) -> None:
        import cv2

        self.codes = list(pictures)
        self.colours = [picture.astype(np.float32) for picture in pictures]
        greys = [cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY) for picture in pictures]
        self.count = len(pictures)
        self.height, self.width = greys[0].shape
        self.columns, self.rows = np.meshgrid(
            np.arange(self.width) + 0.5, np.arange(self.height) + 0.5
        )
        self.base = np.stack([self.columns - 0.5, self.rows - 0.5], axis=-1).astype(np.float32)
        self.flow: dict[Key, F32] = {}
        self.trust: dict[Key, F32] = {}
        for t in range(self.count):
            task.report(t / self.count, "motion")
            for gap in GAPS:
                if t + gap >= self.count:
                    continue
                there = dis_flow(greys[t], greys[t + gap], "fast")
                back = dis_flow(greys[t + gap], greys[t], "fast")
                self.flow[t, gap], self.trust[t, gap] = there, confidence_of(there, back)
                self.flow[t + gap, -gap] = back
                self.trust[t + gap, -gap] = confidence_of(back, there)
        square = np.ones((3, 3), np.uint8)
        self.rough = [cv2.dilate(c, square) - cv2.erode(c, square) for c in self.colours]

    def along(self, values: F32) -> F32:
        """Values [T, h, w] summed over the clip along the flow, fading with distance."""
        total = values.copy()
        ways = (range(1, self.count), -1), (range(self.count - 2, -1, -1), 1)
        for order, back in ways:
            carried = values[0 if back < 0 else -1].copy()
            for t in order:
                pair = np.stack([carried, carried], axis=-1)
                brought = sample_flow(pair, self.base + self.flow[t, back])[..., 0]
                brought *= self.trust[t, back] * np.float32(DECAY)
                total[t] += brought
                carried = brought + values[t]
        return total

    def moved(self, key: Key, weight: F32) -> F32:
        """The one motion that explains most of a pair's flow where there is weight, [h, w, 2]."""
        matrix = global_motion(self.flow[key], self.trust[key] * weight)
        return displacement(matrix, self.columns, self.rows)

    def error(self, key: Key, motion: F32) -> F32:
        """What a motion leaves unexplained of a pair, in codes; NaN outside the other frame."""
        import cv2

        t, gap = key
        places = self.base + motion
        other = cv2.remap(
            self.colours[t + gap],
            places[..., 0],
            places[..., 1],
            cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_CONSTANT,
            borderValue=(-1e3, -1e3, -1e3),
        )
        apart = np.abs(self.colours[t] - other) - np.float32(SLACK) * self.rough[t]
        found = cv2.GaussianBlur(np.maximum(apart, 0).sum(axis=2), (0, 0), 1.0)
        found[other.min(axis=2) < -1] = np.nan
        return np.asarray(found, np.float32)

    def vote(self, before: F32 | None, task: Task) -> F32:
        """Share of the votes that each pixel has for the group, [T, h, w]."""
        import cv2

        shape = self.count, self.height, self.width
        mine, ground, moving = (np.zeros(shape, np.float32) for _ in range(3))
        for t in range(self.count):
            task.report(t / self.count, "groups")
            found = [
                self._pair_votes(t, gap, None if before is None else before[t]) for gap in GAPS
            ]
            known = [each for each in found if each is not None]
            if not known:
                continue
            for own, _, away in known:
                mine[t] = np.maximum(mine[t], own)
                moving[t] = np.maximum(moving[t], away)
            textured = np.clip(self.rough[t].sum(axis=2) / 60 - 0.3, 0, 1)
            still = np.min([each[1] for each in known], axis=0)
            ground[t] = still * (0.1 + 0.9 * textured) * (1 - mine[t])
        for each in (mine, ground):
            each[...] = self.along(each)
            for t in range(self.count):
                each[t] = cv2.GaussianBlur(each[t], (0, 0), 1.5)
        bare = np.float32(0.02)
        most = self.along(np.ones(shape, np.float32))
        share = mine + bare * self.along(moving)
        return np.asarray(share / (mine + ground + bare * most), np.float32)

    def _pair_votes(self, t: int, gap: int, before: F32 | None) -> tuple[F32, F32, F32] | None:
        """Votes for the group, for the ground, and motion against the camera, of one frame."""
        unsure, errors, gains, paces = np.float32(np.nan), [], [], []
        everywhere = np.ones((self.height, self.width), np.float32)
        others = everywhere if before is None else (before < OTHERS).astype(np.float32)
        for key in ((t, gap), (t, -gap)):
            if key not in self.flow:
                continue
            camera = self.moved(key, others)
            left, best = self.error(key, camera), self.error(key, self.flow[key])
            behind = left[(others > 0) & np.isfinite(left)]
            if not behind.size or float(np.median(behind)) > EXPLAINED:
                continue  # no one motion explains the ground over this gap
            gain = left - best
            if before is not None:
                own = self.error(key, self.moved(key, (before > MINE).astype(np.float32)))
                # What no one motion explains (water, leaves) is no group.
                common = np.clip(1.3 - (own - best) / 25, 0, 1)
                gain = np.where(np.isnan(own), gain, np.minimum(gain, gain * common))
            pace = np.hypot(*np.moveaxis(self.flow[key] - camera, 2, 0))
            sure = self.trust[key] > 0.3
            errors.append(left)
            gains.append(np.where(sure, gain, unsure))
            paces.append(np.where(sure, pace, unsure))
        if not errors:
            return None
        # Hidden in one direction is seen in the other: the better one counts.
        left, gain, pace = (
            np.nan_to_num(np.fmin.reduce(each), nan=missing)
            for each, missing in ((errors, 5.0), (gains, 0.0), (paces, 0.0))
        )
        own_votes = np.clip((gain - BETTER) / CLEAR, 0, 1) * (pace > AWAY)
        away = np.clip((pace - AWAY) / (3 * AWAY), 0, 1)
        ground = np.clip(1 - left / EXPLAINED, 0, 1)
        return (
            np.asarray(own_votes, np.float32),
            np.asarray(ground, np.float32),
            np.asarray(away, np.float32),
        )

    def cut(self, index: int, share: F32) -> Bool:
        """The group in a frame: the votes, decided by colours where they are unsure."""
        import cv2

        plain = np.asarray(share > MINE, np.bool_)
        labels = np.where(share > 0.5, cv2.GC_PR_FGD, cv2.GC_PR_BGD).astype(np.uint8)
        labels[share > 0.75], labels[share < 0.2] = cv2.GC_FGD, cv2.GC_BGD
        if min((labels == cv2.GC_FGD).sum(), (labels == cv2.GC_BGD).sum()) < 20:
            return plain
        empty = np.zeros((1, 65)), np.zeros((1, 65))
        cv2.setRNGSeed(1)  # it seeds its clusters at random
        cv2.grabCut(self.codes[index], labels, None, *empty, 2, cv2.GC_INIT_WITH_MASK)
        cut = np.asarray((labels == cv2.GC_FGD) | (labels == cv2.GC_PR_FGD), np.bool_)
        # Colours that the ground has too make the cut run away from the votes.
        return cut if cut.sum() < 2.5 * max(int(plain.sum()), 1) else plain


def _judged(clip: _Clip, masks: list[U8]) -> Proposal | None:
    """The group when it is large enough and covers more ground than one still can hold."""
    size = np.array([float((mask > 127).mean()) for mask in masks])
    shown = np.flatnonzero(size > LEAST)
    if len(shown) < max(3, len(masks) // 10):
        return None
    share = float(size[shown].mean())
    sweep = _sweep(clip, masks)
    if sweep < SWEEP:
        return None
    often = np.mean([masks[t] > 127 for t in shown], axis=0) > 0.2
    rows, columns = np.flatnonzero(often.any(axis=1)), np.flatnonzero(often.any(axis=0))
    region = (0.0, 0.0, 1.0, 1.0)
    if len(rows):
        height, width = often.shape
        region = (
            float(columns[0] / width),
            float(rows[0] / height),
            float((columns[-1] + 1) / width),
            float((rows[-1] + 1) / height),
        )
    return Proposal(masks, (int(shown[0]), int(shown[-1])), region, share, sweep)


def _sweep(clip: _Clip, masks: list[U8]) -> float:
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
