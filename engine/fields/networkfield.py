"""The deformation of the ``paper`` recipe: a network over (row, column, time), encoded.

The encoding is a hash grid, or sines and cosines. The canonical field's network travels with it,
so that the canonical picture can be drawn at any scale. Importing this is cheap; torch and numba
are loaded by the first evaluation.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.arrays import F32, U8, AnyArray, Bool
from engine.errors import FieldError, UsageError
from engine.io.picture import Window
from engine.progress import Task, silent

if TYPE_CHECKING:
    from engine.kernels.field_network import Network

_CHUNK = 32768
_NAMES = ("deformation", "canonical")


@dataclass
class NetworkDeformation:
    """Frame to canonical through CoDeF's two networks, on the CPU.

    Convention: the networks count (row, column) as shares of ``extent`` from the data window's
    corner, pixel centres at ``((i + 0.5) / H, (j + 0.5) / W)``, time as ``(index + 1) / count``.
    The deformation network's output over ``divisor`` is a displacement; the canonical network is
    asked at ``(p + margin) / (1 + 2 margin)`` where it is a hash grid, which holds 0 to 1 only,
    and at ``p`` where it is not. Everything outside this class counts canonical pixels (x, y) of
    the display window.

    Attributes:
        window: The frames' data window.
        count: Number of frames of the field.
        weights: float32 [L], the weight of each level (or octave) of the deformation at the step
            that the fit ended with (annealing), so that what is drawn is what was fitted.
        parameters: Flat float32 vectors: ``NAME.encoder`` and ``NAME.decoder`` of a hash grid in
            the layout of the published files, ``NAME.decoder`` and perhaps ``NAME.codes`` of sines
            and cosines; NAME is ``deformation`` or ``canonical``.
        extent: (W, H) in pixels that count as 1; a little more than the data window where the fit
            shrank and padded the frames.
        shapes: ``numbers()`` of the two networks' shapes, by ``deformation``, ``canonical``.
        divisor: See above.
        margin: See above; the canvas never reaches further out of the frame than this share of it.
        kind: ``hash`` when both networks are hash grids, else ``network``.
    """

    window: Window
    count: int
    weights: F32
    parameters: dict[str, F32]
    shapes: dict[str, dict[str, Any]]
    extent: tuple[float, float]
    divisor: float = 5.0
    margin: float = 0.3
    kind: str = field(default="hash", init=False)

    def __post_init__(self) -> None:
        if any(shape.get("encoding") == "pe" for shape in self.shapes.values()):
            self.kind = "network"

    def positions(self, index: int) -> F32:
        """Canonical point of each pixel centre of the frame's data window, [H, W, 2]."""
        window = self.window
        x = window.x0 + 0.5 + np.arange(window.width, dtype=np.float32)
        y = window.y0 + 0.5 + np.arange(window.height, dtype=np.float32)
        points = np.stack(np.meshgrid(x, y), axis=-1)
        return self.at(index, points.reshape(-1, 2)).reshape(points.shape)

    def at(self, index: int, points: F32) -> F32:
        """Canonical points [N, 2] of any frame points [N, 2], also outside the frame.

        Raises:
            UsageError: No such frame.
        """
        if not 0 <= index < self.count:
            raise UsageError(
                f"frame index {index} is outside the field's {self.count} frames; "
                f"ask for 0 to {self.count - 1}"
            )
        shares = self._shares(np.asarray(points, np.float32))
        moved = np.empty_like(shares)
        time = np.float32((index + 1) / self.count)
        for start in range(0, len(shares), _CHUNK):
            part = shares[start : start + _CHUNK]
            asked = np.concatenate([part, np.full((len(part), 1), time, np.float32)], axis=1)
            moved[start : start + _CHUNK] = part + self._ask(0, asked, self.weights) / self.divisor
        size = np.array(self.extent, np.float32)
        origin = np.array([self.window.x0, self.window.y0], np.float32)
        canonical: F32 = moved[:, ::-1] * size + origin
        return canonical

    def colours(self, points: F32) -> F32:
        """The canonical field in the fit's encoding, [N, 3], at canonical points [N, 2]."""
        shares = self._shares(np.asarray(points, np.float32))
        if self._networks[1].shape.bounded:
            shares = (shares + self.margin) / (1 + 2 * self.margin)
        out = np.empty((len(shares), 3), np.float32)
        for start in range(0, len(shares), _CHUNK):
            asked = shares[start : start + _CHUNK].astype(np.float32)
            out[start : start + _CHUNK] = self._ask(1, asked, None)
        return out

    def tensors(self) -> dict[str, AnyArray]:
        """What ``layer_K.safetensors`` holds."""
        return {**self.parameters, "deformation.weights": self.weights}

    def numbers(self) -> dict[str, Any]:
        """The JSON-able rest."""
        window = self.window
        return {
            "window": [window.x0, window.y0, window.x1, window.y1],
            "count": self.count,
            "extent": list(self.extent),
            "divisor": self.divisor,
            "margin": self.margin,
            "shapes": self.shapes,
        }

    @classmethod
    def from_tensors(
        cls, tensors: dict[str, AnyArray], numbers: dict[str, Any]
    ) -> "NetworkDeformation":
        """The twin of ``tensors`` and ``numbers``.

        Raises:
            FieldError: Something is absent or of another size than the numbers say.
        """
        try:
            parameters = {
                name: np.ascontiguousarray(tensor, np.float32)
                for name, tensor in tensors.items()
                if name != "deformation.weights"
            }
            found = cls(
                window=Window(*(int(edge) for edge in numbers["window"])),
                count=int(numbers["count"]),
                weights=np.ascontiguousarray(tensors["deformation.weights"], np.float32),
                parameters=parameters,
                shapes={name: dict(numbers["shapes"][name]) for name in _NAMES},
                extent=(float(numbers["extent"][0]), float(numbers["extent"][1])),
                divisor=float(numbers["divisor"]),
                margin=float(numbers["margin"]),
            )
            networks = found._networks
        except (KeyError, TypeError, ValueError, UsageError) as wrong:
            raise FieldError(
                f"the field's network layer is damaged ({type(wrong).__name__}: {wrong}); "
                "fit the clip again or restore the folder"
            ) from wrong
        for name, network in zip(_NAMES, networks, strict=True):
            sizes = {part: vector.numel() for part, vector in network.vectors.items()}
            if sizes != network.shape.sizes:
                raise FieldError(
                    f"the field's {name} network holds {sizes} numbers where its shape needs "
                    f"{network.shape.sizes}; fit the clip again or restore the folder"
                )
        if len(found.weights) != networks[0].shape.levels:
            raise FieldError(
                f"the field holds {len(found.weights)} level weights for "
                f"{networks[0].shape.levels} levels; fit the clip again or restore the folder"
            )
        return found

    @cached_property
    def _networks(self) -> "tuple[Network, Network]":
        import torch

        from engine.kernels.field_network import shape_of

        built = [
            shape_of(self.shapes[name]).build(
                {
                    part: torch.from_numpy(self.parameters[f"{name}.{part}"])
                    for part in shape_of(self.shapes[name]).sizes
                }
            )
            for name in _NAMES
        ]
        return built[0], built[1]

    def _ask(self, which: int, points: F32, weights: F32 | None) -> F32:
        import torch

        with torch.no_grad():
            answer: F32 = self._networks[which](torch.from_numpy(points), weights).numpy()
        return answer

    def _shares(self, points: F32) -> F32:
        """(row, column) shares [N, 2] of points (x, y) [N, 2]."""
        size = np.array(self.extent, np.float32)
        origin = np.array([self.window.x0, self.window.y0], np.float32)
        shares: F32 = np.ascontiguousarray(((points - origin) / size)[:, ::-1])
        return shares


