"""A mask of one frame taken to the frames after or before it, one by one.

At each frame five voices speak in log odds: the mask of the frame before, brought along the flow;
the mask of the key frame, looked up straight through a long-range match, so that nothing drifts;
the colours inside and outside near this place and in all of the key frame; motion apart from the
camera; and what the backdrop shows. A random walk makes the mask that meets them at the picture's
edges.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.arrays import F32, U8
from engine.flow.confidence import confidence_of
from engine.flow.dis import dis_flow
from engine.masks.colours import ANYWHERE, ColourGrid
from engine.masks.evidence import learn, told
from engine.masks.shot import Shot, inside, pixel_grid, read_at
from engine.masks.solve import box_of, log_odds, signed_distance, solve
from engine.progress import Task


@dataclass(frozen=True)
class Weights:
    """How much each voice counts. Found on four clips; the cues learn the rest in each shot.

    Attributes:
        warped: The mask of the neighbour, brought along the flow.
        straight: The key frame's mask.
        colour: Colours near this place.
        general: Colours anywhere in the key frame; against a pixel only where the mask would grow.
        motion: Motion apart from the camera.
        backdrop: Differences to the background.
        other: Masks of another pass.
        free: Pixels that the edge may move out in a frame without a penalty.
        slope: How fast the penalty rises beyond, as a share of the object's size.
        heard: How much a flow that its way back does not confirm still counts.
        fresh: How fast motion and backdrop are learned anew.
    """

    warped: float = 0.5
    straight: float = 0.6
    colour: float = 0.7
    general: float = 0.3
    motion: float = 0.5
    backdrop: float = 0.5
    other: float = 0.4
    free: float = 1.5
    slope: float = 0.03
    heard: float = 0.5
    fresh: float = 0.1


#: Side of a cell of the local colours, in small pixels.
CELL = 24.0
#: What a broken chain of matches keeps of its trust.
FADED = 0.2
#: Colour difference, in codes, from which a straight match is doubted.
ALIKE = 14.0


@dataclass
class Step:
    """The mask of a frame.

    Attributes:
        share: float32 [h, w].
        agreement: How far the mask met what the motion foretold, intersection over union, 0 to 1.
        known: How far the key frame still vouches for it, 0 to 1.
    """

    share: F32
    agreement: float
    known: float


class Carrier:
    """Carries a mask away from its key frame in one direction.

    Args:
        shot: The clip, its cues found.
        key: Position of the key frame.
        share: Its mask [h, w].
        sure: Certainty of that mask [h, w].
        weights: How much each voice counts.
    """

    def __init__(
        self, shot: Shot, key: int, share: F32, sure: F32, weights: Weights | None = None
    ) -> None:
        self._shot, self._key, self._sure = shot, key, sure
        self._weights = weights or Weights()
        self._first = np.asarray(share, np.float32)
        self._share = self._first
        self._at = self._last = key
        self._chain = np.zeros((*shot.shape, 2), np.float32)
        self._trust = np.ones(shot.shape, np.float32)
        size = float(np.sqrt((share > 0.5).sum()))
        near = signed_distance(share > 0.5) < 0.5 * size + 10
        self._moves = learn(shot.motion[key], self._first, near)
        self._hides = learn(shot.backdrop[key], self._first, near)

    def advance(self, index: int, other: F32 | None = None) -> Step:
        """The mask of a frame beside the last one.

        Args:
            index: Position of the frame.
            other: What another pass made of this frame, [h, w].
        """
        shot, weigh, last = self._shot, self._weights, self._at
        flow, sure = shot.flow(index, last), shot.sure(index, last)
        places = shot.grid + flow
        warped = np.asarray(read_at(self._share, places), np.float32)
        self._chain = flow + read_at(self._chain, places)
        self._trust = sure * np.maximum(read_at(self._trust, places), FADED)
        self._at, self._last = index, last
        expected = warped > 0.3
        if not expected.any():
            self._share = warped
            return Step(warped, 0.0, 0.0)
        size = float(np.sqrt(expected.sum()))
        box = box_of(expected, int(10 + 0.4 * size))
        lab = np.ascontiguousarray(shot.lab[index][box])
        straight, vouched, looked = self._straight(index, box)
        colour, general = self._colours(lab, box, places, (straight, vouched, looked), warped, size)
        distance = signed_distance(expected)[box]
        odds = weigh.warped * log_odds(_softened(warped, 1.5)[box])
        odds = odds * (weigh.heard + (1 - weigh.heard) * sure[box])
        odds = odds + weigh.straight * vouched * log_odds(_softened(straight, 1.0))
        odds = odds + weigh.colour * log_odds(colour)
        strange = log_odds(general)
        odds = odds + weigh.general * np.where(strange < 0, strange * (1 - warped[box]), strange)
        odds = odds + weigh.motion * told(self._moves, shot.motion[index])[box]
        odds = odds + weigh.backdrop * told(self._hides, shot.backdrop[index])[box]
        odds = odds - np.clip((distance - weigh.free) / (weigh.slope * size + 1), 0, 6)
        if other is not None:
            odds = odds + weigh.other * log_odds(other[box])
        share = np.zeros(shot.shape, np.float32)
        share[box] = solve(np.asarray(odds, np.float32), lab)
        share[share < 0.06] = 0
        share = _connected(share, warped)
        near = np.zeros(shot.shape, np.bool_)
        near[box] = distance < 0.4 * size
        keep = 1 - weigh.fresh
        self._moves = keep * self._moves + weigh.fresh * learn(shot.motion[index], share, near)
        self._hides = keep * self._hides + weigh.fresh * learn(shot.backdrop[index], share, near)
        self._share = share
        found = share > 0.5
        agreement = float((found & expected).sum() / max(int((found | expected).sum()), 1))
        known = float((vouched * found[box]).sum() / max(int(found.sum()), 1))
        return Step(share, agreement, known)

    def _straight(self, index: int, box: tuple[slice, slice]) -> tuple[F32, F32, F32]:
        """The key frame's mask laid over a frame, how far to trust it, and where it was read.

        The key frame is laid over this one as the chain of flows says; the flow that remains,
        where it holds forward and backward and the colours agree, takes the drift out of it.
        """
        shot, key = self._shot, self._key
        here = shot.grid[box]
        chain = self._chain[box]
        grey = np.ascontiguousarray(shot.grey(index)[box])
        laid = read_at(shot.grey(key), here + chain)
        there = dis_flow(grey, laid, "sketch")
        agreed = confidence_of(there, dis_flow(laid, grey, "sketch"))
        landed = there + read_at(chain, pixel_grid(*grey.shape) + there)
        gap = read_at(shot.lab[key], here + landed).astype(np.float32) - shot.lab[index][box]
        apart = _softened(np.asarray(np.abs(gap).mean(axis=2), np.float32), 1.5)
        agreed = agreed * np.exp(-((apart / ALIKE) ** 2))
        chain = agreed[..., None] * landed + (1 - agreed[..., None]) * chain
        self._chain[box] = chain
        self._trust[box] = np.maximum(self._trust[box], agreed)
        looked = np.asarray(here + chain, np.float32)
        # Where the match squeezes many pixels into one, it has lost them.
        across, along = np.gradient(looked, axis=1), np.gradient(looked, axis=0)
        area = across[..., 0] * along[..., 1] - along[..., 0] * across[..., 1]
        area = _softened(np.asarray(area, np.float32), 1.5)
        trust = self._trust[box] * np.clip((area - 0.15) / 0.35, 0, 1)
        trust = trust * inside(looked, shot.shape) * np.exp(-((apart / (1.5 * ALIKE)) ** 2))
        vouched = trust * read_at(self._sure, looked)
        return read_at(self._first, looked), np.asarray(vouched, np.float32), looked

    def _colours(
        self,
        lab: U8,
        box: tuple[slice, slice],
        places: F32,
        straight: tuple[F32, F32, F32],
        warped: F32,
        size: float,
    ) -> tuple[F32, F32]:
        """How far each pixel's colour is inside: near its place, and anywhere."""
        shot, last = self._shot, self._last
        laid, vouched, looked = straight
        anywhere = ColourGrid(shot.shape, ANYWHERE)
        for key, share, weight in (
            (self._key, self._first, self._sure),
            (last, self._share, np.full(shot.shape, 0.5, np.float32)),
        ):
            far = np.maximum(signed_distance(share > 0.5), 0)
            near = np.exp(-far / max(0.6 * size, 1))
            anywhere.add(shot.lab[key], share, np.asarray(near * weight, np.float32))
        mass, rest = anywhere.ask(lab)
        general = (mass + 1) / (mass + rest + 2)
        local = ColourGrid((lab.shape[0], lab.shape[1]), CELL)
        sure = shot.sure(self._at, last)[box]
        local.add(
            np.ascontiguousarray(read_at(shot.lab[last], places[box])),
            warped[box],
            0.3 + 0.7 * sure,
        )
        local.add(np.ascontiguousarray(read_at(shot.lab[self._key], looked)), laid, 0.7 * vouched)
        local.smooth(1, 1)
        mass, rest = local.ask(lab)
        near_by = (mass + 0.3 * general) / (mass + rest + 0.3)
        return np.asarray(near_by, np.float32), np.asarray(general, np.float32)


