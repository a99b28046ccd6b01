"""Learned matchers: they find motion that DIS loses; DIS then makes it exact below a pixel."""

from collections.abc import Callable
from typing import Protocol

import numpy as np

from engine.arrays import F32, U8, Bool
from engine.errors import InputError
from engine.flow.confidence import confidence_of
from engine.flow.dis import Link, dis_flow

#: Trust in flow that DIS could not refine.
KEPT = np.float32(0.5)


class Matcher(Protocol):
    """Flow in both directions between two pictures uint8 [H, W, 3], right to a few pixels."""

    def __call__(self, first: U8, second: U8, check: Callable[[], None]) -> tuple[F32, F32]:
        """First to second and second to first, float32 [H, W, 2] in pixels, x right, y down."""


def _grey(colour: U8) -> U8:
    import cv2

    return np.asarray(cv2.cvtColor(colour, cv2.COLOR_RGB2GRAY), np.uint8)


def _merged(refined: F32, its: F32, coarse: F32, trust: F32) -> tuple[F32, Bool]:
    """Where refining broke what the matcher had found, its flow comes back, half trusted.

    Args:
        refined: [H, W, 2].
        its: Confidence of the refined flow, [H, W].
        coarse: [H, W, 2], the matcher's own.
        trust: Its confidence.

    Returns:
        Flow, and which pixels [H, W] are the matcher's own.
    """
    broken = its < np.minimum(trust, KEPT)
    return np.where(broken[..., None], coarse, refined).astype(np.float32), broken


def no_check() -> None:
    """For work that nobody can stop."""


def learned_link(
    matcher: Matcher, first: U8, second: U8, check: Callable[[], None] = no_check
) -> Link:
    """Flow a to b with its confidence, then b to a with its confidence.

    The matcher's flow is the start of DIS at full resolution, from a coarsest scale of an eighth
    of the size. Where the refined flow does not agree forward and backward and the matcher's own
    does, the latter stays, with half its confidence, since it is right to a few pixels only.

    Args:
        matcher: The network.
        first: uint8 [H, W, 3], see ``colour8``.
        second: Same shape.
        check: Called often; may raise to stop the work.

    Returns:
        ``(there, there_confidence, back, back_confidence)``, [H, W, 2] and [H, W] in turn.

    Raises:
        InputError: The pictures differ in size, are empty, or are not in colour.
    """
    if first.shape != second.shape or first.ndim != 3 or first.shape[2] != 3 or 0 in first.shape:
        raise InputError(
            "matching needs two colour pictures of one size, not "
            f"{list(first.shape)} and {list(second.shape)}"
        )
    coarse_there, coarse_back = matcher(first, second, check)
    check()
    grey_a, grey_b = _grey(first), _grey(second)
    there = dis_flow(grey_a, grey_b, start=coarse_there)
    back = dis_flow(grey_b, grey_a, start=coarse_back)
    sure = confidence_of(there, back), confidence_of(back, there)
    there, own_there = _merged(
        there, sure[0], coarse_there, confidence_of(coarse_there, coarse_back)
    )
    back, own_back = _merged(back, sure[1], coarse_back, confidence_of(coarse_back, coarse_there))
    return (
        there,
        np.where(own_there, KEPT, np.float32(1)) * confidence_of(there, back),
        back,
        np.where(own_back, KEPT, np.float32(1)) * confidence_of(back, there),
    )