@dataclass(frozen=True)
class CanonicalPlate:
    """The canonical field, drawn.

    Convention: ``pixels[i, j]`` is centred on the canonical point
    ``((window.x0 + j + 0.5) / scale, (window.y0 + i + 0.5) / scale)``.

    Attributes:
        pixels: float32 [h, w, 3], in the encoding of the fit, not premultiplied.
        coverage: float32 [h, w], 1 where some frame looks, else 0.
        window: The canvas in pixels of the scaled canonical image; may be negative.
    """

    pixels: F32
    coverage: F32
    window: Window


def render_canonical(
    layer: NetworkDeformation,
    *,
    mask: Callable[[int], U8] | None = None,
    positions: Callable[[int], F32] | None = None,
    scale: float = 1.0,
    every: int = 1,
    task: Task | None = None,
) -> CanonicalPlate:
    """Draws C at zero displacement on a canvas that holds all points where frames look.

    The canvas never leaves what the canonical grid holds, ``margin`` of the frame on each side:
    beyond it the table wraps.

    Args:
        layer: The fitted layer.
        mask: Frame index to the group's mask uint8 [H, W]; None is the whole frame.
        positions: Frame index to ``layer.positions``, where the caller has them already.
        scale: Pixels of the canonical image per pixel of the frame.
        every: Look at each n-th frame only, for previews.
        task: Progress and cancel.
    """
    task = task or silent()
    whole = _grid_window(layer, scale)
    covered = np.zeros((whole.height, whole.width), np.uint8)
    indices = range(0, layer.count, max(1, every))
    for done, index in enumerate(indices):
        task.report(0.8 * done / len(indices))
        looked = layer.positions(index) if positions is None else positions(index)
        _mark(covered, whole, looked * np.float32(scale), None if mask is None else mask(index) > 0)
    covered = _closed(covered, scale)
    window = _filled(covered, whole)
    top, left = window.y0 - whole.y0, window.x0 - whole.x0
    coverage = covered[top : top + window.height, left : left + window.width].astype(np.float32)
    x = ((window.x0 + 0.5 + np.arange(window.width)) / scale).astype(np.float32)
    pixels = np.empty((window.height, window.width, 3), np.float32)
    rows = max(1, _CHUNK // window.width)
    for start in range(0, window.height, rows):
        task.report(0.8 + 0.2 * start / window.height)
        stop = min(window.height, start + rows)
        y = ((window.y0 + 0.5 + np.arange(start, stop)) / scale).astype(np.float32)
        points = np.stack(np.meshgrid(x, y), axis=-1)
        pixels[start:stop] = layer.colours(points.reshape(-1, 2)).reshape(*points.shape[:2], 3)
    return CanonicalPlate(pixels, coverage, window)


def _grid_window(layer: NetworkDeformation, scale: float) -> Window:
    """All whole pixels that the canonical grid holds."""
    window, margin = layer.window, layer.margin
    wide, high = layer.extent
    return Window(
        int(np.ceil((window.x0 - margin * wide) * scale)),
        int(np.ceil((window.y0 - margin * high) * scale)),
        int(np.floor((window.x0 + (1 + margin) * wide) * scale)),
        int(np.floor((window.y0 + (1 + margin) * high) * scale)),
    )


def _mark(covered: U8, window: Window, points: F32, wanted: Bool | None) -> None:
    """Marks the four pixels around each point; points off the canvas are left out."""
    chosen = points.reshape(-1, 2) if wanted is None else points[wanted]
    chosen = chosen - np.array([window.x0 + 0.5, window.y0 + 0.5], np.float32)
    # Off the canvas by more than a pixel: put it where it marks nothing, before it overflows.
    chosen = np.clip(np.nan_to_num(chosen, nan=-9), -9, max(covered.shape) + 9)
    # A point on a pixel's centre up to rounding reads that pixel alone.
    first = np.floor(chosen + np.float32(1e-3)).astype(np.int64)
    last = np.ceil(chosen - np.float32(1e-3)).astype(np.int64)
    height, width = covered.shape
    for y in (first[:, 1], last[:, 1]):
        for x in (first[:, 0], last[:, 0]):
            inside = (x >= 0) & (x < width) & (y >= 0) & (y < height)
            covered[y[inside], x[inside]] = 1


def _closed(covered: U8, scale: float) -> U8:
    """Fills the gaps between samples and adds a rim of one pixel for the sampler's footprint."""
    import cv2

    gap = 2 * int(np.ceil(1.5 * scale)) + 1
    roomy = np.pad(covered, gap)  # so that closing sees no border
    closed = cv2.morphologyEx(roomy, cv2.MORPH_CLOSE, np.ones((gap, gap), np.uint8))
    grown = cv2.dilate(closed, np.ones((3, 3), np.uint8))
    filled: U8 = grown[gap:-gap, gap:-gap]
    return filled


def _filled(covered: U8, whole: Window) -> Window:
    """The smallest window around what is covered; everything where nothing is."""
    rows, columns = np.flatnonzero(covered.any(1)), np.flatnonzero(covered.any(0))
    if not len(rows):
        return whole
    return Window(
        whole.x0 + int(columns[0]),
        whole.y0 + int(rows[0]),
        whole.x0 + int(columns[-1]) + 1,
        whole.y0 + int(rows[-1]) + 1,
    )
