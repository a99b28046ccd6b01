"""The frames of a fit, encoded, in memory at the resolution that the fit works in.

The fit sees every frame many times, so they are held as 8-bit codes (8-bit sources) or 16-bit codes
over a range that grows with the highlights (everything else): a clip of 300 frames of 1920 x 1080
takes under 2 GiB even before ``Plates`` halves it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from engine.arrays import F32, U8, AnyArray, Bool, finite_pixels
from engine.colour.encoding import encode
from engine.errors import InputError, MaskError
from engine.fit.ahead import pictures
from engine.io.picture import Picture, Window
from engine.progress import Task

#: Encoded range that 16-bit codes span to begin with: linear -1 to 107.
LOW, HIGH = -1.0, 7.0
#: Beyond it the range grows to twice its reach, up to what half float holds (linear 65504).
WIDEST = 108.0
#: A frame of more pixels than this is fitted at a half, third, ... of its size.
PIXEL_LIMIT = 1_200_000
#: Pixels of a mask's rim that do not move the lattice.
RIM = 2


@dataclass
class Plates:
    """Encoded frames and group weights.

    Attributes:
        codes: uint8 or uint16 [T, H, W, 3]; encoded colour = codes * scale + offset.
        scale: See ``codes``.
        offset: See ``codes``.
        weights: uint8 [K, T, H, W]: visible share of each layer, 255 = wholly; the front layer
            wins; 0 where a pixel is left out or is not finite.
        firm: uint8 [K, T, H, W]: ``weights`` without the rim of each mask, where colours are mixed;
            the same array when there is one layer.
        shrink: Full-size pixels per pixel here.
        display: Display window at full size, moved to the origin.
        data: Data window at full size, relative to it.
        pixel_aspect: Width of a pixel over its height.
        bad_pixels: Number of NaN or Inf pixels at full size; they are left out.
        ignored: Share of all pixels that were asked to be left out.
        exact: Whether ``codes`` hold all that the pictures have, but for what is left out: 8 bits,
            full size.
        others: Layers that are not here share pixels with those that are.
    """

    codes: AnyArray
    scale: float
    offset: float
    weights: U8
    firm: U8
    shrink: int
    display: Window
    data: Window
    pixel_aspect: float
    bad_pixels: int
    ignored: float = 0.0
    exact: bool = False
    others: bool = False

    @property
    def count(self) -> int:
        """Number of frames."""
        return int(self.codes.shape[0])

    @property
    def height(self) -> int:
        """Rows at the working resolution."""
        return int(self.codes.shape[1])

    @property
    def width(self) -> int:
        """Columns at the working resolution."""
        return int(self.codes.shape[2])

    def encoded(self, index: int) -> F32:
        """A frame as encoded colours, float32 [H, W, 3]."""
        return np.asarray(
            self.codes[index].astype(np.float32) * np.float32(self.scale) + np.float32(self.offset),
            np.float32,
        )

    def shown(self, index: int) -> F32:
        """A frame as encoded colours; NaN where it is left out or no finite number."""
        there = self.weights[:, index].max(axis=0) > 0
        return np.asarray(np.where(there[..., None], self.encoded(index), np.nan), np.float32)

    def grey(self, index: int) -> U8:
        """8-bit luma of a frame for optical flow, [H, W]; highlights are rolled off, not cut."""
        luma = self.encoded(index) @ np.array([0.299, 0.587, 0.114], np.float32)
        if self.codes.dtype != np.uint8:
            luma = rolled_off(luma)
        return np.asarray(np.rint(np.clip(luma, 0, 1) * 255), np.uint8)

    def coded(self, picture: Picture) -> tuple[AnyArray, Bool | None]:
        """A picture [H, W, 3] as ``codes``, and where it is finite (None: everywhere).

        Args:
            picture: At its own size; values outside the range of the codes are cut.
        """
        if self.codes.dtype == np.uint8:
            return _display_codes(picture)
        encoded, finite = _finite(picture)
        return self._quantised(encoded), finite

    def admitted(self, picture: Picture) -> tuple[AnyArray, Bool | None]:
        """As ``coded``; the range grows first where the picture exceeds it."""
        if self.codes.dtype == np.uint8:
            return _display_codes(picture)
        encoded, finite = _finite(picture)
        self._widen(float(encoded.min()), float(encoded.max()))
        return self._quantised(encoded), finite

    def _quantised(self, encoded: F32) -> AnyArray:
        codes = (encoded - np.float32(self.offset)) * np.float32(1 / self.scale)
        return np.asarray(np.rint(np.clip(codes, 0, 65535)), np.uint16)

    def _widen(self, low: float, high: float) -> None:
        """Makes room for encoded values; frames that are coded already keep their colours."""
        old_low, old_high = self.offset, self.offset + 65535 * self.scale
        new_low, new_high = old_low, old_high
        while new_high < high - 1e-3 and new_high < WIDEST:
            new_high = min(2 * new_high, WIDEST)
        while new_low > low + 1e-3 and new_low > -WIDEST:
            new_low = max(2 * new_low, -WIDEST)
        if (new_low, new_high) == (old_low, old_high):
            return
        scale = (new_high - new_low) / 65535
        for index in range(self.count):
            known = (self.encoded(index) - np.float32(new_low)) * np.float32(1 / scale)
            self.codes[index] = np.rint(known).astype(np.uint16)
        self.scale, self.offset = scale, new_low

    def leave_out(self, index: int, where: Bool | None) -> None:
        """Takes pixels of a frame out of every layer, and fills every gap of the frame smoothly.

        What stands still where pixels were left out (a title, a black matte, the rim of a lens)
        would otherwise hold the optical flow around it.

        Args:
            index: The frame.
            where: [H, W] at full size, or None; a working pixel that touches it goes wholly.
        """
        import cv2

        from engine.fit.canvas import fill_holes

        if where is not None:
            gone = where.astype(np.uint8)
            if self.shrink > 1:
                target = (self.width, self.height)
                gone = cv2.resize(
                    _padded(gone * 255, self), target, interpolation=cv2.INTER_AREA
                ).astype(np.uint8)
            for planes in (self.weights, self.firm):
                planes[:, index][:, gone > 0] = 0
        seen = np.asarray(self.weights[:, index].max(axis=0) > 0, np.bool_)
        if not seen.all():
            filled = fill_holes(self.encoded(index), seen)
            self.codes[index] = np.where(
                seen[..., None], self.codes[index], self._quantised(filled)
            )


def rolled_off(luma: F32) -> F32:
    """Encoded luma in 0 to 1: as it is up to the knee of ``engine.flow.dis``, then ever flatter."""
    from engine.flow.dis import KNEE

    above = np.maximum(luma - KNEE, 0)
    room = 1 - KNEE
    return np.asarray(np.minimum(luma, KNEE) + room * (1 - np.exp(-above / room)), np.float32)


def _finite(picture: Picture) -> tuple[F32, Bool | None]:
    """A picture's encoded colours, 0 where it is not finite, and where it is (None: all over)."""
    encoded = encode(picture.rgb)
    if np.isfinite(encoded).all():
        return encoded, None
    finite = finite_pixels(encoded)
    return np.where(finite[..., None], encoded, np.float32(0)), finite


