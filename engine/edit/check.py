"""The self-test of a field: what goes out untouched comes back untouched."""

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.arrays import F32
from engine.colour.ocio import DEFAULT_WORKING, SRGB
from engine.edit.canonical import canonical_picture
from engine.edit.edits import EditSource
from engine.fields.field import Field
from engine.io.picture import Native, Picture
from engine.progress import Task

if TYPE_CHECKING:
    from engine.linked.carry import Carried

#: Largest difference in dB that ``codef check`` accepts.
LIMIT = 0.1


def as_written(picture: Picture, kind: str, working: str = DEFAULT_WORKING) -> Picture:
    """A picture as it comes back from a file, without the file.

    Args:
        picture: RGBA, scene-linear, premultiplied.
        kind: ``half`` (EXR), ``uint16`` or ``uint8`` (PNG: sRGB, unpremultiplied).
        working: The working space.
    """
    from engine.colour.ocio import from_working
    from engine.io.header import UNASSOCIATED
    from engine.io.read import pixels_of
    from engine.io.samples import quantise

    channels = ("R", "G", "B", "A")
    if kind == "half":
        codes = quantise(picture.pixels, np.dtype(np.float16), 16)
        native = Native(codes, channels, working, 16)
    else:
        dtype = np.dtype(kind)
        encoded = from_working(picture.pixels, SRGB, working)
        alpha = encoded[..., 3:]
        plain = np.where(alpha > 0, encoded[..., :3] / np.where(alpha > 0, alpha, 1), 0)
        codes = quantise(np.concatenate([plain, alpha], axis=2), dtype, dtype.itemsize * 8)
        native = Native(codes, channels, SRGB, dtype.itemsize * 8, "", {UNASSOCIATED: 1})
    return replace(picture, pixels=pixels_of(native, working), native=native)


def check_field(
    field: Field,
    read_plate: Callable[[int], Picture],
    task: Task,
    *,
    working: str = DEFAULT_WORKING,
) -> dict[str, Any]:
    """Puts the untouched canonical images back, both ways.

    ``replace`` must reproduce ``reconstruct --edit-path`` within 0.1 dB; ``over`` must give every
    frame back bit for bit, whether the canonical image travelled as half EXR or 16-bit PNG.

    Args:
        field: The field.
        read_plate: Frame number to source picture.
        task: Progress and cancel.
        working: The working space.

    Returns:
        ``{"ok", "frames", "psnr_edit_path", "psnr_replace", "difference_db", "bit_exact",
        "changed_frames"}``.

    Raises:
        InputError: A source frame cannot be read.
        Cancelled: The person stopped the work.
    """
    from engine.linked.carry import carry, prepare_carried
    from engine.linked.field import LinkedField
    from engine.metrics.psnr import clip_score, counted, psnr_linear
    from engine.warp.render import reconstruct

    views = [field]
    if isinstance(field, LinkedField):
        views = [field.seen_from(n) for n in range(len(field.segments.parts))]
    sheets = [canonical_picture(view, k) for view in views for k in range(len(view.layers))]

    def returned(kind: str, mode: str) -> "Carried":
        sources = [EditSource(as_written(sheet, kind, working)) for sheet in sheets]
        return prepare_carried(field, sources, mode=mode, working=working)

    whole = returned("half", "replace")
    changes = [returned(kind, "over") for kind in ("half", "uint16")]
    straight, through, changed = [], [], []
    for index, frame in enumerate(field.frames):
        task.report(index / len(field.frames), "check")
        plate = read_plate(frame)
        kept = counted(field, index, plate.rgb)
        straight.append(psnr_linear(reconstruct(field, index, edit_path=True), plate.rgb, kept))
        back = carry(field, whole, plate, index, mode="replace")
        through.append(psnr_linear(back.rgb, plate.rgb, kept))
        if not all(
            _same(carry(field, edits, plate, index, mode="over"), plate) for edits in changes
        ):
            changed.append(frame)
    a, b = clip_score(straight), clip_score(through)
    return {
        "ok": abs(a - b) <= LIMIT and not changed,
        "frames": len(field.frames),
        "psnr_edit_path": a,
        "psnr_replace": b,
        "difference_db": abs(a - b),
        "bit_exact": not changed,
        "changed_frames": changed,
    }


def _bits(array: F32) -> bytes:
    return np.ascontiguousarray(array).tobytes()


def _same(result: Picture, plate: Picture) -> bool:
    """Bit for bit, NaN included."""
    marked = result.changed is not None and bool(result.changed.any())
    native = (result.native is None) == (plate.native is None)
    if result.native is not None and plate.native is not None:
        native = result.native.codes.tobytes() == plate.native.codes.tobytes()
    return native and not marked and _bits(result.pixels) == _bits(plate.pixels)
