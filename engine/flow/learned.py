"""Learned matchers: they find motion that DIS loses; DIS then makes it exact below a pixel."""

from collections.abc import Callable
from typing import Protocol

import numpy as np

from engine.arrays import F32, U8
from engine.errors import InputError
from engine.flow.confidence import confidence_of
from engine.flow.dis import Link, dis_flow


class Matcher(Protocol):
    """Flow in both directions between two pictures uint8 [H, W, 3], right to a few pixels."""

    def __call__(self, first: U8, second: U8, check: Callable[[], None]) -> tuple[F32, F32]:
        """First to second and second to first, float32 [H, W, 2] in pixels, x right, y down."""


def _grey(colour: U8) -> U8:
    import cv2

    return np.asarray(cv2.cvtColor(colour, cv2.COLOR_RGB2GRAY), np.uint8)


def no_check() -> None:
    """For work that nobody can stop."""


def learned_link(
    matcher: Matcher, first: U8, second: U8, check: Callable[[], None] = no_check
) -> Link:
    """Flow a to b with its confidence, then b to a with its confidence.

    The matcher's flow is the start of DIS at full resolution, from a coarsest scale of an eighth
    of the size and without spatial propagation, so that the motion edges stay where they are.

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
    return there, confidence_of(there, back), back, confidence_of(back, there)