def _display_codes(picture: Picture) -> tuple[U8, Bool | None]:
    """8-bit codes, which are display codes, and where the picture is finite."""
    from engine.kernels.curve import display8

    codes = display8(picture.rgb)
    if np.isfinite(picture.rgb).all():
        return codes, None
    finite = finite_pixels(picture.rgb)
    return np.where(finite[..., None], codes, np.uint8(0)), finite


def is_eight_bit(picture: Picture) -> bool:
    """Whether 8-bit codes hold everything the picture has."""
    native = picture.native
    return native is not None and native.bits == 8 and native.codes.dtype == np.uint8


def read_plates(
    frames: Sequence[int],
    picture: Callable[[int], Picture],
    shares: Callable[[int], list[U8]],
    layers: int,
    task: Task,
    pixel_limit: int | None = None,
    looked: Callable[[int, Picture], None] | None = None,
    readers: int = 0,
) -> Plates:
    """Reads every frame once.

    Args:
        frames: Frame numbers.
        picture: Frame number to picture.
        shares: Frame number to the visible share of each layer, uint8 [H, W] each.
        layers: Number of layers K.
        task: Progress and cancel.
        pixel_limit: Most pixels of a frame at the working resolution; ``PIXEL_LIMIT`` when None.
        looked: Called with each frame and its picture, so that nobody need read it again.
        readers: See ``FitRequest.readers``.

    Raises:
        InputError: A frame differs in size from the first, or nothing of it is finite.
    """
    import cv2

    plates: Plates | None = None
    shots = pictures(frames, picture, readers)
    for index, (frame, shot) in enumerate(zip(frames, shots, strict=True)):
        task.report(index / len(frames), "reading frames")
        if plates is None:
            plates = _empty(shot, len(frames), layers, pixel_limit or PIXEL_LIMIT)
        size = (plates.data.width, plates.data.height)
        if (shot.data.width, shot.data.height) != size:
            raise InputError(
                f"frame {frame} is {shot.data.width}x{shot.data.height}, frame {frames[0]} is "
                f"{size[0]}x{size[1]}; a fit needs frames of one size",
                frame=frame,
            )
        if looked is not None:
            looked(frame, shot)
        codes, finite = plates.admitted(shot)
        plates.exact &= is_eight_bit(shot) and finite is None
        masks = shares(frame)
        if finite is not None:
            plates.bad_pixels += int((~finite).sum())
            masks = [np.where(finite, mask, 0).astype(np.uint8) for mask in masks]
        target = (plates.width, plates.height)
        if plates.shrink > 1:
            # INTER_AREA of uint8/uint16 rounds to codes: below what the fit can resolve.
            codes = cv2.resize(_padded(codes, plates), target, interpolation=cv2.INTER_AREA)
            masks = [
                cv2.resize(_padded(mask, plates), target, interpolation=cv2.INTER_AREA)
                for mask in masks
            ]
        plates.codes[index] = codes
        for k, mask in enumerate(masks):
            if mask.shape != (plates.height, plates.width):
                raise MaskError(
                    f"the mask of frame {frame} is {mask.shape[1]}x{mask.shape[0]}, the frame is "
                    f"{size[0]}x{size[1]}; masks must have the frames' size",
                    frame=frame,
                )
            plates.weights[k, index] = mask
            if plates.firm is not plates.weights:
                plates.firm[k, index] = eroded(mask)
    if plates is None:
        raise InputError("there are no frames to fit")
    return plates


