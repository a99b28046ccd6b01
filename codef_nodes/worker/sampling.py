"""The verb behind the pixel sampler: exact linear values, whatever the screen shows."""

from typing import TYPE_CHECKING

import numpy as np

from codef_nodes.worker.args import Args
from codef_nodes.worker.verbs import Emit, Reply, verb
from codef_nodes.worker.work import WorkTask
from engine.arrays import F64, AnyArray
from engine.errors import UsageError

if TYPE_CHECKING:
    from codef_nodes.worker.server import Worker


@verb("sample", role="view", queue="query")
def sample(worker: "Worker", args: Args, task: WorkTask, emit: Emit) -> Reply:
    """Mean, smallest and largest of the pixels in a box, red, green, blue and alpha.

    ``count`` is how many of them lie in the picture, ``odd`` how many hold a number that is none
    (NaN, Inf) and are left out. Outside the picture everything is 0.
    """
    from codef_nodes.worker.looks import look
    from codef_nodes.worker.viewing import result_of

    node, frame = args.text("node"), args.frame()
    box = args.box("box")
    if box is None or box[2] <= box[0] or box[3] <= box[1]:
        raise UsageError("the request 'sample' needs a box [x0, y0, x1, y1] of some size")
    evaluator = worker.evaluator
    value = result_of(worker, evaluator, node, frame, task)
    layer = args.get("layer")
    layer = layer if isinstance(layer, int | str) else None
    picture = look(value, node, layer, frame=frame)
    data = picture.data
    rows = slice(max(box[1], data.y0) - data.y0, max(min(box[3], data.y1) - data.y0, 0))
    columns = slice(max(box[0], data.x0) - data.x0, max(min(box[2], data.x1) - data.x0, 0))
    pixels = _rgba(picture.pixels[rows, columns].reshape(-1, picture.pixels.shape[2]))
    good = np.isfinite(pixels).all(axis=1)
    used = pixels[good]
    if not len(used):
        used = np.zeros((1, 4))
    return {
        "mean": [float(each) for each in used.mean(axis=0)],
        "min": [float(each) for each in used.min(axis=0)],
        "max": [float(each) for each in used.max(axis=0)],
        "count": len(pixels),
        "odd": int((~good).sum()),
    }


def _rgba(pixels: AnyArray) -> F64:
    """Pixels [N, C] as four channels: grey is all three colours, no alpha is 1."""
    channels = pixels.shape[1]
    wide = np.ones((len(pixels), 4), np.float64)
    wide[:, :3] = pixels[:, :3] if channels >= 3 else pixels[:, :1]
    if channels in (2, 4):
        wide[:, 3] = pixels[:, channels - 1]
    elif channels > 4:
        wide[:, 3] = pixels[:, 3]
    return wide