def carry(
    shot: Shot,
    start: tuple[int, F32, F32],
    order: Sequence[int],
    task: Task,
    others: dict[int, F32] | None = None,
    weights: Weights | None = None,
) -> dict[int, Step]:
    """Carries a mask over frames in the order of a walk away from its key frame.

    Args:
        shot: The clip.
        start: Key frame, its mask, its certainty.
        order: Positions, each beside the one before.
        task: Progress and cancel.
        others: Masks of another pass.
        weights: How much each voice counts.

    Returns:
        A step for each position of ``order``.
    """
    carrier = Carrier(shot, *start, weights)
    steps: dict[int, Step] = {}
    for done, index in enumerate(order):
        task.report(done / max(len(order), 1), "carrying the mask")
        steps[index] = carrier.advance(index, None if others is None else others.get(index))
    return steps


def _softened(picture: F32, sigma: float) -> F32:
    import cv2

    return np.asarray(cv2.GaussianBlur(picture, (0, 0), sigma), np.float32)


def _connected(share: F32, warped: F32) -> F32:
    """Without crumbs and without pieces that came from nowhere."""
    import cv2

    count, label, facts, _ = cv2.connectedComponentsWithStats((share > 0.5).astype(np.uint8))
    if count <= 2:
        return share
    areas = facts[:, cv2.CC_STAT_AREA]
    held = np.bincount(label.reshape(-1), (warped > 0.5).reshape(-1), count)
    keep = (areas > 0.002 * float((warped > 0.3).sum()) + 4) & (held > 0.2 * areas)
    keep[0] = True
    return np.asarray(np.where(keep[label], share, 0), np.float32)
