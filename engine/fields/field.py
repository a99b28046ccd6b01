"""A fitted clip: layers of canonical image and deformation, with the masks that order them."""

import zlib
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from engine.arrays import F32, U8, Bool
from engine.errors import MissingFrameError
from engine.fields.deformation import Deformation
from engine.fields.residual import Residual
from engine.io.picture import Window

#: Grey of an ignore mask above which a pixel is left out: at a soft edge colours are mixed.
IGNORED = 25
#: Rows and columns of a data window.
Part = tuple[slice, slice]
WHOLE: Part = (slice(None), slice(None))


@dataclass
class Canonical:
    """The still picture of a layer.

    Convention: ``pixels[i, j]`` is centred on the canonical point
    ``(data.x0 + (j + 0.5) / scale, data.y0 + (i + 0.5) / scale)``; canonical coordinates are those
    of the reference frame, whatever the scale. Scene-linear working space, premultiplied by
    coverage (alpha 0 in holes).

    Attributes:
        pixels: float32 [h * scale, w * scale, 4] for a canvas of h x w canonical pixels.
        data: The canvas in canonical pixels; holds what lies outside the frame and may be negative.
        scale: Pixels per canonical pixel: more than 1 where frames saw the layer closer than the
            reference frame does.
    """

    pixels: F32
    data: Window
    scale: int = 1

    @property
    def grid(self) -> Window:
        """The canvas in the picture's own pixels."""
        data, size = self.data, self.scale
        return Window(data.x0 * size, data.y0 * size, data.x1 * size, data.y1 * size)

    def alpha_at(self, points: F32) -> F32:
        """Coverage of the pixel that holds each canonical point [..., 2]; 0 outside the canvas."""
        grid = self.grid
        height, width = self.pixels.shape[:2]
        place = np.nan_to_num(np.floor(np.asarray(points) * np.float32(self.scale)), nan=-1e9)
        column, row = (place[..., n].astype(np.int64) - (grid.x0, grid.y0)[n] for n in (0, 1))
        inside = (column >= 0) & (row >= 0) & (column < width) & (row < height)
        alpha = self.pixels[np.clip(row, 0, height - 1), np.clip(column, 0, width - 1), 3]
        return np.asarray(np.where(inside, alpha, 0), np.float32)


@dataclass
class Layer:
    """One group of the clip: a canonical image and how each frame reads it.

    Attributes:
        name: The group's name (unique in the field).
        deformation: Frame to canonical.
        canonical: The still.
        lighting: Multiplicative light per frame relative to the canonical, float32
            [T, gy, gx, 3] at control points spread evenly over the data window (corners
            included), linear light, 1 = as in the canonical; or None.
        exposure: Gain and offset of scene-linear colours per frame, float32 [T, 2, 3]; or None.
            A frame is ``gain * lighting * canonical + offset``. Edits take the gain and never the
            offset: glare and lifted blacks lie over the scene and brighten no paint in it.
    """

    name: str
    deformation: Deformation
    canonical: Canonical
    lighting: F32 | None = None
    exposure: F32 | None = None


class Masks:
    """Soft masks of the groups, 8-bit, kept compressed so that long clips fit in memory.

    ``streams[k][t]`` is the zlib stream of the uint8 [H, W] mask of given group k in frame t.

    Args:
        height: Of the masks.
        width: Of the masks.
        streams: See above.
        given: The masks as a person gave them, where ``streams`` were found from those.
    """

    def __init__(
        self, height: int, width: int, streams: list[list[bytes]], given: "Masks | None" = None
    ) -> None:
        self.height, self.width, self.streams = height, width, streams
        self._given = given

    @property
    def given(self) -> "Masks":
        """The masks as a person gave them: these, unless soft edges were found for them."""
        return self._given or self

    @staticmethod
    def pack(mask: U8) -> bytes:
        """One mask as a compressed stream."""
        return zlib.compress(np.ascontiguousarray(mask).tobytes(), 1)

    @property
    def count(self) -> int:
        """Number of masks that were given."""
        return len(self.streams)

    def mask(self, group: int, index: int) -> U8:
        """Mask [H, W], 255 = wholly in the group."""
        plain = zlib.decompress(self.streams[group][index])
        return np.frombuffer(plain, np.uint8).reshape(self.height, self.width)

    def coverage(self, index: int, layers: int, part: Part = WHOLE) -> F32:
        """Visible share of each layer in a frame, [K, H, W], front to back, sums to 1.

        The front layer wins where masks overlap. What no mask covers belongs to the last layer.

        Args:
            index: Position of the frame.
            layers: Number of layers K.
            part: Rows and columns that are wanted.
        """
        size = [len(range(*part[n].indices((self.height, self.width)[n]))) for n in (0, 1)]
        shares = np.zeros((layers, *size), np.float32)
        left = np.ones(size, np.float32)
        for k in range(min(layers, self.count)):
            shares[k] = left * (self.mask(k, index)[part].astype(np.float32) / 255)
            left = left - shares[k]
        shares[layers - 1] += left
        return shares


