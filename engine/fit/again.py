"""What a change of masks asks of an earlier field: which groups are fitted again, and from where.

The deformation of a group hardly changes when its mask does, so it goes on from what it was; the
other groups keep their deformation, their light and every pixel of their stills. Only what a
smaller mask uncovers of them for the first time is added.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from engine.arrays import F32, Bool
from engine.fields.field import Canonical, Field, Layer, Masks
from engine.fields.lattice import LatticeDeformation
from engine.fit.canvas import lay_mosaic
from engine.fit.closest import fit_lattice
from engine.fit.finish import COVERED, covered_canonical
from engine.fit.plates import Plates
from engine.fit.seeded import FINE, SHADE, LayerState
from engine.io.picture import Window
from engine.kernels import lattice as lattice_kernels
from engine.kernels import threads

#: Share of a group's new masks that its old ones must hold; below, where it was says too little.
KNOWN = 0.5
#: Bending energy of a lattice that is taken over by coarser points.
SMOOTH = 1e-3
#: Newly uncovered pixels of a still, as a share of a frame, from which they are added.
UNCOVERED = 2e-5


@dataclass(frozen=True)
class Changes:
    """Which groups changed since an earlier field.

    Attributes:
        before: The earlier field.
        fresh: Layers whose masks or settings changed, ascending.
        anew: Those of them that the old masks hold too little of to go on from.
    """

    before: Field
    fresh: tuple[int, ...]
    anew: tuple[int, ...] = ()

    @property
    def kept(self) -> dict[int, Layer]:
        """The other layers, by their index."""
        layers = self.before.layers
        return {k: layer for k, layer in enumerate(layers) if k not in self.fresh}

    def sentence(self) -> str:
        """Which groups are fitted, for the person."""
        names = [layer.name for layer in self.before.layers]
        fitted = ", ".join(names[k] for k in self.fresh)
        rest = ", ".join(names[k] for k in range(len(names)) if k not in self.fresh)
        how = "from where the last fit has it" if len(self.fresh) == 1 else "from the last fit"
        if self.anew:
            far = ", ".join(names[k] for k in self.anew)
            how += f" ({far} from the beginning: its mask is another one)"
        return f"only {fitted} changed: fits {fitted} {how}, keeps {rest}"


def changes_since(
    before: Field,
    frames: Sequence[int],
    names: Sequence[str],
    masks: Masks,
    data: Window,
    settings: Mapping[str, Any] | None = None,
    ignored: Masks | None = None,
) -> Changes | None:
    """Finds the groups whose masks or settings changed since an earlier field.

    Args:
        before: The earlier field.
        frames: Frames that are to be fitted.
        names: Of the layers.
        masks: As given now.
        data: The frames' data window.
        settings: Of the groups now, as ``groupsettings.in_report`` has them.
        ignored: What is left out of the frames now.

    Returns:
        None where the field is of no use: other frames, groups or size, no lattices, nothing that
        changed or nothing that did not.
    """
    if (
        tuple(frames) != before.frames
        or [layer.name for layer in before.layers] != list(names)
        or before.masks.count != masks.count
        or (before.data.width, before.data.height) != (data.width, data.height)
        or not _same_masks(before.ignored, ignored, len(frames))
        or not all(isinstance(layer.deformation, LatticeDeformation) for layer in before.layers)
    ):
        return None
    then_asked, now_asked = before.report.get("group_settings") or {}, settings or {}
    fresh, anew = [], []
    for k, name in enumerate(names):
        shared = total = 0.0
        changed = now_asked.get(name) != then_asked.get(name)
        for index in range(len(frames) if k < masks.count else 0):
            now, then = masks.mask(k, index), before.masks.given.mask(k, index)
            changed = changed or not np.array_equal(now, then)
            shared += float(np.minimum(now, then).sum(dtype=np.float64))
            total += float(now.sum(dtype=np.float64))
        if changed:
            fresh.append(k)
            if shared < KNOWN * total:
                anew.append(k)
    if not fresh or len(fresh) == len(names):
        return None
    return Changes(before, tuple(fresh), tuple(anew))


def _same_masks(one: Masks | None, other: Masks | None, frames: int) -> bool:
    if one is None or other is None:
        return one is other
    return all(np.array_equal(one.mask(0, t), other.mask(0, t)) for t in range(frames))


def sub_plates(plates: Plates, layers: Sequence[int]) -> Plates:
    """The frames with some of the layers only."""
    some = list(layers)
    return replace(plates, weights=plates.weights[some], firm=plates.firm[some], others=True)


def state_of(
    layer: Layer, plates: Plates, index: int, reference: int, say: F32, grain: float
) -> LayerState:
    """A layer of a finished field, ready to be fitted on.

    Args:
        layer: Of a field of the same frames; with a ``LatticeDeformation``.
        plates: The frames; the still is laid anew of what the masks show now.
        index: Of the layer among those of the plates.
        reference: Index of the reference frame.
        say: See ``LayerState.say``.
        grain: See ``LayerState.grain``.
    """
    known = layer.deformation
    if not isinstance(known, LatticeDeformation):
        raise TypeError(f"{layer.name} has no lattices to go on from")
    shrink = plates.shrink
    corner = np.array([[1, 0, -plates.data.x0], [0, 1, -plates.data.y0], [0, 0, 1.0]])
    size = np.diag([1 / shrink, 1 / shrink, 1.0])
    to_working = size @ corner
    matrices = to_working @ known.matrices @ np.linalg.inv(to_working)
    lattices = (known.lattices / np.float32(shrink)).astype(np.float32)
    spacing = known.spacing / shrink
    if spacing < FINE:
        lattices, spacing = _coarser(lattices, spacing, plates), float(FINE)
    rows, columns = -(-plates.height // SHADE), -(-plates.width // SHADE)
    empty = np.zeros((0, 0, 3), np.float32)
    state = LayerState(
        matrices,
        lattices,
        lattices.copy(),
        np.zeros((plates.count, rows, columns, 3), np.float32),
        spacing,
        Window.of_size(0, 0),
        empty,
        empty,
        np.zeros((0, 0), np.float32),
        say=say,
        grain=grain,
    )
    state.passes.lay(state, plates, index, reference)
    return state


def _coarser(lattices: F32, spacing: float, plates: Plates) -> F32:
    """The same displacements on control points ``FINE`` pixels apart.

    At half size finer points would see less than a pixel each.
    """
    rows = lattice_kernels.taps(plates.height, spacing)
    columns = lattice_kernels.taps(plates.width, spacing)
    everywhere = np.ones((plates.height, plates.width), np.float32)
    made = []
    for lattice in lattices:
        with threads.guard():
            moved = lattice_kernels.evaluate(lattice, *rows, *columns)
        made.append(fit_lattice(moved, everywhere, FINE, SMOOTH))
    return np.stack(made).astype(np.float32)


def uncovered(field: Field, before: Field, layer: int, plates: Plates) -> Canonical | None:
    """The still of a kept layer with what its frames show for the first time.

    Args:
        field: With the masks as they are now.
        before: The earlier field.
        layer: Index of the layer.
        plates: The frames, with all layers.

    Returns:
        None where nothing new is seen. All pixels that were covered are as they were.
    """
    known, deformation = before.layers[layer].canonical, before.layers[layer].deformation
    weights = np.zeros_like(plates.weights[layer])
    shrink, count = plates.shrink, 0
    for index in range(plates.count):
        more = field.seen(index)[layer] > before.seen(index)[layer] + 0.5
        if not more.any():
            continue
        more &= known.alpha_at(deformation.positions(index)) == 0
        count += int(more.sum())
        weights[index] = np.where(_reduced(more, plates), plates.weights[layer, index], 0)
    if count < UNCOVERED * field.width * field.height:
        return None
    data, scale = plates.data, known.scale
    reference = before.index(before.reference)
    order = sorted(range(plates.count), key=lambda t: (abs(t - reference), t))
    corner = np.array([data.x0, data.y0], np.float32)
    step = slice(shrink // 2, None, shrink)

    def placed(index: int) -> F32:
        at = deformation.positions(index)[step, step][: plates.height, : plates.width]
        whole = np.full((plates.height, plates.width, 2), -1e6, np.float32)
        whole[: at.shape[0], : at.shape[1]] = (at - corner) / np.float32(shrink)
        return whole

    seen = [(t, placed(t)) for t in order if weights[t].any()]
    boxes = [places[weights[t] > 0] for t, places in seen]
    low = np.floor(np.min([box.min(axis=0) for box in boxes], axis=0)).astype(int) - 1
    high = np.ceil(np.max([box.max(axis=0) for box in boxes], axis=0)).astype(int) + 2
    # A still of any size would follow a map that runs away; what lies so far out is not shown.
    low = np.maximum(low, (-plates.width, -plates.height))
    high = np.minimum(high, (2 * plates.width, 2 * plates.height))
    if (high <= low).any():
        return None
    canvas = Window(int(low[0]), int(low[1]), int(high[0]), int(high[1]))
    one = replace(plates, weights=weights[None], firm=weights[None])
    picture, weight = lay_mosaic(one, 0, iter(seen), canvas)
    window = Window(*(edge * shrink for edge in (canvas.x0, canvas.y0, canvas.x1, canvas.y1)))
    window = window.moved(data.x0, data.y0)
    return _joined(known, picture, weight > COVERED, window, shrink * scale)


def _reduced(where: Bool, plates: Plates) -> Bool:
    if plates.shrink == 1:
        return where
    import cv2

    size = (plates.width, plates.height)
    return np.asarray(
        cv2.resize(where.astype(np.uint8), size, interpolation=cv2.INTER_AREA) > 0, np.bool_
    )


def _joined(
    known: Canonical, picture: F32, covered: Bool, window: Window, factor: int
) -> Canonical:
    """A still, and behind it another one whose pixels are ``factor`` times as large."""
    import cv2

    size = (picture.shape[1] * factor, picture.shape[0] * factor)
    large = cv2.resize(picture, size, interpolation=cv2.INTER_CUBIC)
    there = cv2.resize(covered.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST) > 0
    behind = covered_canonical(np.asarray(large, np.float32), there, Window.of_size(*size))
    at = window.x0 * known.scale + behind.data.x0, window.y0 * known.scale + behind.data.y0
    scale, old = known.scale, known.grid
    x0, y0 = (min(a, b) // scale for a, b in zip(at, (old.x0, old.y0), strict=True))
    right, below = at[0] + behind.pixels.shape[1], at[1] + behind.pixels.shape[0]
    x1, y1 = -(-max(right, old.x1) // scale), -(-max(below, old.y1) // scale)
    pixels = np.zeros(((y1 - y0) * scale, (x1 - x0) * scale, 4), np.float32)

    def part(corner: tuple[int, int], shape: tuple[int, ...]) -> tuple[slice, slice]:
        left, top = corner[0] - x0 * scale, corner[1] - y0 * scale
        return slice(top, top + shape[0]), slice(left, left + shape[1])

    pixels[part(at, behind.pixels.shape)] = behind.pixels
    place = part((old.x0, old.y0), known.pixels.shape)
    pixels[place] = np.where(known.pixels[..., 3:] > 0, known.pixels, pixels[place])
    return Canonical(pixels, Window(x0, y0, x1, y1), scale)
