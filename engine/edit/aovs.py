"""What propagation found out about a frame, as pictures beside the result."""

import numpy as np

from engine.arrays import F32
from engine.edit.finished import Finished
from engine.fields.field import Field
from engine.io.picture import Picture

#: Names of the pictures, and what is outside the edits' reach.
AOVS = {"alpha": 0.0, "holdout": 0.0, "light": 1.0, "highlight": 0.0, "blur": 0.0}


def propagate_aovs(field: Field, plate: Picture, done: Finished) -> dict[str, Picture]:
    """A frame's AOVs, each over the field's data window.

    Args:
        field: The field.
        plate: The frame that the edits were put into.
        done: What ``finish_frame`` gave for it.

    Returns:
        ``alpha`` (share of the pixel that is edited) and ``holdout`` (how surely something without
        a mask is in front), the same in all three channels; ``light`` (factor on the edits);
        ``highlight`` (scene-linear light over them); ``blur``: motion while the shutter is open in
        pixels x and y (red, green), standard deviation of the blur for focus (blue).
    """
    blur = np.concatenate([done.motion, done.focus[..., None]], axis=2)
    found = {
        "alpha": _grey(done.alpha),
        "holdout": _grey(done.holdout),
        "light": done.light,
        "highlight": done.highlight,
        "blur": np.asarray(blur, np.float32),
    }
    window = field.data.moved(plate.display.x0, plate.display.y0)
    pictures = {}
    for name, values in found.items():
        pixels = np.full((field.height, field.width, 3), AOVS[name], np.float32)
        if done.box is not None:
            pixels[done.box] = values
        pictures[name] = Picture(pixels, plate.display, window, plate.pixel_aspect)
    return pictures


def _grey(plane: F32) -> F32:
    return np.repeat(plane[..., None], 3, axis=2)
