"""The verb behind coloured masks over the plate: the groups of a node at a frame, as colours.

The picture holds screen colours from 0 to 1, premultiplied, over the frame's pixels.
"""

from typing import TYPE_CHECKING

import numpy as np

from codef_nodes.worker.args import Args
from codef_nodes.worker.groupcolours import groups_above
from codef_nodes.worker.verbs import Emit, Reply, verb
from codef_nodes.worker.work import WorkTask
from engine.errors import UsageError

if TYPE_CHECKING:
    from codef_nodes.work.masks import FrameMasks
    from codef_nodes.worker.server import Worker
    from engine.arrays import F32, U8

#: How strong a colour lies over the plate, within a group and along its edge.
INSIDE, EDGE = 0.38, 0.95
#: Side of the square that an edge is found with, per this many rows of the frame.
EDGE_ROWS = 540


@verb("masks", role="view", queue="query")
def masks(worker: "Worker", args: Args, task: WorkTask, emit: Emit) -> Reply:
    """The masks of a mask node or a MaskGroup over its frame, and the names in front-to-back order.

    ``colour`` (``#rrggbb``) is that of a single mask; groups have their own. Of a rough mask
    ``confidence`` and the ``worst`` frame are told too.
    """
    from codef_nodes.work.groupentries import PALETTE, colour_of
    from codef_nodes.work.masks import FrameMasks, MaskLook
    from codef_nodes.worker.viewing import result_of
    from engine.io.picture import Picture

    node, frame = args.text("node"), args.frame()
    evaluator = worker.evaluator
    value = result_of(worker, evaluator, node, frame, task)
    colours: list[str] = []
    corner, facts = (0, 0), {}
    if isinstance(value, Picture):
        corner = value.data.x0, value.data.y0
        facts = {
            name: value.metadata[f"codef/{name}"]
            for name in ("confidence", "worst")
            if f"codef/{name}" in value.metadata
        }
        value = FrameMasks((node,), (MaskLook().of(value),))
        colours = [colour_of({"colour": args.get("colour")}, 0)]
    elif isinstance(value, FrameMasks):
        colours = [group.colour for group in groups_above(evaluator.document, node)]
    else:
        raise UsageError(f"{node} is no mask; select a mask or a MaskGroup", node=node)
    if not value.masks:
        raise UsageError(f"{node} has no groups yet; wire masks to it", node=node)
    colours += [PALETTE[k % len(PALETTE)] for k in range(len(colours), len(value.names))]
    pixels = coloured(value, [_screen(colour) for colour in colours])
    height, width = pixels.shape[:2]
    return {
        "picture": worker.share(
            pixels,
            data=(corner[0], corner[1], corner[0] + width, corner[1] + height),
            channels=["R", "G", "B", "A"],
        ),
        "groups": [
            {"name": name, "colour": colour, "share": round(float((mask > 127).mean()), 5)}
            for name, colour, mask in zip(value.names, colours, value.masks, strict=False)
        ],
        "key": evaluator.key(node, frame),
        **facts,
    }


def coloured(masks: "FrameMasks", colours: list[tuple[float, float, float]]) -> "F32":
    """The groups in their colours, premultiplied [H, W, 4]; the front one covers those behind.

    Args:
        masks: Of one frame.
        colours: Red, green and blue of each group, 0 to 1.
    """
    height, width = masks.masks[0].shape
    found = np.zeros((height, width, 4), np.float32)
    left = np.ones((height, width), np.float32)
    for mask, colour in zip(masks.masks, colours, strict=False):
        share = left * (mask.astype(np.float32) / 255)
        alpha = INSIDE * share
        np.maximum(alpha, EDGE * left * _edge(mask), out=alpha)
        found[..., :3] += alpha[..., None] * np.array(colour, np.float32)
        found[..., 3] += alpha
        left -= share
    np.minimum(found, 1, out=found)
    return found


def _edge(mask: "U8") -> "F32":
    """Where the outline of a mask runs, 0 or 1, a line that is seen at any size."""
    import cv2

    side = 2 + max(1, round(mask.shape[0] / EDGE_ROWS))
    hard = (mask > 127).astype(np.uint8)
    # The frame's own border is no edge.
    inner = cv2.erode(hard, np.ones((side, side), np.uint8), borderType=cv2.BORDER_REPLICATE)
    return np.asarray(hard - inner, np.float32)


def _screen(colour: str) -> tuple[float, float, float]:
    red, green, blue = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return red, green, blue