@dataclass
class Field:
    """A finished fit.

    Attributes:
        frames: Frame numbers of the files, ascending; ``index`` below counts them from 0.
        display: Display window of the source, moved to the origin.
        data: Data window of the source relative to that origin.
        layers: Front to back.
        masks: The masks that were given (may be none: a single layer).
        ignored: One mask per frame of what the fit was told not to see, 255 = left out, or None.
            Edits do not reach it; where it is soft they fade. The fit saw what is at most
            ``IGNORED``.
        residual: What canonical, deformation and light leave unexplained, per frame; or None.
            Propagated edits never receive it.
        reference: Frame number whose picture the canonical image is aligned to.
        recipe: Name of the recipe.
        report: The figures that ``codef fit`` prints, and the schedule that repeats the fit.
        source: The clip: ``{"path", "first", "colour_space", "missing", "fps", ...}``; its path is
            relative to the field folder when it is stored.
        pixel_aspect: Width of a pixel over its height.
    """

    frames: tuple[int, ...]
    display: Window
    data: Window
    layers: list[Layer]
    masks: Masks
    reference: int
    recipe: str
    report: dict[str, Any] = field(default_factory=dict)
    source: dict[str, Any] = field(default_factory=dict)
    pixel_aspect: float = 1.0
    ignored: Masks | None = None
    residual: Residual | None = None

    @property
    def width(self) -> int:
        """Width of the frames' data window."""
        return self.data.width

    @property
    def height(self) -> int:
        """Height of the frames' data window."""
        return self.data.height

    def index(self, frame: int) -> int:
        """Position of a frame number in the field.

        Raises:
            MissingFrameError: The field was not fitted on that frame.
        """
        try:
            return self.frames.index(frame)
        except ValueError:
            raise MissingFrameError(
                f"the field has no frame {frame} (it holds {self.frames[0]}-{self.frames[-1]}); "
                "fit it on a range that includes the frame",
                frame=frame,
            ) from None

    def parts(self, index: int) -> "list[tuple[Field, int, float]]":
        """The fields that a frame is drawn from, its position in each, and weights that sum to 1.

        One, the field itself, but for a long shot of several segments (``engine.linked``).
        """
        return [(self, index, 1.0)]

    def as_drawn(self) -> "Field":
        """The field with the masks as a person gave them, without the edges found for them.

        What a pixel belongs to is a person's word; how much of it shows is what was found.
        """
        given = self.masks.given
        return self if given is self.masks else replace(self, masks=given)

    def coverage(self, index: int, part: Part = WHOLE) -> F32:
        """Visible share of each layer, [K, H, W]; sums to 1 over K."""
        return self.masks.coverage(index, len(self.layers), part)

    def kept(self, index: int, part: Part = WHOLE) -> Bool | None:
        """Where the fit saw the frame, [H, W]; None when nothing of the clip was left out."""
        if self.ignored is None:
            return None
        return np.asarray(self.ignored.mask(0, index)[part] <= IGNORED, np.bool_)

    def seen(self, index: int, part: Part = WHOLE) -> F32:
        """Visible share of each layer, [K, H, W], 0 where the frame was left out of the fit.

        Args:
            index: Position of the frame.
            part: Rows and columns of the data window that are wanted.
        """
        coverage = self.coverage(index, part)
        if self.ignored is not None:
            coverage *= 1 - self.ignored.mask(0, index)[part].astype(np.float32) / 255
        return coverage
