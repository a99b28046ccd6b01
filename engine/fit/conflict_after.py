"""Where one still cannot explain what the frames show, found in a finished fit's own maps."""

from collections.abc import Callable

import numpy as np

from engine.arrays import F32, Bool
from engine.fields.field import Field
from engine.fit.conflict import Conflict, Signs, located
from engine.metrics.folding import determinants
from engine.progress import Task

#: Longest side of the pictures that are looked at, and the most frames.
SIDE, FRAMES = 192, 12
#: Encoded difference from which still, motion and light do not explain a place.
UNLIKE = 0.06
#: Share of a neighbour's difference that a map which is a little off explains.
SLACK = 0.35
#: Side of the cells of the still in which the places of a frame are gathered, in places; and how
#: many such sides from their middle a place lies apart.
CELL, APART = 2.0, 2.5


def find_conflict(
    field: Field, encoded: Callable[[int], F32], task: Task, frames: int = FRAMES
) -> Conflict | None:
    """Looks for what a fit's stills do not explain.

    Args:
        field: The fit.
        encoded: Index of a frame to its encoded colours [H, W, 3], at any size; NaN where it has
            none.
        task: Progress and cancel.
        frames: How many frames are looked at, at most.

    Returns:
        The largest piece; None when every still holds its layer.
    """
    count = len(field.frames)
    looked = np.unique(np.linspace(0, count - 1, min(frames, count)).round().astype(int))
    found: list[list[Signs]] = [[] for _ in field.layers]
    for n, index in enumerate(looked):
        task.report(n / len(looked), "what one still cannot hold")
        # Of a long shot each frame is drawn from the still of its segment.
        part, at, _ = max(field.parts(int(index)), key=lambda each: each[2])
        for k, signs in enumerate(_signs(part, at, encoded(int(index)))):
            found[k].append(signs)
    numbers = [field.frames[index] for index in looked]
    pieces = [
        located(numbers, signs, [each.dense() for each in signs], layer.name)
        for signs, layer in zip(found, field.layers, strict=True)
    ]
    known = [piece for piece in pieces if piece is not None]
    return max(known, key=lambda piece: piece.share, default=None)


def _signs(field: Field, index: int, encoded: F32) -> list[Signs]:
    """What is wrong with each layer in a frame."""
    import cv2

    from engine.colour.encoding import encode
    from engine.warp.render import light
    from engine.warp.sheet import HOLE, sheet_of

    data = field.data
    step = max(data.height, data.width) / SIDE
    height, width = (max(round(size / max(step, 1)), 8) for size in (data.height, data.width))
    known = np.asarray(np.isfinite(encoded).all(axis=2), np.bool_)
    plate = cv2.resize(
        np.where(known[..., None], encoded, 0).astype(np.float32),
        (width, height),
        interpolation=cv2.INTER_AREA,
    )
    square = np.ones((3, 3), np.uint8)
    rough = cv2.dilate(plate, square) - cv2.erode(plate, square)
    whole = cv2.resize(known.astype(np.float32), (width, height), interpolation=cv2.INTER_AREA)
    y = (np.arange(height) + 0.5) * data.height / height
    x = (np.arange(width) + 0.5) * data.width / width
    rows, columns = (np.floor(each).astype(np.intp) for each in (y, x))
    points = np.stack(np.meshgrid(x + data.x0, y + data.y0), axis=-1).astype(np.float32)
    found = []
    shares = field.seen(index)[:, rows[:, None], columns[None, :]]
    for k, layer in enumerate(field.layers):
        mine = (shares[k] > 0.9) & (whole > 0.99)
        nothing = np.zeros_like(mine)
        if not mine.any():
            found.append(Signs(nothing, nothing, nothing))
            continue
        places = layer.deformation.at(index, points.reshape(-1, 2)).reshape(height, width, 2)
        mine &= np.isfinite(places).all(axis=2)
        drawn = sheet_of(layer.canonical).read(places)
        factor = light(field, k, index, part=(rows, columns))
        colour = drawn[..., :3] / np.maximum(drawn[..., 3:], HOLE)
        lit = encode(colour if factor is None else colour * factor)
        apart = np.abs(cv2.GaussianBlur(plate - lit, (0, 0), 0.7)) - np.float32(SLACK) * rough
        residual = mine & (drawn[..., 3] > 0.5) & (apart.max(axis=2) > UNLIKE)
        folds = nothing.copy()
        folds[:-1, :-1] = determinants(places) <= 0
        found.append(Signs(residual, folds & mine, _crowded(places, mine)))
    return found


def _crowded(places: F32, mine: Bool) -> Bool:
    """Where parts of a frame that lie apart land on the same place of the still."""
    at = places[mine]
    if not len(at):
        return np.zeros_like(mine)
    # The usual distance on the still from one place of the picture to the next.
    pace = np.abs(np.diff(places, axis=1)).max(axis=2)
    unit = float(np.nanmedian(pace)) * CELL
    if not np.isfinite(unit) or unit <= 0:
        return np.zeros_like(mine)
    cell = np.floor((at - at.min(axis=0)) / unit).astype(np.int64)
    across = int(cell[:, 0].max()) + 1
    # Numbered as they occur: a far place of a turning layer must not ask for the cells between.
    key = np.unique(cell[:, 1] * across + cell[:, 0], return_inverse=True)[1]
    row, column = np.nonzero(mine)
    size = int(key.max()) + 1
    hits = np.maximum(np.bincount(key, minlength=size), 1)
    middle = [np.bincount(key, each, minlength=size) / hits for each in (column, row)]
    distance = np.hypot(column - middle[0][key], row - middle[1][key])
    found = np.zeros_like(mine)
    found[mine] = distance > APART * CELL
    return found
