"""Putting one picture over another: the arithmetic of Merge.

Convention: scene-linear, premultiplied alpha. ``a`` is the foreground, ``b`` the background.
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from engine.arrays import F32
from engine.errors import UsageError
from engine.io.picture import Picture, Window, within

Operation = Callable[[F32, F32, F32, F32], F32]


def _over(a: F32, b: F32, alpha_a: F32, alpha_b: F32) -> F32:
    return a + b * (1 - alpha_a)


def _under(a: F32, b: F32, alpha_a: F32, alpha_b: F32) -> F32:
    return b + a * (1 - alpha_b)


def _screen(a: F32, b: F32, alpha_a: F32, alpha_b: F32) -> F32:
    # Screen turns over above 1; there the brighter picture wins, as in other compositors.
    both = (a <= 1) & (b <= 1)
    return np.where(both, a + b - a * b, np.maximum(a, b))


OPERATIONS: dict[str, Operation] = {
    "over": _over,
    "under": _under,
    "plus": lambda a, b, alpha_a, alpha_b: a + b,
    "minus": lambda a, b, alpha_a, alpha_b: b - a,
    "multiply": lambda a, b, alpha_a, alpha_b: a * b,
    "screen": _screen,
    "difference": lambda a, b, alpha_a, alpha_b: np.abs(a - b),
    "min": lambda a, b, alpha_a, alpha_b: np.minimum(a, b),
    "max": lambda a, b, alpha_a, alpha_b: np.maximum(a, b),
    "mask": lambda a, b, alpha_a, alpha_b: b * alpha_a,
    "stencil": lambda a, b, alpha_a, alpha_b: b * (1 - alpha_a),
    "copy": lambda a, b, alpha_a, alpha_b: a,
}
_MAKE_HOLES = ("mask", "stencil", "copy")


def union(a: Window, b: Window) -> Window:
    """The smallest window that holds both."""
    return Window(min(a.x0, b.x0), min(a.y0, b.y0), max(a.x1, b.x1), max(a.y1, b.y1))


def matte(picture: Picture, channel: str, window: Window) -> F32:
    """A picture's matte [H, W] seen through a window, clipped to 0..1.

    Args:
        picture: Any picture.
        channel: As ``engine`` names: ``alpha``, ``luminance``, ``red``, ``green`` or ``blue``;
            ``auto`` takes alpha where there is one, else luminance.
        window: Where to look.

    Raises:
        UsageError: No such channel.
    """
    pixels = picture.pixels
    if channel == "auto":
        channel = "alpha" if pixels.shape[2] > 3 else "luminance"
    if channel == "alpha":
        plane = picture.alpha
    elif channel == "luminance":
        plane = pixels[..., :3] @ np.array([0.2126, 0.7152, 0.0722], np.float32)
    elif channel in ("red", "green", "blue"):
        plane = pixels[..., ("red", "green", "blue").index(channel)]
    else:
        raise UsageError(f"there is no mask channel {channel!r}; use alpha, luminance, red, ...")
    clean = np.nan_to_num(plane, nan=0.0, posinf=1.0, neginf=0.0)
    return within(np.clip(clean, 0, 1).astype(np.float32), picture.data, window)


def changed_from(before: Picture, pixels: F32) -> Picture:
    """``before`` with new pixels; its code values stay good where nothing changed."""
    if before.native is None or pixels.shape != before.pixels.shape:
        return before.with_pixels(pixels)
    same = (pixels == before.pixels) | (np.isnan(pixels) & np.isnan(before.pixels))
    touched = ~same.all(axis=2)
    if before.changed is not None:
        touched |= before.changed
    return replace(
        before, pixels=pixels, changed=touched if touched.any() else None, under=None, overlay=None
    )


def blend(before: Picture, after: F32, amount: F32 | float) -> Picture:
    """Part of the way from ``before`` to ``after`` (pixels over the same data window).

    Args:
        before: The picture at amount 0.
        after: Its pixels at amount 1, [H, W, C].
        amount: A number or a matte [H, W].
    """
    weight = np.asarray(amount, np.float32)
    weight = weight[..., None] if weight.ndim == 2 else weight
    # What has no weight keeps its very value, NaN and infinities included.
    mixed = np.where(
        weight == 0,
        before.pixels,
        np.where(weight == 1, after, before.pixels + (after - before.pixels) * weight),
    )
    return changed_from(before, mixed.astype(np.float32))


#: Notes that say which canonical image a picture is.
LAYER_NOTES = ("codef/layer", "codef/field", "codef/canonical")


def merge(
    a: Picture, b: Picture, operation: str, mix: float = 1.0, mask: F32 | None = None
) -> Picture:
    """``operation(a, b)`` over ``b``; the result has b's format and reaches as far as either.

    Args:
        a: Foreground.
        b: Background.
        operation: One of ``OPERATIONS``.
        mix: 0 gives ``b``.
        mask: [H, W] over the union of the data windows; where it is 0 the result is ``b``.

    Raises:
        UsageError: Unknown operation.
    """
    if operation not in OPERATIONS:
        raise UsageError(f"no merge operation {operation!r}; choose one of {', '.join(OPERATIONS)}")
    if a.metadata.get("codef/layer") != b.metadata.get("codef/layer"):
        # Two layers in one picture are no layer's canonical image any more.
        b = replace(b, metadata={k: v for k, v in b.metadata.items() if k not in LAYER_NOTES})
    window = union(a.data, b.data)
    with_alpha = b.pixels.shape[2] > 3 or (operation in _MAKE_HOLES and a.pixels.shape[2] > 3)
    front = within(_rgba(a), a.data, window)
    back = within(_rgba(b), b.data, window)
    with np.errstate(invalid="ignore", over="ignore"):
        result = OPERATIONS[operation](front, back, front[..., 3:], back[..., 3:])
    result = np.asarray(result, np.float32)
    if operation in ("plus", "minus", "difference", "multiply", "screen"):
        # Colour arithmetic on alpha would punch holes (difference) or leave 0..1 (plus).
        result[..., 3] = front[..., 3] + back[..., 3] * (1 - front[..., 3])
    channels = 4 if with_alpha or operation in ("mask", "stencil") else 3
    if channels == b.pixels.shape[2] and window == b.data:
        base = b
    else:
        base = replace(b.with_pixels(back[..., :channels]), data=window)
    amount: F32 | float = mix if mask is None else mask * np.float32(mix)
    return blend(base, result[..., :channels], amount)


def _rgba(picture: Picture) -> F32:
    if picture.pixels.shape[2] > 3:
        return picture.pixels[..., :4]
    return np.concatenate([picture.pixels, picture.alpha[..., None]], axis=2)
