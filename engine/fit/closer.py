"""Stills finer than the reference frame, where other frames saw the layer closer.

One pixel of the reference frame is one pixel of a still. When the camera pushes in, the last frames
show more than that, and read back they would be soft. So once the motion is known, a layer that was
seen clearly closer gets a still of twice the pixels or more, laid of those frames by
back-projection (Irani and Peleg 1991): what a frame shows beyond what it reads goes back to the
pixels that it read, in the shares in which it read them, as far as the frames agree on it.
Canonical coordinates stay those of the reference frame.
"""

import time
from collections.abc import Callable, Collection

import numpy as np

from engine.arrays import F32, U8, AnyArray
from engine.colour.encoding import decode, encode
from engine.fields.field import Canonical, Field
from engine.fit.canvas import fill_holes
from engine.fit.closeness import Closeness, closeness, closer_frames, finer_scales, spread_out
from engine.kernels.sample import sample
from engine.kernels.spread import spread_frames
from engine.progress import Task
from engine.warp.render import bounds

#: Bytes that the sums of a pass may take: a thread more has sums of its own.
SUMS = 700 << 20
#: Passes over the frames, and by how much each goes beyond what it found: it converges below 2.
PASSES, RELAX = 3, 1.7
#: Frames that a still is laid of, spread over the closer ones; and closer ones that judge it.
CLOSER, HELD = 24, 3
#: What the still as it was counts, in frames; and pixels over which it is asked whether they agree.
ANCHOR, AROUND = 0.2, 9
#: What their spread counts: pixels beside one another differ by detail too, not by chance alone.
CHANCE = 0.3
#: Share of the way back to what all frames agreed on, the mean of each canonical pixel, per pass.
KEEP = 0.3
#: Error of closer frames that had no say, against what it was, from which it is worth it.
WORTH = 0.9
#: Encoded difference at which a pixel's weight halves.
ROBUST = 0.15
#: Pixels over which a difference is a matter of light, not of detail.
BROAD = 33
#: What a wholly blurred frame counts.
BLURRED = 0.05
#: What a frame costs in a pass, and to be read from a finer still, against measuring it before.
COST, READING = 0.8, 0.5
#: Share of a budget that is kept for it at most: motion comes first.
SHARE = 0.15

#: Position of a frame to its encoded colours [H, W, 3] and what of each layer to look at, 0 to 255.
Look = Callable[[int], tuple[F32, AnyArray]]


def seconds_needed(
    field: Field, per_frame: float, layers: Collection[int] | None = None
) -> tuple[float, float]:
    """What ``see_closer`` will take, and what measuring will take more after it; 0: nothing to do.

    Args:
        field: The field so far.
        per_frame: Seconds to measure a frame.
        layers: Those that may get one; None: all.
    """
    found = [closeness(field, k) for k in range(len(field.layers))]
    if max(_scales(field, found, layers)) == 1:
        return 0.0, 0.0
    looked = PASSES * min(CLOSER, len(field.frames)) + 2 * HELD
    return COST * per_frame * looked, READING * per_frame * len(field.frames)


def see_closer(
    field: Field,
    look: Look,
    task: Task,
    left: Callable[[], float] | None = None,
    expected: float = 0.0,
    layers: Collection[int] | None = None,
) -> list[dict[str, float]]:
    """Gives the layers that were seen closer their finer stills.

    Args:
        field: The field; stills of scale 1 are replaced where it is worth it, nothing else changes.
        look: Reads a frame.
        task: Progress and cancel.
        left: Seconds that may be spent; None: as many as it takes.
        expected: Seconds that all passes may take; with too few for one nothing is begun.
        layers: Those that may get one; None: all.

    Returns:
        For each layer its scale, the share of its still that was seen closer, and how close.
    """
    found = [closeness(field, k) for k in range(len(field.layers))]
    scales = _scales(field, found, layers)
    stills = {k: _Still(field, k, scale, found[k]) for k, scale in enumerate(scales) if scale > 1}
    if stills:
        _lay(field, stills, look, task, left, expected / PASSES)
    for k, still in stills.items():
        if still.gain < WORTH:
            field.layers[k].canonical = still.canonical()
    return [
        {
            "scale": field.layers[k].canonical.scale,
            "closer": round(each.part, 4),
            "closeness": round(each.most, 3),
        }
        for k, each in enumerate(found)
    ]


def _scales(field: Field, found: list[Closeness], layers: Collection[int] | None) -> list[int]:
    scales = finer_scales(field, found)
    return [scale if layers is None or k in layers else 1 for k, scale in enumerate(scales)]


