"""Canonical pictures without the mixed colours of soft edges.

A pixel that two groups share shows neither. Read back into both of them it leaves a fringe, so once
the motion is known each still is made again of the pixels that show it alone, and what no frame
shows alone is the smooth continuation of what some frame does. The masks say which pixels are
shared. A hard mask says it of none, though along its edge some are: there the last polish looks
away from them, and ``engine.fit.unmix`` finds their shares.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from engine.arrays import F32, U8, Bool
from engine.fit.canvas import fill_holes
from engine.fit.plates import Plates
from engine.fit.seeded import LayerState, one_pass
from engine.progress import Task

#: Share of a pixel, of 255, from which it shows a group alone.
ALONE = 253
#: Pixels around a shared one that may be mixed as well, as the side of a square.
BESIDE = 5
#: Accumulated weight from which a place counts as shown alone.
SEEN = 0.25
#: The same from which a mixed pixel has touched a place.
LEAST = 0.01
#: Full-size pixels from what was shown alone that are continued; farther on (hair, smoke) the
#: mixed colours are the better guess. Between both one goes over into the other.
NEAR, FAR = 12.0, 20.0
#: Passes that the stills are made again with.
PASSES = 3
#: Frames that the cost is estimated from.
TASTED = 5


def alone(share: U8) -> U8:
    """Where a share [H, W] says that nothing else is in the pixel or beside it, 255 or 0."""
    import cv2

    whole = share >= ALONE
    soft = (share > 0) & ~whole
    inner = cv2.erode(whole.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    return np.asarray(np.where(inner & ~_grown(soft, BESIDE), 255, 0), np.uint8)


def shared(plates: Plates) -> bool:
    """Whether any pixel is shared by two layers."""
    if len(plates.weights) < 2 and not plates.others:
        return False
    layers = plates.weights if plates.others else plates.weights[:1]
    return any(bool(((own > 0) & (own < ALONE)).any()) for shares in layers for own in shares)


def cost(plates: Plates) -> float:
    """What ``purify`` costs, in full passes over the frames; 0 where it has nothing to do."""
    if not shared(plates):
        return 0.0
    some = plates.weights[:, :: max(1, plates.count // TASTED)]
    reach = _reach(plates)
    layers = some if plates.others else some[:1]
    near = [
        _grown((own > 0) & (own < ALONE), reach) & (own > 0) for shares in layers for own in shares
    ]
    # Looking for what is shared and filling holes is about a pass more.
    return 1.0 + (PASSES + 1) * float(np.mean(near)) * len(some)


def only_alone(plates: Plates) -> Plates:
    """The frames with the pixels that show one layer alone; a layer without any keeps its own."""
    if len(plates.weights) < 2 and not plates.others:
        return plates
    weights = np.zeros_like(plates.weights)
    for k, index in np.ndindex(*weights.shape[:2]):
        weights[k, index] = alone(plates.weights[k, index])
    for k, own in enumerate(weights):
        if not own.any():
            weights[k] = plates.weights[k]
    return replace(plates, weights=weights, firm=weights)


def purify(
    states: Sequence[LayerState], plates: Plates, reference: int, recipe: dict[str, Any], task: Task
) -> None:
    """Makes the stills of several layers again of pixels that show one alone.

    Args:
        states: The layers at the resolution of the plates; their pictures are changed.
        plates: The frames.
        reference: Index of the reference frame.
        recipe: The recipe's numbers.
        task: Cancel.
    """
    if not shared(plates):
        return
    pure, mixed = np.zeros_like(plates.weights), np.zeros_like(plates.weights)
    reach = _reach(plates)
    for k, index in np.ndindex(*pure.shape[:2]):
        share = plates.weights[k, index]
        own = alone(share)
        mixed[k, index] = np.where(own > 0, 0, share)
        # Only what lies near a soft edge is looked at again.
        pure[k, index] = np.where(_grown(mixed[k, index] > 0, reach), own, 0)
    settled = {**recipe, "momentum": 0.0}
    again = _blank(states)
    one_pass(
        replace(plates, weights=mixed, firm=mixed), again, reference, settled, task, move=False
    )
    touched = [_grown(other.weight > LEAST, 5) for other in again]
    again = _blank(states)
    clean = []
    for state, other, where in zip(states, again, touched, strict=True):
        clean.append(np.asarray(~where & (state.weight > SEEN), np.bool_))
        # From scratch: interpolation does not see the sharpest part of a false rim.
        other.picture = fill_holes(other.picture, clean[-1])
    for _ in range(PASSES):
        task.check()
        one_pass(
            replace(plates, weights=pure, firm=pure), again, reference, settled, task, move=False
        )
    for state, other, where in zip(states, again, clean, strict=True):
        known = np.where(where[..., None], state.picture, other.picture)
        seen = (other.weight > SEEN) | where
        state.picture = continued(known, seen, state.picture, 1 / plates.shrink)


def _blank(states: Sequence[LayerState]) -> list[LayerState]:
    """The layers with pictures of their own that have no momentum."""
    return [
        replace(state, picture=state.picture.copy(), speed=np.zeros_like(state.speed))
        for state in states
    ]


def _reach(plates: Plates) -> int:
    """Side of the square around a mixed pixel in which a still is made again."""
    return max(2 * round(FAR / plates.shrink) + 1, 3)


def _grown(where: Bool, size: int) -> Bool:
    import cv2

    return np.asarray(cv2.dilate(where.astype(np.uint8), np.ones((size, size), np.uint8)) > 0)


def continued(pure: F32, seen: Bool, mixed: F32, size: float) -> F32:
    """A still from what was shown alone, continued, and farther from that the mixed one.

    Args:
        pure: Encoded colours [h, w, 3] of what was shown alone.
        seen: Where that is, [h, w].
        mixed: The still with the colours of soft edges in it.
        size: Pixels here per full-size pixel.
    """
    import cv2

    if seen.all() or not seen.any():
        return pure if seen.all() else mixed
    filled = fill_holes(pure, seen)
    far = cv2.distanceTransform((~seen).astype(np.uint8), cv2.DIST_L2, 5)
    share = np.clip((FAR * size - far) / ((FAR - NEAR) * size), 0, 1)[..., None]
    return np.asarray(mixed + (filled - mixed) * share, np.float32)
