"""A picture in memory: scene-linear pixels, windows, and the file's own code values beside them."""

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from engine.arrays import F32, AnyArray, Bool

if TYPE_CHECKING:
    from engine.io.exrcopy import FileStamp
    from engine.io.rows import Rows

Scalar = TypeVar("Scalar", bound=np.generic)


@dataclass(frozen=True, slots=True)
class Window:
    """A rectangle of pixels, right and bottom edges excluded.

    Convention: x to the right, y down, pixel (x, y) covers [x, x + 1) x [y, y + 1).
    """

    x0: int
    y0: int
    x1: int
    y1: int

    @property
    def width(self) -> int:
        """Pixels from left to right."""
        return self.x1 - self.x0

    @property
    def height(self) -> int:
        """Pixels from top to bottom."""
        return self.y1 - self.y0

    def moved(self, dx: int, dy: int) -> "Window":
        """This window shifted."""
        return Window(self.x0 + dx, self.y0 + dy, self.x1 + dx, self.y1 + dy)

    def common(self, other: "Window") -> "Window | None":
        """The pixels that two windows share; None without any."""
        both = Window(
            max(self.x0, other.x0),
            max(self.y0, other.y0),
            min(self.x1, other.x1),
            min(self.y1, other.y1),
        )
        return both if both.width > 0 and both.height > 0 else None

    def part_of(self, other: "Window") -> tuple[slice, slice]:
        """Rows and columns of this window in an array over another that holds it."""
        return (
            slice(self.y0 - other.y0, self.y1 - other.y0),
            slice(self.x0 - other.x0, self.x1 - other.x0),
        )

    @classmethod
    def of_size(cls, width: int, height: int) -> "Window":
        """The window of a plain picture with its origin at (0, 0)."""
        return cls(0, 0, width, height)


def within(values: NDArray[Scalar], data: Window, window: Window) -> NDArray[Scalar]:
    """Values over one window as seen through another: cropped, and 0 outside.

    Args:
        values: [H, W] or [H, W, C] over ``data``.
        data: Their window.
        window: The one that is wanted; the same one gives the values themselves.
    """
    if data == window:
        return values
    seen = np.zeros((window.height, window.width, *values.shape[2:]), values.dtype)
    both = data.common(window)
    if both is not None:
        seen[both.part_of(window)] = values[both.part_of(data)]
    return seen


@dataclass(frozen=True)
class Native:
    """Code values as one part of a file holds them: what is not edited is copied from here.

    Attributes:
        codes: [H, W, C] over the data window, in the file's type (uint8, uint16, float16, float32).
            Files of 10 or 12 bits are held as uint16 exactly as OpenImageIO scales them.
        channels: A name for each of the C channels, in the file's order.
        space: OCIO name of the colour space of the colour channels, ``"raw"`` for none.
        bits: Significant bits of one sample (8, 10, 12, 16, 32).
        part: Name of the part in a multi-part file, else ``""``.
        metadata: Everything else that the header said, plain Python values only.
        file: The file when it is an EXR of this one part, as it was read; what of it does not
            change may be copied (``engine.io.exrcopy``). None: unknown.
    """

    codes: AnyArray
    channels: tuple[str, ...]
    space: str
    bits: int
    part: str = ""
    metadata: dict[str, Any] = field(default_factory=dict)
    file: "FileStamp | None" = None


@dataclass(frozen=True)
class Picture:
    """One picture.

    Convention: rows from the top; ``pixels[i, j]`` is the pixel whose centre is
    ``(data.x0 + j + 0.5, data.y0 + i + 0.5)``. Scene-linear in the project's working space,
    alpha premultiplied.

    Attributes:
        pixels: float32 [H, W, 3] or [H, W, 4] over the data window.
        display: The display window (the format).
        data: The data window; may be larger than the display window or negative.
        pixel_aspect: Width of a pixel over its height.
        native: The file's main part, or None when the pixels no longer come from a file.
        extra: The other parts of the file, passed through.
        changed: [H, W]; where ``pixels`` differ from ``native`` by an edit. None: nowhere.
        under: The picture without ``overlay``, or None when there is no overlay.
        overlay: float32 [H, W, 4] premultiplied paint and overlays that were put over ``under``;
            carried to the frames with its own alpha.
        metadata: Header values and ``codef/*`` notes, plain Python values only.
        rows: Which rows of ``pixels`` and ``native.codes`` were decoded: the others must be asked
            for, or all with ``whole``. None, as nearly everywhere: all are there.
    """

    pixels: F32
    display: Window
    data: Window
    pixel_aspect: float = 1.0
    native: Native | None = None
    extra: tuple[Native, ...] = ()
    changed: Bool | None = None
    under: F32 | None = None
    overlay: F32 | None = None
    metadata: dict[str, Any] = field(default_factory=dict)
    rows: "Rows | None" = None

    @classmethod
    def of(cls, pixels: AnyArray, **fields: Any) -> "Picture":
        """A plain picture with both windows at the origin."""
        height, width = pixels.shape[:2]
        window = Window.of_size(width, height)
        return cls(np.ascontiguousarray(pixels, np.float32), window, window, **fields)

    def with_pixels(self, pixels: F32) -> "Picture":
        """The same picture after an operation that may have changed every pixel."""
        return replace(
            self,
            pixels=pixels,
            native=None,
            extra=(),
            changed=None,
            under=None,
            overlay=None,
            rows=None,
        )

    def need(self, first: int, last: int, step: int = 1) -> None:
        """Makes sure that some rows of ``pixels`` are there, from 0 at the top."""
        if self.rows is not None:
            self.rows.need(first, last, step)

    def whole(self) -> "Picture":
        """This picture with every row decoded."""
        self.need(0, len(self.pixels))
        return self

    def writable(self, first: int, last: int) -> "Picture":
        """A copy whose pixels may be written to in a run of rows."""
        if self.rows is None:
            return replace(self, pixels=self.pixels.copy())
        pixels, rows = self.rows.copied(first, last)
        return replace(self, pixels=pixels, rows=rows)

    @property
    def rgb(self) -> F32:
        """The colour channels, [H, W, 3]."""
        return self.pixels[..., :3]

    @property
    def alpha(self) -> F32:
        """Coverage [H, W]; ones when the picture has no alpha."""
        if self.pixels.shape[2] > 3:
            return self.pixels[..., 3]
        return np.ones(self.pixels.shape[:2], np.float32)