def _lay(
    field: Field,
    stills: dict[int, "_Still"],
    look: Look,
    task: Task,
    left: Callable[[], float] | None,
    cost: float,
) -> None:
    """Passes over the closer frames until the stills show what they saw, or time is up."""
    import numba

    size = max(still.picture.shape[0] * still.picture.shape[1] * 20 for still in stills.values())
    together = int(np.clip(SUMS // (size * len(stills)), 1, numba.get_num_threads()))
    for still in stills.values():
        still.make_room(together)
    frames = sorted({index for still in stills.values() for index in still.frames})
    held = sorted({index for still in stills.values() for index in still.held})

    def each(indices: list[int], use: Callable[["_Still", int, F32, U8], None]) -> None:
        for index in indices:
            shot, shares = look(index)
            for k, still in stills.items():
                use(still, index, shot, shares[k])

    if left is not None and left() < cost:
        return
    each(held, _Still.judge)
    began = time.monotonic()
    for turn in range(PASSES):
        if turn:
            cost = (time.monotonic() - began) / turn
        if turn and (task.ending or (left is not None and left() < cost)):
            break
        for low in range(0, len(frames), together):
            task.report((turn + low / len(frames)) / PASSES, "closer than the reference frame")
            some = frames[low : low + together]
            seen = [look(index) for index in some]
            for k, still in stills.items():
                still.take(some, [(shot, shares[k]) for shot, shares in seen])
        for still in stills.values():
            still.step()
    for still in stills.values():
        still.make_room(0)
    each(held, _Still.judge)


class _Still:
    """The finer still of one layer while it is laid.

    Attributes:
        picture: float32 [h, w, 4]: encoded colours, holes filled; alpha is 1 all over.
        frames: Positions of the frames that it is laid of.
        held: Positions of closer frames that are only asked whether it is worth it.
    """

    def __init__(self, field: Field, k: int, scale: int, seen: Closeness) -> None:
        self.field, self.k, self.scale = field, k, scale
        canonical = field.layers[k].canonical
        self._before = canonical
        self.origin = canonical.data.x0 * scale, canonical.data.y0 * scale
        alpha = canonical.pixels[..., 3:]
        known = np.asarray(alpha[..., 0] > 0, np.bool_)
        colour = encode(np.asarray(canonical.pixels[..., :3] / np.where(alpha > 0, alpha, 1)))
        self._plain = fill_holes(np.asarray(colour, np.float32), known)
        # Alpha only says where the still ends: beyond that nothing can be compared.
        self.picture: F32 = np.ones((*self._enlarged(self._plain).shape[:2], 4), np.float32)
        self.picture[..., :3] = self._enlarged(self._plain)
        self._keep_plain()
        self._totals: F32 = np.zeros((0, *self.picture.shape[:2], 5), np.float32)
        near, close = closer_frames(seen)
        # Every other one of the closest, but for the very closest, which knows most.
        ranked = sorted(near, key=lambda index: -close[index])
        self.held = ranked[1 : 2 * HELD : 2] if len(near) > 2 * HELD else near
        used = [index for index in near if index not in self.held or len(near) <= 2 * HELD]
        self.frames = spread_out(np.array(used), CLOSER)
        self._say: dict[int, float] = {}
        #: Squared difference and weight of the frames that judge: before, and after.
        self._errors: list[tuple[int, float]] = []

    def make_room(self, together: int) -> None:
        """Gives each of the frames that are taken at once its sums."""
        self._totals = np.zeros((together, *self.picture.shape[:2], 5), np.float32)

    def judge(self, index: int, shot: F32, share: U8) -> None:
        """Notes how far a frame is from the picture."""
        if index not in self.held:
            return
        positions = self.field.layers[self.k].deformation.positions(index)
        difference, trust = _fine(*self._missing(positions, shot, share))
        if trust.any():
            error = float((np.square(difference).sum(axis=2) * trust).sum() / trust.sum())
            self._errors.append((index, error))

    def take(self, indices: list[int], seen: list[tuple[F32, U8]]) -> None:
        """Adds what a few frames show beyond what they read."""
        height, width = seen[0][0].shape[:2]
        shape = (len(indices), height, width)
        values, weights = np.zeros((*shape, 3), np.float32), np.zeros(shape, np.float32)
        places = np.zeros((*shape, 2), np.float32)
        for b, (index, (shot, share)) in enumerate(zip(indices, seen, strict=True)):
            part = bounds(np.asarray(share > 0, np.bool_))
            if part is None or index not in self.frames:
                continue
            places[b] = self.field.layers[self.k].deformation.positions(index)
            own = np.ascontiguousarray(places[b][part])
            difference, trust = self._missing(own, shot[part], share[part])
            difference, trust = _fine(difference, trust)
            if index not in self._say:
                self._say[index] = _told(shot[part], difference, trust)
            values[b][part], weights[b][part] = difference, trust * np.float32(self._say[index])
        spread_frames(values, weights, places, self.origin, float(self.scale), self._totals)

    def step(self) -> None:
        """Moves the picture by what the frames said in this pass."""
        total = self._totals[0]
        for other in self._totals[1:]:
            total += other
        said = total[..., :3] / (total[..., 3:4] + np.float32(ANCHOR))
        self.picture[..., :3] += np.float32(RELAX) * _agreed(total)[..., None] * said
        self._totals[:] = 0
        self._keep_plain()

    @property
    def gain(self) -> float:
        """Error of the frames that judge, against what it was; 1 = nothing gained."""
        half = len(self._errors) // 2
        before = sum(error for _, error in self._errors[:half])
        after = sum(error for _, error in self._errors[half:])
        return after / before if before > 0 else 1.0

    def canonical(self) -> Canonical:
        """The still as a field holds it: its coverage is that of the still as it was."""
        before, size = self._before, self.scale
        linear = decode(self.picture[..., :3])
        # Half is what the file will hold, as far as half reaches.
        if np.abs(linear).max(initial=0) < 60000:
            linear = linear.astype(np.float16)
        pixels = np.repeat(np.repeat(before.pixels[..., 3:], size, axis=0), size, axis=1)
        pixels = np.concatenate([linear.astype(np.float32) * pixels, pixels], axis=2)
        return Canonical(np.ascontiguousarray(pixels, np.float32), before.data, size)

    def _enlarged(self, picture: F32) -> F32:
        import cv2

        size = picture.shape[1] * self.scale, picture.shape[0] * self.scale
        return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_CUBIC), np.float32)

    def _keep_plain(self) -> None:
        """Draws the mean of each canonical pixel to what it is in the still as it was.

        That was laid of all frames, also of those that are no closer. Not all the way: it was made
        to be read between its pixels, and so is sharper than the means.
        """
        import cv2

        size = self._plain.shape[1], self._plain.shape[0]
        mean = cv2.resize(self.picture[..., :3], size, interpolation=cv2.INTER_AREA)
        missing = np.asarray(self._plain - mean, np.float32)
        self.picture[..., :3] += np.float32(KEEP) * self._enlarged(missing)

    def _missing(self, positions: F32, shot: F32, share: U8) -> tuple[F32, F32]:
        """What a frame shows beyond what it reads, and how far that counts."""
        read = sample(
            self.picture, positions, origin=self.origin, scale=float(self.scale), footprint=True
        )
        whole = share * np.float32(1 / 255) * (read[..., 3] > 0.999)
        return np.ascontiguousarray(shot - read[..., :3]), np.asarray(whole, np.float32)


