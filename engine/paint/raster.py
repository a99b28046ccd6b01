"""From strokes to pixels: the strokes' own RGBA over a picture."""

from collections.abc import Mapping, Sequence
from types import ModuleType
from typing import Any

import numpy as np

from engine.arrays import F32
from engine.errors import UsageError
from engine.paint.draw import Reveal, draw
from engine.paint.stamps import stamps, stroke_box
from engine.paint.stroke import Stroke, strokes_from
from engine.progress import Task

__all__ = ["paint_over", "render_strokes", "stamps", "stroke_box"]


def check_picture(under: F32) -> F32:
    """A picture that can be painted on, float32 and in one piece.

    Raises:
        UsageError: It is none.
    """
    if under.ndim != 3 or under.shape[2] not in (3, 4):
        raise UsageError(f"paint needs a picture [h, w, 3 or 4], not {list(under.shape)}")
    return np.ascontiguousarray(under, np.float32)


def render_strokes(
    strokes: Sequence[Mapping[str, Any] | Stroke],
    under: F32,
    origin: tuple[int, int] = (0, 0),
    frame: int | None = None,
    *,
    overlay: F32 | None = None,
    reveal: Reveal | None = None,
    reference: bool = False,
    task: Task | None = None,
) -> F32:
    """Draws strokes, bottom first, and returns their own paint.

    ``overlay + under * (1 - overlay alpha)`` is the painted picture. A stroke that multiplies,
    screens and so on stores the colour that results, so the same holds for it. Work is limited to
    each stroke's bounding box.

    Convention: the array's pixel (j, i) is centred on the canonical point
    ``(origin x + j + 0.5, origin y + i + 0.5)``, y down. Scene-linear, premultiplied.

    Args:
        strokes: JSON objects or ``Stroke``s.
        under: float32 [h, w, 3 or 4], the picture below; 3 channels are opaque.
        origin: Top-left corner of the data window.
        frame: Frame whose strokes to draw (their ``lifetime``); None draws all visible ones.
        overlay: Paint so far, [h, w, 4], to draw on in place (an editor adds one stroke); None
            starts empty.
        reveal: Gives what ``reveal`` strokes show; they cannot be drawn without.
        reference: Use the plain numpy loops.
        task: Cancels between strokes.

    Returns:
        float32 [h, w, 4].

    Raises:
        UsageError: A stroke is wrong, or the arrays are.
    """
    loops: ModuleType
    if reference:
        from engine.paint import reference as loops
    else:
        from engine.paint import kernels as loops
    below = check_picture(under)
    shape = (*below.shape[:2], 4)
    if overlay is None:
        overlay = np.zeros(shape, np.float32)
    elif overlay.shape != shape or overlay.dtype != np.float32:
        raise UsageError(
            f"the paint so far must be float32 {list(shape)}, not {list(overlay.shape)}"
        )
    for stroke in strokes_from(strokes):
        if task is not None:
            task.check()
        if stroke.alive(frame) and stroke.opacity > 0:
            draw(stroke, below, overlay, origin, reveal, loops)
    return overlay


def paint_over(overlay: F32, under: F32, opacity: float = 1.0) -> F32:
    """The painted picture, ``overlay`` over ``under``; unpainted pixels are exactly ``under``.

    Args:
        overlay: float32 [h, w, 4] premultiplied.
        under: float32 [h, w, 3 or 4] premultiplied.
        opacity: Of the overlay.

    Returns:
        float32 with the channels of ``under``.
    """
    from engine.paint.kernels import cover

    result = np.empty(under.shape, np.float32)
    cover(result, overlay, np.asarray(under, np.float32), np.float32(opacity))
    return result
