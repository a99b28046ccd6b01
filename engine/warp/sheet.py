"""A still on the canonical canvas, ready to be read by frames."""

import weakref
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from engine.arrays import F32, Bool
from engine.fields.field import Canonical

#: Coverage below which a place of a still counts as a hole.
HOLE = 1 / 256


@dataclass(frozen=True, eq=False)
class Sheet:
    """A canonical image, an edited one, or paint, at the canvas' resolution or finer.

    Convention: pixel ``[i, j]`` is centred on the canonical point
    ``((origin[0] + j + 0.5) / scale[0], (origin[1] + i + 0.5) / scale[1])``. Scene-linear,
    premultiplied; the pixels are never changed after the sheet is made.

    Attributes:
        pixels: float32 [h, w, 4], finite.
        origin: Upper left pixel of the data window, in the sheet's own pixels.
        scale: Sheet pixels per canonical pixel, in x and in y.
    """

    pixels: F32
    origin: tuple[float, float]
    scale: tuple[float, float] = (1.0, 1.0)

    @classmethod
    def of(
        cls,
        pixels: F32,
        origin: tuple[float, float] = (0.0, 0.0),
        scale: tuple[float, float] = (1.0, 1.0),
    ) -> "Sheet":
        """A sheet of any picture: alpha 1 where it has none; NaN and Inf become holes."""
        if pixels.shape[2] >= 4:
            rgba = np.array(pixels[..., :4], np.float32, order="C")
        else:
            rgba = np.ones((*pixels.shape[:2], 4), np.float32)
            rgba[..., : pixels.shape[2]] = pixels
        finite = np.isfinite(rgba).all(axis=2)
        if not finite.all():
            rgba[~finite] = 0
        return cls(rgba, origin, scale)

    @cached_property
    def encoded(self) -> F32:
        """Perceptually encoded colours, premultiplied in that encoding, and alpha, [h, w, 4]."""
        from engine.colour.encoding import encode

        alpha = self.pixels[..., 3:]
        colour = self.pixels[..., :3] / np.where(alpha > 0, alpha, 1)
        result = np.empty_like(self.pixels)
        result[..., :3] = encode(colour) * alpha
        result[..., 3:] = alpha
        return result

    @cached_property
    def covered(self) -> Bool:
        """Where the still has content, [h, w]."""
        return np.asarray(self.pixels[..., 3] > HOLE, np.bool_)

    @cached_property
    def _filled(self) -> F32 | None:
        """Linear colour of the nearest covered pixel, [h, w, 3]; None without any."""
        import cv2

        if not self.covered.any():
            return None
        _, labels = cv2.distanceTransformWithLabels(
            (~self.covered).astype(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
        )
        colours = np.zeros((int(labels.max()) + 1, 3), np.float32)
        rgba = self.pixels[self.covered]
        colours[labels[self.covered]] = rgba[:, :3] / rgba[:, 3:]
        filled: F32 = colours[labels]
        return filled

    def read(self, positions: F32, *, filter: str = "bilinear", footprint: bool = True) -> F32:
        """What frames see at canonical ``positions``.

        The fit models colours in the perceptual encoding, so that is where they are interpolated.

        Args:
            positions: Canonical points, [H, W, 2] or [N, 2].
            filter: ``bilinear`` or ``cubic``.
            footprint: See ``engine.kernels.sample.sample``.

        Returns:
            float32 [..., 4], scene-linear, premultiplied.
        """
        from engine.colour.encoding import decode
        from engine.kernels.sample import sample

        result = sample(
            self.encoded,
            positions,
            origin=self.origin,
            scale=self.scale,
            filter=filter,
            footprint=footprint,
        )
        weight = result[..., 3:]
        held = weight > HOLE / 16
        alpha = np.where(held, np.clip(weight, 0, 1), 0)
        result[..., :3] = decode(result[..., :3] / np.where(held, weight, 1)) * alpha
        result[..., 3:] = alpha
        return result

    def read_linear(
        self,
        positions: F32,
        *,
        filter: str,
        footprint: bool = True,
        weights: F32 | None = None,
    ) -> F32:
        """As ``read`` for paint: premultiplied scene-linear values are interpolated as they are.

        Alpha comes back within 0 to 1 (times ``weights``); where it is 0 so is the colour.
        """
        from engine.kernels.sample import sample

        result = sample(
            self.pixels,
            positions,
            origin=self.origin,
            scale=self.scale,
            filter=filter,
            footprint=footprint,
            weights=weights,
        )
        if filter == "cubic":
            from engine.kernels.blend import tame

            tame(result, weights)
        return result

    def nearest(self, points: F32) -> F32 | None:
        """Linear colour [N, 3] of the covered pixel nearest to canonical points [N, 2]."""
        filled = self._filled
        if filled is None:
            return None
        h, w = filled.shape[:2]
        place = np.nan_to_num(points) * np.asarray(self.scale) - np.asarray(self.origin)
        j = np.clip(np.floor(place[:, 0]), 0, w - 1).astype(np.intp)
        i = np.clip(np.floor(place[:, 1]), 0, h - 1).astype(np.intp)
        return np.asarray(filled[i, j], np.float32)


_SHEETS: dict[int, tuple[weakref.ref[Canonical], F32, Sheet]] = {}


def sheet_of(canonical: Canonical) -> Sheet:
    """The sheet of an unedited canonical image; kept as long as the canonical image lives."""
    key = id(canonical)
    known = _SHEETS.get(key)
    if known is not None and known[0]() is canonical and known[1] is canonical.pixels:
        return known[2]
    grid, scale = canonical.grid, float(canonical.scale)
    sheet = Sheet.of(canonical.pixels, (grid.x0, grid.y0), (scale, scale))
    alive = weakref.ref(canonical, lambda _: _SHEETS.pop(key, None))
    _SHEETS[key] = (alive, canonical.pixels, sheet)
    return sheet
