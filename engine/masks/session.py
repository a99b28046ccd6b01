"""Rough masks of some frames carried through the shot; corrections merge in.

The first frame that an artist spoke about is carried to all others. Each further one is a
correction: scribbles change the mask that is there, the changed mask is carried to both sides, up
to the next frame that was spoken about, and fades into what was there. So a correction costs only
the frames that it changes, and a frame that was spoken about keeps what was said.
"""

import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from engine.arrays import F32, U8
from engine.errors import MaskError, MissingFrameError, UsageError
from engine.masks.carry import Step, Weights, carry
from engine.masks.edge import fine_mask
from engine.masks.rough import Rough
from engine.masks.shot import Shot
from engine.masks.start import allowed_region, first_mask
from engine.progress import Task

#: Frames beside the first one that are looked at and back, so that they mend its mask.
TRIAL = 10
#: Certainty of a mask that was carried, for the way back.
CARRIED = 0.3
#: Confidence of a frame on which an artist spoke.
SPOKEN = 0.97
#: How far beyond scribbles the background begins, as a share of what they leave open.
BEYOND = 0.15
#: What the undecided pixels of a mask take of its confidence, as a share of its size.
OPEN = 0.6


@dataclass(frozen=True)
class Carried:
    """A mask for every frame.

    Attributes:
        frames: Frame numbers.
        size: (height, width) of the masks.
        masks: Packed uint8 masks, one for each frame; see ``mask``.
        small: The same, as they were found, packed; corrections start from them.
        confidence: float32 [T]: how far to trust each frame, 0 to 1.
        trust: float32 [T]: what the way from the frames that were spoken about leaves of it.
        spoken: What was said, by frame, in the order in which it counts.
    """

    frames: tuple[int, ...]
    size: tuple[int, int]
    masks: tuple[bytes, ...]
    small: tuple[bytes, ...]
    confidence: F32
    trust: F32
    spoken: dict[int, Rough] = field(default_factory=dict)

    def mask(self, frame: int) -> U8:
        """The mask of a frame, uint8 [H, W], 255 = inside.

        Raises:
            MissingFrameError: There is no such frame.
        """
        if frame not in self.frames:
            raise MissingFrameError(
                f"there is no mask for frame {frame}; carry it over a range that has the frame",
                frame=frame,
            )
        return unpacked(self.masks[self.frames.index(frame)], self.size)

    @property
    def worst(self) -> int:
        """The frame that is least to be trusted: where to look, and to correct."""
        return self.frames[int(np.argmin(self.confidence))]


