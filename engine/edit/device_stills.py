"""Stills on a device, ready to be read by frames; they stay there as long as they live here."""

from weakref import WeakKeyDictionary

import numpy as np
import torch

from engine.edit.editlayer import EditLayer
from engine.kernels.backends.interface import Kernels
from engine.kernels.device.pyramid import Pyramid
from engine.warp.sheet import Sheet


class Stills:
    """The stills that frames were made of lately.

    Args:
        device: Where.
        kernels: What computes there.
    """

    def __init__(self, device: torch.device, kernels: Kernels) -> None:
        self.device, self.kernels = device, kernels
        self._held: WeakKeyDictionary[Sheet, dict[str, Pyramid]] = WeakKeyDictionary()
        self._grades: WeakKeyDictionary[EditLayer, Pyramid] = WeakKeyDictionary()

    def read(
        self,
        sheet: Sheet,
        points: torch.Tensor,
        filter: str,
        *,
        encoded: bool = False,
        footprint: bool = True,
    ) -> torch.Tensor:
        """A still at canonical points [h, w, 2], premultiplied, [h, w, 4].

        Args:
            sheet: The still.
            points: Of neighbouring pixels, for the footprint.
            filter: ``bilinear`` or ``cubic``.
            encoded: Read its perceptual encoding, as ``Sheet.read`` does and leaves it; else its
                linear values, as ``Sheet.read_linear``.
            footprint: See ``engine.kernels.sample.sample``.
        """
        return self.kernels.read(
            self._pyramid(sheet, "encoded" if encoded else "linear"),
            points,
            origin=sheet.origin,
            scale=sheet.scale,
            filter=filter,
            footprint=footprint,
            matte=not encoded and filter == "cubic",
        )

    def graded(self, change: EditLayer, points: torch.Tensor) -> torch.Tensor | None:
        """How surely a change is a grade at canonical points, [h, w]; None: it is paint."""
        if change.grade is None:
            return None
        sheet = change.sheet
        if change not in self._grades:
            matte = sheet.pixels[..., 3]
            planes = np.stack([change.grade * matte, matte], axis=2)
            self._grades[change] = Pyramid.of(torch.from_numpy(planes).to(self.device), most=1)
        found = self.kernels.read(
            self._grades[change],
            points,
            origin=sheet.origin,
            scale=sheet.scale,
            filter="bilinear",
            footprint=False,
            matte=False,
        )
        return (found[..., 0] / found[..., 1].clamp(min=1e-6)).clamp(0, 1)

    def missing(self, sheets: list[Sheet]) -> int:
        """Bytes that these stills would take, as far as they are not there."""
        absent = {id(sheet): sheet for sheet in sheets if sheet not in self._held}
        return sum(sheet.pixels.nbytes * 4 // 3 for sheet in absent.values())

    def keep(self, sheets: list[Sheet]) -> None:
        """Lets all others go."""
        wanted = {id(sheet) for sheet in sheets}
        for sheet in [each for each in self._held if id(each) not in wanted]:
            del self._held[sheet]
        for change in [each for each in self._grades if id(each.sheet) not in wanted]:
            del self._grades[change]

    def _pyramid(self, sheet: Sheet, kind: str) -> Pyramid:
        held = self._held.setdefault(sheet, {})
        if kind not in held:
            pixels = sheet.encoded if kind == "encoded" else sheet.pixels
            held[kind] = Pyramid.of(torch.from_numpy(pixels).to(self.device))
        return held[kind]
