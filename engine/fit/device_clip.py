"""The frames of a fit where a device reads them: kept there, or sent for each call."""

import weakref
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch.nn import functional

from engine.arrays import U8, AnyArray
from engine.fit.plates import RIM, Plates


class Uploads:
    """Arrays that are on a device, as long as they live and as long as there is room.

    Args:
        device: Where.
    """

    def __init__(self, device: torch.device) -> None:
        self.device = device
        self._kept: dict[int, tuple[Any, torch.Tensor]] = {}
        self._way: torch.cuda.Stream | None = None

    def tensor(self, array: AnyArray) -> torch.Tensor:
        """The whole array on the device, kept there."""
        key = id(array)
        known = self._kept.get(key)
        if known is not None and known[0]() is array:
            return known[1]
        return self.keep(array, torch.from_numpy(array).to(self.device))

    def keep(self, array: AnyArray, tensor: torch.Tensor) -> torch.Tensor:
        """Says that an array is there already."""
        key = id(array)
        gone = weakref.ref(array, lambda _: self._kept.pop(key, None))
        self._kept[key] = (gone, tensor)
        return tensor

    def sent(self, array: AnyArray) -> torch.Tensor:
        """An array sent for once, on a way of its own: the card works on what came before."""
        here = torch.from_numpy(np.ascontiguousarray(array))
        if self.device.type != "cuda":
            return here
        if self._way is None:
            self._way = torch.cuda.Stream(self.device)  # type: ignore[no-untyped-call]
        with torch.cuda.stream(self._way):
            there = here.pin_memory().to(self.device, non_blocking=True)
        worker = torch.cuda.current_stream(self.device)
        worker.wait_stream(self._way)
        there.record_stream(worker)
        return there

    def places(self) -> tuple[int, ...]:
        """Where on the device the kept arrays lie."""
        return tuple(tensor.data_ptr() for _, tensor in self._kept.values())

    def clear(self) -> None:
        """Gives all memory back."""
        self._kept.clear()


class ClipPart:
    """Some frames of a clip on a device.

    Args:
        uploads: What is there.
        plates: The clip.
        layer: Index of a layer.
        part: Which frames.
        resident: Whether all of it is to stay there.
    """

    def __init__(
        self, uploads: Uploads, plates: Plates, layer: int, part: slice, resident: bool
    ) -> None:
        def read(array: AnyArray, where: Any) -> torch.Tensor:
            return uploads.tensor(array)[where] if resident else uploads.sent(array[where])

        self.codes = read(plates.codes, part)
        self.weights = read(plates.weights, (layer, part))
        same = plates.firm is plates.weights
        self.firm = self.weights if same else read(plates.firm, (layer, part))


def halved(plates: Plates, uploads: Uploads, frames: int) -> Plates:
    """The same frames at half the working resolution; see ``engine.fit.plates.halved``.

    Args:
        plates: The frames.
        uploads: The device; nothing is kept there.
        frames: At most so many are worked on at once.
    """
    count, layers = plates.count, len(plates.weights)
    rows, columns = -(-plates.height // 2), -(-plates.width // 2)
    codes = np.empty((count, rows, columns, 3), plates.codes.dtype)
    weights = np.empty((layers, count, rows, columns), np.uint8)
    same = plates.firm is plates.weights
    firm = weights if same else np.empty_like(weights)
    for low in range(0, count, frames):
        part = slice(low, min(low + frames, count))
        for k in range(layers):
            here = ClipPart(uploads, plates, k, part, resident=False)
            if k == 0:
                codes[part] = _half(here.codes.permute(0, 3, 1, 2)).permute(0, 2, 3, 1).cpu()
            small = _half(here.weights[:, None])
            weights[k, part] = small[:, 0].cpu()
            if not same:
                firm[k, part] = _eroded(small)[:, 0].cpu()
    return replace(
        plates, codes=codes, weights=weights, firm=firm, shrink=plates.shrink * 2, exact=False
    )


def firmed(weights: U8, device: torch.device) -> U8:
    """Masks [T, H, W] without their rim; see ``engine.fit.plates.eroded``."""
    found = np.empty_like(weights)
    for index, mask in enumerate(weights):
        found[index] = _eroded(torch.from_numpy(mask).to(device)[None, None])[0, 0].cpu()
    return found


def _half(planes: torch.Tensor) -> torch.Tensor:
    """Means of 2 x 2 codes [B, C, H, W], rounded; the border is repeated to even sizes."""
    beside, below = planes.shape[3] % 2, planes.shape[2] % 2
    wide = functional.pad(planes.float(), (0, beside, 0, below), mode="replicate")
    return torch.floor(functional.avg_pool2d(wide, 2) + 0.5).to(planes.dtype)


def _eroded(planes: torch.Tensor) -> torch.Tensor:
    """Masks [B, 1, H, W] without their rim; the border of the picture is no rim."""
    return (-functional.max_pool2d(-planes.float(), 2 * RIM + 1, 1, RIM)).to(planes.dtype)