class Session:
    """A shot that was looked at once and answers again and again.

    Args:
        read: Frame number to RGB codes uint8 [H, W, 3].
        frames: Frame numbers, rising.
        task: Progress and cancel of the first look.
        weights: How much each voice counts; None for the usual.

    Raises:
        UsageError: There is no frame.
    """

    def __init__(
        self,
        read: Callable[[int], U8],
        frames: Sequence[int],
        task: Task,
        weights: Weights | None = None,
    ) -> None:
        if not frames:
            raise UsageError("there is no frame to carry a mask through; check the frame range")
        self._read, self._weights = read, weights
        self.frames = tuple(frames)
        self._shot = Shot(lambda index: read(self.frames[index]), len(self.frames), task)
        self._looked: tuple[int, bytes] | None = None

    def run(
        self, spoken: Mapping[int, Rough], task: Task, before: Carried | None = None
    ) -> Carried:
        """Carries what was said to every frame.

        Args:
            spoken: What was said, by frame number; the first one starts, the others correct.
            task: Progress and cancel.
            before: An earlier answer; what it already holds is not done again.

        Raises:
            UsageError: Nothing was said.
            MissingFrameError: Something was said about a frame that is not there.
            MaskError: Nothing was found in the frame that starts.
        """
        self._check(spoken)
        keys = list(spoken)
        done = self._held(spoken, before)
        shot, count = self._shot, len(self.frames)
        first = self.frames.index(keys[0])
        self._look(first, spoken[keys[0]], task.part(0, 0.3))
        if done and before is not None:
            shares = [_share(unpacked(one, shot.shape)) for one in before.small]
            confidence = before.trust.copy()
        else:
            shares, confidence = self._start(first, spoken[keys[0]], task.part(0.3, 0.7))
            done = 1
        touched = set(range(count)) if done <= 1 and before is None else set()
        if before is not None and done < 1:
            touched = set(range(count))
        for number in range(done, len(keys)):
            part = task.part(0.7, 0.85)
            others = [self.frames.index(key) for key in keys[:number]]
            place = self.frames.index(keys[number])
            touched |= self._correct(place, spoken[keys[number]], others, shares, confidence, part)
        fresh = before is None or not self._held(spoken, before)
        masks = self._edges(
            shares, None if fresh or before is None else before.masks, touched, task.part(0.85, 1)
        )
        small = tuple(packed(_codes(share)) for share in shares)
        trust = np.asarray(confidence, np.float32)
        told = np.sqrt(trust) * np.array([1 - OPEN * _undecided(share) for share in shares])
        told[[self.frames.index(frame) for frame in keys]] = SPOKEN
        told = np.asarray(np.clip(told, 0, SPOKEN), np.float32)
        return Carried(self.frames, shot.size, masks, small, told, trust, dict(spoken))

    def _check(self, spoken: Mapping[int, Rough]) -> None:
        if not spoken:
            raise UsageError("nothing is said about any frame; draw a rectangle or a scribble")
        for frame, rough in spoken.items():
            if frame not in self.frames:
                raise MissingFrameError(
                    f"a mask is drawn on frame {frame}, and the clip has {self.frames[0]} to "
                    f"{self.frames[-1]}; draw it on a frame of the clip",
                    frame=frame,
                )
            if rough.mask is not None and rough.mask.shape != self._shot.size:
                height, width = rough.mask.shape
                raise MaskError(
                    f"the rough mask of frame {frame} is {width}x{height}, the frame is "
                    f"{self._shot.size[1]}x{self._shot.size[0]}; give a mask of the frame's size",
                    frame=frame,
                )

    def _held(self, spoken: Mapping[int, Rough], before: Carried | None) -> int:
        """How many of the things said an earlier answer holds, from the first on."""
        if before is None or before.frames != self.frames:
            return 0
        held = 0
        for (frame, rough), (old_frame, old) in zip(
            spoken.items(), before.spoken.items(), strict=False
        ):
            if frame != old_frame or not same(rough, old):
                break
            held += 1
        # What was said and is taken back leaves no trace only in a new start.
        return held if held == len(before.spoken) else 0

    def _look(self, first: int, rough: Rough, task: Task) -> None:
        import cv2

        allowed = allowed_region(rough, self._shot)
        key = (first, packed(allowed))
        if self._looked == key:
            return
        # A line that is scribbled around the object is no border of what it hides or casts.
        drawn = rough.rectangle is not None or rough.mask is not None
        reach = 0 if drawn else round(BEYOND * float(np.sqrt(allowed.sum())))
        wide = cv2.dilate(allowed, np.ones((9 + 2 * reach, 9 + 2 * reach), np.uint8))
        behind = (1 - wide).astype(np.float32)
        if behind.mean() < 0.05:
            behind = np.ones_like(behind)
        self._shot.look(first, behind, task)
        self._looked = key

    def _start(self, first: int, rough: Rough, task: Task) -> tuple[list[F32], F32]:
        shot, count = self._shot, len(self.frames)
        share, sure = first_mask(shot, first, rough)
        if not (share > 0.5).any():
            raise MaskError(
                f"nothing was found in the rough mask of frame {self.frames[first]}; draw it "
                "closer, or scribble over the object",
                frame=self.frames[first],
            )
        if not rough.exact:
            share, sure = self._tried(first, share, sure, task.part(0, 0.3))
        shares = [share] * count
        confidence = np.full(count, SPOKEN, np.float32)
        ways = [range(first + 1, count), range(first - 1, -1, -1)]
        at = 0.3
        for way in ways:
            length = 0.7 * len(way) / max(count - 1, 1)
            part, at = task.part(at, at + length), at + length
            steps = carry(shot, (first, share, sure), way, part.part(0, 0.5), None, self._weights)
            trust = float(SPOKEN)
            for index, step in steps.items():
                shares[index] = step.share
                trust = _faded(trust, step)
                confidence[index] = trust
            self._back(way, shares, part.part(0.5, 1))
        return shares, confidence

    def _back(self, way: Sequence[int], shares: list[F32], task: Task) -> None:
        """Carries the last mask of a way back along it: what was hidden is known by then."""
        if len(way) < 2:
            return
        certain = np.full(self._shot.shape, CARRIED, np.float32)
        seen = {index: shares[index] for index in way}
        start = (way[-1], shares[way[-1]], certain)
        steps = carry(self._shot, start, way[-2::-1], task, seen, self._weights)
        for index, step in steps.items():
            shares[index] = np.asarray(0.5 * (shares[index] + step.share), np.float32)

    def _tried(self, first: int, share: F32, sure: F32, task: Task) -> tuple[F32, F32]:
        """A rough first mask mended by what it becomes a few frames on, and back."""
        shot, count = self._shot, len(self.frames)
        found, parts = share.copy(), 1
        for step in (1, -1):
            last = min(max(first + step * TRIAL, 0), count - 1)
            if abs(last - first) < 2:
                continue
            there = carry(
                shot,
                (first, share, sure),
                range(first + step, last + step, step),
                task,
                None,
                self._weights,
            )
            seen = {index: one.share for index, one in there.items()}
            seen[first] = share
            certain = np.full(shot.shape, CARRIED, np.float32)
            back = carry(
                shot,
                (last, seen[last], certain),
                range(last - step, first - step, -step),
                task,
                seen,
                self._weights,
            )
            found, parts = found + back[first].share, parts + 1
        found = np.asarray(found / parts, np.float32)
        told = sure >= 1
        found[told] = share[told]
        certain = np.where(told, sure, np.clip(np.abs(2 * found - 1), 0, 1) * 0.8)
        return found, np.asarray(certain, np.float32)

    def _correct(
        self,
        place: int,
        rough: Rough,
        others: Sequence[int],
        shares: list[F32],
        confidence: F32,
        task: Task,
    ) -> set[int]:
        """Merges a correction into the masks; returns the positions that changed."""
        shot, count = self._shot, len(self.frames)
        share, sure = first_mask(shot, place, rough, shares[place])
        low = max((k for k in others if k < place), default=-1)
        high = min((k for k in others if k > place), default=count)
        touched = {place}
        for way, end in ((range(place + 1, high), high), (range(place - 1, low, -1), low)):
            seen = {index: shares[index] for index in way}
            steps = carry(shot, (place, share, sure), way, task, seen, self._weights)
            trust = float(SPOKEN)
            for index, step in steps.items():
                trust = _faded(trust, step)
                weight = 1.0
                if end in others:
                    # Another frame that was spoken about lies that way: the nearer one counts.
                    along = abs(index - place) / abs(end - place)
                    weight = 1 - along * along * (3 - 2 * along)
                mixture = weight * step.share + (1 - weight) * shares[index]
                shares[index] = np.asarray(mixture, np.float32)
                mixed = max(weight * trust, (1 - weight) * float(confidence[index]))
                confidence[index] = max(mixed, min(float(confidence[index]), trust))
                touched.add(index)
        shares[place] = share
        confidence[place] = SPOKEN
        return touched

    def _edges(
        self, shares: Sequence[F32], old: tuple[bytes, ...] | None, touched: set[int], task: Task
    ) -> tuple[bytes, ...]:
        found = []
        for index, share in enumerate(shares):
            task.report(index / len(shares), "edges")
            if old is not None and index not in touched:
                found.append(old[index])
            else:
                found.append(packed(fine_mask(share, self._read(self.frames[index]))))
        return tuple(found)