def _agreed(total: F32) -> F32:
    """How much of what the frames said is more than chance, [h, w], 0 to 1.

    Where they contradict one another (water, leaves, motion that is a pixel off) their mean is
    chance, as large as their spread lets it be.
    """
    import cv2

    weight = np.maximum(total[..., 3], np.float32(1e-3))
    mean = np.square(total[..., :3] / weight[..., None]).sum(axis=2)
    spread = np.maximum(total[..., 4] / weight - mean, 0) / np.maximum(weight, 1)
    size = (AROUND, AROUND)
    chance, found = cv2.blur(spread, size), cv2.blur(mean, size)
    return np.asarray(np.clip(1 - CHANCE * chance / np.maximum(found, 1e-9), 0, 1), np.float32)


def _fine(difference: F32, trust: F32) -> tuple[F32, F32]:
    """A difference [H, W, 3] without what is broad (light), and a weight robust against the rest.

    The broad part of the still is settled; light that a close frame has to itself is none of it.
    """
    import cv2

    def weighted(trust: F32, rest: F32) -> F32:
        error = np.square(rest).sum(axis=2)
        return np.asarray(trust / (1 + error * np.float32(1 / ROBUST**2)), np.float32)

    robust = weighted(trust, difference)
    border = cv2.BORDER_REPLICATE
    broad = cv2.blur(difference * robust[..., None], (BROAD, BROAD), borderType=border)
    share = cv2.blur(robust, (BROAD, BROAD), borderType=border)
    rest = difference - broad / np.maximum(share, np.float32(1e-3))[..., None]
    return np.asarray(rest, np.float32), weighted(trust, rest)


def _told(shot: F32, difference: F32, trust: F32) -> float:
    """What a frame counts: the detail that it shares with the still, to the fourth; blur has none.

    It is measured in the frame's own pixels, so that a frame is not blamed for being closer.
    """
    import cv2

    def detail(picture: F32) -> F32:
        green = np.ascontiguousarray(picture[..., 1])
        return np.asarray(cv2.Laplacian(green, cv2.CV_32F, borderType=cv2.BORDER_REPLICATE))

    own, still = detail(shot), detail(shot - difference)
    whole = float((still * still * trust).sum())
    if whole <= 0:
        return 1.0
    gain = float((own * still * trust).sum()) / whole
    return float(np.clip(gain, 0, 1) ** 4 * (1 - BLURRED) + BLURRED)
