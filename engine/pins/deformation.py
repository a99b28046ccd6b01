"""A deformation with pins: the fitted map, looked at through a small move of each frame.

``pinned(x) = fitted(move(x))``. Where no pin reaches, it is the fitted map bit for bit; where one
does, the Jacobian keeps its sign, since the move's is positive (see ``engine.pins.warp``).
"""

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np

from engine.arrays import F32, F64, AnyArray
from engine.errors import FieldError
from engine.fields.deformation import Deformation
from engine.fields.field import Part
from engine.io.picture import Window
from engine.pins.warp import FrameWarp


class Warps(Protocol):
    """The moves of a layer's frames."""

    def at(self, index: int) -> FrameWarp | None:
        """The move of a frame, by its position; None where nothing is pinned."""
        ...

    def indices(self) -> tuple[int, ...]:
        """Positions of the frames in which something may be pinned, ascending."""
        ...


class StoredWarps:
    """Moves that are known already.

    Args:
        warps: By position of the frame.
    """

    def __init__(self, warps: Mapping[int, FrameWarp]) -> None:
        self._warps = dict(warps)

    def at(self, index: int) -> FrameWarp | None:
        """The move of a frame."""
        return self._warps.get(index)

    def indices(self) -> tuple[int, ...]:
        """Positions of the frames with a move."""
        return tuple(sorted(self._warps))


class PinnedDeformation:
    """A fitted deformation with pins over it.

    Args:
        base: The fitted one.
        warps: The moves.
        data: The frames' data window.
    """

    kind = "pinned"

    def __init__(self, base: Deformation, warps: Warps, data: Window) -> None:
        self.base, self.warps, self.data = base, warps, data

    def positions(self, index: int, part: Part | None = None) -> F32:
        """Canonical point of each pixel centre of the data window, [H, W, 2].

        Args:
            index: Position of the frame.
            part: Rows and columns of the data window that are wanted; None: all.
        """
        from engine.fields.lattice import LatticeDeformation

        data = self.data
        down, across = part or (slice(None), slice(None))
        whole = slice(*down.indices(data.height)), slice(*across.indices(data.width))
        if isinstance(self.base, LatticeDeformation | PinnedDeformation):
            found = self.base.positions(index, whole)
        else:
            found = self.base.positions(index)[whole]
        warp = self.warps.at(index)
        if warp is None:
            return found
        near = warp.touched(data.x0, data.y0, whole)
        rows, columns = np.nonzero(near)
        if not len(rows):
            return found
        x = columns * whole[1].step + (data.x0 + whole[1].start + 0.5)
        places = np.stack([x, rows * whole[0].step + (data.y0 + whole[0].start + 0.5)], axis=1)
        moved = warp.moved(places)
        changed = (moved != places).any(axis=1)
        answer = np.array(found, np.float32)
        answer[rows[changed], columns[changed]] = self.base.at(
            index, moved[changed].astype(np.float32)
        )
        return answer

    def at(self, index: int, points: F32) -> F32:
        """Canonical points [N, 2] of any frame points [N, 2]."""
        warp = self.warps.at(index)
        if warp is None:
            return self.base.at(index, points)
        moved = warp.moved(np.asarray(points, np.float64).reshape(-1, 2))
        return self.base.at(index, moved.astype(np.float32))

    def tensors(self) -> dict[str, AnyArray]:
        """Those of the fitted one, and the moves of all frames, one after the other."""
        found = {f"base.{name}": tensor for name, tensor in self.base.tensors().items()}
        for index in self.warps.indices():
            warp = self.warps.at(index)
            if warp is None:
                continue
            head = f"pins.{index}."
            found[f"{head}stages"] = np.concatenate(
                [warp.centres, warp.steps, warp.radii[..., None]], axis=2
            )
            found[f"{head}discs"] = np.concatenate([warp.places, warp.reach[:, None]], axis=1)
        return found

    def numbers(self) -> dict[str, Any]:
        """Kind and numbers of the fitted one, and the window."""
        d = self.data
        return {
            "base": {"kind": self.base.kind, "numbers": self.base.numbers()},
            "data": [d.x0, d.y0, d.x1, d.y1],
        }

    @classmethod
    def from_tensors(
        cls, tensors: dict[str, AnyArray], numbers: dict[str, Any]
    ) -> "PinnedDeformation":
        """The deformation again from what ``tensors`` and ``numbers`` gave.

        Raises:
            FieldError: Something is absent or has the wrong shape.
        """
        from engine.fields.folder import deformation_from

        try:
            inner = {
                name.removeprefix("base."): tensor
                for name, tensor in tensors.items()
                if name.startswith("base.")
            }
            kind, own = str(numbers["base"]["kind"]), dict(numbers["base"]["numbers"])
            window = Window(*(int(v) for v in numbers["data"]))
            warps = {
                int(name.split(".")[1]): _warp(tensor, tensors[name.replace("stages", "discs")])
                for name, tensor in tensors.items()
                if name.startswith("pins.") and name.endswith(".stages")
            }
        except (KeyError, TypeError, ValueError, IndexError) as error:
            raise FieldError(
                f"the pins of this field are damaged ({error}); pin it again"
            ) from error
        return cls(deformation_from(kind, inner, own), StoredWarps(warps), window)


def _warp(stages: AnyArray, discs: AnyArray) -> FrameWarp:
    if stages.ndim != 3 or stages.shape[2] != 5 or discs.shape != (stages.shape[1], 3):
        raise ValueError(f"stages {stages.shape} and discs {discs.shape}")
    if not (np.isfinite(stages).all() and np.isfinite(discs).all() and (stages[..., 4] > 0).all()):
        raise ValueError("a stage or disc is no number or has no size")
    both: F64 = np.asarray(stages, np.float64)
    return FrameWarp(
        np.ascontiguousarray(both[..., :2]),
        np.ascontiguousarray(both[..., 2:4]),
        np.ascontiguousarray(both[..., 4]),
        np.ascontiguousarray(discs[:, :2], np.float64),
        np.ascontiguousarray(discs[:, 2], np.float64),
    )
