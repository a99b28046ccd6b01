"""The plate in canonical space: what each frame shows of the still, where the still has it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from dataclasses import field as made
from typing import Any

import numpy as np

from engine.arrays import F32, Bool
from engine.edit.canonical import canonical_picture, canonical_windows, window_points
from engine.edit.change import Reference, equal_pixels, plain_colour, reference_on
from engine.edit.editlayer import EditLayer
from engine.edit.placement import Placed
from engine.errors import EditError
from engine.fields.field import Field
from engine.io.picture import Picture
from engine.kernels.sample import sample
from engine.warp.inverse import FrameInverse
from engine.warp.sheet import HOLE, Sheet

#: Metadata key that says which frame a stabilised picture is of.
STABILISED = "codef/stabilised"
#: Metadata key of every picture of the canvas, stabilised or not.
_LAYER = "codef/layer"
#: The plate is read once, as sharp as paint is.
FILTER = "cubic"
#: Canvas pixels by which a change is continued where its frame shows nothing, so that the filter
#: finds it whole at the rim.
_BEYOND = 3


@dataclass(frozen=True, eq=False)
class StablePlaces:
    """Where a canvas lies in a frame.

    Attributes:
        points: Frame points of the canvas' pixel centres, [h, w, 2].
        valid: The frame shows the layer there, in part at least, [h, w].
        share: Visible share of the layer in the frame, [H, W].
    """

    points: F32
    valid: Bool
    share: F32

    def read(self, values: F32, of: Field) -> F32:
        """Figures of the frame [H, W, C] over the field's data window, on the canvas, bilinear."""
        return sample(
            np.ascontiguousarray(values, np.float32),
            self.points,
            origin=(of.data.x0, of.data.y0),
            footprint=True,
            weights=self.valid.astype(np.float32),
        )


def stable_places(field: Field, k: int, index: int, scale: float = 1.0) -> StablePlaces:
    """The canvas of layer ``k`` at a scale, as frame number ``index`` of the field sees it."""
    _, data = canonical_windows(field, k, scale)
    share = field.seen(index)[k]
    shape = (data.height, data.width)
    if not share.any():
        return StablePlaces(np.zeros((*shape, 2), np.float32), np.zeros(shape, np.bool_), share)
    points = window_points(data, scale)
    places = FrameInverse(field, k, index, share).find(points.reshape(-1, 2), beyond=False)
    return StablePlaces(places.points.reshape(*shape, 2), places.valid.reshape(shape), share)


def stabilised_pixels(
    field: Field,
    k: int,
    index: int,
    plate: Picture,
    scale: float = 1.0,
    *,
    filter: str = FILTER,
    places: StablePlaces | None = None,
) -> F32:
    """One frame unwarped onto a layer's canvas, read from the plate in one resample.

    Args:
        field: The field.
        k: Layer, front to back.
        index: Position of the frame in the field.
        plate: The frame.
        scale: Canvas pixels per canonical pixel.
        filter: ``bilinear`` or ``cubic``; both average where the canvas is coarser than the frame.
        places: ``stable_places(field, k, index, scale)`` where the caller has it.

    Returns:
        float32 [h, w, 4] over the data window of ``canonical_windows(field, k, scale)``,
        scene-linear, premultiplied: alpha is how much of the layer this frame shows there, 0 behind
        other layers, in folds, outside the frame and where the plate is no finite number.
    """
    from engine.edit.propagate import check_plate

    check_plate(field, plate, field.frames[index])
    places = places or stable_places(field, k, index, scale)
    if not places.valid.any():
        return np.zeros((*places.valid.shape, 4), np.float32)
    own = plate.data.moved(-plate.display.x0, -plate.display.y0)
    shown = _shares_over(places.share, field, own.width, own.height, own.x0, own.y0)
    # Weighted by the matte before it is read, so that nothing bleeds in from other layers.
    weighed = np.concatenate([plate.rgb * shown[..., None], shown[..., None]], axis=2)
    read = Sheet.of(weighed, (own.x0, own.y0)).read(places.points, filter=filter)
    read[~places.valid] = 0
    return read


