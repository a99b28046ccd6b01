"""The Triton kernel that puts a change of a still into a frame; see ``engine.edit.kinds``.

One visit of each pixel: everything is read once, and the frame is written once.
"""

import triton
import triton.language as tl

from engine.kernels.mergekinds import FLOOR, KNOWN, LEAST, MIXED, MOST, WHOLE

_FLOOR = tl.constexpr(FLOOR)
_MOST = tl.constexpr(MOST)
_KNOWN = tl.constexpr(KNOWN)
_LEAST = tl.constexpr(LEAST)
_MIXED = tl.constexpr(MIXED)
_WHOLE = tl.constexpr(WHOLE)


@triton.jit
def merge_change(
    result,
    covered,
    paint,
    below,
    plate,
    share,
    strength,
    gain,
    grade,
    pixels,
    mix,
    KIND: tl.constexpr,
    SHARED: tl.constexpr,
    STRENGTH: tl.constexpr,
    LIT_PAINT: tl.constexpr,
    LIT_BELOW: tl.constexpr,
    GRADED: tl.constexpr,
    BLOCK: tl.constexpr,
):
    """Adds a change [N, 4] to a frame [N, 3] and to the share of it that is edited [N]."""
    n = tl.program_id(0).to(tl.int64) * BLOCK + tl.arange(0, BLOCK)
    mask = n < pixels
    alpha = tl.load(paint + n * 4 + 3, mask=mask, other=0.0)
    known = tl.load(below + n * 4 + 3, mask=mask, other=0.0)
    there, over = known > _KNOWN, 1 - alpha
    per_known = 1 / tl.maximum(known, _LEAST)
    much = tl.where(alpha > 0, mix, 0.0)
    pure = tl.full((BLOCK,), 1.0, tl.float32)
    if STRENGTH:
        much *= tl.load(strength + n, mask=mask, other=0.0)
    if SHARED:
        own = tl.load(share + n, mask=mask, other=0.0)
        much *= own
        pure = tl.minimum(tl.maximum((own - _MIXED) / (_WHOLE - _MIXED), 0.0), 1.0)
    graded = tl.zeros((BLOCK,), tl.float32)
    if GRADED:
        graded = tl.load(grade + n, mask=mask, other=0.0)
    for c in tl.static_range(3):
        new = tl.load(paint + n * 4 + c, mask=mask, other=0.0)
        old = tl.load(below + n * 4 + c, mask=mask, other=0.0) * per_known
        if LIT_PAINT:
            new *= tl.load(gain + n * 3 + c, mask=mask, other=1.0)
        if LIT_BELOW:
            old *= tl.load(gain + n * 3 + c, mask=mask, other=1.0)
        seen = tl.load(plate + n * 3 + c, mask=mask, other=0.0)
        old = tl.where(there, old, seen)
        fresh = new + old * over
        stays = over
        if KIND == "difference":
            stays = tl.full((BLOCK,), 1.0, tl.float32)
        elif KIND == "ratio" or (KIND == "auto" and GRADED):
            ratio = (tl.maximum(fresh, 0.0) + _FLOOR) / (tl.maximum(old, 0.0) + _FLOOR)
            ratio = tl.minimum(ratio, _MOST)
            stays = ratio if KIND == "ratio" else over + graded * (ratio - over)
        stays = tl.where(there, 1 + pure * (stays - 1), over)
        change = much * ((stays - 1) * (seen - old) + fresh - old)
        at = result + n * 3 + c
        tl.store(at, tl.load(at, mask=mask, other=0.0) + change, mask=mask)
    at = covered + n
    tl.store(at, tl.load(at, mask=mask, other=0.0) + much * alpha, mask=mask)