def eroded(mask: U8) -> U8:
    """A mask [H, W] without its rim; the border of the picture is no rim."""
    import cv2

    kernel = np.ones((2 * RIM + 1, 2 * RIM + 1), np.uint8)
    return np.asarray(cv2.erode(mask, kernel, borderType=cv2.BORDER_REPLICATE), np.uint8)


def _padded(codes: AnyArray, plates: Plates) -> AnyArray:
    """Border repeated up to a multiple of ``shrink``, so that pixels shrink by exactly that."""
    import cv2

    below = plates.height * plates.shrink - codes.shape[0]
    right = plates.width * plates.shrink - codes.shape[1]
    padded: AnyArray = cv2.copyMakeBorder(codes, 0, below, 0, right, cv2.BORDER_REPLICATE)
    return padded


def _empty(shot: Picture, count: int, layers: int, pixel_limit: int) -> Plates:
    width, height = shot.data.width, shot.data.height
    shrink = 1
    while (width // shrink) * (height // shrink) > pixel_limit:
        shrink += 1
    eight = is_eight_bit(shot)
    shape = (count, -(-height // shrink), -(-width // shrink))
    data = shot.data.moved(-shot.display.x0, -shot.display.y0)
    weights = np.zeros((layers, *shape), np.uint8)
    return Plates(
        codes=np.zeros((*shape, 3), np.uint8 if eight else np.uint16),
        scale=1 / 255 if eight else (HIGH - LOW) / 65535,
        offset=0.0 if eight else LOW,
        weights=weights,
        firm=weights if layers == 1 else np.zeros_like(weights),
        shrink=shrink,
        display=Window.of_size(shot.display.width, shot.display.height),
        data=data,
        pixel_aspect=shot.pixel_aspect,
        bad_pixels=0,
        exact=eight and shrink == 1,
    )


def halved(plates: Plates) -> Plates:
    """The same frames at half the working resolution."""
    import cv2

    count, height, width = plates.codes.shape[:3]
    rows, columns = -(-height // 2), -(-width // 2)
    codes = np.empty((count, rows, columns, 3), plates.codes.dtype)
    weights = np.empty((len(plates.weights), count, rows, columns), np.uint8)
    firm = weights if plates.firm is plates.weights else np.empty_like(weights)

    def half(picture: AnyArray) -> AnyArray:
        even = cv2.copyMakeBorder(
            picture, 0, 2 * rows - height, 0, 2 * columns - width, cv2.BORDER_REPLICATE
        )
        small: AnyArray = cv2.resize(even, (columns, rows), interpolation=cv2.INTER_AREA)
        return small

    for t in range(count):
        codes[t] = half(plates.codes[t])
        for k in range(len(weights)):
            weights[k, t] = half(plates.weights[k, t])
            if firm is not weights:
                firm[k, t] = eroded(weights[k, t])
    return replace(
        plates, codes=codes, weights=weights, firm=firm, shrink=plates.shrink * 2, exact=False
    )