def _shares_over(share: F32, of: Field, width: int, height: int, x0: int, y0: int) -> F32:
    """A share over the field's data window as one over the plate's, 0 outside."""
    if (width, height, x0, y0) == (of.width, of.height, of.data.x0, of.data.y0):
        return share
    result = np.zeros((height, width), np.float32)
    left, right = max(x0, of.data.x0), min(x0 + width, of.data.x1)
    top, bottom = max(y0, of.data.y0), min(y0 + height, of.data.y1)
    if left < right and top < bottom:
        result[top - y0 : bottom - y0, left - x0 : right - x0] = share[
            top - of.data.y0 : bottom - of.data.y0, left - of.data.x0 : right - of.data.x0
        ]
    return result


def stabilise_frame(
    field: Field,
    k: int,
    index: int,
    plate: Picture,
    *,
    scale: float = 1.0,
    filter: str = FILTER,
) -> Picture:
    """One frame of the stabilised plate; its windows are those of the canonical image.

    Args:
        field: The field.
        k: Layer, front to back.
        index: Position of the frame in the field.
        plate: The frame.
        scale: Canvas pixels per canonical pixel.
        filter: ``bilinear`` or ``cubic``.

    Raises:
        EditError: The plate's size is not that of the field.
        UsageError: The scale is no positive number.
    """
    picture = canonical_picture(field, k, scale=scale)
    pixels = stabilised_pixels(field, k, index, plate, scale, filter=filter)
    note = {**picture.metadata, STABILISED: field.frames[index]}
    return replace(picture, pixels=pixels, metadata=note)


@dataclass(eq=False)
class StablePlate:
    """One frame in canonical space, for edits that were made there: they are compared with it.

    Attributes:
        field: The field.
        index: Position of the frame in the field.
        plate: The frame.
        filter: The one that the edited frames were read with.
    """

    field: Field
    index: int
    plate: Picture
    filter: str = FILTER
    _known: dict[tuple[int, float], F32] = made(default_factory=dict, repr=False)

    def pixels(self, k: int, scale: float) -> F32:
        """Layer ``k`` at a scale, over its canvas; made once."""
        if (k, scale) not in self._known:
            self._known[k, scale] = stabilised_pixels(
                self.field, k, self.index, self.plate, scale, filter=self.filter
            )
        return self._known[k, scale]

    def reference(self, k: int, scale: float) -> tuple[F32, tuple[int, int]]:
        """What edits of this frame are compared with; see ``engine.edit.change.Reference``."""
        _, data = canonical_windows(self.field, k, scale)
        return self.pixels(k, scale), (data.x0, data.y0)

    def reference_of(
        self, picture: Picture, placed: Placed, k: int, working: str
    ) -> Reference | None:
        """What an edit is compared with: this frame, or None for the canonical image.

        A picture says it in its header, as what Stabilise and CanonicalView give does; one that
        lost its header was made on whichever it equals in more places.

        Raises:
            EditError: It says that it is another frame.
        """
        said = self._claims(picture.metadata)
        if said is None:
            said = self._like(picture, placed, k, working)
        return self.reference if said else None

    def _claims(self, metadata: Mapping[str, Any]) -> bool | None:
        said = metadata.get(STABILISED)
        if said is None:
            return False if _LAYER in metadata else None
        frame = self.field.frames[self.index]
        if str(said) != str(frame):
            raise EditError(
                f"the edit is the stabilised frame {said}, but it is used for frame {frame}; give "
                "the whole edited sequence, each frame in its own place",
                frame=frame,
            )
        return True

    def _like(self, picture: Picture, placed: Placed, k: int, working: str) -> bool:
        kept = placed.pixels is picture.pixels
        edit = picture.under if kept and picture.under is not None else placed.pixels
        native = picture.native if kept and edit is picture.pixels else None
        shape = edit.shape[:2]
        still = reference_on(self.field, k, placed, shape)
        same_still = equal_pixels(edit, still, native, working)
        covered = still[..., 3] > HOLE
        if same_still[covered].sum() > 0.5 * covered.sum():
            return False  # the dear comparison is not needed
        stable = reference_on(self.field, k, placed, shape, self.reference)
        same_stable = equal_pixels(edit, stable, native, working)
        return closer(edit, still, stable, same_still, same_stable)


