"""Votes for and against a group, from how motions explain the pixels of small pictures.

Flow alone drags bare ground along with what moves over it, so pixels vote by what they look like:
*for* a group where its own motion explains the neighbouring frames clearly better than the camera's
does, *against* where the camera explains a place that has texture. Votes are summed over the clip
along the flow, which fills what has no texture of its own; camera and group motion are then
estimated again, each from its own pixels.
"""

from collections.abc import Sequence

import numpy as np

from engine.arrays import F32, U8, Bool
from engine.fit.motion import displacement, global_motion
from engine.flow.confidence import confidence_of, sample_flow
from engine.flow.dis import dis_flow
from engine.progress import Task

#: Frames between those that are compared at first, and how much of a vote the next frame keeps.
GAPS, DECAY = (1, 4), 0.85
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
#: Pixels around a known group that flow drags along with it.
DRAGGED = 7

Key = tuple[int, int]


class Votes:
    """Small frames, the flow between them, and what they say of a group."""

    def __init__(
        self, pictures: Sequence[U8], task: Task, known: Sequence[U8] | None = None
    ) -> None:
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
        shape = self.count, self.height, self.width
        self.free = np.ones(shape, np.float32)
        if known is not None:
            around = np.ones((2 * DRAGGED + 1,) * 2, np.uint8)
            held = [cv2.dilate(mask, around) for mask in known]
            self.free = np.asarray([mask < 128 for mask in held], np.float32).reshape(shape)
        self.flow: dict[Key, F32] = {}
        self.trust: dict[Key, F32] = {}
        self.gaps: list[int] = []
        self._greys = [np.asarray(grey, np.uint8) for grey in greys]
        for n, gap in enumerate(GAPS):
            self.look(gap, task.part(n / len(GAPS), (n + 1) / len(GAPS)))
        square = np.ones((3, 3), np.uint8)
        self.rough = [cv2.dilate(c, square) - cv2.erode(c, square) for c in self.colours]

    def look(self, gap: int, task: Task) -> None:
        """Compares frames that lie this many apart, too."""
        self.gaps.append(gap)
        for t in range(self.count - gap):
            task.report(t / self.count, "motion")
            first, second = self._greys[t], self._greys[t + gap]
            there, back = dis_flow(first, second, "fast"), dis_flow(second, first, "fast")
            self.flow[t, gap], self.trust[t, gap] = there, confidence_of(there, back)
            self.flow[t + gap, -gap] = back
            self.trust[t + gap, -gap] = confidence_of(back, there)

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
                self._pair_votes(t, gap, None if before is None else before[t]) for gap in self.gaps
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
        others = self.free[t]
        if before is not None:
            others = others * (before < OTHERS)
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
            np.asarray(own_votes * self.free[t], np.float32),
            np.asarray(ground, np.float32),
            np.asarray(away * self.free[t], np.float32),
        )

    def cut(self, index: int, share: F32) -> Bool:
        """The group in a frame: the votes, decided by colours where they are unsure."""
        import cv2

        share = share * self.free[index]
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
        found = cut if cut.sum() < 2.5 * max(int(plain.sum()), 1) else plain
        return self._but_rims(index, found & (self.free[index] > 0))

    def _but_rims(self, index: int, found: Bool) -> Bool:
        """Without narrow pieces along what is known: that is dragged, and no group."""
        import cv2

        if self.free[index].all() or not found.any():
            return found
        near = cv2.erode(self.free[index], np.ones((3, 3), np.uint8)) < 1
        wide = cv2.distanceTransform(found.astype(np.uint8), cv2.DIST_L2, 3)
        _, labels = cv2.connectedComponents(found.astype(np.uint8))
        rims = [n for n in np.unique(labels[near & found]) if wide[labels == n].max() < DRAGGED]
        return np.asarray(found & ~np.isin(labels, rims), np.bool_)
