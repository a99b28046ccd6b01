"""What moves, masked: one frame in which the votes are clear starts, and is carried to the others.

Votes (``engine.fit.votes``) say where something moves, not where its edge is, and in many frames
they say little. So they only begin: in the frame that tells most, by a rectangle around them, and
the mask is found there and carried through the shot as if an artist had drawn that rectangle
(``engine.masks.session``). Where what moves drags its surroundings along to the picture's border (a
swan and its wake), a rectangle would hold them too. Then colours that are found inside the votes
far more than elsewhere are the start.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.arrays import F32, U8, Bool
from engine.fit.conflict import Box, box_of, largest
from engine.masks.colours import ANYWHERE, ColourGrid, lab8

#: Share of the votes from which a pixel counts in a rectangle, and in a mask made by colours.
VOTED, HINTED = 0.5, 0.4
#: How much wider than the votes a rectangle is on each side, as a share of its size.
WIDER = 0.04
#: Score from which a frame's votes tell enough for a rectangle.
CLEAR = 0.2
#: Share of the picture that a piece fills when its size speaks for it in full.
LARGE = 0.01
#: How much it speaks against a rectangle, and against a mask, that the picture's border cuts it.
CUT, CUT_MASK = 4.0, 2.0
#: Pixels between a piece and the ring around it, and that ring's outer reach.
GAP, RING = 2, 6
#: How far the logarithm of a colour's odds may go, and the mass that says little of a colour.
ODDS, LITTLE = 3.0, 2.0


@dataclass(frozen=True, eq=False)
class Start:
    """What is told of one frame.

    Attributes:
        index: Position of the frame.
        mask: What was found, uint8 [h, w] on the small picture, 255 = inside.
        rectangle: x0, y0, x1, y1 around it as shares of the picture, y down, where that tells
            enough; else None.
    """

    index: int
    mask: U8
    rectangle: Box | None


def start_of(pictures: Sequence[U8], votes: F32) -> Start | None:
    """Where and with what to begin; None where the votes tell nothing.

    Args:
        pictures: Small pictures, RGB codes uint8 [h, w, 3].
        votes: Share of the votes for the group, [T, h, w].
    """
    found = _best(votes > VOTED, votes, CUT)
    clear = found is not None and found[0] >= CLEAR
    if not clear:
        found = _best(_by_colour(pictures, votes), votes, CUT_MASK)
    if found is None:
        return None
    _, index, piece = found
    return Start(index, np.asarray(255 * piece, np.uint8), box_of(piece, WIDER) if clear else None)


def _best(masks: Bool, votes: F32, against: float) -> tuple[float, int, Bool] | None:
    """The frame whose largest piece is the clearest: its score, position and piece."""
    best: tuple[float, int, Bool] | None = None
    for index, mask in enumerate(masks):
        piece = _piece(np.asarray(mask, np.bool_))
        if piece is None:
            continue
        score = _score(piece, votes[index], against)
        if score > (best[0] if best else 0.0):
            best = score, index, piece
    return best


def _piece(mask: Bool) -> Bool | None:
    """The largest piece of a mask, its holes and hairs taken away."""
    import cv2

    whole = cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8))
    whole = cv2.morphologyEx(whole, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    return largest(np.asarray(whole > 0, np.bool_))


def _score(piece: Bool, votes: F32, against: float) -> float:
    """How clear a piece is: all that was voted for, sharply bounded, off the picture's border."""
    import cv2

    near, far = (
        cv2.dilate(piece.astype(np.uint8), np.ones((2 * n + 1,) * 2, np.uint8)) > 0
        for n in (GAP, RING)
    )
    ring = far & ~near
    if not ring.any():
        return 0.0
    whole = min(float(piece.sum()) / max(int((votes > HINTED).sum()), 1), 1.0)
    sharp = max(float(votes[piece].mean() - votes[ring].mean()), 0.0)
    rows, columns = int(piece.any(axis=1).sum()), int(piece.any(axis=0).sum())
    cut = sum(int(side.sum()) for side in (piece[0], piece[-1], piece[:, 0], piece[:, -1]))
    free = max(1 - against * cut / (rows + columns), 0.0)
    return whole * sharp * free * min(float(piece.mean()) / LARGE, 1.0)


def _by_colour(pictures: Sequence[U8], votes: F32) -> Bool:
    """What was voted for and has colours that are rare elsewhere, [T, h, w]."""
    import cv2

    inside = votes > VOTED
    if not inside.any():
        return np.zeros(votes.shape, np.bool_)
    grid = ColourGrid((votes.shape[1], votes.shape[2]), ANYWHERE)
    labs = [lab8(np.ascontiguousarray(picture)) for picture in pictures]
    one = np.ones(votes.shape[1:], np.float32)
    for lab, mask in zip(labs, inside, strict=True):
        grid.add(lab, mask.astype(np.float32), one)
    share = float(np.clip(inside.mean(), 1e-3, 1 - 1e-3))
    odds = np.zeros(votes.shape, np.float32)
    for index, lab in enumerate(labs):
        mine, others = grid.ask(lab)
        ratio = ((mine + LITTLE) / share) / ((others + LITTLE) / (1 - share))
        odds[index] = cv2.GaussianBlur(np.clip(np.log(ratio), -ODDS, ODDS), (0, 0), 1.0)
    codes = np.rint((odds + ODDS) * (255 / (2 * ODDS))).astype(np.uint8)
    # Two kinds of colours were voted for: what moves, and what it drags along.
    level, _ = cv2.threshold(codes[inside].reshape(1, -1), 0, 255, cv2.THRESH_OTSU)
    return np.asarray((votes > HINTED) & (codes > level), np.bool_)