def closer(edit: F32, still: F32, stable: F32, same_still: Bool, same_stable: Bool) -> bool:
    """Whether an edit that says nothing was made on the stabilised frame, not on the still.

    Args:
        edit: [h, w, 3 or 4], the edited picture.
        still: [h, w, 4], the canonical image on its grid.
        stable: [h, w, 4], the stabilised frame likewise.
        same_still: Where the edit equals the canonical image, [h, w].
        same_stable: Where it equals the stabilised frame, [h, w].
    """
    from engine.colour.encoding import encode

    covered = (still[..., 3] > HOLE) | (stable[..., 3] > HOLE)
    if not covered.any():
        return False
    both = covered & (still[..., 3] > HOLE) & (stable[..., 3] > HOLE)
    a, b = int((same_still & both).sum()), int((same_stable & both).sum())
    if a != b:
        return b > a
    gaps = [0.0, 0.0]
    if edit.shape[2] > 3:  # every pixel was changed: the shape of what is shown may still tell
        own = edit[..., 3][covered]
        gaps = [float(np.abs(own - each[..., 3][covered]).mean()) for each in (still, stable)]
    if gaps[0] == gaps[1] and both.any():
        colour = encode(plain_colour(edit)[both])
        gaps = [
            float(np.abs(colour - encode(plain_colour(each)[both])).mean())
            for each in (still, stable)
        ]
    return gaps[1] < gaps[0]


def made_on_frame(
    change: EditLayer, field: Field, k: int, placed: Placed, reference: Reference
) -> EditLayer:
    """A change of a stabilised frame with that frame, both continued where it shows nothing.

    The rim of what a frame shows would else be read half edited: there is no paint beyond it. The
    frame's own mattes cut what was continued.

    Args:
        change: The change, on the canvas.
        field: The field.
        k: Layer, front to back.
        placed: How the edit that it was found in lies there.
        reference: What it was compared with.
    """
    sheet = change.sheet
    origin = sheet.origin[0] - _BEYOND, sheet.origin[1] - _BEYOND
    paint: F32 = np.pad(sheet.pixels, ((_BEYOND, _BEYOND), (_BEYOND, _BEYOND), (0, 0)))
    grade = None if change.grade is None else np.pad(change.grade, _BEYOND)
    below = reference_on(field, k, replace(placed, origin=origin), paint.shape, reference)
    below = np.array(below, np.float32)
    _continue(paint, below[..., 3] > 0.5, paint[..., 3] > 0, grade)
    _continue(below, below[..., 3] > 0.5)
    return EditLayer(Sheet(paint, origin, sheet.scale), grade, Sheet(below, origin, sheet.scale))


def _continue(
    pixels: F32, shown: Bool, more: Bool | None = None, beside: F32 | None = None
) -> None:
    """Continues pixels [h, w, 4] a little beyond where something is shown or there, in place.

    Args:
        pixels: What is continued.
        shown: Where the frame shows something.
        more: Where there is something too, or None.
        beside: [h, w], continued in the same way, or None.
    """
    import cv2

    known = shown if more is None else shown | more
    if known.all() or not known.any():
        return
    far, labels = cv2.distanceTransformWithLabels(
        (~known).astype(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    near = ~known & (far <= _BEYOND)
    for values in (pixels, beside):
        if values is not None:
            found = np.zeros((int(labels.max()) + 1, *values.shape[2:]), np.float32)
            found[labels[known]] = values[known]
            values[near] = found[labels[near]]
