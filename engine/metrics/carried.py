"""What a field carries from frame to frame, as arrays: points and masks.

A field's canonical coordinates are free: two fields with other canonical images may carry the same
points to the same places. So fields are judged by what goes from frame to frame only.
"""

from dataclasses import dataclass

import numpy as np

from engine.arrays import F32, F64, U8, AnyArray, Bool
from engine.fields.field import Field
from engine.progress import Task, silent
from engine.warp.track_plate import Plate


@dataclass(frozen=True)
class Carried:
    """Points carried to every frame.

    Attributes:
        points: float64 [N, T, 2].
        visible: [N, T], as the field has it.
    """

    points: F64
    visible: Bool


def carried_points(
    field: Field,
    starts: AnyArray,
    points: AnyArray,
    task: Task | None = None,
    plate: Plate | None = None,
) -> Carried:
    """Points of frames carried to every frame, just as ``codef track`` does it.

    Args:
        field: The field.
        starts: Index [N] of the frame that each point lies in.
        points: [N, 2] in pixels of the display window, centres at +0.5.
        task: Progress and cancel.
        plate: The clip, where it may be looked at.
    """
    from engine.warp.track import TrackPoint, track

    asked = [
        TrackPoint(field.frames[int(index)], float(x), float(y))
        for index, (x, y) in zip(starts, points, strict=True)
    ]
    tracks = track(field, asked, task or silent(), plate)
    places = [[(entry["x"], entry["y"]) for entry in one] for one in tracks]
    seen = [[entry["visible"] for entry in one] for one in tracks]
    count = (len(asked), len(field.frames))
    return Carried(
        np.array(places, np.float64).reshape(*count, 2), np.array(seen, np.bool_).reshape(count)
    )


class CarriedMask:
    """The mask of a layer in one frame, carried to others by the layer's deformation alone.

    Tells how well the deformation follows the silhouette: the masks of the other frames, which
    the field was given, are not looked at.

    Args:
        field: The field.
        k: Layer, front to back.
        start: Index of the frame whose mask is carried.
    """

    def __init__(self, field: Field, k: int, start: int) -> None:
        from engine.warp.inverse import to_frame_map

        self.field, self.k = field, k
        places, self._window = to_frame_map(field, k, start)
        shape = (self._window.height, self._window.width)
        self._sheet: U8 = np.where(places.visible, 255, 0).astype(np.uint8).reshape(shape)

    def at(self, index: int) -> Bool:
        """The mask [H, W] that the field expects in a frame."""
        import cv2

        positions: F32 = self.field.layers[self.k].deformation.positions(index)
        corner = np.array([self._window.x0 + 0.5, self._window.y0 + 0.5], np.float32)
        places = positions - corner
        read = cv2.remap(
            self._sheet, places[..., 0], places[..., 1], cv2.INTER_LINEAR, borderValue=0
        )
        return np.asarray(read > 127, np.bool_)