def same(first: Rough, second: Rough) -> bool:
    """Whether two things said are the same."""
    if first.as_json() != second.as_json() or first.exact != second.exact:
        return False
    if first.mask is None or second.mask is None:
        return first.mask is second.mask
    return bool(np.array_equal(first.mask, second.mask))


def packed(mask: U8) -> bytes:
    """A mask as bytes."""
    return zlib.compress(np.ascontiguousarray(mask).tobytes(), 1)


def unpacked(stream: bytes, shape: tuple[int, int]) -> U8:
    """What ``packed`` made."""
    flat = np.frombuffer(zlib.decompress(stream), np.uint8)
    return np.asarray(flat.reshape(shape), np.uint8)


def _share(codes: U8) -> F32:
    return np.asarray(codes.astype(np.float32) / 255, np.float32)


def _codes(share: F32) -> U8:
    return np.asarray(np.rint(np.clip(share, 0, 1) * 255), np.uint8)


def _undecided(share: F32) -> float:
    """Pixels of a mask [h, w] that are neither inside nor outside, against those inside."""
    there = int((share > 0.5).sum())
    loose = int(((share > 0.15) & (share < 0.85)).sum())
    return min(loose / there, 1.0) if there else 1.0


def _faded(trust: float, step: Step) -> float:
    """How far to trust a mask one frame on.

    Each frame in which the mask departs from what the motion foretold costs some; what the key
    frame itself still vouches for brings it back.
    """
    kept = trust * float(np.sqrt(np.sqrt(0.5 + 0.5 * step.agreement)))
    return max(kept, 0.9 * step.known * step.agreement)
