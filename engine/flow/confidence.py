"""How far a flow can be trusted: does the way back return to where it started?"""

import numpy as np

from engine.arrays import F32, Bool

#: Squared disagreement allowed per squared length of the two flows, and at rest, in pixels.
RELATIVE, AT_REST = 0.01, 0.5


def sample_flow(flow: F32, points: F32) -> F32:
    """Flow read bilinearly at pixel indices.

    Args:
        flow: [H, W, 2] in pixels.
        points: [h, w, 2] as (column, row) indices: 0 is the centre of the first pixel. Outside
            the frame the border is repeated.

    Returns:
        [h, w, 2]; what is read at a point that is not finite is the flow of some border pixel.
    """
    import cv2

    height, width = flow.shape[:2]
    # remap turns NaN and huge numbers into arbitrary integers, so the border is applied first.
    x = np.clip(np.nan_to_num(points[..., 0], nan=0.0), 0, width - 1).astype(np.float32)
    y = np.clip(np.nan_to_num(points[..., 1], nan=0.0), 0, height - 1).astype(np.float32)
    clean = np.nan_to_num(flow, nan=1e6, posinf=1e6, neginf=-1e6).astype(np.float32)
    read = cv2.remap(clean, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(read, np.float32).reshape(*points.shape[:2], 2)


def _squared_length(vectors: F32) -> F32:
    # Not sum(axis=2): numpy is many times slower along an axis of two.
    return np.asarray(vectors[..., 0] ** 2 + vectors[..., 1] ** 2, np.float32)


def confidence_of(there: F32, back: F32) -> F32:
    """Soft forward-backward test of a flow (CoDeF, eq. 6, made smooth).

    With the disagreement ``e = there(x) + back(x + there(x))`` and the tolerance
    ``s = 0.01 (|there|^2 + |back|^2) + 0.5`` the confidence is ``2 ** -(|e|^2 / s)^2``: 1 where the
    way back returns to the start, 1/2 where ``|e|^2 = s`` (the limit of the usual hard test),
    below 0.01 from ``|e|^2 = 2.6 s``. It is 0 where the target lies outside the frame or a flow is
    not finite.

    Args:
        there: [H, W, 2] from this picture to the other, in pixels, x right, y down.
        back: [H, W, 2] from the other picture to this one.

    Returns:
        float32 [H, W] from 0 to 1.
    """
    height, width = there.shape[:2]
    grid_x, grid_y = np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32)
    finite: Bool = np.isfinite(there[..., 0]) & np.isfinite(there[..., 1])
    flow = np.where(finite[..., None], there, 0).astype(np.float32)
    target = np.empty_like(flow)
    target[..., 0] = flow[..., 0] + grid_x[None, :]
    target[..., 1] = flow[..., 1] + grid_y[:, None]
    returned = sample_flow(back, target)
    error = _squared_length(flow + returned)
    tolerance = RELATIVE * (_squared_length(flow) + _squared_length(returned)) + AT_REST
    ratio = np.minimum(error / tolerance, 16.0)
    confidence = np.exp2(-(ratio**2))
    # A pixel is an area: its target is inside as long as it does not leave the outermost pixels.
    x, y = target[..., 0], target[..., 1]
    inside = (x >= -0.5) & (y >= -0.5) & (x <= width - 0.5) & (y <= height - 0.5)
    confidence[~(inside & finite)] = 0
    return np.asarray(confidence, np.float32)


def known_flow(flow: F32, confidence: F32 | None = None) -> tuple[F32, F32]:
    """Flow of a file made safe to use: unknown flow (NaN) becomes zero without confidence.

    Args:
        flow: [H, W, 2], may hold NaN.
        confidence: [H, W] that goes with it, or None for 1 wherever the flow is known.

    Returns:
        Finite flow [H, W, 2] and its confidence [H, W].
    """
    finite: Bool = np.isfinite(flow[..., 0]) & np.isfinite(flow[..., 1])
    given = np.float32(1) if confidence is None else confidence
    clean = np.where(finite[..., None], flow, 0).astype(np.float32)
    return clean, np.where(finite, given, 0).astype(np.float32)
